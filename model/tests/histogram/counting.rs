//! Counts against thresholds, and the fraction below them.

use model::histogram::{Bin, Distribution, Histogram, Threshold};
use proptest::prelude::*;

use crate::support::{any_histogram, any_nanos, assert_close, bin, of_nanos, of_values, threshold};

#[test]
fn an_edge_is_counted_exactly() {
    let histogram = of_nanos(&[0, 1, 199_999_999, 200_000_000, 200_000_001, 1_500_000_000]);
    let below = histogram.count_below(threshold("200ms"));
    assert_eq!((below.exact(), below.is_edge()), (Some(3), true));
    assert_eq!(histogram.count_at_or_above(threshold("200ms")).exact(), Some(3));
    assert_eq!(histogram.count_at_or_above(threshold("1.5s")).exact(), Some(1));
    assert_eq!(histogram.count_below(threshold("1.5s")).exact(), Some(5));
    assert_eq!(histogram.count_below(threshold("0s")).exact(), Some(0));
    assert_eq!(histogram.count_at_or_above(threshold("0s")).exact(), Some(6));
}

#[test]
fn between_edges_the_answer_has_bounds_and_the_nearest_edges() {
    let histogram = of_nanos(&[1_000_000, 251_000_000, 259_000_000, 2_000_000_000]);
    let below = histogram.count_below(threshold("255ms"));
    assert_eq!((below.lower, below.upper), (1, 3));
    assert!(!below.is_exact() && !below.is_edge());
    assert_eq!(below.exact(), None);
    assert_eq!((below.edge_below, below.edge_above), (threshold("250ms"), threshold("260ms")));
    let above = histogram.count_at_or_above(threshold("255ms"));
    assert_eq!((above.lower, above.upper), (1, 3));
    assert_eq!((above.edge_below, above.edge_above), (threshold("250ms"), threshold("260ms")));
}

#[test]
fn between_edges_an_empty_bin_is_counted_exactly_all_the_same() {
    let histogram = of_nanos(&[240_000_000, 260_000_000]);
    let below = histogram.count_below(threshold("255ms"));
    assert_eq!((below.exact(), below.is_edge()), (Some(1), false));
}

#[test]
fn nan_is_neither_slow_nor_fast() {
    let mut histogram = of_values(&[f64::NAN, 1e200, f64::INFINITY, -1e200]);
    assert_eq!(histogram.inverse_quantile(threshold("1s")), None);
    assert_eq!(histogram.approx_inverse_quantile(1.0), None);
    histogram.record_nanos(5);
    assert_eq!(histogram.nan_count(), 4);
    assert_eq!(histogram.count_below(threshold("1s")).exact(), Some(1));
    assert_eq!(histogram.count_at_or_above(threshold("1s")).exact(), Some(0));
    assert_eq!(histogram.count_at_or_above(threshold("0s")).exact(), Some(1));
    assert_eq!(histogram.inverse_quantile(threshold("1s")).unwrap().lower(), 1.0);
}

#[test]
fn negative_values_are_below_zero_and_above_every_bin_nothing_is() {
    let histogram = of_values(&[-25.0, 0.0, 9.99e127]);
    let plain = |text: &str| Threshold::parse_plain(text).unwrap();
    assert_eq!(histogram.count_below(plain("0")).exact(), Some(1));
    assert_eq!(histogram.count_at_or_above(plain("0")).exact(), Some(2));
    assert_eq!(histogram.count_below(plain("1e128")).exact(), Some(3));
    assert_eq!(histogram.count_at_or_above(plain("1e128")).exact(), Some(0));
    assert_eq!(histogram.count_at_or_above(plain("9.9e127")).exact(), Some(1));
    assert_eq!(histogram.count_below(plain("1e-128")).exact(), Some(2));
}

#[test]
fn the_fraction_below_carries_its_bounds() {
    let histogram: Histogram = [(bin(10, -1), 998), (bin(25, -1), 2)].into_iter().collect();
    let exact = histogram.inverse_quantile(threshold("200ms")).unwrap();
    assert_eq!((exact.lower(), exact.upper(), exact.is_exact()), (0.998, 0.998, true));
    let torn = histogram.inverse_quantile(threshold("255ms")).unwrap();
    assert_eq!((torn.lower(), torn.upper(), torn.is_exact()), (0.998, 1.0, false));
    assert_eq!((torn.below.lower, torn.total), (998, 1_000));
}

#[test]
fn the_approximate_fraction_is_that_of_libcircllhist() {
    let values = [-200.0, -100.0, 0.0, 1.0, 1.001, 1.1, 1.2, 2.0, 3.0, 4.0];
    let third = 1.0 / 3.0;
    for (histogram, expected) in [
        (of_values(&[-100.0]), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (of_values(&[0.0]), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (
            of_values(&[1.0, 2.0, 3.0]),
            [0.0, 0.0, 0.0, 0.0, third / 100.0, third, third, third, 2.0 * third, 1.0],
        ),
    ] {
        for (value, expected) in values.into_iter().zip(expected) {
            let fraction = histogram.approx_inverse_quantile(value).unwrap();
            assert!((fraction - expected).abs() < 1e-12, "{value}: {fraction} is not {expected}");
        }
    }
    assert_eq!(of_values(&[1.0]).approx_inverse_quantile(f64::NAN), None);
    assert_eq!(of_values(&[1.0]).approx_inverse_quantile(f64::INFINITY), Some(1.0));
}

proptest! {
    #[test]
    fn the_bounds_hold_what_was_recorded(
        nanos in prop::collection::vec(any_nanos(), 0..60), at: prop::sample::Index, near in -2..=2_i64,
    ) {
        prop_assume!(!nanos.is_empty());
        // A threshold in the thick of it: a recorded value, or its neighbour.
        let limit = at.get(&nanos).saturating_add_signed(near);
        let truth = nanos.iter().filter(|nanos| **nanos < limit).count() as u64;
        let total = nanos.len() as u64;
        let histogram = of_nanos(&nanos);
        let limit = Threshold::from_nanos(limit);
        let (below, above) = (histogram.count_below(limit), histogram.count_at_or_above(limit));
        prop_assert!(below.lower <= truth && truth <= below.upper);
        prop_assert_eq!((below.lower + above.upper, below.upper + above.lower), (total, total));
        prop_assert_eq!(below.is_exact(), above.is_exact());
        prop_assert!(below.is_exact() || !below.is_edge());
        for edge in [below.edge_below, below.edge_above] {
            prop_assert!(edge.is_edge() && histogram.count_below(edge).is_exact());
        }
        prop_assert!(below.edge_below.value() <= limit.value() && limit.value() <= below.edge_above.value());
        prop_assert_eq!(histogram.count_below(below.edge_below).lower, below.lower);
        prop_assert_eq!(histogram.count_below(below.edge_above).upper, below.upper);
    }

    #[test]
    fn at_every_two_digit_decimal_the_count_is_the_truth(
        nanos in prop::collection::vec(any_nanos(), 0..60), two in 1..=99_u64, power in 0..16_u32,
    ) {
        let limit = two * 10_u64.pow(power);
        let histogram = of_nanos(&nanos);
        let truth = nanos.iter().filter(|nanos| **nanos < limit).count() as u64;
        let limit = Threshold::from_nanos(limit);
        prop_assert_eq!(histogram.count_below(limit).exact(), Some(truth));
        prop_assert_eq!(histogram.count_at_or_above(limit).exact(), Some(nanos.len() as u64 - truth));
    }

    #[test]
    fn any_histogram_can_be_asked(histogram in any_histogram(), nanos: u64, value: f64) {
        let limit = Threshold::from_nanos(nanos);
        let (below, above) = (histogram.count_below(limit), histogram.count_at_or_above(limit));
        prop_assert!(below.lower <= below.upper && above.lower <= above.upper);
        if let Some(fraction) = histogram.inverse_quantile(limit) {
            prop_assert!((0.0..=1.0).contains(&fraction.lower()));
            prop_assert!((0.0..=1.0).contains(&fraction.upper()));
        }
        if let Some(fraction) = histogram.approx_inverse_quantile(value) {
            prop_assert!((-1e-9..=1.0 + 1e-9).contains(&fraction));
        }
    }

    #[test]
    fn the_approximate_fraction_is_exact_at_edges_and_between_the_bounds_elsewhere(
        nanos in prop::collection::vec(1..=5_000_000_000_u64, 1..40), limit in 1..=6_000_000_000_u64,
    ) {
        let histogram = of_nanos(&nanos);
        let limit = Threshold::from_nanos(limit);
        let bounds = histogram.inverse_quantile(limit).unwrap();
        let approximate = histogram.approx_inverse_quantile(limit.to_f64()).unwrap();
        prop_assert!(bounds.lower() - 1e-9 <= approximate && approximate <= bounds.upper() + 1e-9);
    }
}

#[test]
fn the_whole_is_the_sum_of_its_sides() {
    let histogram: Histogram = (1..=Bin::MAX.ordinal())
        .step_by(97)
        .map(|ordinal| (Bin::from_ordinal(ordinal).unwrap(), 2))
        .collect();
    let limit = threshold("120ms");
    let sides = histogram.count_below(limit).exact().unwrap()
        + histogram.count_at_or_above(limit).exact().unwrap();
    assert_eq!(sides, histogram.count());
    assert_close(
        histogram.inverse_quantile(limit).unwrap().lower(),
        histogram.count_below(limit).lower as f64 / histogram.count() as f64,
    );
}
