//! Windows as OpenTelemetry takes them: OTLP over HTTP, metrics of delta temporality, a point for each series and window.
//!
//! Names are those of the semantic conventions where there are any (`http.server.request.duration`,
//! `db.client.operation.duration`, `messaging.client.operation.duration`), with what they lack under `wirelat.`; the other
//! metrics are `wirelat.` and our name. Buckets count what is less than their bound, where OpenTelemetry means less or equal;
//! sums are those of the bins' middles.

use super::Export;
use super::growth::Growth;
use model::batch::{Batch, Value};
use model::exposition::edges;
use model::histogram::{CompactHistogram, Distribution, Unit};
use model::otlp::{
    DELTA, Data, Gauge, Histogram, HistogramPoint, KeyValue, Metric, NumberPoint, Request,
    Resource, ResourceMetrics, Scope, ScopeMetrics, Sum,
};
use model::series::{self, Series};
use model::window::Window;
use prost::Message;
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::Agent;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A receiver, and what it was sent.
#[derive(Debug)]
pub struct Otlp {
    agent: Agent,
    url: String,
    growth: Growth,
}

impl Otlp {
    /// `url`: the receiver's base, as in `http://127.0.0.1:4318`.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        let url = format!("{}/v1/metrics", url.trim_end_matches('/'));
        Self { agent: config.into(), url, growth: Growth::default() }
    }
}

impl Export for Otlp {
    fn send(&mut self, batch: &Batch) -> Result<(), String> {
        let grown = self.growth.of(batch);
        if !grown.is_empty() {
            let request = request(&batch.id.source, batch.id.window, &grown);
            let post = self.agent.post(&self.url).header("content-type", "application/x-protobuf");
            post.send(request.encode_to_vec()).map_err(|error| error.to_string())?;
        }
        self.growth.settle(batch);
        Ok(())
    }
}

fn request(source: &str, window: Window, values: &[(std::sync::Arc<Series>, Value)]) -> Request {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    for (series, value) in values {
        let (name, attributes) = named(series);
        let unit = match (value, unit_of(series)) {
            (Value::Histogram(_), Unit::Seconds) => "s",
            (Value::Histogram(_), Unit::Bytes) => "By",
            (_, _) => "1",
        };
        let metric = metrics.entry(name.clone()).or_insert_with(|| Metric {
            name,
            unit: unit.to_owned(),
            data: None,
        });
        add(metric, window, attributes, series, value);
    }
    let scope = Scope { name: "wirelat".into(), version: env!("CARGO_PKG_VERSION").into() };
    let attributes = vec![
        KeyValue::text("service.name", "wirelat-observer"),
        KeyValue::text("host.name", source),
    ];
    let metrics = metrics.into_values().filter(|metric| metric.data.is_some()).collect();
    Request {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes }),
            scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics }],
        }],
    }
}

fn add(
    metric: &mut Metric,
    window: Window,
    attributes: Vec<KeyValue>,
    series: &Series,
    value: &Value,
) {
    let (start_ns, end_ns) = (window.start.as_nanos(), window.end().as_nanos());
    let number = |level, count| NumberPoint {
        start_ns,
        end_ns,
        level,
        count,
        attributes: attributes.clone(),
        flags: 0,
    };
    match value {
        Value::Histogram(histogram) => {
            let empty = || Data::Histogram(Histogram { points: Vec::new(), temporality: DELTA });
            if let Data::Histogram(data) = metric.data.get_or_insert_with(empty) {
                let (bounds, bucket_counts) = buckets(histogram, unit_of(series));
                let (count, sum) = (histogram.count(), Some(histogram.approx_sum()));
                data.points.push(HistogramPoint {
                    start_ns,
                    end_ns,
                    count,
                    sum,
                    bucket_counts,
                    bounds,
                    attributes,
                    ..HistogramPoint::default()
                });
            }
        }
        Value::Delta(count) => {
            let empty =
                || Data::Sum(Sum { points: Vec::new(), temporality: DELTA, is_monotonic: true });
            if let Data::Sum(data) = metric.data.get_or_insert_with(empty) {
                data.points.push(number(None, Some(i64::try_from(*count).unwrap_or(i64::MAX))));
            }
        }
        Value::Gauge(gauge) => {
            let empty = || Data::Gauge(Gauge { points: Vec::new() });
            if let Data::Gauge(data) = metric.data.get_or_insert_with(empty) {
                data.points.push(number(Some(gauge.last), None));
            }
        }
        Value::Text(_) => {}
    }
}

/// What its values are: times, where its name does not tell.
fn unit_of(series: &Series) -> Unit {
    series::unit(series.metric()).unwrap_or(Unit::Seconds)
}

/// Bounds, and how many values are below each of them and not below the one before; one more for the rest.
fn buckets(histogram: &CompactHistogram, unit: Unit) -> (Vec<f64>, Vec<u64>) {
    let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0);
    for (bound, threshold) in edges(unit) {
        let up_to = histogram.count_below(threshold).lower;
        bounds.push(bound);
        counts.push(up_to - below);
        below = up_to;
    }
    counts.push(histogram.count() - below);
    (bounds, counts)
}

/// A series' name and attributes, by the semantic conventions where they have one.
fn named(series: &Series) -> (String, Vec<KeyValue>) {
    let (protocol, value) = series.metric().split_once('.').unwrap_or_default();
    let (name, system) = match (protocol, value) {
        ("http" | "http2", "total") => ("http.server.request.duration", None),
        ("postgres", "total") => ("db.client.operation.duration", Some("postgresql")),
        ("cassandra" | "mysql" | "redis", "total") => {
            ("db.client.operation.duration", Some(protocol))
        }
        ("kafka", "total") => ("messaging.client.operation.duration", Some("kafka")),
        _ => {
            let attributes = series.tags().map(|(tag, text)| KeyValue::text(tag, text)).collect();
            return (format!("wirelat.{}", series.metric()), attributes);
        }
    };
    let system_key = match protocol {
        "kafka" => "messaging.system",
        _ => "db.system.name",
    };
    let mut attributes: Vec<KeyValue> =
        system.map(|system| KeyValue::text(system_key, system)).into_iter().collect();
    attributes.extend(series.tags().filter(|(_, text)| !text.is_empty()).map(
        |(tag, text)| match tag {
            "method" => KeyValue::text("http.request.method", text),
            "route" => KeyValue::text("http.route", text),
            "operation" | "command" => KeyValue::text("db.operation.name", text),
            "statement" => KeyValue::text("db.query.summary", text),
            "api" => KeyValue::text("messaging.operation.name", text),
            "topic" => KeyValue::text("messaging.destination.name", text),
            other => KeyValue::text(&format!("wirelat.{other}"), text),
        },
    ));
    (name.to_owned(), attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::histogram::Histogram as Recorded;
    use model::otlp::AnyValue;
    use model::units::CaptureTime;
    use model::window::WindowLength;
    use std::sync::Arc;

    fn said(metric: &str, tags: &[(&str, &str)], value: Value) -> Request {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(1_000, 0));
        request("host", window, &[(Arc::new(Series::new(metric, tags)), value)])
    }

    fn only(request: &Request) -> &Metric {
        &request.resource_metrics[0].scope_metrics[0].metrics[0]
    }

    fn texts(attributes: &[KeyValue]) -> Vec<(&str, &str)> {
        let text = |own: &AnyValue| own.text.clone().unwrap();
        attributes
            .iter()
            .map(|own| (&*own.key, &*Box::leak(text(own.value.as_ref().unwrap()).into_boxed_str())))
            .collect()
    }

    #[test]
    fn times_have_the_conventions_names() {
        let mut histogram = Recorded::new();
        [2, 2, 30, 200_000].iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
        let value = || Value::Histogram((&histogram).into());
        let tags = [("method", "GET"), ("route", "/a"), ("status", "2xx"), ("wire", "http:80")];
        let request = said("http.total", &tags, value());
        let metric = only(&request);
        assert_eq!((&*metric.name, &*metric.unit), ("http.server.request.duration", "s"));
        let Some(Data::Histogram(data)) = &metric.data else { panic!("{metric:?}") };
        let point = &data.points[0];
        assert_eq!((point.start_ns, point.end_ns), (1_000_000_000_000, 1_010_000_000_000));
        assert_eq!((point.count, point.bucket_counts.iter().sum::<u64>()), (4, 4));
        assert_eq!((point.bounds.len() + 1, point.bounds[4]), (point.bucket_counts.len(), 0.0025));
        assert_eq!((point.bucket_counts[4], point.bucket_counts.last()), (2, Some(&1)));
        let expected = [
            ("http.request.method", "GET"),
            ("http.route", "/a"),
            ("wirelat.status", "2xx"),
            ("wirelat.wire", "http:80"),
        ];
        assert_eq!(texts(&point.attributes), expected);
        for (metric, tags, expected, system) in [
            (
                "postgres.total",
                [("operation", "Query")],
                "db.client.operation.duration",
                "postgresql",
            ),
            ("redis.total", [("command", "GET")], "db.client.operation.duration", "redis"),
            ("kafka.total", [("topic", "orders")], "messaging.client.operation.duration", "kafka"),
        ] {
            let request = said(metric, &tags, value());
            let Some(Data::Histogram(data)) = &only(&request).data else { panic!("{request:?}") };
            assert_eq!(only(&request).name, expected);
            assert_eq!(texts(&data.points[0].attributes)[0].1, system);
        }
    }

    #[test]
    fn the_rest_has_our_names() {
        let request = said("ledger.requests", &[("entry", "started")], Value::Delta(7));
        let metric = only(&request);
        assert_eq!((&*metric.name, &*metric.unit), ("wirelat.ledger.requests", "1"));
        let Some(Data::Sum(data)) = &metric.data else { panic!("{metric:?}") };
        assert_eq!((data.points[0].count, data.temporality, data.is_monotonic), (Some(7), 1, true));
        let text = said("capture.span", &[], Value::Text("x".into()));
        assert!(text.resource_metrics[0].scope_metrics[0].metrics.is_empty());
    }
}
