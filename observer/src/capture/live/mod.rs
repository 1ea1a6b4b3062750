//! Packets as they pass: of each interface a ring that the kernel fills, all read by one source, or by several that share the
//! connections.
//!
//! The kernel hands over blocks of a ring when they are full or [`HAND_OVER`] old. So when nothing more is there to read,
//! everything stamped longer ago than [`LAG`] was read: that is the tick.
//!
//! Packets that this host receives are stamped once, by the kernel, for all who capture them. What it sends is stamped for
//! each capture apart: another tool's stamps of it differ by some hundred nanoseconds.

mod filter;
mod interfaces;
mod ring;
mod tap;

pub use filter::of_wires;
pub use interfaces::{Interface, automatic, interfaces};

use super::{BATCH_BYTES, CaptureError, CaptureWarning, PacketBatch, Progress, Source};
use decoders::engine::Order;
use decoders::packet::LinkType;
use filter::Program;
use model::units::{CaptureTime, Nanos};
use model::wire::WireSpec;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ring::Group;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tap::Tap;

/// The kernel hands over what it holds after this long.
const HAND_OVER: Duration = Duration::from_millis(50);
/// Packets stamped longer ago than this were read when nothing more is there to read.
const LAG: Nanos = Nanos::from_millis(250);
/// How long a source waits for packets before it lets time pass without any.
const PATIENCE_MS: u16 = 100;

/// By whom packets are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Our own ring where packets begin as it knows, else libpcap.
    #[default]
    Auto,
    /// Our own ring.
    Ring,
    /// libpcap.
    Libpcap,
}

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
    /// By whom packets are read.
    pub method: Method,
}

impl LiveOptions {
    /// As long as any packet, offloaded ones included: heads of messages can be anywhere in it.
    pub const SNAPLEN: u32 = 256 * 1024;
    /// Half a second of 1 Gbit/s.
    pub const RING_BYTES: u32 = 64 << 20;

    /// Whether a ring of our own reads an interface.
    fn by_ring(&self, interface: &str) -> bool {
        match self.method {
            Method::Auto => ring::is_supported(interface),
            Method::Ring => true,
            Method::Libpcap => false,
        }
    }

    /// The filter for the kernel, which also says how many bytes are kept.
    fn program(&self, link: LinkType) -> io::Result<Program> {
        Program::compile(self.filter.as_deref().unwrap_or_default(), link, self.snaplen)
    }
}

/// For people: by whom an interface's packets are read.
pub fn reader(interface: &str, options: &LiveOptions) -> &'static str {
    if options.by_ring(interface) { "a ring of its own" } else { "libpcap" }
}

/// Whether the kernel can share out the connections among several sources.
pub fn can_share(options: &LiveOptions) -> bool {
    options.interfaces.iter().all(|interface| options.by_ring(interface))
}

/// Live packets of some interfaces.
pub struct LiveSource {
    options: LiveOptions,
    taps: Vec<Tap>,
    /// Which of them is read first: none is behind for good.
    turn: usize,
    read: u64,
    dropped: u64,
    warnings: Vec<CaptureWarning>,
    orders: Receiver<Order>,
    /// All wires that were watched; what is no longer watched still comes in, so that its connections end in order.
    wires: Vec<WireSpec>,
    stop: Arc<AtomicBool>,
    /// Everything was read when the source was last filled.
    idle: bool,
    /// When it was first seen that it is to stop.
    stopped_at: Option<CaptureTime>,
    /// Everything before that was read.
    ended: bool,
}

impl LiveSource {
    /// Attaches to all interfaces; to none, if that is not possible of one. Once `stop` is set, the source ends when it has
    /// read what came before. What is sent to it is handed to the engines.
    pub fn open(
        options: LiveOptions,
        wires: &[WireSpec],
        stop: Arc<AtomicBool>,
    ) -> Result<(Self, Sender<Order>), CaptureError> {
        Self::join(options, wires, stop, &[])
    }

    /// The same, several times: the kernel shares out the connections among them.
    pub fn open_several(
        options: &LiveOptions,
        wires: &[WireSpec],
        stop: &Arc<AtomicBool>,
        count: usize,
    ) -> Result<Vec<(Self, Sender<Order>)>, CaptureError> {
        let open = |groups: &[Group]| Self::join(options.clone(), wires, Arc::clone(stop), groups);
        let first = open(&vec![Group::New; options.interfaces.len()])?;
        let groups: Vec<Group> = first.0.taps.iter().map(Tap::group).collect();
        let mut all = vec![first];
        for _ in 1..count {
            all.push(open(&groups)?);
        }
        Ok(all)
    }

    fn join(
        options: LiveOptions,
        wires: &[WireSpec],
        stop: Arc<AtomicBool>,
        groups: &[Group],
    ) -> Result<(Self, Sender<Order>), CaptureError> {
        if options.interfaces.is_empty() {
            return Err(CaptureError::NoInterface);
        }
        let groups = groups.iter().copied().chain(std::iter::repeat(Group::None));
        let taps = options.interfaces.iter().zip(groups);
        let taps = taps.map(|(name, group)| Tap::open(name, &options, group));
        let taps = taps.collect::<Result<_, CaptureError>>()?;
        let (sender, orders) = channel();
        let source = Self {
            taps,
            options,
            turn: 0,
            read: 0,
            dropped: 0,
            warnings: Vec::new(),
            orders,
            wires: wires.to_vec(),
            stop,
            idle: true,
            stopped_at: None,
            ended: false,
        };
        Ok((source, sender))
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

    /// Takes what the engines are to be told; the kernel's filter must pass what they watch from now on.
    fn take_orders(&mut self, batch: &mut PacketBatch) {
        for order in self.orders.try_iter() {
            if let Order::Watch(wires) = &order {
                let detects = wires.is_empty() || self.wires.is_empty();
                let specs = wires.iter().map(|wire| wire.spec.clone());
                match detects {
                    true => self.wires.clear(),
                    false => self.wires.extend(
                        specs.filter(|spec| !self.wires.contains(spec)).collect::<Vec<_>>(),
                    ),
                }
                self.options.filter = Some(of_wires(&self.wires));
                for tap in &self.taps {
                    if let Err(error) = tap.filter(&self.options) {
                        self.warnings.push(CaptureWarning::gone(&tap.name, &error));
                    }
                }
            }
            batch.orders.push(order);
        }
    }
}

impl Source for LiveSource {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        batch.buffer.clear();
        batch.records.clear();
        batch.orders.clear();
        batch.tick = None;
        if self.ended {
            return Ok(false);
        }
        self.take_orders(batch);
        if self.idle {
            self.wait();
        }
        let before = now();
        self.idle = true;
        let share = BATCH_BYTES / self.taps.len().max(1);
        self.turn = self.turn.wrapping_add(1) % self.taps.len().max(1);
        let (behind, first) = self.taps.split_at_mut(self.turn);
        for tap in first.iter_mut().chain(behind) {
            match tap.drain(batch, batch.buffer.len() + share) {
                Ok(is_empty) => self.idle &= is_empty,
                Err(error) => self.warnings.push(CaptureWarning::gone(&tap.name, &error)),
            }
            self.dropped += tap.newly_dropped();
            tap.look_again(&self.options);
        }
        if self.taps.len() > 1 {
            batch.records.sort_by_key(|record| record.time);
        }
        self.read += batch.buffer.len() as u64;
        batch.tick = self.idle.then(|| before.minus(LAG));
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
}

/// The time by the clock that the kernel stamps packets with.
pub fn now() -> CaptureTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    CaptureTime::from_parts(since.as_secs(), since.subsec_nanos().into())
}
