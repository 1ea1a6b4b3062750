//! What reaches over neighbouring steps: rates, windows, sums.

use crate::query::Number;
use crate::query::plan::Window;
use crate::query::stream::{Stream, Streams};
use model::histogram::CompactHistogram;
use model::units::NANOS_PER_SECOND;
use std::rc::Rc;

/// Per second of what was observed.
pub(super) fn rate(input: &Streams<Number>) -> Streams<Number> {
    let per_second = |stream: &Stream<Number>| {
        let steps = stream.values.iter().zip(&*input.observed);
        stream.with(
            steps.map(|(count, &nanos)| count.as_ref()?.scaled(1.0 / seconds(nanos))).collect(),
        )
    };
    input.with(input.streams.iter().map(per_second).collect())
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / NANOS_PER_SECOND as f64
}

pub(super) fn merged(input: &Streams<CompactHistogram>, width: usize) -> Streams<CompactHistogram> {
    let slide = |stream: &Stream<CompactHistogram>| {
        stream.with(sliding(&stream.values, width, CompactHistogram::merged))
    };
    let streams = input.streams.iter().map(slide).collect();
    Streams { streams, observed: slid_time(&input.observed, width) }
}

pub(super) fn slid(input: &Streams<Number>, how: Window, width: usize) -> Streams<Number> {
    let slide = |stream: &Stream<Number>| match how {
        Window::Min => stream.with(sliding(&stream.values, width, |a, b| a.least(*b))),
        Window::Max => stream.with(sliding(&stream.values, width, |a, b| a.greatest(*b))),
        Window::Sum | Window::Merge => {
            let sums = sliding(&stream.map(|number| Some((*number, 1.0))).values, width, add);
            stream.with(sums.into_iter().map(|sum| finite(sum?.0)).collect())
        }
        Window::Mean => {
            let sums = sliding(&stream.map(|number| Some((*number, 1.0))).values, width, add);
            let mean = |sum: Option<(Number, f64)>| {
                let (sum, count) = sum?;
                sum.scaled(1.0 / count)
            };
            stream.with(sums.into_iter().map(mean).collect())
        }
    };
    let streams = input.streams.iter().map(slide).collect();
    let observed = match how {
        Window::Sum | Window::Merge => slid_time(&input.observed, width),
        Window::Mean | Window::Min | Window::Max => Rc::clone(&input.observed),
    };
    Streams { streams, observed }
}

/// Sums and how many they are of; an overflow is sorted out by [`finite`].
fn add(one: &(Number, f64), two: &(Number, f64)) -> (Number, f64) {
    let sum = Number { low: one.0.low + two.0.low, high: one.0.high + two.0.high };
    (sum, one.1 + two.1)
}

fn finite(number: Number) -> Option<Number> {
    Number::between(number.low, number.high)
}

fn slid_time(observed: &[u64], width: usize) -> Rc<[u64]> {
    let steps: Vec<Option<u64>> = observed.iter().copied().map(Some).collect();
    let sums = sliding(&steps, width, |one, two| one.saturating_add(*two));
    sums.into_iter().map(Option::unwrap_or_default).collect()
}

/// Each place's value joined with those of the `width − 1` places before it; what is nothing joins as nothing.
///
/// Three joins a place, whatever the width, and none undone: within blocks of `width`, one pass from the left
/// and one from the right. (van Herk 1992; Gil and Werman 1993.)
pub fn sliding<T: Clone>(
    values: &[Option<T>],
    width: usize,
    join: impl Fn(&T, &T) -> T,
) -> Vec<Option<T>> {
    if width <= 1 {
        return values.to_vec();
    }
    let both = |one: Option<T>, two: Option<T>| match (one, two) {
        (Some(one), Some(two)) => Some(join(&one, &two)),
        (one, two) => one.or(two),
    };
    let mut from_left: Vec<Option<T>> = Vec::with_capacity(values.len());
    let mut from_right: Vec<Option<T>> = Vec::with_capacity(values.len());
    for block in values.chunks(width) {
        let mut sum = None;
        for value in block {
            sum = both(sum, value.clone());
            from_left.push(sum.clone());
        }
        let (mut sum, mut backwards) = (None, Vec::with_capacity(block.len()));
        for value in block.iter().rev() {
            sum = both(value.clone(), sum);
            backwards.push(sum.clone());
        }
        from_right.extend(backwards.into_iter().rev());
    }
    let place = |end: usize| {
        let left = from_left.get(end).cloned().flatten();
        match (end + 1).checked_sub(width) {
            // A window that is a whole block.
            Some(start) if start.is_multiple_of(width) => left,
            Some(start) => both(from_right.get(start).cloned().flatten(), left),
            // Before the first whole window: what there is.
            None => left,
        }
    };
    (0..values.len()).map(place).collect()
}

/// The sum from the answer's first step on. A rate counts for the time that was observed.
pub(super) fn integrated(
    input: &Streams<Number>,
    is_rate: bool,
    observed: &[u64],
    lead: usize,
) -> Streams<Number> {
    let run = |stream: &Stream<Number>| {
        let mut sum: Option<Number> = None;
        let mut step = |(place, value): (usize, &Option<Number>)| {
            if place < lead {
                return None;
            }
            let nanos = observed.get(place).copied().unwrap_or_default();
            let weight = if is_rate { seconds(nanos) } else { 1.0 };
            if let Some(grown) = value.and_then(|value| value.scaled(weight)) {
                sum = Some(match sum {
                    Some(sum) => sum.plus(grown)?,
                    None => grown,
                });
            }
            sum
        };
        let values = stream.values.iter().enumerate().map(&mut step).collect();
        stream.with(values)
    };
    input.with(input.streams.iter().map(run).collect())
}
