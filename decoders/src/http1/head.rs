//! Message heads: start line and the few fields that say where a message ends (RFC 9112, sections 2 to 6).

use memchr::memchr;

/// What the fields say of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framing {
    /// `Content-Length`; [`NO_LENGTH`] where there is none.
    pub(super) content_length: u64,
    pub(super) coding: Coding,
}

/// No length that a field can give: it would have more digits than are read.
const NO_LENGTH: u64 = u64::MAX;

/// What the fields say of the transfer coding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    /// There is none.
    #[default]
    None,
    /// The last one is `chunked`.
    Chunked,
    /// The last one is another.
    Other,
    /// There is none, and `Content-Length` contradicts itself.
    Contradictory,
    /// There is no body: HTTP/2 follows.
    Http2,
}

impl Default for Framing {
    fn default() -> Self {
        Self { content_length: NO_LENGTH, coding: Coding::None }
    }
}

impl Framing {
    /// The body's length, where the fields give one.
    pub(super) fn length(&self) -> Option<u64> {
        (self.content_length != NO_LENGTH).then_some(self.content_length)
    }
}

/// Lines of heads are short: the search that needs no look at the processor first, and can be inlined, wins.
#[cfg(target_arch = "x86_64")]
#[inline]
fn find_line_feed(bytes: &[u8]) -> Option<usize> {
    use memchr::arch::x86_64::sse2::memchr::One;
    match One::new(b'\n') {
        Some(search) => search.find(bytes),
        None => memchr(b'\n', bytes),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn find_line_feed(bytes: &[u8]) -> Option<usize> {
    memchr(b'\n', bytes)
}

/// The first line of `bytes` without its line end, and its length with it.
#[inline]
pub(super) fn line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = find_line_feed(bytes)?;
    let (line, _) = bytes.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

impl Framing {
    /// Takes what one field line says.
    #[inline]
    pub(super) fn read(&mut self, field: &[u8]) {
        // One letter of each name rules out nearly all other fields.
        let may_matter = match field {
            [b'C' | b'c', _, _, _, _, _, _, _, eighth, ..] => matches!(eighth, b'L' | b'l'),
            [b'T' | b't', b'R' | b'r', ..] => true,
            _ => false,
        };
        if may_matter {
            read_field(field, self);
        }
    }
}

/// Whether a field of an answer that switches protocols says that HTTP/2 follows (RFC 7540, section 3.2).
pub(super) fn switches_to_http2(field: &[u8]) -> bool {
    let name = field.split(|&byte| byte == b':').next().unwrap_or_default();
    let value = field.get(name.len() + 1..).unwrap_or_default().trim_ascii();
    name.trim_ascii_end().eq_ignore_ascii_case(b"upgrade") && value.eq_ignore_ascii_case(b"h2c")
}

fn read_field(field: &[u8], framing: &mut Framing) {
    let Some(colon) = memchr(b':', field) else { return };
    let Some((name, value)) = field.split_at_checked(colon) else { return };
    let name = name.trim_ascii_end();
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    if name.eq_ignore_ascii_case(b"content-length") {
        read_content_length(value, framing);
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        let last = value.rsplit(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
        let chunked = last.eq_ignore_ascii_case(b"chunked");
        framing.coding = if chunked { Coding::Chunked } else { Coding::Other };
    }
}

/// Several equal values are one (RFC 9112, section 6.3).
fn read_content_length(value: &[u8], framing: &mut Framing) {
    for value in value.split(|&byte| byte == b',') {
        match (decimal(value.trim_ascii()), framing.length()) {
            (Some(length), None) => framing.content_length = length,
            (Some(length), Some(before)) if length == before => {}
            // A transfer coding overrides it.
            (_, _) if framing.coding == Coding::None => framing.coding = Coding::Contradictory,
            (_, _) => {}
        }
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'9' => Some(value * 10 + u64::from(digit - b'0')),
        _ => None,
    })
}

/// Method and target of a request line; `None` where it is not one.
pub(super) fn request_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr(b' ', line)?;
    let (method, rest) = line.split_at_checked(space)?;
    if method.is_empty() || method.len() > METHOD_BYTES_MAX || !method.iter().all(is_token) {
        return None;
    }
    let rest = rest.trim_ascii();
    let space = memchr::memrchr(b' ', rest)?;
    let (target, version) = rest.split_at_checked(space)?;
    let version = version.trim_ascii_start();
    let target = target.trim_ascii_end();
    let is_http = version.len() == 8 && version.starts_with(b"HTTP/");
    (is_http && !target.is_empty()).then_some((method, target))
}

/// Method and target of a request line without a version, as HTTP/0.9 had them and as broken clients write them. Only
/// methods that everybody knows are believed without one.
pub(super) fn bare_request_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr(b' ', line)?;
    let (method, target) = line.split_at_checked(space)?;
    let target = target.trim_ascii();
    let is_bare = target.starts_with(b"/") && !target.contains(&b' ');
    (KNOWN_METHODS.contains(&method) && is_bare).then_some((method, target))
}

/// RFC 9110, section 9.3, and RFC 5789.
pub(super) const KNOWN_METHODS: [&[u8]; 9] =
    [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE"];

/// The longest method that is believed.
pub(super) const METHOD_BYTES_MAX: usize = 32;

/// RFC 9110, section 5.6.2.
pub(super) const fn is_token(byte: &u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// The status of a status line; `None` where it is not one.
pub(super) fn status_line(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/")?;
    let space = memchr(b' ', rest)?;
    let (version, status) = rest.split_at_checked(space)?;
    if !matches!(version, [b'0'..=b'9', b'.', b'0'..=b'9']) {
        return None;
    }
    let status = status.trim_ascii_start();
    let [hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = status else {
        return None;
    };
    if !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    Some(u16::from(hundreds - b'0') * 100 + u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
}

/// The size of a chunk from its line (RFC 9112, section 7.1); extensions are passed over.
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0_u64, |size, &digit| {
        Some(size * 16 + u64::from(char::from(digit).to_digit(16)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_lines() {
        assert_eq!(request_line(b"GET /a HTTP/1.1"), Some((&b"GET"[..], &b"/a"[..])));
        assert_eq!(request_line(b"BREW /a b HTTP/1.1"), Some((&b"BREW"[..], &b"/a b"[..])));
        assert_eq!(request_line(b"get / HTTP/1.0"), Some((&b"get"[..], &b"/"[..])));
        for line in
            ["GET /a", "GET  HTTP/1.1", "G\"T / HTTP/1.1", " / HTTP/1.1", "", "GET / FTP/1.1"]
        {
            assert_eq!(request_line(line.as_bytes()), None, "{line}");
        }
        assert_eq!(status_line(b"HTTP/1.1 200 OK"), Some(200));
        assert_eq!(status_line(b"HTTP/1.0 404"), Some(404));
        for line in ["HTTP/1.1 2000 OK", "HTTP/1.1 20", "HTTP/11 200", "HTTP/1.1 099 X", "ICY 200"]
        {
            assert_eq!(status_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn fields_that_say_where_the_body_ends() {
        let read = |fields: &[&str]| {
            let mut framing = Framing::default();
            fields.iter().for_each(|field| framing.read(field.as_bytes()));
            framing
        };
        assert_eq!(read(&["Content-Length: 12"]).length(), Some(12));
        assert_eq!(read(&["content-length:12 "]).length(), Some(12));
        assert_eq!(read(&["Content-Length: 12, 12"]).length(), Some(12));
        assert_eq!(read(&["Content-Type: 12"]).length(), None);
        let coding = |fields: &[&str]| read(fields).coding;
        assert_eq!(coding(&["Content-Length: 12", "Content-Length: 13"]), Coding::Contradictory);
        assert_eq!(coding(&["Content-Length: -1"]), Coding::Contradictory);
        assert_eq!(coding(&["Transfer-Encoding: gzip, chunked"]), Coding::Chunked);
        assert_eq!(coding(&["Content-Length: x", "Transfer-Encoding: chunked"]), Coding::Chunked);
        assert_eq!(coding(&["Transfer-Encoding: chunked, identity"]), Coding::Other);
    }

    #[test]
    fn chunk_sizes() {
        assert_eq!(chunk_size(b"1aF"), Some(0x1af));
        assert_eq!(chunk_size(b"5;name=\"value\""), Some(5));
        assert_eq!(chunk_size(b"0"), Some(0));
        for line in ["", "g", "-1", "fffffffffffffffff"] {
            assert_eq!(chunk_size(line.as_bytes()), None, "{line}");
        }
    }
}
