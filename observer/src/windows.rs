//! Transactions become distributions, window by window.
//!
//! A window's values live in dense histograms while it is the newest; then they are packed. With a fixed length a window
//! is handed on when it is sealed, and again, with a higher revision, when something late changed it. Without one, all
//! windows are kept and made coarser as the input grows longer, so that there are never more than
//! [`AUTO_WINDOWS_MAX`]; merging is exact, so nothing is lost by it.

mod early;
mod filling;
mod group;
mod ledger;
mod observation;
mod packed;
mod sampled;
mod sealing;
mod tags;
mod tally;

use crate::catalog::Catalog;
use decoders::output::{LedgerDelta, Sample};
use early::Early;
use filling::Filling;
use group::GroupSeries;
use ledger::LedgerSeries;
use model::batch::Value;
use model::ledger::Packets;
use model::transaction::Transaction;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use observation::Observation;
use packed::Packed;
use sampled::SampleSeries;
use std::collections::BTreeMap;
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

/// The series that says when a run's packets were: times of the first and of the newest, in nanoseconds since the epoch.
pub const SPAN_METRIC: &str = "capture.span";

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

/// A window that was the newest once.
#[derive(Debug, Default)]
struct Kept {
    values: Packed,
    revision: u64,
    /// Changed since it was handed on.
    dirty: bool,
    /// It says how many requests were open when it began and ended.
    carried: bool,
}

/// All windows of a run.
#[derive(Debug)]
pub struct Windows {
    identity: Identity,
    length: WindowLength,
    is_auto: bool,
    /// Things that came first, while the length is to be guessed.
    early: Option<Early>,
    series: SeriesTable,
    group_series: GroupSeries,
    sample_series: SampleSeries,
    /// The series of each entry of each wire's ledger.
    ledger_series: LedgerSeries,
    /// The newest window, and the one before it: what is filed goes to and fro between them at their border.
    filling: [Option<Filling>; 2],
    kept: BTreeMap<CaptureTime, Kept>,
    /// A window that was packed: its groups have room and will be used again.
    spare: Option<Filling>,
    /// The first window, and the last that was handed on or passed.
    first: Option<CaptureTime>,
    sealed_to: Option<CaptureTime>,
    /// Packets read so far.
    packets: u64,
    /// Room for one distribution's values while they are packed.
    scratch: Vec<u16>,
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
            early: is_auto.then(Early::default),
            series: SeriesTable::default(),
            group_series: GroupSeries::default(),
            sample_series: SampleSeries::default(),
            ledger_series: LedgerSeries::default(),
            filling: [None, None],
            kept: BTreeMap::new(),
            spare: None,
            first: None,
            sealed_to: None,
            packets: 0,
            scratch: Vec::new(),
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
    #[inline]
    pub fn record(&mut self, transaction: &Transaction, catalog: &Catalog) {
        let observation = Observation::of(transaction);
        match &mut self.early {
            Some(early) => {
                early.observations.push(observation);
                self.guess_if_enough(catalog);
            }
            None => self.file(&observation, catalog),
        }
    }

    #[inline]
    fn file(&mut self, observation: &Observation, catalog: &Catalog) {
        match self.fill(observation.at, catalog) {
            Some(filling) => filling.record(observation),
            None => self.too_late(observation, catalog),
        }
    }

    /// Counts a transaction whose window cannot be revised any more, in the oldest one that can.
    fn too_late(&mut self, observation: &Observation, catalog: &Catalog) {
        let tags = [("wire", catalog.label(observation.key.wire)), ("entry", "too_late")];
        let id = self.series.tagged("ledger.notices", &tags);
        if let Some(sealed) = self.sealed_to {
            self.keep(self.length.window_of(sealed.minus(REVISE_SPAN)).start, id, Value::Delta(1));
        }
    }

    /// Files a connection's time.
    pub fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        if let Some(early) = &mut self.early {
            early.samples.push(*sample);
            return self.guess_if_enough(catalog);
        }
        if let Some(filling) = self.fill(sample.at, catalog) {
            filling.sample(sample);
        }
    }

    #[inline]
    fn guess_if_enough(&mut self, catalog: &Catalog) {
        if self.early.as_ref().is_some_and(Early::is_enough) {
            self.guess_length(catalog);
        }
    }

    /// Chooses the length for the span so far, and files what was kept.
    fn guess_length(&mut self, catalog: &Catalog) {
        let early = self.early.take().unwrap_or_default();
        if let Some((first, last)) = early.span() {
            self.first = Some(self.length.window_of(first).start);
            self.coarsen(last);
        }
        early.observations.iter().for_each(|observation| self.file(observation, catalog));
        early.samples.iter().for_each(|sample| self.sample(sample, catalog));
        early.ledgers.iter().for_each(|delta| self.ledger(delta, catalog));
    }

    /// Files what a wire's ledger grew by.
    pub fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        if let Some(early) = &mut self.early {
            early.ledgers.push(*delta);
            return self.guess_if_enough(catalog);
        }
        let start = self.length.window_of(delta.at).start;
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        let Self { ledger_series, series, kept, .. } = self;
        let kept = kept.entry(start).or_default();
        kept.dirty = true;
        for (id, grown) in ledger_series.grown(delta, catalog, series) {
            kept.values.push(id, Value::Delta(grown));
        }
    }

    /// Files what the packets of the whole run were, and when, in its last window.
    pub fn packets(&mut self, packets: &Packets, (first, last): (CaptureTime, CaptureTime)) {
        self.packets_grown(packets, last);
        let start = self.length.window_of(last).start;
        let run = format!("{:016x}", self.identity.run);
        let id = self.series.tagged(SPAN_METRIC, &[("run", &run)]);
        let span = format!("{} {}", first.as_nanos(), last.as_nanos());
        self.keep(start, id, Value::Text(span.into()));
    }

    /// Files by how much the packets' account grew until `at`.
    pub fn packets_grown(&mut self, packets: &Packets, at: CaptureTime) {
        let start = self.length.window_of(at).start;
        for (entry, count) in packets.entries().filter(|&(_, count)| count > 0) {
            let id = self.series.tagged("ledger.packets", &[("entry", entry)]);
            self.keep(start, id, Value::Delta(count));
        }
    }

    /// Files a value of the observer's own in the window of `at`.
    pub fn say(&mut self, metric: &str, value: Value, at: CaptureTime) {
        self.say_of(metric, &[], value, at);
    }

    /// The same of one of several things.
    pub fn say_of(&mut self, metric: &str, tags: &[(&str, &str)], value: Value, at: CaptureTime) {
        let id = self.series.tagged(metric, tags);
        self.keep(self.length.window_of(at).start, id, value);
    }

    /// There is something to be said of every window from this time on, also where nothing happens.
    pub fn watch_from(&mut self, start: CaptureTime) {
        let start = self.length.window_of(start).start;
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
    }

    fn keep(&mut self, start: CaptureTime, id: u32, value: Value) {
        let kept = self.kept.entry(start).or_default();
        kept.dirty = true;
        kept.values.push(id, value);
    }

    /// The filling window of `time`; for a new one the older of the two is packed.
    #[inline]
    fn fill(&mut self, time: CaptureTime, catalog: &Catalog) -> Option<&mut Filling> {
        let is_it =
            |filling: &Option<Filling>| filling.as_ref().is_some_and(|filling| filling.holds(time));
        let [newer, older] = &self.filling;
        if !is_it(newer) {
            if is_it(older) {
                self.filling.swap(0, 1);
            } else {
                self.begin(time, catalog)?;
            }
        }
        let [newer, _] = &mut self.filling;
        newer.as_mut()
    }

    /// Begins to fill the window of `time`. `None` where that is too late.
    fn begin(&mut self, time: CaptureTime, catalog: &Catalog) -> Option<()> {
        let start = self.length.window_of(time).start;
        let too_late =
            !self.is_auto && self.sealed_to.is_some_and(|sealed| start.plus(REVISE_SPAN) < sealed);
        if too_late {
            return None;
        }
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        let before = self.length;
        if self.is_auto {
            self.coarsen(start);
        }
        let oldest = if self.length == before { 1 } else { 0 };
        for filling in
            self.filling.iter_mut().skip(oldest).filter_map(Option::take).collect::<Vec<_>>()
        {
            self.pack(filling, catalog);
        }
        let window = self.length.window_of(time);
        self.filling.swap(0, 1);
        let [newer, _] = &mut self.filling;
        *newer = Some(self.spare.take().unwrap_or_default().over(window));
        Some(())
    }

    /// Takes out of a window what filled it.
    fn take_values(&mut self, filling: &mut Filling, catalog: &Catalog) -> Vec<(u32, Value)> {
        let mut values = Vec::new();
        filling.retain_used();
        for (key, group) in &mut filling.groups {
            let series = self.group_series.of(key, catalog, &mut self.series);
            group.pack(series, &mut self.scratch, &mut values);
        }
        for (key, tally) in &mut filling.samples {
            let id = self.sample_series.of(key, catalog, &mut self.series);
            tally.pack(&mut self.scratch, |_, packed| values.push((id, Value::Histogram(packed))));
        }
        values
    }

    /// Packs a window that was filling.
    fn pack(&mut self, mut filling: Filling, catalog: &Catalog) {
        let values = self.take_values(&mut filling, catalog);
        let start = self.length.window_of(filling.start).start;
        let kept = self.kept.entry(start).or_default();
        kept.dirty = true;
        kept.values.extend(values);
        self.spare = Some(filling);
    }

    /// Packs the windows that start before `end`.
    fn pack_before(&mut self, end: CaptureTime, catalog: &Catalog) {
        let over = |filling: &mut Filling| filling.start < end;
        let packed: Vec<Filling> =
            self.filling.iter_mut().filter_map(|place| place.take_if(over)).collect();
        packed.into_iter().for_each(|filling| self.pack(filling, catalog));
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
                let coarse = self.kept.entry(start).or_default();
                coarse.dirty = true;
                coarse.values.extend(kept.values.into_values());
            }
        }
    }
}
