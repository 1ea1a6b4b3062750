//! From packets to the run's outputs: one engine on this thread, or several beside it, with the same result.

mod merge;
mod parallel;
mod reader;
mod shared_out;
mod single;

pub use shared_out::run as run_shared;

use crate::capture::{CaptureError, CaptureWarning, Progress, Source};
use crate::catalog::Catalog;
use decoders::engine::EngineConfig;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use model::ledger::Packets;
use model::units::{CaptureTime, Nanos};

/// How often, in packet time, engines look at their timers and account for what passed.
pub const TICK: Nanos = Nanos::from_millis(100);

/// Where a run's outputs go, in the order of the input. Numbers of wires and names are the catalog's.
pub trait Sink {
    /// A transaction was decided.
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError>;
    /// A connection ended, or was open at the input's end.
    fn connection(&mut self, connection: &Connection, catalog: &Catalog) -> Result<(), SinkError>;
    /// A connection's time was measured.
    fn sample(&mut self, sample: &Sample, catalog: &Catalog);
    /// A wire's ledger grew.
    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog);
    /// Everything before `clock`, the newest time of the first `packets` packets, was said, but for what is late.
    fn clock(
        &mut self,
        clock: CaptureTime,
        packets: u64,
        catalog: &Catalog,
    ) -> Result<(), SinkError>;
    /// Something is wrong with the input; what comes before and after it counts.
    fn warning(&mut self, warning: CaptureWarning);
    /// How far the run is. `false` asks it to stop.
    fn progress(&mut self, progress: Progress, packets: &Packets) -> bool;
}

/// A sink that cannot take more, in words for the user.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(#[from] pub Box<dyn std::error::Error + Send + Sync>);

/// What a run found.
#[derive(Debug)]
pub struct Summary {
    /// The names of wires, operations and routes.
    pub catalog: Catalog,
    /// What the packets were.
    pub packets: Packets,
    /// Time of the first packet and of the newest one.
    pub span: Option<(CaptureTime, CaptureTime)>,
    /// The run was asked to stop.
    pub stopped: bool,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The input cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// Reads a source to its end with `engines` engines.
pub fn run(
    source: &mut dyn Source,
    config: &EngineConfig,
    engines: usize,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    match engines {
        0 | 1 => single::run(source, config, sink),
        _ => parallel::run(source, config, engines, sink),
    }
}

/// Tells what was wrong with the input, and how far it is. `false`: the run is to stop.
fn report(source: &mut dyn Source, packets: &Packets, sink: &mut dyn Sink) -> bool {
    source.warnings().into_iter().for_each(|warning| sink.warning(warning));
    sink.progress(source.progress(), packets)
}

/// Packet time, as the newest packet tells it, cut into ticks.
#[derive(Debug, Default)]
struct Clock {
    first: Option<CaptureTime>,
    newest: CaptureTime,
    next_tick: CaptureTime,
    /// There was a tick, or the first packet.
    runs: bool,
}

impl Clock {
    /// Takes a packet's time. `Some`: a tick is due before that packet, at the time given; what passed before it is
    /// filed at the second one.
    #[inline]
    fn advance(&mut self, time: CaptureTime) -> Option<(CaptureTime, CaptureTime)> {
        self.first.get_or_insert(time);
        if time < self.next_tick {
            self.newest = self.newest.max(time);
            return None;
        }
        self.pass(time)
    }

    /// The same where time passes without a packet.
    fn pass(&mut self, time: CaptureTime) -> Option<(CaptureTime, CaptureTime)> {
        if time < self.next_tick {
            return None;
        }
        let before = self.newest;
        self.newest = self.newest.max(time);
        let tick = CaptureTime::from_nanos(time.as_nanos() - time.as_nanos() % TICK.0);
        self.next_tick = tick.plus(TICK);
        std::mem::replace(&mut self.runs, true).then_some((tick, before))
    }

    /// The earliest packet may come after the first one read.
    fn span(&self) -> Option<(CaptureTime, CaptureTime)> {
        self.first.map(|first| (first, self.newest))
    }
}
