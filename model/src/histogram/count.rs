//! Counting against a threshold: integers with bounds, never an interpolation.

use std::cmp::Ordering;

use super::bin::Bin;
use super::threshold::Threshold;

/// A count that is exact, or known to lie between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountBounds {
    /// At least so many values.
    pub lower: u64,
    /// At most so many values.
    pub upper: u64,
    /// The nearest threshold at or below the one asked for that is always exact.
    pub edge_below: Threshold,
    /// The nearest threshold at or above the one asked for that is always exact.
    pub edge_above: Threshold,
}

impl CountBounds {
    /// Whether the bounds agree: the threshold is an edge, or no value is in its bin.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.lower == self.upper
    }

    /// The count, if it is exact.
    #[must_use]
    pub fn exact(&self) -> Option<u64> {
        self.is_exact().then_some(self.lower)
    }

    /// Whether the threshold is a bin edge: then every histogram counts it exactly.
    #[must_use]
    pub fn is_edge(&self) -> bool {
        self.edge_below == self.edge_above
    }
}

/// Which part of the values is less than a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FractionBelow {
    /// Values less than the threshold.
    pub below: CountBounds,
    /// All values; not 0.
    pub total: u64,
}

impl FractionBelow {
    /// At least this fraction, 0 to 1.
    #[must_use]
    pub fn lower(&self) -> f64 {
        self.below.lower as f64 / self.total as f64
    }

    /// At most this fraction, 0 to 1.
    #[must_use]
    pub fn upper(&self) -> f64 {
        self.below.upper as f64 / self.total as f64
    }

    /// Whether the bounds agree.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.below.is_exact()
    }
}

/// Both sides of a threshold.
pub(super) struct Split {
    pub(super) below: CountBounds,
    pub(super) at_or_above: CountBounds,
}

/// Counts the values on both sides of `threshold`; `bins` without NaN.
pub(super) fn split(bins: impl Iterator<Item = (Bin, u64)>, threshold: Threshold) -> Split {
    let (edge_below, edge_above) = threshold.nearest_edges();
    let is_edge = edge_below == edge_above;
    let threshold_bin = threshold.bin();
    let sums = bins.fold(Sums::default(), |mut sums, (bin, count)| {
        // No bin is as high as 1e128. An edge's bin begins there: nothing in it is below.
        let sum = match threshold_bin.map_or(Ordering::Less, |at| bin.cmp(&at)) {
            Ordering::Less => &mut sums.below,
            Ordering::Equal if !is_edge => &mut sums.torn,
            Ordering::Equal | Ordering::Greater => &mut sums.at_or_above,
        };
        *sum = sum.saturating_add(count);
        sums
    });
    let bounds = |certain: u64| CountBounds {
        lower: certain,
        upper: certain.saturating_add(sums.torn),
        edge_below,
        edge_above,
    };
    Split { below: bounds(sums.below), at_or_above: bounds(sums.at_or_above) }
}

#[derive(Default)]
struct Sums {
    below: u64,
    /// In the bin that the threshold cuts in two.
    torn: u64,
    at_or_above: u64,
}

pub(super) fn fraction_below(
    bins: impl Iterator<Item = (Bin, u64)>,
    threshold: Threshold,
) -> Option<FractionBelow> {
    let split = split(bins, threshold);
    let total = split.below.lower.saturating_add(split.at_or_above.upper);
    (total > 0).then_some(FractionBelow { below: split.below, total })
}

/// libcircllhist's inverse quantile: the values of a bin count as spread evenly over it.
pub(super) fn approx_fraction_below(
    bins: impl Iterator<Item = (Bin, u64)>,
    value: f64,
) -> Option<f64> {
    let (below, total) = bins.fold((0.0, 0.0), |(below, total), (bin, count)| {
        let (count, lower) = (count as f64, bin.lower());
        let part = if bin == Bin::ZERO {
            if value > 0.0 { 1.0 } else { 0.0 }
        } else {
            ((value - lower) / bin.width()).clamp(0.0, 1.0)
        };
        (below + part * count, total + count)
    });
    (total > 0.0 && !value.is_nan()).then(|| below / total)
}
