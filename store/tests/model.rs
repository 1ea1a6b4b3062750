//! Whatever is done to them, the embedded store and the memory store say the same.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{Row, contents, gauge, histogram};
use futures_util::StreamExt;
use model::batch::{Batch, BatchId, Value};
use model::histogram::CompactHistogram;
use model::series::{Select, Series};
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use proptest::prelude::*;
use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use store::rollup::Retention;
use store::{Raw, Store, Visitor};

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
    Maintain {
        now_minutes: u64,
        keep_hours: [Option<u8>; 3],
    },
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
    // The first minutes of six hours, in whole minutes where the windows are.
    let start = (0..6_u64, 0..3_u64, 0..3_u64);
    let id = (prop::sample::select(vec!["a", "b", ""]), 0..3_u64, 0..2_u16, start, any::<bool>());
    (id, 0..4_u64, values()).prop_map(
        |((source, run, pipeline, (hour, minute, ten), minutes), revision, values)| {
            let seconds = hour * 3_600 + minute * 60 + if minutes { 0 } else { ten * 10 };
            let window =
                Window { start: CaptureTime::from_parts(seconds, 0), length: length(minutes) };
            let id = BatchId { source: source.into(), run, pipeline, window };
            Batch { id, revision, values }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => batch().prop_map(Step::Write),
        3 => any::<prop::sample::Index>().prop_map(Step::Replay),
        1 => (any::<bool>(), prop_oneof![0..400_u64, (0..7_u64).prop_map(|hour| hour * 3_600)])
            .prop_map(|(minutes, before_seconds)| Step::Delete { minutes, before_seconds }),
        2 => (0..2_u8, 0..4_u64, ".{0,3}")
            .prop_map(|(name, expected, text)| Step::Put { name, expected, text }),
        1 => (0..2_u8, 0..4_u64)
            .prop_map(|(name, expected)| Step::DeleteDocument { name, expected }),
        1 => Just(Step::Reopen),
        2 => (0..600_u64, any::<[Option<u8>; 3]>())
            .prop_map(|(now_minutes, keep)| Step::Maintain {
                now_minutes, keep_hours: keep.map(|hours| hours.map(|hours| hours % 8))
            }),
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
        Step::Maintain { now_minutes, keep_hours } => {
            let [base, minute, hour] = keep_hours
                .map(|hours| hours.map(|hours| Nanos::from_seconds(u64::from(hours) * 3_600)));
            let now = CaptureTime::from_parts(*now_minutes * 60, 0);
            store.maintain(&Retention { base, minute, hour }, now).await.unwrap();
            String::new()
        }
        Step::Replay(_) | Step::Reopen => String::new(),
    }
}

/// The rows by longer windows, as far as they are kept.
async fn by(store: &impl Store, base: bool, seconds: u64, from: CaptureTime) -> Vec<Row> {
    let length = WindowLength::new(Nanos::from_seconds(seconds)).unwrap();
    let range = from..CaptureTime::MAX;
    let base = self::length(base);
    let mut blocks = store.scan_by(&Select::default(), range, base, length).await.unwrap();
    let mut rows = Vec::new();
    while let Some(block) = blocks.next().await {
        let block = block.unwrap();
        let row = |(start, value)| (Arc::clone(&block.series), start, value);
        rows.extend(block.rows.into_iter().map(row));
    }
    rows
}

/// What a visitor was handed, joined by windows of the length that was asked for.
struct Joined {
    length: WindowLength,
    place: usize,
    rows: Vec<(usize, CaptureTime, Value)>,
    kinds: HashSet<(usize, Discriminant<Value>)>,
}

impl Visitor for Joined {
    fn series(&mut self, place: usize) -> ControlFlow<()> {
        self.place = place;
        ControlFlow::Continue(())
    }

    fn row(&mut self, window: Window, row: Raw<'_>) -> ControlFlow<()> {
        let value = match row {
            Raw::Histogram(bytes) => Value::Histogram(CompactHistogram::from_bytes(bytes).unwrap()),
            Raw::Delta(grown) => Value::Delta(grown),
            Raw::Gauge(gauge) => Value::Gauge(gauge),
            Raw::Text => Value::Text("".into()),
        };
        self.kinds.insert((self.place, discriminant(&value)));
        let joined = self.length.window_of(window.start);
        assert!(window.end() <= joined.end(), "{window:?} lies in one window");
        match self.rows.last_mut() {
            Some((place, at, known)) if (*place, *at) == (self.place, joined.start) => {
                known.merge(&value);
            }
            _ => self.rows.push((self.place, joined.start, value)),
        }
        ControlFlow::Continue(())
    }
}

/// A visit says what the scan says, but of series whose values are of several kinds: of these it hands all over.
async fn visits_agree(store: &EmbeddedStore, base: bool, seconds: u64, said: &[Row]) {
    let length = WindowLength::new(Nanos::from_seconds(seconds)).unwrap();
    let series = store.series(&Select::default()).await.unwrap();
    let mut joined = Joined { length, place: 0, rows: Vec::new(), kinds: HashSet::new() };
    let range = CaptureTime::ZERO..CaptureTime::MAX;
    store.visit(&series, range, self::length(base), length, &mut joined).await.unwrap();
    let is_mixed = |place| joined.kinds.iter().filter(|(at, _)| *at == place).count() > 1;
    let mixed: Vec<_> = (0..series.len()).filter(|&place| is_mixed(place)).collect();
    let rows = joined.rows.into_iter().filter(|(place, ..)| !mixed.contains(place));
    let visited: Vec<_> =
        rows.map(|(place, start, value)| (Arc::clone(&series[place]), start, value)).collect();
    let untold = |(series, start, value): &Row| match value {
        Value::Text(_) => (Arc::clone(series), *start, Value::Text("".into())),
        value => (Arc::clone(series), *start, value.clone()),
    };
    let own = said.iter().filter(|(own, ..)| mixed.iter().all(|&place| series[place] != *own));
    assert_eq!(visited, own.map(untold).collect::<Vec<_>>(), "{base} {seconds}");
}

/// Base length in minutes or not, and lengths to read by, in seconds.
const LENGTHS: [(bool, u64); 8] = [
    (false, 10),
    (false, 30),
    (false, 60),
    (false, 300),
    (false, 3_600),
    (false, 7_200),
    (true, 300),
    (true, 3_600),
];

/// Reading by longer windows says what merging all base rows that were ever accepted says.
async fn rollups_agree(embedded: &EmbeddedStore, memory: &MemoryStore, everything: &MemoryStore) {
    let kept = embedded.kept().await.unwrap();
    assert_eq!(kept, memory.kept().await.unwrap());
    for (base, seconds) in LENGTHS {
        let said = by(embedded, base, seconds, CaptureTime::ZERO).await;
        assert_eq!(said, by(memory, base, seconds, CaptureTime::ZERO).await, "{base} {seconds}");
        let range = CaptureTime::ZERO..CaptureTime::MAX;
        let length = WindowLength::new(Nanos::from_seconds(seconds)).unwrap();
        let reported = embedded.reported(range.clone(), self::length(base), length).await.unwrap();
        let expected = memory.reported(range, self::length(base), length).await.unwrap();
        assert_eq!(reported, expected, "{base} {seconds}");
        visits_agree(embedded, base, seconds, &said).await;
        let range = CaptureTime::ZERO..CaptureTime::MAX;
        let spans = embedded.observed(range.clone(), self::length(base), length).await.unwrap();
        let expected = memory.observed(range, self::length(base), length).await.unwrap();
        assert_eq!(spans, expected, "{base} {seconds}");
        let span = |span: &Range<CaptureTime>| span.end.since(span.start).unwrap().0;
        let counted: u64 = reported.iter().map(|(_, count)| count).sum();
        let observed: u64 = spans.iter().map(span).sum();
        assert_eq!(observed, counted * self::length(base).span().0, "{base} {seconds}");
        let kept = kept.iter().filter(|kept| kept.base == self::length(base));
        let kept = kept.filter(|kept| kept.length == length).map(|kept| kept.first);
        if let Some(first) = kept.min() {
            assert_eq!(said, by(everything, base, seconds, first).await, "{base} {seconds}");
        }
    }
}

async fn agree(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let memory = MemoryStore::default();
    let mut embedded = EmbeddedStore::open(dir.path()).unwrap();
    // Nothing is rolled up here, or forgotten by retention.
    let everything = MemoryStore::default();
    let mut earlier = Vec::new();
    let mut can_be_cut = true;
    for step in &steps {
        let mut step = step.clone();
        match &mut step {
            Step::Maintain { .. } => can_be_cut = false,
            // An hour of which only the rollup is left cannot be cut.
            Step::Delete { before_seconds, .. } if !can_be_cut => {
                *before_seconds -= *before_seconds % 3_600;
            }
            _ => {}
        }
        let step = &step;
        if matches!(step, Step::Reopen) {
            drop(embedded);
            embedded = EmbeddedStore::open(dir.path()).unwrap();
        }
        let said = take(&memory, step, &earlier).await;
        assert_eq!(take(&embedded, step, &earlier).await, said, "{step:?}");
        if !matches!(step, Step::Maintain { .. }) && !said.contains("TooLate") {
            take(&everything, step, &earlier).await;
        }
        rollups_agree(&embedded, &memory, &everything).await;
        let expected = contents(&memory).await.unwrap();
        assert_eq!(contents(&embedded).await.unwrap(), expected, "after {step:?}");
        assert_eq!(embedded.resolutions().await.unwrap(), memory.resolutions().await.unwrap());
        if let Step::Write(batch) = step {
            earlier.push(batch.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_embedded_store_is_the_memory_store_on_a_disk(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(agree(steps));
    }
}
