//! Padding, offload and the snap length: what is payload, what is missing.

use super::build::*;
use super::{PAYLOAD, account_of, assert_is_the_segment, packet, read};
use crate::packet::{Packet, PacketParser, Segment};

#[test]
fn padding_is_not_payload() {
    let mut frame = ethernet(0x0800, &ipv4(6, &tcp(b"")));
    frame.extend([0xee; 6]);
    let mut parser = PacketParser::new();
    let (segment, payload) = read(&mut parser, packet(1, &frame)).unwrap();
    assert_eq!((payload.len(), segment.payload_missing), (0, 0));
    let mut frame = segment_frame();
    frame.extend(*b"a frame check sequence and more");
    assert_is_the_segment(1, &frame);
}

#[test]
fn options_and_extension_headers_are_passed_over() {
    let options = [0x94, 4, 0, 0, 1, 1, 1, 0];
    assert_is_the_segment(228, &ipv4_with(6, 1, 0, &options, &tcp(PAYLOAD)));
    let mut inside = tcp(PAYLOAD);
    let mut next = 6;
    // Destination options, routing, mobility and hop-by-hop of eight bytes, and one of sixteen.
    for (number, length) in [(60, 0), (43, 1), (135, 0), (0, 0)] {
        inside = join(&[&[next, length], &vec![0; 6 + 8 * usize::from(length)], &inside]);
        next = number;
    }
    assert_is_the_segment(229, &ipv6(next, &inside));
    let authenticated = join(&[&[6, 4], &[0; 22], &tcp(PAYLOAD)]);
    assert_is_the_segment(229, &ipv6(51, &authenticated));
    assert_is_the_segment(228, &ipv4(51, &authenticated));
    // In IPv4 these numbers are protocols of their own.
    assert_eq!(account_of(228, &[&ipv4(60, &inside)]).other_ip, 1);
}

#[test]
fn a_length_of_zero_is_offload() {
    let mut frame = segment_frame();
    frame[16] = 0;
    frame[17] = 0;
    assert_is_the_segment(1, &frame);
    let mut v6 = segment_v6();
    v6[4] = 0;
    v6[5] = 0;
    assert_is_the_segment(229, &v6);
    // A jumbogram: the length stands in a hop-by-hop option.
    let jumbo = ipv6(0, &join(&[&[6, 0, 0xc2, 4, 0, 1, 0, 0], &tcp(PAYLOAD)]));
    let jumbo = [&jumbo[..4], &[0, 0], &jumbo[6..]].concat();
    assert_is_the_segment(229, &jumbo);
}

#[test]
fn contradictions_are_malformed() {
    let mut short_total = segment_v4();
    short_total[3] = 19;
    let mut short_header = segment_v4();
    short_header[0] = 0x44;
    let mut options_too_long = ipv4(6, &tcp(b""));
    options_too_long[32] = 0xf0;
    let mut offset_too_small = segment_v4();
    offset_too_small[32] = 0x40;
    let mut version = segment_v4();
    version[0] = 0x65;
    let half_a_header = ipv4(6, &tcp(b"")[..10]);
    let packets =
        [short_total, short_header, options_too_long, offset_too_small, version, half_a_header];
    for bytes in &packets {
        assert_eq!(account_of(228, &[bytes]).malformed, 1, "{bytes:x?}");
    }
    assert_eq!(account_of(1, &[&[], &[2; 13]]).malformed, 2);
}

/// Reads the packet as if only its first `captured` bytes had been kept.
fn cut(bytes: &[u8], link: u16, captured: usize) -> (Option<(Segment, Vec<u8>)>, PacketParser) {
    let mut parser = PacketParser::new();
    let wire = packet(link, bytes);
    let found = read(&mut parser, Packet { bytes: &bytes[..captured], ..wire });
    (found, parser)
}

#[test]
fn every_snap_length_gives_the_segment_or_says_that_the_headers_were_cut() {
    let vxlan = udp(4_789, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &segment_frame()]));
    let packets = [
        (1, segment_frame()),
        (1, ethernet(0x8100, &vlan(0x86dd, &segment_v6()))),
        (1, ethernet(0x0800, &ipv4(17, &vxlan))),
        (113, join(&[&[0; 14], &[8, 0], &segment_v4()])),
        (239, join(&[&[2, 0, 0, 5, 86, 0, 9, 0], &segment_v4()])),
        (127, join(&[&[0, 0, 8, 0, 0, 0, 0, 0, 8, 1], &[0; 22], &llc_snap(0x800, &segment_v4())])),
    ];
    for (link, bytes) in &packets {
        let headers = bytes.len() - PAYLOAD.len();
        let fixed_headers = headers - TIMESTAMPS.len();
        for captured in 0..bytes.len() {
            let (found, parser) = cut(bytes, *link, captured);
            if captured < fixed_headers {
                assert!(found.is_none());
                assert_eq!(parser.packets.truncated_headers, 1, "link {link} at {captured}");
                continue;
            }
            let (segment, payload) = found.unwrap();
            let kept = captured.saturating_sub(headers);
            assert_eq!(payload, PAYLOAD[..kept], "link {link} at {captured}");
            assert_eq!(segment.payload_missing as usize, PAYLOAD.len() - kept);
            assert_eq!(parser.packets.truncated_payloads, 1);
        }
    }
}

#[test]
fn the_ip_length_tells_what_is_missing_where_the_wire_length_does_not() {
    let bytes = segment_frame();
    let kept = bytes.len() - 5;
    let mut parser = PacketParser::new();
    let (segment, _) = read(&mut parser, packet(1, &bytes[..kept])).unwrap();
    assert_eq!(segment.payload_missing, 5);
    assert_eq!(segment.wire_payload_length() as usize, PAYLOAD.len());
}
