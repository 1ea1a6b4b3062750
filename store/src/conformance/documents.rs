//! Small documents with compare-and-set.

use super::Stage;
use super::support::{batch, ok, route, rows};
use crate::{Document, Note, Store};
use futures_util::future::join_all;
use model::batch::Value::Delta;

async fn put(store: &impl Store, name: &str, expected: u64, text: &str) -> bool {
    ok(store.put_document("rule", name, expected, text).await)
}

fn document(version: u64, text: &str) -> Document {
    Document { version, text: text.to_owned() }
}

pub(super) async fn documents_compare_and_set(stage: &impl Stage) {
    let tested = stage.fresh().await;
    assert_eq!(ok(tested.document("rule", "slow").await), None);
    assert!(!put(&tested, "slow", 1, "too early").await);
    assert!(put(&tested, "slow", 0, "one").await);
    assert!(!put(&tested, "slow", 0, "again").await);
    assert_eq!(ok(tested.document("rule", "slow").await), Some(document(1, "one")));
    assert!(put(&tested, "slow", 1, "").await);
    assert!(!put(&tested, "slow", 1, "stale").await);
    assert!(!put(&tested, "slow", 3, "ahead").await);
    assert_eq!(ok(tested.document("rule", "slow").await), Some(document(2, "")));
}

pub(super) async fn documents_are_listed_by_kind(stage: &impl Stage) {
    let tested = stage.fresh().await;
    for (kind, name) in [("rule", "b"), ("rule", "a"), ("rul", "ea"), ("ruleb", ""), ("", "rule")] {
        assert!(ok(tested.put_document(kind, name, 0, &format!("{kind}/{name}")).await));
    }
    let listed = ok(tested.documents("rule").await);
    let expected = [("a", "rule/a"), ("b", "rule/b")];
    assert_eq!(listed, expected.map(|(name, text)| (name.to_owned(), document(1, text))));
    assert_eq!(ok(tested.documents("rul").await), [("ea".to_owned(), document(1, "rul/ea"))]);
    assert_eq!(ok(tested.documents("none").await), []);
    assert_eq!(ok(tested.document("ruleb", "").await), Some(document(1, "ruleb/")));
}

pub(super) async fn a_deleted_document_never_fits_an_old_version(stage: &impl Stage) {
    let tested = stage.fresh().await;
    assert!(!ok(tested.delete_document("rule", "slow", 0).await));
    assert!(put(&tested, "slow", 0, "one").await);
    assert!(!ok(tested.delete_document("rule", "slow", 2).await));
    assert!(ok(tested.delete_document("rule", "slow", 1).await));
    assert!(!ok(tested.delete_document("rule", "slow", 1).await));
    assert!(!ok(tested.delete_document("rule", "slow", 2).await));
    assert_eq!(ok(tested.document("rule", "slow").await), None);
    assert_eq!(ok(tested.documents("rule").await), []);
    assert!(!put(&tested, "slow", 1, "stale").await);
    assert!(!put(&tested, "slow", 2, "stale").await);
    assert!(put(&tested, "slow", 0, "two").await);
    assert_eq!(ok(tested.document("rule", "slow").await), Some(document(3, "two")));
}

pub(super) async fn one_of_many_rivals_wins(stage: &impl Stage) {
    let tested = stage.fresh().await;
    for version in 0..5 {
        let rivals = (0..10).map(|_| put(&tested, "lease", version, "mine"));
        let won = join_all(rivals).await.into_iter().filter(|&won| won);
        assert_eq!(won.count(), 1);
    }
}

pub(super) async fn notes_are_set_and_forgotten_with_batches(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let note = |name: &str, text: Option<&str>| Note {
        kind: "rule".into(),
        name: name.to_owned(),
        text: text.map(str::to_owned),
    };
    let said = batch(10, [(route("/a"), Delta(1))]);
    ok(tested
        .write_all(vec![said.clone()], vec![note("a", Some("1")), note("b", Some("2"))])
        .await);
    assert_eq!(rows(&tested).await.len(), 1);
    assert_eq!(ok(tested.document("rule", "a").await), Some(document(1, "1")));
    ok(tested.write_all(vec![said], vec![note("a", Some("3")), note("b", None)]).await);
    let Some(tested) = stage.reopened(tested).await else { return };
    assert_eq!(ok(tested.document("rule", "a").await), Some(document(2, "3")));
    assert_eq!(ok(tested.document("rule", "b").await), None);
    assert!(put(&tested, "b", 0, "anew").await);
    assert_eq!(ok(tested.document("rule", "b").await), Some(document(1, "anew")));
}
