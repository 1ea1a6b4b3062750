//! Figures, by hand: `taskset -c 0 cargo test --release -p wirelat-store --test measure -- --ignored --nocapture --test-threads 1`.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod common;
#[path = "measure/other_forms.rs"]
mod other_forms;

use common::{RESOLUTION, batch, files, flush, histogram, window};
use futures_util::StreamExt;
use model::batch::{Batch, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::{Select, Series};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::embedded::EmbeddedStore;
use store::rollup::Retention;
use store::{Store, TimeRange};

/// A day of ten seconds each.
const WINDOWS: u64 = 8_640;
const COLUMNS: u64 = 500;
const ROWS: u64 = 50;
/// Series of one observer.
const BATCH_ROWS: u64 = 1_000;

fn series(host: u64, number: u64) -> Arc<Series> {
    let (route, host) = (format!("/users/{number}/orders"), format!("web-{host}"));
    let tags = [
        ("wire", "http:8092"),
        ("method", "GET"),
        ("route", &route),
        ("status", "2xx"),
        ("host", &host),
    ];
    Arc::new(Series::new("http.total", &tags))
}

/// What one host says of a window; few distributions, many series: making them is not measured.
fn said(all: &[Arc<Series>], host: u64, number: u64, values: &[Value]) -> Batch {
    let value = |row: usize| values[(row + number as usize) % values.len()].clone();
    let values = all.iter().enumerate().map(|(row, series)| (Arc::clone(series), value(row)));
    batch(&format!("web-{host}"), number, values.collect())
}

fn distributions() -> Vec<Value> {
    (0..997).map(histogram).collect()
}

fn bytes(dir: &Path) -> u64 {
    let used = |path: &std::path::PathBuf| std::fs::metadata(path).unwrap().blocks() * 512;
    files(&dir.join("data/keyspaces")).iter().map(used).sum()
}

/// Seconds that this process has worked, the engine's own thread included: on one core it cannot be faster.
fn worked() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u32>().map(f64::from).unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// Resident memory of this process.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

async fn scan(store: &EmbeddedStore, range: TimeRange) -> usize {
    let mut blocks = store.scan(&Select::metric("http.total"), range, RESOLUTION).await.unwrap();
    let mut rows = 0;
    while let Some(block) = blocks.next().await {
        rows += block.unwrap().rows.len();
    }
    rows
}

/// Time of the writes alone, and each one's.
async fn ingest(store: &EmbeddedStore, hosts: u64, windows: std::ops::Range<u64>) -> Vec<Duration> {
    let values = distributions();
    let series: Vec<Vec<_>> =
        (0..hosts).map(|host| (0..BATCH_ROWS).map(|row| series(host, row)).collect()).collect();
    let mut took = Vec::new();
    for number in windows {
        for (host, series) in series.iter().enumerate() {
            let batch = said(series, host as u64, number, &values);
            let begun = Instant::now();
            store.write(batch).await.unwrap();
            took.push(begun.elapsed());
        }
    }
    took
}

fn rate(took: &[Duration]) -> f64 {
    let sum: Duration = took.iter().sum();
    took.len() as f64 * BATCH_ROWS as f64 / sum.as_secs_f64()
}

#[tokio::test]
#[ignore = "by hand"]
async fn writing() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    let (values, all) =
        (distributions(), (0..BATCH_ROWS).map(|row| series(0, row)).collect::<Vec<_>>());
    let (mut took, mut work) = (Vec::new(), 0.0);
    for numbers in (0..1_000).collect::<Vec<_>>().chunks(100) {
        let batches: Vec<Batch> =
            numbers.iter().map(|&number| said(&all, 0, number, &values)).collect();
        let before = worked();
        for batch in batches {
            let begun = Instant::now();
            store.write(batch).await.unwrap();
            took.push(begun.elapsed());
        }
        work += worked() - before;
    }
    let rate = rate(&took);
    took.sort();
    let (median, p95) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    println!("{rate:.0} histograms/s; {BATCH_ROWS} at a time: median {median:?}, 95 % {p95:?}");
    let each = took.len() as f64 * BATCH_ROWS as f64 / work;
    println!(
        "{each:.0} histograms for each second of a core's work, flushing and compacting included"
    );
    drop(store);
    flush(dir.path());
    let rows = took.len() as u64 * BATCH_ROWS;
    println!("{rows} rows: {:.1} bytes a row on disk", bytes(dir.path()) as f64 / rows as f64);
}

/// Several hosts' batches with one wait for the disk, as a collector gets them.
#[tokio::test]
#[ignore = "by hand"]
async fn writing_together() {
    let values = distributions();
    let all = |host| (0..BATCH_ROWS).map(|row| series(host, row)).collect();
    let hosts: Vec<(u64, Vec<_>)> = (0..16).map(|host| (host, all(host))).collect();
    for together in [1_usize, 4, 16] {
        let dir = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(dir.path()).unwrap();
        let (mut took, mut work) = (Duration::ZERO, 0.0);
        for number in 0..60 {
            for group in hosts.chunks(together) {
                let batch = |(host, all): &(u64, Vec<_>)| said(all, *host, number, &values);
                let batches: Vec<Batch> = group.iter().map(batch).collect();
                let (begun, before) = (Instant::now(), worked());
                store.write_all(batches, Vec::new()).await.unwrap();
                took += begun.elapsed();
                work += worked() - before;
            }
        }
        let rows = 60.0 * 16.0 * BATCH_ROWS as f64;
        let (rate, each) = (rows / took.as_secs_f64(), rows / work);
        println!(
            "{together} batches of {BATCH_ROWS} at a time: {rate:.0} histograms/s, {each:.0} for each second of work"
        );
    }
}

/// What the disk needs for one batch's bytes, beside which writing is to be seen.
#[test]
#[ignore = "by hand"]
fn bare_fsync() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    for kilobytes in [4_usize, 128] {
        let mut file = std::fs::File::create(dir.path().join("raw")).unwrap();
        let mut took: Vec<Duration> = (0..300)
            .map(|_| {
                let begun = Instant::now();
                file.write_all(&vec![7; kilobytes * 1_024]).unwrap();
                file.sync_all().unwrap();
                begun.elapsed()
            })
            .collect();
        took.sort();
        println!("{kilobytes} KiB and fsync: median {:?}, 95 % {:?}", took[150], took[285]);
    }
}

#[tokio::test]
#[ignore = "by hand"]
async fn growing() {
    for hosts in [1, 10, 100, 1_000] {
        let dir = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(dir.path()).unwrap();
        let before = memory();
        let first = ingest(&store, hosts, 0..1).await;
        let windows = (300 / hosts).clamp(2, 300);
        let next = ingest(&store, hosts, 1..windows).await;
        let held = memory().saturating_sub(before);
        drop(store);
        let begun = Instant::now();
        let store = EmbeddedStore::open(dir.path()).unwrap();
        let opened = begun.elapsed();
        let begun = Instant::now();
        let found =
            store.series(&Select::metric("http.total").with("host", "web-0")).await.unwrap();
        println!(
            "{} series: new {:.0}/s, known {:.0}/s, {} bytes a series in memory, opened in {opened:?}, \
             {} of one host found in {:?}",
            hosts * BATCH_ROWS,
            rate(&first),
            rate(&next),
            held / (hosts * BATCH_ROWS),
            found.len(),
            begun.elapsed(),
        );
    }
}

#[test]
#[ignore = "by hand"]
fn sizes() {
    for values in [20_u64, 200, 2_000] {
        let (mut at_rest, mut wire, mut prometheus, mut otlp, mut bins) = (0, 0, 0, 0, 0);
        const HISTOGRAMS: u64 = 500;
        for seed in 0..HISTOGRAMS {
            let histogram = other_forms::lognormal(seed, values);
            let compact = CompactHistogram::from(&histogram);
            bins += compact.iter().count();
            at_rest += compact.as_bytes().len();
            wire += compact.to_wire().len();
            prometheus += other_forms::prometheus(&compact);
            otlp += other_forms::otlp(&compact);
        }
        let each = |bytes: usize| bytes as f64 / HISTOGRAMS as f64;
        println!(
            "{values} values, {:.0} bins: at rest {:.0}, circllhist {:.0}, Prometheus native {:.0}, OTLP {:.0} bytes",
            each(bins),
            each(at_rest),
            each(wire),
            each(prometheus),
            each(otlp)
        );
    }
}

#[tokio::test]
#[ignore = "by hand"]
async fn rolling_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    ingest(&store, 1, 0..1_080).await;
    let begun = Instant::now();
    let now = CaptureTime::from_parts(4 * 3_600, 0);
    let done = store.maintain(&Retention::default(), now).await.unwrap();
    let took = begun.elapsed();
    let rows = 1_080 * BATCH_ROWS;
    println!(
        "{} hours of {rows} rows rolled up in {took:?}: {:?} a row",
        done.rolled,
        took / rows as u32
    );
    for length in [RESOLUTION, WindowLength::MINUTE, WindowLength::HOUR] {
        let range = CaptureTime::ZERO..CaptureTime::MAX;
        let begun = Instant::now();
        let all = Select::default();
        let mut blocks = store.scan_by(&all, range, RESOLUTION, length).await.unwrap();
        let mut sum = Histogram::new();
        while let Some(block) = blocks.next().await {
            for (_, value) in block.unwrap().rows {
                if let Value::Histogram(histogram) = value {
                    sum.merge_compact(&histogram);
                }
            }
        }
        println!(
            "3 h of {BATCH_ROWS} series merged from windows of {length}: {:?}",
            begun.elapsed()
        );
    }
    let begun = Instant::now();
    let keep = Retention { base: Some(Nanos::from_seconds(1)), ..Retention::default() };
    let done = store.maintain(&keep, now).await.unwrap();
    println!("{} rows forgotten in {:?}", done.forgotten, begun.elapsed());
}

#[tokio::test]
#[ignore = "by hand"]
async fn scanning() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    for number in 0..WINDOWS {
        let values = (0..ROWS).map(|row| (series(0, row), histogram(number * 100 + row)));
        store.write(batch("web-1", number, values.collect())).await.unwrap();
    }
    drop(store);
    flush(dir.path());
    let begun = Instant::now();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    println!("open: {:?}", begun.elapsed());
    let columns = window(0).start..window(COLUMNS).start;
    let day = window(0).start..window(WINDOWS).start;
    for (what, range) in
        [("columns", columns.clone()), ("columns again", columns), ("day", day.clone())]
    {
        let begun = Instant::now();
        let rows = scan(&store, range).await;
        println!("{what}: {rows} rows of {ROWS} series: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    let windows = store.windows(day, RESOLUTION).await.unwrap();
    println!("{} windows: {:?}", windows.len(), begun.elapsed());
}
