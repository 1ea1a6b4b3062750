use super::super::Reading;
use super::*;
use model::batch::Value;
use model::histogram::{Distribution, Threshold};
use model::otlp::{
    CUMULATIVE, DELTA, Data, ExponentialBuckets, ExponentialHistogram, ExponentialPoint, Gauge,
    Histogram, HistogramPoint, KeyValue, Metric, NumberPoint, Resource, ResourceMetrics,
    ScopeMetrics, Sum, Summary, SummaryPoint,
};
use model::units::CaptureTime;

const END_NS: u64 = 1_000_010_000_000_000;

fn read(unit: &str, data: Data) -> Result<Read, Refusal> {
    let metric = Metric { name: "m".to_owned(), unit: unit.to_owned(), data: Some(data) };
    let attributes = vec![KeyValue::text("service.name", "shop")];
    let request = Request {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes }),
            scope_metrics: vec![ScopeMetrics { scope: None, metrics: vec![metric] }],
        }],
    };
    Reader::new(CaptureTime::from_parts(5, 0)).read(request, None)
}

fn only(unit: &str, data: Data) -> super::super::Point {
    let mut read = read(unit, data).unwrap();
    assert_eq!(&*read.submission.source, "otlp/shop");
    assert_eq!(read.submission.points.len(), 1);
    read.submission.points.remove(0)
}

fn number(level: Option<f64>, count: Option<i64>) -> Vec<NumberPoint> {
    vec![NumberPoint { start_ns: 1, end_ns: END_NS, level, count, ..NumberPoint::default() }]
}

fn explicit(temporality: i32, bounds: &[f64], counts: &[u64]) -> Data {
    let point = HistogramPoint {
        start_ns: 1,
        end_ns: END_NS,
        count: counts.iter().sum(),
        bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        ..HistogramPoint::default()
    };
    Data::Histogram(Histogram { points: vec![point], temporality })
}

#[test]
fn histograms_of_milliseconds_are_told_in_seconds() {
    let point = only("ms", explicit(DELTA, &[5.0, 10.0, 250.0], &[1, 2, 3, 4]));
    assert_eq!(point.series.to_string(), "m{service.name=shop}");
    assert_eq!(point.at, CaptureTime::from_nanos(END_NS - 1), "of the window that it ends");
    let Reading::Said(Value::Histogram(histogram)) = point.reading else { panic!("{point:?}") };
    assert_eq!(histogram.count(), 10);
    for (nanos, below) in [(5_000_000, 1), (10_000_000, 3), (250_000_000, 6)] {
        assert_eq!(histogram.count_below(Threshold::from_nanos(nanos)).exact(), Some(below));
    }
}

#[test]
fn totals_are_known_by_all_that_is_said_of_them() {
    let stream = |data: Data| match only("s", data).reading {
        Reading::Total { stream, began, .. } => (stream, began),
        other => panic!("{other:?}"),
    };
    let sum = |start_ns: u64, tag: &str| {
        let mut points = number(None, Some(7));
        points[0].start_ns = start_ns;
        points[0].attributes = vec![KeyValue::text("process.pid", tag)];
        Data::Sum(Sum { points, temporality: CUMULATIVE, is_monotonic: true })
    };
    let (one, began) = stream(sum(9, "a"));
    assert_eq!(began, Some(CaptureTime::from_nanos(9)));
    assert_eq!(stream(sum(9, "a")).0, one);
    assert_ne!(stream(sum(9, "b")).0, one);
    assert_ne!(stream(sum(8, "a")).0, one);
    assert_eq!(stream(sum(0, "a")).1, None);
    assert!(matches!(
        only("s", explicit(CUMULATIVE, &[1.0], &[1, 0])).reading,
        Reading::Total { .. }
    ));
}

#[test]
fn sums_and_levels_are_what_they_are() {
    let sum = |points, is_monotonic| Data::Sum(Sum { points, temporality: DELTA, is_monotonic });
    let said = |data| only("1", data).reading;
    assert_eq!(said(sum(number(None, Some(7)), true)), Reading::Said(Value::Delta(7)));
    assert_eq!(said(sum(number(Some(7.6), None), true)), Reading::Said(Value::Delta(8)));
    let level = |level| Reading::Said(Value::Gauge(model::batch::Gauge::once(level)));
    assert_eq!(said(sum(number(None, Some(-7)), false)), level(-7.0));
    let gauge = Data::Gauge(Gauge { points: number(Some(0.5), None) });
    assert_eq!(only("1", gauge.clone()).at, CaptureTime::from_nanos(END_NS));
    assert_eq!(only("ms", gauge).reading, level(0.0005));
}

#[test]
fn exponential_histograms_keep_their_counts() {
    let side = |offset, counts: &[u64]| {
        Some(ExponentialBuckets { offset, bucket_counts: counts.to_vec() })
    };
    let point = ExponentialPoint {
        start_ns: 1,
        end_ns: END_NS,
        count: 15,
        scale: 3,
        zero_count: 1,
        positive: side(-8, &[1, 2, 3]),
        negative: side(0, &[8]),
        ..ExponentialPoint::default()
    };
    let data = |point: &ExponentialPoint| {
        Data::Exponential(ExponentialHistogram { points: vec![point.clone()], temporality: DELTA })
    };
    let Reading::Said(Value::Histogram(told)) = only("s", data(&point)).reading else { panic!() };
    assert_eq!(told.count(), 15);
    assert_eq!(told.count_below(Threshold::from_nanos(1)).exact(), Some(9), "negative, and zero");
    let less = ExponentialPoint { count: 14, ..point };
    let said = read("s", data(&less)).err().unwrap().to_string();
    assert_eq!(said, "m: the buckets hold 15 values of 14");
}

#[test]
fn what_cannot_be_merged_is_rejected_and_the_rest_is_taken() {
    let summary = Data::Summary(Summary { points: vec![SummaryPoint::default(); 3] });
    let rejected = read("s", summary).unwrap().rejected.unwrap();
    assert_eq!(rejected.rejected_data_points, 3);
    let unbounded = read("s", explicit(DELTA, &[], &[4])).unwrap();
    assert_eq!(unbounded.rejected.unwrap().rejected_data_points, 1);
    for (data, expected) in [
        (explicit(DELTA, &[1.0, 2.0], &[1, 2]), "m: 2 counts do not go with 2 bounds"),
        (explicit(DELTA, &[2.0, 1.0], &[1, 2, 3]), "m: bounds must ascend"),
        (explicit(DELTA, &[1.0, f64::NAN], &[1, 2, 3]), "m: bounds must ascend"),
    ] {
        assert_eq!(read("s", data).err().unwrap().to_string(), expected);
    }
}
