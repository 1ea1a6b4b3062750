//! Messages: what begins them, how long they can be, and what they say. PostgreSQL manual, "Message Formats".

use crate::limits::STATEMENT_BYTES_MAX;
use model::flow::Direction;

/// Bytes of a typed message's head: its kind and its length.
pub(super) const HEAD_BYTES: usize = 5;
/// Bytes of an untyped message's head: its length and its code.
pub(super) const START_HEAD_BYTES: usize = 8;

/// Longest message: the server refuses longer ones (`MaxAllocSize`).
const LENGTH_MAX: u32 = 0x3fff_ffff;
/// Longest one of those that carry no data of their own (`PQ_SMALL_MESSAGE_LIMIT`).
const SMALL_MAX: u32 = 10_000;
/// Longest start-up packet (`MAX_STARTUP_PACKET_LENGTH`).
pub(super) const START_LENGTH_MAX: u32 = 10_000;

/// Bytes of names in Bind, Execute, Describe and Close; names are of 63 bytes.
const NAMES_BYTES: u32 = 512;
/// Bytes of an error in which its SQLSTATE stands.
const ERROR_BYTES: u32 = 512;
/// Bytes of a command tag.
const TAG_BYTES: u32 = 64;

/// The head of a typed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: u8,
    /// Its length, without the kind's byte.
    pub(super) length: u32,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let ([kind, length @ ..], _) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        Some(Self { kind: *kind, length: u32::from_be_bytes(*length) })
    }

    /// Bytes of the whole message.
    pub(super) const fn bytes(self) -> u64 {
        self.length as u64 + 1
    }

    /// Bytes of the body.
    pub(super) const fn body(self) -> u32 {
        self.length.saturating_sub(4)
    }

    /// Whether there is such a message, of such a length.
    #[inline]
    pub(super) fn is_plausible(self, direction: Direction) -> bool {
        let Shape { min, max, .. } = self.shape(direction);
        (min..=max).contains(&self.length)
    }

    /// Bytes of the body that are read; the rest is passed over.
    #[inline]
    pub(super) fn peeked(self, direction: Direction) -> usize {
        self.shape(direction).peeked.min(self.body()) as usize
    }

    fn shape(self, direction: Direction) -> Shape {
        let shapes = match direction {
            Direction::ToServer => &CLIENT,
            Direction::ToClient => &SERVER,
        };
        shapes.get(usize::from(self.kind)).copied().unwrap_or(NONE)
    }
}

/// How long messages of a kind are, and how much of their bodies is read.
#[derive(Clone, Copy)]
struct Shape {
    min: u32,
    max: u32,
    peeked: u32,
}

/// No message has this length.
const NONE: Shape = Shape { min: 1, max: 0, peeked: 0 };

/// What clients say, by kind.
static CLIENT: [Shape; 256] = shapes(&[
    (b"SHcX", 4, 4, 0),
    (b"CD", 6, SMALL_MAX, NAMES_BYTES),
    (b"E", 9, SMALL_MAX, NAMES_BYTES),
    (b"Q", 5, LENGTH_MAX, STATEMENT_BYTES_MAX as u32 + 1),
    (b"f", 5, LENGTH_MAX, 0),
    (b"P", 8, LENGTH_MAX, STATEMENT_BYTES_MAX as u32 + 1 + NAMES_BYTES),
    (b"B", 12, LENGTH_MAX, NAMES_BYTES),
    (b"F", 14, LENGTH_MAX, 0),
    (b"d", 4, LENGTH_MAX, 0),
    (b"p", 4, u16::MAX as u32, 0),
]);

/// What servers say.
static SERVER: [Shape; 256] = shapes(&[
    (b"123nsIc", 4, 4, 0),
    (b"Z", 5, 5, 1),
    (b"C", 5, LENGTH_MAX, TAG_BYTES),
    (b"E", 5, LENGTH_MAX, ERROR_BYTES),
    (b"N", 5, LENGTH_MAX, 0),
    (b"DTt", 6, LENGTH_MAX, 0),
    (b"GHW", 7, SMALL_MAX, 0),
    (b"V", 8, LENGTH_MAX, 0),
    (b"d", 4, LENGTH_MAX, 0),
    (b"S", 6, SMALL_MAX, 0),
    (b"A", 10, SMALL_MAX + 10, 0),
    (b"R", 8, u16::MAX as u32, 0),
    // Protocol 3.0: four bytes of key; 3.2: up to 256.
    (b"K", 12, 264, 0),
    (b"v", 12, SMALL_MAX, 0),
]);

/// Kinds, the lengths they can have, and how many bytes of them are read.
#[allow(clippy::indexing_slicing)] // At compile time.
const fn shapes(known: &[(&[u8], u32, u32, u32)]) -> [Shape; 256] {
    let (mut shapes, mut row) = ([NONE; 256], 0);
    while row < known.len() {
        let (kinds, min, max, peeked) = known[row];
        let mut kind = 0;
        while kind < kinds.len() {
            shapes[kinds[kind] as usize] = Shape { min, max, peeked };
            kind += 1;
        }
        row += 1;
    }
    shapes
}

/// The text up to the zero that ends it, and what is behind it.
pub(super) fn text(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, body)?;
    let (text, rest) = body.split_at_checked(end)?;
    Some((text, rest.get(1..)?))
}

/// What a client can say before it speaks in typed messages. PostgreSQL manual, "Message Flow": start-up, cancelling,
/// SSL and GSSAPI encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Session,
    Ssl,
    Gss,
    Cancel,
}

impl Start {
    /// What an untyped message is, and its length.
    pub(super) fn read(bytes: &[u8]) -> Option<(Option<Self>, u32)> {
        let (head, _) = bytes.split_first_chunk::<START_HEAD_BYTES>()?;
        let [a, b, c, d, e, f, g, h] = *head;
        let (length, code) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let start = match (code, length) {
            (80_877_103, 8) => Some(Self::Ssl),
            (80_877_104, 8) => Some(Self::Gss),
            // A process number and a key, of four bytes before protocol 3.2, then of up to 256.
            (80_877_102, 16..=268) => Some(Self::Cancel),
            // The major version is 3; of minor versions the server refuses those that it does not know by
            // NegotiateProtocolVersion.
            (0x0003_0000..=0x0003_ffff, 9..=START_LENGTH_MAX) => Some(Self::Session),
            (_, _) => None,
        };
        Some((start, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = Head::read(b"Q\0\0\0\x0dSELECT 1\0").unwrap();
        assert_eq!((head.kind, head.length, head.bytes(), head.body()), (b'Q', 13, 14, 9));
        assert!(head.is_plausible(Direction::ToServer) && !head.is_plausible(Direction::ToClient));
        assert_eq!(Head::read(b"Q\0\0\0"), None);
        // "POST /" is no Parse.
        assert!(!Head::read(b"POST /").unwrap().is_plausible(Direction::ToServer));
    }

    #[test]
    fn starts() {
        for (bytes, expected) in [
            (&b"\0\0\0\x08\x04\xd2\x16\x2f"[..], Some(Start::Ssl)),
            (b"\0\0\0\x08\x04\xd2\x16\x30", Some(Start::Gss)),
            (b"\0\0\0\x10\x04\xd2\x16\x2e", Some(Start::Cancel)),
            (b"\0\0\0\x2c\x04\xd2\x16\x2e", Some(Start::Cancel)),
            (b"\0\0\x10\x10\x04\xd2\x16\x2e", None),
            (b"\0\0\0\x20\0\x03\0\0", Some(Start::Session)),
            (b"\0\0\0\x20\0\x03\0\x02", Some(Start::Session)),
            (b"\0\0\0\x20\0\x02\0\0", None),
        ] {
            assert_eq!(Start::read(bytes).unwrap().0, expected, "{bytes:?}");
        }
    }
}
