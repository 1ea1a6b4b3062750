//! JSON: an object with one list of values a stream.

use analyzer::query::{Answer, Coverage, Number, Stream, Values};
use model::histogram::CompactHistogram;
use model::units::CaptureTime;
use serde::Serialize;
use std::collections::BTreeMap;

/// An answer as a document.
#[derive(Serialize)]
struct Document<'a> {
    start_ns: CaptureTime,
    end_ns: CaptureTime,
    step_ns: u64,
    steps: usize,
    streams: Vec<StreamForm<'a>>,
    coverage: &'a Coverage,
    notes: &'a [String],
}

#[derive(Serialize)]
struct StreamForm<'a> {
    name: &'a str,
    tags: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    values: ValuesForm<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValuesForm<'a> {
    Numbers {
        /// The values; where they have bounds, the lower ones.
        values: Vec<Option<f64>>,
        /// The upper bounds, where any differs from the lower one.
        #[serde(skip_serializing_if = "Option::is_none")]
        at_most: Option<Vec<Option<f64>>>,
    },
    Histograms {
        /// In the wire form of OpenHistogram: base64.
        histograms: &'a [Option<CompactHistogram>],
    },
}

/// The answer as one JSON document.
///
/// # Errors
/// None that is known: everything in it can be said in JSON.
pub fn document(answer: &Answer) -> Result<String, serde_json::Error> {
    let streams = match &answer.streams {
        Values::Numbers(streams) => {
            streams.iter().map(|stream| form(stream, numbers(stream))).collect()
        }
        Values::Histograms(streams) => {
            let histograms =
                |stream| form(stream, ValuesForm::Histograms { histograms: &stream.values });
            streams.iter().map(histograms).collect()
        }
    };
    serde_json::to_string(&Document {
        start_ns: answer.grid.start(),
        end_ns: answer.grid.end(),
        step_ns: answer.grid.step().0,
        steps: answer.grid.steps(),
        streams,
        coverage: &answer.coverage,
        notes: &answer.notes,
    })
}

fn form<'a, V>(stream: &'a Stream<V>, values: ValuesForm<'a>) -> StreamForm<'a> {
    let tags = stream.tags.iter().map(|(name, value)| (&**name, &**value)).collect();
    StreamForm { name: &stream.name, tags, values }
}

fn numbers(stream: &Stream<Number>) -> ValuesForm<'_> {
    let side =
        |of: fn(&Number) -> f64| stream.values.iter().map(|value| value.as_ref().map(of)).collect();
    let is_exact = stream.values.iter().flatten().all(|number| number.is_exact());
    let at_most = (!is_exact).then(|| side(|number| number.high));
    ValuesForm::Numbers { values: side(|number| number.low), at_most }
}
