//! Real captures with the truth beside them: what is not HTTP/1.

use crate::captures::{Row, TRUTH, VARIABLE, captures, rows};
use crate::common::{Found, Settings, replay_file};
use std::path::{Path, PathBuf};

/// A protocol of the truth: what it calls it, what we call it, and which operation each kind of its rows is; `*` is any.
struct Spoken {
    truth: &'static str,
    own: &'static str,
    kinds: &'static [(&'static str, &'static str)],
    /// Operations that the truth does not list.
    unlisted: &'static [&'static str],
}

const SPOKEN: [Spoken; 5] = [
    Spoken {
        truth: "mysql",
        own: "mysql",
        kinds: &[("mysql", "*"), ("mysql-login", "Login")],
        unlisted: &[],
    },
    Spoken { truth: "http2", own: "http2", kinds: &[("http2", "*")], unlisted: &[] },
    Spoken { truth: "kafka", own: "kafka", kinds: &[("kafka", "*")], unlisted: &[] },
    Spoken {
        truth: "pgsql",
        own: "postgres",
        kinds: &[("pg-Query", "Query"), ("pg-Execute", "Execute"), ("pg-Startup", "Startup")],
        unlisted: &["Sync"],
    },
    Spoken { truth: "redis", own: "redis", kinds: &[("redis", "*")], unlisted: &[] },
];

/// What came of one protocol in one capture.
#[derive(Default)]
struct Verdict {
    paired: usize,
    equal: usize,
    faults: Vec<String>,
}

impl Spoken {
    fn operation_of(&self, row: &Row) -> Option<&'static str> {
        self.kinds.iter().find(|(kind, _)| *kind == row.kind).map(|(_, operation)| *operation)
    }

    fn judge(&self, rows: &[Row], found: &[Found]) -> Verdict {
        let mut verdict = Verdict::default();
        let own = |found: &&Found| found.wire.split(':').next() == Some(self.own);
        let mut left: Vec<&Found> = found.iter().filter(own).collect();
        // The truth counts answers off, also where a client has told Redis to give none.
        let silenced: Vec<&str> = found
            .iter()
            .filter(|found| found.operation == "CLIENT REPLY")
            .map(|found| &*found.client)
            .collect();
        for row in rows.iter().filter(|row| row.moments[0].is_some()) {
            let Some(operation) = self.operation_of(row) else { continue };
            let is_its = |found: &&Found| {
                found.client == row.client
                    && found.moments[0] == row.moments[0]
                    && (operation == "*" || found.operation == operation)
            };
            // Several can begin in one packet.
            let asked = row.request.to_ascii_uppercase();
            let is_named =
                |found: &&Found| asked.starts_with(&*found.operation.to_ascii_uppercase());
            let place = left.iter().position(|found| is_its(found) && is_named(found));
            let place = place.or_else(|| left.iter().position(is_its));
            let its = place.map(|place| left.remove(place));
            // The truth does not know every request's text.
            let is_paired = row.moments.iter().all(Option::is_some);
            if !is_paired || row.has_flag("no_response") || row.has_flag("oneway") {
                continue;
            }
            // No client sends COM_SLEEP: the truth reads the head of a compressed packet as a command.
            let is_compressed = row.kind == "mysql" && row.request.starts_with("SLEEP");
            if is_compressed || silenced.contains(&&*row.client) {
                continue;
            }
            verdict.paired += 1;
            match its {
                Some(found) if is_equal(row, found) => verdict.equal += 1,
                found => verdict.faults.push(format!("differs: {row}\n    reported: {found:?}")),
            }
        }
        let listed = left
            .into_iter()
            .filter(|found| found.is_answered() && !self.unlisted.contains(&&*found.operation));
        verdict.faults.extend(listed.map(|found| format!("not in the truth: {found:?}")));
        verdict
    }
}

/// The four times; a Postgres answer ends with CommandComplete, the truth's with what follows it.
fn is_equal(row: &Row, found: &Found) -> bool {
    let ([.., last], [.., truth]) = (found.moments, row.moments);
    let is_before = row.kind.starts_with("pg-") && last <= truth && last.is_some();
    found.moments[..3] == row.moments[..3] && (last == truth || is_before)
}

#[test]
fn every_pair_of_the_truth_is_reported_and_nothing_else() {
    let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        println!("skipped: set {VARIABLE}");
        return;
    };
    let mut paths = Vec::new();
    captures(&folder, &mut paths);
    paths.sort();
    let mut faults = Vec::new();
    println!("{:<58} paired  equal", "capture");
    for path in &paths {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let truth = format!("{}{TRUTH}", path.display());
        let run = replay_file(path, &Settings::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        faults.extend(run.balance().err().map(|fault| format!("{name}: {fault}")));
        for spoken in &SPOKEN {
            let verdict = spoken.judge(&rows(Path::new(&truth), spoken.truth), &run.found);
            if verdict.paired > 0 {
                let name = format!("{name} {}", spoken.own);
                println!("{name:<58} {:>6} {:>6}", verdict.paired, verdict.equal);
            }
            faults.extend(verdict.faults.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
