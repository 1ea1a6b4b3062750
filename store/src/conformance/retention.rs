//! Forgetting old windows.

use super::Stage;
use super::support::{
    ALL_TIME, Change, TEN_SECONDS, all_series, all_windows, at, batch, minute, ok, only_value,
    route, rows, scan, store,
};
use crate::{Store, Written};
use model::batch::Value::Delta;
use model::series::Select;
use model::units::{CaptureTime, Nanos};

pub(super) async fn deleting_takes_what_is_before_and_no_more(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |seconds| batch(seconds, [(route("/a"), Delta(seconds))]);
    store(&tested, [said(0), said(60), said(70), said(80), batch(50, [])]).await;
    store(&tested, [said(60).of("db", 1, 0), said(0).length(minute())]).await;
    ok(tested.delete_before(TEN_SECONDS, at(0)).await);
    assert_eq!(rows(&tested).await.len(), 4);
    ok(tested.delete_before(TEN_SECONDS, at(70)).await);
    assert_eq!(all_windows(&tested).await, [at(70), at(80)]);
    ok(tested.delete_before(TEN_SECONDS, at(70).plus(Nanos(1))).await);
    assert_eq!(rows(&tested).await, [(route("/a"), at(80), Delta(80))]);
    let coarse = scan(&tested, &Select::default(), ALL_TIME, minute()).await;
    assert_eq!(coarse.len(), 1, "another resolution's rows are gone");
    ok(tested.delete_before(TEN_SECONDS, CaptureTime::MAX).await);
    assert_eq!(ok(tested.resolutions().await), [(minute(), at(0), at(0))]);
}

pub(super) async fn deleting_forgets_series_that_have_no_rows_left(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let [old, both, coarse] = ["/old", "/both", "/coarse"].map(route);
    let first = [(old, Delta(1)), (both.clone(), Delta(1)), (coarse.clone(), Delta(1))];
    store(&tested, [batch(60, first), batch(70, [(both.clone(), Delta(1))])]).await;
    store(&tested, [batch(60, [(coarse.clone(), Delta(1))]).length(minute())]).await;
    ok(tested.delete_before(TEN_SECONDS, at(70)).await);
    assert_eq!(all_series(&tested).await, [both, coarse.clone()]);
    ok(tested.delete_before(TEN_SECONDS, at(80)).await);
    assert_eq!(all_series(&tested).await, [coarse]);
    ok(tested.delete_before(minute(), at(120)).await);
    assert!(all_series(&tested).await.is_empty());
}

pub(super) async fn deleting_more_than_one_step_takes_all(stage: &impl Stage) {
    let tested = stage.fresh().await;
    for window in 0..12 {
        let mut said = batch(window * 10, []);
        for number in 0..1_000 {
            said.values.push((route(&format!("/{number}")), Delta(1)));
        }
        store(&tested, [said]).await;
    }
    ok(tested.delete_before(TEN_SECONDS, at(110)).await);
    assert_eq!(all_windows(&tested).await, [at(110)]);
    let rows = rows(&tested).await;
    assert!(rows.len() == 1_000 && rows.iter().all(|row| row.1 == at(110)));
}

pub(super) async fn what_was_deleted_can_be_written_again(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = batch(10, [(route("/a"), Delta(1))]);
    store(&tested, [said.clone()]).await;
    ok(tested.delete_before(TEN_SECONDS, at(20)).await);
    assert_eq!(rows(&tested).await, []);
    // The caller refuses what is older than its retention; the store has forgotten it.
    assert_eq!(ok(tested.write(said).await), Written::Stored);
    assert_eq!(only_value(&tested).await, Delta(1));
    assert_eq!(all_series(&tested).await, [route("/a")]);
}
