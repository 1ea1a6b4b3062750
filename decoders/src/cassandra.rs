//! Cassandra's native protocol (native_protocol_v1.spec to native_protocol_v5.spec), as Cassandra and ScyllaDB speak it.
//!
//! A message is a head and a body; an answer repeats the stream number of its request. Up to version 4 messages follow
//! each other; in version 5 they lie in segments with checksums as soon as STARTUP was answered. Which of the two is told
//! by the bytes themselves: a segment's header has a checksum of 24 bits. Only heads are always read, and of bodies the
//! front that names a request, counts rows or tells an error's code; what is behind it is passed over.
//!
//! Moments: a message's first and last byte came when the packet did that carried them. Inside a compressed segment
//! bytes cannot be told apart: a message's first byte came with the segment's first one, its last byte with the
//! segment's last one. Sizes: head and body as they are sent; in compressed segments before compression.

mod answer;
mod compression;
mod cursor;
mod front;
mod head;
mod probe;
mod request;
mod segment;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod walk;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::pairing::Events;
use compression::Algorithm;
use front::Prepares;
use head::Head;
use model::flow::Direction;
use model::units::CaptureTime;
use segment::{Segment, TRAILER_BYTES};
use walk::{Clock, Stretch, Walked};

/// Where a direction stands within a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between two messages, or in a head.
    #[default]
    Head,
    /// At the front of a body that is still of interest.
    Front,
    /// In the rest of a body, which is passed over.
    Rest,
}

/// What carries a direction's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Framing {
    /// Not known, or a version that may turn to segments: asked before each message.
    #[default]
    Open,
    /// Nothing: they follow each other.
    Plain,
    Segments {
        lz4: bool,
    },
}

/// Where a direction stands within a segment that is read as it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    /// Bytes of its payload that were not read, and whether it holds whole messages only.
    Payload(u32, bool),
}

/// One direction.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Of the message that is arriving.
    head: Head,
    /// Bytes of its body that were neither read nor are passed over at the moment.
    left: u32,
    /// The tag of the request that is being answered; 0 where nobody asked.
    tag: u32,
    state: State,
    framing: Framing,
    place: Place,
}

const _: () = assert!(size_of::<Cassandra>() <= 112, "every idle connection pays for it");

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Cassandra {
    request: Side,
    answer: Side,
    /// How bodies are compressed.
    compression: Algorithm,
    /// Names of statements that are being prepared.
    prepares: Prepares,
}

/// What a step read of what it was shown.
enum Step {
    Consumed(usize),
    Need,
    Skip { consumed: usize, bytes: u64 },
}

impl Cassandra {
    const fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.answer,
        }
    }

    /// Reads something of what lies behind `offset`.
    fn step(
        &mut self,
        chunk: &Chunk<'_>,
        offset: usize,
        out: &mut Events<'_>,
    ) -> Result<Step, DecodeError> {
        let direction = chunk.direction;
        let rest = chunk.bytes.get(offset..).unwrap_or_default();
        let lz4 = self.may_be_lz4();
        let side = self.side(direction);
        if side.framing == Framing::Open && side.state == State::Head {
            match recognize(direction, rest, lz4)? {
                Some(framing) => side.framing = framing,
                None => return Ok(Step::Need),
            }
        }
        match side.framing {
            Framing::Segments { lz4 } => self.segment(chunk, offset, lz4, out),
            Framing::Open | Framing::Plain => {
                // Before each message of a version that may turn to segments it must be asked again.
                let length = match (side.framing, side.state) {
                    (Framing::Plain, _) => u64::MAX,
                    (_, State::Head) => Head::read(direction, rest)?.map_or(0, |head| head.total()),
                    (_, State::Front | State::Rest) => u64::from(side.left),
                };
                let bytes = usize::try_from(length).ok().and_then(|length| rest.get(..length));
                let bytes = bytes.unwrap_or(rest);
                let clock = Clock::Wire(chunk, offset);
                let stretch = Stretch { bytes, length, holds_whole: false, clock };
                Ok(self.walk(direction, &stretch, out)?.into_step(bytes.len()))
            }
        }
    }

    /// Whether segments may have LZ4's header, and whether they may lack it.
    const fn may_be_lz4(&self) -> Option<bool> {
        match self.compression {
            Algorithm::Unknown => None,
            Algorithm::Lz4 => Some(true),
            Algorithm::None | Algorithm::Snappy => Some(false),
        }
    }

    /// Reads something of a segment.
    fn segment(
        &mut self,
        chunk: &Chunk<'_>,
        offset: usize,
        lz4: bool,
        out: &mut Events<'_>,
    ) -> Result<Step, DecodeError> {
        let rest = chunk.bytes.get(offset..).unwrap_or_default();
        let side = self.side(chunk.direction);
        match side.place {
            Place::Payload(0, _) => {
                side.place = Place::Between;
                match rest.len() < TRAILER_BYTES {
                    true => Ok(Step::Skip { consumed: 0, bytes: TRAILER_BYTES as u64 }),
                    false => Ok(Step::Consumed(TRAILER_BYTES)),
                }
            }
            Place::Payload(left, holds_whole) => {
                let clock = Clock::Wire(chunk, offset);
                let bytes = rest.get(..left as usize).unwrap_or(rest);
                let stretch = Stretch { bytes, length: u64::from(left), holds_whole, clock };
                let walked = self.walk(chunk.direction, &stretch, out)?;
                let passed = u32::try_from(walked.consumed as u64 + walked.skip).unwrap_or(left);
                self.side(chunk.direction).place =
                    Place::Payload(left.saturating_sub(passed), holds_whole);
                Ok(walked.into_step(bytes.len()))
            }
            Place::Between => {
                let Some(segment) = Segment::read(rest, lz4)? else { return Ok(Step::Need) };
                self.segment_begins(chunk, offset, segment, out)
            }
        }
    }

    /// Reads a segment's header, and the segment itself where it is compressed.
    fn segment_begins(
        &mut self,
        chunk: &Chunk<'_>,
        offset: usize,
        segment: Segment,
        out: &mut Events<'_>,
    ) -> Result<Step, DecodeError> {
        let side = self.side(chunk.direction);
        let goes_on = side.state != State::Head;
        if segment.is_self_contained && goes_on {
            return Err(DecodeError("whole messages inside a message"));
        }
        let end = offset.saturating_add(segment.total());
        // Where it is not whole, its bytes are read as they come, and nothing is left to check.
        let payload = match chunk.bytes.get(offset..end) {
            Some(bytes) => Some(segment.payload(bytes)?),
            None => None,
        };
        match (segment.inflated, payload) {
            (None, _) => {
                let length = u32::try_from(segment.payload).unwrap_or(u32::MAX);
                side.place = Place::Payload(length, segment.is_self_contained);
                Ok(Step::Consumed(segment.header))
            }
            (Some(inflated), _) if goes_on => {
                let inflated = u32::try_from(inflated).unwrap_or(u32::MAX);
                side.left = (side.left.checked_sub(inflated))
                    .ok_or(DecodeError("a segment longer than the rest of its message"))?;
                let bytes = (segment.total() - segment.header) as u64;
                Ok(Step::Skip { consumed: segment.header, bytes })
            }
            (Some(_), None) => Ok(Step::Need),
            (Some(inflated), Some(payload)) => {
                let first = chunk.time_at(offset);
                let last = Some(chunk.time_at(end.saturating_sub(1)));
                let clock = Clock::Segment { first, last };
                let is_whole = segment.is_self_contained;
                self.inflate(chunk.direction, (payload, inflated), is_whole, clock, out)?;
                Ok(Step::Consumed(segment.total()))
            }
        }
    }

    /// Reads the messages of a compressed segment.
    fn inflate(
        &mut self,
        direction: Direction,
        (payload, inflated): (&[u8], usize),
        holds_whole: bool,
        clock: Clock<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let mut scratch = out.take_scratch();
        let is_whole = compression::lz4(payload, inflated, &mut scratch) == Ok(true)
            && scratch.len() == inflated;
        let stretch = Stretch { bytes: &scratch, length: inflated as u64, holds_whole, clock };
        let walked = match is_whole {
            true => self.walk(direction, &stretch, out).map(|_| ()),
            false => Err(DecodeError("a segment that LZ4 did not make")),
        };
        out.give_scratch(scratch);
        walked
    }
}

/// What carries the messages of a direction that begins with `bytes`; `None` where they are too few. `lz4`: whether the
/// connection compresses, where that is known.
fn recognize(
    direction: Direction,
    bytes: &[u8],
    lz4: Option<bool>,
) -> Result<Option<Framing>, DecodeError> {
    // The shortest message; segments are longer.
    const SHORTEST: usize = 8;
    if bytes.len() < SHORTEST {
        return Ok(None);
    }
    for compresses in [false, true] {
        let may_be = lz4.is_none_or(|known| known == compresses);
        if may_be && matches!(Segment::read(bytes, compresses), Ok(Some(_))) {
            return Ok(Some(Framing::Segments { lz4: compresses }));
        }
    }
    Ok(Head::read(direction, bytes)?.map(|head| match head.may_be_segmented() {
        true => Framing::Open,
        false => Framing::Plain,
    }))
}

impl Walked {
    /// What was read of `length` bytes.
    const fn into_step(self, length: usize) -> Step {
        match self {
            Self { consumed, skip: 1.. } => Step::Skip { consumed, bytes: self.skip },
            Self { consumed: 0, skip: 0 } if length > 0 => Step::Need,
            Self { consumed, skip: 0 } => Step::Consumed(consumed),
        }
    }
}

impl Decoder for Cassandra {
    const PAIRS_BY_ID: bool = true;
    const REUSES_IDS: bool = true;

    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        probe::first(direction, bytes)
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        probe::any(direction, bytes)
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut consumed = 0;
        while consumed < chunk.bytes.len() {
            match self.step(chunk, consumed, out)? {
                Step::Consumed(bytes) => consumed += bytes,
                Step::Need => return Ok(Progress::Need { consumed }),
                Step::Skip { consumed: read, bytes } => {
                    return Ok(Progress::Skip { consumed: consumed + read, bytes });
                }
            }
        }
        Ok(Progress::Consumed(consumed))
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = self.side(direction);
        if side.state == State::Rest && side.left == 0 {
            self.message_ended(direction, last_at, out);
        }
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        let side = match direction {
            Direction::ToServer => &self.request,
            Direction::ToClient => &self.answer,
        };
        side.state == State::Head && side.place == Place::Between
    }

    fn restart(&mut self, direction: Direction) {
        let side = self.side(direction);
        // Once in segments, always in segments.
        let framing = match side.framing {
            Framing::Segments { .. } => side.framing,
            Framing::Open | Framing::Plain => Framing::Open,
        };
        *side = Side { framing, ..Side::default() };
    }

    fn on_gap(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        self.bridge(seen, out)
    }

    fn on_close(
        &mut self,
        direction: Direction,
        _: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let side = *self.side(direction);
        if side.state == State::Head {
            return;
        }
        let is_passed_over = side.state == State::Rest && side.left == 0;
        let is_plain = !matches!(side.framing, Framing::Segments { .. });
        let bytes = (is_passed_over && is_plain).then(|| side.head.total().saturating_sub(unread));
        if side.state == State::Front {
            self.read_front(direction, &[], true, out);
        }
        match direction {
            Direction::ToServer => out.cut_request(last_at, bytes),
            Direction::ToClient => out.cut_response(last_at, bytes),
        }
        self.restart(direction);
    }
}
