//! Is this Cassandra's? Asked of the first bytes of a segment.

use super::answer::{before_message, is_known_code, kind};
use super::compression::{self, Algorithm};
use super::cursor::Cursor;
use super::head::{Head, flag, opcode};
use super::segment::Segment;
use crate::decoder::Probe;
use model::flow::Direction;

/// Bytes of a compressed body that are looked at.
const LOOK_BYTES: usize = 512;

/// Characters of a text that are looked at.
const LOOK_CHARACTERS: usize = 24;

/// Whether `bytes` begin a connection: clients ask for options, or start at once.
pub(super) fn first(direction: Direction, bytes: &[u8]) -> Probe {
    match Head::read(direction, bytes) {
        Ok(None) => Probe::Unsure,
        Ok(Some(Head { opcode: opcode::OPTIONS, length: 0, .. })) => Probe::Certain,
        Ok(Some(_)) | Err(_) => any(direction, bytes),
    }
}

/// Whether `bytes`, somewhere in a stream, begin a message or a segment.
pub(super) fn any(direction: Direction, bytes: &[u8]) -> Probe {
    let verdicts = [
        segment(direction, bytes, false),
        segment(direction, bytes, true),
        message(direction, bytes),
    ];
    let has = |verdict| verdicts.contains(&verdict);
    match (has(Probe::Certain), has(Probe::Unsure)) {
        (true, _) => Probe::Certain,
        (false, true) => Probe::Unsure,
        (false, false) => Probe::NotThis,
    }
}

/// A segment: its header matches its checksum of 24 bits, bits that are not used are not set, its payload matches its own
/// checksum, and begins with a message. Where a message goes on in several, only the first.
fn segment(direction: Direction, bytes: &[u8], lz4: bool) -> Probe {
    let segment = match Segment::read(bytes, lz4) {
        Ok(Some(segment)) => segment,
        Ok(None) => return Probe::Unsure,
        Err(_) => return Probe::NotThis,
    };
    let payload = match bytes.get(..segment.total()) {
        Some(whole) => match segment.payload(whole) {
            Ok(payload) => payload,
            Err(_) => return Probe::NotThis,
        },
        None => bytes.get(segment.header..).unwrap_or_default(),
    };
    let mut scratch = Vec::new();
    let (front, length) = match segment.inflated {
        Some(length) => {
            if compression::lz4(payload, LOOK_BYTES.min(length), &mut scratch).is_err() {
                return Probe::NotThis;
            }
            (scratch.as_slice(), length)
        }
        None => (payload, segment.payload),
    };
    let head = match Head::read(direction, front) {
        Ok(Some(head)) if head.may_be_segmented() => head,
        Ok(None) if front.len() < length => return Probe::Unsure,
        _ => return Probe::NotThis,
    };
    let fits = head.total() <= length as u64;
    match fits == segment.is_self_contained {
        false => Probe::NotThis,
        // What goes on elsewhere could be the middle of a message that looks like a beginning.
        true if !fits => body(&head, head.length as usize, behind(front, &head)),
        true => Probe::Certain,
    }
}

/// A message of its own.
fn message(direction: Direction, bytes: &[u8]) -> Probe {
    let head = match Head::read(direction, bytes) {
        Ok(Some(head)) => head,
        Ok(None) => return Probe::Unsure,
        Err(_) => return Probe::NotThis,
    };
    if !is_strict(direction, &head) {
        return Probe::NotThis;
    }
    let total = usize::try_from(head.total()).unwrap_or(usize::MAX);
    let next = bytes.get(total..);
    let goes_on = match next {
        Some([]) => true,
        Some(next) => match Head::read(direction, next) {
            Ok(Some(next)) => is_strict(direction, &next) && next.version == head.version,
            Ok(None) => true,
            Err(_) => false,
        },
        None => true,
    };
    if !goes_on {
        return Probe::NotThis;
    }
    if head.length == 0 {
        // Nine bytes, most of them zeros: only where nothing else is sent with them.
        let is_empty = matches!(head.opcode, opcode::OPTIONS | opcode::READY);
        return if is_empty && next == Some(&[]) { Probe::Certain } else { Probe::NotThis };
    }
    let front = behind(bytes, &head);
    let front = front.get(..head.length as usize).unwrap_or(front);
    if head.has(flag::COMPRESSED) {
        return compressed(&head, front);
    }
    body(&head, head.length as usize, front)
}

fn behind<'a>(bytes: &'a [u8], head: &Head) -> &'a [u8] {
    bytes.get(head.size()..).unwrap_or_default()
}

/// More than what a head must have to be read.
fn is_strict(direction: Direction, head: &Head) -> bool {
    let flags = match head.version {
        ..=3 => flag::COMPRESSED | flag::TRACING,
        4 => flag::KNOWN >> 1,
        _ => flag::KNOWN,
    };
    let is_event = head.opcode == opcode::EVENT;
    let is_stream = match direction {
        Direction::ToServer => head.stream >= 0,
        Direction::ToClient => (head.stream == -1) == is_event && head.stream >= -1,
    };
    head.version <= 6 && head.flags & !flags == 0 && is_stream
}

/// By whichever algorithm makes sense of it.
fn compressed(head: &Head, front: &[u8]) -> Probe {
    let mut scratch = Vec::new();
    let mut verdict = Probe::NotThis;
    for algorithm in [Algorithm::Lz4, Algorithm::Snappy] {
        let Ok(inflated) = compression::body(algorithm, front, LOOK_BYTES, &mut scratch) else {
            continue;
        };
        let is_all = front.len() == head.length as usize;
        if is_all && !inflated.is_whole && scratch.len() < LOOK_BYTES {
            continue;
        }
        match body(head, inflated.declared, &scratch) {
            Probe::Certain => return Probe::Certain,
            Probe::Unsure => verdict = Probe::Unsure,
            Probe::NotThis => {}
        }
    }
    verdict
}

/// Whether a body of `length` bytes can begin like this.
fn body(head: &Head, length: usize, front: &[u8]) -> Probe {
    let mut cursor = Cursor::new(front);
    let mut body = Body { length, front, head };
    match body.is_plausible(&mut cursor) {
        Some(true) => Probe::Certain,
        Some(false) => Probe::NotThis,
        None if front.len() < length => Probe::Unsure,
        None => Probe::NotThis,
    }
}

/// What is being looked at.
struct Body<'a> {
    length: usize,
    front: &'a [u8],
    head: &'a Head,
}

impl Body<'_> {
    /// Bytes of the body behind the cursor.
    fn left(&self, cursor: &Cursor<'_>) -> usize {
        self.length.saturating_sub(self.front.len() - cursor.rest.len())
    }

    /// `None` where too little is at hand.
    fn is_plausible(&mut self, cursor: &mut Cursor<'_>) -> Option<bool> {
        match self.head.opcode {
            opcode::STARTUP => {
                let options = cursor.short()?;
                let name = cursor.string()?;
                Some((1..64).contains(&options) && is_constant(name))
            }
            opcode::QUERY | opcode::PREPARE => {
                if self.head.version >= 4 && self.head.has(flag::CUSTOM_PAYLOAD) {
                    cursor.bytes_map()?;
                }
                self.is_statement(cursor)
            }
            opcode::EXECUTE => {
                if self.head.version >= 4 && self.head.has(flag::CUSTOM_PAYLOAD) {
                    cursor.bytes_map()?;
                }
                self.is_execution(cursor)
            }
            opcode::BATCH => self.is_batch(cursor),
            opcode::REGISTER => {
                let (events, name) = (cursor.short()?, cursor.string()?);
                Some((1..16).contains(&events) && is_constant(name))
            }
            opcode::AUTH_RESPONSE => self.is_token(cursor),
            opcode::AUTH_CHALLENGE | opcode::AUTH_SUCCESS => {
                before_message(self.head, cursor)?;
                self.is_token(cursor)
            }
            opcode::ERROR => {
                before_message(self.head, cursor)?;
                let (code, text) = (cursor.int()?, cursor.short()?);
                let fits = usize::from(text) <= self.left(cursor);
                Some(is_known_code(code) && fits && is_text(cursor.rest, usize::from(text)))
            }
            opcode::AUTHENTICATE => {
                let name = cursor.string()?;
                Some(name.contains(&b'.') && name.is_ascii() && self.left(cursor) == 0)
            }
            opcode::SUPPORTED => {
                before_message(self.head, cursor)?;
                let (options, name) = (cursor.short()?, cursor.string()?);
                Some((1..64).contains(&options) && is_constant(name))
            }
            opcode::EVENT => Some(is_constant(cursor.string()?)),
            opcode::RESULT => {
                before_message(self.head, cursor)?;
                self.is_result(cursor)
            }
            // Credentials are not looked at.
            _ => Some(false),
        }
    }

    fn is_statement(&self, cursor: &mut Cursor<'_>) -> Option<bool> {
        let Ok(length) = usize::try_from(cursor.int()?) else { return Some(false) };
        if length == 0 || length > self.left(cursor) {
            return Some(false);
        }
        if cursor.rest.len() < length.min(LOOK_CHARACTERS) {
            return None;
        }
        Some(is_text(cursor.rest, length))
    }

    /// The id that MD5 makes, in version 5 that of the metadata too, and the consistency.
    fn is_execution(&self, cursor: &mut Cursor<'_>) -> Option<bool> {
        const DIGEST_BYTES: u16 = 16;
        if cursor.short()? != DIGEST_BYTES {
            return Some(false);
        }
        cursor.take(usize::from(DIGEST_BYTES))?;
        let mut number = cursor.short()?;
        if number == DIGEST_BYTES {
            cursor.take(usize::from(DIGEST_BYTES))?;
            number = cursor.short()?;
        }
        // In version 1 values come first.
        Some(self.head.version == 1 || is_consistency(number))
    }

    fn is_batch(&self, cursor: &mut Cursor<'_>) -> Option<bool> {
        if self.head.version >= 4 && self.head.has(flag::CUSTOM_PAYLOAD) {
            cursor.bytes_map()?;
        }
        let (logged, statements) = (cursor.byte()?, cursor.short()?);
        if logged > 2 || statements == 0 {
            return Some(false);
        }
        match cursor.byte()? {
            0 => self.is_statement(cursor),
            1 => Some(cursor.short()? == 16),
            _ => Some(false),
        }
    }

    /// Nothing but a token.
    fn is_token(&self, cursor: &mut Cursor<'_>) -> Option<bool> {
        let length = cursor.int()?.max(0);
        Some(usize::try_from(length) == Ok(self.left(cursor)))
    }

    fn is_result(&self, cursor: &mut Cursor<'_>) -> Option<bool> {
        /// Columns of a table are fewer.
        const COLUMNS_MAX: i32 = 1 << 16;
        Some(match cursor.int()? {
            kind::VOID => self.left(cursor) == 0,
            kind::ROWS => {
                let (flags, columns) = (cursor.int()?, cursor.int()?);
                (0..=0xf).contains(&flags) && (0..COLUMNS_MAX).contains(&columns)
            }
            kind::SET_KEYSPACE => {
                let name = cursor.string()?;
                self.left(cursor) == 0 && is_text(name, name.len())
            }
            kind::PREPARED => cursor.short()? == 16,
            kind::SCHEMA_CHANGE => {
                matches!(cursor.string()?, b"CREATED" | b"UPDATED" | b"DROPPED")
            }
            _ => false,
        })
    }
}

/// Section 3: ANY to LOCAL_ONE.
const fn is_consistency(number: u16) -> bool {
    number <= 0x000b
}

/// `SCHEMA_CHANGE`, `CQL_VERSION`.
fn is_constant(name: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    name.len() >= 3 && name.iter().all(is_letter)
}

/// Whether a text of `length` bytes can begin like this.
fn is_text(front: &[u8], length: usize) -> bool {
    let front = front.get(..length).unwrap_or(front);
    let look = front.get(..LOOK_CHARACTERS).unwrap_or(front);
    let is_written = match std::str::from_utf8(look) {
        Ok(_) => true,
        // A character that is cut.
        Err(error) => error.error_len().is_none(),
    };
    let is_control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n');
    is_written && !look.iter().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bulk, frame, long_string, rows, segment as segment_of, string};
    use super::*;
    use Direction::{ToClient, ToServer};

    #[test]
    fn connections_begin_with_options_or_startup() {
        let options = frame(4, 0, 0, opcode::OPTIONS, &[]);
        let startup = frame(
            5,
            0,
            0,
            opcode::STARTUP,
            &[&[0, 1], &*string("CQL_VERSION"), &*string("3.0.0")].concat(),
        );
        for (bytes, expected) in [
            (options.as_slice(), Probe::Certain),
            (&options[..8], Probe::Unsure),
            (&startup, Probe::Certain),
            (&startup[..20], Probe::Unsure),
            (&[], Probe::Unsure),
            (b"GET / HTTP/1.1\r\n\r\n", Probe::NotThis),
            (b"*1\r\n$4\r\nPING\r\n", Probe::NotThis),
            (&[0, 0, 0, 20, 0, 3, 0, 0, 0, 0, 0, 1], Probe::NotThis),
            (&[0x16, 3, 1, 2, 0, 1, 0, 1], Probe::NotThis),
            (&[5, 0, 0, 0, 3, b'S', b'E', b'L', b'E'], Probe::NotThis),
            (&[b'B', 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0], Probe::NotThis),
        ] {
            assert_eq!(first(ToServer, bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn messages_are_found_in_the_middle() {
        let query = long_string("SELECT release_version FROM system.local");
        let execute = [&[0, 16], &[9; 16][..], &[0, 1, 0]].concat();
        let error = [&[0, 0, 0x22, 0], &*string("no viable alternative")].concat();
        let event = [string("STATUS_CHANGE"), string("UP")].concat();
        for (direction, bytes) in [
            (ToServer, frame(4, 0, 7, opcode::QUERY, &[query, vec![0, 1, 0]].concat())),
            (ToServer, frame(3, 0, 32_767, opcode::EXECUTE, &execute)),
            (ToServer, frame(4, 0, 0, opcode::OPTIONS, &[])),
            (ToClient, frame(0x83, 0, 7, opcode::RESULT, &rows(1, 2, 3))),
            (ToClient, frame(0x84, 0, 7, opcode::RESULT, &[0, 0, 0, 1])),
            (ToClient, frame(0x84, 0, 7, opcode::ERROR, &error)),
            (ToClient, frame(0x84, 0, -1, opcode::EVENT, &event)),
        ] {
            assert_eq!(any(direction, &bytes), Probe::Certain, "{bytes:?}");
            let next = [&bytes[..], &bytes[..]].concat();
            let expected = if bytes.len() == 9 { Probe::NotThis } else { Probe::Certain };
            assert_eq!(any(direction, &next), expected, "two of {bytes:?}");
            let other = [&bytes[..], b"something else"].concat();
            assert_eq!(any(direction, &other), Probe::NotThis, "{bytes:?}");
            assert_eq!(any(direction, &bytes[1..]), Probe::NotThis, "{bytes:?}");
        }
    }

    #[test]
    fn segments_are_found_in_the_middle() {
        let answer = frame(0x85, 0, 7, opcode::RESULT, &rows(1, 2, 3));
        for lz4 in [false, true] {
            let bytes = segment_of(&answer, true, lz4);
            assert_eq!(any(ToClient, &bytes), Probe::Certain, "lz4 {lz4}");
            assert_eq!(any(ToClient, &bytes[1..]), Probe::NotThis);
            assert_eq!(any(ToServer, &bytes), Probe::NotThis);
            let part = segment_of(&bulk(answer.len()), false, lz4);
            assert_eq!(any(ToClient, &part), Probe::NotThis);
        }
    }

    #[test]
    fn noise_is_not_taken_for_messages() {
        let mut state = 1_u64;
        let mut found = 0;
        for _ in 0..200_000 {
            let bytes: Vec<u8> = (0..6)
                .flat_map(|_| {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    (state >> 8).to_be_bytes()
                })
                .collect();
            for direction in [ToServer, ToClient] {
                found += usize::from(any(direction, &bytes) == Probe::Certain);
            }
        }
        assert_eq!(found, 0);
    }
}
