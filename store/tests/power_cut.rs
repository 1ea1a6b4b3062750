//! What a power cut or a bad disk does to the journal: an unfinished change is dropped, an acknowledged one is missed.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{Contents, batch, contents, copy, histogram, noise, route};
use model::batch::Value;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use store::embedded::EmbeddedStore;
use store::{Store, StoreError};

/// A store with three changes in its journal, the last one larger than some pages.
struct Journaled {
    dir: tempfile::TempDir,
    /// Where the second change is in the journal, and the third.
    second: Range<usize>,
    third: Range<usize>,
    /// What was there before the third change, and `acknowledged` then.
    before: Contents,
    acknowledged: Vec<u8>,
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("data/0.jnl")
}

/// Bytes of the journal that are used; the rest is allocated ahead, as zeros.
fn used(dir: &Path) -> usize {
    let bytes = fs::read(journal(dir)).unwrap();
    bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1
}

async fn write(store: &EmbeddedStore, number: u64) {
    let mut values = vec![(route("/text"), Value::Text(noise(number, 20_000).into()))];
    for series in 0..200 {
        values.push((route(&format!("/{series}")), histogram(series * number)));
    }
    store.write(batch("web", number, values)).await.unwrap();
}

async fn journaled() -> Journaled {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    write(&store, 1).await;
    let first_end = used(dir.path());
    write(&store, 2).await;
    let second_end = used(dir.path());
    let before = contents(&store).await.unwrap();
    let acknowledged = fs::read(dir.path().join("acknowledged")).unwrap();
    write(&store, 3).await;
    drop(store);
    let third = second_end..used(dir.path());
    assert!(third.len() > 5 * 4_096);
    Journaled { dir, second: first_end..second_end, third, before, acknowledged }
}

impl Journaled {
    /// A copy with a spoilt journal; the third change acknowledged or not.
    fn spoilt(&self, acknowledged: bool, spoil: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path());
        let mut bytes = fs::read(journal(dir.path())).unwrap();
        spoil(&mut bytes);
        fs::write(journal(dir.path()), bytes).unwrap();
        if !acknowledged {
            fs::write(dir.path().join("acknowledged"), &self.acknowledged).unwrap();
        }
        dir
    }
}

async fn holds(dir: &Path, expected: &Contents) {
    for _ in 0..2 {
        let store = EmbeddedStore::open(dir).unwrap();
        assert_eq!(contents(&store).await.unwrap(), *expected);
    }
    let store = EmbeddedStore::open(dir).unwrap();
    write(&store, 3).await;
    let after = contents(&store).await.unwrap();
    assert!(after.rows.len() > expected.rows.len());
    drop(store);
    assert_eq!(contents(&EmbeddedStore::open(dir).unwrap()).await.unwrap(), after);
}

#[tokio::test]
async fn an_unfinished_change_is_dropped_wherever_it_was_torn() {
    let journaled = journaled().await;
    let third = journaled.third.clone();
    for cut in third.clone().step_by(third.len() / 7).chain([third.end - 1]) {
        let cut_short = journaled.spoilt(false, |bytes| bytes.truncate(cut));
        holds(cut_short.path(), &journaled.before).await;
        let zeroed = journaled.spoilt(false, |bytes| bytes[cut..].fill(0));
        holds(zeroed.path(), &journaled.before).await;
    }
}

/// Pages reach the disk in any order: the end can be there and the middle not.
#[tokio::test]
async fn an_unfinished_change_with_a_hole_is_dropped() {
    let journaled = journaled().await;
    for page in journaled.third.clone().step_by(4_096).skip(1) {
        let hole = page..(page + 4_096).min(journaled.third.end);
        let dir = journaled.spoilt(false, |bytes| bytes[hole].fill(0));
        holds(dir.path(), &journaled.before).await;
    }
}

#[tokio::test]
async fn an_acknowledged_change_that_is_gone_is_missed() {
    let journaled = journaled().await;
    for cut in [journaled.third.start, journaled.third.start + 5_000] {
        let dir = journaled.spoilt(true, |bytes| bytes.truncate(cut));
        for _ in 0..2 {
            let error = EmbeddedStore::open(dir.path()).err().unwrap();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert!(
                error.to_string().contains("1 of 3 acknowledged changes are missing"),
                "{error}"
            );
        }
        fs::remove_file(dir.path().join("acknowledged")).unwrap();
        holds(dir.path(), &journaled.before).await;
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_reported_and_left_as_it_is() {
    let journaled = journaled().await;
    for acknowledged in [true, false] {
        for at in journaled.second.clone().step_by(journaled.second.len() / 10) {
            let dir = journaled.spoilt(acknowledged, |bytes| bytes[at] ^= 0x10);
            let before = fs::read(journal(dir.path())).unwrap();
            let error = EmbeddedStore::open(dir.path()).err().unwrap();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert!(fs::read(journal(dir.path())).unwrap() == before, "evidence was destroyed");
        }
    }
}
