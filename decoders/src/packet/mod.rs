//! Link, network and transport headers: a packet's bytes become a [`Segment`].
//!
//! [`PacketParser::parse`] walks the layers of one packet, one step per header, and counts what it found into
//! `model::ledger::Packets`. Nothing is copied or allocated, but for IP fragments, which are put together within named
//! bounds.
//!
//! | file | what |
//! |---|---|
//! | `parser` | the entry, the account |
//! | `walk` | which header follows which |
//! | `cursor` | bounds: what was captured, what the wire had |
//! | `link`, `wifi`, `ether_type` | link layers, tags and labels |
//! | `ip`, `fragments` | IPv4, IPv6, and their fragments |
//! | `tunnel` | VXLAN, Geneve, GRE, ERSPAN |
//! | `transport` | TCP and the fingerprint |

mod cursor;
mod ether_type;
mod fragments;
mod ip;
mod link;
mod parser;
mod transport;
mod tunnel;
mod walk;
mod wifi;

#[cfg(test)]
mod tests;

pub use fragments::{
    FRAGMENT_AGE_MAX, FRAGMENT_BYTES_MAX, FRAGMENT_DATAGRAMS_MAX, FRAGMENT_PARTS_MAX,
};
pub use parser::{PacketParser, Parsed, TIME_REVERSAL_TOLERATED};
pub use walk::TUNNEL_LEVELS_MAX;

use model::flow::{End, FlowKey};
use model::units::CaptureTime;

/// One packet as a capture source hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it was captured.
    pub time: CaptureTime,
    /// Its link type, as in the pcap registry (1 Ethernet, 113 Linux cooked …).
    pub link: LinkType,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// How long it was on the wire; at least `bytes.len()`.
    pub wire_length: u32,
}

/// A link-layer header type of the pcap registry (LINKTYPE_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);

    /// Whether packets of this type are decoded.
    pub const fn is_decoded(self) -> bool {
        link::is_decoded(self)
    }
}

/// What the TCP layer needs of a packet. The payload lies in the packet's bytes, or in the parser's own buffer where
/// fragments were put together.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// When its packet was captured.
    pub time: CaptureTime,
    /// The connection's four-tuple.
    pub key: FlowKey,
    /// Which end of the key sent it.
    pub from: End,
    /// SYN, ACK, FIN, RST …
    pub flags: TcpFlags,
    /// Sequence number of the first byte of the payload (of the SYN, where there is one).
    pub sequence: u32,
    /// Acknowledgment number; meaningful with ACK.
    pub acknowledgment: u32,
    /// The payload's place in the packet's bytes (in the parser's buffer, for [`Parsed::Reassembled`]).
    pub payload_start: u32,
    /// The payload's length as captured.
    pub payload_length: u32,
    /// Payload bytes that were on the wire after those, cut by the snap length.
    pub payload_missing: u32,
    /// Equal for copies of one packet that were seen at several capture points; differs for a TCP retransmission
    /// wherever the sender's IPv4 identification, timestamp option, window or acknowledgment does. To be compared
    /// within one flow.
    pub fingerprint: u64,
}

impl Segment {
    /// The captured payload, of the bytes that the segment's offsets point into.
    pub fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let start = self.payload_start as usize;
        bytes.get(start..start + self.payload_length as usize).unwrap_or_default()
    }

    /// Bytes of payload on the wire, captured or not.
    pub const fn wire_payload_length(&self) -> u32 {
        self.payload_length.saturating_add(self.payload_missing)
    }
}

/// The flags of a TCP header (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// The acknowledgment number is significant.
    pub const ACK: u8 = 0x10;

    /// Whether any of the flags in `mask` is set.
    pub const fn has(self, mask: u8) -> bool {
        self.0 & mask != 0
    }
}
