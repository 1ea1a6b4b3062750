//! Stores, reports and pictures.

use super::{Ended, Folder, replay, wirelat};
use crate::common::fixture;
use regex::Regex;
use serde_json::Value;
use std::path::Path;

/// A report must fit into a mail.
const HTML_BYTES_MAX: usize = 1_000_000;

/// Anything that a browser would fetch.
const REFERENCES: [&str; 4] = [
    r#"(?i)\b(src|srcset|href|action|poster|data|xlink:href)\s*=\s*["']?\s*(https?:)?//"#,
    r#"(?i)url\(\s*["']?\s*(https?:)?//"#,
    r"(?i)@import\b",
    r#"(?i)\b(fetch|importScripts|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b\s*\("#,
];

#[track_caller]
fn assert_self_contained(html: &str) {
    assert!(html.len() < HTML_BYTES_MAX, "{} bytes", html.len());
    let lower = html.to_ascii_lowercase();
    assert!(lower.starts_with("<!doctype html>"), "{}", &html[..60]);
    assert!(lower.trim_end().ends_with("</html>"));
    for reference in REFERENCES {
        let found = Regex::new(reference).unwrap().find(html);
        assert!(found.is_none(), "{reference} finds {found:?}");
    }
    let embedded = Regex::new(r"(?i)<\s*(link|iframe|object|embed)\b[^>]*>").unwrap();
    for element in embedded.find_iter(html).map(|element| element.as_str()) {
        assert!(element.contains("\"data:"), "{element}");
    }
}

#[test]
fn a_replay_writes_a_self_contained_report() {
    let folder = Folder::new();
    let html = folder.path("report.html");
    let capture = folder.large();
    let mut command = wirelat(["replay", "--objective", "200ms", "--objective", "1.5s"]);
    let ended = Ended::of(command.arg(capture).arg("--report").arg(&html));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("report.html"), "{}", ended.stderr);
    let html = std::fs::read_to_string(html).unwrap();
    assert_self_contained(&html);
    assert!(html.contains("<canvas"), "the heatmap is drawn on a canvas");
}

/// Names and titles come from the wire and from the user: neither may become a part of the page.
#[test]
fn a_report_holds_no_foreign_markup() {
    let folder = Folder::new();
    let html = folder.path("report.html");
    let title = "</script><script src=//example.net/x.js></script>";
    let mut command = wirelat(["replay", "--title", title, "--report"]);
    let ended = Ended::of(command.arg(&html).arg(fixture("absolute_form")));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let html = std::fs::read_to_string(html).unwrap();
    assert!(!html.contains("<script src=//example.net"), "the title became markup");
}

#[track_caller]
fn sla(store: &Path) -> Value {
    let mut command = wirelat(["report", "sla", "--format", "json", "--objective", "100ms"]);
    let ended = Ended::of(command.arg("--store").arg(store)).well();
    serde_json::from_str(&ended.stdout).unwrap()
}

#[track_caller]
fn store(capture: &Path, store: &Path, more: &[&str]) -> Value {
    let mut command = wirelat(["replay"]);
    Ended::of(command.arg(capture).arg("--store").arg(store).args(more)).well();
    sla(store)
}

#[test]
fn storing_twice_changes_nothing() {
    for more in [&[][..], &["--window", "1s"], &["--wire", "http:80", "--pipelines", "2"]] {
        let folder = Folder::new();
        let (capture, path) = (folder.large(), folder.path("store"));
        let once = store(&capture, &path, more);
        assert!(once["requests"].as_u64().unwrap() > 9_000, "{}", once["requests"]);
        let twice = store(&capture, &path, more);
        assert_eq!(once, twice, "{more:?}");
    }
}

/// What is read from a store is what the replay printed.
#[test]
fn a_store_says_what_the_replay_said() {
    let folder = Folder::new();
    let (capture, path) = (folder.large(), folder.path("store"));
    let mut command = wirelat(["replay", "--format", "json", "--objective", "100ms", "--store"]);
    let ended = Ended::of(command.arg(&path).arg(&capture)).well();
    let mut printed: Value = serde_json::from_str(&ended.stdout).unwrap();
    let mut stored = sla(&path);
    let keys = ["requests", "outcomes", "latency", "objectives", "routes", "coverage", "packets"];
    for report in [&mut printed, &mut stored] {
        without_rates(report);
    }
    for key in keys {
        assert!(!printed[key].is_null(), "{key}");
        assert_eq!(printed[key], stored[key], "{key}");
    }
}

/// A store knows windows, not the first packet's time: its rates are of a longer span.
fn without_rates(report: &mut Value) {
    match report {
        Value::Object(fields) => {
            fields.remove("requests_per_second");
            fields.values_mut().for_each(without_rates);
        }
        Value::Array(items) => items.iter_mut().for_each(without_rates),
        _ => {}
    }
}

/// Several captures in one store are counted together.
#[test]
fn a_store_takes_several_captures() {
    let folder = Folder::new();
    let path = folder.path("store");
    let one = store(&fixture("keepalive"), &path, &["--window", "10s"]);
    let two = store(&fixture("methods"), &path, &["--window", "10s"]);
    let mut command = wirelat(["replay", "--format=json", "--window=10s"]);
    let alone = Ended::of(command.arg(fixture("methods"))).well();
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    let requests = |report: &Value| report["requests"].as_u64().unwrap();
    assert_eq!(requests(&two), requests(&one) + requests(&alone));
}

/// A store with windows of several lengths: a report is about one, and says which it leaves out.
#[test]
fn the_lengths_that_a_report_leaves_out_are_named() {
    let folder = Folder::new();
    let path = folder.path("store");
    store(&fixture("keepalive"), &path, &["--window", "10s"]);
    let one = store(&fixture("methods"), &path, &["--window", "10s"]);
    assert_eq!(one["notes"], serde_json::json!([]));
    let two = store(&fixture("methods"), &path, &["--window", "1s", "--source", "again"]);
    let note = two["notes"][0].as_str().unwrap();
    assert!(note.contains("windows of 1s; the store also has windows of 10s"), "{note}");
    let mut command = wirelat(["report", "sla", "--window", "10s", "--format", "json", "--store"]);
    let chosen: Value = serde_json::from_str(&Ended::of(command.arg(&path)).well().stdout).unwrap();
    assert_eq!(chosen["notes"], serde_json::json!([]), "the reader has chosen");
    assert_eq!(chosen["requests"], one["requests"]);
    assert_ne!(chosen["requests"], two["requests"]);
}

/// The handshakes of every wire are in its report, decoder or not, and are those of the connections' own lines.
#[test]
fn connection_times_are_reported() {
    let capture = fixture("keepalive");
    let lines = replay([capture.as_os_str(), "--connections".as_ref(), "-".as_ref()]).well().stdout;
    let longest = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["connect_ns"].as_f64().unwrap())
        .fold(0.0, f64::max);
    for wire in ["http:8080", "tcp:8080"] {
        let mut command = wirelat(["replay", "--format=json", "--objective=100ms", "--wire", wire]);
        let report: Value =
            serde_json::from_str(&Ended::of(command.arg(&capture)).well().stdout).unwrap();
        let times = &report["wires"][0]["connections"];
        for time in ["connect", "rtt", "tcp_first_byte"] {
            assert_eq!(
                times[time]["count"].as_u64(),
                Some(lines.lines().count() as u64),
                "{wire} {time}"
            );
        }
        let below = times["connect"]["max_below_seconds"].as_f64().unwrap() * 1e9;
        assert!(longest < below && below <= longest * 1.1 + 1.0, "{wire}: {longest} {below}");
        let requests = if wire == "http:8080" { 8 } else { 0 };
        assert_eq!(report["requests"], requests, "{wire}");
        let routes = report["routes"].as_array().unwrap();
        assert_eq!(routes.is_empty(), requests == 0, "connections are not requests: {routes:?}");
        assert!(routes.iter().all(|route| route["route"] != ""), "{routes:?}");
        assert_eq!(report["notes"].as_array().unwrap().len(), usize::from(requests == 0));
    }
    let text = replay([capture.as_os_str(), "--wire=tcp:8080".as_ref()]).well().stdout;
    assert!(text.contains("\nConnections ") && text.contains("tcp.first_byte"), "{text}");
}

#[test]
fn pictures_are_what_their_names_say() {
    let folder = Folder::new();
    let (capture, path) = (folder.large(), folder.path("store"));
    store(&capture, &path, &[]);
    let picture = |name: &str| {
        let output = folder.path(name);
        let mut command = wirelat(["report", "heatmap", "--store"]);
        let ended = Ended::of(command.arg(&path).arg("-o").arg(&output));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        std::fs::read(output).unwrap()
    };
    let png = picture("heatmap.png");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(png.len() > 2_000);
    let svg = String::from_utf8(picture("heatmap.svg")).unwrap();
    assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{}", &svg[..40]);
    assert!(svg.contains("http://www.w3.org/2000/svg"));
    let mut command = wirelat(["report", "heatmap", "--store"]);
    let ended = Ended::of(command.arg(&path).arg("-o").arg(folder.path("heatmap.gif")));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(".png"), "{}", ended.stderr);
}

#[test]
fn a_stored_report_is_self_contained() {
    let folder = Folder::new();
    let (capture, path, html) = (folder.large(), folder.path("store"), folder.path("sla.html"));
    store(&capture, &path, &[]);
    let mut command = wirelat(["report", "sla", "--store"]);
    let ended = Ended::of(command.arg(&path).arg("-o").arg(&html));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_self_contained(&std::fs::read_to_string(html).unwrap());
}

/// The figures for programs are the ones for people.
#[test]
fn text_and_json_count_the_same() {
    let capture = fixture("redirects_and_errors");
    let text = replay([&capture]).well().stdout;
    let json = replay([capture.as_os_str(), "--format=json".as_ref()]).well().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let started = format!("started {}", json["requests"]);
    assert!(text.contains(&started), "`{started}` is not in: {text}");
}
