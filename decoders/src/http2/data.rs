//! DATA frames (RFC 9113, section 6.1): passed over by length; in gRPC the heads of messages are read.

use super::streams::{Answer, Stream};
use super::{Head, Http2, Place, State, Step};
use crate::decoder::DecodeError;
use crate::output::{Attributes, Detail};
use crate::pairing::Events;
use model::flow::Direction;
use model::transaction::Outcome;
use model::units::CaptureTime;

/// A DATA frame whose payload is arriving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data {
    pub(super) stream: u32,
    /// Bytes of the payload that are still to come, without its padding.
    left: u32,
    padding: u32,
    /// The payload begins with the length of its padding.
    pads: bool,
    ends_stream: bool,
    counts_messages: bool,
}

impl Data {
    pub(super) const fn is_over(&self) -> bool {
        self.left == 0 && self.padding == 0 && !self.pads
    }
}

/// The messages that travel one way on a stream.
const fn messages_of(stream: &mut Stream, direction: Direction) -> &mut super::messages::Messages {
    match direction {
        Direction::ToServer => &mut stream.request_messages,
        Direction::ToClient => &mut stream.response_messages,
    }
}

impl Http2 {
    pub(super) fn begin_data(
        &mut self,
        direction: Direction,
        head: &Head,
        out: &mut Events<'_>,
    ) -> Result<State, DecodeError> {
        if head.is_padded() && head.length == 0 {
            return Err(DecodeError("padding of a payload that is not there"));
        }
        if direction == Direction::ToClient {
            self.answer_goes_on(head.stream, out);
        }
        let mut counts_messages = false;
        if let Some(stream) = self.streams.get_mut(head.stream) {
            counts_messages = match direction {
                Direction::ToServer => stream.is_grpc == Some(true) && !stream.is_asked,
                Direction::ToClient => stream.is_answered_in_grpc,
            };
            match direction {
                Direction::ToServer => stream.request_bytes += head.bytes(),
                Direction::ToClient => stream.response_bytes += head.bytes(),
            }
        }
        Ok(State::Data(Data {
            stream: head.stream,
            left: head.length,
            padding: 0,
            pads: head.is_padded(),
            ends_stream: head.ends_stream(),
            counts_messages,
        }))
    }

    /// DATA belongs to an answer whose fields came before. Where they were missed, nobody knows when it began.
    fn answer_goes_on(&mut self, id: u32, out: &mut Events<'_>) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        match stream.answer {
            Answer::Begun | Answer::Ended => {}
            Answer::Perhaps { since, bytes } => {
                (stream.answer, stream.response_bytes) = (Answer::Begun, bytes);
                out.begin_response_to(since, u64::from(id));
            }
            Answer::Awaited => {
                out.doubt(u64::from(id));
                self.streams.remove(id);
            }
        }
    }

    /// `read` bytes were read; how many of the next need no look?
    pub(super) fn pass_data(&mut self, direction: Direction, mut data: Data, read: usize) -> Step {
        let mut bytes = 0;
        if data.pads {
            // The length of the padding comes first.
        } else if let Some(stream) = self.streams.get_mut(data.stream)
            && data.counts_messages
            && data.left > 0
        {
            let messages = messages_of(stream, direction);
            bytes = messages.unread().min(data.left);
            messages.pass(bytes);
            data.left -= bytes;
            if data.left == 0 {
                bytes += std::mem::take(&mut data.padding);
            }
        } else {
            bytes = data.left + data.padding;
            (data.left, data.padding) = (0, 0);
        }
        self.side(direction).state = State::Data(data);
        if bytes > 0 { Step::Pass(read, bytes) } else { Step::On(read) }
    }

    /// Reads a byte that needs a look.
    pub(super) fn data(
        &mut self,
        place: Place<'_>,
        mut data: Data,
        out: &mut Events<'_>,
    ) -> Result<Step, DecodeError> {
        let direction = place.direction();
        let Some(&byte) = place.rest.first() else { return Ok(Step::More) };
        data.left = data.left.saturating_sub(1);
        if data.pads {
            (data.pads, data.padding) = (false, u32::from(byte));
            data.left = data
                .left
                .checked_sub(data.padding)
                .ok_or(DecodeError("more padding than payload"))?;
        } else if let Some(stream) = self.streams.get_mut(data.stream) {
            messages_of(stream, direction).take(byte);
        }
        if data.is_over() {
            self.data_ended(direction, data, Some(place.time(0)), out);
            return Ok(Step::On(1));
        }
        Ok(self.pass_data(direction, data, 1))
    }

    /// The snap length cut the packet before a byte that needs a look. Returns how much of the payload is left.
    pub(super) fn cut_data(&mut self, direction: Direction, data: Data) -> u32 {
        if let Some(stream) = self.streams.get_mut(data.stream) {
            messages_of(stream, direction).lose();
        }
        let over = Data { left: 0, padding: 0, pads: false, ..data };
        self.side(direction).state = State::Data(over);
        data.left + data.padding
    }

    pub(super) fn data_ended(
        &mut self,
        direction: Direction,
        data: Data,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        self.side(direction).state = State::Head;
        match direction {
            _ if !data.ends_stream => {}
            Direction::ToServer => self.asked(data.stream, last_at, out),
            Direction::ToClient => self.answered(data.stream, last_at, false, out),
        }
    }

    /// The request on a stream is whole.
    pub(super) fn asked(&mut self, id: u32, last_at: Option<CaptureTime>, out: &mut Events<'_>) {
        let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.is_asked) else {
            return;
        };
        stream.is_asked = true;
        out.continue_request(u64::from(id));
        if let (Some(true), Some(count)) = (stream.is_grpc, stream.request_messages.count()) {
            out.request_detail(Detail::RequestMessages, count);
        }
        out.end_request(last_at, Some(stream.request_bytes));
        if stream.answer == Answer::Ended {
            self.streams.remove(id);
        }
    }

    /// The answer on a stream is whole. `by_fields`: a header block ended it.
    pub(super) fn answered(
        &mut self,
        id: u32,
        last_at: Option<CaptureTime>,
        by_fields: bool,
        out: &mut Events<'_>,
    ) {
        let Some(stream) = self.streams.get_mut(id).filter(|it| it.answer == Answer::Begun) else {
            return;
        };
        let known = super::verdict::of_answer(stream, by_fields);
        stream.answer = Answer::Ended;
        out.continue_response(u64::from(id));
        out.code(stream.code(), known.unwrap_or(Outcome::Ok));
        if known.is_none() {
            out.response_attribute(Attributes::OUTCOME_UNKNOWN);
        }
        if let Some(status @ 0..=999) = stream.grpc_status {
            out.response_detail(Detail::GrpcStatus, u64::from(status));
        }
        if let (true, Some(count)) = (stream.is_answered_in_grpc, stream.response_messages.count())
        {
            out.response_messages(count);
        }
        out.end_response(last_at, Some(stream.response_bytes));
        if stream.is_asked {
            self.streams.remove(id);
        }
    }
}
