//! CSV (RFC 4180): one row a stream and step, tags as columns. Nothing is an empty field.

use super::{column, tag_names};
use analyzer::query::{Answer, Stream, Values};
use model::units::CaptureTime;
use std::fmt::Write;

/// The answer as a table: `start_ns`, `name`, the tags, then `at_least` and `at_most`, which are the same where a number
/// is exact; of distributions `histogram`, in the wire form of OpenHistogram (base64). Then `observed`: which share of the
/// step somebody observed.
pub fn table(answer: &Answer) -> String {
    let mut out = String::new();
    match &answer.streams {
        Values::Numbers(streams) => {
            rows(&mut out, answer, streams, &["at_least", "at_most"], |number| {
                vec![number.low.to_string(), number.high.to_string()]
            })
        }
        Values::Histograms(streams) => {
            rows(&mut out, answer, streams, &["histogram"], |histogram| {
                vec![histogram.to_base64()]
            });
        }
    }
    out
}

fn rows<V>(
    out: &mut String,
    answer: &Answer,
    streams: &[Stream<V>],
    columns: &[&str],
    value: impl Fn(&V) -> Vec<String>,
) {
    let tags = tag_names(streams);
    let before = ["start_ns", "name"].map(str::to_owned).into_iter();
    let named = tags.iter().map(|tag| column(tag));
    let behind = columns.iter().map(|column| (*column).to_owned());
    line(out, before.chain(named).chain(behind).chain(["observed".to_owned()]));
    for stream in streams {
        let own = |tag: &&str| stream.tags.iter().find(|(name, _)| name == tag);
        let tags: Vec<String> = tags
            .iter()
            .map(|tag| own(tag).map(|(_, value)| value.clone()).unwrap_or_default())
            .collect();
        let steps = answer.grid.starts().zip(&stream.values).zip(&answer.coverage.steps);
        for ((start, cell), coverage) in steps {
            let empty = || vec![String::new(); columns.len()];
            let cells = cell.as_ref().map_or_else(empty, &value);
            let fields = [CaptureTime::as_nanos(start).to_string(), stream.name.clone()];
            let fields = fields.into_iter().chain(tags.iter().cloned()).chain(cells);
            line(out, fields.chain([coverage.observed.to_string()]));
        }
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (place, field) in fields.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let is_plain = !field.contains(['"', ',', '\n', '\r']);
        // Writing into a string does not fail.
        let _ = match is_plain {
            true => write!(out, "{comma}{field}"),
            false => write!(out, "{comma}\"{}\"", field.replace('"', "\"\"")),
        };
    }
    out.push_str("\r\n");
}
