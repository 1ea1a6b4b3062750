//! Which value falls into which bin, and where bins end.

use std::cmp::Ordering;

use model::histogram::{Bin, Decimal};
use proptest::prelude::*;

use crate::support::{any_nanos, bin};

fn all_bins() -> impl Iterator<Item = Bin> {
    (0..=Bin::MAX.ordinal()).map(|ordinal| Bin::from_ordinal(ordinal).unwrap())
}

/// The bins that are neither zero nor NaN.
fn sized_bins() -> impl Iterator<Item = Bin> {
    all_bins().filter(|bin| !bin.is_nan() && *bin != Bin::ZERO)
}

/// value · 10^scale by its digits as text: another way than the one under test.
fn bin_by_text(value: u64, scale: i32) -> Bin {
    if value == 0 {
        return Bin::ZERO;
    }
    let digits = value.to_string();
    let two: String = digits.chars().chain("0".chars()).take(2).collect();
    let exponent = digits.len() as i32 - 1 + scale;
    i8::try_from(exponent).map_or(Bin::NAN, |exponent| bin(two.parse().unwrap(), exponent))
}

#[test]
fn published_values_and_their_bins() {
    for (value, mantissa, exponent) in [
        (0.0, 0, 0),
        (1.0, 10, 0),
        (2.0, 20, 0),
        (9.0, 90, 0),
        (9.9, 99, 0),
        (9.99, 99, 0),
        (10.0, 10, 1),
        (15.0, 15, 1),
        (43.3, 43, 1),
        (100.0, 10, 2),
        (0.3201, 32, -1),
        (0.0035, 35, -3),
        (1.3, 13, 0),
        (7e-9, 70, -9),
        (-1.0, -10, 0),
        (-1.05, -10, 0),
        (-1.1, -11, 0),
        (-0.00123, -12, -3),
        (-2.7e-6, -27, -6),
        (-987_324.0, -98, 5),
        (1e-128, 10, -128),
        (1.099_99e-128, 10, -128),
        (1.1e-128, 11, -128),
        (9.999_9e-129, 0, 0),
        (-9.999_9e-129, 0, 0),
        (f64::MIN_POSITIVE, 0, 0),
        (5e-324, 0, 0),
        (1e127, 10, 127),
        (9.999e127, 99, 127),
        (-9.999e127, -99, 127),
        (1e128, -1, 0),
        (-1e128, -1, 0),
        (f64::MAX, -1, 0),
        (f64::INFINITY, -1, 0),
        (f64::NEG_INFINITY, -1, 0),
        (f64::NAN, -1, 0),
        (-0.0, 0, 0),
    ] {
        let found = Bin::from_f64(value);
        assert_eq!((found.mantissa(), found.exponent()), (mantissa, exponent), "{value}");
    }
}

#[test]
fn integers_and_their_bins() {
    for (value, scale, expected) in [
        (0, 0, Bin::ZERO),
        (0, -128, Bin::ZERO),
        (1, -9, bin(10, -9)),
        (99, -9, bin(99, -8)),
        (199_999_999, -9, bin(19, -1)),
        (200_000_000, -9, bin(20, -1)),
        (1_300_000_000, -9, bin(13, 0)),
        (u64::MAX, -9, bin(18, 10)),
        (17_999_999_999_999_999_999, 0, bin(17, 19)),
        (u64::MAX, 0, bin(18, 19)),
        (10, -128, bin(10, -127)),
        (1, -128, bin(10, -128)),
        (1, 127, bin(10, 127)),
        (9, 127, bin(90, 127)),
        (10, 127, Bin::NAN),
    ] {
        assert_eq!(Bin::from_scaled(value, scale), expected, "{value}e{scale}");
    }
}

#[test]
fn a_double_that_is_an_edge_begins_its_bin_and_the_double_before_it_does_not() {
    for bin in sized_bins() {
        // Toward zero lies the inside edge of either sign.
        let inside = if bin > Bin::ZERO { bin.lower() } else { bin.upper() };
        assert_eq!(Bin::from_f64(inside), bin, "{inside:e}");
        let toward_zero = if bin > Bin::ZERO { inside.next_down() } else { inside.next_up() };
        let next = if bin > Bin::ZERO { bin.ordinal() - 1 } else { bin.ordinal() + 1 };
        assert_eq!(Bin::from_f64(toward_zero).ordinal(), next, "{toward_zero:e}");
    }
}

#[test]
fn edges_as_doubles_are_what_the_decimal_reads_as() {
    for bin in sized_bins() {
        let (mantissa, exponent) = (i32::from(bin.mantissa()), i32::from(bin.exponent()) - 1);
        let inside: f64 = format!("{mantissa}e{exponent}").parse().unwrap();
        let outside: f64 = format!("{}e{exponent}", mantissa + mantissa.signum()).parse().unwrap();
        assert_eq!((bin.lower(), bin.upper()), (inside.min(outside), inside.max(outside)));
        assert_eq!(bin.width(), format!("1e{exponent}").parse::<f64>().unwrap());
    }
}

#[test]
fn bins_follow_each_other_without_gap_or_overlap() {
    for (bin, next) in sized_bins().zip(sized_bins().skip(1)) {
        if bin < Bin::ZERO && next > Bin::ZERO {
            assert_eq!(bin.upper_edge().unwrap(), "-1e-128".parse().unwrap());
            assert_eq!(next.lower_edge().unwrap(), "1e-128".parse().unwrap());
        } else {
            assert_eq!(bin.upper_edge(), next.lower_edge(), "{bin} {next}");
        }
    }
    assert_eq!(Bin::MAX.upper_edge().unwrap(), Decimal::new(1, 128));
    assert_eq!(Bin::MIN.lower_edge().unwrap(), "-1e128".parse().unwrap());
    assert_eq!(all_bins().count(), 2 * 90 * 256 + 2);
}

#[test]
fn order_is_by_value_with_nan_first() {
    assert_eq!(all_bins().next(), Some(Bin::NAN));
    for (bin, next) in all_bins().skip(1).zip(all_bins().skip(2)) {
        assert!(bin < next);
        assert!(bin.midpoint() < next.midpoint(), "{bin} {next}");
    }
}

#[test]
fn mantissa_and_exponent_name_one_bin_and_nothing_else_does() {
    let mut named = 0;
    for mantissa in i8::MIN..=i8::MAX {
        for exponent in i8::MIN..=i8::MAX {
            if let Some(bin) = Bin::new(mantissa, exponent) {
                assert_eq!((bin.mantissa(), bin.exponent()), (mantissa, exponent));
                named += 1;
            }
        }
    }
    assert_eq!(named, all_bins().count());
    assert_eq!(Bin::from_ordinal(Bin::MAX.ordinal() + 1), None);
}

#[test]
fn midpoint_is_a_twentyfirst_away_at_most() {
    for bin in sized_bins() {
        let midpoint = bin.midpoint();
        assert!(bin.lower() < midpoint && midpoint < bin.upper(), "{bin}");
        for edge in [bin.lower(), bin.upper()] {
            assert!(((midpoint - edge) / edge).abs() <= 1.0 / 21.0 + 1e-15, "{bin}");
        }
    }
    assert_eq!(bin(10, 2).midpoint(), 2.0 * 100.0 * 110.0 / 210.0);
    assert_eq!(Bin::ZERO.midpoint(), 0.0);
    assert!(Bin::NAN.midpoint().is_nan() && Bin::NAN.lower().is_nan() && Bin::NAN.width().is_nan());
    assert_eq!(Bin::NAN.lower_edge(), None);
}

/// The nanoseconds at which a bin begins and ends, in tenths: bins below 10 ns end between integers.
fn edges_in_tenths_of_nanos(bin: Bin) -> (u128, u128) {
    let tenths = |edge: Decimal| {
        u128::from(edge.digits())
            * 10_u128.pow(u32::try_from(i32::from(edge.scale()) + 10).unwrap())
    };
    (tenths(bin.lower_edge().unwrap()), tenths(bin.upper_edge().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_nanosecond_lies_between_its_bins_integer_edges(nanos in any_nanos()) {
        let bin = Bin::from_nanos(nanos);
        if nanos == 0 {
            prop_assert_eq!(bin, Bin::ZERO);
        } else {
            let (lower, upper) = edges_in_tenths_of_nanos(bin);
            let tenths = u128::from(nanos) * 10;
            prop_assert!(lower <= tenths && tenths < upper);
        }
    }

    #[test]
    fn any_integer_falls_where_its_digits_say(value: u64, shift in 0_u32..64, scale: i8) {
        let value = value >> shift;
        prop_assert_eq!(Bin::from_scaled(value, scale), bin_by_text(value, scale.into()));
    }

    #[test]
    fn any_double_falls_where_its_shortest_decimal_says(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = format!("{:e}", value.abs());
        let (digits, exponent) = text.split_once('e').unwrap();
        let two: String =
            digits.chars().filter(char::is_ascii_digit).chain("0".chars()).take(2).collect();
        let exponent: i32 = exponent.parse().unwrap();
        let sign = if value < 0.0 { -1 } else { 1 };
        let expected = match exponent.cmp(&-128) {
            _ if value == 0.0 => Bin::ZERO,
            Ordering::Less => Bin::ZERO,
            _ => i8::try_from(exponent)
                .map_or(Bin::NAN, |exponent| bin(sign * two.parse::<i8>().unwrap(), exponent)),
        };
        prop_assert_eq!(Bin::from_f64(value), expected);
    }

    #[test]
    fn any_ordinary_double_lies_in_its_bin(value in prop_oneof![1e-12..1e12_f64, -1e3..1e3_f64]) {
        let bin = Bin::from_f64(value);
        if value > 0.0 {
            prop_assert!(bin.lower() <= value && value < bin.upper());
        } else if value < 0.0 {
            prop_assert!(bin.lower() < value && value <= bin.upper());
        }
    }

    #[test]
    fn decimals_compare_as_numbers(
        left in -99_999..=99_999_i64, left_scale in -6..=6_i32,
        right in -99_999..=99_999_i64, right_scale in -6..=6_i32,
    ) {
        let decimal = |digits: i64, scale: i32| format!("{digits}e{scale}").parse::<Decimal>().unwrap();
        let integer = |digits: i64, scale: i32| i128::from(digits) * 10_i128.pow((scale + 6) as u32);
        prop_assert_eq!(
            decimal(left, left_scale).cmp(&decimal(right, right_scale)),
            integer(left, left_scale).cmp(&integer(right, right_scale))
        );
    }

    #[test]
    fn decimals_read_back_and_convert_as_the_standard_library_does(
        digits: u64, scale in -330..=310_i16, negative: bool,
    ) {
        let sign = if negative { "-" } else { "" };
        let text = format!("{sign}{digits}e{scale}");
        let decimal: Decimal = text.parse().unwrap();
        prop_assert_eq!(decimal.to_string().parse::<Decimal>().unwrap(), decimal);
        let expected: f64 = text.parse().unwrap();
        prop_assert_eq!(decimal.to_f64(), expected);
    }
}
