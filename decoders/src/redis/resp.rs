//! The pieces that requests and answers are made of (Redis serialization protocol specification).

use crate::decoder::DecodeError;
use memchr::memchr;

/// Bytes of a line that holds one number.
const NUMBER_LINE_BYTES_MAX: usize = 24;

/// The length of a bulk string; servers refuse longer ones (`proto-max-bulk-len` can be set, and is a signed number).
const BULK_BYTES_MAX: i64 = 1 << 40;

/// The number behind a type's letter, and the length of the line. `None` where it is not whole.
pub(super) fn number(bytes: &[u8]) -> Result<Option<(i64, usize)>, DecodeError> {
    let start = bytes.get(..NUMBER_LINE_BYTES_MAX.min(bytes.len())).unwrap_or_default();
    let Some(end) = memchr(b'\n', start) else {
        let is_long = start.len() == NUMBER_LINE_BYTES_MAX;
        return if is_long { Err(DecodeError("a number without an end")) } else { Ok(None) };
    };
    let line = start.get(1..end).and_then(|line| line.strip_suffix(b"\r"));
    let value = line.and_then(decimal).ok_or(DecodeError("not a number"))?;
    Ok(Some((value, end + 1)))
}

fn decimal(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'9' if is_negative => value.checked_mul(10)?.checked_sub(i64::from(digit - b'0')),
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}

/// The length of a string that `bytes` begin with, and the length of the line that says it; null has none.
pub(super) fn bulk(bytes: &[u8]) -> Result<Option<(Option<u64>, usize)>, DecodeError> {
    let Some((length, header)) = number(bytes)? else { return Ok(None) };
    match length {
        -1 => Ok(Some((None, header))),
        0..=BULK_BYTES_MAX => Ok(Some((Some(length.unsigned_abs()), header))),
        _ => Err(DecodeError("not the length of a string")),
    }
}

/// A string that `bytes` begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// It goes on.
    NotWhole,
    /// It is no string, null, or longer than it may be.
    Other,
    /// What it says, and its length with all that belongs to it.
    Whole(&'a [u8], usize),
}

/// A string of at most `bytes_max` bytes.
pub(super) fn word(bytes: &[u8], bytes_max: usize) -> Result<Word<'_>, DecodeError> {
    match bytes.first() {
        None => return Ok(Word::NotWhole),
        Some(b'$') => {}
        Some(_) => return Ok(Word::Other),
    }
    let Some((length, header)) = bulk(bytes)? else { return Ok(Word::NotWhole) };
    let length = length.and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|&length| length <= bytes_max) else { return Ok(Word::Other) };
    let text = bytes.get(header..header + length);
    match (text, bytes.get(header + length..header + length + 2)) {
        (Some(text), Some(b"\r\n")) => Ok(Word::Whole(text, header + length + 2)),
        (_, None) => Ok(Word::NotWhole),
        (_, Some(_)) => Err(DecodeError("a string without an end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b":17\r\nrest"), Ok(Some((17, 5))));
        assert_eq!(number(b":-9223372036854775808\r\n"), Ok(Some((i64::MIN, 23))));
        assert_eq!(number(b"*1\r"), Ok(None));
        assert_eq!(number(b"*"), Ok(None));
        for text in [
            "*\r\n",
            "*1\n",
            "*?\r\n",
            "*1 \r\n",
            "*99999999999999999999\r\n",
            ":000000000000000000000000",
        ] {
            assert!(number(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(word(b"$3\r\nGET\r\n$1", 8), Ok(Word::Whole(b"GET", 9)));
        assert_eq!(word(b"$3\r\nGET\r", 8), Ok(Word::NotWhole));
        assert_eq!(word(b"$9\r\nGE", 8), Ok(Word::Other));
        assert_eq!(word(b"$-1\r\n", 8), Ok(Word::Other));
        assert_eq!(word(b":1\r\n", 8), Ok(Word::Other));
        assert!(word(b"$3\r\nGETx\r\n", 8).is_err());
        assert!(word(b"$-2\r\n", 8).is_err());
    }
}
