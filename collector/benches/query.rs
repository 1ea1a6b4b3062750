//! A week of one service asked in slices, over HTTP on loopback, from the embedded store with a warm cache:
//! `cargo bench -p wirelat-collector --bench query`
//!
//! 43,200 stored histograms of 27,778 measurements each, 1.2 billion in all, in windows of 15 s, with the ledger beside
//! them; asked as 112 slices of 1 h 30 min. The bar is 48 ms.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may panic, and prints"
)]

use collector::App;
use collector::access::Access;
use collector::query::{Ask, run};
use model::batch::{Batch, BatchId, Value};
use model::histogram::{Bin, CompactHistogram, Histogram};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use store::embedded::EmbeddedStore;
use tokio::net::TcpListener;

const HISTOGRAMS: u64 = 43_200;
const MEASUREMENTS: u64 = 27_778;
const WINDOW_S: u64 = 15;
const WEEK_S: u64 = 7 * 86_400;
/// A Monday at midnight, and the start of a slice: 1.5 hours since the epoch, many times.
const START_S: u64 = 1_795_132_800 / 5_400 * 5_400;
const RUNS: usize = 31;
/// Batches of one change on disk.
const AT_ONCE: usize = 1_000;
const QUERY: &str = "find(%22http.total%22)%7Cmerge()%7Cpercentile(50,99)";

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    runtime.block_on(fill(&EmbeddedStore::open(directory.path()).unwrap()));
    println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    // As after a start: what is in the journals has become tables.
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
    let ask = Ask {
        text: "find(\"http.total\") | merge() | percentile(50, 99)".to_owned(),
        step: Some(Nanos::from_seconds(5_400)),
        ..Ask::default()
    };
    let asked = |_| {
        let begun = Instant::now();
        let answer = runtime.block_on(run(Arc::clone(&store), &ask)).unwrap();
        assert_eq!((answer.grid.steps(), answer.streams.len()), (112, 2));
        begun.elapsed()
    };
    report("from the store, without HTTP", asked);
    let app = App::start(Arc::clone(&store), None, Arc::new(Access::open())).unwrap();
    let running = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        collector::serve(listener, None, app).unwrap()
    });
    let mut client = Client::new(running.address);
    report("end to end over HTTP", |_| {
        let begun = Instant::now();
        let body = client.get(&format!("/api/v1/query?q={QUERY}&step=90m"));
        assert!(body.contains("\"steps\":112") && body.contains("percentile"), "{body}");
        begun.elapsed()
    });
    runtime.block_on(running.stop()).unwrap();
}

/// One run to warm up, then the median.
fn report(what: &str, mut run: impl FnMut(usize) -> Duration) {
    let first = run(0);
    let mut took: Vec<Duration> = (0..RUNS).map(run).collect();
    took.sort_unstable();
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    let [least, median, most] =
        [0, RUNS / 2, RUNS - 1].map(|place| millis(*took.get(place).unwrap()));
    println!(
        "{what}: median {median:.1} ms, {least:.1} to {most:.1} ms of {RUNS}; the first {:.1} ms",
        millis(first)
    );
}

/// One route for the whole week, a second one for as many windows as are left.
async fn fill(store: &EmbeddedStore) {
    let tags =
        |route| [("method", "GET"), ("route", route), ("status", "2xx"), ("wire", "http:8092")];
    let [first, second] =
        ["/users/{id}", "/login"].map(|route| Arc::new(Series::new("http.total", &tags(route))));
    let ledger = [
        ("streams", "span"),
        ("streams", "decoded"),
        ("streams", "skipped"),
        ("requests", "started"),
        ("requests", "answered"),
    ]
    .map(|(account, entry)| {
        let tags = [("wire", "http:8092"), ("entry", entry)];
        Arc::new(Series::new(&format!("ledger.{account}"), &tags))
    });
    let windows = WEEK_S / WINDOW_S;
    let mut random = Random(7);
    let (mut bytes, mut bins) = (0, 0);
    let mut waiting = Vec::new();
    for number in 0..windows {
        let mut values: Vec<(Arc<Series>, Value)> = ledger
            .iter()
            .map(|series| (Arc::clone(series), Value::Delta(random.next() % 50_000_000)))
            .collect();
        let routes =
            if number < HISTOGRAMS - windows { vec![&first, &second] } else { vec![&first] };
        for route in routes {
            let histogram = measured(&mut random, number);
            bytes += histogram.as_bytes().len();
            bins += histogram.iter().count();
            values.push((Arc::clone(route), Value::Histogram(histogram)));
        }
        let window = WindowLength::new(Nanos::from_seconds(WINDOW_S)).unwrap();
        let start = CaptureTime::from_parts(START_S + number * WINDOW_S, 0);
        let id = BatchId {
            source: "web-1".into(),
            run: 1,
            pipeline: 0,
            window: Window { start, length: window },
        };
        waiting.push(Batch { id, revision: 1, values });
        if waiting.len() == AT_ONCE {
            store.write_all(std::mem::take(&mut waiting), Vec::new()).await.unwrap();
        }
    }
    store.write_all(waiting, Vec::new()).await.unwrap();
    let mean = |sum: usize| sum as f64 / HISTOGRAMS as f64;
    println!("{HISTOGRAMS} histograms: {:.0} bins and {:.0} bytes each", mean(bins), mean(bytes));
}

/// A window's latencies: lognormal, with a median that goes with the time of day. Drawn bin by bin, not one by one.
fn measured(random: &mut Random, window: u64) -> CompactHistogram {
    let hour = (window * WINDOW_S % 86_400) as f64 / 3_600.0;
    let median = 0.005
        * (1.0 + 0.5 * (hour / 24.0 * std::f64::consts::TAU).sin())
        * (0.9 + 0.2 * random.uniform());
    let mut histogram = Histogram::new();
    let (mut before, mut left) = (0.0, MEASUREMENTS);
    for place in 0..450_u64 {
        // From 100 µs to 10 s.
        let (two, exponent) = (10 + place % 90, (place / 90) as i32);
        let upper = (two + 1) as f64 * 1e-5 * 10_f64.powi(exponent);
        let below = normal_below((upper / median).ln());
        let expected = (below - before) * MEASUREMENTS as f64;
        before = below;
        let noise = (random.uniform() - 0.5) * 2.0 * (3.0 * expected).sqrt();
        let count = ((expected + noise + random.uniform()).max(0.0) as u64).min(left);
        left -= count;
        histogram.record_bin(Bin::from_scaled(two * 10_u64.pow(exponent as u32), -5), count);
    }
    histogram.record_bin(Bin::from_scaled(5, -3), left);
    CompactHistogram::from(&histogram)
}

/// The normal distribution, to three digits (Bowling and others, 2009).
fn normal_below(x: f64) -> f64 {
    1.0 / (1.0 + (-(0.07056 * x.powi(3) + 1.5976 * x)).exp())
}

/// The same sequence in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One connection that is kept.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn get(&mut self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }
}
