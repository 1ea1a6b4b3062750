//! Figures, by hand, on one core:
//! `taskset -c 0 cargo test --release -p wirelat-collector --test measure -- --ignored --nocapture`.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use axum::body::Body;
use axum::http::{Request, StatusCode};
use collector::access::Access;
use collector::{App, router};
use model::batch::{Batch, BatchId, Value, wire_form};
use model::histogram::{CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::sync::Arc;
use std::time::Instant;
use store::embedded::EmbeddedStore;
use tower::ServiceExt;

/// Observers that push at once, each with so many series a window.
const SOURCES: u64 = 8;
const SERIES: u64 = 1_000;
const WINDOWS: u64 = 40;

/// Some hundred requests around a few milliseconds.
fn histogram(seed: u64) -> Value {
    let mut histogram = Histogram::new();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..200 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        histogram.record_nanos(1_000_000 + (state % 1_000) * (state >> 32) % 20_000_000);
    }
    Value::Histogram(CompactHistogram::from(&histogram))
}

fn body(source: u64, number: u64) -> Vec<u8> {
    let start = CaptureTime::from_parts(1_700_000_000 + 10 * number, 0);
    let window = WindowLength::DEFAULT.window_of(start);
    let host = format!("web-{source}");
    let series = |row: u64| {
        let route = format!("/users/{row}/orders");
        let tags = [("wire", "http:8092"), ("method", "GET"), ("route", &*route), ("host", &*host)];
        Arc::new(Series::new("http.total", &tags))
    };
    let values = (0..SERIES).map(|row| (series(row), histogram(number * SERIES + row))).collect();
    let id = BatchId { source: (&*host).into(), run: 1, pipeline: 0, window };
    zstd::encode_all(&*wire_form::encode([&Batch { id, revision: 1, values }]), 1).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand"]
async fn ingest() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path()).unwrap();
    let app = App::start(Arc::new(store), None, Arc::new(Access::open())).unwrap();
    let router = router(app);
    let bodies: Vec<Vec<Vec<u8>>> = (0..SOURCES)
        .map(|source| (0..WINDOWS).map(|number| body(source, number)).collect())
        .collect();
    let began = Instant::now();
    let pushing: Vec<_> = bodies
        .into_iter()
        .map(|bodies| {
            let router = router.clone();
            tokio::spawn(async move {
                for body in bodies {
                    let request = Request::post("/api/v1/batches")
                        .header("content-type", "application/x-protobuf")
                        .header("content-encoding", "zstd")
                        .body(Body::from(body));
                    let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
                    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
                }
            })
        })
        .collect();
    for pushed in pushing {
        pushed.await.unwrap();
    }
    let (took, histograms) = (began.elapsed(), SOURCES * SERIES * WINDOWS);
    let rate = histograms as f64 / took.as_secs_f64();
    println!("{histograms} histograms durable in {took:?}: {rate:.0} a second");
}
