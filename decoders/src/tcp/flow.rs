//! One connection: what is kept of it between packets. An idle one should stay small.

use super::held::Held;
use crate::decoder::Mark;
use crate::limits::{HELD_BYTES_MAX, HELD_BYTES_TOTAL_MAX, SPARE_BUFFER_BYTES_MAX, SPARE_RARE_MAX};
use crate::pairing::{Context, Pairing, Parties};
use crate::protocols::Decoding;
use model::flow::{Direction, End, FlowKey};
use model::protocol::Protocol;
use model::units::CaptureTime;
use model::wire::WireId;

/// A jump in sequence numbers beyond this is not believed (RFC 7323 lets windows grow to 1 GiB).
const SEQUENCE_JUMP_MAX: i32 = 1 << 30;

/// One direction of a connection, by sequence numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stream {
    /// The sequence number of the next byte to deliver.
    pub(crate) next: u32,
    /// What the receiver has acknowledged.
    pub(crate) acked: u32,
    /// Marks the packets that came last, to tell their copies from retransmissions.
    pub(crate) fingerprints: [u16; 2],
    /// Bytes from the first one known up to `next`.
    pub(crate) span: u64,
    /// Bytes to pass over before the decoder is asked again; `u64::MAX` until the direction closes.
    pub(crate) skip: u64,
    /// When the newest byte came that was delivered.
    pub(crate) last_at: CaptureTime,
    /// `next` means something.
    pub(crate) synced: bool,
    /// `acked` means something.
    pub(crate) has_acked: bool,
    /// A packet of this direction with payload was captured.
    pub(crate) seen: bool,
    /// It is not known where its messages begin.
    pub(crate) lost: bool,
    /// Its last byte so far was never captured.
    pub(crate) last_missing: bool,
    /// FIN was delivered.
    pub(crate) closed: bool,
}

impl Stream {
    /// The first byte has this number.
    pub(crate) const fn start(&mut self, sequence: u32) {
        self.next = sequence;
        self.synced = true;
    }

    /// How far `sequence` lies behind (negative) or ahead of the next byte.
    #[inline]
    #[allow(clippy::cast_possible_wrap)]
    pub(crate) const fn ahead(&self, sequence: u32) -> i32 {
        sequence.wrapping_sub(self.next) as i32
    }

    /// Whether somebody has received bytes of this direction that were not delivered yet.
    #[inline]
    pub(crate) const fn is_behind(&self, acknowledgment: u32) -> bool {
        let ahead = self.ahead(acknowledgment);
        self.synced && ahead > 0 && ahead < SEQUENCE_JUMP_MAX
    }

    /// The receiver has everything before `acknowledgment`.
    #[inline]
    #[allow(clippy::cast_possible_wrap)]
    pub(crate) const fn note_acked(&mut self, acknowledgment: u32) {
        if !self.has_acked || acknowledgment.wrapping_sub(self.acked) as i32 > 0 {
            self.acked = acknowledgment;
            self.has_acked = true;
        }
    }

    /// Bytes that the receiver has and we do not.
    pub(crate) const fn acked_hole(&self) -> u32 {
        if self.has_acked && self.is_behind(self.acked) {
            self.acked.wrapping_sub(self.next)
        } else {
            0
        }
    }
}

/// What is known of the protocol.
#[derive(Debug)]
pub(crate) enum Mode {
    /// Nothing yet.
    Detecting,
    /// It is this decoder's.
    Decoding(Decoding),
    /// Out of reach: bytes are counted.
    Opaque,
    /// No decoder knows it: bytes are counted.
    NotUnderstood,
}

/// Bytes of one direction that wait for the rest of what they begin.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) marks: Vec<Mark>,
}

impl Buffer {
    /// Takes away bytes at the front.
    pub(crate) fn pass(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.marks.retain_mut(|mark| {
            let is_behind = mark.end > count;
            mark.end = mark.end.saturating_sub(count);
            is_behind
        });
    }
}

/// Bytes of one direction that were neither decoded nor skipped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Losses {
    pub(crate) opaque: u64,
    pub(crate) not_understood: u64,
    pub(crate) gap: u64,
}

/// What most connections never need.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) held: [Held; 2],
    /// Since when it is known that the receiver has what we have not.
    pub(crate) hole_since: [Option<CaptureTime>; 2],
    pub(crate) buffers: [Buffer; 2],
    pub(crate) losses: [Losses; 2],
    pub(crate) probes: u8,
    /// Whose segment was looked at last.
    pub(crate) probed: Option<End>,
}

/// No number of connection times.
pub(crate) const NO_TIMES: u32 = u32::MAX;

/// A connection.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) key: FlowKey,
    /// Tells this connection from earlier ones in the same place.
    pub(crate) generation: u32,
    pub(crate) last_seen: CaptureTime,
    /// By end of the key: [low, high].
    pub(crate) streams: [Stream; 2],
    pub(crate) pairing: Pairing,
    pub(crate) mode: Mode,
    pub(crate) rare: Option<Box<Rare>>,
    /// Where its handshake is kept, while somebody needs it.
    pub(crate) times: u32,
    pub(crate) wire: WireId,
    /// `wire` means something, and its ledger has this connection's bytes.
    pub(crate) assigned: bool,
    pub(crate) server: Option<End>,
    /// The handshake was seen from its first packet.
    pub(crate) from_start: bool,
    /// Segments are held, or a hole is known.
    pub(crate) holds: bool,
    /// Bytes may wait in a buffer.
    pub(crate) buffered: bool,
    pub(crate) answer_timer: bool,
    pub(crate) gap_timer: bool,
    /// RST came before something that its sender had received.
    pub(crate) reset: bool,
    /// Over; kept for a while so that late copies do not begin it again.
    pub(crate) over: bool,
}

// Of the 256 bytes that an idle connection may cost; the table and a timer take the rest.
const _: () = assert!(size_of::<Flow>() <= 224);

impl Flow {
    #[inline]
    pub(crate) fn stream(&self, end: End) -> &Stream {
        let [low, high] = &self.streams;
        match end {
            End::Low => low,
            End::High => high,
        }
    }

    #[inline]
    pub(crate) fn stream_mut(&mut self, end: End) -> &mut Stream {
        let [low, high] = &mut self.streams;
        match end {
            End::Low => low,
            End::High => high,
        }
    }

    /// Which way an end's bytes travel; to the server while it is not known who that is.
    #[inline]
    pub(crate) fn direction(&self, from: End) -> Direction {
        if self.server == Some(from) { Direction::ToClient } else { Direction::ToServer }
    }

    /// The end whose bytes travel that way, once the server is known.
    pub(crate) fn sender(&self, direction: Direction) -> End {
        let server = self.server.unwrap_or(End::High);
        match direction {
            Direction::ToServer => server.other(),
            Direction::ToClient => server,
        }
    }

    /// Reads something of each part, so that it is near when it is needed.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        let [low, high] = &self.streams;
        self.last_seen.as_nanos()
            ^ low.span
            ^ high.span
            ^ u64::from(self.pairing.open)
            ^ u64::from(self.times)
    }

    /// Whether something may have to happen while no packet comes, and no timer is set for it.
    #[inline]
    pub(crate) const fn wants_timer(&self) -> bool {
        (self.pairing.open > 0 && !self.answer_timer) || (self.holds && !self.gap_timer)
    }

    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn parties(&self, slot: u32) -> Parties {
        Parties {
            protocol: match &self.mode {
                Mode::Decoding(decoder) => decoder.protocol(),
                Mode::Detecting | Mode::Opaque | Mode::NotUnderstood => Protocol::Tcp,
            },
            wire: self.wire,
            client: self.key.endpoint(self.sender(Direction::ToServer)),
            server: self.key.endpoint(self.sender(Direction::ToClient)),
            slot,
        }
    }

    /// Takes the bytes of `from` that wait, if any.
    pub(crate) fn take_buffer(&mut self, from: End, context: &mut Context) -> Buffer {
        let rare = if self.buffered { self.rare.as_mut() } else { None };
        let buffer = rare
            .map_or_else(Buffer::default, |rare| std::mem::take(at_mut(&mut rare.buffers, from)));
        context.held_bytes = context.held_bytes.saturating_sub(buffer.bytes.len());
        buffer
    }

    /// A buffer for bytes of `from`, where none wait; with the room of one that was used before, if there is any.
    pub(crate) fn empty_buffer(&mut self, from: End, context: &mut Context) -> Buffer {
        let rare = self.rare.get_or_insert_with(|| context.spare_rare.pop().unwrap_or_default());
        std::mem::take(at_mut(&mut rare.buffers, from))
    }

    /// Lets bytes of `from` wait. `false` where there are too many, of this connection or of all.
    pub(crate) fn put_buffer(&mut self, from: End, buffer: Buffer, context: &mut Context) -> bool {
        context.held_bytes += buffer.bytes.len();
        let fits =
            buffer.bytes.len() <= HELD_BYTES_MAX && context.held_bytes <= HELD_BYTES_TOTAL_MAX;
        self.buffered = true;
        *at_mut(&mut self.rare().buffers, from) = buffer;
        fits
    }

    /// Gives back an empty buffer that was taken: the next has its room.
    pub(crate) fn give_back(&mut self, from: End, buffer: Buffer) {
        if let Some(rare) = &mut self.rare {
            *at_mut(&mut rare.buffers, from) = buffer;
        }
    }

    /// Lets go of what an idle connection does not need.
    pub(crate) fn slim(&mut self, context: &mut Context) {
        let empty = self.rare.as_ref().is_some_and(|rare| rare.is_empty());
        if empty && !self.holds {
            self.buffered = false;
            let spare = self.rare.take().filter(|_| context.spare_rare.len() < SPARE_RARE_MAX);
            context.spare_rare.extend(spare.map(Rare::into_spare));
        }
    }
}

/// The element of a pair that an end names.
pub(crate) fn at<T>(pair: &[T; 2], end: End) -> &T {
    let [low, high] = pair;
    match end {
        End::Low => low,
        End::High => high,
    }
}

/// The element of a pair that an end names.
pub(crate) fn at_mut<T>(pair: &mut [T; 2], end: End) -> &mut T {
    let [low, high] = pair;
    match end {
        End::Low => low,
        End::High => high,
    }
}

impl Rare {
    /// For another connection: with the room of small buffers, and nothing else.
    fn into_spare(mut self: Box<Self>) -> Box<Self> {
        let buffers = self.buffers.each_mut().map(std::mem::take);
        let small = |buffer: &Buffer| buffer.bytes.capacity() <= SPARE_BUFFER_BYTES_MAX;
        let buffers = buffers.map(|buffer| Some(buffer).filter(small).unwrap_or_default());
        *self = Self { buffers, ..Self::default() };
        self
    }

    fn is_empty(&self) -> bool {
        self.held.iter().all(Held::is_empty)
            && self.buffers.iter().all(|buffer| buffer.bytes.is_empty())
            && self.hole_since.iter().all(Option::is_none)
            && self.probes == 0
            && self
                .losses
                .iter()
                .all(|losses| losses.opaque + losses.not_understood + losses.gap == 0)
    }
}
