//! One value of an answer, taken apart without recursion: what it opens is counted, not remembered.

use super::resp;
use crate::decoder::DecodeError;
use memchr::memchr;

/// Bytes of a line that holds a number or a truth.
const SHORT_LINE_BYTES_MAX: usize = 64;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Not enough to tell.
    Need,
    /// A whole value of so many bytes; an integer says how much.
    Whole(usize, Option<i64>),
    /// A line that goes on.
    Line,
    /// A string: bytes of its head, and bytes that follow.
    String(usize, u64),
    /// A value that holds so many: bytes of its head.
    Opens(usize, u64),
    /// Attributes before a value: bytes of their head, and how many values they are.
    Attributes(usize, u64),
}

/// Reads one step of a value. Streamed strings and aggregates (`$?`, `*?`) are in the specification of RESP3, and no server
/// sends them.
pub(super) fn step(bytes: &[u8]) -> Result<Step, DecodeError> {
    let Some(kind) = bytes.first() else { return Ok(Step::Need) };
    match kind {
        b'+' | b'-' | b'(' => Ok(line(bytes).map_or(Step::Line, |line| Step::Whole(line, None))),
        b':' => Ok(resp::number(bytes)?
            .map_or(Step::Need, |(value, length)| Step::Whole(length, Some(value)))),
        b'_' | b'#' | b',' => short(bytes),
        b'$' | b'=' | b'!' => Ok(match resp::bulk(bytes)? {
            None => Step::Need,
            Some((None, header)) => Step::Whole(header, None),
            Some((Some(length), header)) => Step::String(header, length + 2),
        }),
        b'*' | b'~' | b'>' | b'%' | b'|' => aggregate(*kind, bytes),
        _ => Err(DecodeError("not a value")),
    }
}

fn line(bytes: &[u8]) -> Option<usize> {
    memchr(b'\n', bytes).map(|end| end + 1)
}

fn short(bytes: &[u8]) -> Result<Step, DecodeError> {
    let start = bytes.get(..SHORT_LINE_BYTES_MAX.min(bytes.len())).unwrap_or_default();
    let Some(length) = line(start) else {
        let is_long = start.len() == SHORT_LINE_BYTES_MAX;
        return if is_long { Err(DecodeError("a value without an end")) } else { Ok(Step::Need) };
    };
    let is_well = match start.get(..length) {
        Some(b"_\r\n" | b"#t\r\n" | b"#f\r\n") => true,
        // A double: digits, a sign, an exponent, `inf` or `nan`.
        Some([b',', number @ .., b'\r', b'\n']) => {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            !number.is_empty() && number.iter().all(is_part)
        }
        _ => false,
    };
    if is_well { Ok(Step::Whole(length, None)) } else { Err(DecodeError("not a value")) }
}

fn aggregate(kind: u8, bytes: &[u8]) -> Result<Step, DecodeError> {
    let Some((count, header)) = resp::number(bytes)? else { return Ok(Step::Need) };
    match (kind, u64::try_from(count)) {
        (b'*', Err(_)) if count == -1 => Ok(Step::Whole(header, None)),
        (_, Err(_)) => Err(DecodeError("not a number of values")),
        (b'|', Ok(pairs)) => Ok(Step::Attributes(header, pairs.saturating_mul(2))),
        (b'%', Ok(pairs)) => Ok(Step::Opens(header, pairs.saturating_mul(2))),
        (_, Ok(values)) => Ok(Step::Opens(header, values)),
    }
}

/// Values that are still to come until one is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outstanding(pub(super) u64);

impl Outstanding {
    /// One is whole.
    pub(super) const fn ended(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    /// One holds so many others.
    pub(super) fn opened(&mut self, values: u64) -> Result<(), DecodeError> {
        self.ended();
        self.more(values)
    }

    /// So many come before the next one.
    pub(super) fn more(&mut self, values: u64) -> Result<(), DecodeError> {
        self.0 = self.0.checked_add(values).ok_or(DecodeError("too many values"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let cases = [
            ("+OK\r\n", Step::Whole(5, None)),
            ("-ERR x", Step::Line),
            (":-7\r\n", Step::Whole(5, Some(-7))),
            (":", Step::Need),
            ("$5\r\nhello", Step::String(4, 7)),
            ("$-1\r\n", Step::Whole(5, None)),
            ("=15\r\ntxt:", Step::String(5, 17)),
            ("!21\r\n", Step::String(5, 23)),
            ("*3\r\n", Step::Opens(4, 3)),
            ("*-1\r\n", Step::Whole(5, None)),
            ("~0\r\n", Step::Opens(4, 0)),
            ("%2\r\n", Step::Opens(4, 4)),
            ("|1\r\n", Step::Attributes(4, 2)),
            (">2\r\n", Step::Opens(4, 2)),
            ("_\r\n", Step::Whole(3, None)),
            ("#t\r\n", Step::Whole(4, None)),
            (",-inf\r\n", Step::Whole(7, None)),
            (",3.1", Step::Need),
            ("(3492890328409238509324850943850943825024385\r\n", Step::Whole(46, None)),
            ("", Step::Need),
        ];
        for (text, expected) in cases {
            assert_eq!(step(text.as_bytes()), Ok(expected), "{text:?}");
        }
        for text in ["HTTP/1.1", "#x\r\n", "_x\r\n", ",\r\n", "%-1\r\n", "$-2\r\n", "*?\r\n"] {
            assert!(step(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
