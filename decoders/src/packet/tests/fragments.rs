//! Datagrams in fragments.

use super::build::*;
use super::{PAYLOAD, packet, read};
use crate::packet::fragments::{
    FRAGMENT_AGE_MAX, FRAGMENT_BYTES_MAX, FRAGMENT_DATAGRAMS_MAX, FRAGMENT_PARTS_MAX,
};
use crate::packet::{Packet, PacketParser, Parsed, Segment};
use model::units::{CaptureTime, Nanos};
use proptest::prelude::*;

const MORE: u16 = 0x2000;

/// An IPv4 datagram of `inside`, cut at the given places, which are multiples of eight.
fn v4_fragments(identification: u16, protocol: u8, inside: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let ends = cuts.iter().copied().chain([inside.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    starts
        .zip(ends)
        .map(|(start, end)| {
            let more = if end < inside.len() { MORE } else { 0 };
            let place = u16::try_from(start / 8).unwrap() | more;
            ipv4_with(protocol, identification, place, &[], &inside[start..end])
        })
        .collect()
}

fn feed(parser: &mut PacketParser, packets: &[Vec<u8>]) -> Option<(Segment, Vec<u8>)> {
    packets.iter().filter_map(|bytes| read(parser, packet(101, bytes))).last()
}

#[test]
fn in_any_order_and_from_both_versions() {
    let segment = tcp(PAYLOAD);
    let v4 = v4_fragments(7, 6, &segment, &[8, 32]);
    let v6 = vec![
        ipv6_fragment(6, 9, 1, &segment[..8]),
        ipv6_fragment(6, 9, 8 | 1, &segment[8..32]),
        ipv6_fragment(6, 9, 32, &segment[32..]),
    ];
    for parts in [v4, v6] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let packets = order.map(|i: usize| parts[i].clone());
            let mut parser = PacketParser::new();
            let (segment, payload) = feed(&mut parser, &packets).unwrap();
            assert_eq!(payload, PAYLOAD, "{order:?}");
            assert_eq!((segment.sequence, segment.payload_missing), (1_000, 0));
            assert_eq!(parser.packets.fragments, 3);
            assert_eq!((parser.packets.reassembled, parser.packets.tcp), (1, 1));
            assert_eq!(parser.fragments.held(), (0, 0));
        }
    }
}

#[test]
fn the_segment_points_into_the_parsers_buffer() {
    let mut parser = PacketParser::new();
    let parts = v4_fragments(7, 6, &tcp(PAYLOAD), &[24]);
    assert!(matches!(parser.parse(packet(101, &parts[0])), Parsed::Nothing));
    let Parsed::Reassembled(segment, buffer) = parser.parse(packet(101, &parts[1])) else {
        panic!("not reassembled");
    };
    assert_eq!(segment.payload_start, 32);
    assert_eq!(segment.payload(buffer), PAYLOAD);
}

#[test]
fn of_bytes_that_come_twice_the_first_copy_counts() {
    let segment = tcp(PAYLOAD);
    let mut parts = v4_fragments(7, 6, &segment, &[8, 32]);
    // A second copy of the middle, longer on both sides, and of other bytes.
    let overlap = vec![0xee; 40];
    parts.insert(2, ipv4_with(6, 7, MORE, &[], &overlap));
    let mut parser = PacketParser::new();
    let (_, payload) = feed(&mut parser, &parts).unwrap();
    // Bytes 32 to 40 of the datagram came with the overlap first.
    assert_eq!(payload[..8], [0xee; 8]);
    assert_eq!(payload[8..], PAYLOAD[8..]);
    assert_eq!(parser.packets.fragments, 4);
}

#[test]
fn an_atomic_fragment_is_none() {
    let mut parser = PacketParser::new();
    let found = feed(&mut parser, &[ipv6_fragment(6, 9, 0, &tcp(PAYLOAD))]);
    assert_eq!(found.unwrap().1, PAYLOAD);
    assert_eq!(parser.packets.fragments, 0);
}

#[test]
fn fragments_that_the_snap_length_cut() {
    let parts = v4_fragments(7, 6, &tcp(PAYLOAD), &[40]);
    let mut parser = PacketParser::new();
    let first = packet(101, &parts[0]);
    let cut = Packet { bytes: &parts[0][..20 + 36], ..first };
    assert!(read(&mut parser, cut).is_none());
    let (segment, payload) = read(&mut parser, packet(101, &parts[1])).unwrap();
    // 32 bytes of header, 4 of payload; what follows the hole does not count as captured.
    assert_eq!(payload, PAYLOAD[..4]);
    assert_eq!(segment.payload_missing as usize, PAYLOAD.len() - 4);
}

#[test]
fn a_tunnel_in_fragments_and_fragments_in_a_tunnel() {
    let inner = v4_fragments(8, 6, &tcp(PAYLOAD), &[24]);
    let outer = inner.iter().enumerate().flat_map(|(i, inner)| {
        let identification = u16::try_from(i).unwrap();
        v4_fragments(identification, 4, inner, &[24])
    });
    let mut parser = PacketParser::new();
    let (_, payload) = feed(&mut parser, &outer.collect::<Vec<_>>()).unwrap();
    assert_eq!(payload, PAYLOAD);
    assert_eq!((parser.packets.reassembled, parser.packets.tcp), (3, 1));
}

#[test]
fn contradictory_fragments_are_counted() {
    let odd = ipv4_with(6, 7, MORE, &[], &[0; 9]);
    let empty = ipv4_with(6, 7, MORE, &[], &[]);
    let too_long = ipv4_with(6, 7, 0x1fff, &[], &[0; 9]);
    let mut parser = PacketParser::new();
    assert!(feed(&mut parser, &[odd, empty, too_long]).is_none());
    assert_eq!((parser.packets.fragments, parser.packets.fragments_malformed), (3, 3));
    assert_eq!(parser.fragments.held(), (0, 0));
}

#[test]
fn datagrams_that_never_become_whole_are_given_up() {
    let mut parser = PacketParser::new();
    let first = &v4_fragments(7, 6, &tcp(PAYLOAD), &[8, 32])[..2];
    assert!(feed(&mut parser, first).is_none());
    let late = CaptureTime::from_nanos(8).plus(FRAGMENT_AGE_MAX).plus(Nanos(1));
    let other = &v4_fragments(8, 6, &tcp(PAYLOAD), &[8])[0];
    assert!(read(&mut parser, Packet { time: late, ..packet(101, other) }).is_none());
    assert_eq!(parser.packets.fragments_dropped, 2);
    parser.finish();
    assert_eq!(parser.packets.fragments_dropped, 3);
    assert_eq!(parser.fragments.held(), (0, 0));
}

#[test]
fn bounds_hold() {
    let mut parser = PacketParser::new();
    for identification in 0..3_000 {
        let large = ipv4_with(6, identification, MORE | 4_000, &[], &[0; 1_480]);
        assert!(read(&mut parser, packet(101, &large)).is_none());
        let (datagrams, bytes) = parser.fragments.held();
        assert!(datagrams <= FRAGMENT_DATAGRAMS_MAX && bytes <= FRAGMENT_BYTES_MAX);
    }
    assert!(parser.packets.fragments_dropped > 1_976);
    let mut parser = PacketParser::new();
    for identification in 0..3_000 {
        let small = ipv4_with(6, identification, MORE, &[], &[0; 8]);
        assert!(read(&mut parser, packet(101, &small)).is_none());
    }
    assert_eq!(parser.fragments.held().0, FRAGMENT_DATAGRAMS_MAX);
    let mut parser = PacketParser::new();
    for place in 0..=u16::try_from(FRAGMENT_PARTS_MAX).unwrap() {
        let scattered = ipv4_with(6, 1, MORE | (place * 2), &[], &[0; 8]);
        assert!(read(&mut parser, packet(101, &scattered)).is_none());
    }
    assert_eq!(parser.packets.fragments_dropped, FRAGMENT_PARTS_MAX as u64 + 1);
    assert_eq!(parser.fragments.held(), (0, 0));
}

proptest! {
    /// However a datagram is cut, shuffled and repeated, it comes out as it was, once.
    #[test]
    fn cutting_and_shuffling_changes_nothing(
        payload in proptest::collection::vec(any::<u8>(), 1..400),
        cuts in proptest::collection::btree_set(1_usize..50, 0..8),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
    ) {
        let segment = tcp(&payload);
        let cuts: Vec<usize> =
            cuts.into_iter().map(|cut| cut * 8).filter(|&cut| cut < segment.len()).collect();
        prop_assume!(!cuts.is_empty());
        let parts = v4_fragments(7, 6, &segment, &cuts);
        let mut packets: Vec<_> = order.iter().map(|index| index.get(&parts).clone()).collect();
        packets.extend(parts);
        let mut parser = PacketParser::new();
        let first = packets.iter().find_map(|bytes| read(&mut parser, packet(101, bytes)));
        prop_assert_eq!(first.unwrap().1, payload);
    }
}
