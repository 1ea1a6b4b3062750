//! Threads that write, read and forget at once.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{RESOLUTION, batch, contents, histogram, route, window};
use model::batch::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use store::{Store, Written};

const THREADS: usize = 4;
const WINDOWS: u64 = 40;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// All threads write the same batches: each is stored once, however they meet.
fn the_same_batches(store: &impl Store) {
    let stored = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..WINDOWS {
                    let values = vec![(route(&format!("/{number}")), histogram(number))];
                    let written = run(store.write(batch("web", number, values))).unwrap();
                    stored.fetch_add(usize::from(written == Written::Stored), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(stored.into_inner(), WINDOWS as usize);
    assert_eq!(run(contents(store)).unwrap().rows.len(), WINDOWS as usize);
}

/// Writers replace batches whole while others read: a reader sees one revision of each.
fn readers_see_whole_batches(store: &impl Store) {
    let revision = |revision: u64| {
        let mut said = batch("web", 1_000, Vec::new());
        for row in 0..50 {
            said.values.push((route(&format!("/{}", row + revision % 3)), Value::Delta(revision)));
        }
        said.revision = revision;
        said
    };
    run(store.write(revision(1))).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 2..WINDOWS {
                run(store.write(revision(number))).unwrap();
                let old = batch("old", number, vec![(route("/old"), Value::Delta(1))]);
                run(store.write(old)).unwrap();
                run(store.delete_before(RESOLUTION, window(number).start)).unwrap();
            }
        });
        for _ in 1..THREADS {
            scope.spawn(|| {
                for _ in 0..WINDOWS {
                    let mut rows = run(contents(store)).unwrap().rows;
                    rows.retain(|(_, start, _)| *start == window(1_000).start);
                    assert_eq!(rows.len(), 50);
                    assert!(rows.iter().all(|row| row.2 == rows[0].2), "two revisions at once");
                }
            });
        }
    });
}

#[test]
fn threads_that_write_the_same_store_it_once() {
    the_same_batches(&MemoryStore::default());
    let dir = tempfile::tempdir().unwrap();
    the_same_batches(&EmbeddedStore::open(dir.path()).unwrap());
}

#[test]
fn readers_never_see_half_a_batch() {
    readers_see_whole_batches(&MemoryStore::default());
    let dir = tempfile::tempdir().unwrap();
    readers_see_whole_batches(&EmbeddedStore::open(dir.path()).unwrap());
}
