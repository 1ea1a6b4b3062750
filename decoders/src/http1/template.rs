//! Templates found in paths: the parts that name one thing among many give way to what they are.

use crate::limits::NAME_BYTES_MAX;

/// Segments of a path that a template keeps; deeper ones become `*`.
const SEGMENTS_MAX: usize = 10;
/// Longer segments are taken for tokens.
const PLAIN_SEGMENT_MAX: usize = 48;
/// Letters and digits mixed, of this length or more, are taken for a token.
const MIXED_TOKEN_MIN: usize = 20;
/// Hexadecimal digits, of this length or more and with a decimal digit among them, are taken for a hash.
const HEX_MIN: usize = 8;

/// Digits of the hashes in use: MD5, SHA-1, and SHA-2 of 224, 256, 384 and 512 bits.
const HASH_LENGTHS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// Appends the template of `path`.
pub(super) fn append(path: &[u8], out: &mut Vec<u8>) {
    if path == b"*" {
        return out.push(b'*');
    }
    let Some(rest) = path.strip_prefix(b"/") else {
        return out.extend_from_slice(if path.is_empty() { b"/" } else { b"{authority}" });
    };
    let limit = out.len() + NAME_BYTES_MAX;
    let mut rest = Some(rest);
    let mut place = 0;
    while let Some(bytes) = rest {
        let (census, length) = Census::up_to(b'/', bytes);
        let (segment, behind) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        rest = behind.get(1..);
        out.push(b'/');
        if place == SEGMENTS_MAX || out.len() > limit {
            return out.push(b'*');
        }
        append_segment(segment, census, out);
        place += 1;
    }
}

fn append_segment(segment: &[u8], census: Census, out: &mut Vec<u8>) {
    if !census.any(DIGIT) && segment.len() <= PLAIN_SEGMENT_MAX {
        // What names one thing among many has a digit.
        return append_plain(segment, census, out);
    }
    if let Some(kind) = kind_of(segment, census) {
        return out.extend_from_slice(kind.as_bytes());
    }
    // `app.3f2a9c1b.js`: a hash between dots changes with each release.
    for (place, piece) in segment.split(|&byte| byte == b'.').enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        let (census, _) = Census::up_to(b'.', piece);
        match kind_of(piece, census).filter(|&kind| kind != ID) {
            Some(kind) => out.extend_from_slice(kind.as_bytes()),
            None => append_plain(piece, census, out),
        }
    }
}

fn append_plain(piece: &[u8], census: Census, out: &mut Vec<u8>) {
    let is_text = || std::str::from_utf8(piece).is_ok_and(|text| !text.contains(char::is_control));
    let printable = !census.any(ODD) || is_text();
    out.extend_from_slice(if printable { piece } else { b"{binary}" });
}

const ID: &str = "{id}";

/// What a segment is an instance of, if of anything.
fn kind_of(segment: &[u8], census: Census) -> Option<&'static str> {
    let length = segment.len();
    if length == 0 {
        return None;
    }
    if census.all(DIGIT) {
        // One in millions of hashes has no letter; numbers are hardly ever that long.
        return Some(if HASH_LENGTHS.contains(&length) { "{hex}" } else { ID });
    }
    if is_uuid(segment) {
        return Some("{uuid}");
    }
    if is_date(segment) {
        return Some("{date}");
    }
    if census.all(HEX) && length >= HEX_MIN && census.any(DIGIT) {
        return Some("{hex}");
    }
    let mixed = census.any(DIGIT) && census.all(WORD) && length >= MIXED_TOKEN_MIN;
    (mixed || length > PLAIN_SEGMENT_MAX).then_some("{token}")
}

/// What the bytes of a segment have in common.
#[derive(Clone, Copy)]
struct Census {
    all: u8,
    any: u8,
}

/// Decimal digits.
const DIGIT: u8 = 1;
/// Hexadecimal digits, the decimal ones among them.
const HEX: u8 = 2;
/// Letters, digits, `-` and `_`.
const WORD: u8 = 4;
/// Neither printable nor ASCII.
const ODD: u8 = 8;

/// Each byte's classes.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        #[allow(clippy::indexing_slicing)] // Worked out by the compiler.
        {
            classes[byte] = classes_of(byte as u8);
        }
        byte += 1;
    }
    classes
};

const fn classes_of(byte: u8) -> u8 {
    let digit = if byte.is_ascii_digit() { DIGIT } else { 0 };
    let hex = if byte.is_ascii_hexdigit() { HEX } else { 0 };
    let word = if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') { WORD } else { 0 };
    let odd = if byte.is_ascii_graphic() || byte == b' ' { 0 } else { ODD };
    digit | hex | word | odd
}

impl Census {
    /// Of the bytes before the first `end`, and how many there are.
    fn up_to(end: u8, bytes: &[u8]) -> (Self, usize) {
        let mut census = Self { all: u8::MAX, any: 0 };
        for (place, &byte) in bytes.iter().enumerate() {
            if byte == end {
                return (census, place);
            }
            let class = CLASSES.get(usize::from(byte)).copied().unwrap_or_default();
            census.all &= class;
            census.any |= class;
        }
        (census, bytes.len())
    }

    /// Whether all bytes are of this class.
    const fn all(self, class: u8) -> bool {
        self.all & class != 0
    }

    /// Whether some byte is of this class.
    const fn any(self, class: u8) -> bool {
        self.any & class != 0
    }
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
fn is_uuid(segment: &[u8]) -> bool {
    segment.len() == 36
        && segment.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2024-01-31`, alone or with a time behind it.
fn is_date(segment: &[u8]) -> bool {
    let Some((date, time)) = segment.split_at_checked(10) else { return false };
    let shape = date.iter().enumerate().all(|(place, byte)| match place {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shape && (time.is_empty() || matches!(time.first(), Some(b'T' | b't' | b'_' | b'%' | b' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_one_thing_among_many_gives_way() {
        for (path, template) in [
            ("/", "/"),
            ("/users/42", "/users/{id}"),
            ("/users/42/orders/7/", "/users/{id}/orders/{id}/"),
            ("/o/123e4567-e89b-12d3-a456-426614174000", "/o/{uuid}"),
            ("/c/deadbeef12", "/c/{hex}"),
            ("/c/12345678901234567890123456789012", "/c/{hex}"),
            ("/c/123456789012345678901234567890123", "/c/{id}"),
            ("/c/12345678", "/c/{id}"),
            ("/facade/decade", "/facade/decade"),
            ("/d/2024-01-31", "/d/{date}"),
            ("/d/2024-01-31T10:00:00Z", "/d/{date}"),
            ("/static/app.3f2a9c1b.js", "/static/app.{hex}.js"),
            ("/api/v1.2/x", "/api/v1.2/x"),
            ("/t/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/t/{token}"),
            ("/api/v2/search", "/api/v2/search"),
            ("/1/2/3/4/5/6/7/8/9/10/11/12", "/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/*"),
        ] {
            let mut out = Vec::new();
            append(path.as_bytes(), &mut out);
            assert_eq!(out, template.as_bytes(), "{path}");
        }
    }

    #[test]
    fn names_are_bounded_and_printable() {
        let mut out = Vec::new();
        append(&b"/abc".repeat(10_000), &mut out);
        assert!(out.len() < 2 * NAME_BYTES_MAX, "{}", out.len());
        out.clear();
        append(b"/a\x00b/\xff\xfe", &mut out);
        assert_eq!(out, b"/{binary}/{binary}");
        out.clear();
        append("/straße/42".as_bytes(), &mut out);
        assert_eq!(out, "/straße/{id}".as_bytes());
    }
}
