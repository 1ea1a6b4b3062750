//! Arithmetic between streams.

use crate::query::Number;
use crate::query::stream::{Computed, Stream, Streams};
use crate::query::syntax::Operator;
use std::collections::HashMap;

/// Each step's values: nothing where one of them is missing. Says how many streams had no partner.
pub(super) fn apply(
    operator: Operator,
    left: Computed,
    right: Computed,
) -> (Computed, Option<String>) {
    match (left, right) {
        (Computed::Constant(left), Computed::Constant(right)) => {
            let exact = |value| Number { low: value, high: value };
            let result = combine(operator, exact(left), exact(right));
            // What cannot be divided makes nothing further on.
            (Computed::Constant(result.map_or(f64::NAN, |number| number.low)), None)
        }
        (Computed::Numbers(streams), Computed::Constant(value)) => {
            let value = Number::exactly(value);
            let result = streams.map(|number| combine(operator, *number, value?));
            (Computed::Numbers(result), None)
        }
        (Computed::Constant(value), Computed::Numbers(streams)) => {
            let value = Number::exactly(value);
            let result = streams.map(|number| combine(operator, value?, *number));
            (Computed::Numbers(result), None)
        }
        (Computed::Numbers(left), Computed::Numbers(right)) => between(operator, &left, &right),
        // The plan's types leave no other.
        (left, _) => (left, None),
    }
}

fn combine(operator: Operator, left: Number, right: Number) -> Option<Number> {
    match operator {
        Operator::Add => left.plus(right),
        Operator::Subtract => left.minus(right),
        Operator::Multiply => left.times(right),
        Operator::Divide => left.over(right),
    }
}

fn between<'a>(
    operator: Operator,
    left: &'a Streams<Number>,
    right: &'a Streams<Number>,
) -> (Computed, Option<String>) {
    let pairs: Vec<(&Stream<Number>, &Stream<Number>, &Stream<Number>)> =
        match (&*left.streams, &*right.streams) {
            ([one], [other]) => vec![(one, one, other)],
            (many, [one]) => many.iter().map(|stream| (stream, stream, one)).collect(),
            ([one], many) => many.iter().map(|stream| (stream, one, stream)).collect(),
            (many, others) => {
                let by_tags: HashMap<_, _> =
                    others.iter().map(|stream| (&*stream.tags, stream)).collect();
                let partner = |stream: &'a Stream<Number>| {
                    Some((stream, stream, *by_tags.get(&*stream.tags)?))
                };
                many.iter().filter_map(partner).collect()
            }
        };
    let alone = left.streams.len().max(right.streams.len()).saturating_sub(pairs.len());
    let note = (alone > 0)
        .then(|| format!("{alone} streams of one side have no partner of equal tags on the other"));
    let result = pairs.into_iter().map(|(named, left, right)| {
        let steps = left.values.iter().zip(&right.values);
        let step = |(left, right): (&Option<Number>, &Option<Number>)| {
            combine(operator, (*left)?, (*right)?)
        };
        named.with(steps.map(step).collect())
    });
    (Computed::Numbers(left.with(result.collect())), note)
}
