//! Rollups: minutes and hours made of finer windows, exactly.
//!
//! The windows that batches say are *base* windows. Those of one base length are rolled up by
//! themselves: who writes both 1 s and 10 s of the same requests is not counted twice.
//!
//! Values are merged along one tree: base windows to minutes, minutes to hours, these to whatever was
//! asked for, each in time order. So the answer is the same to the last bit, whatever was rolled up already.

use crate::{StoreError, TimeRange};
use model::batch::Value;
use model::histogram::{CompactHistogram, Histogram};
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};

/// How long windows are kept, by their length; `None`: for ever. What is rolled up is kept as its
/// own length says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Windows shorter than a minute.
    pub base: Option<Nanos>,
    /// From a minute to less than an hour.
    pub minute: Option<Nanos>,
    /// An hour and longer.
    pub hour: Option<Nanos>,
}

impl Retention {
    /// The longest is not forgotten before what it is made of.
    fn of(&self, length: WindowLength) -> Option<Nanos> {
        let longer = |one: Option<Nanos>, other: Option<Nanos>| Some(one?.max(other?));
        let minute = longer(self.base, self.minute);
        match length.span().0 {
            ..MINUTE_NANOS => self.base,
            MINUTE_NANOS..HOUR_NANOS => minute,
            HOUR_NANOS.. => longer(minute, self.hour),
        }
    }
}

/// From when on the windows of one base length are kept: each moves forward only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floors {
    /// Base windows; older ones are refused.
    pub(crate) base: CaptureTime,
    /// Minutes.
    pub(crate) minute: CaptureTime,
    /// Hours.
    pub(crate) hour: CaptureTime,
    /// Up to here the minutes that are not kept any more are gone from the disk.
    pub(crate) minutes_gone: CaptureTime,
}

impl Floors {
    /// What they are to be. Floors are whole hours: none is rolled up that lost some of its windows.
    pub(crate) fn moved(self, base: WindowLength, retention: &Retention, now: CaptureTime) -> Self {
        let whole = if levels(base).is_empty() { base } else { WindowLength::HOUR };
        let settled = now.minus(SETTLES_AFTER);
        let floor = |length| match retention.of(length) {
            Some(keep) => whole.window_of(now.minus(keep).min(settled)).start,
            None => CaptureTime::ZERO,
        };
        Self {
            base: self.base.max(floor(base)),
            minute: self.minute.max(floor(WindowLength::MINUTE)),
            hour: self.hour.max(floor(WindowLength::HOUR)),
            minutes_gone: self.minutes_gone,
        }
    }

    /// Of the windows of `length`, made of those of `base`.
    fn of(self, base: WindowLength, length: WindowLength) -> CaptureTime {
        match coarsest(base, length) {
            Some(WindowLength::HOUR) => self.hour,
            Some(_) => self.minute,
            None => self.base,
        }
    }

    /// From when on windows of `length` are kept whole.
    pub(crate) fn whole_since(self, base: WindowLength, length: WindowLength) -> CaptureTime {
        at_or_after(length, self.of(base, length))
    }

    /// The windows of `length` in a range that are kept, and kept whole.
    pub(crate) fn readable(
        self,
        range: &TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> TimeRange {
        let start = range.start.max(self.of(base, length));
        at_or_after(length, start)..at_or_after(length, range.end)
    }

    /// What can be read of one base length, whose windows went from `first` to `last`.
    pub(crate) fn kept(
        self,
        base: WindowLength,
        first: CaptureTime,
        last: CaptureTime,
    ) -> impl Iterator<Item = Kept> {
        let lengths = std::iter::once(base).chain(levels(base).iter().copied());
        let kept = move |length: WindowLength| {
            let first = length.window_of(first).start.max(self.of(base, length));
            Kept { base, length, first, last: length.window_of(last).start }
        };
        lengths.map(kept).filter(|kept| kept.first <= kept.last)
    }
}

/// The longest windows that are rolled up and that windows of `length` can be made of.
pub(crate) fn coarsest(base: WindowLength, length: WindowLength) -> Option<WindowLength> {
    levels(base).iter().rev().copied().find(|&level| length.is_multiple_of(level))
}

/// How many base windows each window of `length` has; `starts` ascending.
pub(crate) fn counted(
    starts: impl IntoIterator<Item = CaptureTime>,
    length: WindowLength,
) -> Vec<(CaptureTime, u64)> {
    let mut counted: Vec<(CaptureTime, u64)> = Vec::new();
    for start in starts {
        let start = length.window_of(start).start;
        match counted.last_mut() {
            Some((same, count)) if *same == start => *count = count.saturating_add(1),
            _ => counted.push((start, 1)),
        }
    }
    counted
}

/// The spans of time that base windows cover, as far as they start in `range`; `starts` ascending.
pub(crate) fn spans(
    starts: impl IntoIterator<Item = CaptureTime>,
    base: WindowLength,
    range: &TimeRange,
) -> Vec<TimeRange> {
    let mut spans: Vec<TimeRange> = Vec::new();
    for start in starts.into_iter().filter(|start| range.contains(start)) {
        cover(&mut spans, start..start.plus(base.span()));
    }
    spans
}

/// Adds a span that does not start before the last one.
pub(crate) fn cover(spans: &mut Vec<TimeRange>, span: TimeRange) {
    match spans.last_mut() {
        _ if span.is_empty() => {}
        Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
        _ => spans.push(span),
    }
}

/// Refuses lengths that cannot be made.
pub(crate) fn check_multiple(base: WindowLength, length: WindowLength) -> Result<(), StoreError> {
    if length.is_multiple_of(base) {
        Ok(())
    } else {
        Err(StoreError::NotAMultiple { base, length })
    }
}

const MINUTE_NANOS: u64 = WindowLength::MINUTE.span().0;
const HOUR_NANOS: u64 = WindowLength::HOUR.span().0;

/// How long after its end an hour is rolled up: windows are revised for 10 min.
pub const SETTLES_AFTER: Nanos = Nanos::from_seconds(15 * 60);

/// What housekeeping did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Hours rolled up, anew or again.
    pub rolled: u64,
    /// Rows forgotten, base and rolled up.
    pub forgotten: u64,
}

/// From when to when windows of a length can be read, of one base length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The length of the windows that were written.
    pub base: WindowLength,
    /// `base`, a minute or an hour.
    pub length: WindowLength,
    /// The first such window's start.
    pub first: CaptureTime,
    /// The last one's.
    pub last: CaptureTime,
}

/// What a base length is rolled up to, finest first; the last is always an hour.
pub(crate) fn levels(base: WindowLength) -> &'static [WindowLength] {
    const BOTH: &[WindowLength] = &[WindowLength::MINUTE, WindowLength::HOUR];
    const NONE: &[WindowLength] = &[];
    if base >= WindowLength::HOUR || !WindowLength::HOUR.is_multiple_of(base) {
        NONE
    } else if base < WindowLength::MINUTE {
        BOTH
    } else {
        BOTH.get(1..).unwrap_or(NONE)
    }
}

/// The hour that is rolled up at a time, if windows of this length are rolled up.
pub(crate) fn hour_of(base: WindowLength, time: CaptureTime) -> Option<CaptureTime> {
    (!levels(base).is_empty()).then(|| WindowLength::HOUR.window_of(time).start)
}

/// The levels on the way from `base` to `length`, then `length` itself.
pub(crate) fn steps(base: WindowLength, length: WindowLength) -> Vec<WindowLength> {
    let on_the_way = |level: &&WindowLength| length.is_multiple_of(**level) && **level < length;
    let mut steps: Vec<_> = levels(base).iter().filter(on_the_way).copied().collect();
    steps.push(length);
    steps
}

/// The first window of this length that starts at `time` or later.
pub(crate) fn at_or_after(length: WindowLength, time: CaptureTime) -> CaptureTime {
    let window = length.window_of(time);
    if window.start == time { time } else { window.end() }
}

/// A series' rows, folded into longer and longer windows.
pub(crate) struct Fold {
    stages: Vec<Stage>,
}

/// Windows of one length.
struct Stage {
    length: WindowLength,
    open: Option<(CaptureTime, Sum)>,
}

impl Fold {
    /// Through windows of these lengths, each a multiple of the one before.
    pub(crate) fn through(steps: &[WindowLength]) -> Self {
        let stage = |&length| Stage { length, open: None };
        Self { stages: steps.iter().map(stage).collect() }
    }

    /// Takes a row into the stage with this number, which is not before an earlier row's window.
    /// Rows that are whole go to `out`.
    pub(crate) fn take(
        &mut self,
        stage: usize,
        start: CaptureTime,
        value: Value,
        out: &mut Vec<(CaptureTime, Value)>,
    ) {
        // Whatever is open in a finer stage is over.
        for finer in 0..stage {
            self.close(finer, out);
        }
        let Some(at) = self.stages.get_mut(stage) else { return out.push((start, value)) };
        let Window { start, .. } = at.length.window_of(start);
        if let Some((same, sum)) = &mut at.open
            && *same == start
        {
            return sum.add(value);
        }
        self.close(stage, out);
        if let Some(at) = self.stages.get_mut(stage) {
            at.open = Some((start, Sum::One(value)));
        }
    }

    /// Gives what is open on to the next stage.
    fn close(&mut self, stage: usize, out: &mut Vec<(CaptureTime, Value)>) {
        let open = self.stages.get_mut(stage).and_then(|stage| stage.open.take());
        if let Some((start, sum)) = open {
            self.take(stage.saturating_add(1), start, sum.value(), out);
        }
    }

    /// The rest.
    pub(crate) fn finish(&mut self, out: &mut Vec<(CaptureTime, Value)>) {
        for stage in 0..self.stages.len() {
            self.close(stage, out);
        }
    }
}

/// Values merged; histograms in their dense form, which merges cheapest.
enum Sum {
    One(Value),
    Histograms(Box<Histogram>),
}

impl Sum {
    fn add(&mut self, value: Value) {
        match (&mut *self, &value) {
            (Self::Histograms(sum), Value::Histogram(added)) => sum.merge_compact(added),
            (Self::One(Value::Histogram(first)), Value::Histogram(added)) => {
                let mut sum = Box::new(Histogram::from(&*first));
                sum.merge_compact(added);
                *self = Self::Histograms(sum);
            }
            (Self::One(sum), _) => sum.merge(&value),
            // Of two kinds the first stays.
            (Self::Histograms(_), _) => {}
        }
    }

    fn value(self) -> Value {
        match self {
            Self::One(value) => value,
            Self::Histograms(sum) => Value::Histogram(CompactHistogram::from(&*sum)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> WindowLength {
        WindowLength::parse(text).unwrap()
    }

    #[test]
    fn lengths_are_rolled_up_on_the_way() {
        assert_eq!(levels(length("10s")), [WindowLength::MINUTE, WindowLength::HOUR]);
        assert_eq!(levels(length("5m")), [WindowLength::HOUR]);
        for none in ["1h", "7m", "2h"] {
            assert!(levels(length(none)).is_empty(), "{none}");
        }
        assert_eq!(steps(length("10s"), length("30s")), [length("30s")]);
        assert_eq!(steps(length("10s"), length("1h")), [WindowLength::MINUTE, WindowLength::HOUR]);
        assert_eq!(steps(length("10s"), length("90m")), [WindowLength::MINUTE, length("90m")]);
        assert_eq!(steps(length("1m"), length("2h")), [WindowLength::HOUR, length("2h")]);
    }

    #[test]
    fn rows_fold_by_the_tree_wherever_they_enter() {
        let at = |seconds| CaptureTime::from_parts(seconds, 0);
        let steps = steps(length("10s"), length("2m"));
        let (mut fold, mut out) = (Fold::through(&steps), Vec::new());
        for seconds in [0, 10, 70, 100] {
            fold.take(0, at(seconds), Value::Delta(seconds), &mut out);
        }
        fold.take(1, at(120), Value::Delta(5), &mut out);
        fold.take(0, at(180), Value::Delta(6), &mut out);
        assert_eq!(out, [(at(0), Value::Delta(180))]);
        fold.finish(&mut out);
        assert_eq!(out, [(at(0), Value::Delta(180)), (at(120), Value::Delta(11))]);
    }
}
