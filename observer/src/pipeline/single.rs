//! One engine, on the thread that reads.

use super::{Clock, RunError, Sink, Summary, merge};
use crate::capture::{PacketBatch, Record, Source};
use crate::catalog::Catalog;
use decoders::engine::{Engine, EngineConfig, LookedUp};
use decoders::packet::{PacketParser, Parsed, Segment};
use model::units::CaptureTime;

/// Packets that are parsed before the engine gets them, so that their connections can be looked up together: the waits
/// for memory then overlap.
const LOOK_AHEAD: usize = 32;

/// Parsed packets on their way to the engine.
#[derive(Default)]
struct Ahead {
    /// Times of all packets; ticks depend on each.
    times: Vec<CaptureTime>,
    /// The segments among them, each with its place in `times`.
    segments: Vec<(usize, Segment)>,
    places: Vec<Option<LookedUp>>,
}

impl Ahead {
    /// Gives everything to the engine, in order. `records`: of the packets in `times`.
    fn flush(
        &mut self,
        batch: &PacketBatch,
        records: &[Record],
        number: &mut u64,
        clock: &mut Clock,
        engine: &mut Engine,
    ) {
        engine.look_up(self.segments.iter().map(|(_, segment)| segment), &mut self.places);
        let mut segments = self.segments.iter().zip(&self.places).peekable();
        for (packet, (&time, record)) in self.times.iter().zip(records).enumerate() {
            *number += 1;
            if let Some((tick, before)) = clock.advance(time) {
                engine.tick(*number, tick, before);
            }
            if let Some(((_, segment), place)) =
                segments.next_if(|((whose, _), _)| *whose == packet)
            {
                let payload = segment.payload(batch.packet(record).bytes);
                engine.segment_at(*place, *number, segment, payload);
            }
        }
        self.segments.clear();
        self.places.clear();
        self.times.clear();
    }
}

pub(super) fn run(
    source: &mut dyn Source,
    config: &EngineConfig,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    let mut engine = Engine::new(config);
    let mut catalog = Catalog::new(1);
    let mut parser = PacketParser::new();
    let mut clock = Clock::default();
    let mut batch = PacketBatch::default();
    let mut ahead = Ahead::default();
    let mut number = 0;
    let mut stopped = false;
    while !stopped && source.fill(&mut batch)? {
        let mut first = 0;
        for (place, record) in batch.records.iter().enumerate() {
            let packet = batch.packet(record);
            match parser.parse(packet) {
                Parsed::Segment(segment) => ahead.segments.push((ahead.times.len(), segment)),
                Parsed::Nothing => {}
                Parsed::Reassembled(segment, bytes) => {
                    // Its bytes lie in the parser until the next packet: it cannot wait.
                    let waiting = batch.records.get(first..place).unwrap_or_default();
                    ahead.flush(&batch, waiting, &mut number, &mut clock, &mut engine);
                    first = place + 1;
                    number += 1;
                    if let Some((tick, before)) = clock.advance(packet.time) {
                        engine.tick(number, tick, before);
                    }
                    engine.segment(number, &segment, segment.payload(bytes));
                    continue;
                }
            }
            ahead.times.push(packet.time);
            if ahead.times.len() == LOOK_AHEAD {
                let waiting = batch.records.get(first..=place).unwrap_or_default();
                ahead.flush(&batch, waiting, &mut number, &mut clock, &mut engine);
                first = place + 1;
            }
        }
        let waiting = batch.records.get(first..).unwrap_or_default();
        ahead.flush(&batch, waiting, &mut number, &mut clock, &mut engine);
        if let Some((tick, before)) = batch.tick.and_then(|time| clock.pass(time)) {
            engine.tick(number + 1, tick, before);
        }
        merge::hand_on(std::iter::once(engine.output()), &mut catalog, sink)?;
        sink.clock(clock.newest, number, &catalog)?;
        stopped = !sink.progress(source.progress(), &parser.packets);
    }
    engine.finish(number + 1, clock.newest);
    merge::hand_on(std::iter::once(engine.output()), &mut catalog, sink)?;
    parser.finish();
    let mut packets = parser.packets;
    packets.add(engine.packets());
    packets.dropped += source.dropped();
    Ok(Summary { catalog, packets, span: clock.span(), warnings: source.warnings(), stopped })
}
