//! Header blocks: requests and answers begin with them, and may end with them (RFC 9113, sections 4.3 and 8.1).

use super::hpack::Fault;
use super::streams::{Answer, Stream};
use super::{Head, Http2, State, kind};
use crate::decoder::DecodeError;
use crate::limits::HEAD_BYTES_MAX;
use crate::naming::Kind;
use crate::pairing::{Events, Key};
use model::flow::Direction;
use model::transaction::Outcome;
use model::units::CaptureTime;

/// A header block that is arriving, in one frame or several.
#[derive(Debug, Default)]
pub(super) struct Block {
    stream: u32,
    first_at: CaptureTime,
    /// Of its frames so far.
    bytes: u64,
    /// What came of it in earlier frames.
    fragment: Vec<u8>,
    is_open: bool,
    ends_stream: bool,
    /// All of it that can be read was read.
    is_read: bool,
    part: Part,
}

/// What a header block is of its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// Of something that is over, or of nothing that is followed.
    #[default]
    Nothing,
    /// A request; `Perhaps` where it may be the trailers of one that began before we came.
    Request,
    PerhapsRequest,
    RequestTrailers,
    /// An answer's; what of it, its fields tell.
    Answer,
    /// Not the answer, or not known to be.
    Interim,
}

impl Block {
    /// The next frame must be a CONTINUATION.
    pub(super) const fn awaits(&self) -> bool {
        self.is_open
    }

    pub(super) const fn continues_with(&self, head: &Head) -> bool {
        !self.is_open || self.stream == head.stream
    }
}

impl Http2 {
    /// Whether a stream was seen when it was opened. Where it is not open, it is over.
    fn is_known(&self, id: u32) -> bool {
        self.newest.is_some_and(|newest| (self.since..=newest).contains(&id))
    }

    /// Follows the stream of a request that came by HTTP/1.
    pub(super) fn adopt(&mut self, id: u32, out: &mut Events<'_>) {
        if self.streams.get_mut(id).is_none() && out.continue_response(u64::from(id)) {
            self.streams.insert(Stream { id, is_asked: true, ..Stream::default() });
        }
    }

    pub(super) fn begin_fields(
        &mut self,
        direction: Direction,
        head: Head,
        first_at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<State, DecodeError> {
        let id = head.stream;
        if head.kind != kind::CONTINUATION {
            let part = self.part(direction, &head)?;
            let block = &mut self.side(direction).block;
            let fragment = std::mem::take(&mut block.fragment);
            *block = Block {
                stream: id,
                first_at,
                fragment,
                ends_stream: head.ends_stream(),
                part,
                ..Block::default()
            };
            if part == Part::Request {
                self.begin_request(id, first_at, out);
            }
        }
        let block = &mut self.side(direction).block;
        block.is_open = !head.ends_headers();
        block.bytes += head.bytes();
        if block.is_read {
            return Ok(State::Fields(head));
        }
        if head.length as usize > HEAD_BYTES_MAX {
            self.give_up_block(direction, out);
            return Ok(State::Fields(head));
        }
        Ok(State::Payload(head, first_at))
    }

    /// What a header block is, as far as its stream tells.
    fn part(&mut self, direction: Direction, head: &Head) -> Result<Part, DecodeError> {
        let id = head.stream;
        let is_pushed = id.is_multiple_of(2);
        if direction == Direction::ToClient {
            let is_answer = head.kind == kind::HEADERS && !is_pushed;
            return Ok(if is_answer { Part::Answer } else { Part::Nothing });
        }
        if head.kind == kind::PUSH_PROMISE || is_pushed {
            return Err(DecodeError("a stream that a client cannot open"));
        }
        Ok(match self.newest {
            _ if self.streams.get_mut(id).is_some() => Part::RequestTrailers,
            Some(newest) if id > newest => Part::Request,
            None if id > self.floor => Part::PerhapsRequest,
            Some(_) | None => Part::Nothing,
        })
    }

    fn begin_request(&mut self, id: u32, first_at: CaptureTime, out: &mut Events<'_>) {
        if self.newest.is_none() {
            self.since = id;
        }
        self.newest = Some(id);
        out.begin_request(first_at, 0, Key::Id(u64::from(id)));
        if let Some(oldest) = self.streams.insert(Stream { id, ..Stream::default() }) {
            out.doubt(u64::from(oldest.id));
            out.notice(|notices| notices.open_requests_over_limit += 1);
        }
    }

    /// A payload with a part of a header block is whole.
    pub(super) fn fragment(
        &mut self,
        direction: Direction,
        head: &Head,
        payload: &[u8],
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let fragment = head.fragment(payload).ok_or(DecodeError("more padding than payload"))?;
        let mut before = std::mem::take(&mut self.side(direction).block.fragment);
        if head.ends_headers() && before.is_empty() {
            self.read_block(direction, fragment, out)?;
        } else if before.len() + fragment.len() > HEAD_BYTES_MAX {
            self.give_up_block(direction, out);
        } else {
            before.extend_from_slice(fragment);
            if head.ends_headers() {
                self.read_block(direction, &before, out)?;
            } else {
                self.side(direction).block.fragment = before;
            }
        }
        if head.ends_headers() {
            self.block_ended(direction, last_at, out);
        }
        Ok(())
    }

    /// The snap length left the start of a payload.
    pub(super) fn cut_fragment(
        &mut self,
        direction: Direction,
        head: &Head,
        payload: &[u8],
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let mut block = std::mem::take(&mut self.side(direction).block.fragment);
        block.extend_from_slice(head.fragment(payload).unwrap_or_default());
        self.fields.clear();
        let side = match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        };
        if let Err(Fault::Wrong(fault)) = side.table.read(&block, &mut self.fields) {
            return Err(DecodeError(fault));
        }
        side.table.forget();
        self.fields.has_unknown = true;
        self.block_read(direction, out);
        Ok(())
    }

    /// A header block that is too long to be read, or to be kept until it can be.
    fn give_up_block(&mut self, direction: Direction, out: &mut Events<'_>) {
        self.fields.clear();
        self.fields.has_unknown = true;
        self.side(direction).table.forget();
        self.block_read(direction, out);
    }

    fn read_block(
        &mut self,
        direction: Direction,
        block: &[u8],
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        self.fields.clear();
        let side = match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        };
        side.table.read(block, &mut self.fields).map_err(|fault| match fault {
            Fault::Short => DecodeError("a header block that is not whole"),
            Fault::Wrong(fault) => DecodeError(fault),
        })?;
        self.block_read(direction, out);
        Ok(())
    }

    /// All that can be known of a header block is in the fields at hand.
    fn block_read(&mut self, direction: Direction, out: &mut Events<'_>) {
        let is_request = self.fields.is_request;
        let block = &mut self.side(direction).block;
        block.is_read = true;
        let (id, first_at, ends_stream) = (block.stream, block.first_at, block.ends_stream);
        match block.part {
            Part::Request => self.name_request(id, out),
            // Trailers end the stream, and have no pseudo-headers (section 8.1).
            Part::PerhapsRequest if is_request || !ends_stream => {
                block.part = Part::Request;
                self.begin_request(id, first_at, out);
                self.name_request(id, out);
            }
            Part::PerhapsRequest => block.part = Part::Nothing,
            Part::Answer => self.answer_block_read(id, first_at, ends_stream, out),
            Part::Nothing | Part::RequestTrailers | Part::Interim => {}
        }
    }

    fn name_request(&mut self, id: u32, out: &mut Events<'_>) {
        let Self { fields, streams, .. } = self;
        // Every call is a POST ("PROTOCOL-HTTP2.md", Requests).
        let is_other = fields.method().is_some_and(|method| method != b"POST");
        let is_grpc = match fields.is_grpc {
            Some(is_grpc) => Some(is_grpc && !is_other),
            None if is_other || !fields.has_unknown => Some(false),
            None => None,
        };
        let is_tunnel = fields.method() == Some(b"CONNECT") && fields.path().is_none();
        if let Some(stream) = streams.get_mut(id) {
            (stream.is_grpc, stream.is_tunnel) = (is_grpc, is_tunnel && !fields.has_unknown);
        }
        out.continue_request(u64::from(id));
        let method = fields.method().filter(|method| is_method(method)).unwrap_or(b"unknown");
        match fields.path() {
            Some(path) if is_grpc == Some(true) => out.name_request(method, path, Kind::Procedure),
            Some(path) => out.name_request(method, path, Kind::Adhoc),
            None if is_tunnel && !fields.has_unknown => {
                // As in HTTP/1, where the target is an authority.
                let named = out.named(method, b"authority", Kind::Adhoc);
                out.file_request(named);
            }
            None => out.name_operation(method),
        }
    }

    /// Which part of an answer is it? Statuses that are not known leave open whether it is an interim one.
    fn answer_block_read(
        &mut self,
        id: u32,
        first_at: CaptureTime,
        ends_stream: bool,
        out: &mut Events<'_>,
    ) {
        self.adopt(id, out);
        let is_interim = !ends_stream && self.fields.status.is_some_and(|status| status < 200);
        let is_known = self.is_known(id);
        let Self { fields, streams, response, .. } = self;
        let block = &mut response.block;
        let Some(stream) = streams.get_mut(id) else {
            block.part = Part::Nothing;
            if !is_known && !is_interim {
                // Its request was never seen. It is followed so that its trailers are not taken for another.
                out.begin_response_to(first_at, u64::from(id));
                if !ends_stream {
                    streams.insert(Stream {
                        id,
                        is_asked: true,
                        answer: Answer::Begun,
                        ..Stream::default()
                    });
                }
            }
            return;
        };
        let tentative = match stream.answer {
            Answer::Ended => return block.part = Part::Nothing,
            Answer::Begun => return stream.note(fields),
            Answer::Awaited => None,
            Answer::Perhaps { since, bytes } => Some((since, bytes)),
        };
        let begun = match (fields.status, tentative) {
            (Some(_), _) if is_interim => {
                block.part = Part::Interim;
                stream.answer = Answer::Awaited;
                out.begin_interim();
                return out.end_response(None, None);
            }
            (Some(_), _) => Some((first_at, 0)),
            (None, None) if fields.has_unknown && ends_stream => Some((first_at, 0)),
            // Interim answers do not end the stream, nor do trailers go on.
            (None, _) if fields.has_unknown && !ends_stream => {
                block.part = Part::Interim;
                return stream.answer = Answer::Perhaps { since: first_at, bytes: block.bytes };
            }
            // Trailers: the block before them was the answer's.
            (None, Some(_)) if !fields.has_unknown => tentative,
            // Trailers of an answer that was missed, or the answer behind an interim one.
            (None, _) => None,
        };
        let Some((since, bytes)) = begun else {
            block.part = Part::Nothing;
            out.doubt(u64::from(id));
            streams.remove(id);
            return;
        };
        (stream.answer, stream.response_bytes) = (Answer::Begun, bytes);
        stream.is_answered_in_grpc = fields.is_grpc == Some(true);
        if stream.is_grpc != Some(true) {
            let is_all = !fields.has_unknown && since == first_at;
            stream.is_grpc = fields.is_grpc.or(stream.is_grpc).or(is_all.then_some(false));
        }
        stream.note(fields);
        out.begin_response_to(since, u64::from(id));
        out.code(stream.code(), Outcome::Ok);
    }

    /// A header block is over.
    pub(super) fn block_ended(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = self.side(direction);
        side.state = State::Head;
        side.block.is_open = false;
        let Block { stream: id, bytes, ends_stream, part, .. } = side.block;
        let Some(stream) = self.streams.get_mut(id) else { return };
        match part {
            Part::Request | Part::RequestTrailers => {
                stream.request_bytes += if stream.is_asked { 0 } else { bytes };
                if ends_stream || stream.is_tunnel {
                    self.asked(id, last_at, out);
                }
            }
            Part::Answer => {
                stream.response_bytes += bytes;
                let is_tunnel = stream.is_tunnel
                    && stream.status.is_some_and(|status| (200..300).contains(&status));
                if ends_stream || is_tunnel {
                    self.answered(id, last_at, true, out);
                }
            }
            Part::Nothing | Part::PerhapsRequest | Part::Interim => {}
        }
    }
}

/// A method that can be shown (RFC 9110, section 9.1).
fn is_method(method: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=METHOD_BYTES_MAX).contains(&method.len()) && method.iter().all(is_token)
}

/// The longest method that is believed.
const METHOD_BYTES_MAX: usize = 32;
