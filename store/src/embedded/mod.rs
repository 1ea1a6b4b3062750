//! The store in a directory of its own: no server, one process.
//!
//! Calls block: a write for one fsync (milliseconds), reading a block for the disk. Nothing
//! waits for another task while it holds a lock, so this is safe on any executor; a busy one
//! calls from `tokio::task::spawn_blocking` or `block_in_place`.
//!
//! # On disk
//!
//! `directory.rs` describes the directory. The engine in `data/` holds one ordered table; keys
//! begin with a byte that says of what, numbers are big-endian `u64`, so keys order as their parts do:
//!
//! | key | value |
//! |---|---|
//! | `0` | changes ever made, next series number, next writer number |
//! | `1` series key | series number |
//! | `2` run, pipeline, source | writer number |
//! | `3` window length, start, writer | a batch: its revision, its series' numbers (delta LEB128) |
//! | `4` series, window length, start, writer | a row: kind byte, then the value |
//! | `5` length of kind, kind, name | a document: version, live or deleted, text |
//! | `6` base length, hour | an hour that was rolled up: which windows were reported, its series' numbers |
//! | `7` series, base length, window length, start | a row of it: kind byte, then the value |
//! | `8` base length, hour | nothing: the hour is dirty, its rows say nothing until it is rolled up |
//! | `9` base length | from when on windows, minutes and hours are kept |
//!
//! # Invariants
//!
//! - Each change is one atomic write of the engine, on disk before anybody sees it or is told.
//! - A row belongs to exactly one head that lists its series, and the other way round.
//! - A series has a number as long as it has a row, or one in an hour that is not dirty. No number is given twice.
//! - Who changes base rows marks their hour dirty in the same write. An hour that is not dirty has
//!   what its base rows say, or what they said before retention took them; older ones are refused.
//! - A rolled up row belongs to an hour that lists its series, also while the hour is being rolled up.

mod acknowledged;
mod check;
mod dictionary;
mod directory;
mod documents;
mod engine;
mod journal;
mod keys;
mod manifest;
mod retention;
mod rolled;
mod rolling;
mod scan;
mod spans;
mod state;
mod values;
mod visit;
mod windows;
mod write;

pub use check::{Checked, Watch};

use crate::rollup::{Floors, Kept, Maintained, Retention, check_multiple};
use crate::{
    BlockStream, Document, Note, Store, StoreError, TimeRange, Visitor, Written, document_within,
};
use acknowledged::Acknowledged;
use async_trait::async_trait;
use directory::Directory;
use engine::{Changes, Engine, View};
use futures_util::stream;
use keys::Table;
use model::batch::Batch;
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::WindowLength;
use rolled::RolledScan;
use scan::Scan;
use state::State;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::Poll;
use values::{Counters, Filed};
use visit::Visit;

/// A store in a directory.
pub struct EmbeddedStore {
    // Dropped in this order: the directory is let go last.
    engine: Engine,
    state: RwLock<State>,
    directory: Directory,
}

impl EmbeddedStore {
    /// Opens a store, or makes one where `path` is empty or not there. Blocks; after a crash for
    /// as long as it takes to read the journals (128 MiB at most).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = Directory::claim(path.as_ref())?;
        let acknowledged = Acknowledged::open(&directory.acknowledged())?;
        if acknowledged.1 > 0 && !directory.data().is_dir() {
            return Err(damaged(&directory.data().display().to_string(), "it is not there"));
        }
        directory.make_data(|data| Engine::make(data, first_change))?;
        let engine = Engine::open(&directory.data())?;
        let state = State::load(&engine.view(), acknowledged)?;
        let store = Self { engine, state: RwLock::new(state), directory };
        if store.directory.is_older() {
            store.mark_all_dirty()?;
            store.directory.upgraded()?;
        }
        Ok(store)
    }

    /// Packs everything anew, and gives the disk back what was forgotten. Blocks; needs room for a copy of the
    /// newest tables meanwhile.
    pub fn compact(&self) -> Result<(), StoreError> {
        self.engine.compact()
    }

    /// A lock's poison says that a change panicked: it is in memory only once it is on disk.
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn floors_and_view(&self, base: WindowLength) -> (Floors, View) {
        let state = self.state();
        (state.spans.floors(base), self.engine.view())
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first_change(changes: &mut Changes) {
    changes.put(Table::Counters.start(), Counters::default().encode());
}

fn damaged(what: &str, detail: &str) -> StoreError {
    StoreError::Damaged { what: what.to_owned(), detail: detail.to_owned() }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn write_all(
        &self,
        batches: Vec<Batch>,
        notes: Vec<Note>,
    ) -> Result<Vec<Written>, StoreError> {
        self.write_batches(batches, &notes)
    }

    async fn scan(
        &self,
        select: &Select,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<BlockStream, StoreError> {
        // Under one lock: a batch's rows are seen with its series and its writer, or not at all.
        let state = self.state();
        let (view, writers) = (self.engine.view(), Arc::clone(&state.writers));
        let scan = Scan::new(view, writers, state.series.selected(select), range, resolution);
        Ok(Box::pin(stream::iter(scan)))
    }

    async fn visit(
        &self,
        series: &[Arc<Series>],
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
        visitor: &mut dyn Visitor,
    ) -> Result<(), StoreError> {
        check_multiple(base, length)?;
        let (visit, wanted) = {
            let state = self.state();
            let wanted: Vec<_> = series.iter().map(|series| state.series.id(series)).collect();
            (Visit::new(&state, self.engine.view(), &range, base, length), wanted)
        };
        visit.each(&wanted, visitor)
    }

    async fn series(&self, select: &Select) -> Result<Vec<Arc<Series>>, StoreError> {
        let selected = self.state().series.selected(select);
        Ok(selected.into_iter().map(|(_, series)| series).collect())
    }

    async fn windows(
        &self,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<Vec<CaptureTime>, StoreError> {
        windows::windows(&self.engine.view(), range, resolution)
    }

    async fn resolutions(
        &self,
    ) -> Result<Vec<(WindowLength, CaptureTime, CaptureTime)>, StoreError> {
        windows::resolutions(&self.engine.view())
    }

    async fn scan_by(
        &self,
        select: &Select,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<BlockStream, StoreError> {
        check_multiple(base, length)?;
        let state = self.state();
        let view = self.engine.view();
        let selected = state.series.selected(select);
        Ok(Box::pin(stream::iter(RolledScan::new(&state, view, selected, &range, base, length))))
    }

    async fn reported(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<(CaptureTime, u64)>, StoreError> {
        check_multiple(base, length)?;
        let (floors, view) = self.floors_and_view(base);
        rolled::reported(&view, floors, &range, base, length)
    }

    async fn observed(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<TimeRange>, StoreError> {
        check_multiple(base, length)?;
        let (floors, view) = self.floors_and_view(base);
        rolled::observed(&view, floors, &range, base, length)
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        let state = self.state();
        rolled::kept(&self.engine.view(), &state.spans)
    }

    async fn maintain(
        &self,
        retention: &Retention,
        now: CaptureTime,
    ) -> Result<Maintained, StoreError> {
        self.keep_house(retention, now).await
    }

    async fn delete_before(
        &self,
        resolution: WindowLength,
        time: CaptureTime,
    ) -> Result<(), StoreError> {
        self.forget_all_before(resolution, time).await
    }

    async fn document(&self, kind: &str, name: &str) -> Result<Option<Document>, StoreError> {
        Ok(documents::document(&self.engine.view(), kind, name)?.and_then(Filed::live))
    }

    async fn documents(&self, kind: &str) -> Result<Vec<(String, Document)>, StoreError> {
        documents::documents(&self.engine.view(), kind)
    }

    async fn put_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
        text: &str,
    ) -> Result<bool, StoreError> {
        document_within(kind, name, text)?;
        self.file(kind, name, expected, Some(text))
    }

    async fn delete_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
    ) -> Result<bool, StoreError> {
        self.file(kind, name, expected, None)
    }
}

async fn let_others_run() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
