//! One interface: a ring of our own, or libpcap's where packets begin with something that only it knows.

use super::ring::{self, Group, Ring};
use super::{HAND_OVER, LiveOptions, interfaces};
use crate::capture::{CaptureError, PacketBatch, Record};
use decoders::packet::LinkType;
use model::units::CaptureTime;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

/// An interface that went away is looked for this often.
const RETRY: Duration = Duration::from_secs(1);

/// One interface.
pub(super) struct Tap {
    pub(super) name: String,
    state: State,
    /// Among whose rings its connections are shared out.
    group: Group,
}

enum State {
    Ring(Ring),
    Pcap(Pcap),
    /// It went away; looked for again then.
    Gone {
        retry: Instant,
    },
}

/// A handle of libpcap.
struct Pcap {
    capture: Box<pcap::Capture<pcap::Active>>,
    link: LinkType,
    /// What the kernel said it dropped, when it was last asked.
    dropped: u32,
}

impl Tap {
    pub(super) fn open(
        name: &str,
        options: &LiveOptions,
        group: Group,
    ) -> Result<Self, CaptureError> {
        let state = attach(name, options, group)?;
        let group = match &state {
            State::Ring(ring) => ring.group().map_or(Group::None, Group::Known),
            State::Pcap(_) | State::Gone { .. } => Group::None,
        };
        Ok(Self { name: name.to_owned(), state, group })
    }

    /// The rings among which its connections are shared out.
    pub(super) const fn group(&self) -> Group {
        self.group
    }

    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Ring(ring) => Some(ring.as_fd()),
            State::Pcap(pcap) => Some(pcap.as_fd()),
            State::Gone { .. } => None,
        }
    }

    /// Copies packets into the batch until nothing more is there, or no more room before `end`. Whether all were read; an
    /// error once when the interface went away.
    pub(super) fn drain(&mut self, batch: &mut PacketBatch, end: usize) -> io::Result<bool> {
        let drained = match &mut self.state {
            State::Ring(ring) => ring.drain(batch, end),
            State::Pcap(pcap) => pcap.drain(batch, end),
            State::Gone { .. } => Ok(true),
        };
        if drained.is_err() {
            // What is only down comes up again, and needs no new right to be attached to.
            let stays = matches!(&self.state, State::Ring(ring) if ring.is_of(&self.name));
            if !stays {
                self.state = State::Gone { retry: Instant::now() + RETRY };
            }
        }
        drained
    }

    /// Attaches again to an interface that went away, if it is time to look for it.
    pub(super) fn look_again(&mut self, options: &LiveOptions) {
        if matches!(self.state, State::Gone { retry } if retry <= Instant::now()) {
            self.state = attach(&self.name, options, self.group)
                .unwrap_or_else(|_| State::Gone { retry: Instant::now() + RETRY });
        }
    }

    /// Has the kernel filter as the options say.
    pub(super) fn filter(&self, options: &LiveOptions) -> io::Result<()> {
        match &self.state {
            State::Ring(ring) => ring.filter(options),
            State::Pcap(pcap) => ring::attach_filter(pcap.as_fd(), &options.program(pcap.link)?),
            State::Gone { .. } => Ok(()),
        }
    }

    /// What the kernel dropped since it was last asked.
    pub(super) fn newly_dropped(&mut self) -> u64 {
        match &mut self.state {
            State::Ring(ring) => ring.newly_dropped(),
            State::Pcap(pcap) => pcap.newly_dropped(),
            State::Gone { .. } => 0,
        }
    }
}

fn attach(name: &str, options: &LiveOptions, group: Group) -> Result<State, CaptureError> {
    if options.by_ring(name) {
        let ring = Ring::open(name, options, group);
        return Ok(State::Ring(ring.map_err(|error| CaptureError::of_interface(name, &error))?));
    }
    Pcap::open(name, options).map(State::Pcap)
}

impl Pcap {
    fn open(name: &str, options: &LiveOptions) -> Result<Self, CaptureError> {
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
        Ok(Self { capture, link, dropped: 0 })
    }

    fn drain(&mut self, batch: &mut PacketBatch, end: usize) -> io::Result<bool> {
        while batch.buffer.len() < end {
            let packet = match self.capture.next_packet() {
                Ok(packet) => packet,
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => return Ok(true),
                Err(error) => return Err(io::Error::other(error)),
            };
            let start = u32::try_from(batch.buffer.len()).unwrap_or(u32::MAX);
            batch.buffer.extend_from_slice(packet.data);
            let stamp = packet.header.ts;
            // The fraction is of nanoseconds: that precision was asked for.
            let seconds = u64::try_from(stamp.tv_sec).unwrap_or_default();
            let nanos = u64::try_from(stamp.tv_usec).unwrap_or_default();
            batch.records.push(Record {
                time: CaptureTime::from_parts(seconds, nanos),
                link: self.link,
                start,
                captured: u32::try_from(packet.data.len()).unwrap_or(u32::MAX),
                wire_length: packet.header.len,
            });
        }
        Ok(false)
    }

    /// Its counter is of 32 bits.
    fn newly_dropped(&mut self) -> u64 {
        let Ok(stats) = self.capture.stats() else { return 0 };
        let now = stats.dropped.wrapping_add(stats.if_dropped);
        u64::from(now.wrapping_sub(std::mem::replace(&mut self.dropped, now)))
    }
}

impl AsFd for Pcap {
    #[allow(unsafe_code)]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is the handle's own, which is borrowed as long as what is returned.
        unsafe { BorrowedFd::borrow_raw(self.capture.as_raw_fd()) }
    }
}
