//! A distribution in a handful of numbers.

use model::histogram::{Distribution, QuantileMethod};
use serde::Serialize;

/// The numbers that people know. Quantiles are Hyndman and Fan's type 1, placed inside their bin; the true value is in
/// the same bin, at most 10 % away and 5 % on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Digest {
    /// Values counted.
    pub count: u64,
    /// Mean, from the bins' midpoints.
    #[serde(rename = "mean_seconds")]
    pub mean: f64,
    /// Half of the values are at or below it.
    #[serde(rename = "p50_seconds")]
    pub p50: f64,
    /// 90 % are.
    #[serde(rename = "p90_seconds")]
    pub p90: f64,
    /// 99 % are.
    #[serde(rename = "p99_seconds")]
    pub p99: f64,
    /// 99.9 % are.
    #[serde(rename = "p999_seconds")]
    pub p999: f64,
    /// Every value is below it: the upper edge of the highest bin.
    #[serde(rename = "max_below_seconds")]
    pub max_below: f64,
}

impl Digest {
    /// Of a distribution; `None` where it is empty.
    pub fn of(distribution: &impl Distribution) -> Option<Self> {
        let fractions = [0.5, 0.9, 0.99, 0.999];
        let quantiles = distribution.quantiles(&fractions, QuantileMethod::Type1).ok()?;
        let [p50, p90, p99, p999] = <[f64; 4]>::try_from(quantiles).ok()?;
        Some(Self {
            count: distribution.count(),
            mean: distribution.approx_mean()?,
            p50,
            p90,
            p99,
            p999,
            max_below: distribution.highest_bin()?.upper(),
        })
    }
}
