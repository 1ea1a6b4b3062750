//! What can be asked of counted bins, whichever way they are held.

use super::bin::Bin;
use super::count::{self, CountBounds, FractionBelow};
use super::quantile::{self, QuantileError, QuantileMethod};
use super::threshold::Threshold;

/// Counted bins: [`Histogram`](super::Histogram) and [`CompactHistogram`](super::CompactHistogram).
///
/// Values are in base units (seconds, bytes). The NaN bin takes part in nothing but
/// [`Distribution::nan_count`] and [`Distribution::bins`]. Sums of counts saturate.
pub trait Distribution {
    /// The bins with a count, ascending, each once; the NaN bin first if it has one.
    fn bins(&self) -> impl Iterator<Item = (Bin, u64)>;

    /// Values counted, those in the NaN bin left out (libcircllhist includes them).
    fn count(&self) -> u64 {
        numbers(self).fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Values that were no number, or 1e128 and beyond.
    fn nan_count(&self) -> u64 {
        self.bins().next().filter(|(bin, _)| bin.is_nan()).map_or(0, |(_, count)| count)
    }

    /// The lowest bin that has a count.
    fn lowest_bin(&self) -> Option<Bin> {
        numbers(self).next().map(|(bin, _)| bin)
    }

    /// The highest bin that has a count.
    fn highest_bin(&self) -> Option<Bin> {
        numbers(self).last().map(|(bin, _)| bin)
    }

    /// How many values are less than `threshold`: exact if it is an edge or its bin is empty.
    fn count_below(&self, threshold: Threshold) -> CountBounds {
        count::split(numbers(self), threshold).below
    }

    /// How many values are equal to `threshold` or greater: exact if it is an edge or its bin is empty.
    fn count_at_or_above(&self, threshold: Threshold) -> CountBounds {
        count::split(numbers(self), threshold).at_or_above
    }

    /// Which fraction of the values is less than `threshold`; `None` if there are no values.
    fn inverse_quantile(&self, threshold: Threshold) -> Option<FractionBelow> {
        count::fraction_below(numbers(self), threshold)
    }

    /// Which fraction of the values is below `value`, taking each bin's values to be spread evenly
    /// over it (libcircllhist's inverse quantile); `None` if there are no values.
    fn approx_inverse_quantile(&self, value: f64) -> Option<f64> {
        count::approx_fraction_below(numbers(self), value)
    }

    /// The quantiles at `fractions` (0 to 1, in any order), in the order asked for.
    ///
    /// # Errors
    /// No values, or a fraction outside 0..=1.
    fn quantiles(
        &self,
        fractions: &[f64],
        method: QuantileMethod,
    ) -> Result<Vec<f64>, QuantileError> {
        let ranks = quantile::ranks(fractions, self.count(), method)?;
        Ok(quantile::place(numbers(self), ranks, quantile::Placed::value))
    }

    /// One quantile; see [`Distribution::quantiles`].
    ///
    /// # Errors
    /// No values, or a fraction outside 0..=1.
    fn quantile(&self, fraction: f64, method: QuantileMethod) -> Result<f64, QuantileError> {
        let values = self.quantiles(&[fraction], method)?;
        values.first().copied().ok_or(QuantileError::Empty)
    }

    /// The bins that hold the quantiles at `fractions`: what is certain about them.
    ///
    /// # Errors
    /// No values, or a fraction outside 0..=1.
    fn quantile_bins(
        &self,
        fractions: &[f64],
        method: QuantileMethod,
    ) -> Result<Vec<Bin>, QuantileError> {
        let ranks = quantile::ranks(fractions, self.count(), method)?;
        Ok(quantile::place(numbers(self), ranks, |placed| placed.bin))
    }

    /// Sum of the values, each taken at its bin's midpoint.
    fn approx_sum(&self) -> f64 {
        numbers(self).fold(0.0, |sum, (bin, count)| sum + bin.midpoint() * count as f64)
    }

    /// Mean of the values at their bins' midpoints; `None` if there are no values.
    fn approx_mean(&self) -> Option<f64> {
        self.approx_moment(1)
    }

    /// Standard deviation of the whole population at the bins' midpoints; `None` if there are no values.
    fn approx_stddev(&self) -> Option<f64> {
        let mean = self.approx_mean()?;
        // Around the mean, not as E[x²] − E[x]²: that loses every digit when the spread is small.
        average(self, |midpoint| (midpoint - mean) * (midpoint - mean)).map(f64::sqrt)
    }

    /// Raw moment E[x^order] at the bins' midpoints; `None` if there are no values.
    fn approx_moment(&self, order: u32) -> Option<f64> {
        let order = i32::try_from(order).unwrap_or(i32::MAX);
        average(self, |midpoint| midpoint.powi(order))
    }
}

/// The bins without the NaN bin.
fn numbers<D: Distribution + ?Sized>(of: &D) -> impl Iterator<Item = (Bin, u64)> {
    of.bins().filter(|(bin, _)| !bin.is_nan())
}

/// Mean of `f` over the midpoints, weighted with the counts.
fn average<D: Distribution + ?Sized>(of: &D, f: impl Fn(f64) -> f64) -> Option<f64> {
    let (sum, total) = numbers(of).fold((0.0, 0.0), |(sum, total), (bin, count)| {
        let weight = count as f64;
        (sum + f(bin.midpoint()) * weight, total + weight)
    });
    (total > 0.0).then(|| sum / total)
}
