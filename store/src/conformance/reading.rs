//! Scans, series, windows and resolutions.

use super::Stage;
use super::support::{
    ALL_TIME, Change, TEN_SECONDS, all_series, all_windows, at, batch, histogram, minute, ok,
    only_value, route, rows, scan, series, store,
};
use crate::{BLOCK_ROWS_MAX, Raw, Store, Visitor};
use futures_util::StreamExt;
use model::batch::Value::{Delta, Histogram, Text};
use model::batch::{Batch, Gauge, Value};
use model::histogram::CompactHistogram;
use model::series::Select;
use model::units::{CaptureTime, Nanos};
use model::window::Window;
use std::ops::ControlFlow;
use std::sync::Arc;

pub(super) async fn sources_runs_and_pipelines_are_merged(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |nanos: &[u64]| batch(10, [(route("/a"), Histogram(histogram(nanos)))]);
    let batches = [
        said(&[1_500_000, 2_000_000]).of("web-1", 1, 0),
        said(&[1_500_000]).of("web-1", 1, 1),
        said(&[7_000_000_000]).of("web-1", 2, 0),
        said(&[1_500_000, 12]).of("web-2", 1, 0),
    ];
    store(&tested, batches).await;
    let all = [1_500_000, 2_000_000, 1_500_000, 7_000_000_000, 1_500_000, 12];
    assert_eq!(only_value(&tested).await, Histogram(histogram(&all)));
}

/// Sums of floats, last levels and texts show the order in which rows are merged.
pub(super) async fn merging_does_not_depend_on_arrival(stage: &impl Stage) {
    let level = |level: f64| Value::Gauge(Gauge::once(level));
    let said = |source: &str, run: u64, pipeline: u16, value: f64| {
        let text = Text(format!("{source} {run} {pipeline}").into());
        batch(10, [(route("/level"), level(value)), (route("/text"), text)])
            .of(source, run, pipeline)
    };
    let batches =
        [said("a", 1, 0, 0.1), said("a", 1, 7, 1e16), said("a", 9, 0, -1e16), said("b", 0, 0, 0.3)];
    let mut orders = vec![batches.to_vec(), batches.iter().rev().cloned().collect()];
    orders.push([2, 0, 3, 1].map(|place: usize| batches[place].clone()).to_vec());
    let mut expected = Gauge::once(0.1);
    for level in [1e16, -1e16, 0.3] {
        expected.merge(&Gauge::once(level));
    }
    for order in orders {
        let tested = stage.fresh().await;
        for batch in order {
            ok(tested.write(batch).await);
        }
        let rows = rows(&tested).await;
        assert_eq!(rows[0].2, Value::Gauge(expected));
        assert_eq!(rows[1].2, Text("b 0 0".into()));
    }
}

pub(super) async fn ranges_hold_their_start_and_not_their_end(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |seconds| batch(seconds, [(route("/a"), Delta(seconds))]);
    store(&tested, [said(0), said(10), said(20), said(30)]).await;
    let before_ten = CaptureTime::from_nanos(at(10).as_nanos() - 1);
    let cases: [(CaptureTime, CaptureTime, &[u64]); 8] = [
        (at(10), at(30), &[10, 20]),
        (at(10), at(10), &[]),
        (at(30), at(10), &[]),
        (at(10), at(10).plus(Nanos(1)), &[10]),
        (before_ten, at(20), &[10]),
        (at(0), before_ten, &[0]),
        (at(31), CaptureTime::MAX, &[]),
        (at(0), CaptureTime::MAX, &[0, 10, 20, 30]),
    ];
    for (start, end, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|&seconds| at(seconds)).collect();
        let rows = scan(&tested, &Select::default(), start..end, TEN_SECONDS).await;
        let starts: Vec<_> = rows.iter().map(|row| row.1).collect();
        assert_eq!(starts, expected, "rows from {start:?} to {end:?}");
        let windows = ok(tested.windows(start..end, TEN_SECONDS).await);
        assert_eq!(windows, expected, "windows from {start:?} to {end:?}");
    }
}

pub(super) async fn resolutions_are_apart(stage: &impl Stage) {
    let tested = stage.fresh().await;
    assert_eq!(ok(tested.resolutions().await), []);
    let said = |seconds| batch(seconds, [(route("/a"), Delta(seconds))]);
    store(&tested, [said(60), said(600).length(minute()), said(120).length(minute())]).await;
    store(&tested, [said(90), said(60).length(minute())]).await;
    let spans = [(TEN_SECONDS, at(60), at(90)), (minute(), at(60), at(600))];
    assert_eq!(ok(tested.resolutions().await), spans);
    let coarse = scan(&tested, &Select::default(), ALL_TIME, minute()).await;
    let coarse: Vec<_> = coarse.into_iter().map(|(_, _, value)| value).collect();
    assert_eq!(coarse, [Delta(60), Delta(120), Delta(600)]);
    assert_eq!(rows(&tested).await.len(), 2);
    assert_eq!(all_windows(&tested).await, [at(60), at(90)]);
}

pub(super) async fn series_are_selected_by_metric_and_tags(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let get = series("http.total", &[("method", "GET"), ("route", "/a")]);
    let put = series("http.total", &[("method", "PUT"), ("route", "/a")]);
    let bare = series("http.total", &[]);
    let longer = series("http.total.bytes", &[("method", "GET")]);
    let other = series("http", &[("method", "GET")]);
    let all = [other.clone(), bare.clone(), get.clone(), put.clone(), longer.clone()];
    store(&tested, [batch(10, all.clone().map(|series| (series, Delta(1))))]).await;
    let of = Select::metric;
    for (select, expected) in [
        (Select::default(), all.to_vec()),
        (of("http.total"), vec![bare, get.clone(), put.clone()]),
        (of("http.total").with("route", "/a"), vec![get.clone(), put]),
        (of("http.total").with("route", "/a").with("method", "GET"), vec![get.clone()]),
        (Select::default().with("method", "GET"), vec![other, get, longer]),
        (of("http.total").with("method", ""), vec![]),
        (of("http.tota"), vec![]),
        (of(""), vec![]),
    ] {
        assert_eq!(ok(tested.series(&select).await), expected, "{select:?}");
        let scanned = scan(&tested, &select, ALL_TIME, TEN_SECONDS).await;
        let scanned: Vec<_> = scanned.into_iter().map(|row| row.0).collect();
        assert_eq!(scanned, expected, "{select:?}");
    }
}

pub(super) async fn hostile_names_are_kept_apart(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let names = [
        "",
        "\0",
        "\0\0",
        "a",
        "a\0",
        "a\0b",
        "=",
        ",",
        "a=b",
        "a=b,c=d",
        "{}",
        "\"",
        "\n",
        "é",
        "e\u{301}",
        "\u{10ffff}",
        "𝄞",
        " ",
        "../..",
        "%00",
        "\u{feff}",
        "A",
    ];
    let mut values = Vec::new();
    for (number, name) in (1..).zip(names) {
        values.push((series("m", &[("t", name)]), Delta(number)));
        values.push((series("m", &[(name, "v")]), Delta(number)));
        values.push((series(name, &[("t", "v")]), Delta(number)));
        values.push((series(name, &[]), Delta(number)));
    }
    let mut said = batch(10, []);
    said.values.clone_from(&values);
    store(&tested, [said]).await;
    values.sort_by(|one, other| one.0.cmp(&other.0));
    values.dedup_by(|one, other| {
        one.0 == other.0 && {
            other.1.merge(&one.1);
            true
        }
    });
    let rows: Vec<_> = rows(&tested).await.into_iter().map(|row| (row.0, row.2)).collect();
    assert_eq!(rows, values);
    for name in names {
        let found = ok(tested.series(&Select::metric("m").with("t", name)).await);
        assert_eq!(found, [series("m", &[("t", name)])], "{name:?}");
    }
}

pub(super) async fn many_series_come_in_order(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let mut said = batch(10, []);
    for number in 0..5_000_u64 {
        // Not in the series' order.
        let name = format!("/{}", number.wrapping_mul(7_919) % 5_000);
        said.values.push((route(&name), Delta(number)));
    }
    store(&tested, [said]).await;
    assert_eq!(rows(&tested).await.len(), 5_000);
    let series = all_series(&tested).await;
    assert!(series.len() == 5_000 && series.is_sorted());
}

pub(super) async fn many_rows_come_in_bounded_blocks(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let windows = BLOCK_ROWS_MAX as u64 + 7;
    for window in 0..windows {
        store(&tested, [batch(window * 10, [(route("/a"), Delta(window))])]).await;
    }
    let select = Select::default();
    let blocks = ok(tested.scan(&select, ALL_TIME, TEN_SECONDS).await);
    assert!(blocks.count().await >= 2);
    let rows = rows(&tested).await;
    assert_eq!(rows.len() as u64, windows);
    assert!((0..).zip(rows).all(|(window, row)| row.1 == at(window * 10)));
}

pub(super) async fn a_scan_sees_one_moment(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |window: u64| batch(window, [(route("/a"), Delta(1)), (route("/b"), Delta(1))]);
    store(&tested, [said(10), said(20)]).await;
    let blocks = ok(tested.scan(&Select::default(), ALL_TIME, TEN_SECONDS).await);
    let changed: Batch = batch(10, [(route("/b"), Delta(9))]).revision(2);
    ok(tested.write(changed).await);
    store(&tested, [said(30)]).await;
    ok(tested.delete_before(TEN_SECONDS, at(20)).await);
    let blocks: Vec<_> = blocks.map(ok).collect().await;
    let rows: Vec<_> = blocks.into_iter().flat_map(|block| block.rows).collect();
    let one_series = [(at(10), Delta(1)), (at(20), Delta(1))];
    assert_eq!(rows, [one_series.clone(), one_series].concat());
}

pub(super) async fn empty_batches_show_as_windows(stage: &impl Stage) {
    let tested = stage.fresh().await;
    assert!(all_windows(&tested).await.is_empty());
    store(&tested, [batch(30, []), batch(10, []), batch(10, []).of("db", 3, 1)]).await;
    assert_eq!(all_windows(&tested).await, [at(10), at(30)]);
    assert_eq!(ok(tested.resolutions().await), [(TEN_SECONDS, at(10), at(30))]);
    assert_eq!(rows(&tested).await, []);
    assert!(all_series(&tested).await.is_empty());
}

pub(super) async fn windows_come_once_however_many_report_them(stage: &impl Stage) {
    let tested = stage.fresh().await;
    for pipeline in 0..40 {
        let said = |window: u64| batch(window, []).of("web", 1, pipeline);
        store(&tested, [said(10), said(20)]).await;
    }
    store(&tested, [batch(30, []), batch(50, [])]).await;
    assert_eq!(all_windows(&tested).await, [at(10), at(20), at(30), at(50)]);
    assert_eq!(ok(tested.windows(at(10)..at(20), TEN_SECONDS).await), [at(10)]);
}

/// What a visitor was handed: rows by series, of which those of one window are merged.
#[derive(Default)]
struct Visited {
    place: usize,
    rows: Vec<(usize, CaptureTime, Value)>,
    rows_max: usize,
}

impl Visitor for Visited {
    fn series(&mut self, place: usize) -> ControlFlow<()> {
        self.place = place;
        ControlFlow::Continue(())
    }

    fn row(&mut self, Window { start, .. }: Window, row: Raw<'_>) -> ControlFlow<()> {
        let value = match row {
            Raw::Histogram(bytes) => {
                Histogram(CompactHistogram::from_bytes(bytes).expect("it is a histogram"))
            }
            Raw::Delta(grown) => Delta(grown),
            Raw::Gauge(gauge) => Value::Gauge(gauge),
            Raw::Text => Text("".into()),
        };
        match self.rows.last_mut() {
            Some((place, at, known)) if (*place, *at) == (self.place, start) => known.merge(&value),
            _ => self.rows.push((self.place, start, value)),
        }
        if self.rows.len() < self.rows_max {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

pub(super) async fn a_visit_sees_what_a_scan_sees(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let more = series("http.total", &[("route", "/a"), ("status", "2xx")]);
    let level = |level: f64| Value::Gauge(Gauge::once(level));
    for (source, seconds) in [("b", 10), ("a", 10), ("a", 20), ("b", 30), ("a", 9_000)] {
        let values = [
            (route("/a"), Histogram(histogram(&[seconds, 7]))),
            (Arc::clone(&more), Histogram(histogram(&[1]))),
            (route("/count"), Delta(seconds)),
            (route("/level"), level(if source == "a" { 1e16 } else { 0.1 })),
        ];
        ok(tested.write(batch(seconds, values).of(source, 1, 0)).await);
    }
    let wanted = [route("/level"), route("/nobody"), route("/a"), route("/count")];
    let range = at(10)..at(9_000);
    let mut visited = Visited { rows_max: usize::MAX, ..Visited::default() };
    ok(tested.visit(&wanted, range.clone(), TEN_SECONDS, TEN_SECONDS, &mut visited).await);
    let scanned = scan(&tested, &Select::metric("http.total"), range.clone(), TEN_SECONDS).await;
    let mut expected = Vec::new();
    for (place, series) in wanted.iter().enumerate() {
        let own = scanned.iter().filter(|(scanned, ..)| scanned == series);
        expected.extend(own.map(|(_, start, value)| (place, *start, value.clone())));
    }
    assert_eq!(expected.len(), 9);
    assert_eq!(visited.rows, expected);
    let mut visited = Visited { rows_max: 2, ..Visited::default() };
    ok(tested.visit(&wanted, range, TEN_SECONDS, TEN_SECONDS, &mut visited).await);
    assert_eq!(visited.rows, expected[..2], "a visitor can end its visit");
}
