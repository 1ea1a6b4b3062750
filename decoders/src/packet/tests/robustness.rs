//! No bytes make the parser panic, and every packet is counted.

use super::build::*;
use super::{PAYLOAD, packet, read};
use crate::packet::{LinkType, Packet, PacketParser};
use model::units::CaptureTime;
use proptest::collection::vec;
use proptest::prelude::*;

fn any_link() -> impl Strategy<Value = u16> {
    let decoded: Vec<u16> = (0..400).filter(|&n| LinkType(n).is_decoded()).collect();
    prop_oneof![9 => proptest::sample::select(decoded), 1 => any::<u16>()]
}

/// Packets that reach every reader.
fn seeds() -> Vec<(u16, Vec<u8>)> {
    let frame = segment_frame();
    let vxlan = udp(4_789, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &frame]));
    let geneve = udp(6_081, &join(&[&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 1, 1, 1], &frame]));
    let gre = join(&[&[0xb0, 0, 0x22, 0xeb], &[0; 12], &[0x20; 11], &[1], &[0; 8], &frame]);
    let wifi = join(&[&[0x88, 3], &[0; 28], &[0, 0], &llc_snap(0x0800, &segment_v4())]);
    let extended = ipv6(0, &join(&[&[44, 0], &[0; 6], &[6, 0, 0, 1, 0, 0, 0, 9], &tcp(PAYLOAD)]));
    vec![
        (1, frame.clone()),
        (1, ethernet(0x88a8, &vlan(0x8100, &vlan(0x86dd, &segment_v6())))),
        (1, ethernet(0x0800, &ipv4(17, &vxlan))),
        (1, ethernet(0x0800, &ipv4(17, &geneve))),
        (1, ethernet(0x0800, &ipv4(47, &gre))),
        (1, ethernet(0x8864, &join(&[&[0x11, 0, 0, 7, 0, 86, 0, 0x21], &segment_v4()]))),
        (1, ethernet(0x8847, &join(&[&[0, 1, 0, 64, 0, 1, 1, 64], &segment_v4()]))),
        (127, join(&[&[0, 0, 9, 0, 2, 0, 0, 0, 0x20], &wifi])),
        (239, join(&[&[2, 0, 0, 5, 5, 0, 10, 0, 0, 0, 0, 0, 86, 0, 9, 0], &segment_v4()])),
        (101, extended),
        (101, ipv4_with(6, 7, 0x2000, &[], &tcp(PAYLOAD)[..32])),
        (101, ipv4_with(6, 7, 4, &[], &tcp(PAYLOAD)[32..])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_bytes(link in any_link(), bytes in vec(any::<u8>(), 0..200), more in 0_u32..70_000) {
        let mut parser = PacketParser::new();
        let wire = packet(link, &bytes);
        read(&mut parser, Packet { wire_length: wire.wire_length + more, ..wire });
        prop_assert_eq!(parser.packets.packets, 1);
    }

    /// Valid packets with a few bytes changed, cut anywhere, all through one parser: fragments meet.
    #[test]
    fn broken_packets(
        breaks in vec((any::<proptest::sample::Index>(), vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4), any::<proptest::sample::Index>(), any::<bool>()), 1..30),
        times in vec(any::<u64>(), 30),
    ) {
        let seeds = seeds();
        let mut parser = PacketParser::new();
        for ((which, changes, cut, is_cut), time) in breaks.iter().zip(times) {
            let (link, mut bytes) = which.get(&seeds).clone();
            let wire_length = u32::try_from(bytes.len()).unwrap();
            for (place, value) in changes {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            if *is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let time = CaptureTime::from_nanos(time);
            let packet = Packet { time, link: LinkType(link), bytes: &bytes, wire_length };
            read(&mut parser, packet);
        }
        parser.finish();
        prop_assert_eq!(parser.fragments.held(), (0, 0));
        prop_assert!(parser.packets.fragments_dropped <= parser.packets.fragments + parser.packets.reassembled);
    }
}

#[test]
fn every_cut_of_every_seed_on_the_wire_itself() {
    for (link, bytes) in seeds() {
        for length in 0..=bytes.len() {
            let mut parser = PacketParser::new();
            read(&mut parser, packet(link, &bytes[..length]));
            assert_eq!(parser.packets.packets, 1);
        }
    }
}

#[test]
fn labels_and_tags_without_end() {
    let tags = [0, 7, 0x81, 0].repeat(16_000);
    let labels = [0, 1, 0, 64].repeat(16_000);
    for frame in [ethernet(0x8100, &tags), ethernet(0x8847, &labels)] {
        let mut parser = PacketParser::new();
        assert!(read(&mut parser, packet(1, &frame)).is_none());
        assert_eq!(parser.packets.malformed, 1);
    }
}

#[test]
fn time_that_goes_back() {
    let frame = segment_frame();
    let mut parser = PacketParser::new();
    for (seconds, reversed) in [(100, 0), (99, 0), (98, 1), (100, 1), (0, 2)] {
        let time = CaptureTime::from_parts(seconds, 0);
        read(&mut parser, Packet { time, ..packet(1, &frame) });
        assert_eq!(parser.packets.time_reversed, reversed, "{seconds}");
    }
}
