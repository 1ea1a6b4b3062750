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

/// Appends the template of `path`.
pub(super) fn append(path: &[u8], out: &mut Vec<u8>) {
    if path == b"*" {
        return out.push(b'*');
    }
    let Some(rest) = path.strip_prefix(b"/") else {
        return out.extend_from_slice(if path.is_empty() { b"/" } else { b"{authority}" });
    };
    let limit = out.len() + NAME_BYTES_MAX;
    for (place, segment) in rest.split(|&byte| byte == b'/').enumerate() {
        out.push(b'/');
        if place == SEGMENTS_MAX || out.len() > limit {
            return out.push(b'*');
        }
        append_segment(segment, out);
    }
}

fn append_segment(segment: &[u8], out: &mut Vec<u8>) {
    let census = census(segment);
    if census.digits == 0 && segment.len() <= PLAIN_SEGMENT_MAX {
        // What names one thing among many has a digit.
        return append_plain(segment, &census, out);
    }
    if let Some(kind) = kind_of(segment, &census) {
        return out.extend_from_slice(kind.as_bytes());
    }
    // `app.3f2a9c1b.js`: a hash between dots changes with each release.
    for (place, piece) in segment.split(|&byte| byte == b'.').enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        let census = self::census(piece);
        match kind_of(piece, &census).filter(|&kind| kind != ID) {
            Some(kind) => out.extend_from_slice(kind.as_bytes()),
            None => append_plain(piece, &census, out),
        }
    }
}

fn append_plain(piece: &[u8], census: &Census, out: &mut Vec<u8>) {
    let is_text = || std::str::from_utf8(piece).is_ok_and(|text| !text.contains(char::is_control));
    let printable = census.odd == 0 || is_text();
    out.extend_from_slice(if printable { piece } else { b"{binary}" });
}

const ID: &str = "{id}";

/// What a segment is an instance of, if of anything.
fn kind_of(segment: &[u8], census: &Census) -> Option<&'static str> {
    let length = segment.len();
    if length == 0 {
        return None;
    }
    if census.digits == length {
        return Some(ID);
    }
    if is_uuid(segment) {
        return Some("{uuid}");
    }
    if is_date(segment) {
        return Some("{date}");
    }
    if census.hex == length && length >= HEX_MIN && census.digits > 0 {
        return Some("{hex}");
    }
    let mixed = census.digits > 0 && census.plain == length && length >= MIXED_TOKEN_MIN;
    (mixed || length > PLAIN_SEGMENT_MAX).then_some("{token}")
}

/// How many bytes of a segment are decimal digits; hexadecimal digits, the decimal ones among them; letters, digits, `-` or
/// `_`; and neither printable nor ASCII.
#[derive(Default)]
struct Census {
    digits: usize,
    hex: usize,
    plain: usize,
    odd: usize,
}

fn census(segment: &[u8]) -> Census {
    let mut census = Census::default();
    for &byte in segment {
        let letter = byte | 0x20;
        let is_digit = byte.is_ascii_digit();
        census.digits += usize::from(is_digit);
        census.hex += usize::from(is_digit | matches!(letter, b'a'..=b'f'));
        census.odd += usize::from(!(0x20..0x7f).contains(&byte));
        census.plain +=
            usize::from(is_digit | letter.is_ascii_lowercase() | matches!(byte, b'-' | b'_'));
    }
    census
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
