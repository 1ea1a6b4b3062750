//! Is this Kafka? Asked of the first bytes of a segment.

use super::api::{self, Api};
use super::errors;
use super::tag::Tag;
use super::walk::{Fact, Step, Walk};
use crate::decoder::Probe;
use crate::pairing::Events;

/// A request that is larger is not believed where nothing else says that it is one: brokers refuse those of more than
/// 100 MiB (`socket.request.max.bytes`).
const SIZE_MAX: u32 = 128 << 20;

/// A client's id that is longer is not believed, likewise.
const CLIENT_ID_BYTES_MAX: usize = 256;

/// Brokers hold clients back for less than an hour.
const THROTTLE_MS_MAX: i32 = 3_600_000;

/// Size, API key, version, correlation id.
pub(super) const REQUEST_HEAD_BYTES: usize = 12;
/// Size and correlation id.
pub(super) const RESPONSE_HEAD_BYTES: usize = 8;
/// What a size does not count: itself.
pub(super) const SIZE_BYTES: u32 = 4;

/// A request's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestHead {
    pub(super) size: u32,
    pub(super) key: u16,
    pub(super) version: u16,
    pub(super) id: u32,
}

impl RequestHead {
    /// The head at the front of `bytes`; `None` where it is not whole or cannot be one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; REQUEST_HEAD_BYTES] = bytes.first_chunk()?;
        let [a, b, c, d, key @ .., e, f, g, h] = head;
        let [key_a, key_b, version_a, version_b] = *key;
        let size = i32::from_be_bytes([*a, *b, *c, *d]);
        let read = Self {
            size: u32::try_from(size).ok()?,
            key: u16::from_be_bytes([key_a, key_b]),
            version: u16::from_be_bytes([version_a, version_b]),
            id: u32::from_be_bytes([*e, *f, *g, *h]),
        };
        // Neither is ever negative, and the size counts the rest of the head.
        let is_one = read.key < 1 << 15 && read.version < 1 << 15 && read.size >= 8;
        is_one.then_some(read)
    }

    /// The API, and the version where it is known.
    pub(super) fn api(&self) -> Option<(&'static Api, Option<u8>)> {
        let api = api::by_key(self.key)?;
        let version = u8::try_from(self.version).ok().filter(|&version| version <= api.latest);
        Some((api, version))
    }

    /// A way through the rest of the request.
    pub(super) fn walk(&self, api: &Api, version: u8) -> Walk {
        // ControlledShutdown's first version has the header of before 0.9, without a client's id.
        let has_client = self.key != api::CONTROLLED_SHUTDOWN || version > 0;
        Walk::request(api.request, version, api.is_flexible(version), has_client)
    }
}

/// How bytes fit a layout, as far as they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// The message is whole, and so laid out.
    Whole,
    /// So far.
    Part,
    Not,
}

/// Whether `body`, of which `left` bytes are said to come, is laid out as `walk` says, and nothing in it is refused.
/// `is_whole`: laid out to the last byte.
fn fit(
    mut walk: Walk,
    mut body: &[u8],
    mut left: u32,
    is_whole: bool,
    mut accept: impl FnMut(Fact<'_>) -> bool,
) -> Fit {
    loop {
        let end = body.len().min(left as usize);
        let visible = body.get(..end).unwrap_or_default();
        let (read, pass) = match walk.next(visible, left) {
            Step::Found { fact, .. } if !accept(fact) => return Fit::Not,
            Step::Found { read, pass, .. } | Step::Pass { read, pass } => (read, pass),
            Step::Need if visible.len() == left as usize => return Fit::Not,
            Step::Need => return Fit::Part,
            Step::Done if left == 0 || !is_whole => return Fit::Whole,
            Step::Done | Step::Odd => return Fit::Not,
        };
        left -= read + pass;
        match body.get((read + pass) as usize..) {
            Some(rest) => body = rest,
            None => return Fit::Part,
        }
    }
}

fn is_plausible(fact: Fact<'_>) -> bool {
    match fact {
        Fact::Error(code) => errors::is_plausible(code),
        Fact::Throttle(throttle) => (0..=THROTTLE_MS_MAX).contains(&throttle),
        Fact::Acks(acks) => (-1..=1).contains(&acks),
        Fact::SessionEpoch(epoch) => epoch >= -1,
        Fact::Topic(name) | Fact::Meaning(_, name) => name.iter().all(|&byte| is_legal(byte)),
        Fact::LongTopic => false,
        Fact::SessionId(_)
        | Fact::TopicId(_)
        | Fact::Records(_)
        | Fact::Batch(_)
        | Fact::UnknownBatches => true,
    }
}

/// The letters of topics' names (org.apache.kafka.common.internals.Topic).
const fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// The client's id behind a head, of a request of which `left` bytes come behind the head: `Ok(None)` where there is none.
fn client_id(body: &[u8], left: u32) -> Result<Option<&[u8]>, Probe> {
    let length = body.first_chunk().copied().map(i16::from_be_bytes).ok_or(Probe::Unsure)?;
    match usize::try_from(length) {
        _ if left < 2 => Err(Probe::NotThis),
        Ok(0) => Ok(None),
        Ok(length @ 1..=CLIENT_ID_BYTES_MAX) if length + 2 <= left as usize => {
            body.get(2..2 + length).map(Some).ok_or(Probe::Unsure)
        }
        Err(_) if length == -1 => Ok(None),
        _ => Err(Probe::NotThis),
    }
}

/// Whether `bytes` begin a request. `is_strict`: nothing else says that a request begins here.
pub(super) fn request(bytes: &[u8], is_strict: bool) -> Probe {
    let size = bytes.first_chunk().copied().map_or(u32::MAX, u32::from_be_bytes);
    if bytes.len() >= 4 && !(8..=SIZE_MAX).contains(&size) {
        return Probe::NotThis;
    }
    if bytes.len() < REQUEST_HEAD_BYTES {
        // The first byte of a plausible size.
        return if bytes.first().is_none_or(|&first| first <= 8) {
            Probe::Unsure
        } else {
            Probe::NotThis
        };
    }
    let Some(head) = RequestHead::read(bytes) else { return Probe::NotThis };
    let Some((api, Some(version))) = head.api() else { return Probe::NotThis };
    if i32::try_from(head.id).is_err() {
        return Probe::NotThis;
    }
    let body = bytes.get(REQUEST_HEAD_BYTES..).unwrap_or_default();
    let left = head.size - 8;
    let client = match client_id(body, left) {
        Ok(client) => client,
        Err(probe) => return probe,
    };
    let is_text =
        |id: &[u8]| std::str::from_utf8(id).is_ok_and(|id| !id.chars().any(char::is_control));
    if client.is_some_and(|id| !is_text(id)) {
        return Probe::NotThis;
    }
    let (mut facts, is_read) = (0_u32, !api.request.is_empty());
    let fit = fit(head.walk(api, version), body, left, is_read, |fact| {
        facts += 1;
        is_plausible(fact)
    });
    // Without the client's id, little but the layout tells a request from other bytes.
    let is_sure = match fit {
        Fit::Not => return Probe::NotThis,
        _ if client.is_some() => true,
        Fit::Whole => is_read && (!is_strict || facts > 0),
        Fit::Part => !is_strict,
    };
    let behind = body.get(left as usize..).unwrap_or_default();
    match is_sure && may_follow(behind) {
        true => Probe::Certain,
        false => Probe::NotThis,
    }
}

/// Whether what comes behind a message can be one.
fn may_follow(bytes: &[u8]) -> bool {
    let size = bytes.first_chunk().copied().map(u32::from_be_bytes);
    size.is_none_or(|size| (4..=SIZE_MAX).contains(&size))
}

/// Whether `bytes` begin the answer to a request that is open: its size, its correlation id, and what is laid out behind
/// them as the request's version wants it.
pub(super) fn answer(bytes: &[u8], out: &Events<'_>) -> Probe {
    let Some([size, id]) = bytes.first_chunk::<RESPONSE_HEAD_BYTES>().map(|head| {
        let [a, b, c, d, e, f, g, h] = *head;
        [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
    }) else {
        // The first byte of a size is small, most often 0.
        return if bytes.first().is_none_or(|&first| first <= 8) {
            Probe::Unsure
        } else {
            Probe::NotThis
        };
    };
    let Some(tag) = out.open_tag(u64::from(id)).map(Tag::from) else { return Probe::NotThis };
    let Some(left) = i32::try_from(size).ok().and_then(|_| size.checked_sub(SIZE_BYTES)) else {
        return Probe::NotThis;
    };
    let body = bytes.get(RESPONSE_HEAD_BYTES..).unwrap_or_default();
    // An answer that ends where the segment ends may say what it likes.
    let is_exact = body.len() == left as usize;
    let accept = |fact: Fact<'_>| is_exact || is_plausible(fact);
    let fits = match tag.response_walk() {
        Some(walk) => fit(walk, body, left, false, accept) != Fit::Not,
        None => is_exact,
    };
    let behind = body.get(left as usize..).unwrap_or_default();
    if fits && may_follow(behind) { Probe::Certain } else { Probe::NotThis }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ApiVersions 0 of the client "me".
    const ASKS: &[u8] = b"\0\0\0\x0c\0\x12\0\0\0\0\0\x01\0\x02me";

    #[test]
    fn requests_are_told() {
        let metadata = b"\0\0\0\x13\0\x03\0\x01\0\0\0\x07\0\x02me\0\0\0\x01\0\x01t".to_vec();
        for (bytes, from_start, strict) in [
            (ASKS.to_vec(), Probe::Certain, Probe::Certain),
            ([ASKS, ASKS].concat(), Probe::Certain, Probe::Certain),
            ([ASKS, b"\xff\xff\xff\xff"].concat(), Probe::NotThis, Probe::NotThis),
            (metadata.clone(), Probe::Certain, Probe::Certain),
            (metadata[..20].to_vec(), Probe::Certain, Probe::Certain),
            (ASKS[..3].to_vec(), Probe::Unsure, Probe::Unsure),
            (ASKS[..13].to_vec(), Probe::Unsure, Probe::Unsure),
            // Without a client's id: Heartbeat 0 of the group "g".
            (
                b"\0\0\0\x14\0\x0c\0\0\0\0\0\x01\xff\xff\0\x01g\0\0\0\0\0\x01m".to_vec(),
                Probe::Certain,
                Probe::NotThis,
            ),
            (
                b"\0\0\0\x14\0\x0c\0\0\0\0\0\x01\xff\xff\0\x01g\0\0\0\0\0\x01".to_vec(),
                Probe::Certain,
                Probe::NotThis,
            ),
            // Of a version that nobody knows.
            (b"\0\0\0\x0c\0\x12\0\x63\0\0\0\x01\0\x02me".to_vec(), Probe::NotThis, Probe::NotThis),
        ] {
            assert_eq!(request(&bytes, false), from_start, "{bytes:?}");
            assert_eq!(request(&bytes, true), strict, "{bytes:?}");
        }
    }

    #[test]
    fn other_protocols_are_not_claimed() {
        let others: [&[u8]; 16] = [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            // PostgreSQL: StartupMessage, SSLRequest.
            b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0",
            b"\0\0\0\x16\0\x03\0\0user\0app\0a\0b\0\0",
            b"\0\0\0\x08\x04\xd2\x16\x2f",
            // Cassandra: OPTIONS, STARTUP, version 4 and 5.
            b"\x04\0\0\0\x05\0\0\0\0\0\0\0\0\0",
            b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0",
            b"\x05\0\0\x01\x05\0\0\0\0\0\0\0\0\0",
            // Redis.
            b"*1\r\n$4\r\nPING\r\n",
            b"PING\r\n",
            // MySQL: a greeting, a query, a ping.
            b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0",
            b"\x09\0\0\0\x03SELECT 1",
            b"\x01\0\0\0\x0e",
            // TLS: a ClientHello.
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            // ZooKeeper: a connect request.
            b"\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x75\x30\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            // DNS over TCP.
            b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01",
        ];
        for bytes in others {
            for is_strict in [false, true] {
                let probe = request(bytes, is_strict);
                assert!(
                    probe == Probe::NotThis || (probe == Probe::Unsure && bytes.len() < 12),
                    "{probe:?} {:?}",
                    String::from_utf8_lossy(bytes)
                );
            }
        }
    }
}
