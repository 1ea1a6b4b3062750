//! Native histograms: our decimal bins in Prometheus' exponential buckets.
//!
//! A re-binning, so not exact: each bin goes as a whole into the bucket that holds its middle. A value is thus at most half a
//! bin (4.8 %) and a bucket (4.4 %) away from the bucket's far end. To split a bin's count among buckets would be no more
//! exact, and a bucket could shrink while its histogram grows, which Prometheus takes for a restart.
//!
//! Source: Prometheus documentation, "Native Histograms", "Schema" and "Buckets".

use model::histogram::{Bin, Distribution};

/// Buckets grow by 2^(2^−4), 4.4 %: 53 in a decade, where we have 90 bins of 1 to 10 %.
pub(super) const SCHEMA: i32 = 4;
/// What is at most so far from zero is zero: 2^−128, as Prometheus' own libraries have it.
pub(super) const ZERO_THRESHOLD: f64 = 1.0 / (1_u128 << 127) as f64 / 2.0;

/// The buckets of what is above zero, as they are sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Buckets {
    /// Runs of buckets: how many are passed over before the run, for the first one where it begins; how many it has.
    pub(super) spans: Vec<(i32, u32)>,
    /// How many more each bucket counts than the one before.
    pub(super) deltas: Vec<i64>,
}

/// The buckets of what is above zero.
pub(super) fn buckets(distribution: &impl Distribution) -> Buckets {
    let mut filled: Vec<(i32, u64)> = Vec::new();
    for (bin, count) in distribution.bins().filter(|(bin, _)| *bin > Bin::ZERO) {
        let index = index(bin.midpoint());
        match filled.last_mut().filter(|(last, _)| *last == index) {
            Some((_, counted)) => *counted = counted.saturating_add(count),
            None => filled.push((index, count)),
        }
    }
    let mut buckets = Buckets::default();
    let (mut next, mut before) = (0, 0);
    for (index, count) in filled {
        match buckets.spans.last_mut().filter(|_| index == next) {
            Some((_, length)) => *length += 1,
            None => buckets.spans.push((index - next, 1)),
        }
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        buckets.deltas.push(count - before);
        (next, before) = (index + 1, count);
    }
    buckets
}

/// How many are zero.
pub(super) fn zeros(distribution: &impl Distribution) -> u64 {
    distribution.bins().filter(|(bin, _)| *bin == Bin::ZERO).map(|(_, count)| count).sum()
}

/// The bucket that holds a positive value: bucket i ends with 2^(i·2^−[`SCHEMA`]), and holds that.
fn index(value: f64) -> i32 {
    (value.log2() * f64::from(1 << SCHEMA)).ceil() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::histogram::Histogram;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Upper ends and counts, as a reader of the sent form works them out.
    fn read(buckets: &Buckets) -> BTreeMap<i32, i64> {
        let (mut index, mut count, mut deltas) = (0, 0, buckets.deltas.iter());
        let mut counts = BTreeMap::new();
        for &(offset, length) in &buckets.spans {
            index += offset;
            for _ in 0..length {
                count += deltas.next().unwrap();
                counts.insert(index, count);
                index += 1;
            }
        }
        assert!(deltas.next().is_none(), "{buckets:?}");
        counts
    }

    fn end(index: i32) -> f64 {
        (f64::from(index) / 16.0).exp2()
    }

    #[test]
    fn whole_powers_end_their_buckets() {
        assert_eq!([1.0, 1.000_001, 2.0, 0.5, 0.1].map(index), [0, 1, 16, -16, -53]);
        assert!((ZERO_THRESHOLD - (-128.0_f64).exp2()).abs() < 1e-60, "{ZERO_THRESHOLD}");
        assert_eq!(buckets(&Histogram::new()), Buckets::default());
    }

    proptest! {
        #[test]
        fn no_value_is_lost_or_far_from_its_bucket(
            nanos in prop::collection::vec(1..100_000_000_000_u64, 1..50),
        ) {
            let mut histogram = Histogram::new();
            nanos.iter().for_each(|nanos| histogram.record_nanos(*nanos));
            let counts = read(&buckets(&histogram));
            prop_assert_eq!(counts.values().sum::<i64>(), nanos.len() as i64);
            prop_assert!(counts.values().all(|count| *count > 0));
            for nanos in nanos {
                let value = nanos as f64 / 1e9;
                let holds = |index: &i32| {
                    value <= end(*index) * 1.048 && value >= end(index - 1) / 1.048
                };
                prop_assert!(counts.keys().any(holds), "{} {:?}", value, counts);
            }
        }

        #[test]
        fn no_bucket_shrinks_while_a_histogram_grows(
            nanos in prop::collection::vec(0..10_000_000_u64, 1..60),
        ) {
            let mut histogram = Histogram::new();
            let mut before = BTreeMap::new();
            for nanos in nanos {
                histogram.record_nanos(nanos);
                let now = read(&buckets(&histogram));
                prop_assert!(before.iter().all(|(index, count)| now.get(index) >= Some(count)));
                before = now;
            }
        }
    }
}
