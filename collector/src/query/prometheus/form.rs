//! Answers as Prometheus' HTTP API has them.

use super::catalog::EDGE;
use super::lines::{Distributions, Found, Labels, Line};
use super::read::Times;
use model::exposition::edges;
use model::histogram::{CompactHistogram, Distribution};
use model::units::CaptureTime;
use serde_json::{Map, Value, json};

/// Of one time: a scalar or a vector.
pub(super) fn instant(found: &Found, times: &Times) -> Value {
    let time = seconds(times.end);
    let result = match found {
        Found::Number(number) => {
            return json!({ "resultType": "scalar", "result": [time, text(*number)] });
        }
        Found::Numbers(lines) => sampled(lines, "value", |_, value| json!([time, text(*value)])),
        Found::Distributions(of) if of.is_classic => {
            sampled(&buckets(of), "value", |_, value| json!([time, text(*value)]))
        }
        Found::Distributions(of) => sampled(&of.lines, "histogram", |_, histogram| {
            json!([time, native(histogram, of.divisor(0))])
        }),
    };
    json!({ "resultType": "vector", "result": result })
}

/// One line's value at the only time, with its labels.
fn sampled<V>(lines: &[Line<V>], key: &str, sample: impl Fn(usize, &V) -> Value) -> Vec<Value> {
    let one = |line: &Line<V>| {
        let value = line.values.first()?.as_ref()?;
        Some(json!({ "metric": labelled(&line.labels), key: sample(0, value) }))
    };
    lines.iter().filter_map(one).collect()
}

/// Over several times: a matrix.
pub(super) fn range(found: &Found, times: &Times) -> Value {
    let result = match found {
        Found::Number(number) => {
            let constant = Line {
                labels: Labels::new(),
                values: times.all().map(|_| Some(*number)).collect(),
            };
            traced(&[constant], times, "values", |_, value| text(*value))
        }
        Found::Numbers(lines) => traced(lines, times, "values", |_, value| text(*value)),
        Found::Distributions(of) if of.is_classic => {
            traced(&buckets(of), times, "values", |_, value| text(*value))
        }
        Found::Distributions(of) => traced(&of.lines, times, "histograms", |place, histogram| {
            native(histogram, of.divisor(place))
        }),
    };
    json!({ "resultType": "matrix", "result": result })
}

fn traced<V>(
    lines: &[Line<V>],
    times: &Times,
    key: &str,
    value: impl Fn(usize, &V) -> Value,
) -> Vec<Value> {
    let one = |line: &Line<V>| {
        let there = times.all().zip(&line.values).enumerate();
        let samples: Vec<Value> = there
            .filter_map(|(place, (time, own))| {
                Some(json!([seconds(time), value(place, own.as_ref()?)]))
            })
            .collect();
        (!samples.is_empty()).then(|| json!({ "metric": labelled(&line.labels), key: samples }))
    };
    lines.iter().filter_map(one).collect()
}

fn labelled(labels: &Labels) -> Value {
    let labels = labels.iter().map(|(name, value)| (name.clone(), Value::from(&**value)));
    Value::Object(labels.collect::<Map<_, _>>())
}

fn seconds(time: CaptureTime) -> f64 {
    // Milliseconds, as Prometheus has them.
    (time.as_nanos() / 1_000_000) as f64 / 1_000.0
}

/// Numbers are texts in this API: they can be infinite.
fn text(value: f64) -> Value {
    Value::String(match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    })
}

/// A native histogram: each bin with its edges. 1: the lower edge is inside, the upper one is not.
fn native(histogram: &CompactHistogram, divisor: f64) -> Value {
    let numbers = histogram.iter().filter(|(bin, _)| !bin.is_nan());
    let buckets: Vec<Value> = numbers
        .map(|(bin, count)| {
            json!([1, text(bin.lower()), text(bin.upper()), text(count as f64 / divisor)])
        })
        .collect();
    json!({
        "count": text(histogram.count() as f64 / divisor),
        "sum": text(histogram.approx_sum() / divisor),
        "buckets": buckets,
    })
}

/// Each distribution as the counts below the usual edges.
fn buckets(of: &Distributions) -> Vec<Line<f64>> {
    let mut lines = Vec::new();
    for line in &of.lines {
        let edged = |edge: String, count: &dyn Fn(&CompactHistogram) -> u64| {
            let mut bucket =
                line.map(|(place, histogram)| Some(count(histogram) as f64 / of.divisor(place)));
            bucket.labels.insert(EDGE.to_owned(), edge);
            bucket
        };
        for (edge, threshold) in edges(of.unit) {
            lines
                .push(edged(edge.to_string(), &|histogram| histogram.count_below(threshold).lower));
        }
        lines.push(edged("+Inf".to_owned(), &|histogram| histogram.count()));
    }
    lines
}
