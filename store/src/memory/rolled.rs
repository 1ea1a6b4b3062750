//! Rollups in memory: made only of what retention takes. Everything else is merged when it is asked for.

use super::{Held, Merged};
use crate::TimeRange;
use crate::rollup::{Floors, Fold, Maintained, Retention, coarsest, levels, steps};
use model::batch::Value;
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of one series.
pub(super) type Rows = Vec<(CaptureTime, Value)>;

/// Rows of the windows of which the base rows are gone.
#[derive(Debug, Default)]
pub(super) struct Rolled {
    /// By base length and the rows' length.
    rows: BTreeMap<(WindowLength, WindowLength), Merged>,
    /// The base windows that somebody reported.
    reported: BTreeMap<WindowLength, BTreeSet<CaptureTime>>,
}

impl Rolled {
    pub(super) fn series(&self) -> impl Iterator<Item = &Arc<Series>> {
        self.rows.values().flat_map(BTreeMap::keys)
    }

    pub(super) fn reported(&self, base: WindowLength, range: TimeRange) -> Vec<CaptureTime> {
        let reported = self.reported.get(&base).filter(|_| range.start < range.end);
        reported.map(|starts| starts.range(range).copied().collect()).unwrap_or_default()
    }

    pub(super) fn all_reported(&self) -> impl Iterator<Item = (WindowLength, CaptureTime)> {
        self.reported.iter().flat_map(|(&base, starts)| starts.iter().map(move |&at| (base, at)))
    }

    /// Forgets the hours that end at `time` or before.
    pub(super) fn forget(&mut self, base: WindowLength, time: CaptureTime) {
        let time = WindowLength::HOUR.window_of(time).start;
        for &level in levels(base) {
            self.forget_level(base, level, time);
        }
        if let Some(reported) = self.reported.get_mut(&base) {
            *reported = reported.split_off(&time);
        }
    }

    fn forget_level(&mut self, base: WindowLength, level: WindowLength, time: CaptureTime) -> u64 {
        let Some(rows) = self.rows.get_mut(&(base, level)) else { return 0 };
        let mut forgotten = 0;
        rows.retain(|_, rows| {
            let kept = rows.split_off(&time);
            forgotten += std::mem::replace(rows, kept).len() as u64;
            !rows.is_empty()
        });
        forgotten
    }
}

impl Held {
    /// The rows of windows of `length`, by series.
    pub(super) fn folded(
        &self,
        select: &Select,
        range: &TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Vec<(Arc<Series>, Rows)> {
        let range = self.floors(base).readable(range, base, length);
        let steps = steps(base, length);
        let mut pieces: BTreeMap<Arc<Series>, Vec<(usize, CaptureTime, Value)>> = BTreeMap::new();
        if let Some(level) = coarsest(base, length).filter(|_| length != base) {
            let stage = steps.iter().position(|step| *step == level).map_or(0, |step| step + 1);
            let rolled = self.rolled.rows.get(&(base, level)).into_iter().flatten();
            for (series, rows) in rolled.filter(|(series, _)| select.matches(series)) {
                let rows = rows.iter().filter(|(start, _)| range.contains(start));
                let rows = rows.map(|(&start, value)| (stage, start, value.clone()));
                pieces.entry(Arc::clone(series)).or_default().extend(rows);
            }
        }
        for (series, rows) in self.merged(select, range, base) {
            let rows = rows.into_iter().map(|(start, value)| (0, start, value));
            pieces.entry(series).or_default().extend(rows);
        }
        let fold = |(series, pieces): (_, Vec<_>)| {
            let (mut fold, mut rows) = (Fold::through(&steps), Vec::new());
            for (stage, start, value) in pieces {
                fold.take(stage, start, value, &mut rows);
            }
            fold.finish(&mut rows);
            (series, rows)
        };
        pieces.into_iter().map(fold).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    pub(super) fn maintain(&mut self, retention: &Retention, now: CaptureTime) -> Maintained {
        let written = self.batches.keys().map(|id| id.window.length);
        let bases: BTreeSet<_> = written.chain(self.rolled.reported.keys().copied()).collect();
        let mut done = Maintained::default();
        for base in bases {
            let before = self.floors(base);
            let floors = before.moved(base, retention, now);
            self.roll_up(base, floors, &mut done);
            self.floors.insert(base, floors);
            for (level, floor) in
                [(WindowLength::MINUTE, floors.minute), (WindowLength::HOUR, floors.hour)]
            {
                done.forgotten += self.rolled.forget_level(base, level, floor);
            }
            if let Some(reported) = self.rolled.reported.get_mut(&base) {
                *reported = reported.split_off(&floors.hour);
            }
        }
        done
    }

    /// Rolls up what is older than the floor, and forgets it.
    fn roll_up(&mut self, base: WindowLength, floors: Floors, done: &mut Maintained) {
        let all = CaptureTime::ZERO..floors.base;
        for &level in levels(base) {
            let folded = self.folded(&Select::default(), &all, base, level);
            // Reading gave what was rolled up earlier, too.
            let rows =
                folded.into_iter().map(|(series, rows)| (series, rows.into_iter().collect()));
            self.rolled.rows.insert((base, level), rows.collect());
        }
        let gone = |window: Window| window.length == base && window.start < floors.base;
        let windows = self.batches.keys().map(|id| id.window).filter(|&window| gone(window));
        let starts: BTreeSet<_> = windows.map(|window| window.start).collect();
        let hour = |start: &CaptureTime| WindowLength::HOUR.window_of(*start).start;
        done.rolled += starts.iter().map(hour).collect::<BTreeSet<_>>().len() as u64;
        if !levels(base).is_empty() {
            self.rolled.reported.entry(base).or_default().extend(starts);
        }
        let before = self.batches.len();
        self.batches.retain(|id, _| !gone(id.window));
        done.forgotten += before.saturating_sub(self.batches.len()) as u64;
    }
}
