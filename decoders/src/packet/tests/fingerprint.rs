//! Copies are equal, retransmissions are not.

use super::build::*;
use super::{PAYLOAD, packet, read};
use crate::packet::{Packet, PacketParser};

fn fingerprint(link: u16, bytes: &[u8]) -> u64 {
    read(&mut PacketParser::new(), packet(link, bytes)).unwrap().0.fingerprint
}

#[test]
fn copies_at_other_places_are_equal() {
    let original = fingerprint(1, &segment_frame());
    let mut routed = segment_v4();
    // Type of service, time to live, header checksum; and a TCP checksum that the card filled in.
    (routed[1], routed[8], routed[10], routed[36]) = (0xb8, 63, 0x77, 0x55);
    let vxlan = udp(4_789, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &segment_frame()]));
    for (link, copy) in [
        (1, ethernet(0x8100, &vlan(0x0800, &segment_v4()))),
        (1, ethernet(0x0800, &routed)),
        (0, join(&[&[2, 0, 0, 0], &segment_v4()])),
        (113, join(&[&[0; 14], &[8, 0], &segment_v4()])),
        (1, ethernet(0x0800, &ipv4_with(17, 9, 0, &[], &vxlan))),
    ] {
        assert_eq!(fingerprint(link, &copy), original, "link {link}");
    }
}

#[test]
fn a_snap_length_changes_nothing_while_the_header_is_there() {
    let frame = segment_frame();
    let cut = Packet { bytes: &frame[..frame.len() - PAYLOAD.len()], ..packet(1, &frame) };
    let (segment, _) = read(&mut PacketParser::new(), cut).unwrap();
    assert_eq!(segment.fingerprint, fingerprint(1, &frame));
}

#[test]
fn what_a_sender_changes_when_it_sends_again_differs() {
    let ip = |identification, tcp: &[u8]| ipv4_with(6, identification, 0x4000, &[], tcp);
    let segment = tcp(PAYLOAD);
    let mut later_timestamp = segment.clone();
    later_timestamp[27] += 1;
    let mut other_window = segment.clone();
    other_window[15] += 1;
    let mut other_acknowledgment = segment.clone();
    other_acknowledgment[11] += 1;
    let mut with_fin = segment.clone();
    with_fin[13] |= 1;
    let all = [
        ip(0x1234, &segment),
        ip(0x1235, &segment),
        ip(0x1234, &later_timestamp),
        ip(0x1234, &other_window),
        ip(0x1234, &other_acknowledgment),
        ip(0x1234, &with_fin),
        ip(0x1234, &tcp(&PAYLOAD[1..])),
        ip(0x1234, &tcp_with(1_001, &TIMESTAMPS, PAYLOAD)),
        ipv6(6, &segment),
        ipv6(6, &later_timestamp),
    ];
    let mut seen: Vec<u64> = all.iter().map(|bytes| fingerprint(101, bytes)).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all.len());
}
