//! Several streams made one.

use crate::query::Number;
use crate::query::plan::Across;
use crate::query::stream::{Stream, Streams};
use model::histogram::{CompactHistogram, Histogram};
use std::collections::BTreeMap;

type Tags = Vec<(String, String)>;

/// Streams by what their tags say; the first one's name stands for the group.
fn groups<'a, V>(input: &'a Streams<V>, by: &[String]) -> BTreeMap<Tags, Vec<&'a Stream<V>>> {
    let mut groups: BTreeMap<Tags, Vec<&Stream<V>>> = BTreeMap::new();
    for stream in &input.streams {
        groups.entry(stream.key(by)).or_default().push(stream);
    }
    groups
}

/// Joins each group, step by step, of the values that are there; nothing where none is.
fn join<V, W>(
    input: &Streams<V>,
    by: &[String],
    mut make: impl FnMut(&[&V]) -> Option<W>,
) -> Streams<W> {
    let steps = input.observed.len();
    let joined = groups(input, by).into_iter().map(|(tags, group)| {
        let step = |place: usize| {
            let there = group.iter().filter_map(|stream| stream.values.get(place)?.as_ref());
            let there: Vec<&V> = there.collect();
            if there.is_empty() { None } else { make(&there) }
        };
        let values = (0..steps).map(step).collect();
        let name = group.first().map(|stream| stream.name.clone()).unwrap_or_default();
        Stream { name, tags, values }
    });
    input.with(joined.collect())
}

pub(super) fn merged(
    input: &Streams<CompactHistogram>,
    by: &[String],
) -> Streams<CompactHistogram> {
    let mut sum = Histogram::new();
    join(input, by, |histograms| {
        sum.clear();
        histograms.iter().for_each(|histogram| sum.merge_compact(histogram));
        Some(CompactHistogram::from(&sum))
    })
}

pub(super) fn across(input: &Streams<Number>, how: Across, by: &[String]) -> Streams<Number> {
    join(input, by, |numbers| {
        let count = numbers.len() as f64;
        let all = numbers.iter().copied().copied();
        let sum =
            || numbers.iter().try_fold(Number { low: 0.0, high: 0.0 }, |sum, one| sum.plus(**one));
        match how {
            Across::Sum => sum(),
            Across::Mean => sum()?.scaled(1.0 / count),
            Across::Min => all.reduce(Number::least),
            Across::Max => all.reduce(Number::greatest),
            Across::Stddev => {
                let mean = sum()?.middle() / count;
                let squares = all.map(|number| (number.middle() - mean).powi(2)).sum::<f64>();
                Number::exactly((squares / count).sqrt())
            }
        }
    })
}
