//! How metrics are called, and which buckets they have, for those who know only Prometheus' forms.

use crate::histogram::{Threshold, Unit};
use crate::series::unit;

/// What a metric holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Distributions.
    Histogram,
    /// A counter.
    Counter,
    /// A level.
    Level,
}

/// `wirelat_http_total_seconds`, `wirelat_http_requests_total`.
pub fn family(metric: &str, kind: Kind) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let plain: String =
        metric.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let suffix = match (kind, unit(metric)) {
        (Kind::Histogram, Some(Unit::Seconds)) => "_seconds",
        (Kind::Counter, _) => "_total",
        (_, _) => "",
    };
    format!("wirelat_{plain}{suffix}")
}

/// Upper edges of buckets, as they are written and as they are counted: decimals, where bins end too.
pub fn edges(unit: Unit) -> impl Iterator<Item = (f64, Threshold)> {
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
        Unit::Plain => &COUNTS,
    };
    edges.iter().map(move |&edge| match unit {
        Unit::Seconds => (edge as f64 / 1e9, Threshold::from_nanos(edge)),
        Unit::Bytes | Unit::Plain => (edge as f64, Threshold::from_bytes(edge)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_unit() {
        assert_eq!(family("http.total", Kind::Histogram), "wirelat_http_total_seconds");
        assert_eq!(family("http.response_bytes", Kind::Histogram), "wirelat_http_response_bytes");
        assert_eq!(family("http.requests", Kind::Counter), "wirelat_http_requests_total");
        assert_eq!(family("app latency", Kind::Histogram), "wirelat_app_latency");
        assert_eq!(family("observer.memory_bytes", Kind::Level), "wirelat_observer_memory_bytes");
    }

    #[test]
    fn edges_are_edges() {
        for unit in [Unit::Seconds, Unit::Bytes, Unit::Plain] {
            assert!(edges(unit).all(|(_, threshold)| threshold.is_edge()));
        }
    }
}
