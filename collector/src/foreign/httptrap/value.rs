//! What a value is, by its `_type` and its form.
//!
//! | `_type` | `_value` | becomes |
//! |---|---|---|
//! | `n`, `L`, `l`, `I`, `i`, none | a number, or one in a text | a gauge |
//! | the same, `h` | a list of numbers, of `H[1.2e-03]=4`, or of both | a histogram |
//! | `h` | a number | a histogram of one |
//! | `h` | base64 of the binary form | a histogram |
//! | `H` | as `h` | a histogram of all since a beginning: its growth |
//! | `s`, none | a text | a text |

use super::super::buckets::Buckets;
use super::super::idempotency::digest;
use super::super::{Reading, Total};
use super::json::{Entry, Said};
use model::batch::{Gauge, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::Series;

/// Bytes of a text.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// `None` where nothing is said.
pub(super) fn reading(
    entry: Entry,
    source: &str,
    series: &Series,
) -> Result<Option<Reading>, String> {
    let Entry { kind, value, .. } = entry;
    let kind = kind.as_deref();
    if value == Said::Nothing {
        return Ok(None);
    }
    Ok(Some(match (kind, value) {
        (Some("h"), value) => Reading::Said(Value::Histogram(histogram(value)?)),
        (Some("H"), value) => {
            let total = Total::Buckets(Buckets::Decimal(histogram(value)?));
            let stream = digest([source.as_bytes(), &series.to_key()]);
            Reading::Total { stream, began: None, total }
        }
        (Some("s"), Said::Text(text)) | (None, Said::Text(text)) => Reading::Said(texted(text)?),
        (Some("s"), Said::Number(number)) => Reading::Said(texted(number.to_string())?),
        (Some("s"), Said::Count(count)) => Reading::Said(texted(count.to_string())?),
        (Some("n" | "L" | "l" | "I" | "i") | None, list @ Said::List(_)) => {
            Reading::Said(Value::Histogram(histogram(list)?))
        }
        (Some("n" | "L" | "l" | "I" | "i") | None, value) => {
            Reading::Said(Value::Gauge(Gauge::once(number(value)?)))
        }
        (Some(kind @ "s"), _) => return Err(format!("_type {kind:?} needs a text")),
        (Some(other), _) => {
            return Err(format!("_type {other:?} is none of n, L, l, I, i, s, h, H"));
        }
    }))
}

fn texted(text: String) -> Result<Value, String> {
    match text.len() <= TEXT_BYTES_MAX {
        true => Ok(Value::Text(text.into())),
        false => Err(format!("a text has more than {TEXT_BYTES_MAX} bytes")),
    }
}

fn number(value: Said) -> Result<f64, String> {
    match value {
        Said::Number(number) => Ok(number),
        Said::Count(count) => Ok(count as f64),
        Said::Text(text) => {
            text.trim().parse().map_err(|_| format!("{:?} is no number", shortened(&text)))
        }
        Said::Nothing | Said::List(_) => Err("a number is needed".to_owned()),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn histogram(value: Said) -> Result<CompactHistogram, String> {
    match value {
        Said::Text(text) => CompactHistogram::from_base64(&text).map_err(|error| error.to_string()),
        Said::List(list) => {
            let mut histogram = Histogram::new();
            list.into_iter().try_for_each(|one| record(one, &mut histogram))?;
            Ok((&histogram).into())
        }
        one => {
            let mut histogram = Histogram::new();
            record(one, &mut histogram)?;
            Ok((&histogram).into())
        }
    }
}

fn record(one: Said, histogram: &mut Histogram) -> Result<(), String> {
    match one {
        Said::Count(count) => histogram.record_scaled(count, 0),
        Said::Number(number) => histogram.record_f64(number, 1),
        Said::Text(text) => {
            let read = Histogram::from_strings([text]).map_err(|error| error.to_string())?;
            histogram.merge(&read);
        }
        Said::Nothing => {}
        Said::List(_) => return Err("a list inside a list".to_owned()),
    }
    Ok(())
}
