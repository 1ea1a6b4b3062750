//! Which windows to read: long ones as far as they reach, shorter ones for the rest.

use super::ask::Held;
use super::failure::Failure;
use analyzer::query::Grid;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::ops::Range;

/// Windows of one length in one range. Segments do not overlap.
pub(super) type Segment = (Range<CaptureTime>, WindowLength);

/// Windows of the lengths that divide the step. Long ones hold what the short ones of the same time say, merged, so each
/// time is read once, in the longest windows that it has.
///
/// # Errors
/// No length divides the step.
pub(super) fn segments(held: &[Held], grid: &Grid) -> Result<Vec<Segment>, Failure> {
    let mut lengths: Vec<&Held> =
        held.iter().filter(|(length, ..)| grid.step().0.is_multiple_of(length.span().0)).collect();
    if lengths.is_empty() && !held.is_empty() {
        let all: Vec<_> = held.iter().map(|(length, ..)| length.to_string()).collect();
        return Err(Failure::Asked(format!(
            "no windows divide a step of {}: the store holds windows of {}; ask for steps that are a multiple",
            grid.step(),
            all.join(", ")
        )));
    }
    lengths.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
    let mut open = vec![grid.start()..grid.end()];
    let mut segments = Vec::new();
    for (length, first, last) in lengths {
        let reach = *first..last.plus(length.span());
        let mut rest = Vec::new();
        for range in open {
            let inside = range.start.max(reach.start)..range.end.min(reach.end);
            if inside.is_empty() {
                rest.push(range);
                continue;
            }
            rest.extend(Some(range.start..inside.start).filter(|before| !before.is_empty()));
            rest.extend(Some(inside.end..range.end).filter(|behind| !behind.is_empty()));
            segments.push((inside, *length));
        }
        open = rest;
    }
    segments.sort_by_key(|(range, _)| range.start);
    Ok(segments)
}

/// The parts of segments that lie within some steps.
pub(super) fn within(segments: &[Segment], grid: &Grid) -> Vec<Segment> {
    let inside = |(range, length): &Segment| {
        let range = range.start.max(grid.start())..range.end.min(grid.end());
        (!range.is_empty()).then_some((range, *length))
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

    #[test]
    fn long_windows_first_short_ones_for_the_rest() {
        let held = [
            (length(10), at(6_000), at(8_990)),
            (length(60), at(3_600), at(8_880)),
            (length(3_600), at(0), at(3_600)),
        ];
        let grid = |step| Grid::new(at(0), at(9_000), Nanos::from_seconds(step)).unwrap();
        assert_eq!(
            segments(&held, &grid(3_600)).unwrap(),
            [
                (at(0)..at(7_200), length(3_600)),
                (at(7_200)..at(8_940), length(60)),
                (at(8_940)..at(9_000), length(10)),
            ]
        );
        assert_eq!(
            segments(&held, &grid(60)).unwrap(),
            [(at(3_600)..at(8_940), length(60)), (at(8_940)..at(9_000), length(10)),]
        );
        assert_eq!(segments(&held, &grid(10)).unwrap(), [(at(6_000)..at(9_000), length(10))]);
        assert!(segments(&held, &grid(7)).is_err());
        assert_eq!(segments(&[], &grid(7)).unwrap(), []);
    }
}
