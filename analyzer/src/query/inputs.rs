//! Rows on their way into an answer: joined by step and stream as they are read, without an allocation for each.

mod cells;
mod ledger;
mod observed;

use super::error::{Fault, QueryError};
use super::grid::Grid;
use super::select::{Find, GaugePart, ValueKind};
use super::stream::Stream;
use super::{Number, Query, Values};
use cells::{Cells, Level, Named, Open, Read};
use ledger::Accounts;
pub use ledger::{Coverage, Entry};
use model::batch::Gauge;
use model::histogram::{CompactError, CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use observed::Observed;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use thiserror::Error;

/// Streams times steps that a query may make; of one with several percentiles or thresholds, divided by their number.
pub const CELLS_MAX: usize = 4_000_000;
/// Bytes that the distributions of a query may take while they are read.
pub const HELD_BYTES_MAX: usize = 512 * 1_024 * 1_024;

/// A row of a series, as a store holds it.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// The bytes of a [`CompactHistogram`].
    Histogram(&'a [u8]),
    /// How much a counter grew.
    Delta(u64),
    /// A level.
    Gauge(Gauge),
    /// A text: of no use here.
    Text,
}

/// Why a row cannot be taken in.
#[derive(Debug, Error)]
pub enum InputError {
    /// The query asks for something else than there is.
    #[error("{0}")]
    Query(QueryError),
    /// The row does not read.
    #[error("a row of {series} is damaged: {error}")]
    Damaged {
        /// Of which series.
        series: String,
        /// What is wrong with it.
        error: CompactError,
    },
    /// A limit.
    #[error(
        "the query {what}, the limit is {limit}: ask for fewer steps or series, or join them with histogram:merge() or group_by right behind find"
    )]
    TooMuch {
        /// What is too much.
        what: String,
        /// How much there may be.
        limit: usize,
    },
}

/// Where the rows of one series go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    find: usize,
    stream: usize,
}

/// Everything that a query reads, as far as it has been read.
pub struct Inputs {
    /// With the steps that windows need before the answer's first.
    grid: Grid,
    lead: usize,
    text: String,
    finds: Vec<Read>,
    observed: Observed,
    accounts: Accounts,
    wires: BTreeSet<String>,
    open: Option<Open>,
    cells_max: usize,
    /// Bytes of all distributions but those of the series that is open.
    held: usize,
    held_max: usize,
}

impl Inputs {
    pub(super) fn new(query: &Query, grid: &Grid) -> Result<Self, QueryError> {
        let (grid, lead) = grid.with_lead(query.lead(grid)?);
        let cells_max = CELLS_MAX / query.root.fan_out().max(1);
        Ok(Self { lead, cells_max, text: query.text.clone(), ..Self::of(&query.finds, grid) })
    }

    /// Room for what some finds read over these steps: for languages other than [`Query`]'s.
    #[must_use]
    pub fn of(finds: &[Find], grid: Grid) -> Self {
        let read = |find: &Find| Read {
            find: find.clone(),
            by_name: BTreeMap::new(),
            streams: Vec::new(),
        };
        Self {
            grid,
            lead: 0,
            text: String::new(),
            finds: finds.iter().map(read).collect(),
            observed: Observed::default(),
            accounts: Accounts::new(grid.steps()),
            wires: BTreeSet::new(),
            open: None,
            cells_max: CELLS_MAX,
            held: 0,
            held_max: HELD_BYTES_MAX,
        }
    }

    /// What was read of the find of this number, and the nanoseconds of each step that somebody observed.
    pub fn streams(&mut self, find: usize) -> (Values, Vec<u64>) {
        self.close();
        let observed = self.observed();
        let values = match self.finds.get(find).map(|read| &read.find) {
            Some(find) if find.is_histograms() => {
                Values::Histograms(self.histograms(find, &observed))
            }
            Some(find) => Values::Numbers(self.numbers(find, &observed)),
            None => Values::Numbers(Vec::new()),
        };
        (values, observed)
    }

    /// The steps to read: those of the answer, and before them those that windows reach back to.
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Adds a series that the find of this number matches, and says where its rows go.
    ///
    /// # Errors
    /// More streams and steps than there may be, see [`CELLS_MAX`].
    pub fn add(&mut self, find: usize, series: &Series) -> Result<Place, InputError> {
        if let Some(wire) = series.tag("wire") {
            self.wires.insert(wire.to_owned());
        }
        let steps = self.grid.steps();
        let all: usize = self.finds.iter().map(|read| read.streams.len()).sum();
        let Some(read) = self.finds.get_mut(find) else { return Ok(Place { find, stream: 0 }) };
        let next = read.streams.len();
        let stream = *read.by_name.entry(read.find.named(series)).or_insert(next);
        if stream == next {
            if (all + 1).saturating_mul(steps) > self.cells_max {
                let what = format!("makes more than {all} streams of {steps} steps");
                return Err(InputError::TooMuch { what, limit: self.cells_max });
            }
            read.streams.push(Cells::new(&read.find, steps));
        }
        Ok(Place { find, stream })
    }

    /// The wires of all series that were added.
    pub const fn wires(&self) -> &BTreeSet<String> {
        &self.wires
    }

    /// Rows that come from now on are what windows of the length `base` say, within `range`, maybe rolled up to longer ones.
    /// Segments of several lengths can be of the same time: what they say adds up, so each must be of windows of its own.
    pub fn segment(&mut self, range: Range<CaptureTime>, base: WindowLength) {
        self.observed.segment(range, base);
    }

    /// Rows that come from now on are of this series, in the order of time.
    ///
    /// # Errors
    /// More bytes than [`HELD_BYTES_MAX`].
    pub fn open(&mut self, place: Place, series: &Series) -> Result<(), InputError> {
        self.close();
        if self.held > self.held_max {
            let what = format!("holds {} MiB of distributions", self.held >> 20);
            return Err(InputError::TooMuch { what, limit: self.held_max });
        }
        self.held = self.held.saturating_sub(self.held_bytes(place));
        let series = series.to_string();
        self.open = Some(Open { place, series, step: usize::MAX, scratch: Histogram::new() });
        Ok(())
    }

    /// Takes in the row of a window, which lies in one step.
    ///
    /// # Errors
    /// A row of another kind than the query asks for, or a damaged one.
    #[inline]
    pub fn row(&mut self, window: Window, row: Row<'_>) -> Result<(), InputError> {
        self.observed.see(window);
        let Some(step) = self.grid.place(window.start) else { return Ok(()) };
        let Some(open) = &mut self.open else { return Ok(()) };
        let cells = self.finds.get_mut(open.place.find).and_then(|read| read.cells(open.place));
        let Some(cells) = cells else { return Ok(()) };
        match (cells, row) {
            (Cells::Shared(steps), Row::Histogram(bytes)) => {
                let Some(histogram) = steps.get_mut(step) else { return Ok(()) };
                histogram.merge_compact_bytes(bytes).map_err(|error| open.damaged(error))
            }
            (Cells::Own(steps), Row::Histogram(bytes)) => {
                if open.step != step {
                    open.pack(steps);
                    open.step = step;
                }
                open.scratch.merge_compact_bytes(bytes).map_err(|error| open.damaged(error))
            }
            (Cells::Counters(steps), Row::Delta(grown)) => {
                if let Some(count) = steps.get_mut(step) {
                    *count = count.saturating_add(grown);
                }
                Ok(())
            }
            (Cells::Gauges(steps), Row::Gauge(gauge)) => {
                if let Some(level) = steps.get_mut(step) {
                    match level {
                        Some(known) => known.add(window, &gauge),
                        None => *level = Some(Level::of(window, gauge)),
                    }
                }
                Ok(())
            }
            (_, row) => Err(self.wrong_kind(row)),
        }
    }

    #[cold]
    fn wrong_kind(&self, row: Row<'_>) -> InputError {
        let (holds, instead) = match row {
            Row::Histogram(_) => ("histograms", "find:histogram(…)"),
            Row::Delta(_) => ("a counter", "find:counter(…)"),
            Row::Gauge(_) => ("a level", "find:gauge(…)"),
            Row::Text => ("texts", "another metric"),
        };
        let (series, find) = match &self.open {
            Some(open) => (&*open.series, self.finds.get(open.place.find)),
            None => ("", None),
        };
        let at = find.map_or(0, |read| read.find.at);
        let fault = Fault::new(at, format!("{series} holds {holds}")).expecting(instead);
        InputError::Query(fault.in_text(&self.text))
    }

    /// Ends the series that is being read.
    pub fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let cells = self.finds.get_mut(open.place.find).and_then(|read| read.cells(open.place));
        if let Some(Cells::Own(steps)) = cells {
            open.pack(steps);
        }
        self.held = self.held.saturating_add(self.held_bytes(open.place));
    }

    fn held_bytes(&self, place: Place) -> usize {
        let cells = self.finds.get(place.find).and_then(|read| read.streams.get(place.stream));
        cells.map_or(0, Cells::held_bytes)
    }

    /// Where no row of a segment's own length was seen: whether anybody observed there has to be asked. At most
    /// [`observed::RANGES_MAX`] ranges a segment, with its length.
    pub fn unseen(&self) -> Vec<(Range<CaptureTime>, WindowLength)> {
        self.observed.unseen()
    }

    /// Times that somebody observed, whether or not anything happened then.
    pub fn reported(&mut self, spans: Vec<Range<CaptureTime>>) {
        self.observed.report(spans);
    }

    /// Adds what a window's ledger says.
    pub fn account(&mut self, entry: Entry, start: CaptureTime, grown: u64) {
        if let Some(step) = self.grid.place(start) {
            self.accounts.add(entry, step, grown);
        }
    }

    /// Whether any bytes, and any requests, were lost: only then their ledgers' other entries are needed.
    pub fn losses(&self) -> (bool, bool) {
        self.accounts.losses()
    }

    /// The same query over parts of the steps, to be read side by side and joined again.
    #[must_use]
    pub fn split(&self, parts: usize) -> Vec<Self> {
        let steps = self.grid.steps();
        let edge = |part: usize| steps * part / parts.max(1);
        let places = (0..parts.max(1)).map(|part| edge(part)..edge(part + 1));
        places
            .filter(|places| !places.is_empty())
            .map(|places| Self {
                grid: self.grid.part(places.clone()),
                lead: 0,
                text: self.text.clone(),
                finds: self.finds.iter().map(|read| read.emptied(places.len())).collect(),
                observed: Observed::default(),
                accounts: Accounts::new(places.len()),
                wires: BTreeSet::new(),
                open: None,
                cells_max: self.cells_max,
                held: 0,
                held_max: HELD_BYTES_MAX / parts.max(1),
            })
            .collect()
    }

    /// Takes over what the parts of [`Self::split`] read, in their order.
    pub fn join(&mut self, parts: Vec<Self>) {
        for read in &mut self.finds {
            *read = read.emptied(0);
        }
        for mut part in parts {
            part.close();
            for (read, other) in self.finds.iter_mut().zip(part.finds) {
                for (mine, theirs) in read.streams.iter_mut().zip(other.streams) {
                    mine.append(theirs);
                }
            }
            self.observed.append(part.observed);
        }
    }

    /// Nanoseconds of each step that somebody observed.
    pub(super) fn observed(&self) -> Vec<u64> {
        self.observed.by_step(&self.grid)
    }

    /// Steps before the answer's first.
    pub(super) const fn lead(&self) -> usize {
        self.lead
    }

    /// What was seen of the answer's steps.
    pub(super) fn coverage(&self, observed: &[u64]) -> Coverage {
        self.accounts.coverage(observed, self.grid.step(), self.lead)
    }

    /// Distributions of a find: one for each step that was observed, empty where nothing happened.
    pub(super) fn histograms(
        &self,
        find: &Find,
        observed: &[u64],
    ) -> Vec<Stream<CompactHistogram>> {
        let packed = |cells: &Cells| -> Vec<CompactHistogram> {
            match cells {
                Cells::Own(steps) => steps.clone(),
                Cells::Shared(steps) => steps.iter().map(CompactHistogram::from).collect(),
                Cells::Counters(_) | Cells::Gauges(_) => Vec::new(),
            }
        };
        self.each_stream(find, |cells| {
            let steps = packed(cells).into_iter().zip(observed);
            steps.map(|(histogram, &observed)| (observed > 0).then_some(histogram)).collect()
        })
    }

    /// Numbers of a find: counters are 0 where nothing happened; levels are nothing where nobody said any.
    pub(super) fn numbers(&self, find: &Find, observed: &[u64]) -> Vec<Stream<Number>> {
        self.each_stream(find, |cells| match (cells, find.kind) {
            (Cells::Counters(steps), _) => {
                let steps = steps.iter().zip(observed);
                steps.map(|(&count, &seen)| (seen > 0).then(|| Number::count(count))).collect()
            }
            (Cells::Gauges(steps), ValueKind::Gauges(part)) => {
                steps.iter().map(|said| level(&said.as_ref()?.gauge, part)).collect()
            }
            (_, _) => Vec::new(),
        })
    }

    fn each_stream<V>(
        &self,
        find: &Find,
        values: impl Fn(&Cells) -> Vec<Option<V>>,
    ) -> Vec<Stream<V>> {
        let Some(read) = self.finds.iter().find(|read| read.find == *find) else {
            return Vec::new();
        };
        let stream = |((name, tags), &place): (&Named, &usize)| {
            let values = values(read.streams.get(place)?);
            Some(Stream { name: name.clone(), tags: tags.clone(), values })
        };
        read.by_name.iter().filter_map(stream).collect()
    }
}

fn level(gauge: &Gauge, part: GaugePart) -> Option<Number> {
    Number::exactly(match part {
        GaugePart::Mean => gauge.sum / gauge.count as f64,
        GaugePart::Last => gauge.last,
        GaugePart::Min => gauge.min,
        GaugePart::Max => gauge.max,
    })
}
