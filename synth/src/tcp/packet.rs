//! Packets before they are bytes.

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// TCP flags as in the header's byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const FIN: Self = Self(0x01);
    pub(crate) const SYN: Self = Self(0x02);
    pub(crate) const RST: Self = Self(0x04);
    pub(crate) const PSH: Self = Self(0x08);
    pub(crate) const ACK: Self = Self(0x10);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Sequence numbers that the flags themselves use.
    const fn span(self) -> u64 {
        self.has(Self::SYN) as u64 + self.has(Self::FIN) as u64
    }
}

/// What one end wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Sequence number, counted from the SYN.
    pub(crate) offset: u64,
    /// Bytes of payload.
    pub(crate) len: u16,
    pub(crate) flags: Flags,
}

impl Segment {
    /// The sequence number after it.
    pub(crate) fn end(&self) -> u64 {
        self.offset + u64::from(self.len) + self.flags.span()
    }

    /// Whether it is repeated until it arrives.
    pub(crate) fn is_reliable(&self) -> bool {
        self.end() > self.offset
    }
}

/// A segment on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) from: Side,
    pub(crate) segment: Segment,
    /// What it acknowledges, counted from the peer's SYN.
    pub(crate) ack: u64,
    /// IP identification.
    pub(crate) id: u16,
    /// Timestamp option (RFC 7323): the sender's clock, and the newest one of the peer.
    pub(crate) stamp: u32,
    pub(crate) echo: u32,
    /// How often this segment was sent before.
    pub(crate) attempt: u8,
}
