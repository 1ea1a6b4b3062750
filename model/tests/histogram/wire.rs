//! The forms that others read and write.

use model::histogram::{Bin, CompactHistogram, Histogram, TextError, WireError};
use proptest::prelude::*;

use crate::support::{any_histogram, bin, of_values};

/// {−25: 70000, 0: 1, 0.0015: 300} as OpenHistogram writes it.
const VECTOR: &str = "AAPnAQJwEQEAAAABD/0BLAE=";

fn vector() -> Histogram {
    [(bin(-25, 1), 70_000), (Bin::ZERO, 1), (bin(15, -3), 300)].into_iter().collect()
}

fn read(bytes: &[u8]) -> Result<Histogram, WireError> {
    let dense = Histogram::from_wire(bytes);
    let compact = CompactHistogram::from_wire(bytes);
    assert_eq!(compact.as_ref().map(Histogram::from).map_err(Clone::clone), dense, "forms agree");
    dense
}

#[test]
fn the_published_vector() {
    assert_eq!(vector().to_base64(), VECTOR);
    assert_eq!(Histogram::from_base64(VECTOR).unwrap(), vector());
    assert_eq!(CompactHistogram::from(&vector()).to_base64(), VECTOR);
    assert_eq!(CompactHistogram::from_base64(VECTOR).unwrap(), CompactHistogram::from(&vector()));
    let bytes = [0, 3, 231, 1, 2, 0x70, 0x11, 1, 0, 0, 0, 1, 15, 253, 1, 0x2c, 1];
    assert_eq!(vector().to_wire(), bytes);
}

#[test]
fn base64_may_lack_padding_and_have_blanks_around() {
    assert_eq!(Histogram::from_base64(" AAPnAQJwEQEAAAABD/0BLAE\r\n").unwrap(), vector());
    assert!(matches!(Histogram::from_base64("AAPn*"), Err(WireError::Base64(_))));
    assert!(matches!(Histogram::from_base64(""), Err(WireError::Truncated { bin: 0, .. })));
}

#[test]
fn counts_take_as_few_bytes_as_they_can() {
    for len in 1..=8_usize {
        let largest = u64::MAX >> (64 - 8 * len);
        let histogram: Histogram = [(bin(10, 0), largest)].into_iter().collect();
        assert_eq!(histogram.to_wire().len(), 2 + 3 + len);
        let smallest: Histogram = [(bin(10, 0), largest / 256 + 1)].into_iter().collect();
        assert_eq!(smallest.to_wire().len(), 2 + 3 + len);
    }
    assert_eq!(Histogram::new().to_wire(), [0, 0]);
}

#[test]
fn nan_is_written_first_and_read() {
    let histogram = of_values(&[1.0, f64::NAN, -1.0]);
    assert_eq!(histogram.to_wire(), [0, 3, 255, 0, 0, 1, 246, 0, 0, 1, 10, 0, 0, 1]);
    assert_eq!(read(&histogram.to_wire()).unwrap(), histogram);
}

#[test]
fn every_bin_there_is_fits_into_one_message() {
    let full: Histogram = (0..=Bin::MAX.ordinal())
        .map(|ordinal| (Bin::from_ordinal(ordinal).unwrap(), u64::from(ordinal) + 1))
        .collect();
    assert_eq!(read(&full.to_wire()).unwrap(), full);
}

#[test]
fn long_counts_and_padding_with_zero_counts_are_read() {
    let long = [0, 1, 10, 0, 7, 5, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(read(&long).unwrap(), [(bin(10, 0), 5)].into_iter().collect());
    let padded = [0, 3, 10, 0, 0, 5, 0, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(read(&padded).unwrap(), [(bin(10, 0), 5)].into_iter().collect());
    let all_padding: Vec<u8> = [255, 255].into_iter().chain([0; 4 * 65_535]).collect();
    assert!(read(&all_padding).unwrap().is_empty());
}

#[test]
fn wrong_bytes_are_named_with_their_place() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err();
    assert_eq!(error(&[]), WireError::Truncated { bin: 0, bins: 0, offset: 0 });
    assert_eq!(error(&[9]), WireError::Truncated { bin: 0, bins: 0, offset: 0 });
    assert_eq!(error(&[0, 1]), WireError::Truncated { bin: 1, bins: 1, offset: 2 });
    assert_eq!(
        error(&[255, 255, 10, 0, 1, 1]),
        WireError::Truncated { bin: 1, bins: 65_535, offset: 2 }
    );
    assert_eq!(error(&[0, 0, 1]), WireError::Trailing { len: 1, offset: 2 });
    assert_eq!(error(&[0, 1, 10, 0, 0, 1, 7, 7]), WireError::Trailing { len: 2, offset: 6 });
    assert_eq!(error(&[0, 1, 10, 0, 8, 1]), WireError::CountTooLong { len: 9, offset: 2 });
    for (mantissa, exponent) in
        [(9, 0), (-9, 0), (100, 0), (-100, 3), (0, 1), (-1, 1), (i8::MIN, 0)]
    {
        let bytes = [0, 1, mantissa as u8, exponent as u8, 0, 1];
        assert_eq!(error(&bytes), WireError::NoSuchBin { mantissa, exponent, offset: 2 });
    }
    let (one, two, nan) = ([10, 0, 0, 1], [20, 0, 0, 1], [255, 0, 0, 1]);
    for (first, second, bin) in
        [(two, one, bin(10, 0)), (one, one, bin(10, 0)), (one, nan, Bin::NAN)]
    {
        let bytes = [&[0, 2], &first[..], &second[..]].concat();
        assert_eq!(error(&bytes), WireError::NotAscending { bin, offset: 6 });
    }
}

#[test]
fn every_cut_of_a_message_is_refused() {
    let bytes = vector().to_wire();
    for len in 0..bytes.len() {
        assert!(matches!(read(&bytes[..len]), Err(WireError::Truncated { .. })), "{len}");
    }
}

#[test]
fn strings_as_circonus_clients_write_them() {
    let histogram = of_values(&[0.123, 0.0, 0.43, 0.41, 0.415, 0.2201, 0.3201, 0.125, 0.13]);
    let strings = [
        "H[0.0e+00]=1",
        "H[1.2e-01]=2",
        "H[1.3e-01]=1",
        "H[2.2e-01]=1",
        "H[3.2e-01]=1",
        "H[4.1e-01]=2",
        "H[4.3e-01]=1",
    ];
    assert_eq!(histogram.to_strings(), strings);
    assert_eq!(Histogram::from_strings(strings).unwrap(), histogram);
    assert_eq!(vector().to_strings(), ["H[-2.5e+01]=70000", "H[0.0e+00]=1", "H[1.5e-03]=300"]);
    let extremes = of_values(&[f64::NAN, -9.9e127, 1e-128]);
    assert_eq!(extremes.to_strings(), ["H[NaN]=1", "H[-9.9e+127]=1", "H[1.0e-128]=1"]);
}

#[test]
fn strings_as_they_are_accepted() {
    for (text, mantissa, exponent, count) in [
        ("H[1.2e-03]=4", 12, -3, 4),
        ("H[0.0012]=4", 12, -3, 4),
        ("H[0.00129999999999999999999999]=4", 12, -3, 4),
        ("H[0.29]=1", 29, -1, 1),
        ("H[1]=18446744073709551615", 10, 0, u64::MAX),
        ("H[+12e-004]=4", 12, -3, 4),
        ("H[-2.5E+01]=1", -25, 1, 1),
        (" H[ 5 ]= 7 ", 50, 0, 7),
        ("H[0]=2", 0, 0, 2),
        ("H[-0.0e+00]=2", 0, 0, 2),
        ("H[nan]=2", -1, 0, 2),
        ("H[1e999]=2", -1, 0, 2),
        ("H[1e-99999999999999999999]=2", 0, 0, 2),
        ("0.123", 12, -1, 1),
        ("-7", -70, 0, 1),
        (".5", 50, -1, 1),
    ] {
        let read = Histogram::from_strings([text]).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [(bin(mantissa, exponent), count)], "{text}");
    }
    let sum = Histogram::from_strings(["H[2]=1", "H[1]=1", "H[2.05]=4", "H[9]=0"]).unwrap();
    assert_eq!(sum.iter().collect::<Vec<_>>(), [(bin(10, 0), 1), (bin(20, 0), 5)]);
}

#[test]
fn wrong_strings_are_named() {
    let error = |text: &str| Histogram::from_strings([text]).unwrap_err();
    for text in ["", "H", "H[", "H[1]", "H[1=4", "[1]=4", "h[1]=4", "seven"] {
        assert!(matches!(error(text), TextError::Shape { .. }), "{text}");
    }
    for text in ["H[]=4", "H[x]=4", "H[1e]=4", "H[1.2.3]=4", "1 2", "not a number"] {
        assert!(matches!(error(text), TextError::Value { .. }), "{text}");
    }
    for text in ["H[1]=", "H[1]=-1", "H[1]=1.5", "H[1]=18446744073709551616"] {
        assert!(matches!(error(text), TextError::Count { .. }), "{text}");
    }
    let long = "x".repeat(1_000);
    assert!(error(&long).to_string().len() < 200);
}

#[test]
fn json_holds_base64() {
    let json = serde_json::to_string(&vector()).unwrap();
    assert_eq!(json, format!("\"{VECTOR}\""));
    assert_eq!(serde_json::from_str::<Histogram>(&json).unwrap(), vector());
    let compact: CompactHistogram = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&compact).unwrap(), json);
    assert!(serde_json::from_str::<CompactHistogram>("\"AAE=\"").is_err());
}

proptest! {
    #[test]
    fn every_form_keeps_everything(histogram in any_histogram()) {
        prop_assert_eq!(&read(&histogram.to_wire()).unwrap(), &histogram);
        prop_assert_eq!(&Histogram::from_base64(&histogram.to_base64()).unwrap(), &histogram);
        prop_assert_eq!(&Histogram::from_strings(histogram.to_strings()).unwrap(), &histogram);
        let compact = CompactHistogram::from(&histogram);
        prop_assert_eq!(compact.to_wire(), histogram.to_wire());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_what_reads_reads_back(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(histogram) = read(&bytes) {
            prop_assert_eq!(read(&histogram.to_wire()).unwrap(), histogram);
        }
    }

    #[test]
    fn damaged_messages_never_panic(histogram in any_histogram(), place: prop::sample::Index, byte: u8) {
        let mut bytes = histogram.to_wire();
        *place.get_mut(&mut bytes) = byte;
        if let Ok(histogram) = read(&bytes) {
            prop_assert_eq!(read(&histogram.to_wire()).unwrap(), histogram);
        }
    }

    #[test]
    fn no_text_panics(text in "H\\[[0-9.eE+-]{0,12}\\]=[0-9-]{0,22}|\\PC{0,40}") {
        let _ = Histogram::from_strings([&text]);
        let _ = Histogram::from_base64(&text);
    }
}
