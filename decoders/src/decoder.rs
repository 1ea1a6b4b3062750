//! What a protocol decoder is: a state machine that gets bytes and gaps, with times, and gives events.
//!
//! The driver owns buffers, limits, pairing and resynchronisation, once for all protocols.

use crate::pairing::Events;
use model::flow::Direction;
use model::protocol::Protocol;
use model::units::CaptureTime;
use thiserror::Error;

/// Whether bytes at the start of a segment are a protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// They are.
    Certain,
    /// They may be: ask again with more.
    Unsure,
    /// They are not.
    NotThis,
}

/// What to do with the bytes that a decoder was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many were read; show the rest again, if there is any and something was read.
    Consumed(usize),
    /// So many were read; what follows is not whole.
    Need {
        /// Bytes read.
        consumed: usize,
    },
    /// So many were read; the next `bytes` need no look, then [`Decoder::on_skipped`].
    Skip {
        /// Bytes read.
        consumed: usize,
        /// Bytes to pass over.
        bytes: u64,
    },
    /// So many were read; all that follows belongs to the message, until the direction closes.
    SkipToClose {
        /// Bytes read.
        consumed: usize,
    },
    /// So many were read; from here on the connection, both ways, is another decoder's. The direction that was not read
    /// stands at a boundary.
    Become {
        /// Bytes read.
        consumed: usize,
        /// Whose.
        protocol: Protocol,
    },
    /// So many were read; from here on the connection, both ways, is out of reach: a tunnel, another protocol.
    Opaque {
        /// Bytes read.
        consumed: usize,
    },
}

/// What a packet that the snap length cut leaves of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterCut {
    /// Nothing that could be told from the next one.
    Lost,
    /// It goes on, and what the other direction does next tells where it ends: its bytes are passed over until
    /// [`Decoder::on_cut_ended`].
    Goes,
    /// It makes the connection opaque.
    Opaque,
}

/// Bytes that are not the protocol's: the direction has lost its place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct DecodeError(pub &'static str);

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// FIN: all its bytes were sent.
    Finished,
    /// RST, port reuse or long silence: its bytes may be incomplete.
    Aborted,
    /// The input ended first.
    InputEnded,
}

/// Bytes of one direction, in order, each with the arrival time of the packet that brought it.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Which way they travel.
    pub direction: Direction,
    /// The bytes.
    pub bytes: &'a [u8],
    times: Times<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Times<'a> {
    Single(CaptureTime),
    /// The bytes begin so far behind where the marks count from.
    Marks(&'a [Mark], usize),
}

/// Bytes before offset `end` (and after the previous mark's) arrived at `at`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) end: usize,
    pub(crate) at: CaptureTime,
}

impl<'a> Chunk<'a> {
    /// Bytes that one packet brought.
    pub const fn single(direction: Direction, bytes: &'a [u8], at: CaptureTime) -> Self {
        Self { direction, bytes, times: Times::Single(at) }
    }

    pub(crate) const fn marked(direction: Direction, bytes: &'a [u8], marks: &'a [Mark]) -> Self {
        Self { direction, bytes, times: Times::Marks(marks, 0) }
    }

    /// Without its first `count` bytes.
    pub(crate) fn behind(self, count: usize) -> Self {
        let times = match self.times {
            Times::Single(at) => Times::Single(at),
            Times::Marks(marks, start) => Times::Marks(marks, start + count),
        };
        Self { bytes: self.bytes.get(count..).unwrap_or_default(), times, ..self }
    }

    /// When the byte at `offset` arrived.
    pub fn time_at(&self, offset: usize) -> CaptureTime {
        match self.times {
            Times::Single(at) => at,
            Times::Marks(marks, start) => {
                let place = marks.partition_point(|mark| mark.end <= start + offset);
                marks.get(place).or(marks.last()).map_or(CaptureTime::ZERO, |mark| mark.at)
            }
        }
    }
}

/// A protocol's state machine for one connection.
pub trait Decoder {
    /// Answers name their requests, so that they may come in any order: what a gap hides makes only those doubtful that
    /// were open across it.
    const PAIRS_BY_ID: bool = false;
    /// An id can stand for another request when its answer was given.
    const REUSES_IDS: bool = false;

    /// Whether `bytes`, at the start of a segment, are this protocol's.
    fn probe(direction: Direction, bytes: &[u8]) -> Probe
    where
        Self: Sized;

    /// Whether a message begins with `bytes`, the start of a segment somewhere in a stream. Stricter than
    /// [`Self::probe`]: what is taken for a message here is not confirmed by what came before it.
    fn resync(direction: Direction, bytes: &[u8]) -> Probe
    where
        Self: Sized;

    /// The same of an answer, where the open requests are known: for protocols whose answers say little but which request
    /// they belong to.
    fn resync_answer(&self, bytes: &[u8], out: &Events<'_>) -> Probe
    where
        Self: Sized,
    {
        let _ = out;
        Self::resync(Direction::ToClient, bytes)
    }

    /// Reads what is whole in `chunk`; the driver keeps the rest and presents it again with more.
    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError>;

    /// A skip is over; its last byte came at `last_at`, or was never captured.
    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    );

    /// Whether the direction stands between two messages.
    fn at_boundary(&self, direction: Direction) -> bool;

    /// Forgets where the direction stood: the next byte begins a message. Told of both directions, before their first byte,
    /// of a connection that was joined mid-stream.
    fn restart(&mut self, direction: Direction);

    /// Bytes behind `seen`, which wait for more, will never come. Where what was read before tells how many bytes there are
    /// behind `seen` up to the end of something, a message or a part of one, these are passed over, and then comes
    /// [`Self::on_skipped`].
    fn on_gap(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        let _ = (seen, out);
        None
    }

    /// The snap length cut the packet behind `seen`, bytes that wait for more; `lost` more are behind the cut.
    /// Only for protocols whose messages do not begin with their length.
    fn on_cut(&mut self, seen: &Chunk<'_>, lost: u64, out: &mut Events<'_>) -> AfterCut {
        let _ = (seen, lost, out);
        AfterCut::Lost
    }

    /// The message that was cut is over: `more` bytes of it came behind the cut packet, where that is known; `last_at` is
    /// when its last byte came, where that is known.
    fn on_cut_ended(
        &mut self,
        direction: Direction,
        more: Option<u64>,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let _ = (direction, more, last_at, out);
    }

    /// Whether the direction is in a message of unknown end, see [`Self::on_cut`].
    fn is_cut(&self, direction: Direction) -> bool {
        let _ = direction;
        false
    }

    /// The direction ends. `unread`: bytes of a skip that never came. `last_at`: when its last byte came.
    fn on_close(
        &mut self,
        direction: Direction,
        close: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    );
}
