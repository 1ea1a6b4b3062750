//! Every link layer leads to the same segment.

use super::build::*;
use super::{LinkType, account_of, assert_is_the_segment, packet};
use crate::packet::PacketParser;

#[test]
fn ethernet_and_what_lies_between_it_and_ip() {
    let (v4, v6) = (segment_v4(), segment_v6());
    let length = u16::try_from(8 + v4.len()).unwrap();
    let frames = [
        ethernet(0x0800, &v4),
        ethernet(0x86dd, &v6),
        ethernet(0x8100, &vlan(0x0800, &v4)),
        ethernet(0x88a8, &vlan(0x8100, &vlan(0x86dd, &v6))),
        ethernet(0x9100, &vlan(0x9200, &vlan(0x8100, &vlan(0x0800, &v4)))),
        ethernet(0x8847, &join(&[&[0, 1, 0, 64, 0, 1, 1, 64], &v4])),
        ethernet(0x8848, &join(&[&[0, 1, 1, 64], &v6])),
        // An Ethernet pseudowire with its control word.
        ethernet(0x8847, &join(&[&[0, 1, 1, 64, 0, 0, 0, 9], &segment_frame()])),
        ethernet(0x8100, &vlan(0x8847, &join(&[&[0, 1, 1, 64], &v4]))),
        ethernet(0x8864, &pppoe(&join(&[&[0, 0x21], &v4]))),
        ethernet(0x8864, &pppoe(&join(&[&[0, 0x57], &v6]))),
        // The protocol compressed to one byte.
        ethernet(0x8864, &pppoe(&join(&[&[0x21], &v4]))),
        ethernet(length, &llc_snap(0x0800, &v4)),
        ethernet(0x8100, &vlan(length, &llc_snap(0x0800, &v4))),
    ];
    for frame in &frames {
        assert_is_the_segment(1, frame);
    }
}

fn pppoe(inside: &[u8]) -> Vec<u8> {
    let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
    join(&[&[0x11, 0, 0, 7], &length, inside, &[0; 9]])
}

#[test]
fn links_without_ethernet() {
    let (v4, v6) = (segment_v4(), segment_v6());
    for (link, header, ip) in [
        (0, &[2, 0, 0, 0][..], &v4),
        (0, &[0, 0, 0, 2], &v4),
        (0, &[24, 0, 0, 0], &v6),
        (0, &[28, 0, 0, 0], &v6),
        (0, &[30, 0, 0, 0], &v6),
        (0, &[0, 0, 0, 10], &v6),
        (0, &[23, 0, 0, 0], &v6),
        (108, &[0, 0, 0, 2], &v4),
        (108, &[0, 0, 0, 24], &v6),
        (101, &[], &v4),
        (101, &[], &v6),
        (12, &[], &v4),
        (14, &[], &v6),
        (228, &[], &v4),
        (229, &[], &v6),
        (9, &[0, 0x21], &v4),
        (9, &[0xff, 3, 0, 0x57], &v6),
        (50, &[0xff, 3, 0, 0x21], &v4),
        (50, &[0x0f, 0, 8, 0], &v4),
        (104, &[0x0f, 0, 0x86, 0xdd], &v6),
        (51, &[0x11, 0, 0, 7, 0, 0, 0, 0x21], &v4),
        (113, &[0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 8, 0], &v4),
        (113, &[0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x86, 0xdd], &v6),
        (113, &[0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x81, 0, 0, 7, 8, 0], &v4),
        (276, &[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0], &v4),
        (276, &[0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0], &v6),
    ] {
        assert_is_the_segment(link, &join(&[header, ip]));
    }
}

#[test]
fn nflog_in_both_byte_orders() {
    let v4 = segment_v4();
    let length = u16::try_from(4 + v4.len()).unwrap();
    // A prefix of one byte, padded to four, before the packet.
    let little = [&[2, 0, 0, 5, 5, 0, 10, 0, 0, 0, 0, 0], &length.to_le_bytes()[..], &[9, 0], &v4];
    let big = [&[2, 0, 0, 5, 0, 5, 0, 10, 0, 0, 0, 0], &length.to_be_bytes()[..], &[0, 9], &v4];
    assert_is_the_segment(239, &join(&little));
    assert_is_the_segment(239, &join(&big));
    let without_packet: &[u8] = &[2, 0, 0, 5, 5, 0, 10, 0, 0, 0, 0, 0];
    assert_eq!(account_of(239, &[without_packet]).malformed, 1);
}

#[test]
fn wifi_data_frames() {
    let snap = llc_snap(0x0800, &segment_v4());
    let plain = join(&[&[0x08, 0x01], &[0; 22], &snap]);
    let qos = join(&[&[0x88, 0x02], &[0; 22], &[0, 0], &snap]);
    let qos_with_control = join(&[&[0x88, 0x82], &[0; 22], &[0, 0], &[0; 4], &snap]);
    let between_access_points = join(&[&[0x88, 0x03], &[0; 28], &[0, 0], &snap]);
    for frame in [&plain, &qos, &qos_with_control, &between_access_points] {
        assert_is_the_segment(105, frame);
        assert_is_the_segment(127, &join(&[&[0, 0, 8, 0, 0, 0, 0, 0], frame]));
    }
    // Flags behind a timestamp and a second bitmap: the header of 26 bytes is padded to 28.
    let padded = join(&[&[0x88, 0x02], &[0; 22], &[0, 0], &[0, 0], &snap]);
    let header: &[u8] =
        &[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 0x20];
    assert_is_the_segment(127, &join(&[header, &padded]));
}

#[test]
fn wifi_frames_without_a_readable_packet() {
    let snap = llc_snap(0x0800, &segment_v4());
    let frame = |kind, flags, qos| join(&[&[kind, flags], &[0; 22], &[qos, 0], &snap]);
    let account = account_of(
        105,
        &[
            // Beacon, acknowledgment, null data, encrypted, aggregate.
            &frame(0x80, 0, 0),
            &frame(0xd4, 0, 0),
            &frame(0xc8, 1, 0),
            &frame(0x88, 0x41, 0),
            &frame(0x88, 1, 0x80),
        ],
    );
    assert_eq!(account.not_ip, 5);
}

#[test]
fn what_is_not_ip_is_counted() {
    let arp = ethernet(0x0806, &[0; 28]);
    let spanning_tree = ethernet(38, &[0x42; 46]);
    let discovery = ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0]);
    let link_control = ethernet(0x8864, &[0x11, 0, 0, 7, 0, 4, 0xc0, 0x21, 1, 1]);
    let account = account_of(1, &[&arp, &spanning_tree, &discovery, &link_control]);
    assert_eq!(account.not_ip, 4);
    assert_eq!(account_of(0, &[&[99, 0, 0, 0, 0x45]]).not_ip, 1);
    assert_eq!(account_of(113, &[&[0; 20]]).not_ip, 1);
    assert_eq!(account_of(101, &[&[0x55; 40]]).not_ip, 1);
}

#[test]
fn exactly_the_decoded_link_types_are_known() {
    let decoded: Vec<u16> = (0..=u16::MAX).filter(|&n| LinkType(n).is_decoded()).collect();
    assert_eq!(
        decoded,
        [0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 228, 229, 239, 276]
    );
    for link in 0..=u16::MAX {
        let mut parser = PacketParser::new();
        parser.parse(packet(link, &[0; 64]));
        let is_unknown = parser.packets.link_type_unknown == 1;
        assert_eq!(is_unknown, !LinkType(link).is_decoded(), "link {link}");
    }
}
