//! What the tests share: shorthands and generators.

use model::histogram::{Bin, Histogram, Threshold};
use proptest::prelude::*;

/// The bin with this mantissa and exponent.
pub(crate) fn bin(mantissa: i8, exponent: i8) -> Bin {
    Bin::new(mantissa, exponent).unwrap()
}

pub(crate) fn threshold(text: &str) -> Threshold {
    text.parse().unwrap()
}

/// A histogram of these values, each counted once.
pub(crate) fn of_values(values: &[f64]) -> Histogram {
    values.iter().map(|value| (Bin::from_f64(*value), 1)).collect()
}

pub(crate) fn of_nanos(nanos: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    nanos.iter().for_each(|nanos| histogram.record_nanos(*nanos));
    histogram
}

pub(crate) fn assert_close(actual: f64, expected: f64) {
    let allowed = 1e-12 * expected.abs().max(f64::MIN_POSITIVE);
    assert!((actual - expected).abs() <= allowed, "{actual} is not {expected}");
}

/// Any bin, the special ones and the ends of the counted decades more often than by chance.
pub(crate) fn any_bin() -> impl Strategy<Value = Bin> {
    let usual = (10..=99_i8, -10..3_i8).prop_map(|(mantissa, exponent)| bin(mantissa, exponent));
    let near_the_ends = (prop_oneof![Just(10_i8), Just(99)], prop_oneof![-14..-10_i8, 18..22_i8])
        .prop_map(|(mantissa, exponent)| bin(mantissa, exponent));
    let anywhere = (0..=Bin::MAX.ordinal()).prop_map(|ordinal| Bin::from_ordinal(ordinal).unwrap());
    let special = prop_oneof![Just(Bin::NAN), Just(Bin::ZERO), Just(Bin::MIN), Just(Bin::MAX)];
    prop_oneof![6 => usual, 2 => near_the_ends, 2 => anywhere, 1 => special]
}

/// Counts of every length, the largest among them.
fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..200_u64, 2 => (0..64_u32, any::<u64>()).prop_map(|(shift, bits)| bits >> shift),
        1 => Just(u64::MAX)]
}

pub(crate) fn any_histogram() -> impl Strategy<Value = Histogram> {
    prop::collection::vec((any_bin(), any_count()), 0..60).prop_map(Histogram::from_iter)
}

/// Latencies of every size, edges and their neighbours among them.
pub(crate) fn any_nanos() -> impl Strategy<Value = u64> {
    let edge = (10..=99_u64, 0..17_u32, 0..3_u64).prop_map(|(mantissa, power, step)| {
        (mantissa * 10_u64.pow(power) + step).saturating_sub(1)
    });
    let size = (any::<u64>(), 1..64_u32).prop_map(|(bits, shift)| bits >> shift);
    prop_oneof![edge, size]
}
