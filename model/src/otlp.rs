//! OpenTelemetry's messages for metrics, as far as they are used here: `opentelemetry/proto/collector/metrics/v1/metrics_service.proto`
//! and those it includes, version 1.

use prost::{Message, Oneof};

/// `AGGREGATION_TEMPORALITY_DELTA`: what came since the point before.
pub const DELTA: i32 = 1;
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`: what came since the series began.
pub const CUMULATIVE: i32 = 2;
/// A point's flag: it says that there is no value.
pub const NO_RECORDED_VALUE: u32 = 1;

/// `ExportMetricsServiceRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    /// By resource.
    #[prost(message, repeated, tag = "1")]
    pub resource_metrics: Vec<ResourceMetrics>,
}

/// `ExportMetricsServiceResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct Response {
    /// What was not taken, if anything.
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<PartialSuccess>,
}

/// `ExportMetricsPartialSuccess`.
#[derive(Clone, PartialEq, Message)]
pub struct PartialSuccess {
    /// Points that were not taken.
    #[prost(int64, tag = "1")]
    pub rejected_data_points: i64,
    /// Why not.
    #[prost(string, tag = "2")]
    pub error_message: String,
}

/// `google.rpc.Status`: what went wrong.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// gRPC's code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// For people.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// What one process says.
#[derive(Clone, PartialEq, Message)]
pub struct ResourceMetrics {
    /// Which.
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    /// By library.
    #[prost(message, repeated, tag = "2")]
    pub scope_metrics: Vec<ScopeMetrics>,
}

/// A process.
#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    /// Of the process.
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

/// What one library says.
#[derive(Clone, PartialEq, Message)]
pub struct ScopeMetrics {
    /// Which.
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    /// What.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
}

/// A library.
#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its version.
    #[prost(string, tag = "2")]
    pub version: String,
}

/// A metric's points.
#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// UCUM: `s`, `By`, `1`.
    #[prost(string, tag = "3")]
    pub unit: String,
    /// Its points, by kind.
    #[prost(oneof = "Data", tags = "5, 7, 9, 10, 11")]
    pub data: Option<Data>,
}

/// A metric's points.
#[derive(Clone, PartialEq, Oneof)]
pub enum Data {
    /// Levels.
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    /// Counters.
    #[prost(message, tag = "7")]
    Sum(Sum),
    /// Distributions.
    #[prost(message, tag = "9")]
    Histogram(Histogram),
    /// Distributions.
    #[prost(message, tag = "10")]
    Exponential(ExponentialHistogram),
    /// What cannot be merged.
    #[prost(message, tag = "11")]
    Summary(Summary),
}

/// Levels.
#[derive(Clone, PartialEq, Message)]
pub struct Gauge {
    /// The levels.
    #[prost(message, repeated, tag = "1")]
    pub points: Vec<NumberPoint>,
}

/// A counter, or a level that goes up and down.
#[derive(Clone, PartialEq, Message)]
pub struct Sum {
    /// The sums.
    #[prost(message, repeated, tag = "1")]
    pub points: Vec<NumberPoint>,
    /// [`DELTA`] or [`CUMULATIVE`].
    #[prost(int32, tag = "2")]
    pub temporality: i32,
    /// Whether it only grows.
    #[prost(bool, tag = "3")]
    pub is_monotonic: bool,
}

/// Distributions in buckets with bounds.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    /// The distributions.
    #[prost(message, repeated, tag = "1")]
    pub points: Vec<HistogramPoint>,
    /// [`DELTA`] or [`CUMULATIVE`].
    #[prost(int32, tag = "2")]
    pub temporality: i32,
}

/// Distributions in buckets whose bounds are powers.
#[derive(Clone, PartialEq, Message)]
pub struct ExponentialHistogram {
    /// The distributions.
    #[prost(message, repeated, tag = "1")]
    pub points: Vec<ExponentialPoint>,
    /// [`DELTA`] or [`CUMULATIVE`].
    #[prost(int32, tag = "2")]
    pub temporality: i32,
}

/// Quantiles that a process worked out: they cannot be merged.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// One a series.
    #[prost(message, repeated, tag = "1")]
    pub points: Vec<SummaryPoint>,
}

/// Of a summary nothing is read.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryPoint {}

/// A level or a sum.
#[derive(Clone, PartialEq, Message)]
pub struct NumberPoint {
    /// When the sum began, ns since the epoch; 0 where it is not known.
    #[prost(fixed64, tag = "2")]
    pub start_ns: u64,
    /// When it was read.
    #[prost(fixed64, tag = "3")]
    pub end_ns: u64,
    /// As a double.
    #[prost(double, optional, tag = "4")]
    pub level: Option<f64>,
    /// As an integer.
    #[prost(sfixed64, optional, tag = "6")]
    pub count: Option<i64>,
    /// Of the series.
    #[prost(message, repeated, tag = "7")]
    pub attributes: Vec<KeyValue>,
    /// [`NO_RECORDED_VALUE`].
    #[prost(uint32, tag = "8")]
    pub flags: u32,
}

/// Counts by bucket: `bucket_counts[i]` values are ≤ `bounds[i]`, and > the bound before.
#[derive(Clone, PartialEq, Message)]
pub struct HistogramPoint {
    /// When it began, ns since the epoch; 0 where it is not known.
    #[prost(fixed64, tag = "2")]
    pub start_ns: u64,
    /// When it was read.
    #[prost(fixed64, tag = "3")]
    pub end_ns: u64,
    /// All values.
    #[prost(fixed64, tag = "4")]
    pub count: u64,
    /// Their sum.
    #[prost(double, optional, tag = "5")]
    pub sum: Option<f64>,
    /// One more than bounds.
    #[prost(fixed64, repeated, tag = "6")]
    pub bucket_counts: Vec<u64>,
    /// Ascending.
    #[prost(double, repeated, tag = "7")]
    pub bounds: Vec<f64>,
    /// Of the series.
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    /// [`NO_RECORDED_VALUE`].
    #[prost(uint32, tag = "10")]
    pub flags: u32,
    /// The least value.
    #[prost(double, optional, tag = "11")]
    pub min: Option<f64>,
    /// The greatest value.
    #[prost(double, optional, tag = "12")]
    pub max: Option<f64>,
}

/// Counts by bucket, whose bounds are powers of 2^(2^−scale).
#[derive(Clone, PartialEq, Message)]
pub struct ExponentialPoint {
    /// Of the series.
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
    /// When it began, ns since the epoch; 0 where it is not known.
    #[prost(fixed64, tag = "2")]
    pub start_ns: u64,
    /// When it was read.
    #[prost(fixed64, tag = "3")]
    pub end_ns: u64,
    /// All values.
    #[prost(fixed64, tag = "4")]
    pub count: u64,
    /// Their sum.
    #[prost(double, optional, tag = "5")]
    pub sum: Option<f64>,
    /// How fine.
    #[prost(sint32, tag = "6")]
    pub scale: i32,
    /// Values at zero, or nearer to it than `zero_threshold`.
    #[prost(fixed64, tag = "7")]
    pub zero_count: u64,
    /// Above zero.
    #[prost(message, optional, tag = "8")]
    pub positive: Option<ExponentialBuckets>,
    /// Below zero, mirrored.
    #[prost(message, optional, tag = "9")]
    pub negative: Option<ExponentialBuckets>,
    /// [`NO_RECORDED_VALUE`].
    #[prost(uint32, tag = "10")]
    pub flags: u32,
    /// The least value.
    #[prost(double, optional, tag = "12")]
    pub min: Option<f64>,
    /// The greatest value.
    #[prost(double, optional, tag = "13")]
    pub max: Option<f64>,
    /// How near to zero is zero.
    #[prost(double, tag = "14")]
    pub zero_threshold: f64,
}

/// Neighbouring buckets.
#[derive(Clone, PartialEq, Message)]
pub struct ExponentialBuckets {
    /// Number of the first one.
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    /// From there on.
    #[prost(uint64, repeated, tag = "2")]
    pub bucket_counts: Vec<u64>,
}

/// An attribute.
#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    /// Its name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

/// A value of one of these kinds; lists and maps are not read.
#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    /// A text.
    #[prost(string, optional, tag = "1")]
    pub text: Option<String>,
    /// True or false.
    #[prost(bool, optional, tag = "2")]
    pub flag: Option<bool>,
    /// An integer.
    #[prost(int64, optional, tag = "3")]
    pub integer: Option<i64>,
    /// A double.
    #[prost(double, optional, tag = "4")]
    pub double: Option<f64>,
}

impl KeyValue {
    /// An attribute with a text.
    pub fn text(key: &str, text: &str) -> Self {
        let value = AnyValue { text: Some(text.to_owned()), ..AnyValue::default() };
        Self { key: key.to_owned(), value: Some(value) }
    }
}
