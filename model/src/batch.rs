//! A batch: what one run of one observer says of one window.

pub mod stream;
pub mod wire_form;

use crate::histogram::CompactHistogram;
use crate::series::Series;
use crate::window::Window;
use std::sync::Arc;

/// A batch's identity. Writing it again with a revision that is not higher changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId {
    /// Who observed: a host's name, or what a replay was called.
    pub source: Arc<str>,
    /// Random per process start; for a replay, a digest of what was replayed.
    pub run: u64,
    /// Which of the run's pipelines.
    pub pipeline: u16,
    /// Of which window.
    pub window: Window,
}

/// What is said of the window: at most one value a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Whose, and of which window.
    pub id: BatchId,
    /// A higher revision replaces the whole batch; a lower or equal one is acknowledged and ignored.
    pub revision: u64,
    /// One value for each series; empty when nothing happened, which is worth saying too.
    pub values: Vec<(Arc<Series>, Value)>,
}

/// What can be said of a series in a window.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A distribution: seconds or bytes.
    Histogram(CompactHistogram),
    /// How much a counter grew.
    Delta(u64),
    /// A level.
    Gauge(Gauge),
    /// A text, the last one said.
    Text(Box<str>),
}

impl Value {
    /// Joins what another source, run or pipeline says of the same series and window. Of two kinds the first stays:
    /// a series has one kind.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Histogram(mine), Self::Histogram(theirs)) => *mine = mine.merged(theirs),
            (Self::Delta(mine), Self::Delta(theirs)) => *mine = mine.saturating_add(*theirs),
            (Self::Gauge(mine), Self::Gauge(theirs)) => mine.merge(theirs),
            (Self::Text(mine), Self::Text(theirs)) => mine.clone_from(theirs),
            (_, _) => {}
        }
    }
}

/// A level over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// The newest level.
    pub last: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// The sum of the levels, for the mean.
    pub sum: f64,
    /// How many levels were read.
    pub count: u64,
}

impl Gauge {
    /// A gauge that was read once.
    pub const fn once(level: f64) -> Self {
        Self { last: level, min: level, max: level, sum: level, count: 1 }
    }

    /// Joins the readings of another; its `last` is taken as the newer.
    pub fn merge(&mut self, other: &Self) {
        *self = Self {
            last: other.last,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            count: self.count.saturating_add(other.count),
        };
    }
}
