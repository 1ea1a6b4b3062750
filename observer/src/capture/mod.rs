//! Captures: files, standard input, or interfaces become batches of packet records.
//!
//! A [`Source`] reads straight into the buffer of a [`PacketBatch`], where the packets then lie; only a record that the
//! end of the buffer cut is copied, to the front of the next batch. Reading beats mapping the file: measured, 2.5 times,
//! because the pages of a mapping are faulted in one by one while this buffer stays in the processor's cache.

mod error;
mod file;
mod input;
pub mod live;
mod looks;
mod merge;
mod pcap;
mod pcapng;
mod run;

#[cfg(test)]
mod tests;

pub use error::{CaptureError, CaptureWarning, Damage};
pub use file::FileSource;
pub use merge::{MergedSource, open};
pub use run::read_all;

use decoders::engine::Order;
use decoders::packet::{LinkType, Packet};
use model::units::CaptureTime;

/// Bytes that a batch reads at a time: fits into the second-level cache with its records.
pub const BATCH_BYTES: usize = 256 << 10;
/// The longest record that is believed. Larger than what any tool captures; a longer one is damage.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// One captured packet; its bytes lie in the batch's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was captured.
    pub time: CaptureTime,
    /// Its link type.
    pub link: LinkType,
    /// Where its bytes begin in the buffer.
    pub start: u32,
    /// How many bytes were captured.
    pub captured: u32,
    /// How many bytes the wire had; at least `captured`.
    pub wire_length: u32,
}

/// Packets and the buffer that they lie in; made to be filled again and again.
#[derive(Debug, Default)]
pub struct PacketBatch {
    /// The bytes; what lies between records is of no meaning.
    pub buffer: Vec<u8>,
    /// The packets, in the order of the source.
    pub records: Vec<Record>,
    /// No packet from before this time will come any more, as far as the source knows: only where time passes without
    /// packets.
    pub tick: Option<CaptureTime>,
    /// What engines are told before they get these packets.
    pub orders: Vec<Order>,
}

impl PacketBatch {
    /// The packets of the batch.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.records.iter().map(|record| self.packet(record))
    }

    /// One of its packets.
    #[inline]
    pub fn packet(&self, record: &Record) -> Packet<'_> {
        let start = record.start as usize;
        let bytes = self.buffer.get(start..start + record.captured as usize);
        Packet {
            time: record.time,
            link: record.link,
            bytes: bytes.unwrap_or_default(),
            wire_length: record.wire_length,
        }
    }
}

/// How far a source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the files as they lie on disk.
    pub read: u64,
    /// Their length, where it is known: not of standard input and of pipes.
    pub total: Option<u64>,
    /// Packets that the capture says were dropped so far.
    pub dropped: u64,
}

/// Where packets come from.
pub trait Source: Send {
    /// Empties the batch and fills it with whole records, at least one where it tells no tick; false, and an empty batch,
    /// at the end. Waits for no more than one record, so that a pipe's packets come as they are written.
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError>;

    /// How far it is.
    fn progress(&self) -> Progress;

    /// What was wrong with the input, since the last call.
    fn warnings(&mut self) -> Vec<CaptureWarning>;
}
