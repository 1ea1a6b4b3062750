//! Longer windows, rollups and retention.

use super::Stage;
use super::support::{
    ALL_TIME, Change, Row, TEN_SECONDS, all_series, at, batch, collect, histogram, minute, ok,
    route, rows, store,
};
use crate::rollup::{Kept, Retention};
use crate::{Store, StoreError, Written};
use model::batch::Value::{Delta, Histogram};
use model::batch::{Gauge, Value};
use model::series::Select;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;

const HOUR: u64 = 3_600;

fn length(seconds: u64) -> WindowLength {
    WindowLength::new(Nanos::from_seconds(seconds)).expect("it meets the minute")
}

async fn by(store: &impl Store, length: WindowLength) -> Vec<Row> {
    collect(ok(store.scan_by(&Select::default(), ALL_TIME, TEN_SECONDS, length).await)).await
}

async fn reported(store: &impl Store, length: WindowLength) -> Vec<(CaptureTime, u64)> {
    ok(store.reported(ALL_TIME, TEN_SECONDS, length).await)
}

async fn keep_house(store: &impl Store, retention: &Retention, now: u64) {
    ok(store.maintain(retention, at(now)).await);
}

fn days(base: u64, minute: u64, hour: u64) -> Retention {
    let span = |days: u64| (days > 0).then(|| Nanos::from_seconds(days * 24 * HOUR));
    Retention { base: span(base), minute: span(minute), hour: span(hour) }
}

pub(super) async fn longer_windows_say_what_the_short_ones_say(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said =
        |seconds, nanos: &[u64]| batch(seconds, [(route("/a"), Histogram(histogram(nanos)))]);
    store(&tested, [said(50, &[1_500_000]), said(60, &[12]), said(110, &[7, 7])]).await;
    store(&tested, [said(120, &[3]).of("db", 1, 0), said(120, &[4])]).await;
    for rolled in [false, true] {
        let minutes = [(0, vec![1_500_000]), (60, vec![12, 7, 7]), (120, vec![3, 4])];
        let row = |(start, nanos): (u64, Vec<u64>)| {
            (route("/a"), at(start), Histogram(histogram(&nanos)))
        };
        assert_eq!(by(&tested, minute()).await, minutes.map(row), "rolled up: {rolled}");
        let hour = (0, vec![1_500_000, 12, 7, 7, 3, 4]);
        assert_eq!(by(&tested, length(HOUR)).await, [row(hour.clone())]);
        assert_eq!(by(&tested, length(2 * HOUR)).await, [row(hour)]);
        let thirty = by(&tested, length(30)).await;
        assert_eq!(thirty.iter().map(|row| row.1).collect::<Vec<_>>(), [30, 60, 90, 120].map(at));
        assert_eq!(by(&tested, TEN_SECONDS).await, rows(&tested).await);
        let counted = [(at(0), 1), (at(60), 2), (at(120), 1)];
        assert_eq!(reported(&tested, minute()).await, counted);
        keep_house(&tested, &Retention::default(), 2 * HOUR).await;
    }
    let wrong = tested.scan_by(&Select::default(), ALL_TIME, TEN_SECONDS, length(15)).await;
    assert!(matches!(wrong.err(), Some(StoreError::NotAMultiple { .. })));
    let none = tested.scan_by(&Select::default(), ALL_TIME, length(1), minute()).await;
    assert_eq!(collect(ok(none)).await, [], "another base length's rows");
}

/// Sums of floats show the order in which rows are merged.
pub(super) async fn a_revision_reaches_what_was_rolled_up(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let level = |level: f64| Value::Gauge(Gauge::once(level));
    let said = |seconds, value| batch(seconds, [(route("/level"), level(value))]);
    store(&tested, [said(0, 0.1), said(10, 1e16), said(60, -1e16), said(3_590, 0.3)]).await;
    let before = [by(&tested, minute()).await, by(&tested, length(HOUR)).await];
    keep_house(&tested, &Retention::default(), 2 * HOUR).await;
    assert_eq!([by(&tested, minute()).await, by(&tested, length(HOUR)).await], before);
    let newer = batch(10, [(route("/other"), Delta(1))]).revision(2);
    assert_eq!(ok(tested.write(newer).await), Written::Replaced);
    let now = [by(&tested, minute()).await, by(&tested, length(HOUR)).await];
    assert!(now != before && now.iter().flatten().any(|row| row.0 == route("/other")));
    keep_house(&tested, &Retention::default(), 2 * HOUR).await;
    assert_eq!([by(&tested, minute()).await, by(&tested, length(HOUR)).await], now);
    // A revision that takes a series away takes it from the rollups as well.
    let emptied = batch(10, []).revision(3);
    assert_eq!(ok(tested.write(emptied).await), Written::Replaced);
    assert_eq!(all_series(&tested).await, [route("/level")]);
    keep_house(&tested, &Retention::default(), 2 * HOUR).await;
    assert!(by(&tested, length(HOUR)).await.iter().all(|row| row.0 == route("/level")));
}

pub(super) async fn rollups_outlive_what_they_were_made_of(stage: &impl Stage) {
    let mut tested = stage.fresh().await;
    for day in 0..4 {
        for window in [0, 10, 20, 4_000] {
            let seconds = day * 24 * HOUR + window;
            store(&tested, [batch(seconds, [(route("/a"), Delta(1)), (route("/b"), Delta(2))])])
                .await;
        }
    }
    let (minutes, hours) = (by(&tested, minute()).await, by(&tested, length(HOUR)).await);
    let now = 4 * 24 * HOUR;
    keep_house(&tested, &days(1, 2, 3), now).await;
    for _ in 0..2 {
        let since = |rows: &[Row], day: u64| -> Vec<Row> {
            rows.iter().filter(|row| row.1 >= at(day * 24 * HOUR)).cloned().collect()
        };
        assert_eq!(rows(&tested).await.len(), 8, "base rows of the last day");
        assert_eq!(by(&tested, minute()).await, since(&minutes, 2));
        assert_eq!(by(&tested, length(HOUR)).await, since(&hours, 1));
        let counted = reported(&tested, length(24 * HOUR)).await;
        assert_eq!(counted, [1, 2, 3].map(|day| (at(day * 24 * HOUR), 4)));
        let last = 3 * 24 * HOUR + 4_000;
        let kept = |length: WindowLength, day: u64| Kept {
            base: TEN_SECONDS,
            length,
            first: at(day * 24 * HOUR),
            last: length.window_of(at(last)).start,
        };
        let expected = [kept(TEN_SECONDS, 3), kept(minute(), 2), kept(length(HOUR), 1)];
        assert_eq!(ok(tested.kept().await), expected);
        let Some(reopened) = stage.reopened(tested).await else { return };
        tested = reopened;
    }
}

pub(super) async fn what_comes_after_retention_is_refused(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |seconds| batch(seconds, [(route("/a"), Delta(1))]);
    store(&tested, [said(0), said(24 * HOUR), said(3 * 24 * HOUR)]).await;
    keep_house(&tested, &days(1, 0, 0), 3 * 24 * HOUR).await;
    let before = by(&tested, length(HOUR)).await;
    assert_eq!(before.len(), 3);
    for late in [said(0), said(0).revision(9), said(2 * 24 * HOUR - 10), said(10).of("db", 1, 0)] {
        assert_eq!(ok(tested.write(late).await), Written::TooLate);
    }
    assert_eq!(by(&tested, length(HOUR)).await, before);
    // The floor stays where it is, whatever is kept from now on.
    keep_house(&tested, &Retention::default(), 3 * 24 * HOUR).await;
    assert_eq!(ok(tested.write(said(0)).await), Written::TooLate);
    assert_eq!(ok(tested.write(said(2 * 24 * HOUR)).await), Written::Stored);
    assert_eq!(ok(tested.write(said(0).length(length(1))).await), Written::Stored);
}

pub(super) async fn deleting_takes_rollups_too(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |seconds| batch(seconds, [(route("/a"), Delta(seconds))]);
    store(&tested, [said(10), said(HOUR), said(HOUR + 50), said(HOUR + 60)]).await;
    keep_house(&tested, &Retention::default(), 3 * HOUR).await;
    ok(tested.delete_before(TEN_SECONDS, at(HOUR + 50)).await);
    let left = [(route("/a"), at(HOUR), Delta(2 * HOUR + 110))];
    for _ in 0..2 {
        assert_eq!(by(&tested, length(HOUR)).await, left);
        keep_house(&tested, &Retention::default(), 3 * HOUR).await;
    }
    keep_house(&tested, &days(1, 0, 0), 9 * 24 * HOUR).await;
    assert_eq!(rows(&tested).await, []);
    assert_eq!(by(&tested, length(HOUR)).await, left);
    ok(tested.delete_before(TEN_SECONDS, at(2 * HOUR - 1)).await);
    assert_eq!(by(&tested, length(HOUR)).await, left, "an hour cannot be cut");
    ok(tested.delete_before(TEN_SECONDS, at(2 * HOUR)).await);
    assert_eq!(by(&tested, length(HOUR)).await, []);
    assert_eq!(ok(tested.kept().await), []);
    assert!(all_series(&tested).await.is_empty());
}
