//! Which windows somebody reported.

use crate::query::grid::Grid;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::ops::Range;

/// Ranges without rows that are asked for one by one; more are asked for as one.
pub const RANGES_MAX: usize = 16;

/// Windows in the order in which they are read: segment by segment.
#[derive(Default)]
pub(super) struct Observed {
    segments: Vec<Segment>,
}

/// Windows of one length.
struct Segment {
    start: CaptureTime,
    length: WindowLength,
    seen: Vec<bool>,
}

impl Segment {
    fn at(&self, place: usize) -> CaptureTime {
        self.start.plus(Nanos(self.length.span().0.saturating_mul(place as u64)))
    }

    fn see(&mut self, start: CaptureTime) {
        let Some(since) = start.since(self.start) else { return };
        let place = usize::try_from(since.0 / self.length.span().0).unwrap_or(usize::MAX);
        if let Some(seen) = self.seen.get_mut(place) {
            *seen = true;
        }
    }
}

impl Observed {
    /// Begins a segment, or goes on with one that is known.
    pub(super) fn segment(&mut self, range: Range<CaptureTime>, length: WindowLength) {
        let is_same = |segment: &Segment| segment.start == range.start && segment.length == length;
        if let Some(known) = self.segments.iter().position(is_same) {
            let segment = self.segments.remove(known);
            self.segments.push(segment);
            return;
        }
        let span = range.end.since(range.start).unwrap_or_default();
        let windows = usize::try_from(span.0 / length.span().0).unwrap_or_default();
        self.segments.push(Segment { start: range.start, length, seen: vec![false; windows] });
    }

    #[inline]
    pub(super) fn see(&mut self, start: CaptureTime) {
        if let Some(segment) = self.segments.last_mut() {
            segment.see(start);
        }
    }

    pub(super) fn report(&mut self, start: CaptureTime, length: WindowLength) {
        for segment in self.segments.iter_mut().filter(|segment| segment.length == length) {
            segment.see(start);
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.segments.extend(other.segments);
    }

    pub(super) fn unseen(&self) -> Vec<(Range<CaptureTime>, WindowLength)> {
        let mut ranges = Vec::new();
        for segment in &self.segments {
            let mut place = 0;
            let mut own: Vec<Range<CaptureTime>> = Vec::new();
            for run in segment.seen.chunk_by(|one, next| one == next) {
                if run.first() == Some(&false) {
                    own.push(segment.at(place)..segment.at(place + run.len()));
                }
                place += run.len();
            }
            if own.len() > RANGES_MAX
                && let (Some(first), Some(last)) = (own.first(), own.last())
            {
                own = vec![first.start..last.end];
            }
            ranges.extend(own.into_iter().map(|range| (range, segment.length)));
        }
        ranges
    }

    pub(super) fn by_step(&self, grid: &Grid) -> Vec<u64> {
        let mut observed = vec![0_u64; grid.steps()];
        for segment in &self.segments {
            for (place, _) in segment.seen.iter().enumerate().filter(|(_, seen)| **seen) {
                let step = grid.place(segment.at(place));
                if let Some(nanos) = step.and_then(|step| observed.get_mut(step)) {
                    *nanos = nanos.saturating_add(segment.length.span().0);
                }
            }
        }
        observed
    }
}
