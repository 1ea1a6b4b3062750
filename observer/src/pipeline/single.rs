//! One engine, on the thread that reads.

use super::{Clock, RunError, Sink, Summary, merge};
use crate::capture::{PacketBatch, Source};
use crate::catalog::Catalog;
use decoders::engine::{Engine, EngineConfig};
use decoders::packet::PacketParser;

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
    let mut number = 0;
    let mut stopped = false;
    while !stopped && source.fill(&mut batch)? {
        for packet in batch.packets() {
            number += 1;
            if let Some((tick, before)) = clock.advance(packet.time) {
                engine.tick(number, tick, before);
            }
            if let Some((segment, payload)) = parser.parse(packet).segment(packet.bytes) {
                engine.segment(number, &segment, payload);
            }
        }
        merge::hand_on(std::iter::once(engine.output()), &mut catalog, sink)?;
        sink.clock(clock.newest, &catalog)?;
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
