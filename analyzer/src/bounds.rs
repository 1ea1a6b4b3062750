//! A count that is known exactly, or to lie between two integers.

use model::histogram::CountBounds;
use serde::Serialize;
use std::iter::Sum;
use std::ops::Add;

/// At least and at most so many; equal where the count is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Certainly so many.
    #[serde(rename = "at_least")]
    pub low: u64,
    /// Certainly no more.
    #[serde(rename = "at_most")]
    pub high: u64,
}

impl Bounds {
    /// A count that is known.
    pub const fn exactly(count: u64) -> Self {
        Self { low: count, high: count }
    }

    /// Whether the count is known.
    pub const fn is_exact(self) -> bool {
        self.low == self.high
    }
}

impl From<CountBounds> for Bounds {
    fn from(count: CountBounds) -> Self {
        Self { low: count.lower, high: count.upper }
    }
}

impl Add for Bounds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }
}

impl Sum for Bounds {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}
