//! Buckets for those who know no others: on decimal edges, where our bins end too.

use model::histogram::Threshold;

/// What a series' values are, by its metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Times.
    Seconds,
    /// Sizes.
    Bytes,
    /// Rows, messages, records.
    Count,
}

impl Unit {
    /// Of the metric `http.total`, `kafka.topic_bytes`, …
    pub(super) fn of(metric: &str) -> Self {
        const COUNTS: [&str; 3] = ["response_rows", "messages", "topic_records"];
        match metric.rsplit('.').next().unwrap_or_default() {
            value if value.ends_with("_bytes") => Self::Bytes,
            value if COUNTS.contains(&value) => Self::Count,
            _ => Self::Seconds,
        }
    }
}

/// Upper edges of buckets, as they are written and as they are counted.
pub(super) fn edges(unit: Unit) -> impl Iterator<Item = (f64, Threshold)> {
    /// 100 µs to 100 s.
    const NANOS: [u64; 19] = [
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        25_000_000,
        50_000_000,
        100_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000,
        2_500_000_000,
        5_000_000_000,
        10_000_000_000,
        25_000_000_000,
        50_000_000_000,
        100_000_000_000,
    ];
    const BYTES: [u64; 13] = [
        100,
        250,
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        1_000_000,
        10_000_000,
        100_000_000,
    ];
    const COUNTS: [u64; 10] = [1, 2, 5, 10, 25, 100, 250, 1_000, 10_000, 100_000];
    let edges: &'static [u64] = match unit {
        Unit::Seconds => &NANOS,
        Unit::Bytes => &BYTES,
        Unit::Count => &COUNTS,
    };
    edges.iter().map(move |&edge| match unit {
        Unit::Seconds => (edge as f64 / 1e9, Threshold::from_nanos(edge)),
        Unit::Bytes | Unit::Count => (edge as f64, Threshold::from_bytes(edge)),
    })
}
