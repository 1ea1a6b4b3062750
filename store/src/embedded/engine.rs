//! The key-value engine: fjall, a log-structured merge tree with a journal. Nobody else speaks to it.
//!
//! One keyspace holds all tables. Keyspaces are flushed apart from each other: with several, a
//! damaged journal could take the rows and leave the counters that would have told.

use super::damaged;
use super::{journal, manifest};
use crate::StoreError;
use fjall::config::{BlockSizePolicy, CompressionPolicy};
use fjall::{
    CompressionType, Database, Error, Keyspace, KeyspaceCreateOptions, LsmError, OwnedWriteBatch,
    PersistMode, Readable, Snapshot, UserKey, UserValue,
};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const KEYSPACE: &str = "wirelat";

/// Blocks kept in memory, unpacked.
const CACHE_BYTES: u64 = 64 * 1_024 * 1_024;
/// Changes kept in memory until they are written as a sorted table; up to four of these at a time.
const MEMTABLE_BYTES: u64 = 16 * 1_024 * 1_024;
/// Journals on disk; also what opening reads at most. The engine's least is 64 MiB.
const JOURNALS_BYTES_MAX: u64 = 128 * 1_024 * 1_024;
/// Rows are read in long runs: large blocks pack better.
const BLOCK_BYTES: u32 = 16 * 1_024;
/// By level. What is young is merged again soon: packing it cost a fifth of what writing takes.
const COMPRESSION: [CompressionType; 3] =
    [CompressionType::None, CompressionType::None, CompressionType::Lz4];
/// One: a store's input is a trickle, and inserts were lost with several (fjall issue 230).
const WORKER_THREADS: usize = 1;

/// The engine, open.
pub(super) struct Engine {
    database: Database,
    table: Keyspace,
}

impl Engine {
    /// Makes the engine's files in a directory that is not there yet.
    pub(super) fn make(path: &Path, first: impl Fn(&mut Changes)) -> Result<(), StoreError> {
        let database = database(path)?;
        let table = database.keyspace(KEYSPACE, keyspace_options).map_err(fault)?;
        let engine = Self { database, table };
        let mut changes = engine.changes();
        first(&mut changes);
        changes.commit()
    }

    /// Opens what [`Self::make`] made.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        // Without this file the engine would make itself anew, over what is there.
        if !path.join("version").is_file() {
            return Err(damaged(&name, "the engine's file `version` is missing"));
        }
        manifest::check(path)?;
        journal::check(path)?;
        let database = guarded(&name, || database(path))?;
        if !database.keyspace_exists(KEYSPACE) {
            return Err(damaged(&name, "the engine holds no rows"));
        }
        let table = database.keyspace(KEYSPACE, keyspace_options).map_err(fault)?;
        Ok(Self { database, table })
    }

    /// What the store holds now, whatever is written later.
    pub(super) fn view(&self) -> View {
        View { snapshot: self.database.snapshot(), table: self.table.clone() }
    }

    /// Merges all tables into one run.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        self.table.rotate_memtable_and_wait().map_err(fault)?;
        self.table.major_compact().map_err(fault)
    }

    pub(super) fn changes(&self) -> Changes {
        let batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        Changes { batch, table: self.table.clone() }
    }
}

fn database(path: &Path) -> Result<Database, StoreError> {
    Database::builder(path)
        .cache_size(CACHE_BYTES)
        .max_journaling_size(JOURNALS_BYTES_MAX)
        .worker_threads(WORKER_THREADS)
        .open()
        .map_err(fault)
}

/// Kept with the keyspace when it is made; later changes here do not reach old stores.
fn keyspace_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .data_block_size_policy(BlockSizePolicy::all(BLOCK_BYTES))
        .data_block_compression_policy(CompressionPolicy::new(COMPRESSION))
}

/// Changes that are made all at once.
pub(super) struct Changes {
    batch: OwnedWriteBatch,
    table: Keyspace,
}

impl Changes {
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.batch.insert(&self.table, key, value);
    }

    pub(super) fn delete(&mut self, key: Vec<u8>) {
        self.batch.remove(&self.table, key);
    }

    pub(super) fn len(&self) -> usize {
        self.batch.len()
    }

    /// On disk when it returns, and only then seen by readers.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.batch.commit().map_err(fault)
    }
}

/// A snapshot.
#[derive(Clone)]
pub(super) struct View {
    snapshot: Snapshot,
    table: Keyspace,
}

impl View {
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<UserValue>, StoreError> {
        self.snapshot.get(&self.table, key).map_err(fault)
    }

    /// `from ≤ key < to`; nothing where they are the wrong way round.
    pub(super) fn range(&self, from: Vec<u8>, to: Vec<u8>) -> Pairs {
        Pairs { pairs: (from < to).then(|| self.snapshot.range(&self.table, from..to)) }
    }

    pub(super) fn prefix(&self, prefix: &[u8]) -> Pairs {
        Pairs { pairs: Some(self.snapshot.prefix(&self.table, prefix)) }
    }
}

/// Keys and values, ascending; from the back, descending.
pub(super) struct Pairs {
    pairs: Option<fjall::Iter>,
}

impl Pairs {
    fn take(
        &mut self,
        next: impl FnOnce(&mut fjall::Iter) -> Option<fjall::Guard>,
    ) -> Option<Result<(UserKey, UserValue), StoreError>> {
        let pairs = self.pairs.as_mut()?;
        let pair = next(pairs)?.into_inner().map_err(fault);
        if pair.is_err() {
            // What follows an error could skip rows.
            self.pairs = None;
        }
        Some(pair)
    }
}

impl Iterator for Pairs {
    type Item = Result<(UserKey, UserValue), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take(Iterator::next)
    }
}

impl DoubleEndedIterator for Pairs {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.take(DoubleEndedIterator::next_back)
    }
}

/// The engine panics where it meets what it thinks impossible. (Where panics abort, this cannot help.)
fn guarded<T>(what: &str, run: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(damaged(what, text.unwrap_or("the engine gave up")))
    })
}

fn fault(error: Error) -> StoreError {
    let detail = error.to_string();
    match error {
        Error::Poisoned => StoreError::Engine(
            "an earlier write failed (is the disk full or faulty?): \
             nothing is written until the store is opened again"
                .to_owned(),
        ),
        Error::Locked => StoreError::Engine(
            "this process has the directory open still: end its scans, then open it again"
                .to_owned(),
        ),
        Error::Io(io) | Error::Storage(LsmError::Io(io))
            if io.kind() != ErrorKind::UnexpectedEof =>
        {
            StoreError::Engine(io.to_string())
        }
        Error::KeyspaceDeleted => StoreError::Engine(detail),
        // Everything else is said of bytes that do not read.
        _ => damaged("the engine's data", &detail),
    }
}
