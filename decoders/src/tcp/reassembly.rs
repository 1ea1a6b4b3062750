//! Bytes in order: delivered at once where they are next, held where something is missing, given up where what is
//! missing will not come.
//!
//! An answer is delivered after the request bytes that it acknowledges, whatever order the card's queues gave.

use super::account::Fate;
use super::flow::{Flow, at, at_mut};
use super::held::HeldSegment;
use crate::engine::{driver, losses};
use crate::limits::{GAP_GRACE, HELD_BYTES_MAX, HELD_BYTES_TOTAL_MAX, HOLE_TIMEOUT};
use crate::pairing::Context;
use model::flow::End;
use model::ledger::Notices;
use model::units::{CaptureTime, Nanos};

/// The payload of a segment, and what the driver needs to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a> {
    pub(crate) from: End,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: Option<u32>,
    pub(crate) at: CaptureTime,
    pub(crate) bytes: &'a [u8],
    /// Bytes behind those that the snap length cut.
    pub(crate) missing: u32,
    pub(crate) fin: bool,
    pub(crate) fingerprint: u16,
}

impl Data<'_> {
    pub(crate) fn length(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).saturating_add(self.missing)
    }

    fn trim_front(&mut self, count: u32) {
        self.sequence = self.sequence.wrapping_add(count);
        let captured = (count as usize).min(self.bytes.len());
        self.bytes = self.bytes.get(captured..).unwrap_or_default();
        let cut = u32::try_from(captured).unwrap_or(u32::MAX);
        self.missing = self.missing.saturating_sub(count.saturating_sub(cut));
    }
}

/// The sender of `acknowledgment` has everything of the other direction before it.
#[inline]
pub(crate) fn acknowledge(flow: &mut Flow, from: End, acknowledgment: u32, now: CaptureTime) {
    let stream = flow.stream_mut(from.other());
    if !stream.synced {
        stream.start(acknowledgment);
    }
    stream.note_acked(acknowledgment);
    if stream.is_behind(acknowledgment) {
        flow.holds = true;
        at_mut(&mut flow.rare().hole_since, from.other()).get_or_insert(now);
    }
}

/// Takes a segment with payload or FIN.
#[inline]
pub(crate) fn accept(flow: &mut Flow, slot: u32, mut data: Data<'_>, context: &mut Context) {
    let waits =
        data.acknowledgment.is_some_and(|ack| flow.stream(data.from.other()).is_behind(ack));
    let stream = flow.stream_mut(data.from);
    if !stream.synced {
        stream.start(data.sequence);
    }
    stream.seen = true;
    let ahead = stream.ahead(data.sequence);
    if ahead == 0 && !waits && !flow.holds {
        remember(flow, &data);
        return driver::deliver(flow, slot, data, context);
    }
    if ahead < 0 && !drop_duplicate(flow, &mut data, ahead.unsigned_abs(), context) {
        return;
    }
    remember(flow, &data);
    if ahead <= 0 && !waits && !flow.holds {
        return driver::deliver(flow, slot, data, context);
    }
    hold(flow, data, ahead > 0, context);
    let force = context.held_bytes > HELD_BYTES_TOTAL_MAX
        || flow.rare().held.iter().any(|held| held.bytes() > HELD_BYTES_MAX);
    settle(flow, slot, data.at, force, context);
}

/// Remembers the packet, to know its copies.
fn remember(flow: &mut Flow, data: &Data<'_>) {
    let [newer, older] = &mut flow.stream_mut(data.from).fingerprints;
    *older = std::mem::replace(newer, data.fingerprint);
}

/// Takes from the front what was delivered before. `false` where nothing is left.
fn drop_duplicate(
    flow: &mut Flow,
    data: &mut Data<'_>,
    behind: u32,
    context: &mut Context,
) -> bool {
    let length = data.length();
    let duplicate = behind.min(length);
    let is_keep_alive = behind == 1 && length <= 1 && !data.fin;
    let is_copy = flow.stream(data.from).fingerprints.contains(&data.fingerprint);
    notice(flow, context, |notices| {
        if is_copy {
            notices.seen_elsewhere += 1;
            notices.seen_elsewhere_bytes += u64::from(duplicate);
        } else if is_keep_alive {
            notices.keep_alives += 1;
        } else {
            notices.retransmitted_bytes += u64::from(duplicate);
        }
    });
    data.trim_front(duplicate);
    // A FIN behind what was delivered is a copy of one that was; at the edge it may be the first.
    length > duplicate || (data.fin && behind == length && !flow.stream(data.from).closed)
}

fn notice(flow: &Flow, context: &mut Context, count: impl FnOnce(&mut Notices)) {
    if let Some(ledger) = flow.ledger(&mut context.wires) {
        count(&mut ledger.notices);
    }
}

fn hold(flow: &mut Flow, data: Data<'_>, is_early: bool, context: &mut Context) {
    let next = flow.stream(data.from).next;
    let is_copy = flow.stream(data.from).fingerprints.get(1) == Some(&data.fingerprint);
    let length = data.length();
    let segment = HeldSegment {
        sequence: data.sequence,
        acknowledgment: data.acknowledgment,
        at: data.at,
        bytes: data.bytes.to_vec(),
        missing: data.missing,
        fin: data.fin,
    };
    flow.holds = true;
    let held = at_mut(&mut flow.rare().held, data.from);
    let before = held.bytes();
    let duplicate = held.insert(segment, next);
    context.held_bytes += held.bytes().saturating_sub(before);
    notice(flow, context, |notices| {
        if is_copy && duplicate == length && length > 0 {
            notices.seen_elsewhere += 1;
            notices.seen_elsewhere_bytes += u64::from(duplicate);
        } else {
            notices.retransmitted_bytes += u64::from(duplicate);
            notices.out_of_order += u64::from(is_early);
        }
    });
}

/// Delivers what can be delivered and gives up what will not come. `force`: whatever is missing now.
pub(crate) fn settle(
    flow: &mut Flow,
    slot: u32,
    now: CaptureTime,
    force: bool,
    context: &mut Context,
) {
    let before = flow.streams.map(|stream| stream.next);
    loop {
        let mut moved = false;
        for end in [End::Low, End::High] {
            while let Some(segment) = pop_ready(flow, end, false) {
                deliver_held(flow, slot, end, segment, context);
                moved = true;
            }
        }
        if !moved && !give_up_one(flow, slot, now, force, context) {
            break;
        }
    }
    let mut holds = false;
    for end in [End::Low, End::High] {
        let has_hole = flow.stream(end).acked_hole() > 0;
        let has_moved = flow.stream(end).next != *at(&before, end);
        let rare = flow.rare();
        let since = at_mut(&mut rare.hole_since, end);
        *since = match *since {
            _ if !has_hole => None,
            // What is missing now is another hole: its grace begins now.
            Some(since) if !has_moved => Some(since),
            _ => Some(now),
        };
        holds |= has_hole || !at(&rare.held, end).is_empty();
    }
    flow.holds = holds;
    flow.slim(context);
}

/// The first held segment of `end`, if its turn has come. `regardless`: of what it acknowledges.
fn pop_ready(flow: &mut Flow, end: End, regardless: bool) -> Option<HeldSegment> {
    let rare = flow.rare.as_ref()?;
    let first = at(&rare.held, end).first()?;
    let waits = first.acknowledgment.is_some_and(|ack| flow.stream(end.other()).is_behind(ack));
    if flow.stream(end).ahead(first.sequence) > 0 || (waits && !regardless) {
        return None;
    }
    at_mut(&mut flow.rare().held, end).pop()
}

fn deliver_held(
    flow: &mut Flow,
    slot: u32,
    end: End,
    mut segment: HeldSegment,
    context: &mut Context,
) {
    context.held_bytes = context.held_bytes.saturating_sub(segment.bytes.len());
    let behind = flow.stream(end).ahead(segment.sequence).unsigned_abs();
    if behind > 0 {
        segment.trim_front(behind.min(segment.length()));
    }
    let data = Data {
        from: end,
        sequence: segment.sequence,
        acknowledgment: segment.acknowledgment,
        at: segment.at,
        bytes: &segment.bytes,
        missing: segment.missing,
        fin: segment.fin,
        fingerprint: 0,
    };
    driver::deliver(flow, slot, data, context);
}

/// Gives up one hole whose time has come. `false` where there is none.
fn give_up_one(
    flow: &mut Flow,
    slot: u32,
    now: CaptureTime,
    force: bool,
    context: &mut Context,
) -> bool {
    for end in [End::Low, End::High] {
        if let Some((lost, _)) = hole(flow, end).filter(|&(_, deadline)| force || deadline <= now) {
            give_up(flow, slot, end, lost, context);
            return true;
        }
    }
    // Both wait for what the other acknowledges, which no capture of a real connection shows.
    for end in [End::Low, End::High] {
        let due =
            held_since(flow, end).is_some_and(|since| force || since.plus(HOLE_TIMEOUT) <= now);
        if due && let Some(segment) = pop_ready(flow, end, true) {
            deliver_held(flow, slot, end, segment, context);
            return true;
        }
    }
    false
}

fn held_since(flow: &Flow, end: End) -> Option<CaptureTime> {
    at(&flow.rare.as_ref()?.held, end).first().map(|first| first.at)
}

/// A hole of `end`: how many bytes, and when they are given up. It is acknowledged and gets a grace, or is only old.
fn hole(flow: &Flow, end: End) -> Option<(u32, CaptureTime)> {
    let stream = flow.stream(end);
    let rare = flow.rare.as_ref()?;
    let first = at(&rare.held, end).first();
    let to_first = first.map(|first| u32::try_from(stream.ahead(first.sequence)).unwrap_or(0));
    let acked = stream.acked_hole();
    let old = first.zip(to_first).filter(|&(_, to_first)| to_first > 0);
    let old = old.map(|(first, to_first)| (to_first, first.at.plus(HOLE_TIMEOUT)));
    // Where the next bytes are there and only wait for the other direction, nothing is missing here.
    if acked == 0 || to_first == Some(0) {
        return old;
    }
    let lost = to_first.map_or(acked, |to_first| acked.min(to_first));
    // Of a direction that is not captured at all, as the first gap has shown, nothing is on its way.
    let is_captured = stream.seen || at(&rare.losses, end).gap == 0;
    let grace = if is_captured { GAP_GRACE } else { Nanos(0) };
    let since = (*at(&rare.hole_since, end)).unwrap_or(CaptureTime::ZERO).plus(grace);
    Some((lost, old.map_or(since, |(_, deadline)| deadline.min(since))))
}

/// `lost` bytes of `from` were never captured.
fn give_up(flow: &mut Flow, slot: u32, from: End, lost: u32, context: &mut Context) {
    flow.advance(&mut context.wires, from, lost);
    flow.account(&mut context.wires, from, Fate::Gap, u64::from(lost));
    notice(flow, context, |notices| notices.gaps += 1);
    losses::gap(flow, slot, from, u64::from(lost), None, context);
}

/// When something will be given up if no packet comes before.
pub(crate) fn next_deadline(flow: &Flow) -> Option<CaptureTime> {
    let ends = [End::Low, End::High].into_iter();
    let holes = ends.clone().filter_map(|end| hole(flow, end)).map(|(_, deadline)| deadline);
    // What is next in its stream and only waits for the other direction; the rest is behind a hole.
    let waits = ends.filter(|&end| {
        let first = flow.rare.as_ref().and_then(|rare| at(&rare.held, end).first());
        first.is_some_and(|first| flow.stream(end).ahead(first.sequence) <= 0)
    });
    let held = waits.filter_map(|end| held_since(flow, end)).map(|since| since.plus(HOLE_TIMEOUT));
    holes.chain(held).min()
}
