//! Thresholds as people write them.

use model::histogram::{Decimal, DecimalError, Threshold, ThresholdError, Unit};
use proptest::prelude::*;

use crate::support::threshold;

fn parse(text: &str) -> Result<Threshold, ThresholdError> {
    text.parse()
}

#[test]
fn durations_and_sizes() {
    for (text, digits, scale, unit, shown) in [
        ("200ms", 2, -1, Unit::Seconds, "200ms"),
        ("1.5s", 15, -1, Unit::Seconds, "1.5s"),
        ("1.50 s", 15, -1, Unit::Seconds, "1.5s"),
        ("250us", 25, -5, Unit::Seconds, "250us"),
        ("250µs", 25, -5, Unit::Seconds, "250us"),
        ("250μs", 25, -5, Unit::Seconds, "250us"),
        ("2m", 12, 1, Unit::Seconds, "120s"),
        ("1.5min", 9, 1, Unit::Seconds, "90s"),
        ("1h", 36, 2, Unit::Seconds, "3600s"),
        ("1d", 864, 2, Unit::Seconds, "86400s"),
        ("100ns", 1, -7, Unit::Seconds, "100ns"),
        ("0.5ns", 5, -10, Unit::Seconds, "0.5ns"),
        ("0.25ms", 25, -5, Unit::Seconds, "250us"),
        ("1500ms", 15, -1, Unit::Seconds, "1.5s"),
        ("1e3s", 1, 3, Unit::Seconds, "1000s"),
        (" +7ms ", 7, -3, Unit::Seconds, "7ms"),
        ("0s", 0, 0, Unit::Seconds, "0s"),
        ("64kB", 64, 3, Unit::Bytes, "64kB"),
        ("64000B", 64, 3, Unit::Bytes, "64kB"),
        ("1KiB", 1024, 0, Unit::Bytes, "1.024kB"),
        ("2GiB", 2_147_483_648, 0, Unit::Bytes, "2.147483648GB"),
        ("3TB", 3, 12, Unit::Bytes, "3TB"),
        ("0B", 0, 0, Unit::Bytes, "0B"),
    ] {
        let read = threshold(text);
        assert_eq!((read.value(), read.unit()), (Decimal::new(digits, scale), unit), "{text}");
        assert_eq!(read.to_string(), shown);
        assert_eq!(threshold(shown), read);
    }
}

#[test]
fn what_is_no_threshold_has_a_name() {
    for (text, error) in [
        ("1500", ThresholdError::NoUnit),
        ("200 parsec", ThresholdError::UnknownUnit),
        ("1S", ThresholdError::UnknownUnit),
        ("-1s", ThresholdError::Negative),
        ("1e-130s", ThresholdError::OutOfRange),
        ("1.1e128s", ThresholdError::OutOfRange),
        ("1e99999s", ThresholdError::Number(DecimalError::TooPrecise)),
        ("1e-32768ms", ThresholdError::OutOfRange),
        ("0.123456789012345678901s", ThresholdError::Number(DecimalError::TooPrecise)),
        ("10000000000000000001h", ThresholdError::Number(DecimalError::TooPrecise)),
        ("ms", ThresholdError::Number(DecimalError::Empty)),
        ("", ThresholdError::Number(DecimalError::Empty)),
        ("1.2.3s", ThresholdError::Number(DecimalError::Unexpected { offset: 3 })),
        ("1,5s", ThresholdError::Number(DecimalError::Unexpected { offset: 1 })),
        (".s", ThresholdError::Number(DecimalError::Unexpected { offset: 1 })),
        ("1e+ s", ThresholdError::Number(DecimalError::Unexpected { offset: 3 })),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn plain_numbers_are_asked_for_by_name() {
    let plain = Threshold::parse_plain("1500").unwrap();
    assert_eq!((plain.value(), plain.unit()), (Decimal::new(15, 2), Unit::Plain));
    assert_eq!(plain.to_string(), "1500");
    assert_eq!(Threshold::parse_plain("-1"), Err(ThresholdError::Negative));
    assert_eq!(Threshold::from_scaled(15, 127, Unit::Plain), Err(ThresholdError::OutOfRange));
    assert!(Threshold::from_scaled(10, 127, Unit::Plain).is_ok());
}

#[test]
fn zeros_behind_the_point_are_no_precision() {
    assert_eq!(threshold("0.2000000000000000000000000000s"), threshold("200ms"));
    assert_eq!(threshold("200000000000000000000000000000e-30s"), threshold("200ms"));
}

#[test]
fn two_digits_are_an_edge_and_more_are_not() {
    for text in ["0s", "1ns", "99ns", "200ms", "1.5s", "2m", "1h", "64kB"] {
        assert!(threshold(text).is_edge(), "{text}");
    }
    for text in ["101ns", "255ms", "1.25s", "125s", "1KiB"] {
        assert!(!threshold(text).is_edge(), "{text}");
    }
}

proptest! {
    #[test]
    fn every_threshold_reads_back(value: u64, scale in -128..=108_i8, unit in 0..3_u8) {
        let unit = [Unit::Seconds, Unit::Bytes, Unit::Plain][usize::from(unit)];
        let threshold = Threshold::from_scaled(value, scale, unit).unwrap();
        let text = threshold.to_string();
        let read = if unit == Unit::Plain { Threshold::parse_plain(&text) } else { text.parse() };
        prop_assert_eq!(read, Ok(threshold), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "[0-9.eE+µnumskKBih -]{0,24}|\\PC*") {
        let _ = parse(&text);
        let _ = Threshold::parse_plain(&text);
        let _ = text.parse::<Decimal>();
    }
}
