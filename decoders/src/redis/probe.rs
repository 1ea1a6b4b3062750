//! Is this Redis? Asked of the first bytes of a segment.

use super::commands::{Command, NAME_BYTES_MAX};
use super::requests::{inline_word, is_name};
use super::resp::{self, Word};
use super::subscriptions::{self, Named};
use super::values::{self, Outstanding, Step};
use crate::decoder::{DecodeError, Probe};
use memchr::memchr;

/// Whether `bytes` begin a request.
pub(super) fn request(bytes: &[u8]) -> Probe {
    match bytes.first() {
        None => Probe::Unsure,
        Some(b'*') => array(bytes, |name| is_name(name).then_some(())),
        Some(_) => inline(bytes),
    }
}

/// Whether `bytes`, somewhere in a stream, begin a request. Only known commands are believed: a value can be cut anywhere.
pub(super) fn known_request(bytes: &[u8]) -> Probe {
    array(bytes, |name| Command::find(name).map(|_| ()))
}

fn array(bytes: &[u8], accept: impl Fn(&[u8]) -> Option<()>) -> Probe {
    match bytes {
        [] | [b'*'] => return Probe::Unsure,
        [b'*', b'1'..=b'9', ..] => {}
        _ => return Probe::NotThis,
    }
    let (count, header) = match resp::number(bytes) {
        Ok(Some((count, header))) => (count, header),
        Ok(None) => return Probe::Unsure,
        Err(_) => return Probe::NotThis,
    };
    let rest = bytes.get(header..).unwrap_or_default();
    match resp::word(rest, NAME_BYTES_MAX) {
        Ok(Word::NotWhole) => Probe::Unsure,
        Ok(Word::Whole(name, length)) if accept(name).is_some() => {
            // What follows: the next argument, or the next request.
            let next = rest.get(length);
            let expected = if count > 1 { b'$' } else { b'*' };
            if next.is_none_or(|&next| next == expected) { Probe::Certain } else { Probe::NotThis }
        }
        Ok(Word::Whole(..) | Word::Other) | Err(_) => Probe::NotThis,
    }
}

/// Commands that other protocols of lines have too, in small letters: memcached, beanstalkd, FTP and their kin.
const SHARED: [&[u8]; 16] = [
    b"append", b"auth", b"decr", b"echo", b"get", b"help", b"hello", b"incr", b"info", b"quit",
    b"reset", b"select", b"set", b"touch", b"type", b"watch",
];

/// Inline commands, typed by people and health checks.
fn inline(bytes: &[u8]) -> Probe {
    let Some(end) = memchr(b'\n', bytes) else { return unfinished_inline(bytes) };
    let line = bytes.get(..end).unwrap_or_default();
    let Some((word, rest)) = inline_word(line) else { return Probe::NotThis };
    let is_http = memchr::memmem::find(rest, b"HTTP/").is_some();
    if Command::find(word).is_none() || line.contains(&0) || is_http {
        return Probe::NotThis;
    }
    // A line of HTTP/0.9 is not told from a key.
    let is_shared = SHARED.contains(&word) || word == b"GET";
    if is_shared { Probe::Unsure } else { Probe::Certain }
}

fn unfinished_inline(bytes: &[u8]) -> Probe {
    let is_text = |byte: &u8| !byte.is_ascii_control() || *byte == b'\r';
    let word = inline_word(bytes).map_or(bytes, |(word, _)| word);
    let may_be = match word.len() < bytes.len() {
        true => Command::find(word).is_some(),
        false => word.len() <= NAME_BYTES_MAX && word.iter().all(u8::is_ascii_alphabetic),
    };
    if may_be && bytes.iter().all(is_text) { Probe::Unsure } else { Probe::NotThis }
}

/// What a server says before it is asked: that it is full, or messages of channels.
pub(super) fn unasked(bytes: &[u8]) -> Probe {
    const FULL: &[u8] = b"-ERR max number of clients";
    match bytes.first() {
        None => Probe::Unsure,
        Some(b'-') if bytes.starts_with(FULL) => Probe::Certain,
        Some(b'-') if FULL.starts_with(bytes) => Probe::Unsure,
        Some(b'>' | b'*') => match subscriptions::named(bytes) {
            Ok(Named::Message) => Probe::Certain,
            Ok(Named::Need) => Probe::Unsure,
            Ok(Named::Confirmation(_) | Named::Other) | Err(_) => Probe::NotThis,
        },
        Some(_) => Probe::NotThis,
    }
}

/// Whether the start of a segment is the start of an answer: it holds whole values up to its end, or ends in one that is
/// long. What comes of it is believed only where what follows confirms it.
pub(super) fn answers(bytes: &[u8]) -> Probe {
    let (mut rest, mut outstanding, mut is_certain) = (bytes, Outstanding(0), false);
    while !rest.is_empty() {
        if outstanding.0 == 0 {
            outstanding = Outstanding(1);
        }
        match value(rest, &mut outstanding) {
            Ok(Read::Whole(length)) => rest = rest.get(length..).unwrap_or_default(),
            Ok(Read::Long) => return Probe::Certain,
            Ok(Read::Need) if is_certain => return Probe::Certain,
            Ok(Read::Need) => return Probe::Unsure,
            Err(_) => return Probe::NotThis,
        }
        is_certain = true;
    }
    if is_certain { Probe::Certain } else { Probe::Unsure }
}

enum Read {
    Need,
    Whole(usize),
    /// A string that ends in a later segment.
    Long,
}

fn value(bytes: &[u8], outstanding: &mut Outstanding) -> Result<Read, DecodeError> {
    Ok(match values::step(bytes)? {
        Step::Need => Read::Need,
        Step::Line => {
            is_text(bytes)?;
            Read::Need
        }
        Step::Whole(length, _) => {
            is_text(
                bytes.get(..length).and_then(|line| line.strip_suffix(b"\r\n")).unwrap_or(b"\0"),
            )?;
            outstanding.ended();
            Read::Whole(length)
        }
        Step::Opens(length, values) => {
            outstanding.opened(values)?;
            Read::Whole(length)
        }
        Step::Attributes(length, values) => {
            outstanding.more(values)?;
            Read::Whole(length)
        }
        Step::String(header, length) => {
            outstanding.ended();
            let end = usize::try_from(length).ok().map(|length| header + length);
            match end.and_then(|end| bytes.get(..end)) {
                Some(text) if text.ends_with(b"\r\n") => Read::Whole(text.len()),
                Some(_) => return Err(DecodeError("a string without an end")),
                None => Read::Long,
            }
        }
    })
}

fn is_text(line: &[u8]) -> Result<(), DecodeError> {
    let is_well = line.iter().all(|byte| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\r'));
    if is_well { Ok(()) } else { Err(DecodeError("not text")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        for (bytes, first, anywhere) in [
            ("*1\r\n$4\r\nPING\r\n", Probe::Certain, Probe::Certain),
            ("*2\r\n$3\r\nget\r\n$1\r\na\r\n", Probe::Certain, Probe::Certain),
            ("*2\r\n$8\r\nmine.own\r\n$1\r\na\r\n", Probe::Certain, Probe::NotThis),
            ("*2\r\n$3\r\nGET\r\nx", Probe::NotThis, Probe::NotThis),
            ("*2\r\n$5\r\na b c\r\n", Probe::NotThis, Probe::NotThis),
            ("*2\r\n$3\r\nGE", Probe::Unsure, Probe::Unsure),
            ("*", Probe::Unsure, Probe::Unsure),
            ("*-1\r\n", Probe::NotThis, Probe::NotThis),
            ("PING\r\n", Probe::Certain, Probe::NotThis),
            ("PI", Probe::Unsure, Probe::NotThis),
            ("SET a b\r\n", Probe::Certain, Probe::NotThis),
            ("set a 0 0 1\r\n", Probe::Unsure, Probe::NotThis),
            ("get a\r\n", Probe::Unsure, Probe::NotThis),
            ("gets a\r\n", Probe::NotThis, Probe::NotThis),
            ("GET / HTTP/1.\r\n", Probe::NotThis, Probe::NotThis),
            ("EHLO mail\r\n", Probe::NotThis, Probe::NotThis),
            ("\u{16}\u{3}\u{1}", Probe::NotThis, Probe::NotThis),
            ("", Probe::Unsure, Probe::Unsure),
        ] {
            assert_eq!(request(bytes.as_bytes()), first, "{bytes:?}");
            assert_eq!(known_request(bytes.as_bytes()), anywhere, "{bytes:?}");
        }
    }

    #[test]
    fn servers_that_speak_first() {
        for (bytes, expected) in [
            ("-ERR max number of clients reached\r\n", Probe::Certain),
            ("-ERR", Probe::Unsure),
            ("-ERR bad login\r\n", Probe::NotThis),
            ("+OK POP3 ready\r\n", Probe::NotThis),
            (">3\r\n$7\r\nmessage\r\n", Probe::Certain),
            ("*3\r\n$7\r\nmessage\r\n", Probe::Certain),
            ("*3\r\n$3\r\nGET\r\n", Probe::NotThis),
        ] {
            assert_eq!(unasked(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn answers_somewhere_in_a_stream() {
        for (bytes, expected) in [
            ("+OK\r\n", Probe::Certain),
            ("$5\r\nhello\r\n:1\r\n", Probe::Certain),
            ("$5000\r\nhello", Probe::Certain),
            ("*2\r\n$1\r\na\r\n$1", Probe::Certain),
            ("+OK", Probe::Unsure),
            (":1", Probe::Unsure),
            ("hello\r\n", Probe::NotThis),
            ("$5\r\nhello!\r\n", Probe::NotThis),
            (":1\r\nhello\r\n", Probe::NotThis),
            ("+\u{1}\r\n", Probe::NotThis),
        ] {
            assert_eq!(answers(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}
