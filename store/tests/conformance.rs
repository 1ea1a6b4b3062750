//! Every store passes the one suite.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use store::conformance::{Stage, conformance};
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;

struct InMemory;

#[async_trait]
impl Stage for InMemory {
    type Store = MemoryStore;

    async fn fresh(&self) -> MemoryStore {
        MemoryStore::default()
    }

    async fn reopened(&self, _store: MemoryStore) -> Option<MemoryStore> {
        None
    }
}

/// Stores one beside the other in one directory; the newest can be reopened.
struct InDirectory {
    root: tempfile::TempDir,
    made: AtomicU64,
}

impl InDirectory {
    fn open(&self, number: u64) -> EmbeddedStore {
        EmbeddedStore::open(self.root.path().join(number.to_string())).unwrap()
    }
}

#[async_trait]
impl Stage for InDirectory {
    type Store = EmbeddedStore;

    async fn fresh(&self) -> EmbeddedStore {
        self.open(self.made.fetch_add(1, Ordering::Relaxed) + 1)
    }

    async fn reopened(&self, store: EmbeddedStore) -> Option<EmbeddedStore> {
        drop(store);
        Some(self.open(self.made.load(Ordering::Relaxed)))
    }
}

#[tokio::test]
async fn the_memory_store_conforms() {
    conformance(&InMemory).await;
}

#[tokio::test]
async fn the_embedded_store_conforms() {
    let root = tempfile::tempdir().unwrap();
    conformance(&InDirectory { root, made: AtomicU64::new(0) }).await;
}
