//! A process that writes is killed, again and again: what it said was written is there, and nothing is there by halves.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{RESOLUTION, batch, contents, noise, window};
use model::batch::{Batch, Value};
use model::series::Series;
use model::units::CaptureTime;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::embedded::EmbeddedStore;
use store::{Store, Written};

const CHILD: &str = "WIRELAT_CRASH_STORE";
const THREADS: u64 = 3;
const ROUNDS: u32 = 20;
/// A text in each batch, so that the engine's journals and tables change under way too.
const TEXT_BYTES: usize = 60_000;
/// Every so many windows the writer also forgets what is older than this.
const WINDOWS_KEPT: u64 = 200;

/// The batches of one writer: window and revision decide all of it.
fn said(source: &str, number: u64, revision: u64) -> Batch {
    // Revisions differ in which series they have.
    let rows = 20 + (number + revision * 7) % 40;
    let mut batch = batch(source, number, Vec::new());
    for row in 0..rows {
        let tags = [("route", &*format!("/{}", (row + revision) % 64)), ("source", source)];
        let value = Value::Delta(revision * 1_000_000 + number);
        batch.values.push((Arc::new(Series::new("http.total", &tags)), value));
    }
    let text = Series::new("http.text", &[("source", source)]);
    batch
        .values
        .push((Arc::new(text), Value::Text(noise(number * 10 + revision, TEXT_BYTES).into())));
    batch.revision = revision;
    batch
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// In the child: writes until it is killed. Does nothing in an ordinary run.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = EmbeddedStore::open(Path::new(&path)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || run(write_on(store, &format!("web-{thread}"))));
        }
    });
}

async fn write_on(store: &EmbeddedStore, source: &str) {
    let (_, _, newest) = store.resolutions().await.unwrap().pop().unwrap_or((
        RESOLUTION,
        CaptureTime::ZERO,
        CaptureTime::ZERO,
    ));
    let first = newest.as_seconds() / 10 + 1;
    for number in first.. {
        for revision in 1..=1 + number % 3 {
            let written = store.write(said(source, number, revision)).await.unwrap();
            let expected = if revision == 1 { Written::Stored } else { Written::Replaced };
            assert_eq!(written, expected);
            // One call: a line is whole or not there.
            let line = format!("written {source} {number} {revision}\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
        }
        if number % 50 == 0 {
            let time = window(number.saturating_sub(WINDOWS_KEPT)).start;
            store.delete_before(RESOLUTION, time).await.unwrap();
            let line = format!("deleted {source} {} 0\n", number.saturating_sub(WINDOWS_KEPT));
            std::io::stdout().write_all(line.as_bytes()).unwrap();
        }
    }
}

/// What the child said it did.
#[derive(Default)]
struct Acknowledged {
    /// The newest revision of each source's windows.
    written: BTreeMap<(String, u64), u64>,
    deleted_before: u64,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["written", source, number, revision] => {
                let key = (source.to_owned(), number.parse().unwrap());
                self.written.insert(key, revision.parse().unwrap());
            }
            ["deleted", _, number, _] => {
                self.deleted_before = self.deleted_before.max(number.parse().unwrap());
            }
            // The test harness speaks too.
            _ => {}
        }
    }
}

fn spawn(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Kills the child after `pause`, and notes what it said until then.
fn kill_after(path: &Path, pause: Duration, acknowledged: &mut Acknowledged) {
    let mut child = spawn(path);
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| output.lines().for_each(|line| acknowledged.note(&line.unwrap())));
        // The moment of the crash is what this test varies.
        std::thread::sleep(pause);
        child.kill().unwrap();
    });
    assert!(!child.wait().unwrap().success(), "the child ended before it was killed");
}

/// Every batch that is there is one revision, whole; every acknowledged one is there or was forgotten.
async fn check(path: &Path, acknowledged: &Acknowledged) -> usize {
    let store = EmbeddedStore::open(path).unwrap();
    let mut found: BTreeMap<(String, u64), BTreeMap<Arc<Series>, Value>> = BTreeMap::new();
    let contents = contents(&store).await.unwrap();
    for (series, start, value) in contents.rows {
        let key = (series.tag("source").unwrap().to_owned(), start.as_seconds() / 10);
        found.entry(key).or_default().insert(series, value);
    }
    for ((source, number), rows) in &found {
        let revision = rows.values().find_map(|value| match value {
            Value::Delta(value) => Some(value / 1_000_000),
            _ => None,
        });
        let revision = revision.expect("there is a counter");
        let expected: BTreeMap<_, _> = said(source, *number, revision).values.into_iter().collect();
        assert!(*rows == expected, "{source} {number} is there by halves");
        let newest = acknowledged.written.get(&(source.clone(), *number));
        assert!(newest.is_none_or(|newest| revision >= *newest), "{source} {number} went back");
        let again = store.write(said(source, *number, revision)).await.unwrap();
        assert_eq!(again, Written::AlreadyThere);
    }
    let newest = found.keys().map(|(_, number)| *number).max().unwrap_or(0);
    for (source, number) in acknowledged.written.keys() {
        // A deletion that was not acknowledged can have been made all the same.
        let forgotten = *number < newest.saturating_sub(WINDOWS_KEPT - 50);
        let there = found.contains_key(&(source.clone(), *number));
        assert!(there || forgotten, "{source} {number} was acknowledged and is lost");
    }
    let oldest = found.keys().map(|(_, number)| *number).min();
    assert!(
        oldest.is_none_or(|oldest| oldest >= acknowledged.deleted_before),
        "deleted rows are back"
    );
    found.len()
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let rounds = std::env::var("WIRELAT_CRASH_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut acknowledged = Acknowledged::default();
    let mut seed = std::process::id().wrapping_mul(2_654_435_761);
    for round in 0..rounds {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The first rounds are short: they end while the store is being made.
        let pause = if round < 8 { seed % 40 } else { 50 + seed % 700 };
        kill_after(&path, Duration::from_millis(pause.into()), &mut acknowledged);
        let found = run(check(&path, &acknowledged));
        println!("round {round}: killed after {pause} ms, {found} batches are whole");
    }
    assert!(acknowledged.written.len() > 100, "nothing was tested");
}
