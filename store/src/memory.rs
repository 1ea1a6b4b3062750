//! Keeps everything in memory: for tests, and the model that other stores are measured against.

use crate::{
    BLOCK_ROWS_MAX, Block, BlockStream, Document, Note, Store, StoreError, TimeRange, Values,
    Written, distinct, document_within, notes_within,
};
use async_trait::async_trait;
use futures_util::stream;
use model::batch::{Batch, BatchId, Value};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    batches: BTreeMap<BatchId, Kept>,
    documents: BTreeMap<(String, String), Kind>,
}

#[derive(Debug)]
struct Kept {
    revision: u64,
    values: Values,
}

/// A document, or the version at which it was deleted.
#[derive(Debug)]
enum Kind {
    Live(Document),
    Deleted(u64),
}

impl MemoryStore {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn keep(&mut self, batch: Batch, values: Values) -> Written {
        let older = self.batches.get(&batch.id).map(|kept| kept.revision);
        if older.is_some_and(|revision| batch.revision <= revision) {
            return Written::AlreadyThere;
        }
        self.batches.insert(batch.id, Kept { revision: batch.revision, values });
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
    ) -> impl Iterator<Item = (Window, &Kept)> {
        self.batches
            .iter()
            .map(|(id, kept)| (id.window, kept))
            .filter(move |(window, _)| window.length == resolution && range.contains(&window.start))
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
        let values: Vec<Values> = batches.iter().map(distinct).collect::<Result<_, _>>()?;
        let mut held = self.held();
        notes.into_iter().for_each(|note| held.note(note));
        Ok(batches
            .into_iter()
            .zip(values)
            .map(|(batch, values)| held.keep(batch, values))
            .collect())
    }

    async fn scan(
        &self,
        select: &Select,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<BlockStream, StoreError> {
        let mut merged: BTreeMap<Arc<Series>, BTreeMap<CaptureTime, Value>> = BTreeMap::new();
        for (window, kept) in self.held().batches_in(range, resolution) {
            for (series, value) in kept.values.iter().filter(|(series, _)| select.matches(series)) {
                let rows = merged.entry(Arc::clone(series)).or_default();
                rows.entry(window.start)
                    .and_modify(|first| first.merge(value))
                    .or_insert_with(|| value.clone());
            }
        }
        let blocks: Vec<_> =
            merged.into_iter().flat_map(|(series, rows)| blocks(series, rows)).collect();
        Ok(Box::pin(stream::iter(blocks.into_iter().map(Ok))))
    }

    async fn series(&self, select: &Select) -> Result<Vec<Arc<Series>>, StoreError> {
        let held = self.held();
        let known: BTreeSet<_> =
            held.batches.values().flat_map(|kept| kept.values.keys()).collect();
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
        self.held().batches.retain(|id, _| !gone(id.window));
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

fn blocks(series: Arc<Series>, rows: BTreeMap<CaptureTime, Value>) -> Vec<Block> {
    let rows: Vec<_> = rows.into_iter().collect();
    rows.chunks(BLOCK_ROWS_MAX)
        .map(|rows| Block { series: Arc::clone(&series), rows: rows.to_vec() })
        .collect()
}
