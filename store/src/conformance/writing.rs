//! Batches: once, whole, and the newest revision of each.

use super::Stage;
use super::support::{
    Change, TEN_SECONDS, all_series, all_windows, at, batch, minute, ok, only_value, route, rows,
    store,
};
use crate::{KEY_BYTES_MAX, Note, Store, StoreError, VALUE_BYTES_MAX, Written};
use futures_util::future::join_all;
use model::batch::Value::{self, Delta};

pub(super) async fn writing_twice_changes_nothing(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = batch(10, [(route("/a"), Delta(3)), (route("/b"), Delta(4))]);
    store(&tested, [said.clone()]).await;
    let before = rows(&tested).await;
    for _ in 0..3 {
        assert_eq!(ok(tested.write(said.clone()).await), Written::AlreadyThere);
    }
    assert_eq!(rows(&tested).await, before);
    assert_eq!(before, [(route("/a"), at(10), Delta(3)), (route("/b"), at(10), Delta(4))]);
}

pub(super) async fn a_higher_revision_replaces_the_whole_batch(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let [a, b, c] = ["/a", "/b", "/c"].map(route);
    let other = batch(10, [(b.clone(), Delta(100))]).of("db", 1, 0);
    store(&tested, [batch(10, [(a.clone(), Delta(1)), (b.clone(), Delta(2))]), other]).await;
    let newer = batch(10, [(a.clone(), Delta(7)), (c.clone(), Delta(9))]).revision(5);
    assert_eq!(ok(tested.write(newer).await), Written::Replaced);
    // What the newer one no longer says is gone; what others said stays.
    let now = [(a, at(10), Delta(7)), (b, at(10), Delta(100)), (c, at(10), Delta(9))];
    assert_eq!(rows(&tested).await, now);
}

pub(super) async fn a_lower_or_equal_revision_is_ignored(stage: &impl Stage) {
    let tested = stage.fresh().await;
    store(&tested, [batch(10, [(route("/a"), Delta(5))]).revision(5)]).await;
    for revision in [0, 1, 4, 5] {
        let late = batch(10, [(route("/a"), Delta(1)), (route("/new"), Delta(1))]);
        let written = ok(tested.write(late.revision(revision)).await);
        assert_eq!(written, Written::AlreadyThere);
    }
    assert_eq!(only_value(&tested).await, Delta(5));
    assert_eq!(all_series(&tested).await, [route("/a")]);
}

pub(super) async fn a_revision_can_empty_a_batch_and_fill_it_again(stage: &impl Stage) {
    let tested = stage.fresh().await;
    store(&tested, [batch(10, [(route("/a"), Delta(1))])]).await;
    assert_eq!(ok(tested.write(batch(10, []).revision(2)).await), Written::Replaced);
    assert_eq!(rows(&tested).await, []);
    assert!(all_series(&tested).await.is_empty(), "a series without rows is listed");
    assert_eq!(all_windows(&tested).await, [at(10)]);
    let again = batch(10, [(route("/a"), Delta(8))]).revision(3);
    assert_eq!(ok(tested.write(again).await), Written::Replaced);
    assert_eq!(only_value(&tested).await, Delta(8));
    assert_eq!(all_series(&tested).await, [route("/a")]);
}

pub(super) async fn a_batch_is_one_identity_in_all_its_parts(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = || batch(60, [(route("/a"), Delta(1))]);
    let batches = [
        said(),
        said().of("we", 1, 0),
        said().of("web", 2, 0),
        said().of("web", 1, 1),
        said().of("", 1, 0),
        said().of("web", u64::MAX, u16::MAX),
        said().length(minute()),
        batch(70, [(route("/a"), Delta(1))]),
    ];
    store(&tested, batches.clone()).await;
    for again in batches {
        assert_eq!(ok(tested.write(again).await), Written::AlreadyThere);
    }
    let now = [(route("/a"), at(60), Delta(6)), (route("/a"), at(70), Delta(1))];
    assert_eq!(rows(&tested).await, now);
}

pub(super) async fn a_series_named_twice_in_a_batch_is_merged(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let values = [(route("/a"), Delta(1)), (route("/b"), Delta(2)), (route("/a"), Delta(4))];
    store(&tested, [batch(10, values)]).await;
    let now = [(route("/a"), at(10), Delta(5)), (route("/b"), at(10), Delta(2))];
    assert_eq!(rows(&tested).await, now);
}

pub(super) async fn what_is_too_large_is_refused_whole(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let long = "x".repeat(KEY_BYTES_MAX + 1);
    let text = Value::Text("x".repeat(VALUE_BYTES_MAX + 1).into());
    for refused in [
        batch(10, [(route("/a"), Delta(1)), (route(&long), Delta(1))]),
        batch(10, [(route("/a"), Delta(1)), (route("/b"), text)]),
        batch(10, [(route("/a"), Delta(1))]).of(&long, 1, 0),
    ] {
        assert!(matches!(tested.write(refused).await, Err(StoreError::TooLarge { .. })));
    }
    let document = tested.put_document("rule", &long, 0, "").await;
    assert!(matches!(document, Err(StoreError::TooLarge { .. })));
    assert_eq!(rows(&tested).await, []);
    assert!(all_windows(&tested).await.is_empty());
    let fits = "x".repeat(KEY_BYTES_MAX - 100);
    store(&tested, [batch(10, [(route(&fits), Delta(1))]).of(&fits, 1, 0)]).await;
    assert_eq!(all_series(&tested).await, [route(&fits)]);
}

/// Some new, some known, some of them twice, one that takes from a series what another one gives it.
pub(super) async fn several_at_once_are_written_as_one_after_the_other(stage: &impl Stage) {
    let [one, all] = [stage.fresh().await, stage.fresh().await];
    let said = |window: u64, route: &str, revision| {
        batch(window * 10, [(self::route(route), Delta(revision)), (self::route("/all"), Delta(1))])
            .revision(revision)
    };
    let groups = [
        vec![said(1, "/a", 1), said(2, "/b", 1), said(1, "/a", 1), said(3, "/a", 0)],
        vec![
            said(4, "/c", 1),
            said(2, "/c", 2),
            said(5, "/d", 1),
            said(6, "/b", 1).of("db", 7, 3),
            said(1, "/a", 1),
            said(3, "/b", 1),
        ],
        vec![batch(1, []).revision(2), said(7, "/a", 1), batch(10, []).revision(2)],
        vec![],
    ];
    for group in groups {
        let mut expected = Vec::new();
        for batch in &group {
            expected.push(ok(one.write(batch.clone()).await));
        }
        assert_eq!(ok(all.write_all(group, Vec::new()).await), expected);
        assert_eq!(rows(&all).await, rows(&one).await);
        assert_eq!(all_series(&all).await, all_series(&one).await);
        assert_eq!(all_windows(&all).await, all_windows(&one).await);
    }
}

/// Many batches, each sent three times at once, with series that all share.
pub(super) async fn writers_at_once_lose_nothing(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |pipeline: u16, window: u64| {
        batch(window * 10, [(route("/a"), Delta(1)), (route(&format!("/{window}")), Delta(1))])
            .of("web", 1, pipeline)
    };
    let mut batches = Vec::new();
    for number in 0..48_u16 {
        let batch = said(number % 8, u64::from(number / 8));
        batches.extend([batch.clone(), batch.clone(), batch]);
    }
    let written = join_all(batches.into_iter().map(|batch| tested.write(batch))).await;
    let stored = written.into_iter().map(ok).filter(|&written| written == Written::Stored);
    assert_eq!(stored.count(), 48);
    let rows = rows(&tested).await;
    assert_eq!(rows.len(), 12);
    assert!(rows.iter().all(|(_, _, value)| *value == Delta(8)));
    assert_eq!(ok(tested.resolutions().await), [(TEN_SECONDS, at(0), at(50))]);
}

pub(super) async fn batches_together_are_as_one_after_the_other(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let said = |revision: u64, name: &str| {
        batch(10, [(route(name), Delta(revision)), (route("/new"), Delta(1))]).revision(revision)
    };
    store(&tested, [batch(20, [(route("/old"), Delta(1))])]).await;
    let together = vec![
        said(2, "/a"),
        said(1, "/b"),
        said(3, "/c"),
        said(3, "/d"),
        said(1, "/e").of("db", 1, 0),
        batch(20, [(route("/old"), Delta(2))]),
        batch(20, [(route("/newer"), Delta(2))]).revision(2),
    ];
    let written = ok(tested.write_all(together, Vec::new()).await);
    use Written::{AlreadyThere, Replaced, Stored};
    let expected = [Stored, AlreadyThere, Replaced, AlreadyThere, Stored, AlreadyThere, Replaced];
    assert_eq!(written, expected);
    let now = [
        (route("/c"), at(10), Delta(3)),
        (route("/e"), at(10), Delta(1)),
        (route("/new"), at(10), Delta(2)),
        (route("/newer"), at(20), Delta(2)),
    ];
    assert_eq!(rows(&tested).await, now);
    assert_eq!(all_series(&tested).await, ["/c", "/e", "/new", "/newer"].map(route));
}

pub(super) async fn a_series_that_one_batch_drops_and_another_takes_stays(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let one = |seconds| batch(seconds, [(route("/a"), Delta(seconds))]);
    store(&tested, [one(10)]).await;
    let together = vec![batch(10, []).revision(2), one(20)];
    ok(tested.write_all(together, Vec::new()).await);
    assert_eq!(rows(&tested).await, [(route("/a"), at(20), Delta(20))]);
    let together = vec![one(30), batch(20, []).revision(2), batch(30, []).revision(2)];
    ok(tested.write_all(together, Vec::new()).await);
    assert_eq!(rows(&tested).await, []);
    assert!(all_series(&tested).await.is_empty(), "a series without rows is listed");
}

pub(super) async fn one_that_is_too_large_refuses_all(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let long = route(&"x".repeat(KEY_BYTES_MAX + 1));
    let together = vec![batch(10, [(route("/a"), Delta(1))]), batch(20, [(long, Delta(1))])];
    let note = Note { kind: "state".into(), name: "a".into(), text: Some("1".into()) };
    let refused = tested.write_all(together, vec![note]).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!(rows(&tested).await, []);
    assert_eq!(ok(tested.document("state", "a").await), None);
}
