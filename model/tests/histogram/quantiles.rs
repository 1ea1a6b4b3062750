//! Quantiles: libcircllhist's published examples, and a naive oracle.

use model::histogram::{
    Bin, CompactHistogram, Distribution, Histogram, QuantileError, QuantileMethod,
};
use proptest::prelude::*;

use crate::support::{any_histogram, any_nanos, assert_close, bin, of_nanos, of_values};

use QuantileMethod::{Type1, Type7};

fn assert_quantiles(of: &Histogram, method: QuantileMethod, fractions: &[f64], expected: &[f64]) {
    let quantiles = of.quantiles(fractions, method).unwrap();
    assert_eq!(quantiles.len(), expected.len());
    for (quantile, expected) in quantiles.into_iter().zip(expected) {
        assert_close(quantile, *expected);
    }
}

#[test]
fn one_value_lies_in_the_middle_of_its_bin() {
    for method in [Type1, Type7] {
        assert_quantiles(&of_values(&[100.0]), method, &[0.0, 0.1, 0.5, 0.9, 1.0], &[105.0; 5]);
        assert_quantiles(&of_values(&[0.0]), method, &[0.0, 1.0], &[0.0; 2]);
        assert_quantiles(&of_values(&[-100.0]), method, &[0.5], &[-105.0]);
        assert_quantiles(&of_values(&[1.0, 1e200]), method, &[0.0, 1.0], &[1.05; 2]);
    }
}

#[test]
fn values_of_one_bin_are_spread_over_it() {
    let (low, high) = (100.0 + 10.0 / 3.0, 100.0 + 20.0 / 3.0);
    let two = of_values(&[100.0, 100.0]);
    assert_quantiles(
        &two,
        Type1,
        &[0.0, 0.1, 0.2, 0.5, 0.50005, 0.6, 0.9, 1.0],
        &[low, low, low, low, high, high, high, high],
    );
    assert_quantiles(&two, Type7, &[0.0, 0.25, 0.5, 0.75, 1.0], &[low, low, low, low, high]);
    let three = of_values(&[1.0; 3]);
    assert_quantiles(&three, Type1, &[0.0, 0.5, 1.0], &[1.025, 1.05, 1.075]);
    assert_quantiles(&three, Type7, &[0.0, 0.5, 1.0], &[1.025, 1.05, 1.075]);
}

#[test]
fn values_of_several_bins() {
    let four = of_values(&[1.0, 2.0, 3.0, 4.0]);
    for method in [Type1, Type7] {
        let expected = [1.05, 1.05, 2.05, 3.05, 4.05];
        assert_quantiles(&four, method, &[0.0, 0.25, 0.5, 0.75, 1.0], &expected);
        let thirds = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
        assert_quantiles(&four, method, &thirds, &[1.05, 2.05, 3.05, 4.05]);
    }
    let two = of_values(&[10.0, 100.0]);
    let fractions = [0.0, 0.1, 0.499, 0.501, 0.9, 1.0];
    assert_quantiles(&two, Type1, &fractions, &[10.5, 10.5, 10.5, 105.0, 105.0, 105.0]);
    assert_quantiles(&two, Type7, &fractions, &[10.5, 10.5, 10.5, 10.5, 10.5, 105.0]);
    let nine = of_values(&[0.123, 0.0, 0.43, 0.41, 0.415, 0.2201, 0.3201, 0.125, 0.13]);
    let fractions = [0.0, 0.95, 0.99, 1.0];
    assert_quantiles(&nine, Type1, &fractions, &[0.0, 0.435, 0.435, 0.435]);
    let second_of_two = 0.41 + 0.01 * 2.0 / 3.0;
    assert_quantiles(&nine, Type7, &fractions, &[0.0, second_of_two, second_of_two, 0.435]);
    assert_close(nine.approx_mean().unwrap(), 0.244_338_758_603_855_8);
    assert_close(nine.approx_sum(), 2.199_048_827_434_702);
}

#[test]
fn any_order_of_fractions_is_answered_in_that_order() {
    let four = of_values(&[1.0, 2.0, 3.0, 4.0]);
    assert_quantiles(&four, Type1, &[1.0, 0.0, 0.5, 0.5], &[4.05, 1.05, 2.05, 2.05]);
    assert_quantiles(&four, Type1, &[], &[]);
    assert_eq!(four.quantile_bins(&[0.75, 0.25], Type1).unwrap(), [bin(30, 0), bin(10, 0)]);
    assert_close(four.quantile(0.5, Type1).unwrap(), 2.05);
}

#[test]
fn rounding_does_not_move_a_rank() {
    // As doubles 0.07 · 100 is a little more than 7, and 0.29 · 100 a little less than 29.
    let hundred: Histogram =
        (10..=99).map(|mantissa| (bin(mantissa, 0), 1)).chain([(Bin::ZERO, 10)]).collect();
    for percent in 1..=100_u8 {
        let rank = percent;
        let expected = if rank <= 10 { Bin::ZERO } else { bin(rank as i8 - 1, 0) };
        let found = hundred.quantile_bins(&[f64::from(percent) / 100.0], Type1).unwrap();
        assert_eq!(found, [expected], "{percent} %");
    }
}

#[test]
fn what_is_no_quantile_has_a_name() {
    assert_eq!(Histogram::new().quantile(0.5, Type1), Err(QuantileError::Empty));
    assert_eq!(of_values(&[f64::NAN]).quantile(0.5, Type7), Err(QuantileError::Empty));
    for fraction in [-0.1, 1.1, f64::INFINITY] {
        let error = of_values(&[1.0]).quantile(fraction, Type1);
        assert_eq!(error, Err(QuantileError::OutOfRange { fraction }));
    }
    let error = of_values(&[1.0]).quantile(f64::NAN, Type1);
    assert!(matches!(error, Err(QuantileError::OutOfRange { .. })));
}

#[test]
fn counts_that_no_double_holds_have_a_last_value() {
    for total in [(1 << 53) + 3, u64::MAX - 1, u64::MAX] {
        let histogram: Histogram = [(bin(10, 0), total - 1), (bin(20, 0), 1)].into_iter().collect();
        for method in [Type1, Type7] {
            let bins = histogram.quantile_bins(&[0.0, 1.0], method).unwrap();
            assert_eq!(bins, [bin(10, 0), bin(20, 0)], "{total} {method:?}");
        }
    }
}

/// Every value by itself at its place in the bin, ascending.
fn spread_out(histogram: &Histogram) -> Vec<(Bin, f64)> {
    let bins = histogram.iter().filter(|(bin, _)| !bin.is_nan());
    bins.flat_map(|(bin, count)| {
        (1..=count).map(move |nth| {
            let along = nth as f64 / (count + 1) as f64;
            (bin, bin.lower() + along * bin.width())
        })
    })
    .collect()
}

proptest! {
    #[test]
    fn a_naive_walk_finds_the_same(
        nanos in prop::collection::vec(prop_oneof![any_nanos(), 1_000_000..3_000_000_u64], 1..80),
        permille in 0..=1_000_u64,
    ) {
        let histogram = of_nanos(&nanos);
        let values = spread_out(&histogram);
        let total = nanos.len() as u64;
        let mut sorted = nanos;
        sorted.sort_unstable();
        let fraction = permille as f64 / 1_000.0;
        for (method, rank) in [
            (Type1, (permille * total).div_ceil(1_000).max(1)),
            (Type7, permille * (total - 1) / 1_000 + 1),
        ] {
            let (expected_bin, expected) = values[rank as usize - 1];
            prop_assert_eq!(histogram.quantile_bins(&[fraction], method).unwrap(), [expected_bin]);
            prop_assert_eq!(expected_bin, Bin::from_nanos(sorted[rank as usize - 1]), "the truth");
            let found = histogram.quantile(fraction, method).unwrap();
            prop_assert!((found - expected).abs() <= 1e-12 * expected);
        }
    }

    #[test]
    fn quantiles_rise_with_the_fraction_and_stay_in_their_bins(
        histogram in any_histogram(), mut fractions in prop::collection::vec(0.0..=1.0_f64, 1..20),
    ) {
        prop_assume!(histogram.count() > 0);
        fractions.sort_unstable_by(f64::total_cmp);
        for method in [Type1, Type7] {
            let quantiles = histogram.quantiles(&fractions, method).unwrap();
            prop_assert!(quantiles.is_sorted());
            let bins = histogram.quantile_bins(&fractions, method).unwrap();
            prop_assert_eq!(quantiles.len(), fractions.len());
            for (quantile, bin) in quantiles.iter().zip(&bins) {
                prop_assert!(bin.lower() <= *quantile && *quantile <= bin.upper());
            }
            prop_assert_eq!(histogram.quantile_bins(&[0.0], method).unwrap().first().copied(), histogram.lowest_bin());
            let compact = CompactHistogram::from(&histogram);
            prop_assert_eq!(compact.quantiles(&fractions, method).unwrap(), quantiles);
        }
    }
}
