//! Several captures as one, in the order of packet time.

use super::file::FileSource;
use super::input::{Input, STDIN};
use super::{BATCH_BYTES, CaptureError, CaptureWarning, PacketBatch, Progress, Record, Source};
use model::units::CaptureTime;
use std::path::{Path, PathBuf};

/// Bytes that the buffers of all files hold together, so that a thousand files don't take a thousand whole ones.
const BUFFERS_BYTES: usize = 16 << 20;
const BUFFER_BYTES_MIN: usize = 16 << 10;

/// Opens captures: one as it is, several merged by packet time. `-` is standard input.
pub fn open(paths: &[PathBuf]) -> Result<Box<dyn Source>, CaptureError> {
    match paths {
        [] => Err(CaptureError::NoInput),
        [path] => Ok(Box::new(FileSource::open(path)?)),
        paths => Ok(Box::new(MergedSource::open(paths)?)),
    }
}

/// Several files, merged: always the earliest of their next packets, the first file's where times are equal. A file
/// that goes back in time keeps its own order.
///
/// A file is held open only from its first packet's time on, so that the files of a rotated capture are open one after
/// the other.
pub struct MergedSource {
    lanes: Vec<Lane>,
    shared: Shared,
    /// An error that came after the first records of a batch, and is given back after them.
    error: Option<CaptureError>,
}

/// What all lanes add to or take from.
#[derive(Default)]
struct Shared {
    /// Buffers of lanes that ended, for lanes that begin.
    spare: Vec<PacketBatch>,
    batch_bytes: usize,
    /// By the captures of lanes that ended.
    warnings: Vec<CaptureWarning>,
}

struct Lane {
    path: PathBuf,
    /// The time of its next packet; `None` at its end.
    next: Option<CaptureTime>,
    progress: Progress,
    state: State,
}

enum State {
    /// Looked into, and closed again.
    Waiting,
    Open(Box<OpenLane>),
    Ended,
}

struct OpenLane {
    source: FileSource,
    batch: PacketBatch,
    /// Which record of the batch is next.
    at: usize,
}

/// How long a lane's turn lasts: until its next packet is later than the other lanes' first.
#[derive(Clone, Copy)]
struct Turn {
    lane: usize,
    /// The time of the first packet of another lane.
    until: CaptureTime,
    /// Whether this lane comes first where times are equal.
    wins: bool,
}

/// Why a lane's turn ended.
#[derive(PartialEq, Eq)]
enum TurnEnd {
    /// Another lane may be next.
    Over,
    /// The batch is full.
    Full,
}

impl MergedSource {
    /// Opens all files once, so that what is wrong with one shows before any is read.
    pub fn open(paths: &[PathBuf]) -> Result<Self, CaptureError> {
        let batch_bytes = (BUFFERS_BYTES / paths.len().max(1)).clamp(BUFFER_BYTES_MIN, BATCH_BYTES);
        let mut shared = Shared { batch_bytes, ..Shared::default() };
        let mut lanes = Vec::with_capacity(paths.len());
        for path in paths {
            lanes.push(Lane::look_into(path, &mut shared)?);
        }
        Ok(Self { lanes, shared, error: None })
    }

    /// The lane with the earliest next packet, the first of them where times are equal.
    fn turn(&self) -> Option<Turn> {
        let times = || self.lanes.iter().enumerate().filter_map(|(i, lane)| Some((lane.next?, i)));
        let (_, lane) = times().min()?;
        let other = times().filter(|&(_, i)| i != lane).min();
        let (until, wins) = other.map_or((CaptureTime::MAX, true), |(time, i)| (time, lane < i));
        Some(Turn { lane, until, wins })
    }

    fn take_turns(&mut self, batch: &mut PacketBatch) -> Result<(), CaptureError> {
        while let Some(turn) = self.turn() {
            let Some(lane) = self.lanes.get_mut(turn.lane) else { break };
            if lane.take(turn, batch, &mut self.shared)? == TurnEnd::Full {
                break;
            }
        }
        Ok(())
    }
}

impl Lane {
    /// Opens a file to learn the time of its first packet.
    fn look_into(path: &Path, shared: &mut Shared) -> Result<Self, CaptureError> {
        let mut lane = Self {
            path: path.to_owned(),
            next: None,
            progress: Progress::default(),
            state: State::Waiting,
        };
        lane.start(shared)?;
        // Pipes can't be opened twice.
        if lane.next.is_some() && path.as_os_str() != STDIN && path.is_file() {
            lane.close(State::Waiting, shared);
            lane.progress.read = 0;
        }
        Ok(lane)
    }

    fn start(&mut self, shared: &mut Shared) -> Result<(), CaptureError> {
        let source = FileSource::new(Input::open(&self.path)?, shared.batch_bytes)?;
        let batch = shared.spare.pop().unwrap_or_default();
        self.state = State::Open(Box::new(OpenLane { source, batch, at: 0 }));
        self.refill(shared)
    }

    /// Fills the lane's batch, or ends the lane.
    fn refill(&mut self, shared: &mut Shared) -> Result<(), CaptureError> {
        let State::Open(open) = &mut self.state else { return Ok(()) };
        let result = open.source.fill(&mut open.batch);
        open.at = 0;
        self.progress = open.source.progress();
        self.next = open.batch.records.first().map(|record| record.time);
        if !matches!(result, Ok(true)) {
            self.next = None;
            shared.warnings.extend(open.source.warnings());
            self.close(State::Ended, shared);
        }
        result.map(|_| ())
    }

    /// Closes the file and keeps the buffer for another lane.
    fn close(&mut self, state: State, shared: &mut Shared) {
        if let State::Open(open) = std::mem::replace(&mut self.state, state) {
            shared.spare.push(open.batch);
        }
    }

    /// Copies records until another lane's turn comes or the batch is full.
    fn take(
        &mut self,
        turn: Turn,
        batch: &mut PacketBatch,
        shared: &mut Shared,
    ) -> Result<TurnEnd, CaptureError> {
        let open = match &mut self.state {
            State::Open(open) => open,
            State::Waiting => return self.start(shared).map(|()| TurnEnd::Over),
            State::Ended => return Ok(TurnEnd::Over),
        };
        while let Some(record) = open.batch.records.get(open.at) {
            self.next = Some(record.time);
            if record.time > turn.until || (record.time == turn.until && !turn.wins) {
                return Ok(TurnEnd::Over);
            }
            if is_full(batch, record) {
                return Ok(TurnEnd::Full);
            }
            let start = batch.buffer.len() as u32;
            batch.buffer.extend_from_slice(open.batch.packet(record).bytes);
            batch.records.push(Record { start, ..*record });
            open.at += 1;
        }
        self.refill(shared).map(|()| TurnEnd::Over)
    }
}

/// A batch takes at least one record, however long.
fn is_full(batch: &PacketBatch, record: &Record) -> bool {
    !batch.records.is_empty() && batch.buffer.len() + record.captured as usize > BATCH_BYTES
}

impl Source for MergedSource {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        batch.records.clear();
        batch.buffer.clear();
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        match self.take_turns(batch) {
            Err(error) if batch.records.is_empty() => return Err(error),
            result => self.error = result.err(),
        }
        Ok(!batch.records.is_empty())
    }

    fn progress(&self) -> Progress {
        let read = self.lanes.iter().map(|lane| lane.progress.read).sum();
        let total = self.lanes.iter().map(|lane| lane.progress.total).sum();
        let dropped = self.lanes.iter().map(|lane| lane.progress.dropped);
        Progress { read, total, dropped: dropped.fold(0, u64::saturating_add) }
    }

    fn warnings(&mut self) -> Vec<CaptureWarning> {
        std::mem::take(&mut self.shared.warnings)
    }
}
