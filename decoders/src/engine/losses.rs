//! What was never captured: passed over where the decoder knows how far it reaches, else the direction begins anew.

use super::driver::{turn_opaque, with_decoder};
use crate::decoder::{AfterCut, Chunk};
use crate::pairing::{Context, Parties, Trust};
use crate::tcp::account::Fate;
use crate::tcp::flow::{Flow, Mode};
use model::flow::{Direction, End};
use model::units::CaptureTime;

/// The direction's next byte begins a message; what waits in its buffer did not.
pub(super) fn begin_anew(flow: &mut Flow, from: End, context: &mut Context) {
    drop_buffer(flow, from, Fate::NotUnderstood, context);
    let direction = flow.direction(from);
    let stream = flow.stream_mut(from);
    (stream.skip, stream.lost) = (0, false);
    if let Mode::Decoding(decoder) = &mut flow.mode {
        decoder.restart(direction);
    }
}

pub(super) fn drop_buffer(flow: &mut Flow, from: End, fate: Fate, context: &mut Context) {
    let buffer = flow.take_buffer(from, context);
    if !buffer.bytes.is_empty() {
        flow.account(&mut context.wires, from, fate, buffer.bytes.len() as u64);
    }
}

/// Where `from`'s messages begin is no longer known.
pub(super) fn lose(flow: &mut Flow, from: End, parties: &Parties, context: &mut Context) {
    let direction = flow.direction(from);
    begin_anew(flow, from, context);
    flow.stream_mut(from).lost = true;
    match direction {
        Direction::ToServer => flow.pairing.lose_requests(parties, context),
        Direction::ToClient => flow.pairing.lose_answers(parties, context),
    }
}

/// A message of unknown end ends with the newest byte of its direction. `is_alone`: every request's end was read, so all
/// that came of an answer is this one's.
pub(super) fn end_cut(
    flow: &mut Flow,
    direction: Direction,
    is_alone: bool,
    parties: &Parties,
    context: &mut Context,
) {
    let end = flow.sender(direction);
    let stream = flow.stream_mut(end);
    let unread = std::mem::take(&mut stream.skip);
    let is_known = (is_alone && direction == Direction::ToClient) || unread == u64::MAX;
    let last_at = (!stream.last_missing && is_known).then_some(stream.last_at);
    let bytes = (is_alone && direction == Direction::ToClient).then_some(u64::MAX - unread);
    with_decoder(flow, parties, false, context, |decoder, out| {
        decoder.on_cut_ended(direction, bytes, last_at, out);
    });
}

/// The snap length cut a packet in the middle of a message. `false` where that cannot be mended.
fn cut(flow: &mut Flow, from: End, lost: u64, parties: &Parties, context: &mut Context) -> bool {
    let direction = flow.direction(from);
    if flow.stream(from).lost || !flow.pairing.is_sequential() {
        return false;
    }
    let buffer = flow.take_buffer(from, context);
    let seen = Chunk::marked(direction, &buffer.bytes, &buffer.marks);
    let after = with_decoder(flow, parties, false, context, |decoder, out| {
        let is_between = seen.bytes.is_empty() && decoder.at_boundary(direction);
        (!is_between).then(|| decoder.on_cut(&seen, lost, out))
    });
    let Some(after) = after.flatten() else { return false };
    let is_under_way = after != AfterCut::Lost;
    let fate = if is_under_way { Fate::Decoded } else { Fate::NotUnderstood };
    flow.account(&mut context.wires, from, fate, buffer.bytes.len() as u64);
    match after {
        AfterCut::Lost => {}
        AfterCut::Goes => flow.stream_mut(from).skip = u64::MAX,
        AfterCut::Opaque => turn_opaque(flow, from, parties, context),
    }
    is_under_way
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
    let Mode::Decoding(_) = flow.mode else { return };
    let parties = flow.parties(slot);
    let direction = flow.direction(from);
    flow.stream_mut(from).last_missing = at.is_none();
    let mut lost = lost;
    while lost > 0 {
        if flow.stream(from).skip == 0 && !bridge(flow, from, &parties, context) {
            break;
        }
        let stream = flow.stream_mut(from);
        let harmless = stream.skip.min(lost);
        stream.skip -= harmless;
        lost -= harmless;
        if stream.skip == 0 {
            with_decoder(flow, &parties, false, context, |decoder, out| {
                decoder.on_skipped(direction, at, out);
            });
        }
    }
    if lost == 0 {
        return;
    }
    if at.is_some() && cut(flow, from, lost, &parties, context) {
        return;
    }
    if !flow.stream(from).lost {
        return lose(flow, from, &parties, context);
    }
    drop_buffer(flow, from, Fate::NotUnderstood, context);
    match direction {
        Direction::ToServer => flow.pairing.gap_answered = false,
        Direction::ToClient => lose_unread_answers(flow, &parties, context),
    }
}

/// A gap behind what waits to be read: where the decoder knows how far it reaches at most, its bytes are passed over.
fn bridge(flow: &mut Flow, from: End, parties: &Parties, context: &mut Context) -> bool {
    if flow.stream(from).lost {
        return false;
    }
    let direction = flow.direction(from);
    let buffer = flow.take_buffer(from, context);
    let seen = Chunk::marked(direction, &buffer.bytes, &buffer.marks);
    let behind =
        with_decoder(flow, parties, false, context, |decoder, out| decoder.on_gap(&seen, out));
    let Some(behind) = behind.flatten().filter(|&behind| behind > 0) else {
        if !buffer.bytes.is_empty() {
            flow.put_buffer(from, buffer, context);
        }
        return false;
    };
    flow.account(&mut context.wires, from, Fate::Decoded, buffer.bytes.len() as u64);
    flow.stream_mut(from).skip = behind;
    true
}

/// Answers may have been among bytes of a direction that had lost its place: of those that pair by id, whatever was open
/// then may have been answered by them; and after a join in the middle, a server that answers an open request with the
/// rest of something else owed more than we saw asked.
pub(super) fn lose_unread_answers(flow: &mut Flow, parties: &Parties, context: &mut Context) {
    let Flow { mode: Mode::Decoding(decoder), pairing, .. } = flow else { return };
    match pairing.trust {
        _ if pairing.open == 0 => {}
        Trust::ById if !decoder.reuses_ids() => pairing.overlook_answers(context),
        Trust::ById | Trust::Provisional => pairing.lose_answers(parties, context),
        Trust::Proven | Trust::Lost => {}
    }
}
