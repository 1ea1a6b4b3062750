//! Between the streams and the decoders: skips, buffers, gaps, and beginning anew after a loss.

use super::detect;
use crate::decoder::{Chunk, Close, Decoder, Mark, Probe, Progress};
use crate::http1::Http1;
use crate::limits::HELD_BYTES_MAX;
use crate::pairing::{Context, Events, Pairing, Parties};
use crate::tcp::account::Fate;
use crate::tcp::flow::{Buffer, Flow, Mode, at_mut};
use crate::tcp::reassembly::Data;
use model::flow::{Direction, End};
use model::protocol::Protocol;
use model::transaction::Outcome;
use model::units::CaptureTime;

/// Takes bytes that are next in their stream.
#[inline]
pub(crate) fn deliver(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    let captured = u32::try_from(data.bytes.len()).unwrap_or(u32::MAX);
    if captured > 0 {
        flow.advance(&mut context.wires, data.from, captured);
        let stream = flow.stream_mut(data.from);
        (stream.last_at, stream.last_missing) = (data.at, false);
        feed(flow, slot, data, context);
    }
    if data.missing > 0 {
        flow.advance(&mut context.wires, data.from, data.missing);
        flow.account(&mut context.wires, data.from, Fate::Gap, u64::from(data.missing));
        flow.stream_mut(data.from).last_at = data.at;
        gap(flow, slot, data.from, u64::from(data.missing), Some(data.at), context);
    }
    if data.fin {
        let stream = flow.stream_mut(data.from);
        stream.next = stream.next.wrapping_add(1);
        close(flow, slot, data.from, Close::Finished, context);
    }
}

/// Hands bytes to whoever reads them.
pub(super) fn feed(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    match flow.mode {
        Mode::Http1(_) => decode(flow, slot, data, context),
        Mode::Detecting => detect::feed(flow, slot, data, context),
        Mode::Opaque => flow.account(&mut context.wires, data.from, Fate::Opaque, data.bytes.len() as u64),
        Mode::NotUnderstood => {
            flow.account(&mut context.wires, data.from, Fate::NotUnderstood, data.bytes.len() as u64);
        }
    }
}

/// A decoder at work on one direction.
struct Reader<'f, 'c> {
    flow: &'f mut Flow,
    context: &'c mut Context,
    parties: Parties,
    from: End,
    direction: Direction,
    /// The client had received all that was delivered of the server when it sent these bytes.
    quiet: bool,
}

impl Reader<'_, '_> {
    /// Calls the decoder, with its way to the pairing.
    fn with_decoder<T>(&mut self, call: impl FnOnce(&mut Http1, &mut Events<'_>) -> T) -> Option<T> {
        let Flow { mode: Mode::Http1(decoder), pairing, .. } = &mut *self.flow else { return None };
        let (context, parties, quiet) = (&mut *self.context, &self.parties, self.quiet);
        Some(call(decoder, &mut Events { pairing, context, parties, quiet }))
    }

    fn account(&mut self, fate: Fate, bytes: usize) {
        self.flow.account(&mut self.context.wires, self.from, fate, bytes as u64);
    }

    /// Passes bytes over. Returns how many were.
    #[inline]
    fn skip(&mut self, length: usize, at: CaptureTime) -> usize {
        let stream = self.flow.stream_mut(self.from);
        if stream.skip == 0 || length == 0 {
            return 0;
        }
        let passed = stream.skip.min(length as u64);
        stream.skip -= passed;
        let is_over = stream.skip == 0;
        self.account(Fate::Skipped, usize::try_from(passed).unwrap_or(length));
        if is_over {
            let direction = self.direction;
            self.with_decoder(|decoder, out| decoder.on_skipped(direction, Some(at), out));
        }
        usize::try_from(passed).unwrap_or(length)
    }

    /// Reads `bytes` as far as they are whole; returns how many were consumed.
    fn read(&mut self, bytes: &[u8], marks: Option<&[Mark]>, at: CaptureTime) -> usize {
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let from_marks = marks.map(|marks| shifted(marks, offset));
            let chunk = match &from_marks {
                Some(marks) => Chunk::marked(self.direction, rest, marks),
                None => Chunk::single(self.direction, rest, at),
            };
            let skipped = self.skip(rest.len(), chunk.time_at(self.skip_end(rest.len())));
            if skipped > 0 {
                offset += skipped;
                continue;
            }
            let progress = self.with_decoder(|decoder, out| decoder.on_bytes(&chunk, out));
            let consumed = match progress {
                Some(Ok(Progress::Consumed(consumed) | Progress::Need { consumed })) => consumed,
                Some(Ok(Progress::Skip { consumed, bytes })) => {
                    self.flow.stream_mut(self.from).skip = bytes;
                    consumed
                }
                Some(Ok(Progress::SkipToClose { consumed })) => {
                    self.flow.stream_mut(self.from).skip = u64::MAX;
                    consumed
                }
                Some(Ok(Progress::Opaque { consumed })) => {
                    self.account(Fate::Decoded, consumed);
                    self.turn_opaque();
                    self.account(Fate::Opaque, rest.len().saturating_sub(consumed));
                    return bytes.len();
                }
                Some(Err(_)) => {
                    self.lose();
                    self.account(Fate::NotUnderstood, rest.len());
                    return bytes.len();
                }
                None => return bytes.len(),
            };
            self.account(Fate::Decoded, consumed);
            offset += consumed;
            if self.flow.pairing.restart_answers {
                self.restart_answers();
            }
            if let Some(Ok(Progress::Need { .. } | Progress::Consumed(0))) = progress {
                break;
            }
        }
        offset
    }

    /// Offset of the last byte of a skip, or of the last of `length` bytes.
    fn skip_end(&self, length: usize) -> usize {
        let skip = usize::try_from(self.flow.stream(self.from).skip).unwrap_or(usize::MAX);
        skip.min(length).saturating_sub(1)
    }

    /// The direction has lost its place by what its bytes say.
    fn lose(&mut self) {
        if let Some(ledger) = self.flow.ledger(&mut self.context.wires) {
            ledger.notices.desyncs += 1;
        }
        lose(self.flow, self.from, &self.parties, self.context);
    }

    fn turn_opaque(&mut self) {
        if let Some(ledger) = self.flow.ledger(&mut self.context.wires) {
            ledger.notices.opaque_connections += 1;
        }
        turn_opaque(self.flow, self.from, &self.parties, self.context);
    }

    /// A safe point: the next answer begins with the next byte of its direction.
    fn restart_answers(&mut self) {
        self.flow.pairing.restart_answers = false;
        begin_anew(self.flow, self.flow.sender(Direction::ToClient), self.context);
    }
}

/// The marks of what lies behind `offset`.
fn shifted(marks: &[Mark], offset: usize) -> Vec<Mark> {
    let behind = marks.iter().filter(|mark| mark.end > offset);
    behind.map(|mark| Mark { end: mark.end - offset, at: mark.at }).collect()
}

/// The direction's next byte begins a message; what waits in its buffer did not.
fn begin_anew(flow: &mut Flow, from: End, context: &mut Context) {
    drop_buffer(flow, from, Fate::NotUnderstood, context);
    let direction = flow.direction(from);
    let stream = flow.stream_mut(from);
    (stream.skip, stream.lost) = (0, false);
    if let Mode::Http1(decoder) = &mut flow.mode {
        decoder.restart(direction);
    }
}

fn drop_buffer(flow: &mut Flow, from: End, fate: Fate, context: &mut Context) {
    let Some(rare) = flow.rare.as_mut() else { return };
    let buffer = std::mem::take(at_mut(&mut rare.buffers, from));
    if !buffer.bytes.is_empty() {
        flow.account(&mut context.wires, from, fate, buffer.bytes.len() as u64);
    }
}

fn turn_opaque(flow: &mut Flow, from: End, parties: &Parties, context: &mut Context) {
    flow.pairing.finish(Outcome::Unanswered, parties, context);
    drop_buffer(flow, from.other(), Fate::Opaque, context);
    for end in [End::Low, End::High] {
        flow.stream_mut(end).skip = 0;
    }
    flow.mode = Mode::Opaque;
}

/// Where `from`'s messages begin is no longer known.
fn lose(flow: &mut Flow, from: End, parties: &Parties, context: &mut Context) {
    let direction = flow.direction(from);
    begin_anew(flow, from, context);
    flow.stream_mut(from).lost = true;
    match direction {
        Direction::ToServer => flow.pairing.lose_requests(parties, context),
        Direction::ToClient => flow.pairing.lose_answers(parties, context),
    }
}

/// Reads bytes of a connection whose protocol is known.
pub(super) fn decode(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    let parties = flow.parties(Protocol::Http, slot);
    let direction = flow.direction(data.from);
    let other = flow.stream(data.from.other());
    let quiet = data.acknowledgment == Some(other.next) || !other.synced;
    let mut bytes = data.bytes;
    let mut reader = Reader { flow, context, parties, from: data.from, direction, quiet };
    let skipped = reader.skip(bytes.len(), data.at);
    bytes = bytes.get(skipped..).unwrap_or_default();
    if bytes.is_empty() {
        return;
    }
    if reader.flow.stream(data.from).lost && !reader.find_boundary(bytes) {
        return reader.account(Fate::NotUnderstood, bytes.len());
    }
    if direction == Direction::ToClient && reader.flow.pairing.trust == crate::pairing::Trust::Lost {
        reader.flow.pairing.gap_answered = true;
    }
    let rare = if reader.flow.buffered { reader.flow.rare.as_mut() } else { None };
    let waiting = rare.map(|rare| std::mem::take(at_mut(&mut rare.buffers, data.from)));
    match waiting.filter(|buffer| !buffer.bytes.is_empty()) {
        None => {
            let consumed = reader.read(bytes, None, data.at);
            if let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
                keep(&mut reader, Buffer::default(), rest, data.at);
            }
        }
        Some(mut buffer) => {
            buffer.bytes.extend_from_slice(bytes);
            buffer.marks.push(Mark { end: buffer.bytes.len(), at: data.at });
            let consumed = reader.read(&buffer.bytes, Some(&buffer.marks), data.at);
            if consumed < buffer.bytes.len() {
                buffer.bytes.drain(..consumed);
                buffer.marks = shifted(&buffer.marks, consumed);
                keep(&mut reader, buffer, &[], data.at);
            } else {
                flow.slim();
            }
        }
    }
}

impl Reader<'_, '_> {
    /// Whether a message begins here, in a direction that has lost its place. Only the start of a segment can tell.
    fn find_boundary(&mut self, bytes: &[u8]) -> bool {
        let found = Http1::probe(self.direction, bytes) == Probe::Certain;
        if found {
            self.flow.stream_mut(self.from).lost = false;
        }
        found
    }
}

/// Keeps what is not whole yet.
fn keep(reader: &mut Reader<'_, '_>, mut buffer: Buffer, rest: &[u8], at: CaptureTime) {
    if !rest.is_empty() {
        buffer.bytes.extend_from_slice(rest);
        buffer.marks.push(Mark { end: buffer.bytes.len(), at });
    }
    let too_much = buffer.bytes.len() > HELD_BYTES_MAX;
    *at_mut(&mut reader.flow.rare().buffers, reader.from) = buffer;
    reader.flow.buffered = true;
    if too_much {
        if let Some(ledger) = reader.flow.ledger(&mut reader.context.wires) {
            ledger.notices.buffer_over_limit += 1;
        }
        reader.lose();
    }
}

/// `lost` bytes will not come. `at`: when their packet came, where only its end was cut.
pub(crate) fn gap(
    flow: &mut Flow,
    slot: u32,
    from: End,
    lost: u64,
    at: Option<CaptureTime>,
    context: &mut Context,
) {
    if let Mode::Detecting = flow.mode {
        drop_buffer(flow, from, Fate::NotUnderstood, context);
        flow.from_start = false;
    }
    let Mode::Http1(_) = flow.mode else { return };
    let parties = flow.parties(Protocol::Http, slot);
    let direction = flow.direction(from);
    let stream = flow.stream_mut(from);
    stream.last_missing = at.is_none();
    let harmless = stream.skip.min(lost);
    if harmless > 0 {
        stream.skip -= harmless;
        if stream.skip == 0 {
            let mut reader = Reader { flow: &mut *flow, context: &mut *context, parties, from, direction, quiet: false };
            reader.with_decoder(|decoder, out| decoder.on_skipped(direction, at, out));
        }
    }
    if lost > harmless && !flow.stream(from).lost {
        lose(flow, from, &parties, context);
    } else if lost > harmless && direction == Direction::ToServer {
        flow.pairing.gap_answered = false;
    }
}

/// One end has said all it will say.
pub(crate) fn close(flow: &mut Flow, slot: u32, from: End, close: Close, context: &mut Context) {
    if flow.stream(from).closed {
        return;
    }
    flow.stream_mut(from).closed = true;
    let Mode::Http1(_) = flow.mode else { return };
    let parties = flow.parties(Protocol::Http, slot);
    let direction = flow.direction(from);
    let stream = *flow.stream(from);
    let last_at = (!stream.last_missing).then_some(stream.last_at);
    let mut reader = Reader { flow: &mut *flow, context: &mut *context, parties, from, direction, quiet: false };
    if !stream.lost {
        reader.with_decoder(|decoder, out| {
            decoder.on_close(direction, close, stream.skip, last_at, out);
        });
    }
    flow.stream_mut(from).skip = 0;
    let outcome = match close {
        Close::InputEnded => Outcome::Open,
        Close::Finished | Close::Aborted => Outcome::Unanswered,
    };
    // The client may half-close and still get its answer.
    let other_closed = flow.stream(from.other()).closed;
    if direction == Direction::ToClient || other_closed {
        let Flow { pairing, .. } = flow;
        Pairing::finish(pairing, outcome, &parties, context);
    }
}
