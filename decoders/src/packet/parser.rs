//! The entry: one packet in, at most one segment out, each packet counted once.

use super::cursor::{Cursor, Stop};
use super::fragments::{Added, Fragments};
use super::walk::{Layer, TUNNEL_LEVELS_MAX, Walk};
use super::{Packet, Segment, link};
use model::ledger::Packets;
use model::units::{CaptureTime, Nanos};

/// Merged files and the queues of a card go back in time by this much without being counted.
pub const TIME_REVERSAL_TOLERATED: Nanos = Nanos::from_millis(1_000);

/// Datagrams that may lie in one another, each in fragments.
const REASSEMBLIES_MAX: u32 = TUNNEL_LEVELS_MAX + 1;

/// What a packet was.
#[derive(Clone, Copy, Debug)]
pub enum Parsed<'a> {
    /// A TCP segment whose payload lies in the packet's bytes.
    Segment(Segment),
    /// The packet completed a fragmented datagram: the segment's offsets point into these bytes.
    Reassembled(Segment, &'a [u8]),
    /// Nothing for TCP; the account says what.
    Nothing,
}

impl<'a> Parsed<'a> {
    /// The segment and its captured payload; `bytes` are those of the packet.
    pub fn segment<'b>(&self, bytes: &'b [u8]) -> Option<(Segment, &'b [u8])>
    where
        'a: 'b,
    {
        match *self {
            Self::Segment(segment) => Some((segment, segment.payload(bytes))),
            Self::Reassembled(segment, buffer) => Some((segment, segment.payload(buffer))),
            Self::Nothing => None,
        }
    }
}

/// Reads packets and keeps their account.
#[derive(Debug, Default)]
pub struct PacketParser {
    /// What the packets were.
    pub packets: Packets,
    pub(super) fragments: Fragments,
    /// The datagram that was put together last.
    datagram: Vec<u8>,
    newest: CaptureTime,
}

impl PacketParser {
    /// A parser that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one packet. No input makes it panic, allocate (fragments apart) or run longer than the packet is.
    #[inline]
    pub fn parse(&mut self, packet: Packet<'_>) -> Parsed<'_> {
        let cursor = Cursor::new(packet.bytes, packet.wire_length);
        self.packets.packets += 1;
        self.packets.captured_bytes += packet.bytes.len() as u64;
        self.packets.wire_bytes += u64::from(cursor.wire);
        self.check_time(packet.time);
        let mut walk = Walk::new(packet.time);
        let outcome = match link::first_layer(packet.link, cursor) {
            Ok((layer, cursor)) => walk.run(layer, cursor),
            Err(stop) => Err(stop),
        };
        self.count(&walk, 0, &outcome);
        match outcome {
            Ok(segment) => Parsed::Segment(segment),
            Err(Stop::Fragment) => self.fragment(walk),
            Err(_) => Parsed::Nothing,
        }
    }

    /// The input is over: what still waits for other fragments is given up and counted.
    pub fn finish(&mut self) {
        self.fragments.give_up_all();
        self.packets.fragments_dropped = self.fragments.dropped;
    }

    #[inline]
    fn check_time(&mut self, time: CaptureTime) {
        if time >= self.newest {
            self.newest = time;
        } else if time < self.newest.minus(TIME_REVERSAL_TOLERATED) {
            self.packets.time_reversed += 1;
        }
    }

    /// Counts a packet, or a datagram that was put together, in which `levels_before` tunnels were counted already.
    #[inline]
    fn count(&mut self, walk: &Walk<'_>, levels_before: u32, outcome: &Result<Segment, Stop>) {
        match outcome {
            Ok(segment) => {
                self.packets.tcp += 1;
                self.packets.truncated_payloads += u64::from(segment.payload_missing > 0);
            }
            Err(stop) => self.count_stop(*stop),
        }
        if walk.levels > 0 {
            self.packets.tunnelled += u64::from(levels_before == 0);
            self.packets.tunnels_over_limit += u64::from(walk.over_limit);
        }
    }

    fn count_stop(&mut self, stop: Stop) {
        let packets = &mut self.packets;
        let kind = match stop {
            Stop::LinkTypeUnknown => &mut packets.link_type_unknown,
            Stop::NotIp => &mut packets.not_ip,
            Stop::Udp => &mut packets.udp,
            Stop::OtherIp => &mut packets.other_ip,
            Stop::Malformed => &mut packets.malformed,
            Stop::Truncated => &mut packets.truncated_headers,
            Stop::Fragment => &mut packets.fragments,
        };
        *kind += 1;
    }

    #[cold]
    fn fragment(&mut self, walk: Walk<'_>) -> Parsed<'_> {
        match self.reassemble(walk, REASSEMBLIES_MAX) {
            Some((segment, data)) => {
                self.datagram = data;
                Parsed::Reassembled(segment, &self.datagram)
            }
            None => Parsed::Nothing,
        }
    }

    /// Keeps a fragment and, if it made its datagram whole, walks on in there, where it may meet a fragment again.
    fn reassemble(&mut self, walk: Walk<'_>, rounds: u32) -> Option<(Segment, Vec<u8>)> {
        let fragment = walk.fragment.as_ref().filter(|_| rounds > 0)?;
        let added = self.fragments.add(fragment, walk.time);
        self.packets.fragments_dropped = self.fragments.dropped;
        let datagram = match added {
            Added::Whole(datagram) => datagram,
            Added::Waits => return None,
            Added::Malformed => {
                self.packets.fragments_malformed += 1;
                return None;
            }
        };
        self.packets.reassembled += 1;
        let mut inner = Walk { network: datagram.network, fragment: None, ..walk };
        let cursor = Cursor::new(&datagram.data, datagram.wire);
        let outcome = inner.run(Layer::Protocol(datagram.protocol), cursor);
        self.count(&inner, walk.levels, &outcome);
        match outcome {
            Ok(segment) => Some((segment, datagram.data)),
            Err(Stop::Fragment) => self.reassemble(inner, rounds - 1),
            Err(_) => None,
        }
    }
}
