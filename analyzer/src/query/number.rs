//! A number that is exact, or known to lie between two bounds.

use model::histogram::CountBounds;

/// At least `low` and at most `high`: the same where it is exact. Both are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// At least so much.
    pub low: f64,
    /// At most so much.
    pub high: f64,
}

impl Number {
    /// A number that is known. `None` where it is none, or infinite.
    pub fn exactly(value: f64) -> Option<Self> {
        Self::between(value, value)
    }

    /// Bounds, the lower one first. `None` where one of them is no number, or infinite.
    pub fn between(low: f64, high: f64) -> Option<Self> {
        // A zero without a sign: −0 reads oddly.
        (low.is_finite() && high.is_finite()).then_some(Self { low: low + 0.0, high: high + 0.0 })
    }

    /// A count; exact up to 2⁵³.
    pub fn count(count: u64) -> Self {
        Self { low: count as f64, high: count as f64 }
    }

    /// A count with bounds.
    pub fn counts(bounds: &CountBounds) -> Self {
        Self { low: bounds.lower as f64, high: bounds.upper as f64 }
    }

    /// Whether the bounds agree.
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// Halfway between the bounds: for what cannot be said with bounds.
    pub fn middle(self) -> f64 {
        self.low + (self.high - self.low) / 2.0
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        Self::between(self.low + other.low, self.high + other.high)
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        Self::between(self.low - other.high, self.high - other.low)
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::hull([
            self.low * other.low,
            self.low * other.high,
            self.high * other.low,
            self.high * other.high,
        ])
    }

    /// `None` where the divisor is, or could be, zero.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        if other.low <= 0.0 && other.high >= 0.0 {
            return None;
        }
        Self::hull([
            self.low / other.low,
            self.low / other.high,
            self.high / other.low,
            self.high / other.high,
        ])
    }

    pub(super) fn scaled(self, factor: f64) -> Option<Self> {
        self.times(Self { low: factor, high: factor })
    }

    /// The smaller one, whichever that is.
    pub(super) fn least(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    /// The larger one, whichever that is.
    pub(super) fn greatest(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    fn hull(corners: [f64; 4]) -> Option<Self> {
        let low = corners.into_iter().fold(f64::INFINITY, f64::min);
        let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
        if corners.iter().any(|corner| corner.is_nan()) { None } else { Self::between(low, high) }
    }
}
