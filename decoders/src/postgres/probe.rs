//! Is this PostgreSQL? Asked of the first bytes of a connection, and of segments' starts where the place was lost.
//!
//! A message is believed by its kind, its length, what its body is made of, and the head of the one behind it.

use super::message::{HEAD_BYTES, Head, START_HEAD_BYTES, Start, text};
use crate::decoder::Probe;
use model::flow::Direction;

/// Longer messages are not taken for a beginning.
const BELIEVED_BYTES_MAX: u64 = 16 << 20;
/// So much readable text, behind a plausible head, is a statement's beginning.
const READABLE_BYTES: usize = 16;
/// Longest name of a start-up parameter.
const PARAMETER_MAX: usize = 64;

/// Whether `bytes` begin a connection.
pub(super) fn start(bytes: &[u8]) -> Probe {
    match Start::read(bytes) {
        None if bytes.iter().take(2).all(|&byte| byte == 0) => Probe::Unsure,
        Some((Some(Start::Session), length)) => {
            let end = bytes.len().min(length as usize);
            start_up(bytes.get(START_HEAD_BYTES..end).unwrap_or_default())
        }
        Some((Some(_), _)) => Probe::Certain,
        None | Some((None, _)) => Probe::NotThis,
    }
}

/// The first parameter of a start-up tells it from other protocols whose messages begin with their length.
fn start_up(parameters: &[u8]) -> Probe {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let name = text(parameters).map(|(name, _)| name);
    let is_plausible = name.unwrap_or(parameters).iter().all(is_name);
    match name {
        Some(name) if is_plausible && !name.is_empty() => Probe::Certain,
        None if is_plausible && parameters.len() <= PARAMETER_MAX => Probe::Unsure,
        _ => Probe::NotThis,
    }
}

/// Whether a message begins with `bytes`.
pub(super) fn messages(direction: Direction, bytes: &[u8]) -> Probe {
    let Some(head) = Head::read(bytes) else {
        return if is_kind(direction, bytes) { Probe::Unsure } else { Probe::NotThis };
    };
    if !head.is_plausible(direction) || head.bytes() > BELIEVED_BYTES_MAX {
        return Probe::NotThis;
    }
    let Some((whole, behind)) = bytes.split_at_checked(head.bytes() as usize) else {
        return front(direction, head.kind, bytes.get(HEAD_BYTES..).unwrap_or_default());
    };
    let sound = match direction {
        Direction::ToServer => of_client(head.kind, whole.get(HEAD_BYTES..).unwrap_or_default()),
        Direction::ToClient => of_server(head.kind, whole.get(HEAD_BYTES..).unwrap_or_default()),
    };
    let next = match Head::read(behind) {
        Some(next) => next.is_plausible(direction),
        None => is_kind(direction, behind),
    };
    match sound {
        Sound::Not => Probe::NotThis,
        _ if !behind.is_empty() && !next => Probe::NotThis,
        Sound::Yes => Probe::Certain,
        // Any bytes could be its body.
        Sound::Perhaps if Head::read(behind).is_some() => Probe::Certain,
        Sound::Perhaps => Probe::NotThis,
    }
}

/// Whether the first byte is a kind of message, and what follows of its length is not too much.
fn is_kind(direction: Direction, bytes: &[u8]) -> bool {
    let known: &[u8] = match direction {
        Direction::ToServer => b"QPBEDCSHXFdcf",
        Direction::ToClient => b"TDCZE123ntsIGHWVNSARKvdc",
    };
    bytes.first().is_none_or(|kind| known.contains(kind)) && bytes.get(1).is_none_or(|&it| it == 0)
}

/// What a body says of its message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sound {
    Not,
    /// Its bytes could be anything.
    Perhaps,
    Yes,
}

fn sound(is_sound: Option<bool>) -> Sound {
    if is_sound == Some(true) { Sound::Yes } else { Sound::Not }
}

/// A message that goes on behind `body`.
fn front(direction: Direction, kind: u8, body: &[u8]) -> Probe {
    let is_statement = |text: &[u8]| text.len() >= READABLE_BYTES && is_readable(text);
    let begins = match (direction, kind) {
        (Direction::ToServer, b'Q') => is_statement(body),
        (Direction::ToServer, b'P') => {
            text(body).is_some_and(|(name, rest)| is_readable(name) && is_statement(rest))
        }
        (Direction::ToServer, b'B') => bind_front(body).is_some(),
        _ => false,
    };
    let may_be = match (direction, kind) {
        (Direction::ToServer, b'Q' | b'P') => {
            body.iter().all(|&byte| byte == 0 || is_readable(&[byte]))
        }
        (Direction::ToServer, b'B' | b'E' | b'C') | (Direction::ToClient, b'C' | b'E' | b'N') => {
            body.iter().take(1).all(|&byte| byte == 0 || is_readable(&[byte]))
        }
        (Direction::ToServer, b'D') => matches!(body.first(), None | Some(b'S' | b'P')),
        (Direction::ToServer, _) => false,
        // More of the answer tells; what is not known is passed over.
        (Direction::ToClient, b'd' | b'V') => false,
        (Direction::ToClient, _) => true,
    };
    match (begins, may_be) {
        (true, _) => Probe::Certain,
        (false, true) => Probe::Unsure,
        (false, false) => Probe::NotThis,
    }
}

/// Text as statements and names are made of.
fn is_readable(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte >= b' ' && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r'))
}

fn number(body: &mut &[u8]) -> Option<i16> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(i16::from_be_bytes(*number))
}

fn pass(body: &mut &[u8], length: usize) -> Option<()> {
    *body = body.get(length..)?;
    Some(())
}

/// So many values, each with its length before it; `-1` is no value.
fn values(body: &mut &[u8], count: i16) -> Option<()> {
    for _ in 0..usize::try_from(count).ok()? {
        let (length, rest) = body.split_first_chunk()?;
        *body = rest;
        match i32::from_be_bytes(*length) {
            -1 => {}
            length => pass(body, usize::try_from(length).ok()?)?,
        }
    }
    Some(())
}

fn name<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (name, rest) = text(body)?;
    *body = rest;
    is_readable(name).then_some(name)
}

/// Format codes: 0 is text, 1 is binary.
fn formats(body: &mut &[u8]) -> Option<()> {
    let count = number(body)?;
    (0..count).all(|_| matches!(number(body), Some(0 | 1))).then_some(())
}

/// Bind up to its values: their number.
fn bind_front(mut body: &[u8]) -> Option<(&[u8], i16)> {
    name(&mut body)?;
    name(&mut body)?;
    formats(&mut body)?;
    let count = number(&mut body).filter(|&count| count >= 0)?;
    Some((body, count))
}

fn of_client(kind: u8, mut body: &[u8]) -> Sound {
    let mut is_sound = || {
        Some(match kind {
            // Their lengths say it all.
            b'S' | b'H' | b'c' | b'X' => true,
            b'Q' | b'f' => name(&mut body).is_some() && body.is_empty(),
            b'P' => {
                name(&mut body)?;
                name(&mut body)?;
                let types = usize::try_from(number(&mut body)?).ok()?;
                body.len() == 4 * types
            }
            b'B' => {
                let (mut rest, count) = bind_front(body)?;
                values(&mut rest, count)?;
                formats(&mut rest)?;
                rest.is_empty()
            }
            b'E' => name(&mut body).is_some() && body.len() == 4,
            b'D' | b'C' => {
                let what = body.first().copied();
                pass(&mut body, 1)?;
                matches!(what, Some(b'S' | b'P')) && name(&mut body).is_some() && body.is_empty()
            }
            _ => false,
        })
    };
    match kind {
        b'd' | b'F' => Sound::Perhaps,
        _ => sound(is_sound()),
    }
}

fn of_server(kind: u8, mut body: &[u8]) -> Sound {
    let mut is_sound = || {
        Some(match kind {
            b'1' | b'2' | b'3' | b'n' | b's' | b'I' | b'c' => true,
            b'Z' => matches!(body, [b'I' | b'T' | b'E']),
            b'C' => {
                let tag = name(&mut body)?;
                body.is_empty() && tag.first().is_some_and(u8::is_ascii_uppercase)
            }
            b'E' | b'N' => fields(body)?,
            b'T' => {
                for _ in 0..number(&mut body)? {
                    name(&mut body)?;
                    // Table, column, type, its size and modifier, format.
                    pass(&mut body, 18)?;
                }
                body.is_empty()
            }
            b'D' => {
                let count = number(&mut body)?;
                values(&mut body, count)?;
                body.is_empty()
            }
            b't' => {
                let types = usize::try_from(number(&mut body)?).ok()?;
                body.len() == 4 * types
            }
            b'G' | b'H' | b'W' => {
                let is_format = matches!(body.first(), Some(0 | 1));
                pass(&mut body, 1)?;
                is_format && formats(&mut body).is_some() && body.is_empty()
            }
            b'S' => name(&mut body).is_some() && name(&mut body).is_some() && body.is_empty(),
            b'A' => {
                pass(&mut body, 4)?;
                name(&mut body).is_some() && name(&mut body).is_some() && body.is_empty()
            }
            b'R' => matches!(body, [0, 0, 0, 0..=12, ..]),
            _ => false,
        })
    };
    match kind {
        b'd' | b'V' | b'K' | b'v' => Sound::Perhaps,
        _ => sound(is_sound()),
    }
}

/// Fields of an error or notice, each a letter and a text.
fn fields(mut body: &[u8]) -> Option<bool> {
    let mut count = 0;
    loop {
        match body.split_first()? {
            (0, rest) => return Some(rest.is_empty() && count > 0),
            (field, rest) if field.is_ascii_alphabetic() => {
                (_, body) = text(rest)?;
                count += 1;
            }
            (_, _) => return Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};

    #[test]
    fn beginnings() {
        for (bytes, expected) in [
            (&b"\0\0\0\x08\x04\xd2\x16\x2f"[..], Probe::Certain),
            (b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02", Probe::Certain),
            (b"\0\0\0\x29\0\x03\0\0user\0", Probe::Certain),
            (b"\0\0\0\x29\0\x03\0\x02us", Probe::Unsure),
            (b"\0\0\0", Probe::Unsure),
            (b"", Probe::Unsure),
            // Kafka: Metadata, version 0, correlation 0.
            (b"\0\0\0\x29\0\x03\0\0\0\0\0\0\0\x05kafka", Probe::NotThis),
            (b"\0\0\0\x29\0\x12\0\0user\0", Probe::NotThis),
            (b"\x16\x03\x01\x02\0\x01\0\x01", Probe::NotThis),
        ] {
            assert_eq!(start(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn messages_are_believed_by_all_that_they_say() {
        for (direction, bytes, expected) in [
            (ToServer, &b"Q\0\0\0\x0dSELECT 1\0"[..], Probe::Certain),
            (ToServer, b"Q\0\0\0\x0dSELECT 1\0Q\0\0\0\x0dSEL", Probe::Certain),
            (ToServer, b"Q\0\0\0\x0dSELECT 1\0\x16\x03\x01", Probe::NotThis),
            (ToServer, b"Q\0\0\0\x0dSELECT\x001\0", Probe::NotThis),
            (ToServer, b"Q\0\0\x10\x0dSELECT a, b, c, d", Probe::Certain),
            (ToServer, b"Q\0\0\x10\x0dSELECT", Probe::Unsure),
            (ToServer, b"Q\0\0\x10\x0d\x01\x02", Probe::NotThis),
            (ToServer, b"B\0\0\0\x0f\0s1\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0", Probe::NotThis),
            (ToServer, b"B\0\0\0\x0e\0s1\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0", Probe::Certain),
            (ToServer, b"P\0\0\0\x10\0SELECT 1\0\0\0", Probe::Certain),
            (ToServer, b"S\0\0\0\x04", Probe::Certain),
            (ToServer, b"S\0\0\0\x05\0", Probe::NotThis),
            (ToServer, b"E\0\0\0\x09\0\0\0\0\0", Probe::Certain),
            (ToServer, b"d\0\0\0\x05x", Probe::NotThis),
            (ToServer, b"d\0\0\0\x05xc\0\0\0\x04", Probe::Certain),
            (ToServer, b"POST / HTTP/1.1\r\n\r\n", Probe::NotThis),
            (ToServer, b"SET a 1\r\n", Probe::NotThis),
            (ToServer, b"*1\r\n$4\r\nPING\r\n", Probe::NotThis),
            (ToClient, b"Z\0\0\0\x05I", Probe::Certain),
            (ToClient, b"Z\0\0\0\x05X", Probe::NotThis),
            (ToClient, b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I", Probe::Certain),
            (ToClient, b"D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0d", Probe::Certain),
            (ToClient, b"D\0\0\0\x0b\0\x01\0\0\0\x021C\0\0\0\x0d", Probe::NotThis),
            (ToClient, b"E\0\0\0\x0dSERROR\0\0\0", Probe::NotThis),
            (ToClient, b"E\0\0\0\x0dSERROR\0\0", Probe::Unsure),
            (ToClient, b"E\0\0\0\x0cSERROR\0\0", Probe::Certain),
            (ToClient, b"T\0\0\0\x1a\0\x01a\0", Probe::Unsure),
            (ToClient, b"1\0\0\0\x042\0\0\0\x04", Probe::Certain),
            (ToClient, b"HTTP/1.1 200 OK\r\n", Probe::NotThis),
            (ToClient, b"+OK\r\n", Probe::NotThis),
            (ToClient, b"\x4a\0\0\0\x0a8.0.3", Probe::NotThis),
        ] {
            assert_eq!(messages(direction, bytes), expected, "{direction:?} {bytes:?}");
        }
    }
}
