//! Streams: a name, tags, and one value a step.

use super::Number;
use model::histogram::CompactHistogram;
use std::rc::Rc;

/// One value a step; `None` where nobody observed, or where there is no such value.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream<V> {
    /// The metric that it came from.
    pub name: String,
    /// What tells it from other streams, sorted by name.
    pub tags: Vec<(String, String)>,
    /// One for each step.
    pub values: Vec<Option<V>>,
}

impl<V> Stream<V> {
    /// The same name and tags with other values.
    pub(super) fn with<W>(&self, values: Vec<Option<W>>) -> Stream<W> {
        Stream { name: self.name.clone(), tags: self.tags.clone(), values }
    }

    /// Each value made another; nothing stays nothing.
    pub(super) fn map<W>(&self, mut make: impl FnMut(&V) -> Option<W>) -> Stream<W> {
        self.with(self.values.iter().map(|value| make(value.as_ref()?)).collect())
    }

    /// Adds a tag, or replaces the one of that name.
    pub(super) fn tagged(mut self, name: &str, value: &str) -> Self {
        self.tags.retain(|(known, _)| known != name);
        let place = self.tags.partition_point(|(known, _)| &**known < name);
        self.tags.insert(place, (name.to_owned(), value.to_owned()));
        self
    }

    /// The values of some tags, as a key; tags that it does not have are left out.
    pub(super) fn key(&self, names: &[String]) -> Vec<(String, String)> {
        let tag = |name: &String| self.tags.iter().find(|(known, _)| known == name).cloned();
        names.iter().filter_map(tag).collect()
    }

    /// As in `http.total{route=/login}`.
    pub fn label(&self) -> String {
        let tags: Vec<_> =
            self.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if tags.is_empty() {
            self.name.clone()
        } else {
            format!("{}{{{}}}", self.name, tags.join(","))
        }
    }
}

/// Streams that belong together, and the nanoseconds that were observed for each of their steps.
#[derive(Clone)]
pub(super) struct Streams<V> {
    pub(super) streams: Vec<Stream<V>>,
    pub(super) observed: Rc<[u64]>,
}

impl<V> Streams<V> {
    pub(super) fn with<W>(&self, streams: Vec<Stream<W>>) -> Streams<W> {
        Streams { streams, observed: Rc::clone(&self.observed) }
    }

    pub(super) fn map<W>(&self, mut make: impl FnMut(&V) -> Option<W>) -> Streams<W> {
        self.with(self.streams.iter().map(|stream| stream.map(&mut make)).collect())
    }
}

/// What a node came to.
#[derive(Clone)]
pub(super) enum Computed {
    Constant(f64),
    Histograms(Streams<CompactHistogram>),
    Numbers(Streams<Number>),
}
