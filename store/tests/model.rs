//! Whatever is done to them, the embedded store and the memory store say the same.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{contents, gauge, histogram};
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use proptest::prelude::*;
use std::sync::Arc;
use store::Store;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;

#[derive(Clone, Debug)]
enum Step {
    Write(Batch),
    /// Sends one of the earlier batches again.
    Replay(prop::sample::Index),
    Delete {
        minutes: bool,
        before_seconds: u64,
    },
    Put {
        name: u8,
        expected: u64,
        text: String,
    },
    DeleteDocument {
        name: u8,
        expected: u64,
    },
    Reopen,
}

fn length(minutes: bool) -> WindowLength {
    WindowLength::new(Nanos::from_seconds(if minutes { 60 } else { 10 })).unwrap()
}

fn values() -> impl Strategy<Value = Vec<(Arc<Series>, Value)>> {
    let value = prop_oneof![
        any::<u8>().prop_map(|seed| histogram(seed.into())),
        any::<u32>().prop_map(|growth| Value::Delta(growth.into())),
        (-5_i8..5).prop_map(|level| gauge(f64::from(level) * 0.1)),
        "[a-c\\x00é]{0,3}".prop_map(|text| Value::Text(text.into())),
    ];
    let series =
        (prop::sample::select(vec!["m", "n", ""]), prop::sample::select(vec!["", "a", "b\0"]))
            .prop_map(|(metric, tag)| Arc::new(Series::new(metric, &[("t", tag)])));
    prop::collection::vec((series, value), 0..6)
}

fn batch() -> impl Strategy<Value = Batch> {
    let id =
        (prop::sample::select(vec!["a", "b", ""]), 0..3_u64, 0..2_u16, 0..6_u64, any::<bool>());
    (id, 0..4_u64, values()).prop_map(
        |((source, run, pipeline, number, minutes), revision, values)| {
            let window =
                Window { start: CaptureTime::from_parts(number * 60, 0), length: length(minutes) };
            let id = BatchId { source: source.into(), run, pipeline, window };
            Batch { id, revision, values }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => batch().prop_map(Step::Write),
        3 => any::<prop::sample::Index>().prop_map(Step::Replay),
        1 => (any::<bool>(), 0..400_u64)
            .prop_map(|(minutes, before_seconds)| Step::Delete { minutes, before_seconds }),
        2 => (0..2_u8, 0..4_u64, ".{0,3}")
            .prop_map(|(name, expected, text)| Step::Put { name, expected, text }),
        1 => (0..2_u8, 0..4_u64)
            .prop_map(|(name, expected)| Step::DeleteDocument { name, expected }),
        1 => Just(Step::Reopen),
    ]
}

/// What the store answered.
async fn take(store: &impl Store, step: &Step, earlier: &[Batch]) -> String {
    match step {
        Step::Write(batch) => format!("{:?}", store.write(batch.clone()).await.unwrap()),
        Step::Replay(which) if !earlier.is_empty() => {
            format!("{:?}", store.write(which.get(earlier).clone()).await.unwrap())
        }
        Step::Delete { minutes, before_seconds } => {
            let before = CaptureTime::from_parts(*before_seconds, 0);
            store.delete_before(length(*minutes), before).await.unwrap();
            String::new()
        }
        Step::Put { name, expected, text } => {
            let name = name.to_string();
            store.put_document("rule", &name, *expected, text).await.unwrap().to_string()
        }
        Step::DeleteDocument { name, expected } => {
            let name = name.to_string();
            store.delete_document("rule", &name, *expected).await.unwrap().to_string()
        }
        Step::Replay(_) | Step::Reopen => String::new(),
    }
}

async fn agree(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let memory = MemoryStore::default();
    let mut embedded = EmbeddedStore::open(dir.path()).unwrap();
    let mut earlier = Vec::new();
    for step in &steps {
        if matches!(step, Step::Reopen) {
            drop(embedded);
            embedded = EmbeddedStore::open(dir.path()).unwrap();
        }
        let said = take(&memory, step, &earlier).await;
        assert_eq!(take(&embedded, step, &earlier).await, said, "{step:?}");
        let expected = contents(&memory).await.unwrap();
        assert_eq!(contents(&embedded).await.unwrap(), expected, "after {step:?}");
        assert_eq!(embedded.resolutions().await.unwrap(), memory.resolutions().await.unwrap());
        if let Step::Write(batch) = step {
            earlier.push(batch.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_embedded_store_is_the_memory_store_on_a_disk(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(agree(steps));
    }
}
