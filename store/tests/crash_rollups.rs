//! A process that writes, rolls up and forgets is killed, again and again: hours say what was written into them.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use common::{RESOLUTION, Row, batch, contents, histogram, route};
use futures_util::StreamExt;
use model::batch::{Batch, Value};
use model::series::Select;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use store::rollup::Retention;
use store::{Store, Written};

const CHILD: &str = "WIRELAT_CRASH_ROLLUPS";
/// The first window that was not acknowledged.
const FIRST: &str = "WIRELAT_CRASH_FIRST";
const ROUNDS: u32 = 12;
/// Windows between those that are written: an hour has 12.
const STRIDE: u64 = 30;
const SOURCES: [&str; 2] = ["web-0", "web-1"];
/// Five hours of base rows, nine of minutes.
const RETENTION: Retention = Retention {
    base: Some(Nanos::from_seconds(5 * 3_600)),
    minute: Some(Nanos::from_seconds(9 * 3_600)),
    hour: None,
};

/// Window and revision decide all of it; revisions differ in which series they have.
fn said(source: &str, number: u64, revision: u64) -> Batch {
    let mut said = batch(source, number, Vec::new());
    for row in 0..150 {
        let route = route(&format!("/{}", (row + revision * 3) % 200));
        said.values.push((route, Value::Delta(number + revision)));
    }
    said.values.push((route("/histogram"), histogram(number * 10 + revision)));
    said.revision = revision;
    said
}

fn last_revision(number: u64) -> u64 {
    1 + (number / STRIDE) % 3
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// In the child: writes and keeps house until it is killed. Does nothing in an ordinary run.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = EmbeddedStore::open(Path::new(&path)).unwrap();
    let newest = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for source in SOURCES {
            let (store, newest) = (&store, &newest);
            scope.spawn(move || run(write_on(store, source, newest)));
        }
        loop {
            let now = CaptureTime::from_parts(newest.load(Ordering::Relaxed) * 10, 0);
            // One more hour: those that are written into are rolled up as well.
            let now = now.plus(Nanos::from_seconds(3_600));
            run(store.maintain(&RETENTION, now)).unwrap();
        }
    });
}

async fn write_on(store: &EmbeddedStore, source: &str, newest: &AtomicU64) {
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    for number in (first..).map(|number| first + (number - first) * STRIDE) {
        for revision in 1..=last_revision(number) {
            let written = store.write(said(source, number, revision)).await.unwrap();
            // This source can be behind the other one, but not by what is kept.
            assert_ne!(written, Written::TooLate, "{source} {number}");
            let line = format!("written {source} {number} {revision}\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
        }
        newest.fetch_max(number, Ordering::Relaxed);
    }
}

fn spawn(path: &Path, first: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// The last revision of each window that the child said was written.
type Acknowledged = BTreeMap<(String, u64), u64>;

fn first_missing(acknowledged: &Acknowledged) -> u64 {
    let whole = |number: &u64| {
        let newest = |source: &str| acknowledged.get(&(source.to_owned(), *number)).copied();
        SOURCES.iter().all(|source| newest(source) == Some(last_revision(*number)))
    };
    (0..).map(|number| number * STRIDE).find(|number| !whole(number)).unwrap()
}

fn kill_after(path: &Path, pause: Duration, acknowledged: &mut Acknowledged) {
    let mut child = spawn(path, first_missing(acknowledged));
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in output.lines() {
                let line = line.unwrap();
                let words: Vec<&str> = line.split_whitespace().collect();
                if let ["written", source, number, revision] = words[..] {
                    let (number, revision): (u64, u64) =
                        (number.parse().unwrap(), revision.parse().unwrap());
                    let newest = acknowledged.entry((source.to_owned(), number)).or_default();
                    *newest = revision.max(*newest);
                }
            }
        });
        // The moment of the crash is what this test varies.
        std::thread::sleep(pause);
        child.kill().unwrap();
    });
    assert!(!child.wait().unwrap().success(), "the child ended before it was killed");
}

async fn by(store: &impl Store, length: WindowLength, to: CaptureTime) -> Vec<Row> {
    let range = CaptureTime::ZERO..to;
    let mut blocks = store.scan_by(&Select::default(), range, RESOLUTION, length).await.unwrap();
    let mut rows = Vec::new();
    while let Some(block) = blocks.next().await {
        let block = block.unwrap();
        let row = |(start, value)| (Arc::clone(&block.series), start, value);
        rows.extend(block.rows.into_iter().map(row));
    }
    rows
}

/// Hours in which everything was acknowledged say it all, whatever was rolled up and forgotten.
async fn check(path: &Path, acknowledged: &Acknowledged) -> usize {
    let store = EmbeddedStore::open(path).unwrap();
    let last = first_missing(acknowledged);
    let until = WindowLength::HOUR.window_of(CaptureTime::from_parts(last * 10, 0)).start;
    let expected = MemoryStore::default();
    for number in (0..until.as_seconds() / 10).step_by(STRIDE as usize) {
        for source in SOURCES {
            expected.write(said(source, number, last_revision(number))).await.unwrap();
        }
    }
    let kept = store.kept().await.unwrap();
    for length in [RESOLUTION, WindowLength::MINUTE, WindowLength::HOUR] {
        let first = kept.iter().find(|kept| kept.length == length).map(|kept| kept.first);
        let mut expected = by(&expected, length, until).await;
        expected.retain(|row| first.is_some_and(|first| row.1 >= first));
        assert!(by(&store, length, until).await == expected, "windows of {length}");
    }
    // Rolling up what is left changes nothing.
    let before = by(&store, WindowLength::HOUR, CaptureTime::MAX).await;
    // A crash leaves rows that nobody keeps any more; they go now.
    let floor = kept.iter().find(|kept| kept.length == RESOLUTION).map(|kept| kept.first);
    let mut base = contents(&store).await.unwrap();
    let is_kept = |start: CaptureTime| floor.is_none_or(|floor| start >= floor);
    base.rows.retain(|row| is_kept(row.1));
    base.windows.iter_mut().for_each(|(_, starts)| starts.retain(|start| is_kept(*start)));
    store.maintain(&Retention::default(), CaptureTime::MAX).await.unwrap();
    assert!(by(&store, WindowLength::HOUR, CaptureTime::MAX).await == before);
    assert!(contents(&store).await.unwrap() == base);
    until.as_seconds() as usize / 3_600
}

#[test]
fn hours_survive_being_killed() {
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
        let pause = 100 + seed % 900;
        kill_after(&path, Duration::from_millis(pause.into()), &mut acknowledged);
        let hours = run(check(&path, &acknowledged));
        println!("round {round}: killed after {pause} ms, {hours} hours are whole");
    }
    assert!(acknowledged.len() > 100, "nothing was tested");
}
