//! Bounds: what was captured from here on, and how much the wire had.

/// Why a packet is not a TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its link type is not decoded.
    LinkTypeUnknown,
    /// Not IP.
    NotIp,
    /// A UDP datagram.
    Udp,
    /// Another protocol above IP.
    OtherIp,
    /// Headers that contradict themselves.
    Malformed,
    /// Cut by the snap length inside a header.
    Truncated,
    /// A fragment, which waits for the others.
    Fragment,
}

/// A place in a packet. Invariant: `rest.len() <= wire`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    /// What was captured from here on.
    pub(super) rest: &'a [u8],
    /// Where `rest` begins in the packet.
    pub(super) start: u32,
    /// How many bytes the wire had from here on.
    pub(super) wire: u32,
}

impl<'a> Cursor<'a> {
    /// The beginning of a packet; a wire length below what was captured is not believed.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], wire_length: u32) -> Self {
        // Offsets have 32 bits; no link carries more.
        let bytes = bytes.get(..u32::MAX as usize).unwrap_or(bytes);
        let captured = bytes.len() as u32;
        Self { rest: bytes, start: 0, wire: wire_length.max(captured) }
    }

    /// What it means that `length` bytes were not there.
    #[cold]
    pub(super) fn shortage(&self, length: usize) -> Stop {
        if length <= self.wire as usize { Stop::Truncated } else { Stop::Malformed }
    }

    /// The first `N` bytes, without moving on.
    #[inline]
    pub(super) fn peek<const N: usize>(&self) -> Result<&'a [u8; N], Stop> {
        self.rest.first_chunk::<N>().ok_or_else(|| self.shortage(N))
    }

    /// Moves on over `length` bytes.
    #[inline]
    pub(super) fn skip(self, length: usize) -> Result<Self, Stop> {
        match self.rest.get(length..) {
            Some(rest) => {
                let skipped = length as u32;
                Ok(Self { rest, start: self.start + skipped, wire: self.wire - skipped })
            }
            None => Err(self.shortage(length)),
        }
    }

    /// Takes the first `N` bytes.
    #[inline]
    pub(super) fn take<const N: usize>(self) -> Result<(&'a [u8; N], Self), Stop> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                let taken = N as u32;
                Ok((head, Self { rest, start: self.start + taken, wire: self.wire - taken }))
            }
            None => Err(self.shortage(N)),
        }
    }

    /// From here on the wire had `length` bytes, as a header says: what follows is padding, and what is not there
    /// was cut.
    #[inline]
    pub(super) fn with_wire(self, length: u32) -> Self {
        let rest = self.rest.get(..length as usize).unwrap_or(self.rest);
        Self { rest, wire: length, ..self }
    }

    /// As [`Self::with_wire`], for layers whose length may only shorten: zero and longer lengths are not believed.
    #[inline]
    pub(super) fn shortened(self, length: u32) -> Self {
        if length == 0 || length >= self.wire { self } else { self.with_wire(length) }
    }
}
