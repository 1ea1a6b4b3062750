//! Rolling up an hour: read without a lock, written a bounded number of series at a time.
//!
//! The hour stays dirty until its last row is written, so nobody reads half of it; its head lists
//! whatever series can have rows in it, so that a later attempt finds what a crash left.

use super::EmbeddedStore;
use super::dictionary::Writers;
use super::engine::View;
use super::keys::{self, Hour, SeriesId, Table, WriterId};
use super::rolled::base_rows;
use super::state::State;
use super::values::{self, Head, HourHead, Runs};
use super::write::Draft;
use crate::StoreError;
use crate::rollup::{Fold, levels};
use model::batch::Value;
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Series written in one change; each has up to 61 rows.
const SERIES_PER_STEP: usize = 128;

/// An hour that is being rolled up.
pub(super) struct Rolling {
    hour: Hour,
    /// The change that made it dirty: another one since, and what was read is old.
    version: u64,
    view: View,
    reported: Runs,
    /// Of base rows, and of what was rolled up earlier.
    series: Vec<SeriesId>,
    /// Those whose rows may be there from earlier.
    stale: HashSet<SeriesId>,
    /// How many of the series are done.
    done: usize,
    /// Those that have rows.
    kept: Vec<SeriesId>,
    deleted: HashSet<Vec<u8>>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
    /// Somebody wrote into the hour.
    Changed,
}

/// A row of one series.
pub(super) type Row = (WindowLength, CaptureTime, Value);

impl EmbeddedStore {
    /// Begins; `None` where the hour is not dirty.
    pub(super) fn begin_rolling(&self, hour: Hour) -> Result<Option<Rolling>, StoreError> {
        let (version, view) = {
            let state = self.state();
            (state.spans.version(hour), self.engine.view())
        };
        let Some(version) = version else { return Ok(None) };
        let (reported, mut series) = base_heads(&view, hour)?;
        let before = view.get(&hour.key(Table::Hour))?;
        let before = before.map(|head| HourHead::decode(&head)).transpose()?.unwrap_or_default();
        let stale: HashSet<_> = before.series.into_iter().collect();
        series.extend(&stale);
        let series: Vec<_> = series.into_iter().collect();
        let rolling = Rolling {
            hour,
            version,
            view,
            reported,
            series,
            stale,
            done: 0,
            kept: Vec::new(),
            deleted: HashSet::new(),
        };
        let mut state = self.state_mut();
        if state.spans.version(hour) == Some(version) {
            let mut draft = self.draft(&state);
            draft.changes.put(hour.key(Table::Hour), rolling.head(rolling.series.clone()));
            state.commit(draft)?;
        }
        Ok(Some(rolling))
    }

    /// One change.
    pub(super) fn roll_on(&self, rolling: &mut Rolling) -> Result<Progress, StoreError> {
        let end = rolling.series.len().min(rolling.done.saturating_add(SERIES_PER_STEP));
        let step = rolling.series.get(rolling.done..end).unwrap_or_default().to_vec();
        let mut rows = Vec::with_capacity(step.len());
        for &id in &step {
            rows.push((id, self.fold(rolling, id)?));
        }
        let mut state = self.state_mut();
        if state.spans.version(rolling.hour) != Some(rolling.version) {
            return Ok(Progress::Changed);
        }
        let mut draft = self.draft(&state);
        let base = rolling.hour.base;
        for (id, rows) in rows {
            let mut written: HashSet<Vec<u8>> = HashSet::new();
            for (length, start, value) in &rows {
                let key = keys::rolled(id, base, *length, *start);
                draft.changes.put(key.clone(), values::encode(value));
                written.insert(key);
            }
            if !rows.is_empty() {
                rolling.kept.push(id);
            }
            if rolling.stale.contains(&id) {
                for key in rolled_rows(&rolling.view, rolling.hour, id)? {
                    if !written.contains(&key) {
                        draft.changes.delete(key.clone());
                        rolling.deleted.insert(key);
                    }
                }
            }
        }
        rolling.done = end;
        let is_done = end == rolling.series.len();
        if is_done {
            self.finish(rolling, &mut draft, &state)?;
        }
        state.commit(draft)?;
        Ok(if is_done { Progress::Done } else { Progress::More })
    }

    /// The hour is clean.
    fn finish(
        &self,
        rolling: &Rolling,
        draft: &mut Draft,
        state: &State,
    ) -> Result<(), StoreError> {
        let key = rolling.hour.key(Table::Hour);
        if rolling.kept.is_empty() && rolling.reported.is_empty() {
            draft.changes.delete(key);
        } else {
            draft.changes.put(key, rolling.head(rolling.kept.clone()));
        }
        draft.changes.delete(rolling.hour.key(Table::Dirty));
        draft.cleaned = Some(rolling.hour);
        let kept: HashSet<_> = rolling.kept.iter().copied().collect();
        let gone = rolling.series.iter().copied().filter(|id| !kept.contains(id));
        draft.forget_rowless(state, &self.engine.view(), gone, &rolling.deleted)
    }

    /// What a series' base rows of the hour come to, on each level.
    fn fold(&self, rolling: &Rolling, id: SeriesId) -> Result<Vec<Row>, StoreError> {
        let Some((series, writers)) = self.series_and_writers(id) else { return Ok(Vec::new()) };
        let Rolling { hour, view, .. } = rolling;
        let rows = base_rows(view, &writers, (id, &series), hour.range(), hour.base);
        Ok(fold(hour.base, rows.collect::<Result<_, _>>()?))
    }

    fn series_and_writers(&self, id: SeriesId) -> Option<(Arc<Series>, Arc<Writers>)> {
        let state = self.state();
        let series = state.series.series(id)?;
        Some((Arc::clone(series), Arc::clone(&state.writers)))
    }
}

impl Rolling {
    fn head(&self, series: Vec<SeriesId>) -> Vec<u8> {
        HourHead { reported: self.reported.clone(), series }.encode()
    }
}

/// What base rows come to, level by level: each is made of the one before.
pub(super) fn fold(base: WindowLength, mut values: Vec<(CaptureTime, Value)>) -> Vec<Row> {
    let mut rows = Vec::new();
    for &length in levels(base) {
        let (mut fold, mut folded) = (Fold::through(&[length]), Vec::new());
        for (start, value) in values {
            fold.take(0, start, value, &mut folded);
        }
        fold.finish(&mut folded);
        rows.extend(folded.iter().map(|(start, value)| (length, *start, value.clone())));
        values = folded;
    }
    rows
}

/// Which windows of an hour were reported, as runs of their numbers, and the series in them.
pub(super) fn base_heads(
    view: &View,
    hour: Hour,
) -> Result<(Runs, BTreeSet<SeriesId>), StoreError> {
    let at = |time| keys::head(hour.base, time, WriterId::FIRST);
    let (mut reported, mut series): (Runs, BTreeSet<SeriesId>) = Default::default();
    for pair in view.range(at(hour.start), at(hour.end())) {
        let (key, head) = pair?;
        let (window, _) = keys::read_head(&key)?;
        let since = window.start.since(hour.start).unwrap_or_default();
        let number = since.0.checked_div(hour.base.span().0).unwrap_or_default();
        match reported.last_mut() {
            Some((first, count)) if number < first.saturating_add(*count) => {}
            Some((first, count)) if number == first.saturating_add(*count) => {
                *count = count.saturating_add(1);
            }
            _ => reported.push((number, 1)),
        }
        series.extend(Head::decode(&head)?.series);
    }
    Ok((reported, series))
}

/// The keys of a series' rows in an hour.
pub(super) fn rolled_rows(
    view: &View,
    hour: Hour,
    id: SeriesId,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut rows = Vec::new();
    for &length in levels(hour.base) {
        let at = |time| keys::rolled(id, hour.base, length, time);
        for pair in view.range(at(hour.start), at(hour.end())) {
            rows.push(pair?.0.to_vec());
        }
    }
    Ok(rows)
}
