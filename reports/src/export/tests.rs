//! What is written is read back, by the formats' own readers where they have one.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::FileReader;
use model::batch::Gauge;
use model::histogram::{Bin, CompactHistogram, Histogram};
use model::units::Nanos;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::Cursor;

const START: u64 = 1_370_816_550_000_000_000;

fn histogram() -> CompactHistogram {
    let mut histogram: Histogram = [(Bin::NAN, 2), (Bin::ZERO, 1)].into_iter().collect();
    for nanos in [1_500_000, 1_590_000, 200_000_000, 7] {
        histogram.record_nanos(nanos);
    }
    CompactHistogram::from(&histogram)
}

/// Series with other tags than each other, hostile names, every kind of value.
fn rows() -> Vec<(Series, Value)> {
    let route = Series::new("http.total", &[("route", "/a,\"b\"\n"), ("wire", "http:80")]);
    let bare = Series::new("m", &[]);
    vec![
        (route.clone(), Value::Histogram(histogram())),
        (route, Value::Histogram(CompactHistogram::default())),
        (bare.clone(), Value::Delta(u64::MAX)),
        (Series::new("m", &[("a", "ü")]), Value::Gauge(Gauge::once(0.25))),
        (bare, Value::Text("said".into())),
    ]
}

fn export(format: Format, shape: Shape, copies: usize) -> Vec<u8> {
    let rows = rows();
    let mut bytes = Vec::new();
    let tags = tag_names(rows.iter().map(|(series, _)| series));
    let mut exporter = exporter(format, shape, tags, &mut bytes).unwrap();
    let length = WindowLength::DEFAULT;
    for copy in 0..copies {
        let start = CaptureTime::from_nanos(START).plus(Nanos::from_seconds(10 * copy as u64));
        for (series, value) in &rows {
            exporter.row(&Row { series, start, length, value }).unwrap();
        }
    }
    exporter.finish().unwrap();
    bytes
}

fn batches(format: Format, shape: Shape, copies: usize) -> Vec<RecordBatch> {
    let bytes = export(format, shape, copies);
    match format {
        Format::Parquet => {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
            reader.unwrap().build().unwrap().map(Result::unwrap).collect()
        }
        _ => FileReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect(),
    }
}

fn expected_bins() -> Vec<(f64, f64, u64)> {
    vec![(0.0, 0.0, 1), (7e-9, 7.1e-9, 1), (0.0015, 0.0016, 2), (0.2, 0.21, 1)]
}

fn check_bins(lower: &dyn Array, upper: &dyn Array, count: &dyn Array) {
    let lower = lower.as_primitive::<Float64Type>();
    let upper = upper.as_primitive::<Float64Type>();
    let count = count.as_primitive::<UInt64Type>();
    assert!(lower.value(0).is_nan() && upper.value(0).is_nan() && count.value(0) == 2);
    let bins = (1..5).map(|bin| (lower.value(bin), upper.value(bin), count.value(bin)));
    assert_eq!(bins.collect::<Vec<_>>(), expected_bins());
}

#[test]
fn nested_batches_read_back() {
    for format in [Format::Parquet, Format::Arrow] {
        let read = batches(format, Shape::Nested, 1);
        let [batch] = &read[..] else { panic!("{} batches", read.len()) };
        assert_eq!(batch.num_rows(), 5);
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let metrics = column("metric").as_string::<i32>();
        assert_eq!(
            metrics.iter().flatten().collect::<Vec<_>>(),
            ["http.total", "http.total", "m", "m", "m"]
        );
        let tags = column("tags").as_map().value(0);
        assert_eq!(tags.column(0).as_string::<i32>().value(0), "route");
        assert_eq!(tags.column(1).as_string::<i32>().value(0), "/a,\"b\"\n");
        let starts = column("window_start").as_primitive::<TimestampNanosecondType>();
        assert_eq!(starts.value(0), START as i64);
        assert_eq!(column("window_seconds").as_primitive::<Float64Type>().value(0), 10.0);
        let bins = column("bins").as_list::<i32>();
        let first = bins.value(0);
        let first = first.as_struct();
        assert_eq!(first.len(), 5);
        check_bins(first.column(0), first.column(1), first.column(2));
        assert!(bins.value(1).is_empty() && bins.is_valid(1) && bins.is_null(2));
        let counts = column("count").as_primitive::<UInt64Type>();
        assert_eq!(
            counts.iter().collect::<Vec<_>>(),
            [Some(5), Some(0), Some(u64::MAX), Some(1), None]
        );
        assert_eq!(column("last").as_primitive::<Float64Type>().value(3), 0.25);
        assert_eq!(column("text").as_string::<i32>().value(4), "said");
    }
}

#[test]
fn flat_batches_read_back() {
    for format in [Format::Parquet, Format::Arrow] {
        let read = batches(format, Shape::Flat, 1);
        let [batch] = &read[..] else { panic!("{} batches", read.len()) };
        assert_eq!(batch.num_rows(), 5);
        let column = |name: &str| batch.column_by_name(name).unwrap();
        assert_eq!(column("tag_wire").as_string::<i32>().value(4), "http:80");
        assert!(column("tag_a").is_null(0));
        check_bins(column("lower"), column("upper"), column("count"));
    }
}

#[test]
fn many_rows_become_many_batches() {
    for format in [Format::Parquet, Format::Arrow] {
        for (shape, rows) in [(Shape::Nested, 5), (Shape::Flat, 5)] {
            let read = batches(format, shape, 30_000);
            assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), rows * 30_000);
            assert!(read.len() > 1 && read.iter().all(|batch| batch.num_rows() <= 70_000));
        }
    }
}

#[test]
fn delimited_text_and_lines_say_the_same() {
    let text = |format, shape| String::from_utf8(export(format, shape, 1)).unwrap();
    insta::assert_snapshot!(text(Format::Csv, Shape::Nested));
    insta::assert_snapshot!(text(Format::Csv, Shape::Flat));
    insta::assert_snapshot!(text(Format::Json, Shape::Nested));
    insta::assert_snapshot!(text(Format::Json, Shape::Flat));
}

#[test]
fn times_beyond_what_arrow_holds_are_refused() {
    let (series, value) = (Series::new("m", &[]), Value::Delta(1));
    for format in [Format::Parquet, Format::Arrow, Format::Csv, Format::Json] {
        let mut bytes = Vec::new();
        let mut exporter = exporter(format, Shape::Nested, BTreeSet::new(), &mut bytes).unwrap();
        let start = CaptureTime::MAX;
        let row = Row { series: &series, start, length: WindowLength::DEFAULT, value: &value };
        assert!(matches!(exporter.row(&row), Err(ExportError::Time)));
    }
}
