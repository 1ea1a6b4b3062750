//! Others' buckets, and how they become our bins.
//!
//! Counts are kept: what was in a bucket is in the bins that the bucket overlaps, spread evenly over the bucket's width, and where
//! a bucket's bound is a bin's edge, no count crosses it. Within a bucket nobody knows where values were. A bucket that begins at
//! zero, or covers more than three decades, fills its last three; one without an end puts all into the bin that it begins in, so
//! that what it says is a lower bound. Others' buckets hold their upper bound, ours their lower one: a value on a bound counts as
//! less than it.

use model::histogram::{Bin, CompactHistogram, Histogram};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far down a bucket is filled, as a part of its upper bound.
const REACH: f64 = 1e-3;

/// Counts by bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Buckets {
    /// `counts[i]` values are ≤ `bounds[i]` and > the one before; one more count for the rest.
    Explicit {
        /// Ascending; bits of doubles, so that they are kept exactly.
        bounds: Vec<u64>,
        counts: Vec<u64>,
    },
    /// Bounds are powers of 2^(2^−scale).
    /// Values are so many times what is told: 1,000 for milliseconds.
    Exponential { scale: i32, zero: u64, divisor: u32, positive: Run, negative: Run },
    /// Our own.
    Decimal(CompactHistogram),
}

/// Neighbouring buckets, from number `offset` on: bucket i holds what is > base^i and ≤ base^(i+1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) offset: i32,
    pub(crate) counts: Vec<u64>,
}

/// The lowest and the highest value, where they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extremes {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// Why there is no growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoGrowth {
    /// Something became less: it began anew.
    Reset,
    /// The buckets are others.
    Incompatible,
}

impl Buckets {
    /// What came since `before`.
    pub(crate) fn since(&self, before: &Self) -> Result<Self, NoGrowth> {
        match (self, before) {
            (
                Self::Explicit { bounds, counts },
                Self::Explicit { bounds: old_bounds, counts: old },
            ) if bounds == old_bounds && counts.len() == old.len() => {
                let counts = counts.iter().zip(old).map(|(now, before)| less(*now, *before));
                let counts = counts.collect::<Result<_, _>>()?;
                Ok(Self::Explicit { bounds: bounds.clone(), counts })
            }
            (
                Self::Exponential { scale, zero, divisor, positive, negative },
                Self::Exponential {
                    scale: old_scale,
                    zero: old_zero,
                    divisor: old_divisor,
                    positive: up,
                    negative: down,
                },
            ) if scale <= old_scale && divisor == old_divisor => {
                // Scales shrink as values spread: neighbours become one bucket.
                let shift = old_scale.abs_diff(*scale);
                Ok(Self::Exponential {
                    scale: *scale,
                    zero: less(*zero, *old_zero)?,
                    divisor: *divisor,
                    positive: positive.since(up, shift)?,
                    negative: negative.since(down, shift)?,
                })
            }
            (Self::Decimal(now), Self::Decimal(before)) => {
                let mut left: BTreeMap<Bin, u64> = now.iter().collect();
                for (bin, count) in before {
                    let now = left.entry(bin).or_default();
                    *now = less(*now, count)?;
                }
                let grown: Histogram = left.into_iter().collect();
                Ok(Self::Decimal((&grown).into()))
            }
            (_, _) => Err(NoGrowth::Incompatible),
        }
    }

    /// The same counts in our bins.
    pub(crate) fn to_histogram(&self, extremes: Extremes) -> CompactHistogram {
        let mut histogram = Histogram::new();
        match self {
            Self::Decimal(own) => return own.clone(),
            Self::Explicit { bounds, counts } => {
                let bounds: Vec<f64> = bounds.iter().copied().map(f64::from_bits).collect();
                let uppers = bounds.iter().copied().chain([f64::INFINITY]);
                let lowers = [f64::NEG_INFINITY].into_iter().chain(bounds.iter().copied());
                for ((lower, upper), count) in lowers.zip(uppers).zip(counts) {
                    Span::new(lower, upper, extremes).fill(*count, &mut histogram);
                }
            }
            Self::Exponential { scale, zero, divisor, positive, negative } => {
                histogram.record_bin(Bin::ZERO, *zero);
                for ((lower, upper), count) in positive.spans(*scale, *divisor) {
                    Span::new(lower, upper, extremes).fill(count, &mut histogram);
                }
                for ((lower, upper), count) in negative.spans(*scale, *divisor) {
                    Span::new(-upper, -lower, extremes).fill(count, &mut histogram);
                }
            }
        }
        (&histogram).into()
    }
}

fn less(now: u64, before: u64) -> Result<u64, NoGrowth> {
    now.checked_sub(before).ok_or(NoGrowth::Reset)
}

impl Run {
    fn since(&self, before: &Self, shift: u32) -> Result<Self, NoGrowth> {
        let mut left: BTreeMap<i64, u64> = self.numbered(0).collect();
        for (number, count) in before.numbered(shift) {
            if count > 0 {
                let now = left.get_mut(&number).ok_or(NoGrowth::Reset)?;
                *now = less(*now, count)?;
            }
        }
        Ok(Self { offset: self.offset, counts: left.into_values().collect() })
    }

    /// Buckets' numbers at a scale that is `shift` less.
    fn numbered(&self, shift: u32) -> impl Iterator<Item = (i64, u64)> + '_ {
        let numbers = i64::from(self.offset)..;
        // Beyond 63 all bits are the sign's.
        numbers.zip(&self.counts).map(move |(number, count)| (number >> shift.min(63), *count))
    }

    fn spans(&self, scale: i32, divisor: u32) -> impl Iterator<Item = ((f64, f64), u64)> + '_ {
        let step = f64::from(scale.saturating_neg()).exp2();
        let bound = move |number: i64| (number as f64 * step).exp2() / f64::from(divisor);
        let counted = self.numbered(0).filter(|(_, count)| *count > 0);
        counted.map(move |(number, count)| ((bound(number), bound(number + 1)), count))
    }
}

/// Between two values that have the same sign, or one that is zero.
struct Span {
    lower: f64,
    upper: f64,
}

impl Span {
    fn new(lower: f64, upper: f64, Extremes { min, max }: Extremes) -> Self {
        let known = |extreme: Option<f64>| extreme.filter(|value| !value.is_nan());
        // An extreme outside the bucket says nothing of it.
        let lower = known(min).filter(|min| *min > lower && *min <= upper).unwrap_or(lower);
        let upper = known(max).filter(|max| *max >= lower && *max < upper).unwrap_or(upper);
        Self { lower, upper }
    }

    /// Puts `count` values into bins.
    fn fill(&self, count: u64, histogram: &mut Histogram) {
        let Self { lower, upper } = *self;
        match () {
            () if count == 0 => {}
            () if upper < 0.0 || (upper == 0.0 && lower < 0.0 && lower.is_finite()) => {
                fill_positive(-upper, -lower, count, |bin, count| {
                    histogram.record_bin(mirrored(bin), count);
                });
            }
            () if upper == 0.0 => histogram.record_bin(Bin::ZERO, count),
            () if lower < 0.0 => {
                // On both sides of zero: the lower part is not told apart.
                fill_positive(0.0, upper, count, |bin, count| histogram.record_bin(bin, count));
            }
            () => {
                fill_positive(lower, upper, count, |bin, count| histogram.record_bin(bin, count));
            }
        }
    }
}

fn mirrored(bin: Bin) -> Bin {
    Bin::new(bin.mantissa().saturating_neg(), bin.exponent()).unwrap_or(Bin::ZERO)
}

/// The bin of a value; the last there is for what is beyond it.
fn in_range(value: f64) -> Bin {
    let bin = Bin::from_f64(value);
    if bin.is_nan() { Bin::MAX } else { bin }
}

/// 0 ≤ `lower` ≤ `upper`; the last can be infinite.
fn fill_positive(lower: f64, upper: f64, count: u64, mut put: impl FnMut(Bin, u64)) {
    if !upper.is_finite() || lower >= upper {
        put(in_range(lower), count);
        return;
    }
    let lower = lower.max(upper * REACH);
    let (first, width) = (in_range(lower), upper - lower);
    let (mut bin, mut below) = (first, 0);
    loop {
        // By how many are below its end, so that nothing is lost to rounding.
        let end = bin.upper();
        let next = bin.ordinal().checked_add(1).and_then(Bin::from_ordinal);
        let next = next.filter(|_| end < upper);
        let part = ((end - lower) / width).clamp(0.0, 1.0);
        let up_to = match next {
            Some(_) => ((count as f64 * part).round() as u64).min(count),
            None => count,
        };
        if up_to > below {
            put(bin, up_to - below);
            below = up_to;
        }
        match next {
            Some(next) => bin = next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::histogram::{Distribution, Threshold};
    use proptest::prelude::*;

    fn explicit(bounds: &[f64], counts: &[u64]) -> Buckets {
        let bounds = bounds.iter().map(|bound| bound.to_bits()).collect();
        Buckets::Explicit { bounds, counts: counts.to_vec() }
    }

    fn exponential(scale: i32, offset: i32, counts: &[u64]) -> Buckets {
        let positive = Run { offset, counts: counts.to_vec() };
        Buckets::Exponential { scale, zero: 0, divisor: 1, positive, negative: Run::default() }
    }

    fn bins(buckets: &Buckets, extremes: Extremes) -> Vec<(String, u64)> {
        let histogram = buckets.to_histogram(extremes);
        histogram.iter().map(|(bin, count)| (bin.to_string(), count)).collect()
    }

    fn said(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        expected.iter().map(|(bin, count)| ((*bin).to_owned(), *count)).collect()
    }

    const UNKNOWN: Extremes = Extremes { min: None, max: None };

    #[test]
    fn counts_against_bounds_stay_exact() {
        let buckets = explicit(&[0.0, 0.005, 0.01, 0.25], &[3, 10, 100, 1_000, 7]);
        let histogram = buckets.to_histogram(UNKNOWN);
        assert_eq!(histogram.count(), 1_120);
        for (nanos, below) in [(5_000_000, 13), (10_000_000, 113), (250_000_000, 1_113)] {
            let threshold = Threshold::from_nanos(nanos);
            assert_eq!(histogram.count_below(threshold).exact(), Some(below), "{nanos}");
        }
        assert_eq!(bins(&buckets, UNKNOWN).last().unwrap(), &("2.5e-01".to_owned(), 7));
    }

    #[test]
    fn extremes_narrow_what_is_told() {
        let buckets = explicit(&[1.0, 2.0], &[0, 2, 0]);
        let known = Extremes { min: Some(1.5), max: Some(1.6) };
        assert_eq!(bins(&buckets, known), said(&[("1.5e+00", 2)]));
        assert_eq!(bins(&buckets, UNKNOWN), said(&[("1.2e+00", 1), ("1.7e+00", 1)]));
        let endless = explicit(&[1.0], &[0, 4]);
        let known = Extremes { min: Some(5.0), max: Some(5.05) };
        assert_eq!(bins(&endless, known), said(&[("5.0e+00", 4)]));
    }

    #[test]
    fn what_is_below_zero_is_mirrored() {
        let buckets = explicit(&[-2.0, -1.0, 0.0], &[1, 10, 0, 5]);
        let told = bins(&buckets, UNKNOWN);
        assert_eq!(told.first().unwrap(), &("-2.0e+00".to_owned(), 1));
        assert_eq!(told.iter().map(|(_, count)| count).sum::<u64>(), 16);
        assert_eq!(told.last().unwrap(), &("0.0e+00".to_owned(), 5));
    }

    #[test]
    fn growth_is_what_came_since_also_where_the_scale_shrank() {
        let (fine, coarse) = (exponential(3, 8, &[1, 2, 3, 4]), exponential(2, 4, &[5, 9, 1]));
        assert_eq!(coarse.since(&fine), Ok(exponential(2, 4, &[2, 2, 1])));
        assert_eq!(fine.since(&coarse), Err(NoGrowth::Incompatible));
        let less = exponential(3, 8, &[1, 1, 3, 4]);
        assert_eq!(less.since(&fine), Err(NoGrowth::Reset));
        assert_eq!(exponential(3, 9, &[2, 3, 4]).since(&fine), Err(NoGrowth::Reset));
        let (one, two) = (explicit(&[1.0], &[1, 2]), explicit(&[1.0], &[4, 2]));
        assert_eq!(two.since(&one), Ok(explicit(&[1.0], &[3, 0])));
        assert_eq!(one.since(&explicit(&[2.0], &[0, 0])), Err(NoGrowth::Incompatible));
        let decimal = |millis: &[u64]| {
            let mut histogram = Histogram::new();
            millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
            Buckets::Decimal((&histogram).into())
        };
        assert_eq!(decimal(&[1, 1, 5]).since(&decimal(&[1])), Ok(decimal(&[1, 5])));
        assert_eq!(decimal(&[5]).since(&decimal(&[1])), Err(NoGrowth::Reset));
    }

    proptest! {
        #[test]
        fn counts_are_kept(
            bounds in prop::collection::btree_set(-1_000_000_i64..1_000_000, 0..12),
            counts in prop::collection::vec(0_u64..1_000, 13),
            scale in -12_i32..20,
            offset in -3_000_i32..3_000,
        ) {
            let bounds: Vec<f64> = bounds.into_iter().map(|bound| bound as f64 * 0.001).collect();
            let counts = &counts[..=bounds.len()];
            let all: u64 = counts.iter().sum();
            prop_assert_eq!(explicit(&bounds, counts).to_histogram(UNKNOWN).count(), all);
            prop_assert_eq!(exponential(scale, offset, counts).to_histogram(UNKNOWN).count(), all);
        }

        #[test]
        fn an_exponential_bucket_stays_near_itself(scale in 0_i32..8, number in -400_i32..400) {
            let step = f64::from(-scale).exp2();
            let bound = |number: i32| (f64::from(number) * step).exp2();
            prop_assume!(bound(number) > 1e-100 && bound(number + 1) < 1e100);
            for (bin, _) in &exponential(scale, number, &[1_000]).to_histogram(UNKNOWN) {
                prop_assert!(bin.upper() > bound(number) * 0.999_999);
                prop_assert!(bin.lower() <= bound(number + 1) * 1.000_001);
            }
        }
    }
}
