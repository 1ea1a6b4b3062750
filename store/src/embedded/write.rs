//! Changing what the store holds: one change at a time, durable before it is acknowledged or seen.

use super::EmbeddedStore;
use super::dictionary::Writer;
use super::engine::{Changes, View};
use super::keys::{self, Hour, SeriesId, Table, WriterId};
use super::state::State;
use super::values::{self, Counters, Head};
use crate::rollup::Floors;
use crate::{Note, StoreError, Written, check, notes_within};
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::window::{Window, WindowLength};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A change that is being put together, and what it will change in memory once it is on disk.
/// The engine takes each key at most once in a change.
pub(super) struct Draft {
    pub(super) changes: Changes,
    pub(super) counters: Counters,
    pub(super) new_series: HashMap<Arc<Series>, SeriesId>,
    pub(super) new_writers: HashMap<Writer, WriterId>,
    pub(super) gone_series: Vec<SeriesId>,
    pub(super) dirtied: BTreeSet<Hour>,
    pub(super) cleaned: Option<Hour>,
    pub(super) floors: Option<(WindowLength, Floors)>,
}

/// The newest that a change says of an identity, in place of what is on disk.
struct Newest {
    batch: Batch,
    writer: WriterId,
    on_disk: Option<Head>,
}

impl EmbeddedStore {
    pub(super) fn write_batches(
        &self,
        batches: Vec<Batch>,
        notes: &[Note],
    ) -> Result<Vec<Written>, StoreError> {
        notes_within(notes)?;
        batches.iter().try_for_each(check)?;
        let mut state = self.state_mut();
        let view = self.engine.view();
        let mut draft = self.draft(&state);
        let (written, newest) = draft.judge(&state, &view, batches)?;
        if newest.is_empty() && notes.is_empty() {
            return Ok(written);
        }
        let last: HashMap<_, _> =
            notes.iter().map(|note| ((&note.kind, &note.name), note)).collect();
        last.into_values().try_for_each(|note| draft.note(&view, note))?;
        draft.put_batches(&state, &view, newest)?;
        state.commit(draft)?;
        Ok(written)
    }

    /// A change that has nothing in it yet.
    pub(super) fn draft(&self, state: &State) -> Draft {
        Draft {
            changes: self.engine.changes(),
            counters: state.counters,
            new_series: HashMap::new(),
            new_writers: HashMap::new(),
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
    /// What becomes of each batch, one after the other; and the newest of each identity that is to be written.
    fn judge(
        &mut self,
        state: &State,
        view: &View,
        batches: Vec<Batch>,
    ) -> Result<(Vec<Written>, Vec<Newest>), StoreError> {
        let mut written = Vec::with_capacity(batches.len());
        let mut newest: Vec<Newest> = Vec::with_capacity(batches.len());
        let mut places: HashMap<BatchId, usize> = HashMap::new();
        for batch in batches {
            let before = places.get(&batch.id).and_then(|&place| newest.get_mut(place));
            if let Some(before) = before {
                let is_newer = batch.revision > before.batch.revision;
                written.push(if is_newer { Written::Replaced } else { Written::AlreadyThere });
                if is_newer {
                    before.batch = batch;
                }
                continue;
            }
            let window = batch.id.window;
            if window.start < state.spans.floors(window.length).base {
                written.push(Written::TooLate);
                continue;
            }
            let writer = Writer::of(&batch.id);
            let on_disk = match state.writers.id(&writer) {
                Some(id) => head(view, window, id)?,
                None => None,
            };
            if on_disk.as_ref().is_some_and(|head| batch.revision <= head.revision) {
                written.push(Written::AlreadyThere);
                continue;
            }
            written.push(if on_disk.is_some() { Written::Replaced } else { Written::Stored });
            places.insert(batch.id.clone(), newest.len());
            newest.push(Newest { batch, writer: self.writer_id(state, writer), on_disk });
        }
        Ok((written, newest))
    }

    /// Rows and heads, in place of what was on disk.
    fn put_batches(
        &mut self,
        state: &State,
        view: &View,
        newest: Vec<Newest>,
    ) -> Result<(), StoreError> {
        let (mut heads, mut thinned) = (Vec::new(), BTreeSet::new());
        let mut deleted: HashSet<Vec<u8>> = HashSet::new();
        for Newest { batch, writer, on_disk } in newest {
            let window = batch.id.window;
            self.mark_dirty(state, window);
            let series = self.put_rows(state, window, writer, batch.values);
            for id in on_disk.into_iter().flat_map(|head| head.series) {
                if series.binary_search(&id).is_err() {
                    deleted.insert(keys::row(id, window.length, window.start, writer));
                    thinned.insert(id);
                }
            }
            let head = Head { revision: batch.revision, series };
            self.changes.put(keys::head(window.length, window.start, writer), head.encode());
            heads.push(head);
        }
        deleted.iter().for_each(|key| self.changes.delete(key.clone()));
        thinned.retain(|id| heads.iter().all(|head| head.series.binary_search(id).is_err()));
        self.forget_rowless(state, view, thinned, &deleted)
    }

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
