//! Several lines made one, and arithmetic between them.

use super::lines::{Distributions, Found, Labels, Line};
use super::plan::{Aggregate, Grouping, Operator};
use super::unsupported;
use crate::query::failure::Failure;
use model::histogram::{CompactHistogram, Histogram};
use std::collections::BTreeMap;

impl Grouping {
    /// The labels that tell a group.
    fn key(&self, labels: &Labels) -> Labels {
        let is_kept = |name: &String| match self {
            Self::By(names) => names.contains(name),
            Self::Without(names) => !names.contains(name) && name != super::catalog::NAME,
        };
        let kept = labels.iter().filter(|(name, _)| is_kept(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn groups<V>(grouping: &Grouping, lines: Vec<Line<V>>) -> BTreeMap<Labels, Vec<Line<V>>> {
    let mut groups: BTreeMap<Labels, Vec<Line<V>>> = BTreeMap::new();
    for line in lines {
        groups.entry(grouping.key(&line.labels)).or_default().push(line);
    }
    groups
}

/// Joins each group, time by time, of the values that are there.
fn join<V, W>(
    grouping: &Grouping,
    lines: Vec<Line<V>>,
    make: impl Fn(&[&V]) -> Option<W>,
) -> Vec<Line<W>> {
    let times = lines.iter().map(|line| line.values.len()).max().unwrap_or_default();
    let joined = |(labels, group): (Labels, Vec<Line<V>>)| {
        let at = |place: usize| {
            let there: Vec<&V> =
                group.iter().filter_map(|line| line.values.get(place)?.as_ref()).collect();
            if there.is_empty() { None } else { make(&there) }
        };
        Line { labels, values: (0..times).map(at).collect() }
    };
    groups(grouping, lines).into_iter().map(joined).collect()
}

pub(super) fn aggregate(
    how: Aggregate,
    grouping: &Grouping,
    input: Found,
) -> Result<Found, Failure> {
    match (how, input) {
        (_, Found::Number(_)) => {
            Err(Failure::Asked("an aggregation needs series, not a number".to_owned()))
        }
        (Aggregate::Sum, Found::Distributions(of)) => {
            let merge = |histograms: &[&CompactHistogram]| {
                let mut sum = Histogram::new();
                histograms.iter().for_each(|histogram| sum.merge_compact(histogram));
                Some(CompactHistogram::from(&sum))
            };
            let lines = join(grouping, of.lines, merge);
            Ok(Found::Distributions(Distributions { lines, ..of }))
        }
        (Aggregate::Count, Found::Distributions(of)) => {
            Ok(Found::Numbers(join(grouping, of.lines, |there| Some(there.len() as f64))))
        }
        (_, Found::Distributions(_)) => {
            Err(unsupported("an aggregation of histograms other than sum and count"))
        }
        (Aggregate::Top(count), Found::Numbers(lines)) => Ok(ranked(grouping, lines, count, true)),
        (Aggregate::Bottom(count), Found::Numbers(lines)) => {
            Ok(ranked(grouping, lines, count, false))
        }
        (how, Found::Numbers(lines)) => Ok(Found::Numbers(join(grouping, lines, |values| {
            let all = values.iter().copied().copied();
            match how {
                Aggregate::Sum => Some(all.sum()),
                Aggregate::Average => Some(all.sum::<f64>() / values.len() as f64),
                Aggregate::Min => all.reduce(f64::min),
                Aggregate::Max => all.reduce(f64::max),
                Aggregate::Count | Aggregate::Top(_) | Aggregate::Bottom(_) => {
                    Some(values.len() as f64)
                }
            }
        }))),
    }
}

/// At each time the largest, or smallest, of each group; labels stay.
fn ranked(grouping: &Grouping, lines: Vec<Line<f64>>, count: usize, is_top: bool) -> Found {
    let mut kept = Vec::new();
    for mut group in groups(grouping, lines).into_values() {
        let times = group.iter().map(|line| line.values.len()).max().unwrap_or_default();
        for place in 0..times {
            let value = |line: &Line<f64>| line.values.get(place).copied().flatten();
            let mut ranking: Vec<(usize, f64)> = group
                .iter()
                .enumerate()
                .filter_map(|(own, line)| Some((own, value(line)?)))
                .collect();
            ranking.sort_by(
                |(_, one), (_, two)| if is_top { two.total_cmp(one) } else { one.total_cmp(two) },
            );
            for (own, _) in ranking.into_iter().skip(count) {
                if let Some(cell) = group.get_mut(own).and_then(|line| line.values.get_mut(place)) {
                    *cell = None;
                }
            }
        }
        kept.extend(group);
    }
    Found::Numbers(kept)
}

pub(super) fn arithmetic(
    operator: Operator,
    on: &Grouping,
    left: Found,
    right: Found,
) -> Result<Found, Failure> {
    let apply = |left: f64, right: f64| match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
    };
    // As Prometheus has it, a result has no name.
    let nameless = |mut line: Line<f64>| {
        line.labels.remove(super::catalog::NAME);
        line
    };
    match (left, right) {
        (Found::Number(left), Found::Number(right)) => Ok(Found::Number(apply(left, right))),
        (Found::Numbers(lines), Found::Number(right)) => {
            let line = |line: Line<f64>| nameless(line.map(|(_, left)| Some(apply(*left, right))));
            Ok(Found::Numbers(lines.into_iter().map(line).collect()))
        }
        (Found::Number(left), Found::Numbers(lines)) => {
            let line = |line: Line<f64>| nameless(line.map(|(_, right)| Some(apply(left, *right))));
            Ok(Found::Numbers(lines.into_iter().map(line).collect()))
        }
        (Found::Numbers(left), Found::Numbers(right)) => between(on, left, right, apply),
        (_, _) => Err(unsupported("arithmetic with histograms")),
    }
}

fn between(
    on: &Grouping,
    left: Vec<Line<f64>>,
    right: Vec<Line<f64>>,
    apply: impl Fn(f64, f64) -> f64,
) -> Result<Found, Failure> {
    let mut partners = groups(on, right);
    let mut lines = Vec::new();
    for (labels, own) in groups(on, left) {
        let Some(others) = partners.remove(&labels) else { continue };
        let ([left], [right]) = (&*own, &*others) else {
            return Err(Failure::Asked(
                "several series on one side have the same labels: aggregate first, or match on more labels".to_owned(),
            ));
        };
        let at = |(left, right): (&Option<f64>, &Option<f64>)| Some(apply((*left)?, (*right)?));
        let values = left.values.iter().zip(&right.values).map(at).collect();
        lines.push(Line { labels, values });
    }
    Ok(Found::Numbers(lines))
}
