//! The form at rest.

use model::histogram::{Bin, CompactError, CompactHistogram, Distribution, Histogram};
use proptest::prelude::*;

use crate::support::{any_histogram, bin};

fn packed(bins: &[(Bin, u64)]) -> CompactHistogram {
    CompactHistogram::from(&bins.iter().copied().collect::<Histogram>())
}

#[test]
fn the_bytes_are_bins_passed_over_and_counts_less_one() {
    assert!(CompactHistogram::default().is_empty());
    assert_eq!(packed(&[]).as_bytes(), [0_u8; 0]);
    assert_eq!(packed(&[(Bin::NAN, 1), (Bin::MIN, 2)]).as_bytes(), [0, 0, 0, 1]);
    // Ordinal 23042 + 125·90 + 5 = 34297 is 0x85f9: groups 0x79, 0x0b, 0x02.
    let latencies = packed(&[(bin(15, -3), 300), (bin(17, -3), 128)]);
    assert_eq!(latencies.as_bytes(), [0xf9, 0x8b, 0x02, 0xab, 0x02, 1, 127]);
    assert_eq!(format!("{latencies:?}"), "{Bin(1.5e-03): 300, Bin(1.7e-03): 128}");
}

#[test]
fn wrong_bytes_are_named_with_their_place() {
    let parse = |bytes: &[u8]| CompactHistogram::from_bytes(bytes).unwrap_err();
    assert_eq!(parse(&[0]), CompactError::Truncated { offset: 0 });
    assert_eq!(parse(&[0, 0, 5]), CompactError::Truncated { offset: 2 });
    assert_eq!(parse(&[0, 0, 0x80, 0, 0]), CompactError::Overlong { offset: 2 });
    assert_eq!(parse(&[0xff; 30]), CompactError::Overlong { offset: 0 });
    // 46081 is the last bin: 0xb401.
    assert!(CompactHistogram::from_bytes([0x81, 0xe8, 0x02, 0]).is_ok());
    assert_eq!(parse(&[0x82, 0xe8, 0x02, 0]), CompactError::BinRange { offset: 0 });
    assert_eq!(parse(&[0x81, 0xe8, 0x02, 0, 0, 0]), CompactError::BinRange { offset: 4 });
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(parse(&[&[0, 0], &huge[..], &[0]].concat()), CompactError::BinRange { offset: 2 });
    assert_eq!(parse(&[&[0], &huge[..]].concat()), CompactError::CountRange { offset: 0 });
}

proptest! {
    #[test]
    fn bytes_are_checked_while_they_are_merged(
        bytes in prop::collection::vec(prop_oneof![0..4_u8, 0x7e..0x84_u8, any::<u8>()], 0..40),
        mut into in any_histogram(),
    ) {
        let read = CompactHistogram::from_bytes(bytes.clone());
        let mut expected = into.clone();
        let merged = into.merge_compact_bytes(&bytes);
        prop_assert_eq!(merged, read.clone().map(|_| ()));
        if let Ok(compact) = read {
            expected.merge(&Histogram::from(&compact));
            prop_assert_eq!(into, expected);
        }
    }

    #[test]
    fn packing_keeps_everything(histogram in any_histogram()) {
        let compact = CompactHistogram::from(&histogram);
        prop_assert_eq!(Histogram::from(&compact), histogram.clone());
        prop_assert!(compact.iter().eq(histogram.iter()));
        let reread = CompactHistogram::from_bytes(compact.as_bytes()).unwrap();
        prop_assert_eq!(&reread, &compact);
        prop_assert_eq!((compact.count(), compact.nan_count()), (histogram.count(), histogram.nan_count()));
        prop_assert_eq!(compact.is_empty(), histogram.is_empty());
        prop_assert_eq!(compact.lowest_bin(), histogram.lowest_bin());
        prop_assert_eq!(compact.highest_bin(), histogram.highest_bin());
    }

    #[test]
    fn every_way_of_merging_agrees(a in any_histogram(), b in any_histogram()) {
        let mut expected = a.clone();
        expected.merge(&b);
        let (compact_a, compact_b) = (CompactHistogram::from(&a), CompactHistogram::from(&b));
        prop_assert_eq!(compact_a.merged(&compact_b), CompactHistogram::from(&expected));
        prop_assert_eq!(compact_b.merged(&compact_a), CompactHistogram::from(&expected));
        let mut into = a.clone();
        into.merge_compact(&compact_b);
        prop_assert_eq!(&into, &expected);
        let mut into = a;
        into.merge_compact_bytes(compact_b.as_bytes()).unwrap();
        prop_assert_eq!(&into, &expected);
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_are_the_only_form_of_what_they_say(
        bytes in prop::collection::vec(prop_oneof![0..4_u8, 0x7e..0x84_u8, any::<u8>()], 0..40),
    ) {
        if let Ok(compact) = CompactHistogram::from_bytes(bytes.clone()) {
            let again = CompactHistogram::from(&Histogram::from(&compact));
            prop_assert_eq!(again.as_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn cut_bytes_are_refused_or_lack_only_the_end(histogram in any_histogram(), cut: prop::sample::Index) {
        let bytes = CompactHistogram::from(&histogram).into_bytes();
        let kept = cut.index(bytes.len() + 1);
        if let Ok(compact) = CompactHistogram::from_bytes(&bytes[..kept]) {
            let bins = compact.iter().count();
            prop_assert!(compact.iter().eq(histogram.iter().take(bins)));
        }
    }
}
