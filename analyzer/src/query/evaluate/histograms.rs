//! What is asked of each distribution.

use crate::query::Number;
use crate::query::plan::{Limit, Moment, Percent, Question};
use crate::query::stream::{Stream, Streams};
use model::histogram::{CompactHistogram, CountBounds, Distribution, QuantileMethod};

/// Quantiles, interpolated within their bins; nothing where there are no values.
pub(super) fn quantiles(
    input: &Streams<CompactHistogram>,
    percents: &[Percent],
) -> Streams<Number> {
    let fractions: Vec<f64> = percents.iter().map(|percent| percent.fraction).collect();
    let mut streams = Vec::new();
    for stream in &input.streams {
        let found: Vec<Option<Vec<f64>>> = stream
            .values
            .iter()
            .map(|histogram| histogram.as_ref()?.quantiles(&fractions, QuantileMethod::Type1).ok())
            .collect();
        for (place, percent) in percents.iter().enumerate() {
            let value = |step: &Option<Vec<f64>>| Number::exactly(*step.as_ref()?.get(place)?);
            let one = stream.with(found.iter().map(value).collect());
            streams.push(argued(one, percents.len(), "percentile", &percent.written));
        }
    }
    input.with(streams)
}

/// Counts and shares against thresholds, and what is to be said of those that are no edges.
pub(super) fn against(
    input: &Streams<CompactHistogram>,
    question: Question,
    limits: &[Limit],
) -> (Streams<Number>, Vec<String>) {
    let (mut streams, mut notes) = (Vec::new(), Vec::new());
    for stream in &input.streams {
        for limit in limits {
            let one = stream.map(|histogram| answer(histogram, question, limit));
            if one.values.iter().flatten().any(|number| !number.is_exact()) {
                notes.extend(inexact(limit));
            }
            streams.push(argued(one, limits.len(), "threshold", &limit.written));
        }
    }
    (input.with(streams), notes)
}

/// With several arguments each stream says which one it is for.
fn argued(stream: Stream<Number>, arguments: usize, tag: &str, written: &str) -> Stream<Number> {
    if arguments > 1 { stream.tagged(tag, written) } else { stream }
}

fn answer(histogram: &CompactHistogram, question: Question, limit: &Limit) -> Option<Number> {
    let below = || histogram.count_below(limit.threshold);
    let above = || histogram.count_at_or_above(limit.threshold);
    match question {
        Question::CountBelow => Some(Number::counts(&below())),
        Question::CountAbove => Some(Number::counts(&above())),
        Question::RatioBelow => share(&below(), histogram, 1.0),
        Question::RatioAbove => share(&above(), histogram, 1.0),
        Question::InversePercentile => share(&below(), histogram, 100.0),
    }
}

fn share(count: &CountBounds, histogram: &CompactHistogram, whole: f64) -> Option<Number> {
    let all = histogram.count() as f64;
    Number::between(count.lower as f64 / all * whole, count.upper as f64 / all * whole)
}

fn inexact(limit: &Limit) -> Option<String> {
    let (below, above) = limit.threshold.nearest_edges();
    let Limit { written, .. } = limit;
    (below != above).then(|| {
        format!("{written} cuts a bin in two: values are at least and at most; {below} and {above} are exact")
    })
}

/// Values count at their bins' middles but for their number, which is exact.
pub(super) fn moment(input: &Streams<CompactHistogram>, moment: Moment) -> Streams<Number> {
    input.map(|histogram| match moment {
        Moment::Count => Some(Number::count(histogram.count())),
        Moment::Sum => Number::exactly(histogram.approx_sum()),
        Moment::Mean => Number::exactly(histogram.approx_mean()?),
        Moment::Stddev => Number::exactly(histogram.approx_stddev()?),
    })
}
