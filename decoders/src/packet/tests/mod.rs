//! Packets built by hand, header by header; real ones are replayed by the observer's tests.

mod build;
mod fingerprint;
mod fragments;
mod lengths;
mod links;
mod robustness;
mod tunnels;

use super::{LinkType, Packet, PacketParser, Parsed, Segment};
use model::units::CaptureTime;

/// What a packet of the tests carries.
const PAYLOAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

fn packet(link: u16, bytes: &[u8]) -> Packet<'_> {
    let wire_length = u32::try_from(bytes.len()).unwrap();
    Packet { time: CaptureTime::from_nanos(7), link: LinkType(link), bytes, wire_length }
}

/// The segment and its payload.
fn read(parser: &mut PacketParser, packet: Packet<'_>) -> Option<(Segment, Vec<u8>)> {
    let parsed = parser.parse(packet);
    let found = parsed.segment(packet.bytes).map(|(segment, payload)| (segment, payload.to_vec()));
    if let Parsed::Segment(segment) = parsed {
        assert!(segment.payload_start as usize <= packet.bytes.len());
    }
    assert!(parser.packets.balances(), "{:?}", parser.packets);
    found
}

/// Reads the one packet, which must be the segment that [`build::tcp`] makes with [`PAYLOAD`].
#[track_caller]
fn assert_is_the_segment(link: u16, bytes: &[u8]) -> (Segment, PacketParser) {
    let mut parser = PacketParser::new();
    let (segment, payload) = read(&mut parser, packet(link, bytes))
        .unwrap_or_else(|| panic!("link {link}: no segment in {:?}", parser.packets));
    assert_eq!(payload, PAYLOAD, "link {link}");
    assert_eq!(segment.payload_missing, 0, "link {link}");
    assert_eq!(segment.key.endpoint(segment.from).port, 51_234);
    assert_eq!(segment.key.endpoint(segment.from.other()).port, 80);
    assert_eq!((segment.sequence, segment.acknowledgment), (1_000, 2_000));
    assert_eq!(segment.flags.0, 0x18);
    assert_eq!(parser.packets.tcp, 1);
    (segment, parser)
}

/// The account of packets of which none is a segment.
#[track_caller]
fn account_of(link: u16, packets: &[&[u8]]) -> model::ledger::Packets {
    let mut parser = PacketParser::new();
    for bytes in packets {
        assert!(read(&mut parser, packet(link, bytes)).is_none());
    }
    parser.packets
}
