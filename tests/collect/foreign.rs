//! Clients of others: circonus-gometrics' forms, curl's, our own exports, and what is said twice.

use crate::common::{Collector, client, free_port, rows};
use model::batch::{Batch, BatchId, Value};
use model::histogram::{CompactHistogram, Distribution, Histogram, Threshold};
use model::otlp::{
    CUMULATIVE, Data, HistogramPoint, Metric, Request, ResourceMetrics, ScopeMetrics,
};
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use observer::export::{Export, HttpTrap, Otlp};
use prost::Message;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use ureq::Agent;

fn window() -> Batch {
    let mut histogram = Histogram::new();
    [1, 1, 2, 30].iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
    let http = [("wire", "http:80"), ("method", "GET"), ("route", "api"), ("status", "2xx")];
    let values = [
        ("http.total", &http[..], Value::Histogram(CompactHistogram::from(&histogram))),
        ("ledger.packets", &[("entry", "tcp")][..], Value::Delta(7)),
    ];
    let start = CaptureTime::from_parts(1_700_000_000, 0);
    let window = WindowLength::DEFAULT.window_of(start);
    let named = |(metric, tags, value)| (Arc::new(Series::new(metric, tags)), value);
    Batch {
        id: BatchId { source: "host".into(), run: 1, pipeline: 0, window },
        revision: 1,
        values: values.into_iter().map(named).collect(),
    }
}

/// Counts of histograms and sums of counters and gauges, by series, over all windows.
fn counts(data: &Path) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for (series, _, value) in rows(data) {
        *counts.entry(series.to_string()).or_default() += match value {
            Value::Histogram(histogram) => histogram.count() as f64,
            Value::Delta(count) => count as f64,
            Value::Gauge(gauge) => gauge.sum,
            Value::Text(_) => 1.0,
        };
    }
    counts
}

#[test]
fn our_own_exports_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), free_port(), &[]);
    let sent = window();
    HttpTrap::new(&collector.url("/module/httptrap/web-1/secret")).send(&sent).unwrap();
    Otlp::new(&collector.url("")).send(&sent).unwrap();
    collector.stop();
    let found = rows(folder.path());
    let of = |metric: &str| {
        let found: Vec<_> =
            found.iter().filter(|(series, _, _)| series.metric() == metric).collect();
        assert_eq!(found.len(), 1, "{metric}");
        found[0].clone()
    };
    let (series, at, value) = of("GET`api`2xx`latency");
    assert_eq!((series.tag("trap"), at), (Some("web-1"), sent.id.window.start));
    assert_eq!(value, sent.values[0].1, "bin for bin");
    let (_, at, value) = of("wirelat.ledger.packets");
    assert_eq!((at, value), (sent.id.window.start, Value::Delta(7)));
    let (series, at, value) = of("http.server.request.duration");
    assert_eq!((series.tag("http.route"), at), (Some("api"), sent.id.window.start));
    let Value::Histogram(histogram) = value else { panic!("{value:?}") };
    assert_eq!(histogram.count(), 4);
}

fn trapped(client: &Agent, url: &str, json: &str, key: Option<&str>) -> String {
    let mut request = client.put(url).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let mut answer = request.send(json).unwrap();
    format!("{} {}", answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn what_is_said_twice_with_one_key_counts_once_also_after_a_crash() {
    let (folder, client, address) = (tempfile::tempdir().unwrap(), client(), free_port());
    let mut collector = Collector::start(folder.path(), address, &[]);
    let url = collector.url("/module/httptrap/a/s");
    let json = "{\"m\":{\"_type\":\"n\",\"_value\":[\"H[1.2e-03]=4\"],\"_ts\":1700000000000}}";
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(trapped(&client, &url, json, Some("one")), "200 {\"stats\":1}");
        }
        collector.kill();
        collector = Collector::start(folder.path(), address, &[]);
    }
    assert_eq!(trapped(&client, &url, json, Some("two")), "200 {\"stats\":1}");
    assert_eq!(trapped(&client, &url, json, None), "200 {\"stats\":1}");
    assert!(trapped(&client, &url, "{\"m\":", None).starts_with("400 EOF"));
    collector.stop();
    assert_eq!(counts(folder.path()), BTreeMap::from([("m{trap=a}".to_owned(), 12.0)]));
}

#[test]
fn totals_are_filed_by_their_growth_also_over_a_crash() {
    let (folder, client, address) = (tempfile::tempdir().unwrap(), client(), free_port());
    let mut collector = Collector::start(folder.path(), address, &[]);
    let trap = collector.url("/module/httptrap/a/s");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let total = |number: u64| {
        let point = HistogramPoint {
            start_ns: now,
            end_ns: now + number * 1_000_000_000,
            count: 3 * number,
            bounds: vec![0.1, 1.0],
            bucket_counts: vec![number, 2 * number, 0],
            ..HistogramPoint::default()
        };
        let data = Data::Histogram(model::otlp::Histogram {
            points: vec![point],
            temporality: CUMULATIVE,
        });
        let metric = Metric { name: "otel".to_owned(), unit: "s".to_owned(), data: Some(data) };
        let scope_metrics = vec![ScopeMetrics { scope: None, metrics: vec![metric] }];
        Request { resource_metrics: vec![ResourceMetrics { resource: None, scope_metrics }] }
    };
    for number in 1..=6 {
        let at_ms = 1_700_000_000_000 + number * 10_000;
        let json = format!(
            "{{\"m\":{{\"_type\":\"H\",\"_value\":[\"H[1.0]={}\"],\"_ts\":{at_ms}}}}}",
            100 + number
        );
        // A client that does not know whether it was heard sends it again.
        for _ in 0..2 {
            assert_eq!(trapped(&client, &trap, &json, None), "200 {\"stats\":1}");
            let url = collector.url("/v1/metrics");
            let request = client.post(url).header("content-type", "application/x-protobuf");
            let answer = request.send(&total(number).encode_to_vec()[..]).unwrap();
            assert_eq!(answer.status(), 200);
        }
        if number % 2 == 0 {
            collector.kill();
            collector = Collector::start(folder.path(), address, &[]);
        }
    }
    collector.stop();
    // Of the trap's total nobody knows when it began: the first is where growth begins.
    let expected = [("m{trap=a}".to_owned(), 5.0), ("otel".to_owned(), 18.0)];
    assert_eq!(counts(folder.path()), BTreeMap::from(expected));
}

/// `WIRELAT_OTEL_PYTHON` names a Python that has OpenTelemetry's SDK and its exporter for OTLP over HTTP.
#[test]
fn an_opentelemetry_sdk_is_understood() {
    let Some(python) = std::env::var_os("WIRELAT_OTEL_PYTHON") else {
        println!("WIRELAT_OTEL_PYTHON is not set: OpenTelemetry's SDK was not tried");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), free_port(), &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/opentelemetry_client.py");
    let url = collector.url("/v1/metrics");
    let done = Command::new(python).args([script, &url]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    collector.stop();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    println!("{told}");
    let mut found: BTreeMap<String, Histogram> = BTreeMap::new();
    for (series, _, value) in rows(folder.path()) {
        if let Value::Histogram(histogram) = value {
            assert_eq!(series.tag("service.name"), Some("shop"));
            assert_eq!(series.tag("http.route"), Some("/login"));
            found.entry(series.metric().to_owned()).or_default().merge_compact(&histogram);
        }
    }
    for prefix in ["delta", "cumulative"] {
        for kind in ["explicit", "exponential"] {
            let name = format!("{prefix}.{kind}");
            let (told, found) = (&told[&name], &found[&name]);
            assert_eq!(Some(found.count()), told["count"].as_u64(), "{name}");
            let below = found.count_below(Threshold::from_nanos(100_000_000)).exact().unwrap();
            let expected = told["below_100ms"].as_u64().unwrap();
            // A bucket of the coarsest scale can lie across the objective; explicit ones do not.
            let slack = if kind == "explicit" { 0 } else { 8 };
            assert!(below.abs_diff(expected) <= slack, "{name}: {below}, not {expected}");
        }
        let requests = counts(folder.path())
            .into_iter()
            .filter(|(name, _)| name.starts_with(&format!("{prefix}.requests")));
        assert_eq!(requests.map(|(_, count)| count).sum::<f64>(), 35.0);
    }
}
