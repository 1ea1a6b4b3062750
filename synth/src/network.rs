//! The way of packets: from an end past the tap to the other end, with what can happen on it.

use crate::SynthError;
use crate::connection::Connection;
use crate::options::{Dirt, Options};
use crate::schedule::{Event, Schedule};
use crate::tap::Tap;
use crate::tcp::{Acknowledge, Flags, Packet, Segment, Side};
use crate::truth::Truth;
use crate::workload::Workload;
use model::units::{CaptureTime, Nanos};
use std::io::Write;

/// Time of one byte on a link of 1 Gbit/s.
const NANOS_PER_BYTE: u64 = 8;
const HEADERS_BYTES: u64 = 66;
/// Scheduling noise of a sender, at most.
const JITTER: Nanos = Nanos::from_micros(3);
/// RFC 1122's bound is 500 ms; Linux waits 40 ms.
const DELAYED_ACK: Nanos = Nanos::from_millis(40);
/// Linux' lower bound of the retransmission timeout, and RFC 6298's initial one.
const RETRANSMISSION_MIN: Nanos = Nanos::from_millis(200);
const RETRANSMISSION_SYN: Nanos = Nanos::from_seconds(1);
/// Doublings of it, and attempts that may be lost.
const BACKOFF_MAX: u8 = 5;
/// How far behind an overtaken segment follows.
const BEHIND: Nanos = Nanos(500);
/// Between two capture points.
const SECOND_POINT_LOW: Nanos = Nanos::from_micros(2);
const SECOND_POINT_HIGH: Nanos = Nanos::from_micros(60);

/// Everything that connections share.
pub(crate) struct Network<W, T> {
    pub(crate) schedule: Schedule,
    pub(crate) tap: Tap<W>,
    pub(crate) truth: Truth<T>,
    pub(crate) workload: Workload,
    pub(crate) transactions: u64,
    dirt: Dirt,
}

impl<W: Write, T: Write> Network<W, T> {
    pub(crate) fn new(options: &Options, capture: W, truth: Option<T>) -> Result<Self, SynthError> {
        Ok(Self {
            schedule: Schedule::default(),
            tap: Tap::new(options, capture)?,
            truth: Truth::new(truth, !options.dirt.is_clean()),
            workload: Workload::new(options),
            transactions: 0,
            dirt: options.dirt.clone(),
        })
    }

    /// The client opens the connection.
    pub(crate) fn open(&mut self, connection: &mut Connection, now: CaptureTime) {
        if let Some(segment) = connection.client_end.syn() {
            self.send(connection, Side::Client, segment, now, 0, false);
        }
    }

    pub(crate) fn handle(
        &mut self,
        connection: &mut Connection,
        event: Event,
        now: CaptureTime,
    ) -> Result<(), SynthError> {
        connection.pending -= 1;
        match event {
            Event::Tap(packet) => return self.tap(connection, packet, now),
            Event::TapAgain(packet) => {
                self.capture(connection, &packet, now)?;
                land(connection, &packet);
            }
            Event::Arrive(packet) => self.arrive(connection, packet, now),
            Event::AckTimer(side) => self.ack_timer(connection, side, now),
            Event::Retransmit { from, segment, attempt } => {
                let end = connection.end(from);
                if !end.dead && end.una < segment.end() {
                    self.send(connection, from, segment, now, attempt, false);
                }
            }
            Event::ClientRequest if !connection.client_end.is_closing() => {
                connection.client_request(now, &self.workload);
                self.pump(connection, Side::Client, now);
            }
            Event::ClientRequest => {}
            Event::ClientBody => {
                connection.client_body();
                self.pump(connection, Side::Client, now);
            }
            Event::ServerContinue => {
                connection.server_continue();
                self.pump(connection, Side::Server, now);
            }
            Event::ServerWrite => {
                connection.server_write(&mut self.schedule, now);
                self.pump(connection, Side::Server, now);
                connection.serve(&mut self.schedule, &self.workload, now);
            }
            Event::Close(side) => {
                connection.end(side).close();
                self.pump(connection, side, now);
            }
            Event::Reset(side) => self.reset(connection, side, now),
        }
        self.settle(connection, now)
    }

    /// Sends what the application has written and the window allows.
    fn pump(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        while let Some(segment) = connection.end(side).next_segment() {
            let more = connection.end(side).has_more();
            self.send(connection, side, segment, now, 0, more);
        }
        self.release(connection, side);
    }

    fn send(
        &mut self,
        connection: &mut Connection,
        from: Side,
        segment: Segment,
        now: CaptureTime,
        attempt: u8,
        more: bool,
    ) {
        let jitter = connection.mishaps.span_between(Nanos(0), JITTER);
        let delay = connection.delay(from);
        let wire = Nanos((u64::from(segment.len) + HEADERS_BYTES) * NANOS_PER_BYTE);
        let stamp =
            connection.track(from).stamp_base.wrapping_add((now.as_nanos() / 1_000_000) as u32);
        let end = connection.end(from);
        let departs = now.max(end.link_free).plus(wire);
        end.link_free = departs;
        end.acknowledged();
        let packet = Packet {
            from,
            segment,
            ack: end.received,
            id: end.next_id,
            stamp,
            echo: end.echo,
            attempt,
        };
        end.next_id = end.next_id.wrapping_add(1);
        let lossy = segment.is_reliable() && attempt < BACKOFF_MAX;
        if lossy && connection.mishaps.chance(self.dirt.loss_before_tap) {
            self.repair(connection, &packet, now);
            return;
        }
        if more && connection.mishaps.chance(self.dirt.reordering) {
            let distance = u64::from(self.dirt.reordering_distance.max(1));
            let by = connection.mishaps.between(1, distance + 1);
            let track = connection.track(from);
            if track.held.is_none() {
                track.held = Some((packet, by));
                return;
            }
        }
        // A path keeps the order, but for what is held back on purpose.
        let track = connection.track(from);
        let at = departs.plus(delay).plus(jitter).max(track.last_tap.plus(Nanos(1)));
        track.last_tap = at;
        self.lift(connection, &packet, at, Event::Tap(packet));
        if let Some((_, left)) = &mut connection.track(from).held {
            *left -= 1;
            if *left == 0 {
                self.release(connection, from);
            }
        }
    }

    /// What was held back follows what overtook it.
    fn release(&mut self, connection: &mut Connection, from: Side) {
        let track = connection.track(from);
        if let Some((packet, _)) = track.held.take() {
            track.last_tap = track.last_tap.plus(BEHIND);
            let at = track.last_tap;
            self.lift(connection, &packet, at, Event::Tap(packet));
        }
    }

    fn lift(
        &mut self,
        connection: &mut Connection,
        packet: &Packet,
        at: CaptureTime,
        event: Event,
    ) {
        connection.track(packet.from).flying += u32::from(packet.segment.is_reliable());
        connection.plan(&mut self.schedule, at, event);
    }

    /// A lost segment is sent again when its timer ends, unless it was acknowledged by then.
    fn repair(&mut self, connection: &mut Connection, packet: &Packet, now: CaptureTime) {
        let round_trip = 2 * (connection.far.0 + connection.near.0);
        let base = match packet.segment.offset {
            0 => RETRANSMISSION_SYN.0,
            _ => RETRANSMISSION_MIN.0 + 2 * round_trip,
        };
        let timeout = Nanos(base << packet.attempt.min(BACKOFF_MAX));
        let Packet { from, segment, attempt, .. } = *packet;
        let event = Event::Retransmit { from, segment, attempt: attempt + 1 };
        connection.plan(&mut self.schedule, now.plus(timeout), event);
    }

    fn capture(
        &mut self,
        connection: &mut Connection,
        packet: &Packet,
        now: CaptureTime,
    ) -> Result<(), SynthError> {
        let captured = self.tap.pass(connection, packet, now)?;
        connection.passed(packet, now, captured, |at| self.truth.ticket(at));
        Ok(())
    }

    fn tap(
        &mut self,
        connection: &mut Connection,
        packet: Packet,
        now: CaptureTime,
    ) -> Result<(), SynthError> {
        self.capture(connection, &packet, now)?;
        if connection.mishaps.chance(self.dirt.duplicates) {
            let span = connection.mishaps.span_between(SECOND_POINT_LOW, SECOND_POINT_HIGH);
            self.lift(connection, &packet, now.plus(span), Event::TapAgain(packet));
        }
        let lossy = packet.segment.is_reliable() && packet.attempt < BACKOFF_MAX;
        if lossy && connection.mishaps.chance(self.dirt.loss_after_tap) {
            land(connection, &packet);
            self.repair(connection, &packet, now);
            return Ok(());
        }
        let delay = connection.delay(packet.from.peer());
        connection.plan(&mut self.schedule, now.plus(delay), Event::Arrive(packet));
        Ok(())
    }

    fn arrive(&mut self, connection: &mut Connection, packet: Packet, now: CaptureTime) {
        land(connection, &packet);
        let side = packet.from.peer();
        let Segment { offset, len, flags } = packet.segment;
        let end = connection.end(side);
        if end.dead {
            return;
        }
        if flags.has(Flags::RST) {
            end.dead = true;
            return;
        }
        end.echo = packet.stamp;
        let again = end.on_ack(packet.ack, len == 0);
        if let Some(segment) = again {
            self.send(connection, side, segment, now, 1, false);
        }
        let urgent = flags.has(Flags::FIN.with(Flags::SYN));
        if connection.end(side).on_segment(offset, packet.segment.end(), urgent) {
            self.react(connection, side, now);
        }
        self.pump(connection, side, now);
        self.acknowledge(connection, side, now);
    }

    /// What the program and its kernel do about what arrived in order.
    fn react(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        if connection.end(side).received == 1 {
            match side {
                Side::Server => {
                    if let Some(segment) = connection.server_end.syn() {
                        self.send(connection, Side::Server, segment, now, 0, false);
                    }
                }
                Side::Client => {
                    let at = connection.wake(now);
                    connection.plan(&mut self.schedule, at, Event::ClientRequest);
                }
            }
            return;
        }
        match side {
            Side::Server => connection.serve(&mut self.schedule, &self.workload, now),
            Side::Client => connection.consume(&mut self.schedule, &self.workload, now),
        }
        if connection.has_all_of_peer(side) {
            self.peer_closed(connection, side, now);
        }
    }

    /// All of the peer's bytes and its FIN have arrived.
    fn peer_closed(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        if !connection.end(side).is_closing() {
            let at = connection.wake(now);
            connection.plan(&mut self.schedule, at, Event::Close(side));
        }
    }

    fn acknowledge(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        let end = connection.end(side);
        match end.owed {
            Acknowledge::Now => {
                let bare = end.bare();
                self.send(connection, side, bare, now, 0, false);
            }
            Acknowledge::Later if end.ack_due.is_none() => {
                let due = now.plus(DELAYED_ACK);
                end.ack_due = Some(due);
                if !end.ack_timer {
                    end.ack_timer = true;
                    connection.plan(&mut self.schedule, due, Event::AckTimer(side));
                }
            }
            Acknowledge::Later | Acknowledge::No => {}
        }
    }

    fn ack_timer(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        let end = connection.end(side);
        end.ack_timer = false;
        match end.ack_due {
            Some(due) if due > now => {
                end.ack_timer = true;
                connection.plan(&mut self.schedule, due, Event::AckTimer(side));
            }
            Some(_) if !end.dead => {
                let bare = end.bare();
                self.send(connection, side, bare, now, 0, false);
            }
            _ => {}
        }
    }

    fn reset(&mut self, connection: &mut Connection, side: Side, now: CaptureTime) {
        let end = connection.end(side);
        if end.dead {
            return;
        }
        let segment = Segment { flags: Flags::RST, ..end.bare() };
        self.send(connection, side, segment, now, 0, false);
        connection.end(side).dead = true;
    }

    /// Writes the truth of exchanges that no packet can add to any more.
    fn settle(&mut self, connection: &mut Connection, now: CaptureTime) -> Result<(), SynthError> {
        let over = connection.pending == 0;
        let before = connection.exchanges.len();
        while over || connection.oldest_is_settled() {
            let Some(exchange) = connection.exchanges.pop_front() else { break };
            connection.consumed = connection.consumed.saturating_sub(1);
            connection.served = connection.served.saturating_sub(1);
            if self.tap.runs(exchange.passed_last) {
                self.truth.settle(connection, &exchange, now)?;
                self.transactions += 1;
            }
        }
        if connection.exchanges.len() < before {
            connection.forget_settled();
        }
        Ok(())
    }
}

/// A packet is no longer on its way.
fn land(connection: &mut Connection, packet: &Packet) {
    connection.track(packet.from).flying -= u32::from(packet.segment.is_reliable());
}
