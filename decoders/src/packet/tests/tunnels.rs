//! Packets inside packets.

use super::build::*;
use super::{account_of, assert_is_the_segment};
use crate::packet::TUNNEL_LEVELS_MAX;

const VXLAN: [u8; 8] = [8, 0, 0, 0, 0, 0, 1, 0];

fn in_udp(port: u16, header: &[u8], inside: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(17, &udp(port, &join(&[header, inside]))))
}

fn in_gre(header: &[u8], inside: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(47, &join(&[header, inside])))
}

#[test]
fn over_udp() {
    let (v4, v6, frame) = (segment_v4(), segment_v6(), segment_frame());
    let tagged = ethernet(0x8100, &vlan(0x86dd, &v6));
    for packet in [
        in_udp(4_789, &VXLAN, &frame),
        in_udp(8_472, &VXLAN, &tagged),
        // A group policy.
        in_udp(4_789, &[0x88, 0, 0, 5, 0, 0, 1, 0], &frame),
        in_udp(4_790, &[0x0c, 0, 0, 1, 0, 0, 1, 0], &v4),
        in_udp(4_790, &[0x0c, 0, 0, 2, 0, 0, 1, 0], &v6),
        in_udp(4_790, &[0x0c, 0, 0, 3, 0, 0, 1, 0], &frame),
        in_udp(4_790, &VXLAN, &frame),
        in_udp(6_081, &[0, 0, 0x65, 0x58, 0, 0, 1, 0], &frame),
        in_udp(6_081, &[2, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1], &frame),
        in_udp(6_081, &[0, 0, 0x08, 0, 0, 0, 1, 0], &v4),
        in_udp(6_081, &[0, 0, 0x86, 0xdd, 0, 0, 1, 0], &v6),
        ethernet(0x86dd, &ipv6(17, &udp(4_789, &join(&[&VXLAN, &frame])))),
    ] {
        let (_, parser) = assert_is_the_segment(1, &packet);
        assert_eq!((parser.packets.tunnelled, parser.packets.udp), (1, 0));
    }
}

#[test]
fn over_gre_and_ip() {
    let (v4, v6, frame) = (segment_v4(), segment_v6(), segment_frame());
    let erspan_3 = |last: u16, rest: &[u8]| {
        join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 10], &last.to_be_bytes(), rest])
    };
    for packet in [
        in_gre(&[0, 0, 0x08, 0], &v4),
        in_gre(&[0, 0, 0x86, 0xdd], &v6),
        in_gre(&[0x80, 0, 0x08, 0, 0xaa, 0xbb, 0, 0], &v4),
        in_gre(&[0xb0, 0, 0x08, 0, 0xaa, 0xbb, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], &v4),
        in_gre(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 1], &frame),
        in_gre(&[0, 0, 0x88, 0x47, 0, 1, 1, 64], &v4),
        // PPTP with sequence and acknowledgment.
        in_gre(&[0x30, 0x81, 0x88, 0x0b, 0, 9, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0x21], &v4),
        in_gre(&[0, 0, 0x88, 0xbe], &frame),
        in_gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 20, 0, 0, 0, 1], &frame),
        in_gre(&erspan_3(0, &[]), &frame),
        in_gre(&erspan_3(1, &[7; 8]), &frame),
        in_gre(&erspan_3(2 << 10, &[]), &v4),
        ethernet(0x0800, &ipv4(4, &v4)),
        ethernet(0x0800, &ipv4(41, &v6)),
        ethernet(0x86dd, &ipv6(4, &v4)),
        ethernet(0x86dd, &ipv6(41, &v6)),
    ] {
        let (_, parser) = assert_is_the_segment(1, &packet);
        assert_eq!((parser.packets.tunnelled, parser.packets.other_ip), (1, 0));
    }
}

#[test]
fn what_only_uses_a_tunnels_port_is_a_datagram() {
    let frame = segment_frame();
    for packet in [
        in_udp(4_789, &[0; 8], &frame),
        in_udp(4_789, b"short", &[]),
        in_udp(4_790, &[0x0d, 0, 0, 3, 0, 0, 1, 0], &frame),
        in_udp(6_081, &[0x40, 0, 0x65, 0x58, 0, 0, 1, 0], &frame),
        in_udp(6_081, &[0, 0x80, 0x65, 0x58, 0, 0, 1, 0], &frame),
        in_udp(53, &VXLAN, &frame),
    ] {
        let account = account_of(1, &[&packet]);
        assert_eq!((account.udp, account.tunnelled), (1, 0));
    }
    let source_route = in_gre(&[0x40, 0, 0x08, 0, 0, 0, 0, 0], &segment_v4());
    assert_eq!(account_of(1, &[&source_route]).other_ip, 1);
}

#[test]
fn tunnels_are_unwrapped_to_the_limit_and_no_further() {
    let mut packet = segment_v4();
    for _ in 0..TUNNEL_LEVELS_MAX {
        packet = ipv4(4, &packet);
    }
    let (_, parser) = assert_is_the_segment(101, &packet);
    assert_eq!((parser.packets.tunnelled, parser.packets.tunnels_over_limit), (1, 0));
    let account = account_of(101, &[&ipv4(4, &packet)]);
    assert_eq!((account.other_ip, account.tunnels_over_limit, account.tcp), (1, 1, 0));
}

#[test]
fn the_innermost_addresses_count() {
    let outer = in_udp(4_789, &VXLAN, &ethernet(0x86dd, &segment_v6()));
    let (segment, _) = assert_is_the_segment(1, &outer);
    assert!(segment.key.low.address.to_ip().is_ipv6());
}
