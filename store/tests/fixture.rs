//! A store that each format wrote is read as it was meant, for as long as that format is read.
//!
//! To write the newest one's (only when the format's number changes): `cargo test -p wirelat-store --test fixture -- --ignored`.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{RESOLUTION, Row, batch, contents, copy, flush, gauge, histogram, route};
use futures_util::StreamExt;
use model::batch::{Batch, Gauge, Value};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::WindowLength;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use store::rollup::Retention;
use store::{Store, Written};

/// What is written now. Format 1 had no rollups.
const FORMAT: u32 = 2;

fn fixture(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{format}"))
}

/// When the fixture's hour is rolled up.
const LATER: CaptureTime = CaptureTime::from_parts(2 * 3_600, 0);

/// All rows by the hour.
async fn hours(store: &impl Store) -> Vec<Row> {
    let ever = CaptureTime::ZERO..CaptureTime::MAX;
    let all = Select::default();
    let mut blocks = store.scan_by(&all, ever, RESOLUTION, WindowLength::HOUR).await.unwrap();
    let mut rows = Vec::new();
    while let Some(block) = blocks.next().await {
        let block = block.unwrap();
        let row = |(start, value)| (Arc::clone(&block.series), start, value);
        rows.extend(block.rows.into_iter().map(row));
    }
    rows
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
async fn every_format_reads_as_it_was_written() {
    for format in 1..=FORMAT {
        reads_as_it_was_written(format).await;
    }
}

async fn reads_as_it_was_written(format: u32) {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture(format), dir.path());
    let marker = || fs::read_to_string(dir.path().join("WIRELAT")).unwrap();
    assert_eq!(marker(), format!("wirelat store\nformat {format}\n"));
    let expected = MemoryStore::default();
    fill(&expected, &batches()).await;
    file(&expected).await;
    let store = EmbeddedStore::open(dir.path()).unwrap();
    assert_eq!(marker(), format!("wirelat store\nformat {FORMAT}\n"), "upgraded");
    assert_eq!(contents(&store).await.unwrap(), contents(&expected).await.unwrap());
    assert_eq!(hours(&store).await, hours(&expected).await);
    let done = store.maintain(&Retention::default(), LATER).await.unwrap();
    assert_eq!(done.rolled, u64::from(format == 1), "what is rolled up is known to be");
    assert_eq!(hours(&store).await, hours(&expected).await);
    for batch in batches() {
        assert_eq!(store.write(batch.clone()).await.unwrap(), Written::AlreadyThere);
        let newer = Batch { revision: 2, values: vec![(route("/a"), Value::Delta(1))], ..batch };
        assert_eq!(store.write(newer.clone()).await.unwrap(), Written::Replaced);
        assert_eq!(expected.write(newer).await.unwrap(), Written::Replaced);
    }
    assert!(store.put_document("rule", "gone", 0, "again").await.unwrap());
    assert!(expected.put_document("rule", "gone", 0, "again").await.unwrap());
    assert_eq!(contents(&store).await.unwrap(), contents(&expected).await.unwrap());
    assert_eq!(hours(&store).await, hours(&expected).await);
}

#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if fixture(FORMAT).exists() {
        fs::remove_dir_all(fixture(FORMAT)).unwrap();
    }
    // Half of it in a table, half in the journal.
    let batches = batches();
    let (old, new) = batches.split_at(2);
    runtime.block_on(fill(&EmbeddedStore::open(fixture(FORMAT)).unwrap(), old));
    flush(&fixture(FORMAT));
    let store = EmbeddedStore::open(fixture(FORMAT)).unwrap();
    runtime
        .block_on(async { (fill(&store, new).await, file(&store).await, roll_up(&store).await) });
    drop(store);
    // Opening cuts off what the journal has allocated ahead.
    drop(EmbeddedStore::open(fixture(FORMAT)).unwrap());
}

async fn roll_up(store: &EmbeddedStore) {
    assert_eq!(store.maintain(&Retention::default(), LATER).await.unwrap().rolled, 1);
}
