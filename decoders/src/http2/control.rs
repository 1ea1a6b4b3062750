//! Frames that say something of streams or tables without belonging to a message (RFC 9113, sections 6.4, 6.5 and 6.8).

use super::frame::Head;
use super::streams::Answer;
use super::{Http2, verdict};
use crate::output::{Attributes, Detail};
use crate::pairing::Events;
use model::flow::Direction;
use model::units::CaptureTime;

impl Http2 {
    /// What one side allows of the table that the other writes (RFC 9113, section 6.5.2).
    pub(super) fn settings(&mut self, direction: Direction, payload: &[u8]) {
        const HEADER_TABLE_SIZE: [u8; 2] = [0, 1];
        let (settings, _) = payload.as_chunks::<6>();
        for &[high, low, value @ ..] in settings {
            if [high, low] == HEADER_TABLE_SIZE {
                self.side(direction.other()).table.allow(u32::from_be_bytes(value));
            }
        }
    }

    pub(super) fn reset_by_client(&mut self, id: u32, out: &mut Events<'_>) {
        self.adopt(id, out);
        match self.streams.remove(id).map(|stream| stream.answer) {
            None => {}
            Some(Answer::Ended) => out.abandon_request(u64::from(id)),
            Some(Answer::Awaited | Answer::Perhaps { .. } | Answer::Begun) => {
                out.leave_unanswered(u64::from(id), Attributes::CANCELLED);
            }
        }
    }

    pub(super) fn reset_by_server(
        &mut self,
        head: &Head,
        code: u32,
        (first_at, last_at): (CaptureTime, Option<CaptureTime>),
        out: &mut Events<'_>,
    ) {
        let id = u64::from(head.stream);
        self.adopt(head.stream, out);
        let Some(stream) = self.streams.remove(head.stream) else { return };
        let mut bytes = stream.response_bytes + head.bytes();
        match stream.answer {
            Answer::Ended => return out.abandon_request(id),
            Answer::Awaited => _ = out.begin_response_to(first_at, id),
            Answer::Perhaps { since, bytes: before } => {
                bytes += before;
                out.begin_response_to(since, id);
            }
            Answer::Begun => {
                out.continue_response(id);
                out.response_attribute(Attributes::RESPONSE_INCOMPLETE);
            }
        }
        out.code(stream.code(), verdict::of_reset(code));
        out.response_detail(Detail::StreamError, u64::from(code));
        out.end_response(last_at, Some(bytes));
        out.abandon_request(id);
    }

    /// The server has not looked at later streams than `last`, and will not (RFC 9113, section 6.8).
    pub(super) fn go_away(&mut self, last: u32, out: &mut Events<'_>) {
        self.streams.retain(|stream| {
            let is_left_out = stream.id > last && stream.answer == Answer::Awaited;
            if is_left_out {
                out.leave_unanswered(u64::from(stream.id), Attributes::default());
            }
            !is_left_out
        });
    }
}
