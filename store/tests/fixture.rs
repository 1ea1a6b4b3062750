//! A store that format 1 wrote is read as it was meant, for as long as format 1 is read.
//!
//! To write it anew (only when the format's number changes): `cargo test -p wirelat-store --test fixture -- --ignored`.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{batch, contents, copy, flush, gauge, histogram, route};
use model::batch::{Batch, Gauge, Value};
use model::series::Series;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use store::{Store, Written};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

/// Every kind of value, a series with hostile tags, an empty window.
fn batches() -> Vec<Batch> {
    let hostile = Arc::new(Series::new("m", &[("a=b,c", "\0ü"), ("", "")]));
    let levels = Gauge { last: 1.5, min: -0.0, max: 1e300, sum: 0.1, count: 300 };
    let mut second =
        batch("web-2", 1, vec![(route("/a"), histogram(2)), (hostile, Value::Delta(300))]);
    second.id.run = u64::MAX;
    second.id.pipeline = 3;
    vec![
        batch("web-1", 1, vec![(route("/a"), histogram(1)), (route("/level"), gauge(0.25))]),
        second,
        batch("web-1", 2, vec![]),
        batch(
            "web-1",
            3,
            vec![
                (route("/level"), Value::Gauge(levels)),
                (route("/text"), Value::Text("said\n".into())),
            ],
        ),
    ]
}

async fn fill(store: &impl Store, batches: &[Batch]) {
    for batch in batches {
        assert_eq!(store.write(batch.clone()).await.unwrap(), Written::Stored);
    }
}

async fn file(store: &impl Store) {
    assert!(store.put_document("rule", "slow", 0, "{}").await.unwrap());
    assert!(store.put_document("rule", "gone", 0, "{}").await.unwrap());
    assert!(store.delete_document("rule", "gone", 1).await.unwrap());
}

#[tokio::test]
async fn format_1_reads_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture(), dir.path());
    let expected = MemoryStore::default();
    fill(&expected, &batches()).await;
    file(&expected).await;
    let store = EmbeddedStore::open(dir.path()).unwrap();
    assert_eq!(contents(&store).await.unwrap(), contents(&expected).await.unwrap());
    for batch in batches() {
        assert_eq!(store.write(batch.clone()).await.unwrap(), Written::AlreadyThere);
        let newer = Batch { revision: 2, values: vec![(route("/a"), Value::Delta(1))], ..batch };
        assert_eq!(store.write(newer.clone()).await.unwrap(), Written::Replaced);
        assert_eq!(expected.write(newer).await.unwrap(), Written::Replaced);
    }
    assert!(store.put_document("rule", "gone", 0, "again").await.unwrap());
    assert!(expected.put_document("rule", "gone", 0, "again").await.unwrap());
    assert_eq!(contents(&store).await.unwrap(), contents(&expected).await.unwrap());
}

#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if fixture().exists() {
        fs::remove_dir_all(fixture()).unwrap();
    }
    // Half of it in a table, half in the journal.
    let batches = batches();
    let (old, new) = batches.split_at(2);
    runtime.block_on(fill(&EmbeddedStore::open(fixture()).unwrap(), old));
    flush(&fixture());
    let store = EmbeddedStore::open(fixture()).unwrap();
    runtime.block_on(async { (fill(&store, new).await, file(&store).await) });
    drop(store);
    // Opening cuts off what the journal has allocated ahead.
    drop(EmbeddedStore::open(fixture()).unwrap());
}
