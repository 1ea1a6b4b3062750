//! Several engines, each on a thread of its own, share the connections of one source.
//!
//! This thread reads and parses; each stretch of the input goes to all engines, and each takes its own connections'
//! segments from it. Their outputs come back in the same order and are merged by place.

use super::{Clock, RunError, Sink, Summary, merge, report};
use crate::capture::{PacketBatch, Source};
use crate::catalog::Catalog;
use decoders::engine::{Engine, EngineConfig, Order, hash};
use decoders::output::Output;
use decoders::packet::{Packet, PacketParser, Parsed, Segment};
use model::ledger::Packets;
use model::units::CaptureTime;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Stretches of input on their way to an engine, and outputs on their way back.
const QUEUE_STRETCHES: usize = 4;

/// What an engine must do, in order.
enum Step {
    Obey(Order),
    Tick {
        number: u64,
        now: CaptureTime,
        before: CaptureTime,
    },
    /// The payload lies at the segment's offset behind `base`.
    Segment {
        number: u64,
        engine: usize,
        segment: Segment,
        base: usize,
    },
    Finish {
        number: u64,
        now: CaptureTime,
    },
}

/// A stretch of the input.
#[derive(Default)]
struct Stretch {
    bytes: Vec<u8>,
    steps: Vec<Step>,
}

/// A worker's output for one stretch, and what it has counted so far.
struct Answer {
    output: Output,
    packets: Packets,
}

struct Worker {
    stretches: SyncSender<Arc<Stretch>>,
    answers: Receiver<Answer>,
}

pub(super) fn run(
    source: &mut dyn Source,
    config: &EngineConfig,
    engines: usize,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    std::thread::scope(|scope| {
        let workers: Vec<Worker> = (0..engines)
            .map(|number| {
                let (stretches, work) = sync_channel::<Arc<Stretch>>(QUEUE_STRETCHES);
                let (said, answers) = sync_channel(QUEUE_STRETCHES);
                scope.spawn(move || work_through(number, config, &work, &said));
                Worker { stretches, answers }
            })
            .collect();
        Dispatcher::new(workers).run(source, sink)
    })
}

/// An engine's thread.
fn work_through(
    own: usize,
    config: &EngineConfig,
    work: &Receiver<Arc<Stretch>>,
    said: &SyncSender<Answer>,
) {
    let mut engine = Engine::new(config);
    for stretch in work {
        for step in &stretch.steps {
            match step {
                Step::Obey(order) => engine.obey(order),
                Step::Tick { number, now, before } => engine.tick(*number, *now, *before),
                Step::Segment { number, engine: whose, segment, base } if *whose == own => {
                    let bytes = stretch.bytes.get(*base..).unwrap_or_default();
                    engine.segment(*number, segment, segment.payload(bytes));
                }
                Step::Segment { .. } => {}
                Step::Finish { number, now } => engine.finish(*number, *now),
            }
        }
        let output = std::mem::take(engine.output());
        if said.send(Answer { output, packets: *engine.packets() }).is_err() {
            return;
        }
    }
}

/// Reads, parses, hands out, and takes in.
struct Dispatcher {
    workers: Vec<Worker>,
    catalog: Catalog,
    parser: PacketParser,
    clock: Clock,
    number: u64,
    /// Stretches whose answers have not been taken in, with the clock and the packets' number at their end.
    under_way: std::collections::VecDeque<(CaptureTime, u64)>,
    connections: Packets,
}

impl Dispatcher {
    fn new(workers: Vec<Worker>) -> Self {
        Self {
            catalog: Catalog::new(workers.len()),
            workers,
            parser: PacketParser::new(),
            clock: Clock::default(),
            number: 0,
            under_way: std::collections::VecDeque::new(),
            connections: Packets::default(),
        }
    }

    fn run(mut self, source: &mut dyn Source, sink: &mut dyn Sink) -> Result<Summary, RunError> {
        let mut batch = PacketBatch::default();
        let mut stopped = false;
        while !stopped && source.fill(&mut batch)? {
            let stretch = self.parse(&mut batch);
            self.hand_out(stretch, sink)?;
            stopped = !report(source, &self.parser.packets, sink);
        }
        let finish = Step::Finish { number: self.number + 1, now: self.clock.newest };
        self.hand_out(Stretch { bytes: Vec::new(), steps: vec![finish] }, sink)?;
        while !self.under_way.is_empty() {
            self.take_in(sink)?;
        }
        self.parser.finish();
        let mut packets = self.parser.packets;
        packets.add(&self.connections);
        packets.dropped += source.progress().dropped;
        source.warnings().into_iter().for_each(|warning| sink.warning(warning));
        let (catalog, span) = (self.catalog, self.clock.span());
        Ok(Summary { catalog, packets, span, stopped })
    }

    /// The steps of a batch. Datagrams that were put together go behind the batch's own bytes.
    fn parse(&mut self, batch: &mut PacketBatch) -> Stretch {
        let engines = self.workers.len() as u64;
        let mut stretch =
            Stretch { bytes: Vec::new(), steps: Vec::with_capacity(batch.records.len()) };
        stretch.steps.extend(batch.orders.drain(..).map(Step::Obey));
        let mut reassembled = Vec::new();
        let end = batch.buffer.len();
        for record in &batch.records {
            let packet: Packet<'_> = batch.packet(record);
            self.number += 1;
            let number = self.number;
            if let Some((now, before)) = self.clock.advance(packet.time) {
                stretch.steps.push(Step::Tick { number, now, before });
            }
            let (segment, base) = match self.parser.parse(packet) {
                Parsed::Segment(segment) => (segment, record.start as usize),
                Parsed::Reassembled(segment, bytes) => {
                    let base = end + reassembled.len();
                    reassembled.extend_from_slice(bytes);
                    (segment, base)
                }
                Parsed::Nothing => continue,
            };
            let engine = usize::try_from(hash(&segment.key) % engines).unwrap_or_default();
            stretch.steps.push(Step::Segment { number, engine, segment, base });
        }
        if let Some((now, before)) = batch.tick.and_then(|time| self.clock.pass(time)) {
            stretch.steps.push(Step::Tick { number: self.number + 1, now, before });
        }
        stretch.bytes = std::mem::take(&mut batch.buffer);
        stretch.bytes.extend_from_slice(&reassembled);
        stretch
    }

    fn hand_out(&mut self, stretch: Stretch, sink: &mut dyn Sink) -> Result<(), RunError> {
        if self.under_way.len() >= QUEUE_STRETCHES {
            self.take_in(sink)?;
        }
        let stretch = Arc::new(stretch);
        for worker in &self.workers {
            // A worker that is gone shows when its answer is missing.
            let _ = worker.stretches.send(Arc::clone(&stretch));
        }
        self.under_way.push_back((self.clock.newest, self.number));
        Ok(())
    }

    /// Takes in every engine's answer to the oldest stretch.
    fn take_in(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        let Some((clock, packets)) = self.under_way.pop_front() else { return Ok(()) };
        let mut answers: Vec<Answer> =
            self.workers.iter().filter_map(|worker| worker.answers.recv().ok()).collect();
        self.connections = Packets::default();
        for answer in &answers {
            self.connections.add(&answer.packets);
        }
        let outputs = answers.iter_mut().map(|answer| &mut answer.output);
        merge::hand_on(outputs, &mut self.catalog, sink)?;
        sink.clock(clock, packets, &self.catalog)?;
        Ok(())
    }
}
