//! Packets as they pass: one libpcap handle an interface, all read by one source.
//!
//! libpcap maps the kernel's ring (TPACKET_V3), whose blocks are handed over when they are full or [`HAND_OVER`] old. So
//! when nothing more is there to read, everything stamped longer ago than [`LAG`] was read: that is the tick.
//!
//! Packets that this host receives are stamped once, by the kernel, for all who capture them. What it sends is stamped for
//! each capture apart: another tool's stamps of it differ by some hundred nanoseconds.

mod filter;
mod interfaces;

pub use filter::of_wires;
pub use interfaces::{Interface, automatic, interfaces};

use super::{BATCH_BYTES, CaptureError, CaptureWarning, PacketBatch, Progress, Record, Source};
use decoders::packet::LinkType;
use model::units::{CaptureTime, Nanos};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The kernel hands over what it holds after this long.
const HAND_OVER: Duration = Duration::from_millis(50);
/// Packets stamped longer ago than this were read when nothing more is there to read.
const LAG: Nanos = Nanos::from_millis(250);
/// How long a source waits for packets before it lets time pass without any.
const PATIENCE_MS: u16 = 100;
/// An interface that went away is looked for this often.
const RETRY: Duration = Duration::from_secs(1);

/// What to capture, and how.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The interfaces, by name.
    pub interfaces: Vec<String>,
    /// What the kernel passes on, in libpcap's language; everything where there is none.
    pub filter: Option<String>,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Bytes of the kernel's ring, for each interface.
    pub ring_bytes: u32,
}

impl LiveOptions {
    /// As long as any packet, offloaded ones included: heads of messages can be anywhere in it.
    pub const SNAPLEN: u32 = 256 * 1024;
    /// Half a second of 1 Gbit/s.
    pub const RING_BYTES: u32 = 64 << 20;
}

/// Live packets of some interfaces.
pub struct LiveSource {
    options: LiveOptions,
    taps: Vec<Tap>,
    read: u64,
    dropped: u64,
    warnings: Vec<CaptureWarning>,
    stop: Arc<AtomicBool>,
    /// When it was first seen that it is to stop.
    stopped_at: Option<CaptureTime>,
    /// Everything before that was read.
    ended: bool,
}

/// One interface.
struct Tap {
    name: String,
    state: State,
}

enum State {
    Open {
        capture: Box<pcap::Capture<pcap::Active>>,
        link: LinkType,
        /// What the kernel said it dropped, when it was last asked.
        dropped: u32,
    },
    /// It went away; looked for again then.
    Gone { retry: Instant },
}

impl LiveSource {
    /// Attaches to all interfaces; to none, if that is not possible of one. Once `stop` is set, the source ends when it has
    /// read what came before.
    pub fn open(options: LiveOptions, stop: Arc<AtomicBool>) -> Result<Self, CaptureError> {
        if options.interfaces.is_empty() {
            return Err(CaptureError::NoInterface);
        }
        let tap = |name: &String| Ok(Tap { name: name.clone(), state: attach(name, &options)? });
        let taps = options.interfaces.iter().map(tap).collect::<Result<_, CaptureError>>()?;
        let warnings = Vec::new();
        Ok(Self {
            taps,
            options,
            read: 0,
            dropped: 0,
            warnings,
            stop,
            stopped_at: None,
            ended: false,
        })
    }

    /// The names of the interfaces.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.taps.iter().map(|tap| &*tap.name)
    }

    /// Waits until an interface has something, but not for long.
    fn wait(&self) {
        let descriptors: Vec<_> = self.taps.iter().filter_map(Tap::descriptor).collect();
        let mut polled: Vec<PollFd<'_>> =
            descriptors.iter().map(|&fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        if polled.is_empty() {
            std::thread::sleep(Duration::from_millis(PATIENCE_MS.into()));
        } else {
            // A signal ends the wait, which is as good as a packet.
            let _ = poll(&mut polled, PollTimeout::from(PATIENCE_MS));
        }
    }
}

#[allow(unsafe_code)]
fn descriptor(capture: &pcap::Capture<pcap::Active>) -> BorrowedFd<'_> {
    // SAFETY: the descriptor is the handle's own, which is borrowed as long as what is returned.
    unsafe { BorrowedFd::borrow_raw(capture.as_raw_fd()) }
}

/// Opens an interface and has the kernel filter.
fn attach(name: &str, options: &LiveOptions) -> Result<State, CaptureError> {
    let failed = |error: pcap::Error| CaptureError::of_interface(name, &error);
    let inactive = pcap::Capture::from_device(name).map_err(failed)?;
    let inactive = inactive
        .promisc(false)
        .snaplen(i32::try_from(options.snaplen).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.ring_bytes).unwrap_or(i32::MAX))
        .timeout(i32::try_from(HAND_OVER.as_millis()).unwrap_or(i32::MAX))
        .precision(pcap::Precision::Nano);
    let capture = inactive.open().and_then(pcap::Capture::setnonblock).map_err(failed)?;
    let mut capture = Box::new(capture);
    if let Some(filter) = &options.filter {
        capture.filter(filter, true).map_err(failed)?;
    }
    let link = interfaces::link_type(capture.get_datalink().0);
    if !link.is_decoded() {
        return Err(CaptureError::LinkTypeUnknown { file: name.to_owned(), link: link.0 });
    }
    Ok(State::Open { capture, link, dropped: 0 })
}

impl Tap {
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Open { capture, .. } => Some(descriptor(capture)),
            State::Gone { .. } => None,
        }
    }

    /// Copies packets into the batch until nothing more is there, or no more room. Whether all were read.
    fn drain(&mut self, batch: &mut PacketBatch) -> Result<bool, pcap::Error> {
        let State::Open { capture, link, .. } = &mut self.state else { return Ok(true) };
        while batch.buffer.len() < BATCH_BYTES {
            let packet = match capture.next_packet() {
                Ok(packet) => packet,
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => return Ok(true),
                Err(error) => return Err(error),
            };
            let start = u32::try_from(batch.buffer.len()).unwrap_or(u32::MAX);
            batch.buffer.extend_from_slice(packet.data);
            let stamp = packet.header.ts;
            // The fraction is of nanoseconds: that precision was asked for.
            let seconds = u64::try_from(stamp.tv_sec).unwrap_or_default();
            let nanos = u64::try_from(stamp.tv_usec).unwrap_or_default();
            batch.records.push(Record {
                time: CaptureTime::from_parts(seconds, nanos),
                link: *link,
                start,
                captured: u32::try_from(packet.data.len()).unwrap_or(u32::MAX),
                wire_length: packet.header.len,
            });
        }
        Ok(false)
    }

    /// What the kernel dropped since it was last asked. Its counter is of 32 bits.
    fn newly_dropped(&mut self) -> u64 {
        let State::Open { capture, dropped, .. } = &mut self.state else { return 0 };
        let Ok(stats) = capture.stats() else { return 0 };
        let now = stats.dropped.wrapping_add(stats.if_dropped);
        u64::from(now.wrapping_sub(std::mem::replace(dropped, now)))
    }
}

impl Source for LiveSource {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        batch.buffer.clear();
        batch.records.clear();
        batch.tick = None;
        if self.ended {
            return Ok(false);
        }
        self.wait();
        let before = now();
        let mut all_read = true;
        for tap in &mut self.taps {
            match tap.drain(batch) {
                Ok(read) => all_read &= read,
                Err(error) => {
                    let warning = CaptureWarning::InterfaceGone {
                        interface: tap.name.clone(),
                        reason: error.to_string(),
                    };
                    self.warnings.push(warning);
                    tap.state = State::Gone { retry: Instant::now() + RETRY };
                }
            }
            self.dropped += tap.newly_dropped();
            if matches!(tap.state, State::Gone { retry } if retry <= Instant::now()) {
                tap.state = attach(&tap.name, &self.options)
                    .unwrap_or_else(|_| State::Gone { retry: Instant::now() + RETRY });
            }
        }
        if self.taps.len() > 1 {
            batch.records.sort_by_key(|record| record.time);
        }
        self.read += batch.buffer.len() as u64;
        batch.tick = all_read.then(|| before.minus(LAG));
        if self.stopped_at.is_none() && self.stop.load(Ordering::Relaxed) {
            self.stopped_at = Some(before);
        }
        let reached = batch.tick.max(batch.records.last().map(|record| record.time));
        self.ended = self.stopped_at.zip(reached).is_some_and(|(stop, reached)| reached > stop);
        Ok(true)
    }

    fn progress(&self) -> Progress {
        Progress { read: self.read, total: None, dropped: self.dropped }
    }

    fn warnings(&mut self) -> Vec<CaptureWarning> {
        std::mem::take(&mut self.warnings)
    }

    fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// The time by the clock that the kernel stamps packets with.
pub fn now() -> CaptureTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    CaptureTime::from_parts(since.as_secs(), since.subsec_nanos().into())
}
