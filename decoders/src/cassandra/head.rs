//! The head of a message, which the specification calls frame up to version 4 and envelope in version 5
//! (native_protocol_v3.spec to native_protocol_v5.spec, section 2).

use crate::decoder::DecodeError;
use model::flow::Direction;

/// Bytes of a body (section 2.5).
const BODY_BYTES_MAX: u32 = 256 * 1024 * 1024;

/// What a message is (section 2.4).
pub(super) mod opcode {
    pub(in super::super) const ERROR: u8 = 0x00;
    pub(in super::super) const STARTUP: u8 = 0x01;
    pub(in super::super) const READY: u8 = 0x02;
    pub(in super::super) const AUTHENTICATE: u8 = 0x03;
    /// Version 1 only.
    pub(in super::super) const CREDENTIALS: u8 = 0x04;
    pub(in super::super) const OPTIONS: u8 = 0x05;
    pub(in super::super) const SUPPORTED: u8 = 0x06;
    pub(in super::super) const QUERY: u8 = 0x07;
    pub(in super::super) const RESULT: u8 = 0x08;
    pub(in super::super) const PREPARE: u8 = 0x09;
    pub(in super::super) const EXECUTE: u8 = 0x0a;
    pub(in super::super) const REGISTER: u8 = 0x0b;
    pub(in super::super) const EVENT: u8 = 0x0c;
    pub(in super::super) const BATCH: u8 = 0x0d;
    pub(in super::super) const AUTH_CHALLENGE: u8 = 0x0e;
    pub(in super::super) const AUTH_RESPONSE: u8 = 0x0f;
    pub(in super::super) const AUTH_SUCCESS: u8 = 0x10;
}

/// What is true of a message (section 2.2).
pub(super) mod flag {
    pub(in super::super) const COMPRESSED: u8 = 0x01;
    pub(in super::super) const TRACING: u8 = 0x02;
    pub(in super::super) const CUSTOM_PAYLOAD: u8 = 0x04;
    pub(in super::super) const WARNING: u8 = 0x08;
    /// All that any version knows; 0x10 asks for a version that is not final.
    pub(in super::super) const KNOWN: u8 = 0x1f;
}

/// The bit of the version's byte that tells an answer.
const ANSWER: u8 = 0x80;

/// A head: nine bytes, or eight up to version 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the body.
    pub(super) length: u32,
    pub(super) stream: i16,
    pub(super) version: u8,
    pub(super) flags: u8,
    pub(super) opcode: u8,
}

impl Head {
    /// Reads a head; `None` where it is not whole.
    pub(super) fn read(direction: Direction, bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let version = first & !ANSWER;
        let is_answer = first & ANSWER != 0;
        if is_answer != (direction == Direction::ToClient) || !is_version(version) {
            return Err(DecodeError("not the version of a message"));
        }
        let head = if version <= 2 { Self::read_early(bytes) } else { Self::read_late(bytes) };
        let Some(head) = head else { return Ok(None) };
        if head.flags & !flag::KNOWN != 0 {
            return Err(DecodeError("flags that no version knows"));
        }
        if !head.has_opcode_of(direction) {
            return Err(DecodeError("an opcode that is not of this direction"));
        }
        if direction == Direction::ToServer && head.stream < 0 {
            return Err(DecodeError("a request with the stream of an event"));
        }
        if head.length > BODY_BYTES_MAX {
            return Err(DecodeError("a body beyond the protocol's limit"));
        }
        Ok(Some(head))
    }

    /// Versions 1 and 2: the stream is one byte.
    fn read_early(bytes: &[u8]) -> Option<Self> {
        let &[version, flags, stream, opcode, a, b, c, d] = bytes.first_chunk()?;
        Some(Self {
            version: version & !ANSWER,
            flags,
            stream: i16::from(stream.cast_signed()),
            opcode,
            length: u32::from_be_bytes([a, b, c, d]),
        })
    }

    fn read_late(bytes: &[u8]) -> Option<Self> {
        let &[version, flags, high, low, opcode, a, b, c, d] = bytes.first_chunk()?;
        Some(Self {
            version: version & !ANSWER,
            flags,
            stream: i16::from_be_bytes([high, low]),
            opcode,
            length: u32::from_be_bytes([a, b, c, d]),
        })
    }

    /// Bytes of the head itself.
    pub(super) const fn size(&self) -> usize {
        if self.version <= 2 { 8 } else { 9 }
    }

    /// Bytes of the message.
    pub(super) const fn total(&self) -> u64 {
        self.size() as u64 + self.length as u64
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the version may go on in segments.
    pub(super) const fn may_be_segmented(&self) -> bool {
        matches!(self.version, 5 | 6)
    }

    fn has_opcode_of(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => match self.opcode {
                opcode::CREDENTIALS => self.version == 1,
                opcode => operation(opcode).is_some(),
            },
            Direction::ToClient => matches!(
                self.opcode,
                opcode::ERROR
                    | opcode::READY
                    | opcode::AUTHENTICATE
                    | opcode::SUPPORTED
                    | opcode::RESULT
                    | opcode::EVENT
                    | opcode::AUTH_CHALLENGE
                    | opcode::AUTH_SUCCESS
            ),
        }
    }
}

/// Versions that are, or were, spoken: Cassandra's and ScyllaDB's, the next one that clients may ask for, and DataStax
/// Enterprise's own two, which clients try first.
const fn is_version(version: u8) -> bool {
    matches!(version, 1..=6 | 0x41 | 0x42)
}

/// What a request is called.
pub(super) const fn operation(opcode: u8) -> Option<&'static [u8]> {
    Some(match opcode {
        opcode::STARTUP => b"STARTUP",
        opcode::CREDENTIALS => b"CREDENTIALS",
        opcode::OPTIONS => b"OPTIONS",
        opcode::QUERY => b"QUERY",
        opcode::PREPARE => b"PREPARE",
        opcode::EXECUTE => b"EXECUTE",
        opcode::REGISTER => b"REGISTER",
        opcode::BATCH => b"BATCH",
        opcode::AUTH_RESPONSE => b"AUTH_RESPONSE",
        _ => return None,
    })
}

/// Whether such an answer can be given to such a request (sections 4.1 and 4.2).
pub(super) const fn answers(answer: u8, request: u8) -> bool {
    matches!(
        (request, answer),
        (_, opcode::ERROR)
            | (opcode::STARTUP, opcode::READY | opcode::AUTHENTICATE)
            | (opcode::CREDENTIALS | opcode::REGISTER, opcode::READY)
            | (opcode::AUTH_RESPONSE, opcode::AUTH_CHALLENGE | opcode::AUTH_SUCCESS)
            | (opcode::OPTIONS, opcode::SUPPORTED)
            | (opcode::QUERY | opcode::PREPARE | opcode::EXECUTE | opcode::BATCH, opcode::RESULT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let query = [4, 2, 0x12, 0x34, opcode::QUERY, 0, 0, 1, 0];
        let expected =
            Head { version: 4, flags: 2, stream: 0x1234, opcode: opcode::QUERY, length: 256 };
        assert_eq!(Head::read(Direction::ToServer, &query), Ok(Some(expected)));
        assert_eq!(expected.total(), 265);
        let event = [0x82, 0, 0xff, opcode::EVENT, 0, 0, 0, 1];
        let expected = Head { version: 2, flags: 0, stream: -1, opcode: opcode::EVENT, length: 1 };
        assert_eq!(Head::read(Direction::ToClient, &event), Ok(Some(expected)));
        for length in 0..query.len() {
            assert_eq!(Head::read(Direction::ToServer, &query[..length]), Ok(None));
        }
    }

    #[test]
    fn heads_that_cannot_be_are_refused() {
        for (direction, bytes) in [
            (Direction::ToClient, [4, 0, 0, 1, opcode::QUERY, 0, 0, 0, 9]),
            (Direction::ToServer, [7, 0, 0, 1, opcode::QUERY, 0, 0, 0, 9]),
            (Direction::ToServer, [4, 0x20, 0, 1, opcode::QUERY, 0, 0, 0, 9]),
            (Direction::ToServer, [4, 0, 0, 1, opcode::RESULT, 0, 0, 0, 9]),
            (Direction::ToServer, [4, 0, 0, 1, opcode::CREDENTIALS, 0, 0, 0, 9]),
            (Direction::ToServer, [4, 0, 0xff, 1, opcode::QUERY, 0, 0, 0, 9]),
            (Direction::ToServer, [4, 0, 0, 1, opcode::QUERY, 0x10, 0, 0, 1]),
        ] {
            assert!(Head::read(direction, &bytes).is_err(), "{bytes:?}");
        }
    }
}
