//! Our metrics under the names that Prometheus knows.

use crate::query::failure::Failure;
use crate::query::held::Held;
use model::exposition::{Kind, family};
use model::series::{Select, Series};
use model::window::Window;
use promql_parser::label::{MatchOp, Matcher, Matchers};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::{Raw, Store, Visitor};

/// The label that holds a metric's name.
pub(super) const NAME: &str = "__name__";
/// The label that holds a bucket's upper edge.
pub(super) const EDGE: &str = "le";

/// One of our metrics.
pub(super) struct Family {
    pub(super) metric: String,
    pub(super) kind: Kind,
    /// `wirelat_http_total_seconds`.
    pub(super) name: String,
    pub(super) series: Vec<Arc<Series>>,
}

/// What of a family a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    /// The counter, the level, or the native histogram.
    Whole,
    /// The buckets of a classic histogram.
    Buckets,
    Count,
    Sum,
}

impl Family {
    /// Its names and what they stand for.
    pub(super) fn names(&self) -> Vec<(String, Field)> {
        let mut names = vec![(self.name.clone(), Field::Whole)];
        if self.kind == Kind::Histogram {
            let parts = [("bucket", Field::Buckets), ("count", Field::Count), ("sum", Field::Sum)];
            names.extend(parts.map(|(suffix, field)| (format!("{}_{suffix}", self.name), field)));
        }
        names
    }
}

/// All families, by metric.
pub(super) async fn families(store: &dyn Store, held: &[Held]) -> Result<Vec<Family>, Failure> {
    let mut by_metric: BTreeMap<String, Vec<Arc<Series>>> = BTreeMap::new();
    for series in store.series(&Select::default()).await? {
        by_metric.entry(series.metric().to_owned()).or_default().push(series);
    }
    let mut families = Vec::new();
    for (metric, series) in by_metric {
        if let Some(kind) = kind(store, held, &series).await? {
            families.push(Family { name: family(&metric, kind), metric, kind, series });
        }
    }
    Ok(families)
}

/// What the first row of a metric's first series holds; `None` where that is a text.
async fn kind(
    store: &dyn Store,
    held: &[Held],
    series: &[Arc<Series>],
) -> Result<Option<Kind>, Failure> {
    let one = series.get(..1).unwrap_or_default();
    let mut first = First(None);
    for held in held {
        if first.0.is_none() {
            let length = held.longest();
            let range = length.window_of(held.range.start).start..held.range.end;
            store.visit(one, range, held.base, length, &mut first).await?;
        }
    }
    Ok(first.0.flatten())
}

/// Takes one row.
struct First(Option<Option<Kind>>);

impl Visitor for First {
    fn series(&mut self, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn row(&mut self, _: Window, row: Raw<'_>) -> ControlFlow<()> {
        self.0 = Some(match row {
            Raw::Histogram(_) => Some(Kind::Histogram),
            Raw::Delta(_) => Some(Kind::Counter),
            Raw::Gauge(_) => Some(Kind::Level),
            Raw::Text => None,
        });
        ControlFlow::Break(())
    }
}

/// A selector: its matchers for names, for edges, and for everything else.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    names: Vec<Matcher>,
    labels: Vec<Matcher>,
    /// The edge that it asks for.
    pub(super) edge: Option<String>,
}

impl Selector {
    pub(super) fn new(name: Option<&str>, matchers: &Matchers) -> Result<Self, Failure> {
        if !matchers.or_matchers.is_empty() {
            return Err(super::unsupported("`or` between matchers"));
        }
        let mut names: Vec<Matcher> =
            name.map(|name| Matcher::new(MatchOp::Equal, NAME, name)).into_iter().collect();
        let (mut labels, mut edge) = (Vec::new(), None);
        for matcher in &matchers.matchers {
            match (&*matcher.name, &matcher.op) {
                (NAME, _) => names.push(matcher.clone()),
                (EDGE, MatchOp::Equal) => edge = Some(matcher.value.clone()),
                (EDGE, _) => return Err(super::unsupported("a matcher of `le` other than `=`")),
                (_, _) => labels.push(matcher.clone()),
            }
        }
        Ok(Self { names, labels, edge })
    }

    pub(super) fn matches_name(&self, name: &str) -> bool {
        self.names.iter().all(|matcher| matcher.is_match(name))
    }

    /// Whether the labels fit; one that is not there is empty.
    pub(super) fn matches_tags<'a>(&self, tag: impl Fn(&str) -> Option<&'a str>) -> bool {
        let fits = |matcher: &Matcher| matcher.is_match(tag(&matcher.name).unwrap_or_default());
        self.labels.iter().all(fits)
    }
}
