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

/// The client's id behind a head: `Ok(None)` where there is none.
fn client_id(body: &[u8]) -> Result<Option<&[u8]>, Probe> {
    let length = body.first_chunk().copied().map(i16::from_be_bytes).ok_or(Probe::Unsure)?;
    match usize::try_from(length) {
        Ok(0) => Ok(None),
        Ok(length @ 1..=CLIENT_ID_BYTES_MAX) => {
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
    let client = match client_id(body) {
        Ok(client) => client,
        Err(probe) => return probe,
    };
    let is_text =
        |id: &[u8]| std::str::from_utf8(id).is_ok_and(|id| !id.chars().any(char::is_control));
    let length = client.map_or(0, <[u8]>::len);
    if length + 2 > left as usize || client.is_some_and(|id| !is_text(id)) {
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
