//! Segments in, decided transactions out: all connections of one pipeline.

mod ages;
pub(crate) mod detect;
pub(crate) mod driver;
mod ending;
pub(crate) mod losses;
mod orders;

pub use orders::{Order, Shed};

use crate::limits::{
    ANSWER_TIMEOUT, CLOSED_LINGER, FLOWS_MAX, GAP_TIMER_MIN, IDLE_SWEEP, IDLE_TIMEOUT, MISSING_MAX,
};
use crate::output::{ConnectionEnd, Output};
use crate::packet::{Segment, TcpFlags};
use crate::pairing::{Context, Pairing, Trust};
use crate::slab::Slab;
use crate::tcp::flow::{Flow, Mode, NO_TIMES, Stream};
use crate::tcp::handshake::{self, Times};
use crate::tcp::reassembly::{self, Data};
use crate::tcp::timers::{Timer, Timers};
use crate::wires::{WireConfig, Wires};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use model::flow::{End, FlowKey};
use model::ledger::Packets;
use model::protocol::Protocol;
use model::units::{CaptureTime, Nanos};
use model::wire::WireId;
use std::hash::BuildHasher;

/// What an engine is told to do.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// The wires to watch; none means that they are detected.
    pub wires: Vec<WireConfig>,
    /// Keep request targets as they were sent. They can hold personal data.
    pub keep_targets: bool,
    /// Report connections when they end.
    pub report_connections: bool,
    /// Tell the ages of open requests this often, in packet time: at the end of each window.
    pub open_ages_every: Option<Nanos>,
}

/// All connections of one pipeline.
#[derive(Debug)]
pub struct Engine {
    flows: Slab<Flow>,
    table: HashTable<u32>,
    times: Slab<Times>,
    timers: Timers,
    context: Context,
    packets: Packets,
    generation: u32,
    /// When idle connections are looked for next.
    next_sweep: CaptureTime,
    report_connections: bool,
    open_ages_every: Option<Nanos>,
    /// The last end of a window at which ages were told.
    ages_told: Option<u64>,
}

/// A connection that was looked up: its place, and what tells it from the next one there.
#[derive(Clone, Copy, Debug)]
pub struct LookedUp {
    slot: u32,
    generation: u32,
}

/// The same for every engine, so that packets can be shared out by it.
pub fn hash(key: &FlowKey) -> u64 {
    FixedState::default().hash_one(key)
}

impl Engine {
    /// An engine that has seen nothing.
    pub fn new(config: &EngineConfig) -> Self {
        let mut fresh = Vec::new();
        let wires = Wires::new(&config.wires, &mut fresh);
        let mut context = Context::new(wires, config.keep_targets, config.report_connections);
        context.output.fresh = fresh;
        Self {
            flows: Slab::new(),
            table: HashTable::new(),
            times: Slab::new(),
            timers: Timers::default(),
            context,
            packets: Packets::default(),
            generation: 0,
            next_sweep: CaptureTime::ZERO,
            report_connections: config.report_connections,
            open_ages_every: config.open_ages_every,
            ages_told: None,
        }
    }

    /// What was decided since the output was last cleared.
    pub fn output(&mut self) -> &mut Output {
        &mut self.context.output
    }

    /// What was counted of connections.
    pub fn packets(&self) -> &Packets {
        &self.packets
    }

    /// Connections that are held.
    pub fn connections(&self) -> usize {
        self.flows.len()
    }

    fn find(&self, key: &FlowKey) -> Option<u32> {
        let Self { flows, table, .. } = self;
        table.find(hash(key), |&slot| flows.get(slot).is_some_and(|flow| flow.key == *key)).copied()
    }

    /// Finds the connections of segments that are about to come, and touches their memory: one wait for all of them
    /// instead of one for each.
    pub fn look_up<'s>(
        &self,
        segments: impl Iterator<Item = &'s Segment>,
        places: &mut Vec<Option<LookedUp>>,
    ) {
        places.extend(segments.map(|segment| {
            let slot = self.find(&segment.key)?;
            Some(LookedUp { slot, generation: self.flows.get(slot)?.generation })
        }));
        let flows = places.iter().filter_map(|place| self.flows.get((*place)?.slot));
        std::hint::black_box(flows.fold(0, |touched, flow| touched ^ flow.touch()));
    }

    /// Takes a segment. `number`: of its packet, counted over the whole input.
    pub fn segment(&mut self, number: u64, segment: &Segment, payload: &[u8]) {
        self.segment_at(None, number, segment, payload);
    }

    /// The same, where the connection was looked up before; it may have gone or come since.
    pub fn segment_at(
        &mut self,
        place: Option<LookedUp>,
        number: u64,
        segment: &Segment,
        payload: &[u8],
    ) {
        let looked_up = place.filter(|place| {
            self.flows.get(place.slot).is_some_and(|flow| flow.generation == place.generation)
        });
        let mut slot =
            looked_up.map_or_else(|| self.find(&segment.key), |looked_up| Some(looked_up.slot));
        self.context.packet = number;
        self.context.decided_here = 0;
        self.context.deadline = None;
        self.context.now = segment.time;
        if segment.flags.has(TcpFlags::SYN) {
            slot = self.on_syn(slot, segment);
        } else if slot.is_none() && (!payload.is_empty() || segment.payload_missing > 0) {
            slot = self.open(segment);
        }
        let Some(slot) = slot else { return };
        let Some(flow) = self.flows.get_mut(slot) else { return };
        flow.last_seen = flow.last_seen.max(segment.time);
        if flow.over {
            return;
        }
        let data = Data {
            from: segment.from,
            sequence: segment.sequence.wrapping_add(u32::from(segment.flags.has(TcpFlags::SYN))),
            acknowledgment: segment.flags.has(TcpFlags::ACK).then_some(segment.acknowledgment),
            at: segment.time,
            bytes: payload,
            missing: segment.payload_missing.min(MISSING_MAX),
            fin: segment.flags.has(TcpFlags::FIN),
            fingerprint: (segment.fingerprint ^ (segment.fingerprint >> 32)) as u16,
        };
        let length = data.length();
        if flow.times != NO_TIMES {
            let (times, context) = (&mut self.times, &mut self.context);
            handshake::on_segment(flow, segment, length, times, context, self.report_connections);
        }
        if let Some(acknowledgment) = data.acknowledgment {
            reassembly::acknowledge(flow, data.from, acknowledgment, segment.time);
        }
        if length > 0 || data.fin {
            reassembly::accept(flow, slot, data, &mut self.context);
        } else if flow.holds {
            reassembly::settle(flow, slot, segment.time, false, &mut self.context);
        }
        flow.reset |= segment.flags.has(TcpFlags::RST);
        // A slower card queue may still bring what the sender of the RST had received.
        let is_reset = flow.reset && !flow.holds;
        let is_finished = flow.streams.iter().all(|stream| stream.closed);
        if is_reset || is_finished {
            let end = if is_finished { ConnectionEnd::Finished } else { ConnectionEnd::Reset };
            self.end(slot, end, segment.time);
        } else if flow.wants_timer() {
            self.arm(slot, segment.time);
        }
    }

    /// Sets the timers that a connection needs now.
    fn arm(&mut self, slot: u32, now: CaptureTime) {
        let Some(flow) = self.flows.get_mut(slot) else { return };
        let generation = flow.generation;
        if flow.pairing.open > 0 && !flow.answer_timer {
            flow.answer_timer = true;
            self.timers.answers.push(Timer {
                deadline: now.plus(ANSWER_TIMEOUT),
                slot,
                generation,
            });
        }
        if flow.holds
            && !flow.gap_timer
            && let Some(deadline) = reassembly::next_deadline(flow)
        {
            flow.gap_timer = true;
            // Never twice for one moment: what is not given up then waits for the next.
            let deadline = deadline.max(now.plus(GAP_TIMER_MIN));
            self.timers.gaps.push(Timer { deadline, slot, generation });
        }
    }

    /// A SYN begins a connection, unless it is a copy of the one that did.
    fn on_syn(&mut self, slot: Option<u32>, segment: &Segment) -> Option<u32> {
        let known = slot.and_then(|slot| self.flows.get(slot).map(|flow| (slot, flow)));
        let slot = match known {
            Some((slot, flow)) if flow.over || is_new_connection(flow, segment) => {
                self.end(slot, ConnectionEnd::Replaced, segment.time);
                self.forget(slot);
                self.open(segment)?
            }
            Some((slot, _)) => slot,
            None => self.open(segment)?,
        };
        if let Some(flow) = self.flows.get_mut(slot) {
            handshake::on_syn(flow, segment, &mut self.times);
        }
        Some(slot)
    }

    /// Begins to follow a connection, if it is to be watched.
    fn open(&mut self, segment: &Segment) -> Option<u32> {
        let is_syn = segment.flags.has(TcpFlags::SYN);
        let server = match (is_syn, segment.flags.has(TcpFlags::ACK)) {
            (true, false) => Some(segment.from.other()),
            (true, true) => Some(segment.from),
            (false, _) => self.server_by_port(&segment.key),
        };
        let wire =
            server.and_then(|end| self.context.wires.on_port(segment.key.endpoint(end).port));
        let wanted = !self.context.wires.are_configured()
            || wire.is_some()
            || (server.is_none() && self.is_on_a_wire(&segment.key));
        if !wanted {
            return None;
        }
        if self.flows.len() >= FLOWS_MAX {
            self.packets.connections_over_limit += 1;
            return None;
        }
        self.packets.connections += 1;
        self.generation = self.generation.wrapping_add(1);
        let protocol = wire.map(|wire| self.context.wires.protocol(wire));
        let mut flow = Flow {
            key: segment.key,
            generation: self.generation,
            last_seen: segment.time,
            streams: [Stream::default(); 2],
            pairing: Pairing::new(Trust::Proven),
            mode: if protocol == Some(Protocol::Tcp) { Mode::Opaque } else { Mode::Detecting },
            rare: None,
            times: NO_TIMES,
            wire: WireId(0),
            assigned: false,
            server,
            from_start: is_syn,
            holds: false,
            buffered: false,
            answer_timer: false,
            gap_timer: false,
            reset: false,
            over: false,
        };
        if is_syn || self.report_connections {
            flow.times = self.times.insert(Times::new(segment.time));
        }
        if let Some(wire) = wire {
            flow.assign(&mut self.context.wires, wire);
        }
        let slot = self.flows.insert(flow);
        let Self { flows, table, .. } = self;
        table.insert_unique(hash(&segment.key), slot, |&slot| {
            flows.get(slot).map_or(0, |flow| self::hash(&flow.key))
        });
        Some(slot)
    }

    fn server_by_port(&self, key: &FlowKey) -> Option<End> {
        let on = |end| self.context.wires.on_port(key.endpoint(end).port).is_some();
        match (on(End::Low), on(End::High)) {
            (true, false) => Some(End::Low),
            (false, true) => Some(End::High),
            (_, _) => None,
        }
    }

    fn is_on_a_wire(&self, key: &FlowKey) -> bool {
        [key.low.port, key.high.port]
            .into_iter()
            .any(|port| self.context.wires.on_port(port).is_some())
    }

    /// Lets packet time pass: does what was due by `now`. `number`: of the packet that comes next; `before`: the newest
    /// time of those that came, under which the ledgers' growth is filed.
    pub fn tick(&mut self, number: u64, now: CaptureTime, before: CaptureTime) {
        self.context.wires.tell_ledgers(before, &mut self.context.output.ledgers);
        self.context.packet = number;
        self.context.decided_here = 0;
        self.tell_ages(now);
        let first = self.context.output.decided.len();
        let first_connection = self.context.output.connections.len();
        while let Some(timer) = self.timers.gaps.pop_due(now) {
            if let Some(flow) = self.due(timer) {
                flow.gap_timer = false;
                self.settle(timer);
            }
        }
        while let Some(timer) = self.timers.answers.pop_due(now) {
            if let Some(flow) = self.due(timer) {
                flow.answer_timer = false;
                self.expire(timer);
            }
        }
        if now >= self.next_sweep {
            self.sweep(now);
        }
        while let Some(timer) = self.timers.closed.pop_due(now) {
            if self.due(timer).is_some() {
                self.forget(timer.slot);
            }
        }
        let output = &mut self.context.output;
        if let Some(decided) = output.decided.get_mut(first..) {
            decided.sort_by_key(|&(place, _)| place);
        }
        if let Some(connections) = output.connections.get_mut(first_connection..) {
            connections.sort_by_key(|&(place, _)| place);
        }
    }

    /// Forgets the connections that were silent for too long. A look at all of them now and then costs less than a timer
    /// for each.
    fn sweep(&mut self, now: CaptureTime) {
        let round = now.as_nanos() - now.as_nanos() % IDLE_SWEEP.0;
        let is_first = self.next_sweep == CaptureTime::ZERO;
        self.next_sweep = CaptureTime::from_nanos(round).plus(IDLE_SWEEP);
        if is_first {
            return;
        }
        for slot in 0..self.flows.bound() {
            let Some(flow) = self.flows.get(slot) else { continue };
            let deadline = flow.last_seen.plus(IDLE_TIMEOUT);
            if !flow.over && flow.generation != 0 && deadline <= now {
                self.context.now = deadline;
                self.context.deadline = Some((deadline, flow.key));
                self.end(slot, ConnectionEnd::Idle, deadline);
            }
        }
    }

    /// The connection that set a timer, if it is still there; what happens next is dated with the deadline.
    fn due(&mut self, timer: Timer) -> Option<&mut Flow> {
        let flow =
            self.flows.get_mut(timer.slot).filter(|flow| flow.generation == timer.generation)?;
        self.context.now = timer.deadline;
        self.context.deadline = Some((timer.deadline, flow.key));
        Some(flow)
    }

    fn settle(&mut self, timer: Timer) {
        let Some(flow) = self.flows.get_mut(timer.slot) else { return };
        if flow.over {
            return;
        }
        reassembly::settle(flow, timer.slot, timer.deadline, false, &mut self.context);
        if flow.streams.iter().all(|stream| stream.closed) {
            self.end(timer.slot, ConnectionEnd::Finished, timer.deadline);
        } else if flow.reset && !flow.holds {
            self.end(timer.slot, ConnectionEnd::Reset, timer.deadline);
        } else {
            self.arm(timer.slot, timer.deadline);
        }
    }

    fn expire(&mut self, timer: Timer) {
        let Some(flow) = self.flows.get_mut(timer.slot) else { return };
        let parties = flow.parties(timer.slot);
        flow.pairing.expire(&parties, timer.deadline, &mut self.context);
        if let Some(deadline) = flow.pairing.next_deadline(&self.context) {
            flow.answer_timer = true;
            self.timers.answers.push(Timer { deadline, ..timer });
        }
    }

    fn forget(&mut self, slot: u32) {
        let Some(flow) = self.flows.get_mut(slot) else { return };
        // No timer of it is meant any more.
        flow.generation = 0;
        flow.rare = None;
        let hash = hash(&flow.key);
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == slot) {
            entry.remove();
            self.flows.release(slot);
        }
    }

    /// Marks a connection as over and forgets it after a while.
    fn linger(&mut self, slot: u32, now: CaptureTime) {
        let Some(flow) = self.flows.get_mut(slot) else { return };
        flow.over = true;
        let generation = flow.generation;
        self.timers.closed.push(Timer { deadline: now.plus(CLOSED_LINGER), slot, generation });
    }
}

/// Whether a SYN is not a copy of the one that began the connection.
fn is_new_connection(flow: &Flow, segment: &Segment) -> bool {
    let stream = flow.stream(segment.from);
    #[allow(clippy::cast_possible_truncation)]
    let first = stream.next.wrapping_sub(u32::from(stream.closed)).wrapping_sub(stream.span as u32);
    let is_answer = segment.flags.has(TcpFlags::ACK);
    stream.synced && !is_answer && first != segment.sequence.wrapping_add(1)
}
