//! `wirelat query`: what a replay stored is asked for.

use super::{Ended, Folder, replay, wirelat};
use crate::common::fixture;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The windows of a capture with eight requests, one of them 130 ms long.
fn store(folder: &Folder) -> PathBuf {
    let store = folder.path("store");
    let capture = fixture("keepalive");
    let window = ["--window".as_ref(), "1s".as_ref()];
    let arguments = [capture.as_os_str(), "--store".as_ref(), store.as_os_str()];
    replay(arguments.into_iter().chain(window)).well();
    store
}

#[track_caller]
fn query(store: &Path, text: &str, more: &[&str]) -> Ended {
    let mut command = wirelat(["query", text]);
    Ended::of(command.arg("--store").arg(store).args(more))
}

#[test]
fn every_request_of_a_replay_is_counted() {
    let folder = Folder::new();
    let store = store(&folder);
    let slow = r#"find("http.total") | merge() | count_above(0s, 100ms)"#;
    let json = query(&store, slow, &["--format", "json"]).well().stdout;
    let answer: Value = serde_json::from_str(&json).unwrap();
    let total = |stream: usize| -> f64 {
        let values = answer["streams"][stream]["values"].as_array().unwrap();
        values.iter().filter_map(Value::as_f64).sum()
    };
    assert_eq!((total(0), total(1)), (8.0, 1.0), "{answer}");
    assert_eq!(answer["coverage"]["bytes"], 1.0);
    let text = query(&store, r#"find("http.requests") | sum()"#, &["--step", "1m"]).well().stdout;
    assert!(text.contains("Z  8\n") && text.contains("coverage: "), "{text}");
    let csv = query(&store, r#"find("http.requests")"#, &["--format", "csv", "--start", "-1s"]);
    assert!(csv.well().stdout.starts_with(
        "start_ns,name,method,outcome,route,status,wire,at_least,at_most,observed\r\n"
    ));
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let folder = Folder::new();
    let store = store(&folder);
    let ended = query(&store, r#"find("http.total") | percentil(99)"#, &[]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines[0], "wirelat: error: line 1, column 22: there is no function `percentil`");
    assert_eq!(lines[1], r#"  find("http.total") | percentil(99)"#);
    assert!(
        lines[2].starts_with("                       ^ expected one of histogram:merge, "),
        "{}",
        lines[2]
    );
    let nowhere = folder.path("nowhere");
    let ended = query(&nowhere, "1", &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no store at"), "{}", ended.stderr);
    assert!(!nowhere.exists());
}
