//! Recording, merging, clearing.

use model::histogram::{Bin, Distribution, Histogram};
use proptest::prelude::*;

use crate::support::{any_bin, any_histogram, any_nanos, bin, of_nanos};

fn merged(histograms: &[&Histogram]) -> Histogram {
    let mut sum = Histogram::new();
    histograms.iter().for_each(|histogram| sum.merge(histogram));
    sum
}

#[test]
fn every_way_of_recording_finds_the_same_bin() {
    let mut histogram = Histogram::new();
    histogram.record_nanos(1_500_000);
    histogram.record_scaled(15, -4);
    histogram.record_scaled(1_500, -6);
    histogram.record_f64(0.0015, 2);
    histogram.record_bin(bin(15, -3), 3);
    assert_eq!(histogram.iter().collect::<Vec<_>>(), [(bin(15, -3), 8)]);
}

#[test]
fn values_come_back_ascending_wherever_they_are_kept() {
    let ascending = [
        (Bin::NAN, 7),
        (Bin::MIN, 1),
        (bin(-25, 1), 2),
        (bin(-10, -128), 1),
        (Bin::ZERO, 3),
        (bin(10, -128), 1),
        (bin(99, -13), 1),
        (bin(10, -12), 1),
        (bin(12, -3), 4),
        (bin(99, 19), 1),
        (bin(10, 20), 1),
        (Bin::MAX, 1),
    ];
    let histogram: Histogram = ascending.into_iter().rev().collect();
    assert_eq!(histogram.iter().collect::<Vec<_>>(), ascending);
    assert_eq!((histogram.count(), histogram.nan_count()), (17, 7));
    assert_eq!(histogram.lowest_bin(), Some(Bin::MIN));
    assert_eq!(histogram.highest_bin(), Some(Bin::MAX));
}

#[test]
fn an_empty_histogram_has_nothing_and_a_zero_count_adds_nothing() {
    let mut histogram = Histogram::new();
    histogram.record_bin(bin(10, 0), 0);
    histogram.record_f64(-1.0, 0);
    assert!(histogram.is_empty());
    assert_eq!(histogram, Histogram::default());
    assert_eq!((histogram.count(), histogram.nan_count()), (0, 0));
    assert_eq!((histogram.lowest_bin(), histogram.highest_bin()), (None, None));
    assert_eq!(histogram.approx_mean(), None);
    assert_eq!(histogram.approx_stddev(), None);
    assert_eq!(histogram.approx_sum(), 0.0);
}

#[test]
fn counts_saturate_everywhere() {
    for full in [bin(15, -3), Bin::ZERO, Bin::NAN, bin(-15, 3)] {
        let mut histogram = Histogram::new();
        histogram.record_bin(full, u64::MAX);
        histogram.record_bin(full, 1);
        let copy = histogram.clone();
        histogram.merge(&copy);
        histogram.record_nanos(1_500_000);
        histogram.record_nanos(0);
        histogram.record_bin(bin(20, 0), u64::MAX);
        assert!(histogram.iter().any(|counted| counted == (full, u64::MAX)));
        assert_eq!(histogram.count(), u64::MAX);
    }
}

#[test]
fn clear_keeps_the_memory_and_nothing_else() {
    let mut histogram = of_nanos(&[0, 1_000, 5_000_000, 70_000_000_000]);
    histogram.record_f64(-3.0, 1);
    histogram.record_f64(f64::NAN, 1);
    let allocated = histogram.allocated_bytes();
    histogram.clear();
    assert!(histogram.is_empty());
    assert_eq!(histogram, Histogram::new());
    assert_eq!(histogram.allocated_bytes(), allocated);
    histogram.record_nanos(5_000_000);
    assert_eq!(histogram, of_nanos(&[5_000_000]));
    assert_eq!(histogram.allocated_bytes(), allocated);
}

#[test]
fn memory_is_whole_decades_between_the_extremes() {
    const DECADE: usize = 90 * 8;
    assert_eq!(Histogram::new().allocated_bytes(), 0);
    assert_eq!(of_nanos(&[0]).allocated_bytes(), 0);
    assert_eq!(of_nanos(&[1_000_000, 9_999_999]).allocated_bytes(), DECADE);
    assert_eq!(of_nanos(&[10_000_000, 1_000_000]).allocated_bytes(), 2 * DECADE);
    let mut widest = of_nanos(&[u64::MAX, 1]);
    widest.record_scaled(1, -12);
    widest.record_scaled(u64::MAX, 0);
    widest.record_scaled(1, 127);
    widest.record_scaled(1, -128);
    assert!(widest.allocated_bytes() <= 2 * 32 * DECADE, "{}", widest.allocated_bytes());
}

#[test]
fn the_moments_are_those_of_the_midpoints() {
    let histogram: Histogram =
        [(bin(10, 0), 3), (bin(30, 1), 1), (Bin::NAN, 9)].into_iter().collect();
    let (low, high) = (22.0 / 21.0, 2.0 * 30.0 * 31.0 / 61.0);
    let mean = (3.0 * low + high) / 4.0;
    let variance = (3.0 * (low - mean) * (low - mean) + (high - mean) * (high - mean)) / 4.0;
    crate::support::assert_close(histogram.approx_sum(), 4.0 * mean);
    crate::support::assert_close(histogram.approx_mean().unwrap(), mean);
    crate::support::assert_close(histogram.approx_stddev().unwrap(), variance.sqrt());
    // Divided by N, not by N^2 as libcircllhist does.
    let second = (3.0 * low * low + high * high) / 4.0;
    crate::support::assert_close(histogram.approx_moment(2).unwrap(), second);
    assert_eq!(histogram.approx_moment(0), Some(1.0));
}

#[test]
fn a_single_bin_has_no_spread() {
    let histogram: Histogram = [(bin(12, 4), 1_000_000)].into_iter().collect();
    assert!(histogram.approx_stddev().unwrap() < 1e-6);
}

proptest! {
    #[test]
    fn recording_counts_each_value_once_in_its_bin(
        values in prop::collection::vec((any_nanos(), prop_oneof![Just(-9_i8), Just(0), any::<i8>()]), 0..80),
    ) {
        let mut histogram = Histogram::new();
        values.iter().for_each(|(value, scale)| histogram.record_scaled(*value, *scale));
        let by_bin: Histogram =
            values.iter().map(|(value, scale)| (Bin::from_scaled(*value, *scale), 1)).collect();
        prop_assert_eq!(&histogram, &by_bin);
        prop_assert_eq!(histogram.count() + histogram.nan_count(), values.len() as u64);
    }

    #[test]
    fn merging_is_associative_and_commutative_and_keeps_every_count(
        a in any_histogram(), b in any_histogram(), c in any_histogram(),
    ) {
        prop_assert_eq!(merged(&[&a, &b]), merged(&[&b, &a]));
        prop_assert_eq!(merged(&[&merged(&[&a, &b]), &c]), merged(&[&a, &merged(&[&b, &c])]));
        prop_assert_eq!(merged(&[&a, &Histogram::new()]), a.clone());
        let count = |bin: Bin, of: &Histogram| {
            of.iter().find(|counted| counted.0 == bin).map_or(0, |counted| counted.1)
        };
        for (bin, sum) in merged(&[&a, &b]).iter() {
            prop_assert_eq!(sum, count(bin, &a).saturating_add(count(bin, &b)));
        }
    }

    #[test]
    fn merging_equals_recording_into_one(
        left in prop::collection::vec(any_nanos(), 0..50), right in prop::collection::vec(any_nanos(), 0..50),
    ) {
        let both: Vec<u64> = left.iter().chain(&right).copied().collect();
        prop_assert_eq!(merged(&[&of_nanos(&left), &of_nanos(&right)]), of_nanos(&both));
    }

    #[test]
    fn bins_ascend_and_have_counts(histogram in any_histogram()) {
        let bins: Vec<_> = histogram.iter().collect();
        prop_assert!(bins.is_sorted_by(|left, right| left.0 < right.0));
        prop_assert!(bins.iter().all(|(_, count)| *count > 0));
        prop_assert_eq!(histogram.is_empty(), bins.is_empty());
    }

    #[test]
    fn a_cleared_histogram_is_as_good_as_new(first in any_histogram(), bins in prop::collection::vec(any_bin(), 0..20)) {
        let mut reused = first;
        reused.clear();
        reused.extend(bins.iter().map(|bin| (*bin, 1)));
        prop_assert_eq!(reused, bins.iter().map(|bin| (*bin, 1)).collect::<Histogram>());
    }
}
