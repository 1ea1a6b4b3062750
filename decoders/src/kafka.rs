//! Apache Kafka's protocol (protocol guide; KIP-482 for flexible versions), from 0.8 to 4.3.
//!
//! Every message begins with its size, and an answer repeats its request's correlation id: pairs and times are exact
//! whatever the rest says. The rest is gone through by its layout as far as it is of interest, and passed over where it is
//! not: records are never looked at, only the heads of their batches. At any doubt within a message the rest of it is
//! passed over too: what it says stays unknown.

mod api;
mod errors;
mod heard;
mod layout;
mod layouts;
mod probe;
mod records;
mod session;
mod side;
mod tag;
mod tokens;
mod walk;

pub(crate) use records::CODECS;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::output::{Attributes, Detail};
use crate::pairing::{Events, Key};
use heard::{Heard, Topics};
use model::flow::Direction;
use model::transaction::Code;
use model::units::CaptureTime;
use probe::{REQUEST_HEAD_BYTES, RESPONSE_HEAD_BYTES, RequestHead, SIZE_BYTES};
use session::Session;
use side::{Side, Stage, Walked};
use tag::Tag;
use tokens::{Next, Tokens};

const _: () = assert!(size_of::<Kafka>() <= 640, "every idle connection pays for it");

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Kafka {
    request: Side,
    response: Side,
    session: Session,
    tokens: Tokens,
}

impl Kafka {
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        }
    }

    /// Reads a message's head at the front of `bytes`; how long it is, or `None` where it is not whole.
    fn head(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<Option<usize>, DecodeError> {
        let next = match direction {
            Direction::ToServer => self.tokens.next_request(bytes),
            Direction::ToClient => self.tokens.next_response(bytes, out),
        };
        match (next, direction) {
            (Next::Need, _) => Ok(None),
            (Next::Token { size }, _) => {
                self.side(direction).begin(Stage::Nobody, size, 0);
                Ok(Some(SIZE_BYTES as usize))
            }
            (Next::Message, Direction::ToServer) => self.request_head(bytes, at, out),
            (Next::Message, Direction::ToClient) => self.response_head(bytes, at, out),
        }
    }

    fn request_head(
        &mut self,
        bytes: &[u8],
        at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<Option<usize>, DecodeError> {
        if bytes.len() < REQUEST_HEAD_BYTES {
            return Ok(None);
        }
        let head = RequestHead::read(bytes).ok_or(DecodeError("not a request's head"))?;
        let known = head.api();
        let version = known.and_then(|(_, version)| version);
        let side = &mut self.request;
        (side.id, side.tag) = (head.id, Tag { key: head.key, version, is_joined: false });
        out.begin_request(at, side.tag.into(), Key::Id(u64::from(head.id)));
        let mut room = [0; UNKNOWN_NAME_BYTES];
        let operation =
            known.map_or_else(|| unknown_name(head.key, &mut room), |(api, _)| api.name);
        let named = out.unnamed(operation.as_bytes());
        out.file_request(named);
        let stage = match known {
            Some((api, Some(version))) if !api.request.is_empty() => {
                side.walk = head.walk(api, version);
                Stage::Reading
            }
            Some((_, Some(_))) => Stage::Read,
            _ => Stage::Unread,
        };
        side.begin(stage, head.size, 8);
        self.tokens.on_request(head.key, head.version);
        Ok(Some(REQUEST_HEAD_BYTES))
    }

    fn response_head(
        &mut self,
        bytes: &[u8],
        at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<Option<usize>, DecodeError> {
        let Some([a, b, c, d, id @ ..]) = bytes.first_chunk::<RESPONSE_HEAD_BYTES>() else {
            return Ok(None);
        };
        let size = u32::try_from(i32::from_be_bytes([*a, *b, *c, *d]));
        let size = size.ok().filter(|&size| size >= SIZE_BYTES);
        let size = size.ok_or(DecodeError("not an answer's size"))?;
        let tag = out.begin_response_to(at, u64::from(u32::from_be_bytes(*id))).map(Tag::from);
        let side = &mut self.response;
        let stage = match tag.map(|tag| (tag, tag.response_walk())) {
            None => Stage::Nobody,
            Some((tag, walk)) => {
                side.tag = tag;
                side.walk = walk.unwrap_or_default();
                if walk.is_some() { Stage::Reading } else { Stage::Unread }
            }
        };
        side.begin(stage, size, SIZE_BYTES);
        Ok(Some(RESPONSE_HEAD_BYTES))
    }

    /// A message is whole.
    fn end(&mut self, direction: Direction, at: Option<CaptureTime>, out: &mut Events<'_>) {
        match direction {
            Direction::ToServer => self.end_request(at, out),
            Direction::ToClient => self.end_response(at, out),
        }
        self.side(direction).stage = Stage::Head;
    }

    fn end_request(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        let Self { request: side, session, .. } = self;
        let is_produce = side.tag.key == api::PRODUCE;
        // Nobody can say whether it will be answered.
        if side.is_torn && is_produce && side.heard.acks.is_none() {
            out.cut_request(at, Some(side.bytes));
            out.doubt(u64::from(side.id));
        }
        if side.stage == Stage::Read
            && let Some(of) = side.of(true)
        {
            let mut topics = side.heard.topics;
            if side.tag.key == api::FETCH {
                let Heard { session_id, session_epoch, .. } = side.heard;
                (topics, side.tag.is_joined) = session.asked(session_id, session_epoch, topics);
                out.retag_request(side.tag.into());
            }
            if !side.tag.is_joined {
                let named = Heard::filed(topics, of, out);
                out.file_request(named);
            }
            if is_produce {
                side.heard.tell_produced(at, out);
            }
        }
        match is_produce && side.heard.acks == Some(0) {
            true => out.end_one_way(at, Some(side.bytes)),
            false => out.end_request(at, Some(side.bytes)),
        }
    }

    fn end_response(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        let Self { response: side, session, .. } = self;
        let heard = &side.heard;
        if heard.error != 0 {
            out.code(Code::Number(heard.error.into()), errors::outcome(heard.error));
        } else if side.stage == Stage::Unread {
            // An error may be among what was not read.
            out.response_attribute(Attributes::OUTCOME_UNKNOWN);
        }
        if let Some(throttle) = heard.throttle_ns() {
            out.response_detail(Detail::Throttle, throttle);
        }
        if side.stage == Stage::Read
            && let Some(of) = side.of(false)
        {
            if side.tag.is_joined {
                let topics = session.answered(heard.topics);
                if topics != Topics::None {
                    let named = Heard::filed(topics, of, out);
                    out.name_by_answer(named);
                }
            }
            heard.tell_answered(of, at, out);
        }
        out.end_response(at, Some(side.bytes));
    }
}

/// Bytes of "api_32767".
const UNKNOWN_NAME_BYTES: usize = 9;

/// The name of an API that is not known: `api_` and its key.
fn unknown_name(key: u16, room: &mut [u8; UNKNOWN_NAME_BYTES]) -> &str {
    *room = *b"api_00000";
    let digits = std::iter::successors(Some(key), |&left| (left >= 10).then_some(left / 10));
    let count = digits.clone().count();
    for (place, left) in room.iter_mut().skip(4).take(count).rev().zip(digits) {
        *place = b'0' + (left % 10) as u8;
    }
    room.get(..4 + count).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("api")
}

impl Decoder for Kafka {
    const PAIRS_BY_ID: bool = true;

    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::request(bytes, false),
            // A size and a number: nothing says that it is Kafka's.
            Direction::ToClient => Probe::NotThis,
        }
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::request(bytes, true),
            Direction::ToClient => Probe::NotThis,
        }
    }

    fn resync_answer(&self, bytes: &[u8], out: &Events<'_>) -> Probe {
        probe::answer(bytes, out)
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let direction = chunk.direction;
        let is_request = direction == Direction::ToServer;
        let mut at = 0;
        loop {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            if self.side(direction).stage == Stage::Head {
                if rest.is_empty() {
                    return Ok(Progress::Consumed(at));
                }
                match self.head(direction, rest, chunk.time_at(at), out)? {
                    Some(read) => at += read,
                    None => return Ok(Progress::Need { consumed: at }),
                }
                continue;
            }
            let (read, walked) = self.side(direction).advance(rest, is_request, out);
            at += read;
            match walked {
                Walked::Need => return Ok(Progress::Need { consumed: at }),
                Walked::Pass(bytes) => {
                    return Ok(Progress::Skip { consumed: at, bytes: u64::from(bytes) });
                }
                Walked::Ended => {
                    self.end(direction, Some(chunk.time_at(at.saturating_sub(1))), out);
                }
            }
        }
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = self.side(direction);
        side.passed();
        if side.left == 0 && side.stage != Stage::Head {
            side.advance(&[], direction == Direction::ToServer, out);
            self.end(direction, last_at, out);
        }
    }

    fn on_gap(&mut self, seen: &Chunk<'_>, _: &mut Events<'_>) -> Option<u64> {
        self.side(seen.direction).tear(seen.bytes.len())
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        let side = match direction {
            Direction::ToServer => &self.request,
            Direction::ToClient => &self.response,
        };
        side.stage == Stage::Head
    }

    fn restart(&mut self, direction: Direction) {
        self.side(direction).stage = Stage::Head;
        self.tokens = Tokens::default();
    }

    fn on_close(
        &mut self,
        direction: Direction,
        _: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = self.side(direction);
        let bytes = Some(side.bytes_so_far(unread));
        match (std::mem::take(&mut side.stage), direction) {
            (Stage::Head | Stage::Nobody, _) => {}
            (_, Direction::ToServer) => out.cut_request(last_at, bytes),
            (_, Direction::ToClient) => out.cut_response(last_at, bytes),
        }
    }
}
