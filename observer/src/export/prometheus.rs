//! Everything since the start, as Prometheus scrapes it (Prometheus documentation, "Exposition formats", version 0.0.4).
//!
//! Counters and histograms only grow. A window that is revised replaces what it said before, so the windows that can
//! still be revised are kept apart from those that cannot. Buckets end on decimal edges, where our bins end too; they
//! count what is less than the edge, where Prometheus means less or equal.

use crate::windows::REVISE_SPAN;
use model::batch::{Batch, Value};
use model::exposition::{Kind, edges, family};
use model::histogram::{Distribution, Histogram, Unit};
use model::series::{self, Series};
use model::units::CaptureTime;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// What was said so far.
#[derive(Debug, Default)]
pub struct Registry {
    /// Windows that cannot be revised any more, together.
    settled: Totals,
    /// The others, by start.
    recent: BTreeMap<CaptureTime, Batch>,
}

/// Sums by series.
#[derive(Clone, Debug, Default)]
struct Totals(BTreeMap<Arc<Series>, Total>);

#[derive(Clone, Debug)]
enum Total {
    Histogram(Box<Histogram>),
    Counter(u64),
    Level(f64),
}

impl Totals {
    fn add(&mut self, batch: &Batch) {
        for (series, value) in &batch.values {
            match value {
                Value::Histogram(histogram) => {
                    let empty = || Total::Histogram(Box::default());
                    let total = self.0.entry(Arc::clone(series)).or_insert_with(empty);
                    if let Total::Histogram(total) = total {
                        total.merge_compact(histogram);
                    }
                }
                Value::Delta(grown) => {
                    let total = self.0.entry(Arc::clone(series)).or_insert(Total::Counter(0));
                    if let Total::Counter(total) = total {
                        *total = total.saturating_add(*grown);
                    }
                }
                Value::Gauge(gauge) => {
                    self.0.insert(Arc::clone(series), Total::Level(gauge.last));
                }
                Value::Text(_) => {}
            }
        }
    }
}

impl Registry {
    /// Takes in what a window says; a revision replaces what it said before.
    pub fn update(&mut self, batch: Batch) {
        let newest = batch.id.window.start;
        self.recent.insert(newest, batch);
        let settled = newest.minus(REVISE_SPAN).minus(REVISE_SPAN);
        while let Some(entry) = self.recent.first_entry().filter(|entry| *entry.key() < settled) {
            self.settled.add(&entry.remove());
        }
    }

    /// The text that a scrape gets.
    pub fn render(&self) -> String {
        let mut totals = self.settled.clone();
        self.recent.values().for_each(|batch| totals.add(batch));
        let mut out = String::new();
        let mut newest = "";
        for (series, total) in &totals.0 {
            if series.metric() != newest {
                newest = series.metric();
                head(&mut out, newest, total);
            }
            render(&mut out, series, total);
        }
        out
    }
}

fn name(metric: &str, total: &Total) -> String {
    family(
        metric,
        match total {
            Total::Histogram(_) => Kind::Histogram,
            Total::Counter(_) => Kind::Counter,
            Total::Level(_) => Kind::Level,
        },
    )
}

fn head(out: &mut String, metric: &str, total: &Total) {
    let (kind, name) = match total {
        Total::Histogram(_) => ("histogram", name(metric, total)),
        Total::Counter(_) => ("counter", name(metric, total)),
        Total::Level(_) => ("gauge", name(metric, total)),
    };
    if let Total::Histogram(_) = total {
        let _ = writeln!(
            out,
            "# HELP {name} Buckets count values less than their edge; the sum is that of the bins' middles."
        );
    }
    let _ = writeln!(out, "# TYPE {name} {kind}");
}

fn render(out: &mut String, series: &Series, total: &Total) {
    let name = name(series.metric(), total);
    match total {
        Total::Histogram(histogram) => {
            for (edge, threshold) in edges(series::unit(series.metric()).unwrap_or(Unit::Seconds)) {
                let count = histogram.count_below(threshold).lower.to_string();
                line(out, &format!("{name}_bucket"), series, Some(&edge.to_string()), &count);
            }
            let count = histogram.count().to_string();
            line(out, &format!("{name}_bucket"), series, Some("+Inf"), &count);
            let sum = histogram.approx_sum();
            line(out, &format!("{name}_sum"), series, None, &sum.to_string());
            line(out, &format!("{name}_count"), series, None, &count);
        }
        Total::Counter(count) => line(out, &name, series, None, &count.to_string()),
        Total::Level(level) => line(out, &name, series, None, &level.to_string()),
    }
}

fn line(out: &mut String, name: &str, series: &Series, edge: Option<&str>, value: &str) {
    out.push_str(name);
    let mut separator = '{';
    let tags = series.tags().chain(edge.map(|edge| ("le", edge)));
    for (tag, text) in tags {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{separator}{tag}=\"{escaped}\"");
        separator = ',';
    }
    let _ = writeln!(out, "{} {value}", if separator == ',' { "}" } else { "" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::BatchId;
    use model::histogram::CompactHistogram;
    use model::units::Nanos;
    use model::window::WindowLength;

    fn batch(start: u64, revision: u64, millis: &[u64]) -> Batch {
        let mut histogram = Histogram::new();
        millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
        let tags = [("wire", "http:80"), ("route", "/a\"b")];
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(start, 0));
        Batch {
            id: BatchId { source: "test".into(), run: 1, pipeline: 0, window },
            revision,
            values: vec![
                (Arc::new(Series::new("http.requests", &tags)), Value::Delta(millis.len() as u64)),
                (
                    Arc::new(Series::new("http.total", &tags)),
                    Value::Histogram(CompactHistogram::from(&histogram)),
                ),
            ],
        }
    }

    #[test]
    fn a_revision_replaces_and_old_windows_stay_counted() {
        let mut registry = Registry::default();
        registry.update(batch(1_000, 1, &[3]));
        registry.update(batch(1_000, 2, &[3, 4, 30]));
        let hours = Nanos::from_seconds(7_200).0 / 1_000_000_000;
        registry.update(batch(1_000 + hours, 1, &[300]));
        assert_eq!(registry.recent.len(), 1, "the first window cannot change any more");
        let text = registry.render();
        let has = |line: &str| assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        has("# TYPE wirelat_http_requests_total counter");
        has("wirelat_http_requests_total{route=\"/a\\\"b\",wire=\"http:80\"} 4");
        has("# TYPE wirelat_http_total_seconds histogram");
        for (edge, count) in
            [("0.0025", 0), ("0.005", 2), ("0.05", 3), ("0.25", 3), ("0.5", 4), ("+Inf", 4)]
        {
            has(&format!(
                "wirelat_http_total_seconds_bucket{{route=\"/a\\\"b\",wire=\"http:80\",le=\"{edge}\"}} {count}"
            ));
        }
        has("wirelat_http_total_seconds_count{route=\"/a\\\"b\",wire=\"http:80\"} 4");
    }
}
