//! Which times somebody observed.

use crate::query::grid::Grid;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use std::ops::Range;

/// Ranges without rows that are asked for one by one; more are asked for as one.
pub const RANGES_MAX: usize = 16;
/// Windows of one segment that are watched one by one; of more, all are asked for.
const WATCHED_MAX: u64 = 4_000_000;

/// Windows in the order in which they are read: segment by segment.
#[derive(Default)]
pub(super) struct Observed {
    segments: Vec<Segment>,
    /// What was asked for, in any order.
    reported: Vec<Range<CaptureTime>>,
}

/// Windows of one length.
struct Segment {
    range: Range<CaptureTime>,
    base: WindowLength,
    /// Window by window whether it has a row; nothing where there are too many.
    seen: Vec<bool>,
}

impl Segment {
    fn new(range: Range<CaptureTime>, base: WindowLength) -> Self {
        let span = range.end.since(range.start).unwrap_or_default();
        let windows = span.0.div_ceil(base.span().0);
        let watched = if windows > WATCHED_MAX { 0 } else { windows as usize };
        Self { range, base, seen: vec![false; watched] }
    }

    fn at(&self, place: usize) -> CaptureTime {
        let start = self.range.start;
        start.plus(Nanos(self.base.span().0.saturating_mul(place as u64))).min(self.range.end)
    }

    fn see(&mut self, window: Window) {
        // A longer window does not say which of its own have a row.
        let Some(since) = window.start.since(self.range.start) else { return };
        let place = usize::try_from(since.0 / self.base.span().0).unwrap_or(usize::MAX);
        if window.length == self.base
            && let Some(seen) = self.seen.get_mut(place)
        {
            *seen = true;
        }
    }

    /// The times with rows, or without.
    fn runs(&self, with_rows: bool) -> impl Iterator<Item = Range<CaptureTime>> {
        let mut place = 0;
        let runs = self.seen.chunk_by(|one, next| one == next);
        let runs = runs.filter_map(move |run| {
            let from = place;
            place += run.len();
            (run.first() == Some(&with_rows)).then(|| self.at(from)..self.at(place))
        });
        let unwatched = self.seen.is_empty() && !with_rows && !self.range.is_empty();
        runs.chain(unwatched.then(|| self.range.clone()))
    }
}

impl Observed {
    /// Begins a segment.
    pub(super) fn segment(&mut self, range: Range<CaptureTime>, base: WindowLength) {
        self.segments.push(Segment::new(range, base));
    }

    #[inline]
    pub(super) fn see(&mut self, window: Window) {
        if let Some(segment) = self.segments.last_mut() {
            segment.see(window);
        }
    }

    pub(super) fn report(&mut self, spans: Vec<Range<CaptureTime>>) {
        self.reported.extend(spans);
    }

    pub(super) fn append(&mut self, other: Self) {
        self.segments.extend(other.segments);
        self.reported.extend(other.reported);
    }

    pub(super) fn unseen(&self) -> Vec<(Range<CaptureTime>, WindowLength)> {
        let mut ranges = Vec::new();
        for segment in &self.segments {
            let mut own: Vec<_> = segment.runs(false).collect();
            if own.len() > RANGES_MAX
                && let (Some(first), Some(last)) = (own.first(), own.last())
            {
                own = vec![first.start..last.end];
            }
            ranges.extend(own.into_iter().map(|range| (range, segment.base)));
        }
        ranges
    }

    /// Nanoseconds of each step that anybody observed; what several observed counts once.
    pub(super) fn by_step(&self, grid: &Grid) -> Vec<u64> {
        let seen = self.segments.iter().flat_map(|segment| segment.runs(true));
        let mut spans: Vec<_> = seen.chain(self.reported.iter().cloned()).collect();
        spans.sort_unstable_by_key(|span| span.start);
        let mut observed = vec![0_u64; grid.steps()];
        let mut known = grid.start();
        for span in spans {
            let end = span.end.min(grid.end());
            known = known.max(span.start);
            while known < end {
                let Some(step) = grid.place(known) else { break };
                let step_end = grid.part(step..step.saturating_add(1)).end();
                let until = step_end.min(end);
                if let Some(nanos) = observed.get_mut(step) {
                    *nanos += until.since(known).unwrap_or_default().0;
                }
                known = until;
            }
        }
        observed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> CaptureTime {
        CaptureTime::from_parts(seconds, 0)
    }

    fn length(seconds: u64) -> WindowLength {
        WindowLength::new(Nanos::from_seconds(seconds)).unwrap()
    }

    fn seconds(observed: &Observed, step: u64) -> Vec<u64> {
        let grid = Grid::new(at(0), at(120), Nanos::from_seconds(step)).unwrap();
        observed.by_step(&grid).iter().map(|nanos| nanos / 1_000_000_000).collect()
    }

    #[test]
    fn what_several_observed_counts_once() {
        let mut observed = Observed::default();
        let see = |observed: &mut Observed, start, seconds| {
            observed.see(Window { start: at(start), length: length(seconds) });
        };
        observed.segment(at(0)..at(120), length(10));
        [0, 10, 50, 60].into_iter().for_each(|start| see(&mut observed, start, 10));
        // Rolled up: whether all of its windows were reported has to be asked.
        see(&mut observed, 60, 60);
        assert_eq!(seconds(&observed, 60), [30, 10]);
        observed.segment(at(0)..at(120), length(1));
        [5, 20, 21, 119].into_iter().for_each(|start| see(&mut observed, start, 1));
        assert_eq!(seconds(&observed, 60), [32, 11]);
        let asked = observed.unseen();
        assert_eq!(asked.first(), Some(&(at(20)..at(50), length(10))));
        assert_eq!(asked.last(), Some(&(at(22)..at(119), length(1))));
        observed.report(vec![at(100)..at(130), at(15)..at(25)]);
        assert_eq!(seconds(&observed, 60), [35, 30]);
        assert_eq!(seconds(&observed, 20), [20, 5, 10, 10, 0, 20]);
    }

    #[test]
    fn too_many_windows_are_all_asked_for() {
        let mut observed = Observed::default();
        let year = at(0)..at(31_536_000);
        observed.segment(year.clone(), length(1));
        observed.see(Window { start: at(0), length: length(1) });
        assert_eq!(observed.unseen(), [(year, length(1))]);
        assert_eq!(seconds(&observed, 60), [0, 0]);
    }
}
