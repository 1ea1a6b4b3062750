//! HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112).
//!
//! Heads are read line by line, bodies are passed over by length. What is kept of a message while it arrives is a
//! few numbers.

mod head;
mod naming;
mod probe;
mod template;

pub use naming::{Naming, Route, RoutesError};

use crate::decoder::{AfterCut, Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::limits::{CHUNK_LINE_BYTES_MAX, HEAD_BYTES_MAX};
use crate::naming::Kind;
use crate::pairing::{Events, Key};
use head::{Coding, Framing};
use model::flow::Direction;
use model::protocol::Protocol;
use model::transaction::{Code, Outcome};
use model::units::CaptureTime;

/// Where one direction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between two messages, or in a start line.
    #[default]
    StartLine,
    Fields,
    /// In a body of known length.
    Body,
    ChunkSize,
    ChunkData,
    Trailers,
    /// In a body that ends with the connection.
    ToClose,
    /// In a message whose head or chunk sizes the snap length cut.
    Cut,
}

/// One direction: where it stands, and what the message that is arriving has said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// In the head: what it says of the body's length. Behind it: bytes of the message so far, a body being counted when
    /// it begins. One place for both, since every idle connection has two of them.
    number: u64,
    /// Bytes of the head so far.
    head: u32,
    /// Of an answer; 0 for a request.
    status: u16,
    coding: Coding,
    state: State,
}

impl Side {
    /// Bytes of the message so far.
    const fn bytes(&self) -> u64 {
        match self.state {
            State::StartLine | State::Fields => self.head as u64,
            _ => self.number,
        }
    }

    fn framing(&self) -> Framing {
        Framing { content_length: self.number, coding: self.coding }
    }
}

const _: () = assert!(size_of::<Http1>() <= 32, "every idle connection pays for it");

/// The decoder of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http1 {
    request: Side,
    response: Side,
}

/// What the reader of an answer must know of its request.
mod tag {
    pub(super) const OTHER: u32 = 0;
    pub(super) const HEAD: u32 = 1;
    pub(super) const CONNECT: u32 = 2;
    /// HTTP/0.9's only request: the answer may be a body without a head.
    pub(super) const BARE: u32 = 3;
}

impl Http1 {
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        }
    }

    fn start_line(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let bytes = chunk.bytes;
        if chunk.direction == Direction::ToClient && out.asked_alone(tag::BARE) {
            const START: &[u8] = b"HTTP/";
            if bytes.len() < START.len() && START.starts_with(bytes) {
                return Ok(Progress::Need { consumed: 0 });
            }
            if !bytes.starts_with(START) {
                // HTTP/0.9: all that comes is the answer.
                out.begin_response(chunk.time_at(0));
                self.response = Side { state: State::ToClose, ..Side::default() };
                return Ok(Progress::SkipToClose { consumed: 0 });
            }
        }
        // RFC 9112, section 2.2: empty lines before a start line are to be ignored.
        let blank = bytes.iter().take_while(|&byte| matches!(byte, b'\r' | b'\n')).count();
        if blank > 0 {
            return Ok(Progress::Consumed(blank));
        }
        let Some((line, length)) = head::line(bytes) else {
            return need(bytes, HEAD_BYTES_MAX, "a start line without an end");
        };
        let at = chunk.time_at(0);
        match chunk.direction {
            Direction::ToServer => {
                let versioned = head::request_line(line);
                let is_bare = versioned.is_none() && bytes.len() == length;
                let (method, target) = versioned
                    .or_else(|| head::bare_request_line(line))
                    .ok_or(DecodeError("not a request line"))?;
                if method == b"PRI" && target == b"*" {
                    // RFC 9113, section 3.4: HTTP/2. Where an answer is awaited, it is the one that says so, and another
                    // card queue has it.
                    let is_awaited = out.oldest_tag().is_some() && bytes.len() <= HEAD_BYTES_MAX;
                    return Ok(match is_awaited {
                        true => Progress::Need { consumed: 0 },
                        false => Progress::Opaque { consumed: 0 },
                    });
                }
                let is_oldest = is_bare && method == b"GET";
                let tag = if is_oldest { tag::BARE } else { tag_of(method) };
                out.begin_request(at, tag, Key::InOrder);
                out.name_request(method, target, Kind::Adhoc);
                if is_bare {
                    // HTTP/0.9: a line and nothing else.
                    self.request.head = length as u32;
                    self.message_ended(chunk.direction, Some(chunk.time_at(length - 1)), out);
                    return Ok(Progress::Consumed(length));
                }
            }
            Direction::ToClient => {
                let status = head::status_line(line).ok_or(DecodeError("not a status line"))?;
                self.response.status = status;
                if is_interim(status) {
                    out.begin_interim();
                } else {
                    out.begin_response(at);
                    out.code(Code::Number(i32::from(status)), outcome_of(status));
                }
            }
        }
        let side = self.side(chunk.direction);
        let Framing { content_length, coding } = Framing::default();
        (side.head, side.number, side.coding) = (length as u32, content_length, coding);
        side.state = State::Fields;
        self.fields(chunk, length, out)
    }

    /// Reads field lines from offset `at` on.
    fn fields(
        &mut self,
        chunk: &Chunk<'_>,
        mut at: usize,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let side = self.side(chunk.direction);
        let mut framing = side.framing();
        let head_before = side.head as usize - if side.head as usize >= at { at } else { 0 };
        loop {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            let line = head::line(rest);
            let length = line.map_or(rest.len(), |(_, length)| length);
            if head_before + at + length > HEAD_BYTES_MAX {
                return Err(DecodeError("a head without an end"));
            }
            let Some((field, length)) = line else { break };
            at += length;
            if field.is_empty() {
                side.head = (head_before + at) as u32;
                return self.head_ended(chunk, at, framing, out);
            }
            framing.read(field);
            if side.status == SWITCHING_PROTOCOLS && head::switches_to_http2(field) {
                framing.coding = Coding::Http2;
            }
        }
        (side.head, side.number, side.coding) =
            ((head_before + at) as u32, framing.content_length, framing.coding);
        Ok(Progress::Need { consumed: at })
    }

    /// The head is whole, at offset `at`: where does the message end? RFC 9112, section 6.3.
    fn head_ended(
        &mut self,
        chunk: &Chunk<'_>,
        at: usize,
        framing: Framing,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let direction = chunk.direction;
        let is_response = direction == Direction::ToClient;
        if is_response {
            let status = self.response.status;
            let asked = out.oldest_tag().unwrap_or(tag::OTHER);
            let is_tunnel = is_tunnel(status, asked);
            let is_upgrade = status == SWITCHING_PROTOCOLS && framing.coding == Coding::Http2;
            // Stream 1 is the request, and its answer comes on it.
            if is_upgrade && self.request.state == State::StartLine && out.hand_over(1) {
                return Ok(Progress::Become { consumed: at, protocol: Protocol::Http2 });
            }
            if is_tunnel || is_interim(status) || asked == tag::HEAD || matches!(status, 204 | 304)
            {
                self.message_ended(direction, Some(chunk.time_at(at.saturating_sub(1))), out);
                return Ok(match is_tunnel {
                    true => Progress::Opaque { consumed: at },
                    false => Progress::Consumed(at),
                });
            }
        }
        let side = self.side(direction);
        side.number = u64::from(side.head);
        let (length, unknown) = match framing.coding {
            Coding::Chunked => {
                side.state = State::ChunkSize;
                return Ok(Progress::Consumed(at));
            }
            Coding::None | Coding::Http2 => (framing.length(), false),
            Coding::Other | Coding::Contradictory => (None, true),
        };
        match length {
            _ if unknown && !is_response => Err(DecodeError("a request of unknown length")),
            Some(length @ 1..) => {
                side.number += length;
                side.state = State::Body;
                Ok(Progress::Skip { consumed: at, bytes: length })
            }
            None if is_response => {
                side.state = State::ToClose;
                Ok(Progress::SkipToClose { consumed: at })
            }
            Some(0) | None => {
                self.message_ended(direction, Some(chunk.time_at(at.saturating_sub(1))), out);
                Ok(Progress::Consumed(at))
            }
        }
    }

    fn chunk_size(&mut self, chunk: &Chunk<'_>) -> Result<Progress, DecodeError> {
        let Some((line, length)) = head::line(chunk.bytes) else {
            return need(chunk.bytes, CHUNK_LINE_BYTES_MAX, "a chunk size without an end");
        };
        let size = head::chunk_size(line).ok_or(DecodeError("not a chunk size"))?;
        let side = self.side(chunk.direction);
        side.number += length as u64;
        if size == 0 {
            side.state = State::Trailers;
            return Ok(Progress::Consumed(length));
        }
        // The data and the line end behind it.
        side.number += size + 2;
        side.state = State::ChunkData;
        Ok(Progress::Skip { consumed: length, bytes: size + 2 })
    }

    fn trailers(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let Some((line, length)) = head::line(chunk.bytes) else {
            return need(chunk.bytes, HEAD_BYTES_MAX, "a trailer without an end");
        };
        self.side(chunk.direction).number += length as u64;
        if line.is_empty() {
            self.message_ended(chunk.direction, Some(chunk.time_at(length.saturating_sub(1))), out);
        }
        Ok(Progress::Consumed(length))
    }

    fn message_ended(
        &mut self,
        direction: Direction,
        at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = std::mem::take(self.side(direction));
        match direction {
            Direction::ToServer => out.end_request(at, Some(side.bytes())),
            Direction::ToClient => out.end_response(at, Some(side.bytes())),
        }
    }
}

impl Decoder for Http1 {
    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::request(bytes),
            Direction::ToClient => probe::response(bytes),
        }
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::known_request(bytes),
            Direction::ToClient => probe::response(bytes),
        }
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        match self.side(chunk.direction).state {
            State::StartLine => self.start_line(chunk, out),
            State::Fields => self.fields(chunk, 0, out),
            State::ChunkSize => self.chunk_size(chunk),
            State::Trailers => self.trailers(chunk, out),
            // The driver passes bodies over; it does not show them.
            State::Body | State::ChunkData | State::ToClose | State::Cut => {
                Err(DecodeError("bytes of a body"))
            }
        }
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match self.side(direction).state {
            State::ChunkData => self.side(direction).state = State::ChunkSize,
            State::Body => self.message_ended(direction, last_at, out),
            State::StartLine
            | State::Fields
            | State::ChunkSize
            | State::Trailers
            | State::ToClose
            | State::Cut => {}
        }
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        let side = match direction {
            Direction::ToServer => &self.request,
            Direction::ToClient => &self.response,
        };
        side.state == State::StartLine
    }

    fn restart(&mut self, direction: Direction) {
        *self.side(direction) = Side::default();
    }

    fn on_cut(&mut self, seen: &Chunk<'_>, lost: u64, out: &mut Events<'_>) -> AfterCut {
        let direction = seen.direction;
        let in_start_line = self.side(direction).state == State::StartLine;
        if in_start_line {
            // A request's first word is enough to know that it is one; its name is behind the cut.
            let space = memchr::memchr(b' ', seen.bytes).unwrap_or_default();
            let method = seen.bytes.get(..space).unwrap_or_default();
            if direction == Direction::ToClient || !head::KNOWN_METHODS.contains(&method) {
                return AfterCut::Lost;
            }
            out.begin_request(seen.time_at(0), tag_of(method), Key::InOrder);
        } else if direction == Direction::ToClient {
            let status = self.response.status;
            if is_tunnel(status, out.oldest_tag().unwrap_or(tag::OTHER)) {
                out.end_response(None, None);
                return AfterCut::Opaque;
            }
            if is_interim(status) {
                return AfterCut::Lost;
            }
        }
        let side = self.side(direction);
        side.number = side.bytes() + seen.bytes.len() as u64 + lost;
        side.state = State::Cut;
        AfterCut::Goes
    }

    fn on_cut_ended(
        &mut self,
        direction: Direction,
        more: Option<u64>,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = std::mem::take(self.side(direction));
        let bytes = more.map(|more| side.number + more);
        match direction {
            Direction::ToServer => out.end_request(last_at, bytes),
            Direction::ToClient => out.end_response(last_at, bytes),
        }
    }

    fn is_cut(&self, direction: Direction) -> bool {
        let side = match direction {
            Direction::ToServer => &self.request,
            Direction::ToClient => &self.response,
        };
        side.state == State::Cut
    }

    fn on_close(
        &mut self,
        direction: Direction,
        close: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = std::mem::take(self.side(direction));
        let ends_with_connection = side.state == State::ToClose;
        let bytes = Some(match ends_with_connection {
            true => side.bytes().saturating_add(u64::MAX - unread),
            false => side.bytes().saturating_sub(unread),
        });
        match direction {
            _ if side.state == State::StartLine => {}
            Direction::ToClient if ends_with_connection && close == Close::Finished => {
                out.end_response(last_at, bytes);
            }
            Direction::ToClient => out.cut_response(last_at, bytes),
            Direction::ToServer => out.cut_request(last_at, bytes),
        }
    }
}

/// Asks for more, unless there is too much already.
fn need(bytes: &[u8], max: usize, fault: &'static str) -> Result<Progress, DecodeError> {
    if bytes.len() > max { Err(DecodeError(fault)) } else { Ok(Progress::Need { consumed: 0 }) }
}

fn tag_of(method: &[u8]) -> u32 {
    match method {
        b"HEAD" => tag::HEAD,
        b"CONNECT" => tag::CONNECT,
        _ => tag::OTHER,
    }
}

/// The answer after which the connection carries something else: Upgrade (RFC 9110, section 7.8) and CONNECT (section
/// 9.3.6).
fn is_tunnel(status: u16, asked: u32) -> bool {
    status == SWITCHING_PROTOCOLS || (asked == tag::CONNECT && (200..300).contains(&status))
}

/// RFC 9110, section 15.2; 101 is the answer (section 15.2.2).
const fn is_interim(status: u16) -> bool {
    matches!(status, 100..=199) && status != SWITCHING_PROTOCOLS
}

/// RFC 9110, section 15.2.2.
const SWITCHING_PROTOCOLS: u16 = 101;

const fn outcome_of(status: u16) -> Outcome {
    match status {
        400..=499 => Outcome::ClientError,
        500..=599 => Outcome::ServerError,
        _ => Outcome::Ok,
    }
}
