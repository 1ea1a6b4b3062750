//! Over HTTP, from a store in a directory.

mod rolled;

use crate::App;
use crate::access::Access;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use model::batch::{Batch, BatchId, Gauge, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use std::sync::Arc;
use store::Store;
use store::embedded::EmbeddedStore;
use tower::ServiceExt;

/// A whole hour, of which ten minutes are stored.
pub(super) const START: u64 = 1_795_132_800;

/// A collector over a store of its own.
pub(super) struct Stage {
    router: Router,
    _directory: tempfile::TempDir,
}

/// An answer: its status, and its body.
pub(super) type Answered = (StatusCode, String);

impl Stage {
    /// Sixty windows of 10 s; the last but one was not observed. In each, `/login` has ten requests of 10 ms and one of
    /// 2 s, `/users` five of 30 ms; five bytes of a hundred are lost in the first.
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
        let batches: Vec<Batch> = (0..60).filter(|number| *number != 58).map(batch).collect();
        store.write_all(batches, Vec::new()).await.unwrap();
        let app = App::start(store, None, Arc::new(Access::open())).unwrap();
        Self { router: crate::router(app), _directory: directory }
    }

    async fn raw(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        (status, body.to_vec())
    }

    async fn bytes(&self, path: &str, parameters: &[(&str, &str)]) -> (StatusCode, Vec<u8>) {
        let query = encoded(parameters);
        self.raw(Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let (status, body) = self.raw(request).await;
        (status, String::from_utf8(body).unwrap())
    }

    pub(super) async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Answered {
        let query = encoded(parameters);
        self.send(Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Answered {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(encoded(parameters)));
        self.send(request.unwrap()).await
    }
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

fn batch(number: u64) -> Batch {
    let tags = |route| [("method", "GET"), ("route", route), ("wire", "http:80")];
    let series = |metric, tags: &[(&str, &str)]| Arc::new(Series::new(metric, tags));
    let distribution = |millis: &[(u64, u64)]| {
        let mut histogram = Histogram::new();
        for &(millis, count) in millis {
            (0..count).for_each(|_| histogram.record_nanos(millis * 1_000_000));
        }
        Value::Histogram(CompactHistogram::from(&histogram))
    };
    let mut values = vec![
        (series("http.total", &tags("/login")), distribution(&[(10, 10), (2_000, 1)])),
        (series("http.total", &tags("/users")), distribution(&[(30, 5)])),
        (series("http.requests", &tags("/login")), Value::Delta(11)),
        (series("http.requests", &tags("/users")), Value::Delta(5)),
        (series("observer.memory_bytes", &[]), Value::Gauge(Gauge::once(1e6 + number as f64))),
        (series("ledger.streams", &[("entry", "span"), ("wire", "http:80")]), Value::Delta(100)),
        (series("capture.span", &[("run", "1")]), Value::Text("0 1".into())),
    ];
    if number == 0 {
        let gap = series("ledger.streams", &[("entry", "gap"), ("wire", "http:80")]);
        values.push((gap, Value::Delta(5)));
    }
    let start = CaptureTime::from_parts(START + 10 * number, 0);
    let window = Window { start, length: WindowLength::DEFAULT };
    let id = BatchId { source: "web-1".into(), run: 1, pipeline: 0, window };
    Batch { id, revision: 1, values }
}

const QUERY: &str = "/api/v1/query";
const SLOW: &str = r#"find("http.total") | merge() | count_above(1.5s)"#;

#[tokio::test]
async fn answers_come_as_json_and_csv() {
    let stage = Stage::new().await;
    let (status, body) = stage.get(QUERY, &[("q", SLOW), ("step", "5m")]).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    insta::assert_json_snapshot!(answer);
    let two = r#"find("http.total") | count_above(1.95s, 2s)"#;
    let last = [("q", two), ("start", "-30s"), ("step", "10s"), ("format", "csv")];
    let (_, body) = stage.get(QUERY, &last).await;
    insta::assert_snapshot!(body);
    let whole =
        [("q", r#"find("http.total", route="/users")"#), ("step", "10m"), ("format", "csv")];
    let (_, body) = stage.get(QUERY, &whole).await;
    insta::assert_snapshot!(body);
}

#[tokio::test]
async fn what_cannot_be_answered_says_where_and_why() {
    let stage = Stage::new().await;
    let cases: [&[(&str, &str)]; 7] = [
        &[("q", r#"find("http.total") | merge() | percentil(99)"#)],
        &[],
        &[("q", SLOW), ("start", "yesterday")],
        &[("q", SLOW), ("start", "-1h"), ("end", "-2h")],
        &[("q", SLOW), ("step", "7s")],
        &[("q", SLOW), ("window", "1h")],
        &[("q", r#"find:counter("http.total") | sum()"#)],
    ];
    let mut said = String::new();
    for case in cases {
        let (status, body) = stage.get(QUERY, case).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        said.push_str(&body);
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn answers_come_as_arrow() {
    let stage = Stage::new().await;
    let asked = [("q", SLOW), ("start", "-30s"), ("step", "10s"), ("format", "arrow")];
    let (status, body) = stage.bytes(QUERY, &asked).await;
    assert_eq!(status, StatusCode::OK);
    let mut reader = arrow_ipc::reader::StreamReader::try_new(&body[..], None).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let schema = batch.schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["start", "name", "at_least", "at_most", "observed"]);
    let slow = batch.column_by_name("at_least").unwrap().as_any();
    let slow: Vec<_> = slow.downcast_ref::<arrow_array::Float64Array>().unwrap().iter().collect();
    assert_eq!(slow, [Some(1.0), None, Some(1.0)]);
}

/// Any start, step and number of threads: the sums are those of the rows.
#[tokio::test]
async fn slices_add_up() {
    let stage = Stage::new().await;
    for step in ["10s", "20s", "30s", "1m", "5m", "10m"] {
        let asked = [("q", SLOW), ("step", step)];
        let (_, body) = stage.get(QUERY, &asked).await;
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        let values = answer["streams"][0]["values"].as_array().unwrap();
        let sum: f64 = values.iter().filter_map(serde_json::Value::as_f64).sum();
        assert!((sum - 59.0).abs() < 1e-9, "{step}: {values:?}");
    }
}

#[tokio::test]
async fn an_empty_store_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
    let ask = super::Ask { text: SLOW.to_owned(), ..super::Ask::default() };
    let failure = super::run(store, &ask).await.unwrap_err();
    assert_eq!(failure.to_string(), "nothing is stored yet: push something first");
}
