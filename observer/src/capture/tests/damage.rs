//! Cut and broken files: what came before counts, and nothing panics.

use super::build::*;
use super::read;
use crate::capture::{
    BATCH_BYTES, CaptureError, CaptureWarning, Damage, FileSource, PacketBatch, Source,
};
use proptest::prelude::*;
use std::io::Cursor;

/// Where each packet's record ends.
fn ends(lengths: impl Fn(&[u8]) -> usize, header: usize) -> Vec<usize> {
    let mut at = header;
    packets()
        .iter()
        .map(|data| {
            at += lengths(data);
            at
        })
        .collect()
}

fn check_every_cut(file: &[u8], header: usize, ends: &[usize]) {
    assert_eq!(ends.last(), Some(&file.len()));
    for length in 0..file.len() {
        let outcome = read(&file[..length]);
        let whole = ends.iter().filter(|&&end| end <= length).count();
        assert_eq!(outcome.seen, expected()[..whole], "cut at {length}");
        if length < header {
            assert!(outcome.seen.is_empty());
            continue;
        }
        assert!(outcome.error.is_none(), "cut at {length}: {:?}", outcome.error);
        let begin = ends.iter().rfind(|&&end| end <= length).copied().unwrap_or(header);
        match outcome.warnings.as_slice() {
            [] => assert_eq!(begin, length),
            [CaptureWarning::Truncated { offset, missing, .. }] => {
                assert_eq!(*offset, begin as u64, "cut at {length}");
                let end = ends.iter().find(|&&end| end > length).unwrap();
                assert!(*missing > 0 && *missing <= (end - length) as u64, "cut at {length}");
            }
            other => panic!("cut at {length}: {other:?}"),
        }
    }
}

#[test]
fn every_cut_of_a_pcap_file() {
    for order in ORDERS {
        let ends = ends(|data| 16 + data.len(), 24);
        check_every_cut(&pcap(order), 24, &ends);
        for length in 1..24 {
            let error = read(&pcap(order)[..length]).error;
            let is_cut = matches!(error, Some(CaptureError::HeaderCut { .. }));
            assert_eq!(is_cut, length >= 4, "{length}: {error:?}");
        }
    }
}

#[test]
fn every_cut_of_a_pcapng_file() {
    for order in ORDERS {
        let header = section(order).len() + interface(order, 1, 0, &[]).len();
        let ends = ends(|data| 32 + data.len().next_multiple_of(4), header);
        check_every_cut(&pcapng(order), header, &ends);
        for length in 4..section(order).len() {
            let error = read(&pcapng(order)[..length]).error;
            assert!(matches!(error, Some(CaptureError::HeaderCut { .. })), "{length}: {error:?}");
        }
    }
}

#[test]
fn a_cut_unknown_block_is_told() {
    let order = Order::Little;
    let unknown = block(order, 99, &[0; 100]);
    let file = [pcapng(order), unknown[..50].to_vec()].concat();
    let outcome = read(&file);
    assert_eq!(outcome.seen, expected());
    let missing = (unknown.len() - 50) as u64;
    assert!(
        matches!(&outcome.warnings[..], [CaptureWarning::Truncated { missing: m, .. }] if *m == missing)
    );
}

/// The damage at the end of a good file, and of one without a packet.
#[track_caller]
fn assert_damage(good: &[u8], header: usize, broken: &[u8], damage: &Damage) {
    let outcome = read(&[good, broken].concat());
    assert_eq!(outcome.seen, expected());
    assert!(outcome.error.is_none());
    match outcome.warnings.as_slice() {
        [CaptureWarning::Damaged { file, offset, damage: found }] => {
            assert_eq!((file.as_str(), *offset, found), ("test", good.len() as u64, damage));
        }
        other => panic!("{other:?}"),
    }
    match read(&[&good[..header], broken].concat()).error {
        Some(CaptureError::Damaged { offset, damage: found, .. }) => {
            assert_eq!((offset, &found), (header as u64, damage));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn damage_after_a_packet_warns_and_before_it_fails() {
    let order = Order::Little;
    let mut long = pcap_record(order, 9, 9, b"abc");
    long[8..12].copy_from_slice(&order.u32((16 << 20) + 1));
    let too_long = Damage::TooLong { length: (16 << 20) + 1, limit: 16 << 20 };
    assert_damage(&pcap(order), 24, &long, &too_long);
    assert_damage(&pcap(order), 24, &[0; 4_096], &Damage::Zeros);

    let good = pcapng(order);
    let header = section(order).len() + interface(order, 1, 0, &[]).len();
    let packet = enhanced(order, 0, 1, b"abc", 3, &[]);
    let length = u32::try_from(packet.len()).unwrap();
    let wrong = |kind, length| Damage::BlockLength { kind, length };
    let with = |place: usize, number: u32| {
        let mut broken = packet.clone();
        broken[place..place + 4].copy_from_slice(&order.u32(number));
        broken
    };
    assert_damage(&good, header, &with(4, 11), &wrong(6, 11));
    assert_damage(&good, header, &with(4, length + 1), &wrong(6, length + 1));
    assert_damage(&good, header, &with(packet.len() - 4, 99), &wrong(6, length));
    assert_damage(&good, header, &with(8, 7), &Damage::Interface(7));
    assert_damage(&good, header, &with(20, 5), &wrong(6, length));
    assert_damage(&good, header, &block(order, 6, &[0; 16]), &wrong(6, 28));
    assert_damage(&good, header, &block(order, 1, &[0; 4]), &wrong(1, 16));
    assert_damage(&good, header, &block(order, 0x0a0d_0d0a, &[1; 16]), &Damage::Section);
    let mut version = section(order);
    version[12] = 9;
    assert_damage(&good, header, &version, &Damage::Section);
    let limit = (16 << 20) + (64 << 10);
    let too_long = Damage::TooLong { length: 64 << 20, limit };
    assert_damage(&good, header, &with(4, 64 << 20), &too_long);
}

#[test]
fn a_header_alone_does_not_make_the_buffer_grow() {
    let order = Order::Little;
    let mut record = pcap_record(order, 9, 9, &[7; 1_000]);
    record[8..12].copy_from_slice(&order.u32(16 << 20));
    let file = [pcap_header(order, 0xa1b2_c3d4, 1), record].concat();
    let mut source = FileSource::from_reader("test", Box::new(Cursor::new(file))).unwrap();
    let mut batch = PacketBatch::default();
    assert!(!source.fill(&mut batch).unwrap());
    assert_eq!(batch.buffer.len(), BATCH_BYTES);
    assert_eq!(source.warnings().len(), 1);
}

#[test]
fn messages_are_one_line_and_say_where() {
    let order = Order::Little;
    let cut = pcap(order);
    let warning = read(&cut[..cut.len() - 5]).warnings.remove(0).to_string();
    assert_eq!(
        warning,
        "test: ends inside the record at byte 190, of which 5 bytes are missing; the packets before it count"
    );
    let damaged = [pcap(order), vec![0; 64]].concat();
    let warning = read(&damaged).warnings.remove(0).to_string();
    assert_eq!(
        warning,
        "test: is damaged at byte 267: zeros where a record should be; only the packets before it count"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is changed in a file, reading it ends, and without a panic.
    #[test]
    fn broken_files(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let [little, big] = ORDERS;
        let mut file = [pcap(little), pcap(big), pcapng(little), pcapng(big)][which].clone();
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        read(&file);
    }

    #[test]
    fn arbitrary_bytes_behind_a_header(
        which in 0_usize..4,
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let [little, big] = ORDERS;
        let header = match which {
            0 => pcap_header(little, 0xa1b2_c3d4, 1),
            1 => pcap_header(big, 0xa1b2_cd34, 1),
            2 => section(little),
            _ => [section(big), interface(big, 1, 0, &[])].concat(),
        };
        read(&[header, bytes].concat());
    }
}
