//! The loop from a source through the packet parser.

use super::{CaptureError, PacketBatch, Source};
use decoders::packet::{PacketParser, Segment};

/// Reads a source to its end and hands each TCP segment over with its captured payload. Afterwards
/// `parser.packets` is the whole account, the capture's own drops included.
pub fn read_all(
    source: &mut dyn Source,
    parser: &mut PacketParser,
    mut on_segment: impl FnMut(&Segment, &[u8]),
) -> Result<(), CaptureError> {
    let mut batch = PacketBatch::default();
    let result = loop {
        match source.fill(&mut batch) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
        for packet in batch.packets() {
            if let Some((segment, payload)) = parser.parse(packet).segment(packet.bytes) {
                on_segment(&segment, payload);
            }
        }
    };
    parser.finish();
    parser.packets.dropped = source.progress().dropped;
    result
}
