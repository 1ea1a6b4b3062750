//! Which windows to read: those of each length that was written, rolled up as far as the step allows.

use super::failure::Failure;
use super::held::{Held, lengths};
use analyzer::query::Grid;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::ops::Range;

/// What the windows of one length say in one range. Those of several lengths can say something of the same time: each
/// says it of requests of its own, so all of them are read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) range: Range<CaptureTime>,
    /// The length of the windows that were written.
    pub(super) base: WindowLength,
    /// The longest windows to read it by: a step holds whole ones.
    pub(super) length: WindowLength,
}

/// What to read, and what of it cannot be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Long windows first: of two levels that are as new as each other, the one of the shorter window is taken for the newest.
    pub(super) segments: Vec<Segment>,
    /// What the reader should know.
    pub(super) notes: Vec<String>,
}

/// Windows of all lengths that divide the step; the others are named.
///
/// # Errors
/// There are windows, and no length divides the step.
pub(super) fn plan(held: &[Held], grid: &Grid) -> Result<Plan, Failure> {
    let asked = grid.start()..grid.end();
    let divides = |length: WindowLength| grid.step().0.is_multiple_of(length.span().0);
    let (mut fitting, others): (Vec<_>, Vec<_>) = held.iter().partition(|held| divides(held.base));
    if fitting.is_empty() && !others.is_empty() {
        return Err(Failure::Asked(format!(
            "no windows divide a step of {}: the store holds windows of {}; ask for steps that are a multiple",
            grid.step(),
            lengths(others)
        )));
    }
    let mut plan = Plan::default();
    let left_out: Vec<_> = others.into_iter().filter(|held| held.meets(&asked)).collect();
    if !left_out.is_empty() {
        plan.notes.push(format!(
            "what windows of {} say is left out: they do not divide a step of {}; ask for steps that are a multiple of all of {}",
            lengths(left_out),
            grid.step(),
            lengths(held)
        ));
    }
    fitting.sort_by_key(|held| std::cmp::Reverse(held.base));
    for held in fitting.into_iter().filter(|held| held.meets(&asked)) {
        let levels = || held.levels.iter().filter(|(length, _)| divides(*length));
        let Some(&(length, first)) = levels().next_back() else {
            plan.notes.extend(older(held, None, grid));
            continue;
        };
        plan.notes.extend(older(held, Some(first), grid));
        let whole = |time| length.window_of(time).start;
        let start = asked.start.max(whole(held.range.start));
        let end = asked.end.min(whole(held.range.end).plus(length.span()));
        if start < end {
            plan.segments.push(Segment { range: start..end, base: held.base, length });
        }
    }
    Ok(plan)
}

/// Whether some of what is asked for is there in longer windows than the step has; `first` is where the others begin.
fn older(held: &Held, first: Option<CaptureTime>, grid: &Grid) -> Option<String> {
    let is_older = |(length, start): &&(WindowLength, CaptureTime)| {
        !grid.step().0.is_multiple_of(length.span().0)
            && *start < grid.end()
            && first
                .is_none_or(|first| *start < length.window_of(first).start && grid.start() < first)
    };
    let (length, _) = held.levels.iter().find(is_older)?;
    Some(format!(
        "of windows of {} the oldest are kept by {length} only, and left out: ask for steps that are a multiple of {length}",
        held.base
    ))
}

/// The parts of segments that lie within some steps.
pub(super) fn within(segments: &[Segment], grid: &Grid) -> Vec<Segment> {
    let inside = |segment: &Segment| {
        let start = segment.range.start.max(grid.start());
        let end = segment.range.end.min(grid.end());
        (start < end).then(|| Segment { range: start..end, ..segment.clone() })
    };
    segments.iter().filter_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::units::Nanos;

    fn at(seconds: u64) -> CaptureTime {
        CaptureTime::from_parts(seconds, 0)
    }

    fn length(seconds: u64) -> WindowLength {
        WindowLength::new(Nanos::from_seconds(seconds)).unwrap()
    }

    fn segment(range: Range<u64>, base: u64, by: u64) -> Segment {
        let range = at(range.start)..at(range.end);
        Segment { range, base: length(base), length: length(by) }
    }

    #[test]
    fn windows_of_all_lengths_are_read_as_long_as_the_step_allows() {
        let rolled = |base: u64, range: Range<u64>, levels: &[(u64, u64)]| Held {
            base: length(base),
            range: at(range.start)..at(range.end),
            levels: levels.iter().map(|&(seconds, first)| (length(seconds), at(first))).collect(),
        };
        let held = [
            rolled(1, 6_000..9_000, &[(1, 6_000), (60, 6_000), (3_600, 3_600)]),
            rolled(10, 3_600..8_990, &[(10, 7_200), (60, 3_600), (3_600, 3_600)]),
        ];
        let of = |held: &[Held], step| {
            plan(held, &Grid::new(at(0), at(9_000), Nanos::from_seconds(step)).unwrap()).unwrap()
        };
        let hours = of(&held, 3_600);
        let all = [segment(3_600..10_800, 10, 3_600), segment(3_600..10_800, 1, 3_600)];
        assert_eq!((&hours.segments[..], hours.notes), (&all[..], vec![]));
        let minutes = of(&held, 300);
        let all = [segment(3_600..9_000, 10, 60), segment(6_000..9_000, 1, 60)];
        assert_eq!((&minutes.segments[..], minutes.notes), (&all[..], vec![]));
        let tens = of(&held, 10);
        assert_eq!(tens.notes.len(), 1);
        assert!(tens.notes[0].contains("kept by 1m only"), "{:?}", tens.notes);
        let fives = of(&held, 5);
        assert_eq!(fives.segments, [segment(6_000..9_000, 1, 1)]);
        assert!(fives.notes[0].starts_with("what windows of 10s say is left out"));
        assert!(
            plan(&held[1..], &Grid::new(at(0), at(70), Nanos::from_seconds(7)).unwrap()).is_err()
        );
        assert_eq!(of(&[], 60), Plan::default());
    }
}
