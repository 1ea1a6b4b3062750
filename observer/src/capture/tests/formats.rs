//! Every variant of both formats.

use super::build::*;
use super::{Trickle, read, read_from};
use crate::capture::{BATCH_BYTES, FileSource, PacketBatch, Source};
use std::io::Cursor;

#[test]
fn both_formats_in_both_byte_orders() {
    for order in ORDERS {
        for file in [pcap(order), pcapng(order)] {
            let outcome = read(&file);
            assert_eq!(outcome.seen, expected(), "{order:?}");
            assert!(outcome.error.is_none() && outcome.warnings.is_empty());
        }
    }
}

#[test]
fn the_variants_of_pcap() {
    for order in ORDERS {
        let record = pcap_record(order, 7, 999_999, b"abc");
        let nanos = [pcap_header(order, 0xa1b2_3c4d, 1), record.clone()].concat();
        assert_eq!(read(&nanos).seen, [(7_000_999_999, 1, b"abc".to_vec(), 3)]);
        let (header, data) = record.split_at(16);
        let modified = pcap_header(order, 0xa1b2_cd34, 113);
        let modified = [&modified[..], header, &[0, 0, 0, 2, 8, 0, 4, 0], data, header].concat();
        let outcome = read(&modified);
        assert_eq!(outcome.seen, [(7_999_999_000, 113, b"abc".to_vec(), 3)]);
        assert_eq!(outcome.warnings.len(), 1);
        // The upper half of the link type tells of a frame check sequence.
        let with_fcs = [pcap_header(order, 0xa1b2_c3d4, 0x2400_0001), record].concat();
        assert_eq!(read(&with_fcs).seen[0].1, 1);
    }
}

#[test]
fn a_wire_length_below_the_captured_one_is_not_believed() {
    let order = Order::Little;
    let mut record = pcap_record(order, 7, 0, b"abcdef");
    record[12] = 2;
    let file = [pcap_header(order, 0xa1b2_c3d4, 1), record].concat();
    assert_eq!(read(&file).seen, [(7_000_000_000, 1, b"abcdef".to_vec(), 6)]);
}

#[test]
fn times_may_be_zero() {
    let order = Order::Little;
    let file = [pcap_header(order, 0xa1b2_c3d4, 1), pcap_record(order, 0, 0, b"a")].concat();
    assert_eq!(read(&file).seen, [(0, 1, b"a".to_vec(), 1)]);
}

#[test]
fn a_capture_without_packets_is_one() {
    for order in ORDERS {
        for file in [pcap_header(order, 0xa1b2_c3d4, 1), section(order)] {
            let outcome = read(&file);
            assert!(outcome.seen.is_empty() && outcome.error.is_none());
            assert!(outcome.warnings.is_empty());
        }
    }
}

#[test]
fn interfaces_have_their_own_links_and_clocks() {
    for order in ORDERS {
        let resolution = |value: u8| option(order, 9, &[value]);
        let offset = option(order, 14, &order.u64(1_000));
        let comment = option(order, 1, b"a comment");
        let before = option(order, 14, &order.u64((-2_i64).cast_unsigned()));
        let end = option(order, 0, &[]);
        let file = [
            section(order),
            interface(order, 1, 0, &[]),
            interface(order, 113, 0, &[comment, resolution(9), end.clone()].concat()),
            interface(order, 101, 0, &[resolution(0x80 | 10), offset, end].concat()),
            interface(order, 0, 0, &before),
            enhanced(order, 0, 1_500_000, b"a", 9, &[]),
            enhanced(order, 1, 2_500_000_000, b"bb", 2, &[]),
            enhanced(order, 2, 3 * 1_024 + 512, b"ccc", 3, &[]),
            enhanced(order, 3, 7_000_000, b"d", 1, &[]),
            enhanced(order, 3, 1_000_000, b"e", 1, &[]),
        ]
        .concat();
        assert_eq!(
            read(&file).seen,
            [
                (1_500_000_000, 1, b"a".to_vec(), 9),
                (2_500_000_000, 113, b"bb".to_vec(), 2),
                (1_003_500_000_000, 101, b"ccc".to_vec(), 3),
                (5_000_000_000, 0, b"d".to_vec(), 1),
                (0, 0, b"e".to_vec(), 1),
            ]
        );
    }
}

#[test]
fn simple_and_obsolete_packets() {
    for order in ORDERS {
        let simple = [&order.u32(9)[..], &padded(b"abcdefghi")].concat();
        let cut = [&order.u32(900)[..], &padded(b"abcdefghij")].concat();
        let mut obsolete = [order.u16(1), order.u16(3)].concat();
        for word in [0, 2_000_000, 5, 6] {
            obsolete.extend(order.u32(word));
        }
        obsolete.extend(padded(b"vwxyz"));
        let file = [
            section(order),
            interface(order, 1, 10, &[]),
            interface(order, 0, 0, &[]),
            block(order, 3, &simple),
            block(order, 3, &cut),
            block(order, 2, &obsolete),
        ]
        .concat();
        let outcome = read(&file);
        assert_eq!(
            outcome.seen,
            [
                (0, 1, b"abcdefghi".to_vec(), 9),
                (0, 1, b"abcdefghij".to_vec(), 900),
                (2_000_000_000, 0, b"vwxyz".to_vec(), 6),
            ]
        );
        assert_eq!(outcome.dropped, 3);
    }
}

#[test]
fn sections_of_different_byte_orders() {
    let [little, big] = ORDERS;
    let file = [pcapng(little), pcapng(big), pcapng(little)].concat();
    let all = [expected(), expected(), expected()].concat();
    assert_eq!(read(&file).seen, all);
}

#[test]
fn unknown_blocks_are_passed_over_however_long() {
    let order = Order::Little;
    let long = block(order, 0x0bad, &vec![0xaa; 20 << 20]);
    let names = block(order, 4, &[0; 40]);
    let file = [
        section(order),
        names,
        interface(order, 1, 0, &[]),
        long,
        enhanced(order, 0, 1, b"a", 1, &[]),
        block(order, 10, &[1; 64]),
    ]
    .concat();
    let mut source = FileSource::from_reader("test", Box::new(Cursor::new(file))).unwrap();
    let mut batch = PacketBatch::default();
    assert!(source.fill(&mut batch).unwrap());
    assert_eq!((batch.records.len(), batch.buffer.len()), (1, BATCH_BYTES));
    assert!(!source.fill(&mut batch).unwrap());
    assert!(source.warnings().is_empty());
}

#[test]
fn drops_are_counted_once() {
    let order = Order::Little;
    let statistics = |interface, dropped_by_interface: u64, dropped_by_system: u64| {
        let mut body = order.u32(interface).to_vec();
        body.extend([0; 8]);
        body.extend(option(order, 4, &order.u64(1_000)));
        body.extend(option(order, 5, &order.u64(dropped_by_interface)));
        body.extend(option(order, 7, &order.u64(dropped_by_system)));
        block(order, 5, &body)
    };
    let before = option(order, 4, &order.u64(4));
    let first = [
        section(order),
        interface(order, 1, 0, &[]),
        interface(order, 1, 0, &[]),
        // Four before each of two packets, which the statistics then count, too: they are cumulative.
        enhanced(order, 0, 1, b"a", 1, &before),
        statistics(0, 3, 2),
        enhanced(order, 0, 2, b"b", 1, &before),
        statistics(0, 6, 3),
        // Of this one there are no statistics.
        enhanced(order, 1, 3, b"c", 1, &before),
    ]
    .concat();
    assert_eq!(read(&first).dropped, 9 + 4);
    let second = [section(order), interface(order, 1, 0, &[]), statistics(0, 1, 0)].concat();
    assert_eq!(read(&[first, second].concat()).dropped, 9 + 4 + 1);
}

#[test]
fn however_few_bytes_come_at_a_time() {
    for order in ORDERS {
        for file in [pcap(order), pcapng(order)] {
            for at_a_time in [1, 2, 7, 30, 1_000] {
                let outcome = read_from(Box::new(Trickle(Cursor::new(file.clone()), at_a_time)));
                assert_eq!(outcome.seen, expected());
            }
        }
    }
}

#[test]
fn a_pipes_packets_come_as_they_are_written() {
    let order = Order::Little;
    let file = pcap(order);
    let mut source =
        FileSource::from_reader("pipe", Box::new(Trickle(Cursor::new(file), 16))).unwrap();
    let mut batch = PacketBatch::default();
    let mut fills = 0;
    while source.fill(&mut batch).unwrap() {
        fills += 1;
    }
    assert!(fills > packets().len() / 2, "{fills}");
}

#[test]
fn records_across_batches_and_longer_than_one() {
    let order = Order::Little;
    let lengths = [100_000, 200_000, BATCH_BYTES, 3 << 20, 10, 16 << 20, 1, 250_000, 12_143];
    let data = |length: usize| -> Vec<u8> { (0..length).map(|i| (i % 251) as u8).collect() };
    let mut classic = pcap_header(order, 0xa1b2_c3d4, 1);
    let mut next = [section(order), interface(order, 1, 0, &[])].concat();
    for (second, &length) in (1..).zip(&lengths) {
        let data = data(length);
        classic.extend(pcap_record(order, second, 0, &data));
        let wire_length = u32::try_from(length).unwrap();
        let ticks = u64::from(second) * 1_000_000;
        next.extend(enhanced(order, 0, ticks, &data, wire_length, &[]));
    }
    for file in [classic, next] {
        let outcome = read(&file);
        assert!(outcome.error.is_none() && outcome.warnings.is_empty());
        let seen: Vec<usize> = outcome.seen.iter().map(|seen| seen.2.len()).collect();
        assert_eq!(seen, lengths);
        assert!(outcome.seen.iter().all(|seen| seen.2 == data(seen.2.len())));
    }
}
