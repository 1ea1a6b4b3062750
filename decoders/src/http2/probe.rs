//! Is this HTTP/2? Asked of the first bytes of a segment.

use super::frame::{HEAD_BYTES, Head, PREFACE, kind};
use super::hpack::{Fields, Table};
use crate::decoder::Probe;
use model::flow::Direction;

/// The first settings of a server are few; no more are believed.
const SETTINGS_BYTES_MAX: u32 = 6 * 64;

/// Whether `bytes` are what a connection begins with (RFC 9113, section 3.4): the client's preface, or the server's
/// settings. Or what may be in the middle of one.
pub(super) fn beginning(direction: Direction, bytes: &[u8]) -> Probe {
    if direction == Direction::ToServer {
        if bytes.starts_with(PREFACE) {
            return Probe::Certain;
        }
        if PREFACE.starts_with(bytes) {
            return Probe::Unsure;
        }
    } else if let Some(head) = Head::read(bytes)
        && head.kind == kind::SETTINGS
        && head.is_plausible()
        && !head.is_acknowledgment()
        && head.length <= SETTINGS_BYTES_MAX
    {
        let behind = bytes.get(HEAD_BYTES + head.length as usize..);
        return match behind.map(Head::read) {
            None => Probe::Unsure,
            Some(Some(next)) if !next.is_plausible() => Probe::NotThis,
            Some(_) => Probe::Certain,
        };
    }
    frames(direction, bytes)
}

/// Whether `bytes`, somewhere in a stream, begin with frames that travel this way. Frames look the same both ways, and a
/// body may hold anything: a header block must be among them that only a request has, or only an answer, with a frame
/// before or behind it wherever there are more bytes, all of them as everybody sends them.
pub(super) fn frames(direction: Direction, bytes: &[u8]) -> Probe {
    let (mut rest, mut proven, mut is_block_open) = (bytes, None, false);
    loop {
        let verdict = if proven.is_some() { Probe::Certain } else { Probe::Unsure };
        let Some(head) = Head::read(rest) else {
            let may_begin = proven.is_some() || may_begin_frame(rest);
            return if may_begin { verdict } else { Probe::NotThis };
        };
        // Which size was agreed on is not known; the body of a message whose fields are here may have it.
        let is_its_body = head.kind == kind::DATA && proven == Some(head.stream);
        let is_plausible = match is_its_body {
            true => head.is_plausible_but_for_its_length(),
            false => head.is_plausible(),
        };
        if !is_plausible
            || is_block_open != (head.kind == kind::CONTINUATION)
            || (direction == Direction::ToServer && !is_from_client(&head))
        {
            return Probe::NotThis;
        }
        let behind = rest.get(HEAD_BYTES..).unwrap_or_default();
        let Some((payload, next)) = behind.split_at_checked(head.length as usize) else {
            return verdict;
        };
        if head.kind == kind::HEADERS && head.ends_headers() {
            match block(direction, &head, payload) {
                Some(true) => proven = Some(head.stream),
                Some(false) => {}
                None => return Probe::NotThis,
            }
        }
        is_block_open = match head.kind {
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => !head.ends_headers(),
            _ => false,
        };
        rest = next;
    }
}

/// Whether the first bytes of a head, fewer than all, can be one: its length and type.
fn may_begin_frame(bytes: &[u8]) -> bool {
    let is_short = matches!(bytes, [] | [0, ..]) && bytes.get(1).is_none_or(|&byte| byte <= 0x40);
    is_short && bytes.get(3).is_none_or(|&kind| kind <= kind::CONTINUATION)
}

/// Clients open streams of odd numbers and push nothing (RFC 9113, sections 5.1.1 and 8.4).
const fn is_from_client(head: &Head) -> bool {
    match head.kind {
        kind::HEADERS | kind::DATA | kind::CONTINUATION => head.stream % 2 == 1,
        kind::PUSH_PROMISE => false,
        _ => true,
    }
}

/// Whether a header block proves which way it travels; `None` where it is none, or travels the other way.
fn block(direction: Direction, head: &Head, payload: &[u8]) -> Option<bool> {
    let (mut table, mut fields) = (Table::default(), Fields::default());
    table.forget();
    table.read(head.fragment(payload)?, &mut fields).ok()?;
    let is_answer = fields.status.is_some();
    match (direction, fields.is_request, is_answer) {
        (_, false, false) => Some(false),
        (Direction::ToServer, true, false) | (Direction::ToClient, false, true) => Some(true),
        (_, _, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len() as u32;
        let head = [&length.to_be_bytes()[1..], &[kind, flags, 0, 0, 0, stream]].concat();
        [&head[..], payload].concat()
    }

    #[test]
    fn beginnings() {
        let settings = frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]);
        for (direction, bytes, expected) in [
            (ToServer, PREFACE.to_vec(), Probe::Certain),
            (ToServer, b"PRI * HT".to_vec(), Probe::Unsure),
            (ToServer, b"GET / HTTP/1.1\r\n".to_vec(), Probe::NotThis),
            (ToClient, settings.clone(), Probe::Certain),
            (ToClient, settings[..11].to_vec(), Probe::Unsure),
            (ToClient, [&settings[..], &frame(4, 1, 0, &[])].concat(), Probe::Certain),
            (ToClient, [&settings[..], b"HTTP/1.1 2"].concat(), Probe::NotThis),
            (ToClient, b"HTTP/1.1 200 OK\r\n".to_vec(), Probe::NotThis),
            // MySQL's greeting, Postgres's startup, Kafka's and Cassandra's requests, TLS.
            (ToClient, b"\x4a\0\0\0\x0a8.0.36\0".to_vec(), Probe::NotThis),
            (ToServer, b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec(), Probe::Unsure),
            (ToServer, b"\0\0\0\x54\0\x03\0\0user".to_vec(), Probe::NotThis),
            (ToServer, b"\0\0\0\x2b\0\x12\0\x03\0\0\0\x01".to_vec(), Probe::NotThis),
            (ToServer, b"\x04\0\0\0\x05\0\0\0\0".to_vec(), Probe::NotThis),
            (ToServer, b"\x16\x03\x01\x02\0\x01".to_vec(), Probe::NotThis),
        ] {
            assert_eq!(beginning(direction, &bytes), expected, "{direction:?} {bytes:?}");
        }
    }

    #[test]
    fn frames_in_the_middle_of_a_stream() {
        let request = frame(1, 5, 3, &[0x82, 0x84, 0x86, 0xbe]);
        let answer = frame(1, 4, 3, &[0x88, 0xbe, 0xbf]);
        let data = frame(0, 1, 3, &[0; 20]);
        let unknown = frame(1, 5, 3, &[0xbe]);
        let update = frame(8, 0, 0, &[0, 0, 1, 0]);
        for (direction, bytes, expected) in [
            (ToServer, request.clone(), Probe::Certain),
            (ToClient, request.clone(), Probe::NotThis),
            (ToClient, answer.clone(), Probe::Certain),
            (ToServer, answer.clone(), Probe::NotThis),
            (ToServer, request[..12].to_vec(), Probe::Unsure),
            (ToClient, [&answer[..], &data].concat(), Probe::Certain),
            (ToClient, [&answer[..], &data[..15]].concat(), Probe::Certain),
            (ToClient, [&answer[..], b"HTTP/1.1 200"].concat(), Probe::NotThis),
            (ToClient, [&data[..], &answer].concat(), Probe::Certain),
            (ToClient, [&answer[..], &[0, 200, 0, 0, 0, 0, 0, 0, 3]].concat(), Probe::Certain),
            (ToClient, [&answer[..], &[0, 200, 0, 0, 0, 0, 0, 0, 5]].concat(), Probe::NotThis),
            (ToClient, data.clone(), Probe::Unsure),
            (ToClient, unknown.clone(), Probe::Unsure),
            (ToServer, [&update[..], &request].concat(), Probe::Certain),
            (ToServer, frame(1, 5, 2, &[0x82]), Probe::NotThis),
            (ToServer, frame(1, 5, 3, &[0x80]), Probe::NotThis),
            (ToServer, vec![0; 100], Probe::NotThis),
            (ToServer, b"some text that is none".to_vec(), Probe::NotThis),
        ] {
            assert_eq!(frames(direction, &bytes), expected, "{direction:?} {bytes:?}");
        }
    }
}
