//! Lines for people: each stream, then one line a step.

use analyzer::query::{Answer, Number, Values};
use chrono::{DateTime, SecondsFormat};
use model::histogram::{CompactHistogram, Histogram};
use model::units::CaptureTime;
use std::fmt::Write;

/// What stands where there is no value.
const NOTHING: &str = "–";

/// The answer as lines. Numbers with bounds are shown as `3..5`.
pub fn lines(answer: &Answer) -> String {
    let mut out = String::new();
    match &answer.streams {
        Values::Numbers(streams) => {
            for stream in streams {
                rows(
                    &mut out,
                    answer,
                    &stream.label(),
                    stream.values.iter().map(|value| value.map(number)),
                );
            }
        }
        Values::Histograms(streams) => {
            for stream in streams {
                let values = stream.values.iter().map(|value| value.as_ref().map(bins));
                rows(&mut out, answer, &stream.label(), values);
            }
        }
    }
    let share = |share: f64| format!("{:.2} %", (share * 1e4).floor() / 1e2);
    let coverage = &answer.coverage;
    // Writing into a string does not fail.
    let _ = writeln!(
        out,
        "coverage: time {}, bytes {}, requests {}",
        share(coverage.observed),
        share(coverage.bytes),
        share(coverage.requests)
    );
    for note in &answer.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

fn rows(
    out: &mut String,
    answer: &Answer,
    label: &str,
    values: impl Iterator<Item = Option<String>>,
) {
    let _ = writeln!(out, "{label}");
    for (start, value) in answer.grid.starts().zip(values) {
        let _ = writeln!(out, "  {}  {}", time(start), value.as_deref().unwrap_or(NOTHING));
    }
}

/// RFC 3339, in UTC, no longer than it must be.
fn time(time: CaptureTime) -> String {
    let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn number(number: Number) -> String {
    if number.is_exact() {
        number.low.to_string()
    } else {
        format!("{}..{}", number.low, number.high)
    }
}

fn bins(histogram: &CompactHistogram) -> String {
    if histogram.is_empty() {
        "no values".to_owned()
    } else {
        Histogram::from(histogram).to_strings().join(" ")
    }
}
