//! What the tests of a store in a directory share.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use futures_util::StreamExt;
use model::batch::{Batch, BatchId, Gauge, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use store::{Store, StoreError};

pub const RESOLUTION: WindowLength = WindowLength::DEFAULT;

pub type Row = (Arc<Series>, CaptureTime, Value);

pub fn window(number: u64) -> Window {
    Window { start: CaptureTime::from_parts(number * 10, 0), length: RESOLUTION }
}

/// A batch of run 1, pipeline 0.
pub fn batch(source: &str, number: u64, values: Vec<(Arc<Series>, Value)>) -> Batch {
    let id = BatchId { source: source.into(), run: 1, pipeline: 0, window: window(number) };
    Batch { id, revision: 1, values }
}

pub fn route(name: &str) -> Arc<Series> {
    Arc::new(Series::new("http.total", &[("route", name)]))
}

/// A distribution that `seed` decides: some hundred requests around a few milliseconds.
pub fn histogram(seed: u64) -> Value {
    let mut histogram = Histogram::new();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..200 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        histogram.record_nanos(1_000_000 + (state % 1_000) * (state >> 32) % 20_000_000);
    }
    Value::Histogram(CompactHistogram::from(&histogram))
}

/// A text that does not pack.
pub fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(b' ' + (state >> 32) as u8 % 95));
    }
    text
}

pub fn gauge(level: f64) -> Value {
    Value::Gauge(Gauge::once(level))
}

/// Everything that a store says of itself.
#[derive(Debug, PartialEq)]
pub struct Contents {
    pub rows: Vec<Row>,
    pub series: Vec<Arc<Series>>,
    pub windows: Vec<(WindowLength, Vec<CaptureTime>)>,
    pub documents: Vec<(String, u64, String)>,
}

/// What the store holds.
pub async fn contents(store: &impl Store) -> Result<Contents, StoreError> {
    let all = Select::default();
    let (mut rows, mut windows) = (Vec::new(), Vec::new());
    for (resolution, _, _) in store.resolutions().await? {
        let ever = CaptureTime::ZERO..CaptureTime::MAX;
        windows.push((resolution, store.windows(ever.clone(), resolution).await?));
        let mut blocks = store.scan(&all, ever, resolution).await?;
        while let Some(block) = blocks.next().await {
            let block = block?;
            let row = |(start, value)| (Arc::clone(&block.series), start, value);
            rows.extend(block.rows.into_iter().map(row));
        }
    }
    let documents = store.documents("rule").await?.into_iter();
    let documents = documents.map(|(name, document)| (name, document.version, document.text));
    let series = store.series(&all).await?;
    Ok(Contents { rows, series, windows, documents: documents.collect() })
}

/// Copies a directory; a journal's zeros, which the engine allocates ahead, stay behind as a hole.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if entry.is_dir() {
            copy(&entry, &to);
        } else {
            fs::copy(&entry, &to).unwrap();
        }
    }
}

/// Makes the engine write a sorted table, as it does when enough has come together.
pub fn flush(store: &Path) {
    let database = fjall::Database::builder(store.join("data")).open().unwrap();
    let table = database.keyspace("wirelat", fjall::KeyspaceCreateOptions::default).unwrap();
    table.rotate_memtable_and_wait().unwrap();
    table.major_compact().unwrap();
    assert!(table.table_count() > 0);
}

/// All files below a directory.
pub fn files(of: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
