//! One engine, and what stands before it: packets in, outputs out.

use super::Clock;
use crate::capture::{PacketBatch, Record};
use decoders::engine::{Engine, EngineConfig, LookedUp};
use decoders::output::Output;
use decoders::packet::{PacketParser, Parsed, Segment};
use model::ledger::Packets;
use model::units::CaptureTime;

/// Packets that are parsed before the engine gets them, so that their connections can be looked up together: the waits
/// for memory then overlap.
const LOOK_AHEAD: usize = 32;

/// How packets are numbered: whatever is decided has a place by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// One after the other: the order of the input.
    Counted,
    /// By their time: the order among several inputs.
    Timed,
}

/// Who is told that all before a time is in the output, before the engine ticks.
pub(super) trait Boundary {
    fn reached(&mut self, time: CaptureTime, output: &mut Output);
}

/// Nobody.
impl Boundary for () {
    fn reached(&mut self, _: CaptureTime, _: &mut Output) {}
}

/// Parsed packets on their way to the engine.
#[derive(Default)]
struct Ahead {
    /// Times of all packets; ticks depend on each.
    times: Vec<CaptureTime>,
    /// The segments among them, each with its place in `times`.
    segments: Vec<(usize, Segment)>,
    places: Vec<Option<LookedUp>>,
}

/// Reads packets with one engine.
pub(super) struct Reader<B> {
    engine: Engine,
    parser: PacketParser,
    pub(super) clock: Clock,
    numbers: Numbers,
    number: u64,
    ahead: Ahead,
    pub(super) boundary: B,
}

impl<B: Boundary> Reader<B> {
    pub(super) fn new(config: &EngineConfig, numbers: Numbers, boundary: B) -> Self {
        Self {
            engine: Engine::new(config),
            parser: PacketParser::new(),
            clock: Clock::default(),
            numbers,
            number: 0,
            ahead: Ahead::default(),
            boundary,
        }
    }

    /// What was decided since this was last emptied.
    pub(super) fn output(&mut self) -> &mut Output {
        self.engine.output()
    }

    /// How many packets there were, or the newest one's time.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// What the packets were, before they belonged to a connection.
    pub(super) const fn parsed(&self) -> &Packets {
        &self.parser.packets
    }

    /// What the packets were.
    pub(super) fn packets(&self) -> Packets {
        let mut packets = self.parser.packets;
        packets.add(self.engine.packets());
        packets
    }

    /// Gives a batch to the engine.
    pub(super) fn read(&mut self, batch: &PacketBatch) {
        batch.orders.iter().for_each(|order| self.engine.obey(order));
        let mut first = 0;
        for (place, record) in batch.records.iter().enumerate() {
            let packet = batch.packet(record);
            match self.parser.parse(packet) {
                Parsed::Segment(segment) => {
                    self.ahead.segments.push((self.ahead.times.len(), segment));
                }
                Parsed::Nothing => {}
                Parsed::Reassembled(segment, bytes) => {
                    // Its bytes lie in the parser until the next packet: it cannot wait.
                    let bytes = bytes.to_vec();
                    self.flush(batch, batch.records.get(first..place).unwrap_or_default());
                    first = place + 1;
                    self.advance(packet.time);
                    self.engine.segment(self.number, &segment, segment.payload(&bytes));
                    continue;
                }
            }
            self.ahead.times.push(packet.time);
            if self.ahead.times.len() == LOOK_AHEAD {
                self.flush(batch, batch.records.get(first..=place).unwrap_or_default());
                first = place + 1;
            }
        }
        self.flush(batch, batch.records.get(first..).unwrap_or_default());
        if let Some(time) = batch.tick {
            let (due, next) = (self.clock.next_tick, self.next(time));
            if let Some((tick, before)) = self.clock.pass(time) {
                self.tick(due, next, tick, before);
            }
        }
    }

    /// Gives everything that was parsed to the engine, in order. `records`: of those packets.
    fn flush(&mut self, batch: &PacketBatch, records: &[Record]) {
        let mut ahead = std::mem::take(&mut self.ahead);
        self.engine.look_up(ahead.segments.iter().map(|(_, segment)| segment), &mut ahead.places);
        let mut segments = ahead.segments.iter().zip(&ahead.places).peekable();
        for (packet, (&time, record)) in ahead.times.iter().zip(records).enumerate() {
            self.advance(time);
            if let Some(((_, segment), place)) =
                segments.next_if(|((whose, _), _)| *whose == packet)
            {
                let payload = segment.payload(batch.packet(record).bytes);
                self.engine.segment_at(*place, self.number, segment, payload);
            }
        }
        ahead.segments.clear();
        ahead.places.clear();
        ahead.times.clear();
        self.ahead = ahead;
    }

    /// A packet of that time comes next.
    #[inline]
    fn advance(&mut self, time: CaptureTime) {
        let due = self.clock.next_tick;
        self.number = self.next(time);
        if let Some((tick, before)) = self.clock.advance(time) {
            self.tick(due, self.number, tick, before);
        }
    }

    /// The number of a packet of that time, if one came next.
    const fn next(&self, time: CaptureTime) -> u64 {
        match self.numbers {
            Numbers::Counted => self.number + 1,
            Numbers::Timed if time.as_nanos() > self.number => time.as_nanos(),
            Numbers::Timed => self.number,
        }
    }

    /// Lets time pass. `due`: when the tick was, of which this is the last that is over.
    fn tick(&mut self, due: CaptureTime, number: u64, tick: CaptureTime, before: CaptureTime) {
        // What was said lies before the tick that was due; nothing lies between that and this one.
        self.boundary.reached(due, self.engine.output());
        if due < tick {
            self.boundary.reached(tick, self.engine.output());
        }
        self.engine.tick(number, tick, before);
    }

    /// There is nothing more to read. What the packets were.
    pub(super) fn finish(&mut self) -> Packets {
        self.engine.finish(self.next(self.clock.newest), self.clock.newest);
        self.parser.finish();
        self.packets()
    }
}
