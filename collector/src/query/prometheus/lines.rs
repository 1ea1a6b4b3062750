//! Values over the times that were asked for.

use model::histogram::{CompactHistogram, Unit};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A label's name and its value.
pub(super) type Labels = BTreeMap<String, String>;

/// One value at each time; `None` where there is none.
#[derive(Clone, Debug)]
pub(super) struct Line<V> {
    pub(super) labels: Labels,
    pub(super) values: Vec<Option<V>>,
}

impl<V> Line<V> {
    pub(super) fn map<W>(&self, make: impl FnMut((usize, &V)) -> Option<W>) -> Line<W> {
        let mut make = make;
        let at = |(place, value): (usize, &Option<V>)| make((place, value.as_ref()?));
        let values = self.values.iter().enumerate().map(at).collect();
        Line { labels: self.labels.clone(), values }
    }
}

/// What an expression came to.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Number(f64),
    Numbers(Vec<Line<f64>>),
    Distributions(Distributions),
}

/// Distributions with whole counts, and what these are to be divided by at each time to be a rate.
#[derive(Clone, Debug)]
pub(super) struct Distributions {
    pub(super) lines: Vec<Line<CompactHistogram>>,
    pub(super) divisors: Rc<[f64]>,
    /// Asked for as buckets: shown as such.
    pub(super) is_classic: bool,
    /// Of what, for the buckets' edges.
    pub(super) unit: Unit,
}

impl Distributions {
    pub(super) fn divisor(&self, place: usize) -> f64 {
        self.divisors.get(place).copied().unwrap_or(1.0)
    }
}
