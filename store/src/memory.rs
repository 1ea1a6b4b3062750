//! Keeps everything in memory: for tests, and the model that other stores are measured against.

mod rolled;

use crate::rollup::{Floors, Kept, Maintained, Retention, check_multiple, counted, spans};
use crate::{
    BLOCK_ROWS_MAX, Block, BlockStream, Document, Note, Store, StoreError, TimeRange, Written,
    check, document_within, notes_within,
};
use async_trait::async_trait;
use futures_util::stream;
use model::batch::{Batch, BatchId, Value};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use rolled::{Rolled, Rows};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    batches: BTreeMap<BatchId, Said>,
    rolled: Rolled,
    floors: BTreeMap<WindowLength, Floors>,
    documents: BTreeMap<(String, String), Kind>,
}

#[derive(Debug)]
struct Said {
    revision: u64,
    values: BTreeMap<Arc<Series>, Value>,
}

/// A document, or the version at which it was deleted.
#[derive(Debug)]
enum Kind {
    Live(Document),
    Deleted(u64),
}

/// Rows by series and window.
type Merged = BTreeMap<Arc<Series>, BTreeMap<CaptureTime, Value>>;

impl MemoryStore {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn keep(&mut self, batch: Batch) -> Written {
        let window = batch.id.window;
        if window.start < self.floors(window.length).base {
            return Written::TooLate;
        }
        let older = self.batches.get(&batch.id).map(|said| said.revision);
        if older.is_some_and(|revision| batch.revision <= revision) {
            return Written::AlreadyThere;
        }
        let said = Said { revision: batch.revision, values: distinct(batch.values) };
        self.batches.insert(batch.id, said);
        if older.is_some() { Written::Replaced } else { Written::Stored }
    }

    fn note(&mut self, note: Note) {
        let key = (note.kind.as_ref().to_owned(), note.name);
        let before = match self.documents.get(&key) {
            Some(Kind::Live(document)) => document.version,
            Some(&Kind::Deleted(version)) => version,
            None => 0,
        };
        match note.text {
            Some(text) => {
                let document = Document { version: before.saturating_add(1), text };
                self.documents.insert(key, Kind::Live(document));
            }
            None => drop(self.documents.remove(&key)),
        }
    }

    /// The windows that start in `range`, in the order of (source, run, pipeline).
    fn batches_in(
        &self,
        range: TimeRange,
        resolution: WindowLength,
    ) -> impl Iterator<Item = (Window, &Said)> {
        self.batches
            .iter()
            .map(|(id, kept)| (id.window, kept))
            .filter(move |(window, _)| window.length == resolution && range.contains(&window.start))
    }

    fn floors(&self, base: WindowLength) -> Floors {
        self.floors.get(&base).copied().unwrap_or_default()
    }

    /// What the batches of one length say, merged.
    fn merged(&self, select: &Select, range: TimeRange, resolution: WindowLength) -> Merged {
        let mut merged = Merged::new();
        for (window, said) in self.batches_in(range, resolution) {
            for (series, value) in said.values.iter().filter(|(series, _)| select.matches(series)) {
                let rows = merged.entry(Arc::clone(series)).or_default();
                rows.entry(window.start)
                    .and_modify(|first| first.merge(value))
                    .or_insert_with(|| value.clone());
            }
        }
        merged
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn write_all(
        &self,
        batches: Vec<Batch>,
        notes: Vec<Note>,
    ) -> Result<Vec<Written>, StoreError> {
        notes_within(&notes)?;
        batches.iter().try_for_each(check)?;
        let mut held = self.held();
        notes.into_iter().for_each(|note| held.note(note));
        Ok(batches.into_iter().map(|batch| held.keep(batch)).collect())
    }

    async fn scan(
        &self,
        select: &Select,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<BlockStream, StoreError> {
        let merged = self.held().merged(select, range, resolution);
        Ok(blocks(merged.into_iter().map(|(series, rows)| (series, rows.into_iter().collect()))))
    }

    async fn scan_by(
        &self,
        select: &Select,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<BlockStream, StoreError> {
        check_multiple(base, length)?;
        Ok(blocks(self.held().folded(select, &range, base, length).into_iter()))
    }

    async fn reported(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<(CaptureTime, u64)>, StoreError> {
        check_multiple(base, length)?;
        let held = self.held();
        let range = held.floors(base).readable(&range, base, length);
        let windows = held.batches_in(range.clone(), base).map(|(window, _)| window.start);
        let rolled = if base == length { Vec::new() } else { held.rolled.reported(base, range) };
        let starts: BTreeSet<_> = windows.chain(rolled).collect();
        Ok(counted(starts, length))
    }

    async fn observed(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<TimeRange>, StoreError> {
        check_multiple(base, length)?;
        let held = self.held();
        let range = range.start.max(held.floors(base).whole_since(base, length))..range.end;
        let windows = held.batches_in(range.clone(), base).map(|(window, _)| window.start);
        let rolled = held.rolled.reported(base, range.clone());
        let starts: BTreeSet<_> = windows.chain(rolled).collect();
        Ok(spans(starts, base, &range))
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        let held = self.held();
        let mut spans: BTreeMap<WindowLength, (CaptureTime, CaptureTime)> = BTreeMap::new();
        let windows = held.batches.keys().map(|id| (id.window.length, id.window.start));
        for (base, start) in windows.chain(held.rolled.all_reported()) {
            let span = spans.entry(base).or_insert((start, start));
            *span = (span.0.min(start), span.1.max(start));
        }
        let kept =
            |(base, (first, last))| held.floors(base).kept(base, first, last).collect::<Vec<_>>();
        Ok(spans.into_iter().flat_map(kept).collect())
    }

    async fn maintain(
        &self,
        retention: &Retention,
        now: CaptureTime,
    ) -> Result<Maintained, StoreError> {
        Ok(self.held().maintain(retention, now))
    }

    async fn series(&self, select: &Select) -> Result<Vec<Arc<Series>>, StoreError> {
        let held = self.held();
        let said = held.batches.values().flat_map(|said| said.values.keys());
        let known: BTreeSet<_> = said.chain(held.rolled.series()).collect();
        Ok(known.into_iter().filter(|series| select.matches(series)).map(Arc::clone).collect())
    }

    async fn windows(
        &self,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<Vec<CaptureTime>, StoreError> {
        let held = self.held();
        let starts: BTreeSet<_> =
            held.batches_in(range, resolution).map(|(window, _)| window.start).collect();
        Ok(starts.into_iter().collect())
    }

    async fn resolutions(
        &self,
    ) -> Result<Vec<(WindowLength, CaptureTime, CaptureTime)>, StoreError> {
        let mut spans: BTreeMap<WindowLength, (CaptureTime, CaptureTime)> = BTreeMap::new();
        for Window { start, length } in self.held().batches.keys().map(|id| id.window) {
            let span = spans.entry(length).or_insert((start, start));
            *span = (span.0.min(start), span.1.max(start));
        }
        Ok(spans.into_iter().map(|(length, (first, last))| (length, first, last)).collect())
    }

    async fn delete_before(
        &self,
        resolution: WindowLength,
        time: CaptureTime,
    ) -> Result<(), StoreError> {
        let gone = |window: Window| window.length == resolution && window.start < time;
        let mut held = self.held();
        held.batches.retain(|id, _| !gone(id.window));
        held.rolled.forget(resolution, time);
        Ok(())
    }

    async fn document(&self, kind: &str, name: &str) -> Result<Option<Document>, StoreError> {
        match self.held().documents.get(&(kind.to_owned(), name.to_owned())) {
            Some(Kind::Live(document)) => Ok(Some(document.clone())),
            Some(Kind::Deleted(_)) | None => Ok(None),
        }
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Document)>, StoreError> {
        let held = self.held();
        let of_kind = held.documents.iter().filter(|((of, _), _)| of == kind);
        Ok(of_kind
            .filter_map(|((_, name), document)| match document {
                Kind::Live(document) => Some((name.clone(), document.clone())),
                Kind::Deleted(_) => None,
            })
            .collect())
    }

    async fn put_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
        text: &str,
    ) -> Result<bool, StoreError> {
        document_within(kind, name, text)?;
        let mut held = self.held();
        let key = (kind.to_owned(), name.to_owned());
        let version = match (held.documents.get(&key), expected) {
            (None, 0) => 0,
            (Some(&Kind::Deleted(version)), 0) => version,
            (Some(Kind::Live(there)), _) if there.version == expected => expected,
            (_, _) => return Ok(false),
        };
        let document = Document { version: version.saturating_add(1), text: text.to_owned() };
        held.documents.insert(key, Kind::Live(document));
        Ok(true)
    }

    async fn delete_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
    ) -> Result<bool, StoreError> {
        let mut held = self.held();
        let key = (kind.to_owned(), name.to_owned());
        match held.documents.get(&key) {
            Some(Kind::Live(there)) if there.version == expected => {
                held.documents.insert(key, Kind::Deleted(expected.saturating_add(1)));
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }
}

/// Of two values of one series the batch says both.
fn distinct(said: Vec<(Arc<Series>, Value)>) -> BTreeMap<Arc<Series>, Value> {
    let mut values: BTreeMap<_, Value> = BTreeMap::new();
    for (series, value) in said {
        match values.get_mut(&series) {
            Some(first) => first.merge(&value),
            None => drop(values.insert(series, value)),
        }
    }
    values
}

fn blocks(series: impl Iterator<Item = (Arc<Series>, Rows)>) -> BlockStream {
    let mut blocks = Vec::new();
    for (series, rows) in series {
        let block = |rows: &[_]| Block { series: Arc::clone(&series), rows: rows.to_vec() };
        blocks.extend(rows.chunks(BLOCK_ROWS_MAX).map(block).map(Ok));
    }
    Box::pin(stream::iter(blocks))
}
