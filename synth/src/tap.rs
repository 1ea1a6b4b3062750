//! The tap: which packets get into the file, when, and how much of them.

use crate::SynthError;
use crate::connection::Connection;
use crate::frame;
use crate::options::{Dirt, Options, Precision};
use crate::random::Random;
use crate::tcp::{Packet, Side};
use model::units::{CaptureTime, Nanos};
use std::collections::VecDeque;
use std::io::Write;

/// pcap's magic numbers (draft-ietf-opsawg-pcap, section 4).
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const LINKTYPE_ETHERNET: u32 = 1;
const SNAPLEN_WHOLE: u32 = 262_144;
/// Packets that the late queue holds, at most.
const QUEUE_MAX: usize = 4_096;

/// Writes a pcap file.
pub(crate) struct Tap<W> {
    output: W,
    precision: Precision,
    starts: CaptureTime,
    dirt: Dirt,
    random: Random,
    /// Packets still to be dropped in a row.
    dropping: u64,
    frame: Vec<u8>,
    /// The card's second queue: records that wait to be read.
    late: VecDeque<(CaptureTime, Vec<u8>)>,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) first: Option<CaptureTime>,
    pub(crate) last: Option<CaptureTime>,
}

impl<W: Write> Tap<W> {
    pub(crate) fn new(options: &Options, mut output: W) -> Result<Self, SynthError> {
        let dirt = options.dirt.clone();
        let header = file_header(options.precision, dirt.snaplen.unwrap_or(SNAPLEN_WHOLE));
        output.write_all(&header).map_err(SynthError::Capture)?;
        Ok(Self {
            output,
            precision: options.precision,
            starts: options.start.plus(dirt.skip),
            random: Random::new(options.seed, u64::MAX),
            dirt,
            dropping: 0,
            frame: Vec::with_capacity(2_048),
            late: VecDeque::new(),
            packets: 0,
            bytes: header.len() as u64,
            first: None,
            last: None,
        })
    }

    /// Whether the capture runs at that time.
    pub(crate) fn runs(&self, at: CaptureTime) -> bool {
        at >= self.starts
    }

    /// A packet passes. Where it is captured: its time in the file, and the bytes of payload kept.
    pub(crate) fn pass(
        &mut self,
        connection: &Connection,
        packet: &Packet,
        at: CaptureTime,
    ) -> Result<Option<(CaptureTime, u64)>, SynthError> {
        self.read_late_queue(at)?;
        let hidden = connection.only.is_some_and(|only| only != packet.from);
        if !self.runs(at) || hidden || self.drops() {
            return Ok(None);
        }
        let time = match self.precision {
            Precision::Nanoseconds => at,
            Precision::Microseconds => at.minus(Nanos(at.as_nanos() % 1_000)),
        };
        let mut bytes = std::mem::take(&mut self.frame);
        let headers = frame::render(connection, packet, &mut bytes);
        let whole = bytes.len();
        bytes.truncate(self.dirt.snaplen.map_or(whole, |most| most as usize));
        let header = record_header(self.precision, time, bytes.len(), whole);
        self.count(time, header.len() + bytes.len());
        if self.is_late(connection, packet.from) {
            self.late.push_back((at, [header.as_slice(), &bytes].concat()));
        } else {
            self.output.write_all(&header).map_err(SynthError::Capture)?;
            self.output.write_all(&bytes).map_err(SynthError::Capture)?;
        }
        let kept = bytes.len().saturating_sub(headers) as u64;
        self.frame = bytes;
        Ok(Some((time, kept)))
    }

    fn count(&mut self, time: CaptureTime, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.first.get_or_insert(time);
        self.last = Some(time);
    }

    fn drops(&mut self) -> bool {
        let burst = f64::from(self.dirt.capture_drop_burst);
        if self.dropping == 0 && self.random.chance(self.dirt.capture_drops / burst) {
            let more = burst - 1.0;
            self.dropping = 1;
            if more > 0.0 {
                self.dropping += (self.random.exponential(more) + 0.5) as u64;
            }
        }
        let drops = self.dropping > 0;
        self.dropping = self.dropping.saturating_sub(1);
        drops
    }

    /// Cards spread the two directions of a connection over their queues independently.
    fn is_late(&self, connection: &Connection, from: Side) -> bool {
        let [.., last] = *connection.client.address.octets();
        let hash = u64::from(connection.client.port) ^ u64::from(last) ^ (from as u64);
        self.dirt.queue_skew.0 > 0 && hash.is_multiple_of(2)
    }

    /// The second queue is read whole, once its oldest packet has waited for long enough.
    fn read_late_queue(&mut self, now: CaptureTime) -> Result<(), SynthError> {
        let waited = |(at, _): &(CaptureTime, Vec<u8>)| at.plus(self.dirt.queue_skew) <= now;
        if self.late.len() >= QUEUE_MAX || self.late.front().is_some_and(waited) {
            self.empty_late_queue()?;
        }
        Ok(())
    }

    fn empty_late_queue(&mut self) -> Result<(), SynthError> {
        for (_, record) in self.late.drain(..) {
            self.output.write_all(&record).map_err(SynthError::Capture)?;
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), SynthError> {
        self.empty_late_queue()?;
        self.output.flush().map_err(SynthError::Capture)
    }
}

fn file_header(precision: Precision, snaplen: u32) -> Vec<u8> {
    let magic = match precision {
        Precision::Nanoseconds => MAGIC_NANOSECONDS,
        Precision::Microseconds => MAGIC_MICROSECONDS,
    };
    let mut header = magic.to_le_bytes().to_vec();
    // Version 2.4, two reserved words.
    header.extend_from_slice(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.extend_from_slice(&snaplen.to_le_bytes());
    header.extend_from_slice(&LINKTYPE_ETHERNET.to_le_bytes());
    header
}

fn record_header(precision: Precision, time: CaptureTime, kept: usize, whole: usize) -> [u8; 16] {
    let nanos = (time.as_nanos() % 1_000_000_000) as u32;
    let fraction = match precision {
        Precision::Nanoseconds => nanos,
        Precision::Microseconds => nanos / 1_000,
    };
    let mut header = [0; 16];
    let words = [time.as_seconds() as u32, fraction, kept as u32, whole as u32];
    for (place, word) in header.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
    header
}
