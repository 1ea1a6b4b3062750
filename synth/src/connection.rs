//! One TCP connection: its two ends, its requests and answers, and what was captured of them.

use crate::exchange::Exchange;
use crate::random::Random;
use crate::ranges::Ranges;
use crate::schedule::{Event, Schedule, Slot};
use crate::tcp::{Packet, Side, TcpEnd};
use crate::truth::Ticket;
use crate::workload::Habits;
use model::flow::Endpoint;
use model::units::{CaptureTime, Nanos};
use std::collections::VecDeque;

/// Bytes of the timestamp option, padded (RFC 7323, appendix A).
pub(crate) const TIMESTAMP_OPTION: u16 = 12;

/// One direction of a connection, as the tap sees it.
#[derive(Debug, Default)]
pub(crate) struct Track {
    /// Initial sequence number.
    pub(crate) isn: u32,
    /// When the newest packet passed the tap: a path keeps the order.
    pub(crate) last_tap: CaptureTime,
    /// A segment that others overtake, and how many more do.
    pub(crate) held: Option<(Packet, u64)>,
    /// Segments on their way that use sequence numbers.
    pub(crate) flying: u32,
    /// What captured packets carried; sequence numbers counted from the SYN.
    pub(crate) carried: Ranges,
    /// What of it is in the file, where packets are cut.
    pub(crate) kept: Option<Ranges>,
    /// Added to the clock of the timestamp option.
    pub(crate) stamp_base: u32,
}

/// One TCP connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) slot: Slot,
    pub(crate) client: Endpoint,
    pub(crate) server: Endpoint,
    pub(crate) habits: Habits,
    /// Draws what is asked and answered.
    pub(crate) random: Random,
    /// Draws what happens to packets, so that dirt does not change what is asked.
    pub(crate) mishaps: Random,
    pub(crate) timestamps: bool,
    /// Only this direction is captured.
    pub(crate) only: Option<Side>,
    /// Time to the tap from the client, and from the server.
    pub(crate) far: Nanos,
    pub(crate) near: Nanos,
    pub(crate) client_end: TcpEnd,
    pub(crate) server_end: TcpEnd,
    pub(crate) client_track: Track,
    pub(crate) server_track: Track,
    pub(crate) exchanges: VecDeque<Exchange>,
    /// Of `exchanges`: how many the client has whole answers to.
    pub(crate) consumed: usize,
    /// Of `exchanges`: how many the server has answered.
    pub(crate) served: usize,
    pub(crate) requests_left: u64,
    /// Events still to come; without any, the connection is over.
    pub(crate) pending: u32,
}

impl Connection {
    pub(crate) fn end(&mut self, side: Side) -> &mut TcpEnd {
        match side {
            Side::Client => &mut self.client_end,
            Side::Server => &mut self.server_end,
        }
    }

    pub(crate) fn track(&mut self, side: Side) -> &mut Track {
        match side {
            Side::Client => &mut self.client_track,
            Side::Server => &mut self.server_track,
        }
    }

    pub(crate) const fn isn(&self, side: Side) -> u32 {
        match side {
            Side::Client => self.client_track.isn,
            Side::Server => self.server_track.isn,
        }
    }

    /// What the ends announce: timestamps come out of it.
    pub(crate) const fn mss_announced(&self) -> u16 {
        self.client_end.mss + if self.timestamps { TIMESTAMP_OPTION } else { 0 }
    }

    /// From an end to the tap.
    pub(crate) const fn delay(&self, side: Side) -> Nanos {
        match side {
            Side::Client => self.far,
            Side::Server => self.near,
        }
    }

    pub(crate) fn plan(&mut self, schedule: &mut Schedule, at: CaptureTime, event: Event) {
        self.pending += 1;
        schedule.plan(at, self.slot, event);
    }

    /// Appends the payload of a packet.
    pub(crate) fn payload(&self, packet: &Packet, out: &mut Vec<u8>) {
        let from = packet.segment.offset;
        let to = from + u64::from(packet.segment.len);
        if from == to {
            return;
        }
        for exchange in &self.exchanges {
            exchange.copy(packet.from, from, to, out);
        }
    }

    /// Notes that a packet passed the tap; `captured`: its time in the file, and the bytes of
    /// payload that are in it.
    pub(crate) fn passed(
        &mut self,
        packet: &Packet,
        at: CaptureTime,
        captured: Option<(CaptureTime, u64)>,
        mut ticket: impl FnMut(CaptureTime) -> Ticket,
    ) {
        let (from, end) = (packet.segment.offset, packet.segment.end());
        let to = from + u64::from(packet.segment.len);
        if let Some((_, kept)) = captured {
            let track = self.track(packet.from);
            track.carried.insert(from, end);
            if let Some(ranges) = &mut track.kept {
                ranges.insert(from, (from + kept).min(to));
            }
        }
        if from < to {
            let time = captured.map(|(time, _)| time);
            for exchange in &mut self.exchanges {
                if exchange.passed(packet.from, from, to, at, time) {
                    exchange.ticket = time.map(&mut ticket);
                }
            }
        }
    }

    /// Whether nothing that is under way can still bring bytes of the oldest exchange.
    pub(crate) fn oldest_is_settled(&self) -> bool {
        let settled = |exchange: &Exchange| {
            let (Some(request), Some(response)) = (exchange.request(), exchange.response()) else {
                return false;
            };
            let close = u64::from(exchange.plan.close_delimited);
            self.client_end.una >= request.end && self.server_end.una >= response.end + close
        };
        self.consumed > 0
            && self.client_track.flying + self.server_track.flying == 0
            && self.exchanges.front().is_some_and(settled)
    }

    /// Forgets what was captured before the oldest exchange.
    pub(crate) fn forget_settled(&mut self) {
        let mut starts = (self.client_end.una, self.server_end.una);
        if let Some(oldest) = self.exchanges.front() {
            starts.0 = oldest.request_at.map_or(starts.0, |at| at.min(starts.0));
            let server = oldest.interim_at.or(oldest.response_at);
            starts.1 = server.map_or(starts.1, |at| at.min(starts.1));
        }
        for (side, start) in [(Side::Client, starts.0), (Side::Server, starts.1)] {
            let track = self.track(side);
            track.carried.forget_before(start);
            if let Some(kept) = &mut track.kept {
                kept.forget_before(start);
            }
        }
    }

    /// Whether the peer's FIN, and all before it, has arrived.
    pub(crate) const fn has_all_of_peer(&self, side: Side) -> bool {
        let (end, peer) = match side {
            Side::Client => (&self.client_end, &self.server_end),
            Side::Server => (&self.server_end, &self.client_end),
        };
        peer.is_closing() && end.received == peer.end + 1
    }
}
