//! What happened, window by window; a window that nobody reported is absent.

use model::histogram::{CompactHistogram, Distribution, Histogram};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::collections::BTreeMap;

/// One window that was reported.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// Latencies in seconds of the requests that were answered and timed.
    pub latencies: CompactHistogram,
    /// Requests that were never answered.
    pub unanswered: u64,
}

impl Slice {
    /// Requests that were answered and timed.
    pub fn timed(&self) -> u64 {
        self.latencies.count()
    }
}

/// Windows of one length, ascending.
#[derive(Clone, Debug)]
pub struct Timeline {
    length: WindowLength,
    slices: BTreeMap<CaptureTime, Slice>,
}

impl Timeline {
    /// Nothing happened in the windows that were reported, so far.
    pub fn new(length: WindowLength, reported: &[CaptureTime]) -> Self {
        let slices = reported.iter().map(|&start| (start, Slice::default())).collect();
        Self { length, slices }
    }

    /// Adds a window's latencies. A window that has any was reported, whatever the list said.
    pub fn add(&mut self, start: CaptureTime, latencies: &CompactHistogram) {
        let slice = self.slices.entry(start).or_default();
        slice.latencies = slice.latencies.merged(latencies);
    }

    /// Adds requests that a window saw die without an answer.
    pub fn add_unanswered(&mut self, start: CaptureTime, count: u64) {
        let slice = self.slices.entry(start).or_default();
        slice.unanswered = slice.unanswered.saturating_add(count);
    }

    /// The windows' length.
    pub const fn length(&self) -> WindowLength {
        self.length
    }

    /// The windows that were reported, ascending.
    pub fn slices(&self) -> impl Iterator<Item = (CaptureTime, &Slice)> {
        self.slices.iter().map(|(&start, slice)| (start, slice))
    }

    /// One window, if it was reported.
    pub fn slice(&self, start: CaptureTime) -> Option<&Slice> {
        self.slices.get(&start)
    }

    /// From the first window's start to the last one's end; `None` where nothing was reported.
    pub fn span(&self) -> Option<(CaptureTime, CaptureTime)> {
        let (first, _) = self.slices.first_key_value()?;
        let (last, _) = self.slices.last_key_value()?;
        Some((*first, last.plus(self.length.span())))
    }

    /// How many windows the span has, reported or not.
    pub fn places(&self) -> u64 {
        let span = self.span().and_then(|(from, to)| to.since(from)).unwrap_or_default();
        span.0 / self.length.span().0.max(1)
    }

    /// Everything in one histogram.
    pub fn whole(&self) -> CompactHistogram {
        merged(self.slices.values().map(|slice| &slice.latencies))
    }

    /// The windows of `from ≤ start < to` in one histogram.
    pub fn between(&self, from: CaptureTime, to: CaptureTime) -> CompactHistogram {
        if from >= to {
            return CompactHistogram::default();
        }
        merged(self.slices.range(from..to).map(|(_, slice)| &slice.latencies))
    }

    /// The same requests in windows `factor` times as long, which start at multiples of their length.
    pub fn coarser(&self, length: WindowLength) -> Self {
        let mut coarse = Self { length, slices: BTreeMap::new() };
        for (start, slice) in self.slices() {
            let start = length.window_of(start).start;
            coarse.add(start, &slice.latencies);
            coarse.add_unanswered(start, slice.unanswered);
        }
        coarse
    }

    /// The time that windows were reported for.
    pub fn reported(&self) -> Nanos {
        Nanos(self.length.span().0.saturating_mul(self.slices.len() as u64))
    }
}

/// Many histograms in one.
pub fn merged<'a>(histograms: impl Iterator<Item = &'a CompactHistogram>) -> CompactHistogram {
    let mut sum = Histogram::new();
    histograms.for_each(|histogram| sum.merge_compact(histogram));
    CompactHistogram::from(&sum)
}
