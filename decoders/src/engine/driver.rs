//! Between the streams and the decoders: skips, buffers, gaps, and beginning anew after a loss.

use super::detect;
use super::losses::{begin_anew, drop_buffer, end_cut, gap, lose, lose_unread_answers};
use crate::decoder::{Chunk, Close, Mark, Probe, Progress};
use crate::limits::PROBE_BYTES_MAX;
use crate::pairing::{Context, Events, Parties, Trust};
use crate::protocols::{DECODERS, Decoding};
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
    if pass_over(flow, &data, captured, context) {
        return;
    }
    if captured > 0 {
        flow.advance(&mut context.wires, data.from, captured);
        feed(flow, slot, data, context);
        // Only now: what these bytes end, ended with the ones before them.
        let stream = flow.stream_mut(data.from);
        (stream.last_at, stream.last_missing) = (data.at, false);
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

/// Most bytes are the middle of an answer that is passed over: they begin nothing and end nothing. `false` where they
/// may be something else.
#[inline]
fn pass_over(flow: &mut Flow, data: &Data<'_>, captured: u32, context: &mut Context) -> bool {
    let (is_answer, assigned, wire) = (flow.server == Some(data.from), flow.assigned, flow.wire);
    let is_middle = is_answer && assigned && data.missing == 0 && !data.fin;
    let stream = flow.stream_mut(data.from);
    if !is_middle || stream.skip <= u64::from(captured) || context.skips.is_some() {
        return false;
    }
    stream.next = stream.next.wrapping_add(captured);
    stream.span += u64::from(captured);
    stream.skip -= u64::from(captured);
    (stream.last_at, stream.last_missing) = (data.at, false);
    if let Some(ledger) = context.wires.ledger_mut(wire) {
        ledger.streams.span += u64::from(captured);
        ledger.streams.skipped += u64::from(captured);
    }
    true
}

/// Hands bytes to whoever reads them.
pub(super) fn feed(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    match flow.mode {
        Mode::Decoding(_) => decode(flow, slot, data, context),
        Mode::Detecting => detect::feed(flow, slot, data, context),
        Mode::Opaque => {
            flow.account(&mut context.wires, data.from, Fate::Opaque, data.bytes.len() as u64)
        }
        Mode::NotUnderstood => {
            flow.account(
                &mut context.wires,
                data.from,
                Fate::NotUnderstood,
                data.bytes.len() as u64,
            );
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
    fn with_decoder<T>(
        &mut self,
        call: impl FnOnce(&mut Decoding, &mut Events<'_>) -> T,
    ) -> Option<T> {
        with_decoder(self.flow, &self.parties, self.quiet, self.context, call)
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
        if let Some(skips) = &mut self.context.skips {
            *at_mut(skips.entry(self.parties.slot).or_default(), self.from) += passed;
        }
        if is_over {
            let direction = self.direction;
            self.with_decoder(|decoder, out| decoder.on_skipped(direction, Some(at), out));
        }
        usize::try_from(passed).unwrap_or(length)
    }

    /// Reads a chunk as far as its messages are whole; returns how many bytes were consumed.
    fn read(&mut self, whole: Chunk<'_>) -> usize {
        let bytes = whole.bytes;
        let mut offset = 0;
        while offset < bytes.len() {
            let chunk = whole.behind(offset);
            let rest = chunk.bytes;
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
                Some(Ok(Progress::Become { consumed, protocol })) => {
                    self.hand_over(protocol);
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

    /// Another decoder has the connection from here on.
    fn hand_over(&mut self, protocol: Protocol) {
        let Some(known) = DECODERS.iter().find(|known| known.protocol == protocol) else { return };
        let mut decoder = (known.begin)();
        for direction in [Direction::ToServer, Direction::ToClient] {
            if self.flow.stream(self.flow.sender(direction)).lost {
                decoder.restart(direction);
            }
        }
        self.flow.mode = Mode::Decoding(decoder);
        self.parties.protocol = protocol;
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

/// Calls a connection's decoder, if it has one, with its way to the pairing.
pub(super) fn with_decoder<T>(
    flow: &mut Flow,
    parties: &Parties,
    quiet: bool,
    context: &mut Context,
    call: impl FnOnce(&mut Decoding, &mut Events<'_>) -> T,
) -> Option<T> {
    let Flow { mode: Mode::Decoding(decoder), pairing, .. } = flow else { return None };
    Some(call(decoder, &mut Events { pairing, context, parties, quiet }))
}

pub(super) fn turn_opaque(flow: &mut Flow, from: End, parties: &Parties, context: &mut Context) {
    if matches!(&flow.mode, Mode::Decoding(decoder) if decoder.is_cut(Direction::ToServer)) {
        end_cut(flow, Direction::ToServer, false, parties, context);
    }
    flow.pairing.finish(Outcome::Unanswered, parties, context);
    drop_buffer(flow, from.other(), Fate::Opaque, context);
    for end in [End::Low, End::High] {
        flow.stream_mut(end).skip = 0;
    }
    flow.mode = Mode::Opaque;
}

/// Reads bytes of a connection whose protocol is known.
pub(super) fn decode(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    let parties = flow.parties(slot);
    let direction = flow.direction(data.from);
    let other = flow.stream(data.from.other());
    let quiet = data.acknowledgment == Some(other.next) || !other.synced;
    let mut bytes = data.bytes;
    let mut reader = Reader { flow, context, parties, from: data.from, direction, quiet };
    if direction == Direction::ToServer {
        reader.end_cut_messages(bytes);
    }
    let skipped = reader.skip(bytes.len(), data.at);
    bytes = bytes.get(skipped..).unwrap_or_default();
    if bytes.is_empty() {
        return;
    }
    let mut buffer = reader.flow.take_buffer(data.from, reader.context);
    if reader.flow.stream(data.from).lost {
        let mut begins = match buffer.bytes.is_empty() {
            true => reader.find_boundary(bytes),
            false => match reader.find_boundary(&[&buffer.bytes, bytes].concat()) {
                Probe::NotThis => {
                    // What waited was not the start of a message; this segment may be.
                    let passed = std::mem::take(&mut buffer);
                    reader.account(Fate::NotUnderstood, passed.bytes.len());
                    if direction == Direction::ToClient {
                        lose_unread_answers(reader.flow, &parties, reader.context);
                    }
                    reader.find_boundary(bytes)
                }
                begins => begins,
            },
        };
        if begins == Probe::NotThis && !buffer.bytes.is_empty() {
            // What waited was the end of something, and a message may begin behind it.
            begins = reader.find_boundary(bytes);
            if begins != Probe::NotThis {
                reader.account(Fate::NotUnderstood, buffer.bytes.len());
                buffer = Buffer::default();
            }
        }
        match begins {
            Probe::Certain => reader.flow.stream_mut(data.from).lost = false,
            Probe::Unsure if buffer.bytes.len() < PROBE_BYTES_MAX => {
                if direction == Direction::ToClient {
                    reader.flow.pairing.overlook_answers(reader.context);
                }
                return keep(&mut reader, buffer, bytes, data.at);
            }
            Probe::Unsure | Probe::NotThis => {
                reader.account(Fate::NotUnderstood, buffer.bytes.len() + bytes.len());
                if direction == Direction::ToClient {
                    lose_unread_answers(flow, &parties, context);
                }
                return;
            }
        }
    }
    if direction == Direction::ToClient && reader.flow.pairing.trust == Trust::Lost {
        reader.flow.pairing.gap_answered = true;
    }
    match buffer.bytes.is_empty() {
        true => {
            let consumed = reader.read(Chunk::single(direction, bytes, data.at));
            if let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
                keep(&mut reader, buffer, rest, data.at);
            }
        }
        false => {
            buffer.bytes.extend_from_slice(bytes);
            buffer.marks.push(Mark { end: buffer.bytes.len(), at: data.at });
            let consumed = reader.read(Chunk::marked(direction, &buffer.bytes, &buffer.marks));
            buffer.pass(consumed);
            if buffer.bytes.is_empty() {
                flow.give_back(data.from, buffer);
                flow.slim(context);
            } else {
                keep(&mut reader, buffer, &[], data.at);
            }
        }
    }
}

impl Reader<'_, '_> {
    /// A client that does not pipeline asks again when it has the whole answer: a new request, sent after everything that
    /// the server said was received, ends the messages before it whose own ends the snap length cut.
    #[inline]
    fn end_cut_messages(&mut self, bytes: &[u8]) {
        let Mode::Decoding(decoder) = &self.flow.mode else { return };
        let (asked, answered) =
            (decoder.is_cut(Direction::ToServer), decoder.is_cut(Direction::ToClient));
        let may_begin = asked || (answered && decoder.at_boundary(Direction::ToServer));
        if !may_begin {
            return;
        }
        let is_answered = self.quiet
            && (answered || decoder.at_boundary(Direction::ToClient))
            && self.flow.pairing.is_being_answered(self.context);
        // Where a request is due, any method is believed, and its first letters are enough.
        let begins = match is_answered {
            true => decoder.probe(Direction::ToServer, bytes) != Probe::NotThis,
            false => decoder.resync(Direction::ToServer, bytes) == Probe::Certain,
        };
        if !begins {
            return;
        }
        for (direction, is_cut) in [(Direction::ToServer, asked), (Direction::ToClient, answered)] {
            if is_cut && is_answered {
                let is_alone = self.flow.pairing.is_whole(self.context);
                end_cut(self.flow, direction, is_alone, &self.parties, self.context);
            } else if is_cut {
                lose(self.flow, self.flow.sender(direction), &self.parties, self.context);
            }
        }
    }

    /// Whether a message begins here, in a direction that has lost its place. Only the start of a segment can tell.
    fn find_boundary(&mut self, bytes: &[u8]) -> Probe {
        let may_begin = self.direction == Direction::ToClient
            || self.flow.pairing.trust != Trust::Lost
            || (self.quiet && self.flow.pairing.may_ask_again());
        if !may_begin {
            return Probe::NotThis;
        }
        let direction = self.direction;
        let begins = self.with_decoder(|decoder, out| match direction {
            Direction::ToServer => decoder.resync(direction, bytes),
            Direction::ToClient => decoder.resync_answer(bytes, out),
        });
        begins.unwrap_or(Probe::NotThis)
    }
}

/// Keeps what is not whole yet.
fn keep(reader: &mut Reader<'_, '_>, mut buffer: Buffer, rest: &[u8], at: CaptureTime) {
    if buffer.bytes.is_empty() {
        buffer = reader.flow.empty_buffer(reader.from, reader.context);
    }
    if !rest.is_empty() {
        buffer.bytes.extend_from_slice(rest);
        buffer.marks.push(Mark { end: buffer.bytes.len(), at });
    }
    if !reader.flow.put_buffer(reader.from, buffer, reader.context) {
        if let Some(ledger) = reader.flow.ledger(&mut reader.context.wires) {
            ledger.notices.buffer_over_limit += 1;
        }
        reader.lose();
    }
}

/// One end has said all it will say.
pub(crate) fn close(flow: &mut Flow, slot: u32, from: End, close: Close, context: &mut Context) {
    if flow.stream(from).closed {
        return;
    }
    flow.stream_mut(from).closed = true;
    let Mode::Decoding(_) = flow.mode else { return };
    let parties = flow.parties(slot);
    let direction = flow.direction(from);
    let stream = *flow.stream(from);
    let last_at = (!stream.last_missing).then_some(stream.last_at);
    if let (Mode::Decoding(decoder), true) = (&flow.mode, close == Close::Aborted)
        && decoder.is_cut(direction)
    {
        // Nothing says that the message was whole.
        lose(flow, from, &parties, context);
    }
    let asked_is_cut =
        matches!(&flow.mode, Mode::Decoding(decoder) if decoder.is_cut(Direction::ToServer));
    let is_proof = close != Close::InputEnded;
    if is_proof && direction == Direction::ToClient && asked_is_cut {
        end_cut(flow, Direction::ToServer, false, &parties, context);
    }
    if is_proof && matches!(&flow.mode, Mode::Decoding(decoder) if decoder.is_cut(direction)) {
        let is_alone = flow.pairing.is_whole(context);
        end_cut(flow, direction, is_alone, &parties, context);
    }
    let stream = *flow.stream(from);
    if !stream.lost {
        with_decoder(flow, &parties, false, context, |decoder, out| {
            decoder.on_close(direction, close, stream.skip, last_at, out);
        });
    }
    flow.stream_mut(from).skip = 0;
    // The client may half-close and still get its answer.
    let other_closed = flow.stream(from.other()).closed;
    if direction == Direction::ToClient || other_closed {
        finish(flow, slot, close, context);
    }
}

/// Nothing more will be asked or answered: what is open will stay so.
pub(crate) fn finish(flow: &mut Flow, slot: u32, close: Close, context: &mut Context) {
    let parties = flow.parties(slot);
    let outcome = match close {
        Close::InputEnded => Outcome::Open,
        // After a loss nobody can say that there was no answer.
        Close::Aborted if flow.pairing.trust == Trust::Lost => Outcome::Quarantined,
        Close::Finished | Close::Aborted => Outcome::Unanswered,
    };
    flow.pairing.finish(outcome, &parties, context);
}
