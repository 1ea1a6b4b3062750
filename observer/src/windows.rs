//! Transactions become distributions, window by window.
//!
//! A window's values live in dense histograms while it is the newest; then they are packed. With a fixed length a window
//! is handed on when it is sealed, and again, with a higher revision, when something late changed it. Without one, all
//! windows are kept and made coarser as the input grows longer, so that there are never more than
//! [`AUTO_WINDOWS_MAX`]; merging is exact, so nothing is lost by it.

mod group;
mod tags;

use crate::catalog::Catalog;
use decoders::output::{LedgerDelta, Sample, SampleKind};
use group::{Group, GroupKey};
use model::batch::{Batch, BatchId, Value};
use model::histogram::Histogram;
use model::ledger::Packets;
use model::transaction::Transaction;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use model::wire::WireId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tags::SeriesTable;

/// A window is sealed this long, in packet time, after its end.
pub const SEAL_GRACE: Nanos = Nanos::from_seconds(1);
/// A sealed window takes late arrivals, as a new revision, for this long.
pub const REVISE_SPAN: Nanos = Nanos::from_seconds(600);
/// Windows that are kept when their length is to be found; the coarsening gives at least a fifth of it.
pub const AUTO_WINDOWS_MAX: u64 = 500;

/// How long windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as this.
    Fixed(WindowLength),
    /// As long as gives 100 to 500 of them.
    Auto,
}

/// What a run is called in the batches it makes.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who observes.
    pub source: Arc<str>,
    /// Which run of it.
    pub run: u64,
    /// Added to every revision: a later run of the same identity replaces what an earlier one said.
    pub revision_base: u64,
}

/// Values by series number.
type Packed = HashMap<u32, Value>;

/// A window that was the newest once.
#[derive(Debug, Default)]
struct Kept {
    values: Packed,
    revision: u64,
    /// Changed since it was handed on.
    dirty: bool,
}

/// The window that is being filled.
#[derive(Debug)]
struct Filling {
    start: CaptureTime,
    groups: HashMap<GroupKey, Group>,
    samples: HashMap<(WireId, SampleSeries), Histogram>,
}

/// Which of a connection's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum SampleSeries {
    Connect,
    RoundTrip,
    FirstByte,
}

impl SampleSeries {
    const fn metric(self) -> &'static str {
        match self {
            Self::Connect => "tcp.connect",
            Self::RoundTrip => "tcp.rtt",
            Self::FirstByte => "tcp.first_byte",
        }
    }
}

/// All windows of a run.
#[derive(Debug)]
pub struct Windows {
    identity: Identity,
    length: WindowLength,
    is_auto: bool,
    series: SeriesTable,
    filling: Option<Filling>,
    kept: BTreeMap<CaptureTime, Kept>,
    /// Groups with room, to be used again.
    spare: Vec<Group>,
    /// The first window, and the last that was handed on or passed.
    first: Option<CaptureTime>,
    sealed_to: Option<CaptureTime>,
    /// Packets read so far.
    packets: u64,
    /// Transactions too late for their window.
    pub too_late: u64,
}

impl Windows {
    /// No windows yet.
    pub fn new(identity: Identity, length: Length) -> Self {
        let (length, is_auto) = match length {
            Length::Fixed(length) => (length, false),
            Length::Auto => (*WindowLength::LADDER.first().unwrap_or(&WindowLength::DEFAULT), true),
        };
        Self {
            identity,
            length,
            is_auto,
            series: SeriesTable::default(),
            filling: None,
            kept: BTreeMap::new(),
            spare: Vec::new(),
            first: None,
            sealed_to: None,
            packets: 0,
            too_late: 0,
        }
    }

    /// How long the windows are by now.
    pub const fn length(&self) -> WindowLength {
        self.length
    }

    /// So many packets were read: the revision of what is handed on from here.
    pub const fn note_packets(&mut self, packets: u64) {
        self.packets = packets;
    }

    /// Files a transaction.
    pub fn record(&mut self, transaction: &Transaction, catalog: &Catalog) {
        let Some(filling) = self.fill(transaction.filed_at(), catalog) else { return };
        let key = GroupKey::of(transaction);
        if !filling.groups.contains_key(&key) {
            let group = self.spare.pop().unwrap_or_default();
            if let Some(filling) = &mut self.filling {
                filling.groups.insert(key, group);
            }
        }
        let group = self.filling.as_mut().and_then(|filling| filling.groups.get_mut(&key));
        if let Some(group) = group {
            group.record(transaction);
        }
    }

    /// Files a connection's time.
    pub fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        let Some(filling) = self.fill(sample.at, catalog) else { return };
        let kind = match sample.kind {
            SampleKind::Connect => SampleSeries::Connect,
            SampleKind::RoundTrip => SampleSeries::RoundTrip,
            SampleKind::FirstByte => SampleSeries::FirstByte,
        };
        filling.samples.entry((sample.wire, kind)).or_default().record_nanos(sample.span.0);
    }

    /// Files what a wire's ledger grew by.
    pub fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        let start = self.length.window_of(delta.at).start;
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        let wire = catalog.label(delta.wire);
        let accounts = [
            ("ledger.requests", delta.ledger.requests.entries().collect::<Vec<_>>()),
            ("ledger.streams", delta.ledger.streams.entries().collect()),
            ("ledger.notices", delta.ledger.notices.entries().collect()),
        ];
        for (metric, entries) in accounts {
            for (entry, grown) in entries.into_iter().filter(|&(_, grown)| grown > 0) {
                let id = self.series.tagged(metric, &[("wire", wire), ("entry", entry)]);
                self.keep(start, id, Value::Delta(grown));
            }
        }
    }

    /// Files what the packets of the whole run were, in its last window.
    pub fn packets(&mut self, packets: &Packets, at: CaptureTime) {
        let start = self.length.window_of(at).start;
        for (entry, count) in packets.entries().filter(|&(_, count)| count > 0) {
            let id = self.series.tagged("ledger.packets", &[("entry", entry)]);
            self.keep(start, id, Value::Delta(count));
        }
    }

    fn keep(&mut self, start: CaptureTime, id: u32, value: Value) {
        let kept = self.kept.entry(start).or_default();
        kept.dirty = true;
        match kept.values.get_mut(&id) {
            Some(before) => before.merge(&value),
            None => drop(kept.values.insert(id, value)),
        }
    }

    /// The filling window, if it is the one of `time`; else the one that was filling is packed and a new one begins.
    fn fill(&mut self, time: CaptureTime, catalog: &Catalog) -> Option<&mut Filling> {
        let start = self.length.window_of(time).start;
        if self.filling.as_ref().is_some_and(|filling| filling.start == start) {
            return self.filling.as_mut();
        }
        let too_late = !self.is_auto
            && self.sealed_to.is_some_and(|sealed| start.plus(REVISE_SPAN) < sealed);
        if too_late {
            self.too_late += 1;
            return None;
        }
        self.pack(catalog);
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        if self.is_auto {
            self.coarsen(start);
        }
        let start = self.length.window_of(time).start;
        let (groups, samples) = (HashMap::new(), HashMap::new());
        Some(self.filling.insert(Filling { start, groups, samples }))
    }

    /// Packs the filling window.
    fn pack(&mut self, catalog: &Catalog) {
        let Some(mut filling) = self.filling.take() else { return };
        let mut values = Vec::new();
        for (key, mut group) in filling.groups.drain() {
            group.pack(&key, catalog, &mut self.series, &mut values);
            self.spare.push(group);
        }
        for ((wire, kind), histogram) in filling.samples.drain() {
            let id = self.series.tagged(kind.metric(), &[("wire", catalog.label(wire))]);
            values.push((id, Value::Histogram((&histogram).into())));
        }
        for (id, value) in values {
            self.keep(filling.start, id, value);
        }
    }

    /// Makes the windows so long that there are not too many up to the one that starts at `newest`.
    fn coarsen(&mut self, newest: CaptureTime) {
        loop {
            let first = self.first.unwrap_or(newest);
            let last = self.kept.keys().next_back().copied().unwrap_or(newest).max(newest);
            let span = last.as_nanos().saturating_sub(first.as_nanos());
            if span / self.length.span().0 < AUTO_WINDOWS_MAX {
                return;
            }
            let longer = WindowLength::LADDER.into_iter().find(|length| *length > self.length);
            let Some(longer) = longer else { return };
            self.length = longer;
            self.first = Some(longer.window_of(first).start);
            for (start, kept) in std::mem::take(&mut self.kept) {
                let start = longer.window_of(start).start;
                for (id, value) in kept.values {
                    self.keep(start, id, value);
                }
            }
        }
    }

    /// The windows that were sealed by `clock`, and those that late arrivals changed. Nothing while the length is still
    /// to be found.
    pub fn sealed(&mut self, clock: CaptureTime, catalog: &Catalog) -> Vec<Batch> {
        let (Some(first), false) = (self.first, self.is_auto) else { return Vec::new() };
        // The start of the first window that is not over yet.
        let open = self.length.window_of(clock.minus(SEAL_GRACE)).start;
        let from = self.sealed_to.unwrap_or(first);
        if open <= from {
            return Vec::new();
        }
        if self.filling.as_ref().is_some_and(|filling| filling.start < open) {
            self.pack(catalog);
        }
        self.sealed_to = Some(open);
        let batches = self.batches(from, open);
        let forget = open.minus(REVISE_SPAN);
        self.kept.retain(|start, kept| *start >= forget || kept.dirty);
        batches
    }

    /// All windows that were not handed on, at the end of the run.
    pub fn finish(&mut self, clock: CaptureTime, catalog: &Catalog) -> Vec<Batch> {
        self.pack(catalog);
        let Some(first) = self.first else { return Vec::new() };
        if self.is_auto {
            self.coarsen(self.length.window_of(clock).start);
        }
        let end = self.length.window_of(clock).end();
        let from = self.sealed_to.unwrap_or(self.length.window_of(first).start);
        self.batches(from, end.max(from))
    }

    /// A batch for every window in `from..to`, also when nothing happened in it, and for every other that changed.
    fn batches(&mut self, from: CaptureTime, to: CaptureTime) -> Vec<Batch> {
        let length = self.length.span();
        let count = to.as_nanos().saturating_sub(from.as_nanos()) / length.0;
        // A clock that jumped by years says nothing of the time between.
        let all = if count <= EMPTY_WINDOWS_MAX { count } else { 0 };
        for window in 0..all {
            let start = from.plus(Nanos(window * length.0));
            self.kept.entry(start).or_insert(Kept { dirty: true, ..Kept::default() });
        }
        let mut batches = Vec::new();
        for (&start, kept) in self.kept.range_mut(..to).filter(|(_, kept)| kept.dirty) {
            kept.dirty = false;
            // A capture that has grown since gives its last window a higher revision.
            kept.revision = (kept.revision + 1).max(self.packets);
            let mut ids: Vec<u32> = kept.values.keys().copied().collect();
            ids.sort_unstable();
            let series = ids.iter().filter_map(|id| Some((self.series.get(*id)?, kept.values.get(id)?)));
            let window = Window { start, length: self.length };
            let Identity { source, run, revision_base } = &self.identity;
            batches.push(Batch {
                id: BatchId { source: Arc::clone(source), run: *run, pipeline: 0, window },
                revision: revision_base + kept.revision,
                values: series.map(|(series, value)| (series, value.clone())).collect(),
            });
        }
        batches
    }
}

/// Empty windows that are said in one go.
const EMPTY_WINDOWS_MAX: u64 = 1_000_000;
