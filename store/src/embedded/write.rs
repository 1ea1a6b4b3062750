//! Changing what the store holds: one change at a time, durable before it is acknowledged or seen.

use super::EmbeddedStore;
use super::dictionary::Writer;
use super::engine::{Changes, View};
use super::keys::{self, Hour, SeriesId, Table, WriterId};
use super::state::State;
use super::values::{self, Counters, Head};
use crate::rollup::Floors;
use crate::{StoreError, Written, batch_within};
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::window::{Window, WindowLength};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A change that is being put together, and what it will change in memory once it is on disk.
pub(super) struct Draft {
    pub(super) changes: Changes,
    pub(super) counters: Counters,
    pub(super) new_series: HashMap<Arc<Series>, SeriesId>,
    pub(super) new_writers: HashMap<Writer, WriterId>,
    /// Batches in it.
    heads: HashSet<BatchId>,
    pub(super) gone_series: Vec<SeriesId>,
    pub(super) dirtied: BTreeSet<Hour>,
    pub(super) cleaned: Option<Hour>,
    pub(super) floors: Option<(WindowLength, Floors)>,
}

impl EmbeddedStore {
    pub(super) fn write_batch(&self, batch: Batch) -> Result<Written, StoreError> {
        let mut state = self.state_mut();
        let mut draft = self.draft(&state);
        let written = self.draft_batch(&state, &mut draft, batch)?;
        if !draft.heads.is_empty() {
            state.commit(draft)?;
        }
        Ok(written)
    }

    /// One change for as many as can be.
    pub(super) fn write_batches(&self, batches: Vec<Batch>) -> Vec<Result<Written, StoreError>> {
        let mut state = self.state_mut();
        let mut group = Group { draft: self.draft(&state), written: Vec::new(), settled: 0 };
        for batch in batches {
            // What cannot be read is said when the batch is drafted.
            if !group.can_take(&state, &self.engine.view(), &batch).unwrap_or_default() {
                group.commit(self, &mut state);
            }
            let written = self.draft_batch(&state, &mut group.draft, batch);
            // What was drafted of it is not to be written.
            let is_broken =
                matches!(&written, Err(StoreError::Engine(_) | StoreError::Damaged { .. }));
            let is_alone = matches!(written, Ok(Written::Replaced));
            group.written.push(written);
            if is_broken {
                group.drop_rest(self, &state);
            } else if is_alone || group.draft.changes.len() >= GROUPED_CHANGES_MAX {
                group.commit(self, &mut state);
            }
        }
        group.commit(self, &mut state);
        group.written
    }

    /// Adds a batch to a change, if it says something new.
    fn draft_batch(
        &self,
        state: &State,
        draft: &mut Draft,
        batch: Batch,
    ) -> Result<Written, StoreError> {
        batch_within(&batch)?;
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
        draft.mark_dirty(state, window);
        let writer = draft.writer_id(state, writer);
        let series = draft.put_rows(state, window, writer, batch.values);
        if let Some(older) = &older {
            let kept: HashSet<_> = series.iter().copied().collect();
            let gone = older.series.iter().copied().filter(|id| !kept.contains(id)).collect();
            draft.delete_rows(state, &view, window, writer, gone)?;
        }
        let head = Head { revision: batch.revision, series };
        draft.changes.put(keys::head(window.length, window.start, writer), head.encode());
        draft.heads.insert(batch.id);
        Ok(if older.is_some() { Written::Replaced } else { Written::Stored })
    }

    /// A change that has nothing in it yet.
    pub(super) fn draft(&self, state: &State) -> Draft {
        Draft {
            changes: self.engine.changes(),
            counters: state.counters,
            new_series: HashMap::new(),
            new_writers: HashMap::new(),
            heads: HashSet::new(),
            gone_series: Vec::new(),
            dirtied: BTreeSet::new(),
            cleaned: None,
            floors: None,
        }
    }
}

/// Changes in one write of several batches, beyond which the next begins.
const GROUPED_CHANGES_MAX: usize = 65_536;

/// Batches that are written together.
struct Group {
    draft: Draft,
    /// One for each batch.
    written: Vec<Result<Written, StoreError>>,
    /// How many of these are decided.
    settled: usize,
}

impl Group {
    /// A batch that replaces another deletes what the engine holds: it is written alone, and so is a batch that
    /// is in the group already.
    fn can_take(&self, state: &State, view: &View, batch: &Batch) -> Result<bool, StoreError> {
        if self.draft.heads.is_empty() {
            return Ok(true);
        }
        let older = match state.writers.id(&Writer::of(&batch.id)) {
            Some(id) => head(view, batch.id.window, id)?,
            None => None,
        };
        let replaces = older.is_some_and(|older| batch.revision > older.revision);
        Ok(!replaces && !self.draft.heads.contains(&batch.id))
    }

    fn commit(&mut self, store: &EmbeddedStore, state: &mut State) {
        let draft = std::mem::replace(&mut self.draft, store.draft(state));
        if !draft.heads.is_empty()
            && let Err(error) = state.commit(draft)
        {
            self.fail(&error);
        }
        self.draft = store.draft(state);
        self.settled = self.written.len();
    }

    /// Gives up what is drafted: one of its batches could not be.
    fn drop_rest(&mut self, store: &EmbeddedStore, state: &State) {
        self.fail(&StoreError::Engine(
            "a batch beside it could not be written: send it again".to_owned(),
        ));
        self.draft = store.draft(state);
        self.settled = self.written.len();
    }

    /// What was to be stored was not.
    fn fail(&mut self, error: &StoreError) {
        for written in self.written.iter_mut().skip(self.settled) {
            if matches!(written, Ok(Written::Stored | Written::Replaced)) {
                *written = Err(StoreError::Engine(error.to_string()));
            }
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
        let known = state.writers.id(&writer).or_else(|| self.new_writers.get(&writer).copied());
        if let Some(id) = known {
            return id;
        }
        let id = WriterId(self.counters.next_writer);
        self.counters.next_writer = id.0.saturating_add(1);
        self.changes.put(writer.key(), id.0.to_be_bytes().to_vec());
        self.new_writers.insert(writer, id);
        id
    }

    /// A series' number; a new one gets the next.
    fn series_id(&mut self, state: &State, series: Arc<Series>) -> SeriesId {
        let known = state.series.id(&series).or_else(|| self.new_series.get(&series).copied());
        if let Some(id) = known {
            return id;
        }
        let id = SeriesId(self.counters.next_series);
        self.counters.next_series = id.0.saturating_add(1);
        self.changes.put(keys::series(&series), id.0.to_be_bytes().to_vec());
        self.new_series.insert(series, id);
        id
    }

    /// Their numbers, ascending. Of two values of one series the batch says both.
    fn put_rows(
        &mut self,
        state: &State,
        window: Window,
        writer: WriterId,
        values: Vec<(Arc<Series>, Value)>,
    ) -> Vec<SeriesId> {
        let mut rows: Vec<(SeriesId, Value)> = Vec::with_capacity(values.len());
        for (series, value) in values {
            rows.push((self.series_id(state, series), value));
        }
        // Stable: two values of one series stay in their order. Sorted, they also go faster into the engine.
        rows.sort_by_key(|(id, _)| *id);
        rows.dedup_by(|(id, value), (before, first)| {
            let is_same = id == before;
            if is_same {
                first.merge(value);
            }
            is_same
        });
        for (id, value) in &rows {
            let key = keys::row(*id, window.length, window.start, writer);
            self.changes.put(key, values::encode(value));
        }
        rows.into_iter().map(|(id, _)| id).collect()
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
