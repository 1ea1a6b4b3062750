//! A file of the store goes bad: what it says is still right, or it says that it is damaged.
//! Never something else, never a panic.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{Contents, batch, contents, copy, files, flush, histogram, route};
use model::batch::Value;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use store::embedded::EmbeddedStore;
use store::{Store, StoreError};

/// Places in each file that are spoilt in the default run.
const PLACES_PER_FILE: u64 = 12;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Closed and opened again: some of it is older than the newest journal entries.
async fn fill(dir: &Path, rounds: u64) -> Contents {
    let mut before = None;
    for round in 0..rounds {
        let store = EmbeddedStore::open(dir).unwrap();
        if let Some(before) = before {
            assert_eq!(contents(&store).await.unwrap(), before);
        }
        for number in 0..10 {
            let number = round * 10 + number;
            let mut values = vec![(route("/text"), Value::Text("text".repeat(2_000).into()))];
            for series in 0..20 {
                values.push((route(&format!("/{series}")), histogram(number * 100 + series)));
            }
            store.write(batch("web", number, values)).await.unwrap();
        }
        assert!(store.put_document("rule", "slow", round, "text").await.unwrap());
        before = Some(contents(&store).await.unwrap());
        drop(store);
        if round + 1 < rounds {
            flush(dir);
        }
    }
    before.unwrap()
}

fn read(dir: &Path) -> Result<Contents, StoreError> {
    run(async { contents(&EmbeddedStore::open(dir)?).await })
}

enum Fault {
    Flip(u64),
    Zero(u64),
    Cut(u64),
    Gone,
}

impl Fault {
    fn apply(&self, path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        match *self {
            Self::Flip(at) => bytes[at as usize] ^= 0x55,
            Self::Zero(at) => bytes[at as usize..].iter_mut().take(512).for_each(|byte| *byte = 0),
            Self::Cut(at) => bytes.truncate(at as usize),
            Self::Gone => return fs::remove_file(path).unwrap(),
        }
        fs::write(path, bytes).unwrap();
    }
}

fn faults(path: &Path) -> Vec<(String, Fault)> {
    let bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last as u64 + 1);
    let mut faults = vec![("gone".to_owned(), Fault::Gone)];
    let places = std::env::var("WIRELAT_CORRUPTION_PLACES").ok();
    let places = places.map_or(PLACES_PER_FILE, |places| places.parse().unwrap()).min(used);
    for place in 0..places {
        let at = place * used / places + (place * 7 % (used / places).max(1));
        faults.push((format!("flipped at {at} of {used}"), Fault::Flip(at)));
        faults.push((format!("zeroed from {at} of {used}"), Fault::Zero(at)));
        faults.push((format!("cut at {at} of {used}"), Fault::Cut(at)));
    }
    faults.push((format!("last byte flipped of {used}"), Fault::Flip(used.saturating_sub(1))));
    faults.retain(|(_, fault)| used > 0 || matches!(fault, Fault::Gone));
    faults
}

/// One fault in one file of a copy of the store.
fn spoil(original: &Path, file: &Path, fault: &Fault) -> Result<Result<Contents, StoreError>, ()> {
    let dir = tempfile::tempdir().unwrap();
    copy(original, dir.path());
    fault.apply(&dir.path().join(file.strip_prefix(original).unwrap()));
    catch_unwind(AssertUnwindSafe(|| read(dir.path()))).map_err(drop)
}

fn check(original: &Path, expected: &Contents) {
    let mut wrong: Vec<String> = Vec::new();
    let (mut intact, mut refused) = (0, 0);
    for file in files(original) {
        for (name, fault) in faults(&file) {
            let case = || format!("{}: {name}", file.strip_prefix(original).unwrap().display());
            if std::env::var_os("WIRELAT_CORRUPTION_TRACE").is_some() {
                println!("{}", case());
            }
            match spoil(original, &file, &fault) {
                Err(()) => wrong.push(format!("{}: panic", case())),
                Ok(Ok(read)) if read == *expected => intact += 1,
                Ok(Ok(_)) => wrong.push(format!("{}: wrong data", case())),
                Ok(Err(_)) => refused += 1,
            }
        }
    }
    println!("{intact} faults did no harm, {refused} were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_spoilt_journal_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let expected = run(fill(dir.path(), 1));
    check(dir.path(), &expected);
}

#[test]
fn a_spoilt_table_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let expected = run(fill(dir.path(), 3));
    check(dir.path(), &expected);
}
