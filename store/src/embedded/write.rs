//! Changing what the store holds: one change at a time, durable before it is acknowledged or seen.

use super::EmbeddedStore;
use super::dictionary::Writer;
use super::engine::{Changes, View};
use super::keys::{self, Hour, SeriesId, Table, WriterId};
use super::state::State;
use super::values::{self, Counters, Head};
use crate::rollup::Floors;
use crate::{StoreError, Values, Written, distinct};
use model::batch::{Batch, Value};
use model::series::Series;
use model::window::{Window, WindowLength};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// A change that is being put together, and what it will change in memory once it is on disk.
pub(super) struct Draft {
    pub(super) changes: Changes,
    pub(super) counters: Counters,
    pub(super) new_series: Vec<(Arc<Series>, SeriesId)>,
    pub(super) new_writer: Option<(Writer, WriterId)>,
    pub(super) gone_series: Vec<SeriesId>,
    pub(super) dirtied: BTreeSet<Hour>,
    pub(super) cleaned: Option<Hour>,
    pub(super) floors: Option<(WindowLength, Floors)>,
}

impl EmbeddedStore {
    pub(super) fn write_batch(&self, batch: &Batch) -> Result<Written, StoreError> {
        let values = distinct(batch)?;
        let mut state = self.state_mut();
        let window = batch.id.window;
        if window.start < state.spans.floors(window.length).base {
            return Ok(Written::TooLate);
        }
        let view = self.engine.view();
        let writer = Writer::of(&batch.id);
        let older = match state.writers.id(&writer) {
            Some(id) => head(&view, window, id)?,
            None => None,
        };
        if older.as_ref().is_some_and(|older| batch.revision <= older.revision) {
            return Ok(Written::AlreadyThere);
        }
        let mut draft = self.draft(&state);
        draft.mark_dirty(&state, window);
        let writer = draft.writer_id(&state, writer);
        let series = draft.put_rows(&state, window, writer, values);
        if let Some(older) = &older {
            let kept: HashSet<_> = series.iter().copied().collect();
            let gone = older.series.iter().copied().filter(|id| !kept.contains(id)).collect();
            draft.delete_rows(&state, &view, window, writer, gone)?;
        }
        let head = Head { revision: batch.revision, series };
        draft.changes.put(keys::head(window.length, window.start, writer), head.encode());
        state.commit(draft)?;
        Ok(if older.is_some() { Written::Replaced } else { Written::Stored })
    }

    /// A change that has nothing in it yet.
    pub(super) fn draft(&self, state: &State) -> Draft {
        Draft {
            changes: self.engine.changes(),
            counters: state.counters,
            new_series: Vec::new(),
            new_writer: None,
            gone_series: Vec::new(),
            dirtied: BTreeSet::new(),
            cleaned: None,
            floors: None,
        }
    }
}

fn head(view: &View, window: Window, writer: WriterId) -> Result<Option<Head>, StoreError> {
    let head = view.get(&keys::head(window.length, window.start, writer))?;
    head.map(|head| Head::decode(&head)).transpose()
}

impl Draft {
    /// The hour of a window that changes is to be rolled up.
    pub(super) fn mark_dirty(&mut self, state: &State, window: Window) {
        if let Some(hour) = Hour::of(window) {
            self.mark_hour_dirty(state, hour);
        }
    }

    pub(super) fn mark_hour_dirty(&mut self, state: &State, hour: Hour) {
        if self.dirtied.insert(hour) && !state.spans.is_dirty(hour) {
            self.changes.put(hour.key(Table::Dirty), Vec::new());
        }
    }

    /// Whether what is rolled up of an hour will say nothing.
    fn is_dirty(&self, state: &State, hour: Hour) -> bool {
        self.dirtied.contains(&hour) || (state.spans.is_dirty(hour) && self.cleaned != Some(hour))
    }

    /// A writer's number; a new one gets the next.
    fn writer_id(&mut self, state: &State, writer: Writer) -> WriterId {
        if let Some(id) = state.writers.id(&writer) {
            return id;
        }
        let id = WriterId(self.counters.next_writer);
        self.counters.next_writer = id.0.saturating_add(1);
        self.changes.put(writer.key(), id.0.to_be_bytes().to_vec());
        self.new_writer = Some((writer, id));
        id
    }

    /// A series' number; a new one gets the next.
    fn series_id(&mut self, state: &State, series: Arc<Series>) -> SeriesId {
        if let Some(id) = state.series.id(&series) {
            return id;
        }
        let id = SeriesId(self.counters.next_series);
        self.counters.next_series = id.0.saturating_add(1);
        self.changes.put(keys::series(&series), id.0.to_be_bytes().to_vec());
        self.new_series.push((series, id));
        id
    }

    /// Their numbers, ascending.
    fn put_rows(
        &mut self,
        state: &State,
        window: Window,
        writer: WriterId,
        values: Values,
    ) -> Vec<SeriesId> {
        let mut ids: Vec<SeriesId> = Vec::with_capacity(values.len());
        for (series, value) in values {
            let id = self.series_id(state, series);
            self.put_row(id, window, writer, &value);
            ids.push(id);
        }
        ids.sort_unstable();
        ids
    }

    fn put_row(&mut self, id: SeriesId, window: Window, writer: WriterId, value: &Value) {
        self.changes.put(keys::row(id, window.length, window.start, writer), values::encode(value));
    }

    /// Deletes a batch's rows of some series.
    fn delete_rows(
        &mut self,
        state: &State,
        view: &View,
        window: Window,
        writer: WriterId,
        series: Vec<SeriesId>,
    ) -> Result<(), StoreError> {
        let row = |id| keys::row(id, window.length, window.start, writer);
        let deleted: HashSet<Vec<u8>> = series.iter().map(|&id| row(id)).collect();
        deleted.iter().for_each(|key| self.changes.delete(key.clone()));
        self.forget_rowless(state, view, series, &deleted)
    }

    /// Deletes those of the series that have no rows beside the `deleted` ones.
    pub(super) fn forget_rowless(
        &mut self,
        state: &State,
        view: &View,
        series: impl IntoIterator<Item = SeriesId>,
        deleted: &HashSet<Vec<u8>>,
    ) -> Result<(), StoreError> {
        for id in series {
            if !has_rows_beside(view, id, deleted)?
                && !self.has_rolled_beside(state, view, id, deleted)?
            {
                if let Some(series) = state.series.series(id) {
                    self.changes.delete(keys::series(series));
                }
                self.gone_series.push(id);
            }
        }
        Ok(())
    }

    fn has_rolled_beside(
        &self,
        state: &State,
        view: &View,
        series: SeriesId,
        deleted: &HashSet<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        for pair in view.prefix(&keys::rolled_of(series)).rev() {
            let (key, _) = pair?;
            let (base, window) = keys::read_rolled(&key)?;
            let hour = Hour::of(Window { length: base, ..window });
            if !deleted.contains(&*key) && hour.is_some_and(|hour| !self.is_dirty(state, hour)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn put_counters(&mut self) {
        self.counters.writes = self.counters.writes.saturating_add(1);
        self.changes.put(Table::Counters.start(), self.counters.encode());
    }
}

/// Newest first: that one is most likely to stay.
fn has_rows_beside(
    view: &View,
    series: SeriesId,
    deleted: &HashSet<Vec<u8>>,
) -> Result<bool, StoreError> {
    for pair in view.prefix(&keys::rows_of(series)).rev() {
        let (key, _) = pair?;
        if !deleted.contains(&*key) {
            return Ok(true);
        }
    }
    Ok(false)
}
