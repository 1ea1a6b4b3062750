//! What the cases are written with.

use crate::{BLOCK_ROWS_MAX, BlockStream, Store, StoreError, TimeRange, Written};
use futures_util::StreamExt;
use model::batch::{Batch, BatchId, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::{Select, Series};
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use std::sync::Arc;

pub(super) const TEN_SECONDS: WindowLength = WindowLength::DEFAULT;
pub(super) const ALL_TIME: TimeRange = CaptureTime::ZERO..CaptureTime::MAX;

pub(super) type Row = (Arc<Series>, CaptureTime, Value);

pub(super) fn at(seconds: u64) -> CaptureTime {
    CaptureTime::from_parts(seconds, 0)
}

pub(super) fn minute() -> WindowLength {
    WindowLength::new(Nanos::from_seconds(60)).expect("a minute is a length")
}

pub(super) fn series(metric: &str, tags: &[(&str, &str)]) -> Arc<Series> {
    Arc::new(Series::new(metric, tags))
}

/// `http.total{route=…}`.
pub(super) fn route(name: &str) -> Arc<Series> {
    series("http.total", &[("route", name)])
}

pub(super) fn histogram(nanos: &[u64]) -> CompactHistogram {
    let mut histogram = Histogram::new();
    nanos.iter().for_each(|&nanos| histogram.record_nanos(nanos));
    CompactHistogram::from(&histogram)
}

/// A batch of source `web`, run 1, pipeline 0, revision 1, of the ten seconds from `seconds` on.
pub(super) fn batch<const N: usize>(seconds: u64, values: [(Arc<Series>, Value); N]) -> Batch {
    let window = Window { start: at(seconds), length: TEN_SECONDS };
    let id = BatchId { source: "web".into(), run: 1, pipeline: 0, window };
    Batch { id, revision: 1, values: values.into() }
}

/// What a test changes about [`batch`].
pub(super) trait Change {
    fn of(self, source: &str, run: u64, pipeline: u16) -> Self;
    fn revision(self, revision: u64) -> Self;
    fn length(self, length: WindowLength) -> Self;
}

impl Change for Batch {
    fn of(mut self, source: &str, run: u64, pipeline: u16) -> Self {
        (self.id.source, self.id.run, self.id.pipeline) = (source.into(), run, pipeline);
        self
    }

    fn revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    fn length(mut self, length: WindowLength) -> Self {
        self.id.window.length = length;
        self
    }
}

pub(super) fn ok<T>(result: Result<T, StoreError>) -> T {
    result.expect("the store works")
}

/// Writes what must be new.
pub(super) async fn store<const N: usize>(store: &impl Store, batches: [Batch; N]) {
    for batch in batches {
        assert_eq!(ok(store.write(batch).await), Written::Stored);
    }
}

/// All rows of all series at ten seconds.
pub(super) async fn rows(store: &impl Store) -> Vec<Row> {
    scan(store, &Select::default(), ALL_TIME, TEN_SECONDS).await
}

/// The rows, and checks the form of what the store gives.
pub(super) async fn scan(
    store: &impl Store,
    select: &Select,
    range: TimeRange,
    resolution: WindowLength,
) -> Vec<Row> {
    collect(ok(store.scan(select, range, resolution).await)).await
}

pub(super) async fn collect(mut blocks: BlockStream) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    while let Some(block) = blocks.next().await {
        let block = ok(block);
        assert!((1..=BLOCK_ROWS_MAX).contains(&block.rows.len()), "{} rows", block.rows.len());
        rows.extend(
            block.rows.into_iter().map(|(at, value)| (Arc::clone(&block.series), at, value)),
        );
    }
    let places: Vec<_> = rows.iter().map(|(series, at, _)| (series, at)).collect();
    assert!(places.is_sorted_by(|one, next| one < next), "rows are out of order");
    rows
}

/// The only value of all.
pub(super) async fn only_value(store: &impl Store) -> Value {
    let [(_, _, value)] = <[Row; 1]>::try_from(rows(store).await).expect("there is one row");
    value
}

pub(super) async fn all_windows(store: &impl Store) -> Vec<CaptureTime> {
    ok(store.windows(ALL_TIME, TEN_SECONDS).await)
}

pub(super) async fn all_series(store: &impl Store) -> Vec<Arc<Series>> {
    ok(store.series(&Select::default()).await)
}
