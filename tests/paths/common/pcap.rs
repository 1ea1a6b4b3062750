//! Packets of a capture, taken apart and written again.

use observer::capture::{FileSource, PacketBatch, Source};
use std::io::Cursor;
use std::ops::Range;

/// One packet.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) time: u64,
    pub(crate) link: u16,
    pub(crate) bytes: Vec<u8>,
    pub(crate) wire_length: u32,
}

/// The packets of a capture.
pub(crate) fn read(source: &mut dyn Source) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut batch = PacketBatch::default();
    while source.fill(&mut batch).unwrap() {
        packets.extend(batch.packets().map(|packet| Packet {
            time: packet.time.as_nanos(),
            link: packet.link.0,
            bytes: packet.bytes.to_vec(),
            wire_length: packet.wire_length,
        }));
    }
    packets
}

pub(crate) fn read_bytes(capture: &[u8]) -> Vec<Packet> {
    let reader = Box::new(Cursor::new(capture.to_vec()));
    read(&mut FileSource::from_reader("capture", reader).unwrap())
}

/// A pcap file with nanoseconds.
pub(crate) fn write(packets: &[Packet]) -> Vec<u8> {
    let link = packets.first().map_or(1, |packet| packet.link);
    assert!(packets.iter().all(|packet| packet.link == link), "pcap has one link type");
    let mut file = header(link);
    for packet in packets {
        let (seconds, nanos) = (packet.time / 1_000_000_000, packet.time % 1_000_000_000);
        let captured = u32::try_from(packet.bytes.len()).unwrap();
        let seconds = u32::try_from(seconds).unwrap();
        for word in [seconds, u32::try_from(nanos).unwrap(), captured, packet.wire_length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&packet.bytes);
    }
    file
}

fn header(link: u16) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, u32::from(link)] {
        file.extend(u32::to_le_bytes(word));
    }
    file
}

/// Where a packet's headers are: IP in Ethernet, Linux cooked, null or raw, without tunnels.
struct Layout {
    ip_at: usize,
    is_v4: bool,
    tcp_at: usize,
    payload: Range<usize>,
}

impl Packet {
    /// As `tcpdump --snapshot-length` would have kept it.
    pub(crate) fn truncated(&self, length: usize) -> Self {
        let mut packet = self.clone();
        packet.bytes.truncate(length);
        packet
    }

    fn layout(&self) -> Option<Layout> {
        let short =
            |at: usize| Some(u16::from_be_bytes([*self.bytes.get(at)?, *self.bytes.get(at + 1)?]));
        let ip_at = match self.link {
            1 => 14,
            113 => 16,
            276 => 20,
            0 | 108 => 4,
            12 | 101 => 0,
            _ => return None,
        };
        let is_v4 = self.bytes.get(ip_at)? >> 4 == 4;
        let (protocol, tcp_at, end) = if is_v4 {
            let header = usize::from(self.bytes.get(ip_at)? & 15) * 4;
            (*self.bytes.get(ip_at + 9)?, ip_at + header, ip_at + usize::from(short(ip_at + 2)?))
        } else {
            let end = ip_at + 40 + usize::from(short(ip_at + 4)?);
            (*self.bytes.get(ip_at + 6)?, ip_at + 40, end)
        };
        let start = tcp_at + usize::from(self.bytes.get(tcp_at + 12)? >> 4) * 4;
        // Only what is whole is cut.
        let is_whole = protocol == 6 && start <= end && end <= self.bytes.len();
        is_whole.then_some(Layout { ip_at, is_v4, tcp_at, payload: start..end })
    }

    /// Bytes of TCP payload.
    pub(crate) fn payload_length(&self) -> usize {
        self.layout().map_or(0, |layout| layout.payload.len())
    }

    /// The same bytes in several packets, at the same time: the payload cut before each of `cuts`, which ascend.
    pub(crate) fn cut(&self, cuts: &[usize]) -> Vec<Self> {
        let Some(layout) = self.layout().filter(|_| !cuts.is_empty()) else {
            return vec![self.clone()];
        };
        let length = layout.payload.len();
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain(std::iter::once(length));
        starts.zip(ends).map(|(start, end)| self.piece(&layout, start..end)).collect()
    }

    fn piece(&self, layout: &Layout, part: Range<usize>) -> Self {
        let is_last = part.end == layout.payload.len();
        let mut bytes = self.bytes[..layout.payload.start].to_vec();
        let payload = layout.payload.start + part.start..layout.payload.start + part.end;
        bytes.extend(&self.bytes[payload]);
        let sequence_at = layout.tcp_at + 4;
        let sequence = u32::from_be_bytes(bytes[sequence_at..sequence_at + 4].try_into().unwrap());
        let sequence = sequence.wrapping_add(u32::try_from(part.start).unwrap());
        bytes[sequence_at..sequence_at + 4].copy_from_slice(&sequence.to_be_bytes());
        if !is_last {
            // FIN and PSH belong to the last byte.
            bytes[layout.tcp_at + 13] &= !0x09;
        }
        let (length_at, counted_from) = match layout.is_v4 {
            true => (layout.ip_at + 2, layout.ip_at),
            false => (layout.ip_at + 4, layout.ip_at + 40),
        };
        let length = u16::try_from(bytes.len() - counted_from).unwrap();
        bytes[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
        let wire_length = u32::try_from(bytes.len()).unwrap();
        Self { time: self.time, link: self.link, bytes, wire_length }
    }
}
