//! Is this HTTP/1? Asked of the first bytes of a segment.

use super::head;
use crate::decoder::Probe;

/// Whether `bytes` begin a request.
pub(super) fn request(bytes: &[u8]) -> Probe {
    // RFC 9112, section 2.2: empty lines before a start line are to be ignored.
    let blank = bytes.iter().take_while(|&byte| matches!(byte, b'\r' | b'\n')).count();
    let bytes = bytes.get(blank..).unwrap_or_default();
    let token = bytes
        .iter()
        .take(head::METHOD_BYTES_MAX + 1)
        .take_while(|&byte| head::is_token(byte))
        .count();
    let Some((method, rest)) = bytes.split_at_checked(token) else { return Probe::NotThis };
    match rest.first() {
        None if token <= head::METHOD_BYTES_MAX => return Probe::Unsure,
        Some(b' ') if token > 0 => {}
        _ => return Probe::NotThis,
    }
    match head::line(bytes) {
        Some((line, _)) if method != b"PRI" && head::request_line(line).is_some() => Probe::Certain,
        Some((line, _)) if head::bare_request_line(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotThis,
        // The line goes on in a later segment.
        None if head::KNOWN_METHODS.contains(&method)
            && matches!(rest.get(1), Some(b'/' | b'h' | b'*')) =>
        {
            Probe::Certain
        }
        None => Probe::Unsure,
    }
}

/// Whether `bytes`, somewhere in a stream, begin a request. Only methods that everybody knows are believed: a body can be
/// cut anywhere.
pub(super) fn known_request(bytes: &[u8]) -> Probe {
    let is_known = match memchr::memchr(b' ', bytes).and_then(|space| bytes.get(..space)) {
        Some(method) => head::KNOWN_METHODS.contains(&method),
        None => head::KNOWN_METHODS.iter().any(|method| method.starts_with(bytes)),
    };
    if is_known { request(bytes) } else { Probe::NotThis }
}

/// Whether `bytes` begin an answer.
pub(super) fn response(bytes: &[u8]) -> Probe {
    const START: &[u8] = b"HTTP/1.";
    match bytes.split_at_checked(START.len()) {
        None if START.starts_with(bytes) => Probe::Unsure,
        Some((START, [])) => Probe::Unsure,
        Some((START, [b'0' | b'1', rest @ ..])) if matches!(rest.first(), None | Some(b' ')) => {
            Probe::Certain
        }
        _ => Probe::NotThis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        for (bytes, expected) in [
            ("GET / HTTP/1.1\r\n", Probe::Certain),
            ("BREW /pot HTTP/1.0\r\n", Probe::Certain),
            ("GET /a-long-path-that-goes-on", Probe::Certain),
            ("GE", Probe::Unsure),
            ("BREW /pot", Probe::Unsure),
            ("GET key\r\n", Probe::NotThis),
            ("PRI * HTTP/2.0\r\n", Probe::NotThis),
            ("*3\r\n$3\r\nSET", Probe::NotThis),
            ("\u{16}\u{3}\u{1}", Probe::NotThis),
            ("\r\nGET / HTTP/1.1\r\n", Probe::Certain),
            ("", Probe::Unsure),
        ] {
            assert_eq!(request(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn answers() {
        for (bytes, expected) in [
            ("HTTP/1.1 200 OK\r\n", Probe::Certain),
            ("HTTP/1.0", Probe::Certain),
            ("HTT", Probe::Unsure),
            ("HTTP/1.", Probe::Unsure),
            ("HTTP/2 200", Probe::NotThis),
            ("<html>", Probe::NotThis),
        ] {
            assert_eq!(response(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }
}
