//! The Protocol Buffers format, the only one that carries native histograms: families of `io.prometheus.client`
//! (prometheus/client_model, `metrics.proto`), each behind its length. Classic buckets stand beside the native ones.

use super::native::{self, Buckets};
use super::text::buckets;
use super::{Family, Kind, Total};
use model::histogram::{Distribution, Unit};
use model::series::Series;
use prost::Message;

/// As far as it is used.
#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    help: String,
    #[prost(enumeration = "MetricType", tag = "3")]
    kind: i32,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<HistogramMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// `Gauge` and `Counter`.
#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct HistogramMessage {
    #[prost(uint64, tag = "1")]
    sample_count: u64,
    #[prost(double, tag = "2")]
    sample_sum: f64,
    #[prost(message, repeated, tag = "3")]
    buckets: Vec<Bucket>,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    zero_count: u64,
    #[prost(message, repeated, tag = "12")]
    positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "13")]
    positive_deltas: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulative_count: u64,
    #[prost(double, tag = "2")]
    upper_bound: f64,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

pub(super) fn render<'r>(families: impl Iterator<Item = Family<'r>>) -> Vec<u8> {
    families.flat_map(|family| message(&family).encode_length_delimited_to_vec()).collect()
}

fn message(family: &Family<'_>) -> MetricFamily {
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Level => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    let metrics = family.metrics.iter().map(|(series, total)| metric(series, total, family.unit));
    MetricFamily {
        name: family.name.clone(),
        help: family.help().unwrap_or_default().to_owned(),
        kind: kind.into(),
        metrics: metrics.collect(),
    }
}

fn metric(series: &Series, total: &Total, unit: Unit) -> Metric {
    let label = |(name, value): (&str, &str)| Label { name: name.into(), value: value.into() };
    let mut metric = Metric { labels: series.tags().map(label).collect(), ..Metric::default() };
    match total {
        Total::Counter(count) => metric.counter = Some(Number { value: *count as f64 }),
        Total::Level { level, .. } => metric.gauge = Some(Number { value: *level }),
        Total::Histogram(all) => metric.histogram = Some(histogram(all, unit)),
    }
    metric
}

fn histogram(all: &model::histogram::Histogram, unit: Unit) -> HistogramMessage {
    let sample_count = all.count();
    let classic = buckets(all, unit).chain([(f64::INFINITY, sample_count)]);
    let Buckets { spans, deltas } = native::buckets(all);
    HistogramMessage {
        sample_count,
        sample_sum: all.approx_sum(),
        buckets: classic
            .map(|(upper_bound, cumulative_count)| Bucket { cumulative_count, upper_bound })
            .collect(),
        schema: native::SCHEMA,
        zero_threshold: native::ZERO_THRESHOLD,
        zero_count: native::zeros(all),
        positive_spans: spans
            .into_iter()
            .map(|(offset, length)| BucketSpan { offset, length })
            .collect(),
        positive_deltas: deltas,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::histogram::Histogram;

    /// The bytes as the published schema gives them, field by field.
    #[test]
    fn fields_have_their_published_numbers() {
        let mut histogram = Histogram::new();
        [0, 1_000_000_000, 1_000_000_000].iter().for_each(|nanos| histogram.record_nanos(*nanos));
        let series = Series::new("http.total", &[("wire", "http:80")]);
        let total = Total::Histogram(Box::new(histogram));
        let mut message = message(&Family::of(&series, &total));
        message.help.clear();
        for metric in &mut message.metrics {
            metric.histogram.as_mut().unwrap().buckets.truncate(1);
        }
        let expected: Vec<u8> = [
            // name = 1, type = 3: HISTOGRAM, metric = 4
            &b"\x0a\x1awirelat_http_total_seconds"[..],
            b"\x18\x04\x22\x41",
            // label = 1, histogram = 7
            b"\x0a\x0f\x0a\x04wire\x12\x07http:80\x3a\x2e",
            // sample_count = 1: 3, sample_sum = 2
            b"\x08\x03\x11",
            &2.095_238_095_238_095_3_f64.to_le_bytes(),
            // bucket = 3: one is less than 100 µs
            b"\x1a\x0b\x08\x01\x11",
            &1e-4_f64.to_le_bytes(),
            // schema = 5: 4, zero_threshold = 6, zero_count = 7
            b"\x28\x08\x31",
            &(-128_f64).exp2().to_le_bytes(),
            b"\x38\x01",
            // positive_span = 12: one bucket at 2, positive_delta = 13: 2
            b"\x62\x04\x08\x04\x10\x01\x6a\x01\x04",
        ]
        .concat();
        assert_eq!(message.encode_to_vec(), expected, "{message:?}");
    }
}
