//! Which streams matter, where they go, and which ones stand apart.

use crate::query::Number;
use crate::query::stream::{Stream, Streams};
use model::units::Nanos;

/// The streams of the largest, or smallest, mean over the answer's steps; the first by name where they are equal.
/// Streams without any value come last.
pub(super) fn ranked(
    input: Streams<Number>,
    count: usize,
    is_top: bool,
    lead: usize,
) -> Streams<Number> {
    let mean = |stream: &Stream<Number>| {
        let values = stream.values.iter().skip(lead).flatten();
        let (sum, values) =
            values.fold((0.0, 0.0), |(sum, n), value| (sum + value.middle(), n + 1.0));
        if values > 0.0 { Some(sum / values) } else { None }
    };
    let mut scored: Vec<(Option<f64>, Stream<Number>)> =
        input.streams.into_iter().map(|stream| (mean(&stream), stream)).collect();
    scored.sort_by(|(one, _), (two, _)| match (one, two) {
        (Some(one), Some(two)) if is_top => two.total_cmp(one),
        (Some(one), Some(two)) => one.total_cmp(two),
        (one, two) => two.is_some().cmp(&one.is_some()),
    });
    scored.truncate(count);
    let streams = scored.into_iter().map(|(_, stream)| stream).collect();
    Streams { streams, observed: input.observed }
}

/// At each step the value that lies `ahead` on the straight line through the values so far (least squares);
/// nothing before there are two.
pub(super) fn forecast(
    input: &Streams<Number>,
    ahead: Nanos,
    step: Nanos,
    lead: usize,
) -> Streams<Number> {
    // In steps: small numbers, whatever the time is.
    let ahead = ahead.0 as f64 / step.0 as f64;
    let predict = |stream: &Stream<Number>| {
        let mut line = Line::default();
        let mut at = |(place, value): (usize, &Option<Number>)| {
            if place < lead {
                return None;
            }
            let now = place as f64;
            line.add(now, (*value)?.middle());
            Number::exactly(line.at(now + ahead)?)
        };
        stream.with(stream.values.iter().enumerate().map(&mut at).collect())
    };
    input.with(input.streams.iter().map(predict).collect())
}

/// A least-squares line, updated point by point around the means: no large squares are subtracted.
#[derive(Default)]
struct Line {
    count: f64,
    mean_x: f64,
    mean_y: f64,
    spread_x: f64,
    spread_xy: f64,
}

impl Line {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let from_mean_x = x - self.mean_x;
        self.mean_x += from_mean_x / self.count;
        self.mean_y += (y - self.mean_y) / self.count;
        self.spread_x += from_mean_x * (x - self.mean_x);
        self.spread_xy += from_mean_x * (y - self.mean_y);
    }

    fn at(&self, x: f64) -> Option<f64> {
        (self.count >= 2.0)
            .then(|| self.mean_y + self.spread_xy / self.spread_x * (x - self.mean_x))
    }
}

/// Streams that there must be to say which one stands apart.
const OUTLIER_STREAMS_MIN: usize = 3;

/// How far each stream stands from the others at each step, in standard deviations: the modified z-score,
/// 0.6745·(x − median)/MAD. (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: beyond ±3.5.)
pub(super) fn outliers(input: &Streams<Number>) -> Streams<Number> {
    let steps = input.observed.len();
    let mut scores: Vec<Vec<Option<Number>>> = vec![Vec::with_capacity(steps); input.streams.len()];
    for place in 0..steps {
        let value = |stream: &Stream<Number>| Some(stream.values.get(place)?.as_ref()?.middle());
        let values: Vec<Option<f64>> = input.streams.iter().map(value).collect();
        let spread = Spread::of(values.iter().flatten().copied().collect());
        for (score, value) in scores.iter_mut().zip(values) {
            let own = spread.as_ref().zip(value).and_then(|(spread, value)| spread.score(value));
            score.push(own);
        }
    }
    let streams = input.streams.iter().zip(scores);
    input.with(streams.map(|(stream, scores)| stream.with(scores)).collect())
}

/// The middle of some values, and what one standard deviation from it would be.
struct Spread {
    median: f64,
    deviation: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        if values.len() < OUTLIER_STREAMS_MIN {
            return None;
        }
        let middle = median(&mut values)?;
        let mut distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        let mad = median(&mut distances)?;
        // More than half are equal: the mean distance then, as the same source has it.
        let deviation = if mad > 0.0 { mad / 0.6745 } else { mean * 1.253_314 };
        Some(Self { median: middle, deviation })
    }

    fn score(&self, value: f64) -> Option<Number> {
        let distance = value - self.median;
        if distance == 0.0 {
            Number::exactly(0.0)
        } else {
            Number::exactly(distance / self.deviation)
        }
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().checked_sub(1)? / 2)?;
    Some(lower + (upper - lower) / 2.0)
}
