//! HTTP/2 without encryption (RFC 9113), from its preface, from an upgrade (RFC 7540, section 3.2), or joined mid-stream;
//! and gRPC in it.
//!
//! A stream is a request and its answer, paired by the stream's number. The request's times are those of the first byte of
//! its HEADERS frame and of the last byte of the frame (or header block) that ends the stream; the answer's likewise, from
//! the first HEADERS frame that is not an interim answer's. Their sizes are those of their HEADERS, CONTINUATION, DATA and
//! RST_STREAM frames, heads and padding included. Other frames say nothing of them.
//!
//! - Payloads of DATA are passed over by length. In gRPC the heads of messages in them are read, to count them.
//! - A stream that the client resets was cancelled, and is unanswered; one that the server resets ends with that: its
//!   error code says whom it blames. Streams that a GOAWAY leaves out are unanswered.
//! - CONNECT ends with its answer's fields, as in HTTP/1: what follows is a tunnel.
//! - What a server pushes answers nobody's request: its header blocks are read for the sake of the table, and no
//!   transaction is made of it.
//! - After a join or a gap the header table is not known: what it gave is unknown, never guessed (see [`hpack`]): a name,
//!   a status. An answer of which even the outcome is not known is timed as `ok`, and says so (`outcome_unknown`).

mod blocks;
mod control;
mod data;
mod frame;
mod hpack;
mod messages;
mod probe;
mod streams;
mod verdict;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::limits::HEAD_BYTES_MAX;
use crate::pairing::Events;
use blocks::Block;
use data::Data;
use frame::{HEAD_BYTES, Head, PREFACE, kind};
use hpack::{Fields, Table};
use model::flow::Direction;
use model::units::CaptureTime;
use streams::{Answer, Streams};

/// Whether a path is a procedure's: `/package.Service/Method` ("PROTOCOL-HTTP2.md", Requests).
pub(crate) fn is_procedure(path: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        !part.is_empty() && part.iter().all(is_word)
    };
    let mut parts = path.split(|&byte| byte == b'/');
    parts.next() == Some(b"")
        && parts.next().is_some_and(is_name)
        && parts.next().is_some_and(is_name)
        && parts.next().is_none()
}

/// Where one direction stands.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Before the client's preface.
    Preface,
    /// Between two frames.
    #[default]
    Head,
    /// In a payload that is read when it is whole. The frame began then.
    Payload(Head, CaptureTime),
    /// In a header block of which no more is read.
    Fields(Head),
    /// In a payload of DATA.
    Data(Data),
    /// In a payload that says nothing.
    Passing,
}

/// One direction.
#[derive(Debug, Default)]
struct Side {
    state: State,
    table: Table,
    block: Block,
}

/// The decoder of one connection.
#[derive(Debug)]
pub struct Http2 {
    request: Side,
    response: Side,
    streams: Streams,
    /// Of the header block at hand.
    fields: Fields,
    /// The newest stream that the client opened, from 0; `None` where that is not known.
    newest: Option<u32>,
    /// Of the streams from this one up to `newest`, all were seen when they were opened.
    since: u32,
    /// Streams up to this one are not new.
    floor: u32,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            request: Side { state: State::Preface, ..Side::default() },
            response: Side::default(),
            streams: Streams::default(),
            fields: Fields::default(),
            newest: Some(0),
            since: 0,
            floor: 0,
        }
    }
}

/// What reading at a place came to.
enum Step {
    /// So many bytes were read.
    On(usize),
    /// More are needed.
    More,
    /// So many bytes were read, and the next ones, so many, need no look; then [`Http2::passed`].
    Pass(usize, u32),
}

/// A chunk, and the place in it where the decoder stands.
#[derive(Clone, Copy)]
struct Place<'c> {
    chunk: &'c Chunk<'c>,
    at: usize,
    rest: &'c [u8],
}

impl Place<'_> {
    const fn direction(&self) -> Direction {
        self.chunk.direction
    }

    /// When the byte came that lies so many behind this place.
    fn time(&self, offset: usize) -> CaptureTime {
        self.chunk.time_at(self.at + offset)
    }
}

impl Http2 {
    const fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        }
    }

    fn step(&mut self, place: Place<'_>, out: &mut Events<'_>) -> Result<Step, DecodeError> {
        match self.side(place.direction()).state {
            State::Preface => self.preface(place.rest),
            State::Head => self.head(place, out),
            State::Payload(head, first_at) => self.payload(place, head, first_at, out),
            State::Data(data) => self.data(place, data, out),
            // The driver passes these over; it does not show them.
            State::Fields(_) | State::Passing => Err(DecodeError("bytes of a payload")),
        }
    }

    fn preface(&mut self, rest: &[u8]) -> Result<Step, DecodeError> {
        if PREFACE.starts_with(rest) && rest.len() < PREFACE.len() {
            return Ok(Step::More);
        }
        if !rest.starts_with(PREFACE) {
            return Err(DecodeError("not HTTP/2's preface"));
        }
        // Nothing came before it, whatever was thought.
        self.request = Side::default();
        (self.newest, self.since, self.floor) = (Some(0), 0, 0);
        Ok(Step::On(PREFACE.len()))
    }

    fn head(&mut self, place: Place<'_>, out: &mut Events<'_>) -> Result<Step, DecodeError> {
        let direction = place.direction();
        if direction == Direction::ToServer
            && self.newest.is_none()
            && place.rest.starts_with(b"PRI ")
        {
            return self.preface(place.rest);
        }
        let Some(head) = Head::read(place.rest) else { return Ok(Step::More) };
        if let Some(fault) = head.fault() {
            return Err(DecodeError(fault));
        }
        let block = &self.side(direction).block;
        if block.awaits() != (head.kind == kind::CONTINUATION) || !block.continues_with(&head) {
            return Err(DecodeError("a header block in pieces that do not follow each other"));
        }
        let (first_at, last_at) = (place.time(0), Some(place.time(HEAD_BYTES - 1)));
        let state = match head.kind {
            kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION => {
                self.begin_fields(direction, head, first_at, out)?
            }
            kind::DATA => self.begin_data(direction, &head, out)?,
            kind::RST_STREAM | kind::GOAWAY => State::Payload(head, first_at),
            kind::SETTINGS if (1..=HEAD_BYTES_MAX).contains(&(head.length as usize)) => {
                State::Payload(head, first_at)
            }
            _ => State::Passing,
        };
        self.side(direction).state = state;
        Ok(match (state, head.length) {
            (State::Payload(..), 0) => {
                self.side(direction).state = State::Head;
                self.fragment(direction, &head, &[], last_at, out)?;
                Step::On(HEAD_BYTES)
            }
            (_, 0) => {
                self.passed(direction, last_at, out);
                Step::On(HEAD_BYTES)
            }
            (State::Data(data), _) => self.pass_data(direction, data, HEAD_BYTES),
            (State::Fields(_) | State::Passing, length) => Step::Pass(HEAD_BYTES, length),
            (State::Payload(..) | State::Head | State::Preface, _) => Step::On(HEAD_BYTES),
        })
    }

    fn payload(
        &mut self,
        place: Place<'_>,
        head: Head,
        first_at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<Step, DecodeError> {
        let direction = place.direction();
        let length = head.length as usize;
        let Some(payload) = place.rest.get(..length) else { return Ok(Step::More) };
        let last_at = Some(place.time(length.saturating_sub(1)));
        self.side(direction).state = State::Head;
        match (head.kind, direction) {
            (kind::SETTINGS, _) => self.settings(direction, payload),
            (kind::RST_STREAM, Direction::ToServer) => self.reset_by_client(head.stream, out),
            (kind::RST_STREAM, Direction::ToClient) => {
                let code = payload.first_chunk().map_or(0, |code| u32::from_be_bytes(*code));
                self.reset_by_server(&head, code, (first_at, last_at), out);
            }
            (kind::GOAWAY, Direction::ToClient) => {
                let last = payload.first_chunk().map_or(0, |last| u32::from_be_bytes(*last));
                self.go_away(last & 0x7fff_ffff, out);
            }
            (kind::GOAWAY, Direction::ToServer) => {}
            (_, _) => self.fragment(direction, &head, payload, last_at, out)?,
        }
        Ok(Step::On(length))
    }

    /// Bytes that needed no look are over, or an empty payload is; the last came at `last_at`.
    fn passed(&mut self, direction: Direction, last_at: Option<CaptureTime>, out: &mut Events<'_>) {
        match std::mem::take(&mut self.side(direction).state) {
            State::Data(data) if data.is_over() => self.data_ended(direction, data, last_at, out),
            State::Data(data) => self.side(direction).state = State::Data(data),
            State::Fields(head) if head.ends_headers() => self.block_ended(direction, last_at, out),
            State::Fields(_)
            | State::Passing
            | State::Payload(..)
            | State::Head
            | State::Preface => {}
        }
    }
}

impl Decoder for Http2 {
    const PAIRS_BY_ID: bool = true;

    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        probe::beginning(direction, bytes)
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer if bytes.starts_with(PREFACE) => Probe::Certain,
            Direction::ToServer if PREFACE.starts_with(bytes) => Probe::Unsure,
            _ => probe::frames(direction, bytes),
        }
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut at = 0;
        while let Some(rest) = chunk.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(Place { chunk, at, rest }, out)? {
                Step::On(bytes) => at += bytes,
                Step::More => return Ok(Progress::Need { consumed: at }),
                Step::Pass(read, bytes) => {
                    let start = at + read;
                    at = start + bytes as usize;
                    if at > chunk.bytes.len() {
                        return Ok(Progress::Skip { consumed: start, bytes: u64::from(bytes) });
                    }
                    self.passed(chunk.direction, Some(chunk.time_at(at.saturating_sub(1))), out);
                }
            }
        }
        Ok(Progress::Consumed(at))
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        self.passed(direction, last_at, out);
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        let side = match direction {
            Direction::ToServer => &self.request,
            Direction::ToClient => &self.response,
        };
        matches!(side.state, State::Head | State::Preface) && !side.block.awaits()
    }

    fn restart(&mut self, direction: Direction) {
        let side = self.side(direction);
        (side.state, side.block) = (State::Head, Block::default());
        side.table.forget();
        match direction {
            Direction::ToServer => {
                self.floor = self.newest.take().unwrap_or(self.floor);
                self.streams.retain(|stream| {
                    stream.is_asked = true;
                    stream.answer != Answer::Ended
                });
            }
            // All that is open is doubtful.
            Direction::ToClient => self.streams.retain(|_| false),
        }
    }

    fn on_gap(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        let direction = seen.direction;
        let left = |head: &Head| u64::from(head.length).saturating_sub(seen.bytes.len() as u64);
        match self.side(direction).state {
            State::Payload(head, _) if head.may_have_fields() => {
                self.cut_fragment(direction, &head, seen.bytes, out).ok()?;
                self.side(direction).state = State::Fields(head);
                Some(left(&head))
            }
            // What was reset is not known to be over, nor to go on.
            State::Payload(head, _) if head.kind != kind::RST_STREAM => {
                self.side(direction).state = State::Passing;
                Some(left(&head))
            }
            State::Data(data) => Some(u64::from(self.cut_data(direction, data))),
            State::Payload(..)
            | State::Fields(_)
            | State::Passing
            | State::Head
            | State::Preface => None,
        }
    }

    fn on_close(
        &mut self,
        direction: Direction,
        _: Close,
        unread: u64,
        _: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let at_hand = match self.side(direction).state {
            State::Data(data) => data.stream,
            _ => 0,
        };
        for stream in self.streams.iter() {
            let (id, unread) =
                (u64::from(stream.id), if stream.id == at_hand { unread } else { 0 });
            if direction == Direction::ToServer && !stream.is_asked {
                out.continue_request(id);
                out.cut_request(None, Some(stream.request_bytes.saturating_sub(unread)));
            } else if direction == Direction::ToClient && stream.answer == Answer::Begun {
                out.continue_response(id);
                out.cut_response(None, Some(stream.response_bytes.saturating_sub(unread)));
            }
        }
    }
}
