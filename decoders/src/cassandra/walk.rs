//! Message after message, through a stretch of bytes: a stream, or a segment's payload.

use super::head::{Head, answers, opcode};
use super::segment::{Segment, TRAILER_BYTES};
use super::{Cassandra, Framing, Place, State, compression};
use crate::decoder::{Chunk, DecodeError};
use crate::limits::FRONT_BYTES_MAX;
use crate::pairing::{Events, Key};
use model::flow::Direction;
use model::transaction::{Code, Outcome};
use model::units::CaptureTime;

/// Bytes that carry messages and nothing else.
pub(super) struct Stretch<'a> {
    /// Those that are at hand.
    pub(super) bytes: &'a [u8],
    /// How many there are, those to come included.
    pub(super) length: u64,
    /// No message goes on behind it.
    pub(super) holds_whole: bool,
    pub(super) clock: Clock<'a>,
}

/// When the bytes of a stretch came.
#[derive(Clone, Copy)]
pub(super) enum Clock<'a> {
    /// As the chunk says, behind an offset.
    Wire(&'a Chunk<'a>, usize),
    /// With a compressed segment, from its first byte to its last, if that was captured.
    Segment { first: CaptureTime, last: Option<CaptureTime> },
}

impl Clock<'_> {
    /// When a message began at `offset`.
    fn first(self, offset: usize) -> CaptureTime {
        match self {
            Self::Wire(chunk, start) => chunk.time_at(start + offset),
            Self::Segment { first, .. } => first,
        }
    }

    /// When a message ended before `end`.
    fn last(self, end: usize) -> Option<CaptureTime> {
        match self {
            Self::Wire(chunk, start) => Some(chunk.time_at((start + end).saturating_sub(1))),
            Self::Segment { last, .. } => last,
        }
    }
}

/// How far a stretch was read.
pub(super) struct Walked {
    pub(super) consumed: usize,
    /// Bytes to pass over behind these.
    pub(super) skip: u64,
}

impl Cassandra {
    /// Reads messages as far as they are at hand.
    pub(super) fn walk(
        &mut self,
        direction: Direction,
        stretch: &Stretch<'_>,
        out: &mut Events<'_>,
    ) -> Result<Walked, DecodeError> {
        let mut at = 0;
        loop {
            let rest = stretch.bytes.get(at..).unwrap_or_default();
            let length = stretch.length.saturating_sub(at as u64);
            match self.side(direction).state {
                State::Head => {
                    let whole = if rest.is_empty() { None } else { Head::read(direction, rest)? };
                    let Some(head) = whole else {
                        let is_cut = !rest.is_empty() && length == rest.len() as u64;
                        return match is_cut && stretch.length != u64::MAX {
                            true => Err(DecodeError("a head that its segment cuts")),
                            false => Ok(Walked { consumed: at, skip: 0 }),
                        };
                    };
                    self.message_begins(direction, head, stretch.clock.first(at), out)?;
                    at += head.size();
                }
                State::Front => {
                    let left = u64::from(self.side(direction).left).min(length);
                    let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(FRONT_BYTES_MAX);
                    let front = rest.get(..wanted);
                    if !self.read_front(direction, front.unwrap_or(rest), front.is_some(), out) {
                        return Ok(Walked { consumed: at, skip: 0 });
                    }
                    self.side(direction).state = State::Rest;
                }
                State::Rest => {
                    let side = self.side(direction);
                    let passed = u64::from(side.left).min(length);
                    side.left = side.left.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
                    if side.left > 0 && stretch.holds_whole {
                        return Err(DecodeError("a message that its segment cuts"));
                    }
                    if passed > rest.len() as u64 {
                        return Ok(Walked { consumed: at, skip: passed });
                    }
                    at += usize::try_from(passed).unwrap_or(rest.len());
                    if side.left > 0 {
                        return Ok(Walked { consumed: at, skip: 0 });
                    }
                    self.message_ended(direction, stretch.clock.last(at), out);
                }
            }
        }
    }

    fn message_begins(
        &mut self,
        direction: Direction,
        head: Head,
        at: CaptureTime,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let side = self.side(direction);
        let is_segmented = matches!(side.framing, Framing::Segments { .. });
        if is_segmented && !head.may_be_segmented() {
            return Err(DecodeError("a segment with a message of an earlier version"));
        }
        (side.head, side.left, side.state, side.tag) = (head, head.length, State::Front, 0);
        match direction {
            Direction::ToServer => {
                out.begin_request(at, u32::from(head.opcode), Key::Id(head.stream as u64));
            }
            // Nobody asked for it: an event, or an error that belongs to no request.
            Direction::ToClient if head.stream < 0 || head.opcode == opcode::EVENT => {
                out.begin_interim();
            }
            Direction::ToClient => {
                let asked = out.begin_response_to(at, head.stream as u64);
                let Some(tag) = asked else { return Ok(()) };
                let request = tag as u8;
                if !answers(head.opcode, request) {
                    return Err(DecodeError("an answer to another kind of request"));
                }
                side.tag = tag;
                if head.opcode == opcode::ERROR {
                    // Until its code is read.
                    out.code(Code::None, Outcome::ServerError);
                }
            }
        }
        Ok(())
    }

    pub(super) fn message_ended(
        &mut self,
        direction: Direction,
        at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = self.side(direction);
        side.state = State::Head;
        let bytes = Some(side.head.total());
        match direction {
            Direction::ToServer => out.end_request(at, bytes),
            Direction::ToClient => out.end_response(at, bytes),
        }
    }

    /// Bytes behind `seen` will not come. Returns how many bytes the message or the segment has behind `seen`, where that
    /// was read; they are passed over.
    pub(super) fn bridge(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        let direction = seen.direction;
        let waiting = seen.bytes.len() as u64;
        let side = *self.side(direction);
        let limit = match (side.framing, side.place) {
            (Framing::Segments { lz4 }, Place::Between) => {
                return self.bridge_segment(seen, lz4, out);
            }
            (Framing::Segments { .. }, Place::Payload(0, _)) => {
                self.side(direction).place = Place::Between;
                return Some(TRAILER_BYTES as u64);
            }
            (Framing::Segments { .. }, Place::Payload(left, _)) => u64::from(left),
            (Framing::Open | Framing::Plain, _) => u64::MAX,
        };
        let passed = match (side.state, side.place) {
            (State::Front, _) => self.end_front(direction, seen.bytes, limit, out),
            // Some message of the segment is lost, and where the next one begins; not where the segment ends.
            (State::Head, Place::Payload(left, true)) => {
                lose_answers(direction, out);
                u64::from(left)
            }
            (State::Head | State::Rest, _) => return None,
        };
        if let Place::Payload(left, holds_whole) = side.place {
            let left = left.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
            self.side(direction).place = Place::Payload(left, holds_whole);
        }
        passed.checked_sub(waiting)
    }

    /// The same for a compressed segment, which is otherwise read when it is whole: as far as it is at hand.
    fn bridge_segment(&mut self, seen: &Chunk<'_>, lz4: bool, out: &mut Events<'_>) -> Option<u64> {
        let segment = Segment::read(seen.bytes, lz4).ok()??;
        let behind = segment.total().checked_sub(seen.bytes.len())?;
        let length = segment.inflated? as u64;
        let direction = seen.direction;
        if self.side(direction).state != State::Head {
            return None;
        }
        let payload = seen.bytes.get(segment.header..)?;
        let mut scratch = out.take_scratch();
        let inflated = compression::lz4(payload, length as usize, &mut scratch);
        let clock = Clock::Segment { first: seen.time_at(0), last: None };
        let holds_whole = segment.is_self_contained;
        let stretch = Stretch { bytes: &scratch, length, holds_whole, clock };
        let walked = match inflated {
            Ok(_) => self.walk(direction, &stretch, out).ok(),
            Err(_) => None,
        };
        let read = walked.map(|walked| {
            let rest = scratch.get(walked.consumed..).unwrap_or_default();
            let end = walked.consumed as u64 + walked.skip;
            end + self.end_front(direction, rest, length.saturating_sub(end), out)
        });
        out.give_scratch(scratch);
        let is_all = read? == length;
        if !is_all && !holds_whole {
            return None;
        }
        if !is_all {
            lose_answers(direction, out);
        }
        Some(behind as u64)
    }

    /// No more of the front of a body will come than `front`; the body's next bytes, at most `limit`, are passed over.
    fn end_front(
        &mut self,
        direction: Direction,
        front: &[u8],
        limit: u64,
        out: &mut Events<'_>,
    ) -> u64 {
        if self.side(direction).state != State::Front {
            return 0;
        }
        self.read_front(direction, front, true, out);
        let side = self.side(direction);
        let passed = u64::from(side.left).min(limit);
        side.state = State::Rest;
        side.left = side.left.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
        passed
    }
}

/// Which requests were answered by what was lost, nobody can say.
fn lose_answers(direction: Direction, out: &mut Events<'_>) {
    if direction == Direction::ToClient {
        out.lose_answers();
    }
}
