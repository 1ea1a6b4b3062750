//! `wirelat store`: what is exported, checked and packed is what was written.

use super::{Ended, Folder, wirelat};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A store of windows of a second.
fn stored(folder: &Folder) -> PathBuf {
    let store = folder.path("store");
    let mut command = wirelat(["replay", "--window", "1s", "--store"]);
    Ended::of(command.arg(&store).arg(folder.large())).well();
    store
}

fn run(command: &str, store: &Path, more: &[&str]) -> Ended {
    let mut arguments = wirelat(["store", command, "--store"]);
    Ended::of(arguments.arg(store).args(more))
}

fn exported(store: &Path, more: &[&str]) -> String {
    let ended = run("export", store, &[&["-o", "-"], more].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All bins of all windows, by their lower edges as text.
fn bins(lines: &[Value]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        for bin in line["bins"].as_array().into_iter().flatten() {
            *sums.entry(bin["lower"].to_string()).or_default() += bin["count"].as_u64().unwrap();
        }
    }
    sums
}

#[test]
fn every_format_says_what_the_report_says() {
    let folder = Folder::new();
    let store = stored(&folder);
    let mut command = wirelat(["report", "sla", "--format", "json", "--store"]);
    let report: Value =
        serde_json::from_str(&Ended::of(command.arg(&store)).well().stdout).unwrap();
    let timed = report["latency"]["count"].as_u64().unwrap();
    assert!(timed > 1_000);
    let total = ["--metric", "http.total"];
    let json = lines(&exported(&store, &[&total[..], &["--format", "json"]].concat()));
    assert_eq!(bins(&json).values().sum::<u64>(), timed);
    let minutes = ["--format", "json", "--resolution", "1m"];
    let minutes = lines(&exported(&store, &[&total[..], &minutes].concat()));
    assert!(minutes.len() < json.len());
    assert_eq!(bins(&minutes), bins(&json));
    let flat = exported(&store, &[&total[..], &["--format", "csv", "--flat"]].concat());
    let count = |line: &str| line.rsplit(',').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(flat.lines().skip(1).map(count).sum::<u64>(), timed);
    for (format, magic) in [("parquet", &b"PAR1"[..]), ("arrow", b"ARROW1")] {
        let file = folder.path(&format!("file.{format}"));
        let path = file.to_str().unwrap();
        assert_eq!(run("export", &store, &["-o", path]).code, Some(0));
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(magic) && bytes.ends_with(magic));
        assert!(!folder.path(&format!("file.{format}.part")).exists());
    }
}

#[test]
fn a_part_of_a_store_is_exported() {
    let folder = Folder::new();
    let store = stored(&folder);
    let all = lines(&exported(&store, &["--format", "json", "--metric", "http.total"]));
    let mut starts: Vec<&str> =
        all.iter().map(|line| line["window_start"].as_str().unwrap()).collect();
    starts.sort_unstable();
    let (from, to) = (starts[starts.len() / 3], starts[starts.len() / 2]);
    let route = all[0]["tags"]["route"].as_str().unwrap();
    let part = |line: &&Value| {
        let start = line["window_start"].as_str().unwrap();
        start >= from && start < to && line["tags"]["route"] == route
    };
    let expected: Vec<Value> = all.iter().filter(part).cloned().collect();
    let tag = format!("route={route}");
    let asked = ["--format", "json", "--metric", "http.total"];
    let narrow = ["--tag", &tag, "--start", from, "--end", to];
    assert_eq!(lines(&exported(&store, &[&asked[..], &narrow].concat())), expected);
    for (wrong, says) in [
        (["--resolution", "500ms"], "ask for a multiple"),
        (["--start", "noon"], "2026-11-22T09:30:00Z"),
        (["-o", "file.xyz"], "name it .parquet"),
    ] {
        let more = if wrong[0] == "-o" { &[][..] } else { &["-o", "x.csv"][..] };
        let ended = run("export", &store, &[&wrong[..], more].concat());
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
}

#[test]
fn packing_changes_nothing_that_is_kept() {
    let folder = Folder::new();
    let store = stored(&folder);
    let hours = ["--format", "json", "--metric", "http.total", "--resolution", "1h"];
    let before = exported(&store, &hours);
    let well = run("check", &store, &[]);
    assert_eq!((well.code, well.stdout.as_str()), (Some(0), ""));
    assert!(well.stderr.contains("all is well"), "{}", well.stderr);
    let packed = run("compact", &store, &["--keep-windows", "1s", "--keep-minutes", "1s"]);
    assert_eq!(packed.code, Some(0), "{}", packed.stderr);
    assert!(packed.stderr.contains("bytes before"), "{}", packed.stderr);
    assert_eq!(run("check", &store, &[]).code, Some(0));
    assert_eq!(exported(&store, &hours), before);
}

#[test]
fn damage_is_said_line_by_line() {
    let folder = Folder::new();
    let store = stored(&folder);
    assert_eq!(run("compact", &store, &[]).code, Some(0));
    let tables = store.join("data/keyspaces/1/tables");
    let table = fs::read_dir(tables).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(&table, bytes).unwrap();
    let damaged = run("check", &store, &[]);
    assert_eq!(damaged.code, Some(1), "{}{}", damaged.stdout, damaged.stderr);
    assert!(damaged.stdout.lines().count() >= 1 && damaged.stdout.contains("damaged"));
}
