//! Windows go to other programs: pushed to a collector, scraped by Prometheus.

mod prometheus;
mod push;
mod spool;

pub use prometheus::Registry;
pub use push::{Pusher, Sent, Target};
pub use spool::{Load, Spool};

/// What a series' values are, by its metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Times.
    Seconds,
    /// Sizes.
    Bytes,
    /// Rows, messages, records.
    Count,
}

impl Unit {
    /// Of the metric `http.total`, `kafka.topic_bytes`, …
    pub fn of(metric: &str) -> Self {
        const COUNTS: [&str; 3] = ["response_rows", "messages", "topic_records"];
        match metric.rsplit('.').next().unwrap_or_default() {
            value if value.ends_with("_bytes") => Self::Bytes,
            value if COUNTS.contains(&value) => Self::Count,
            _ => Self::Seconds,
        }
    }
}
