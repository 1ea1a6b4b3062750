//! One engine, on the thread that reads.

use super::reader::{Numbers, Reader};
use super::{RunError, Sink, Summary, merge, report};
use crate::capture::{PacketBatch, Source};
use crate::catalog::Catalog;
use decoders::engine::EngineConfig;

pub(super) fn run(
    source: &mut dyn Source,
    config: &EngineConfig,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    let mut reader = Reader::new(config, Numbers::Counted, ());
    let mut catalog = Catalog::new(1);
    let mut batch = PacketBatch::default();
    let mut stopped = false;
    while !stopped && source.fill(&mut batch)? {
        reader.read(&batch);
        merge::hand_on(std::iter::once(reader.output()), &mut catalog, sink)?;
        sink.clock(reader.clock.newest, reader.number(), &catalog)?;
        stopped = !report(source, reader.parsed(), sink);
    }
    let mut packets = reader.finish();
    merge::hand_on(std::iter::once(reader.output()), &mut catalog, sink)?;
    packets.dropped += source.progress().dropped;
    source.warnings().into_iter().for_each(|warning| sink.warning(warning));
    Ok(Summary { catalog, packets, span: reader.clock.span(), stopped })
}
