//! Figures, by hand: `cargo test --release -p wirelat-store --test measure -- --ignored --nocapture`.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{RESOLUTION, batch, files, flush, histogram, window};
use futures_util::StreamExt;
use model::series::{Select, Series};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::embedded::EmbeddedStore;
use store::{Store, TimeRange};

const WRITES: u64 = 200;
/// A day of ten seconds each.
const WINDOWS: u64 = 8_640;
const COLUMNS: u64 = 500;
const ROWS: u64 = 50;
const BATCH_ROWS: u64 = 500;

fn series(number: u64) -> Arc<Series> {
    let route = format!("/users/{number}/orders");
    let tags = [("wire", "http:8092"), ("method", "GET"), ("route", &route), ("status", "2xx")];
    Arc::new(Series::new("http.total", &tags))
}

fn bytes(dir: &Path) -> u64 {
    let used = |path: &std::path::PathBuf| std::fs::metadata(path).unwrap().blocks() * 512;
    files(&dir.join("data/keyspaces")).iter().map(used).sum()
}

async fn scan(store: &EmbeddedStore, range: TimeRange) -> usize {
    let mut blocks = store.scan(&Select::metric("http.total"), range, RESOLUTION).await.unwrap();
    let mut rows = 0;
    while let Some(block) = blocks.next().await {
        rows += block.unwrap().rows.len();
    }
    rows
}

#[tokio::test]
#[ignore = "by hand"]
async fn writing() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    let mut took = Vec::new();
    for number in 0..WRITES {
        let values = (0..BATCH_ROWS).map(|row| (series(row), histogram(number * 1_000 + row)));
        let batch = batch("web-1", number, values.collect());
        let begun = Instant::now();
        store.write(batch).await.unwrap();
        took.push(begun.elapsed());
    }
    drop(store);
    took.sort();
    let (median, p95) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    println!("write of {BATCH_ROWS} histograms: median {median:?}, 95 % {p95:?}");
    flush(dir.path());
    let rows = WRITES * BATCH_ROWS;
    println!("{rows} rows: {:.1} bytes a row on disk", bytes(dir.path()) as f64 / rows as f64);
    let payload: usize = (0..100)
        .map(|seed| match histogram(seed) {
            model::batch::Value::Histogram(histogram) => histogram.as_bytes().len(),
            _ => 0,
        })
        .sum();
    println!("of which {} are the histogram", payload / 100);
}

#[tokio::test]
#[ignore = "by hand"]
async fn scanning() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    for number in 0..WINDOWS {
        let values = (0..ROWS).map(|row| (series(row), histogram(number * 100 + row)));
        store.write(batch("web-1", number, values.collect())).await.unwrap();
    }
    drop(store);
    flush(dir.path());
    let begun = Instant::now();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    println!("open: {:?}", begun.elapsed());
    let columns = window(0).start..window(COLUMNS).start;
    let day = window(0).start..window(WINDOWS).start;
    for (what, range) in
        [("columns", columns.clone()), ("columns again", columns), ("day", day.clone())]
    {
        let begun = Instant::now();
        let rows = scan(&store, range).await;
        println!("{what}: {rows} rows of {ROWS} series: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    let windows = store.windows(day, RESOLUTION).await.unwrap();
    println!("{} windows: {:?}", windows.len(), begun.elapsed());
}
