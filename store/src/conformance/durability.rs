//! What outlives a restart.

use super::Stage;
use super::support::{
    ALL_TIME, Change, TEN_SECONDS, all_series, all_windows, at, batch, histogram, ok, route, rows,
    scan, store,
};
use crate::{Store, Written};
use model::batch::Value::{Delta, Histogram, Text};
use model::series::Select;

pub(super) async fn what_was_written_is_there_after_a_restart(stage: &impl Stage) {
    let mut tested = stage.fresh().await;
    for round in 0..3_u64 {
        let values = [
            (route("/histogram"), Histogram(histogram(&[round, 1_000_000]))),
            (route(&format!("/{round}")), Delta(round)),
            (route("/text"), Text("said".into())),
        ];
        store(&tested, [batch(round * 10, values).of("web", round, 0), batch(70 + round, [])])
            .await;
        assert!(ok(tested.put_document("rule", "slow", round, "text").await));
        let before = (rows(&tested).await, all_series(&tested).await, all_windows(&tested).await);
        let resolutions = ok(tested.resolutions().await);
        let Some(reopened) = stage.reopened(tested).await else { return };
        tested = reopened;
        assert_eq!(rows(&tested).await, before.0);
        assert_eq!(all_series(&tested).await, before.1);
        assert_eq!(all_windows(&tested).await, before.2);
        assert_eq!(ok(tested.resolutions().await), resolutions);
        let document = ok(tested.document("rule", "slow").await);
        assert_eq!(document.map(|document| document.version), Some(round + 1));
    }
}

pub(super) async fn revisions_are_remembered_after_a_restart(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |revision| {
        batch(10, [(route("/a"), Delta(revision)), (route(&format!("/{revision}")), Delta(1))])
            .revision(revision)
    };
    store(&tested, [said(2), batch(20, [(route("/gone"), Delta(1))])]).await;
    assert_eq!(ok(tested.write(said(5)).await), Written::Replaced);
    ok(tested.delete_before(TEN_SECONDS, at(10)).await);
    assert_eq!(ok(tested.write(batch(20, []).revision(2)).await), Written::Replaced);
    let Some(tested) = stage.reopened(tested).await else { return };
    assert_eq!(ok(tested.write(said(5)).await), Written::AlreadyThere);
    assert_eq!(ok(tested.write(said(4)).await), Written::AlreadyThere);
    assert_eq!(ok(tested.write(said(6)).await), Written::Replaced);
    assert_eq!(all_series(&tested).await, [route("/6"), route("/a")]);
    let select = Select::metric("http.total").with("route", "/a");
    let rows = scan(&tested, &select, ALL_TIME, TEN_SECONDS).await;
    assert_eq!(rows, [(route("/a"), at(10), Delta(6))]);
}
