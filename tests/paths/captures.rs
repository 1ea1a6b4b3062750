//! Real captures, with the truth beside them: `WIRELAT_CAPTURES=DIR`.
//!
//! Each row that the truth pairs must be reported with its four times, method and status; whatever differs must be one of
//! [`Reason`], with the evidence of it in the row. Nothing else may be reported.

use crate::common::found::Moments;
use crate::common::{Found, Run, Settings, replay_file};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) const VARIABLE: &str = "WIRELAT_CAPTURES";
pub(crate) const TRUTH: &str = ".truth.tsv";

/// Why a row of the truth is not reported as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// The last byte of the answer was never captured: it has no time here. The truth gives the last captured byte's.
    AnswerEndNotCaptured,
    /// The last byte of the request was never captured: it has no time here, and what follows it may be another request.
    /// The truth gives the last captured byte's.
    RequestEndNotCaptured,
    /// `GET /path` without a version and without an answer of HTTP/1: a simple request (HTTP/0.9, RFC 1945). The truth
    /// does not list it.
    SimpleRequest,
}

impl Reason {
    fn of(row: &Row, found: Option<&Found>) -> Option<Self> {
        let found = found?;
        let [request_first, request_last, response_first, response_last] = row.moments;
        let says = |attribute| found.attributes.contains(&attribute);
        let cut_short = row.has_flag("gap_in_resp") || row.has_flag("incomplete_response");
        let without_end = [request_first, request_last, response_first, None];
        if found.moments == without_end
            && says("end_not_captured")
            && cut_short
            && row.is_named(found)
        {
            return Some(Self::AnswerEndNotCaptured);
        }
        let request_cut = row.has_flag("gap_in_req") || row.has_flag("incomplete_request");
        let timed = [request_first, None, response_first, response_last];
        let quarantined = [request_first, None, None, None];
        let is_without = found.moments == quarantined && found.outcome.name() == "quarantined";
        if request_cut && (is_without || (found.moments == timed && row.is_named(found))) {
            return Some(Self::RequestEndNotCaptured);
        }
        None
    }

    /// Of what is reported beyond the truth.
    fn of_more(found: &Found) -> Option<Self> {
        let target = found.target.as_deref()?;
        let without_version = format!("{} {target}\r\n\r\n", found.operation);
        let is_simple = found.request_bytes.is_some_and(|own| own <= without_version.len() as u64);
        (is_simple && !found.is_answered()).then_some(Self::SimpleRequest)
    }
}

/// A row of the truth.
#[derive(Debug)]
pub(crate) struct Row {
    line: usize,
    pub(crate) kind: String,
    pub(crate) client: String,
    server: String,
    pub(crate) request: String,
    response: String,
    pub(crate) moments: Moments,
    flags: String,
}

impl Row {
    pub(crate) fn is_paired(&self) -> bool {
        !self.request.is_empty() && !self.response.is_empty()
    }

    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        self.flags.split(',').any(|own| own == flag)
    }

    fn method(&self) -> &str {
        self.request.split(' ').next().unwrap_or_default()
    }

    fn status(&self) -> &str {
        self.response.split(' ').next().unwrap_or_default()
    }

    fn is_named(&self, found: &Found) -> bool {
        found.operation == self.method() && found.code == self.status()
    }

    fn equals(&self, found: &Found) -> bool {
        found.moments == self.moments && self.is_named(found)
    }

    /// The truth cuts long targets.
    fn has_target_of(&self, found: &Found) -> bool {
        let target = self.request.split_once(' ').map_or("", |(_, target)| target);
        found.target.as_deref().is_some_and(|own| own.starts_with(target))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, client, server, request, response, moments, flags, .. } = self;
        write!(f, "line {line}: {client} > {server} {request:.60} → {response} {moments:?} {flags}")
    }
}

/// The rows of one protocol.
pub(crate) fn rows(path: &Path, of: &str) -> Vec<Row> {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().enumerate().skip(1);
    let columns: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').collect()).unwrap();
    let column = |name: &str| columns.iter().position(|&column| column == name).unwrap();
    let [protocol, kind, client, server, request, response, flags] =
        ["proto", "kind", "client", "server", "req", "resp", "flags"].map(column);
    let moments = ["req_first_ts", "req_last_ts", "resp_first_ts", "resp_last_ts"].map(column);
    lines
        .map(|(number, line)| (number + 1, line.split('\t').collect::<Vec<_>>()))
        .filter(|(_, cells)| cells[protocol] == of)
        .map(|(line, cells)| Row {
            line,
            kind: cells[kind].to_owned(),
            client: endpoint(cells[client]),
            server: endpoint(cells[server]),
            request: cells[request].to_owned(),
            response: cells[response].to_owned(),
            moments: moments.map(|column| nanos(cells[column])),
            flags: cells[flags].to_owned(),
        })
        .collect()
}

/// The truth writes IPv6 without brackets.
fn endpoint(text: &str) -> String {
    let (address, port) = text.rsplit_once(':').unwrap();
    if address.contains(':') { format!("[{address}]:{port}") } else { text.to_owned() }
}

fn nanos(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.')?;
    assert_eq!(fraction.len(), 9, "{text}");
    Some(seconds.parse::<u64>().unwrap() * 1_000_000_000 + fraction.parse::<u64>().unwrap())
}

/// What came of one capture.
#[derive(Default)]
struct Verdict {
    paired: usize,
    equal: usize,
    explained: BTreeMap<Reason, usize>,
    unanswered: usize,
    orphans: usize,
    faults: Vec<String>,
}

impl Verdict {
    fn of(rows: &[Row], run: &Run) -> Self {
        let mut verdict = Self::default();
        let is_http = |found: &&Found| found.wire.starts_with("http:");
        let mut left: Vec<&Found> = run.found.iter().filter(is_http).collect();
        for row in rows {
            let found = take(&mut left, row);
            match (row.request.is_empty(), row.response.is_empty()) {
                (true, _) => verdict.orphans += 1,
                (false, true) => verdict.judge_unanswered(row, found),
                (false, false) => verdict.judge_pair(row, found),
            }
        }
        for found in left {
            if let Some(reason) = Reason::of_more(found) {
                *verdict.explained.entry(reason).or_default() += 1;
            } else {
                let line = found.line(run.start());
                verdict.faults.push(format!("not in the truth: {line}"));
            }
        }
        verdict
    }

    fn judge_pair(&mut self, row: &Row, found: Option<&Found>) {
        self.paired += 1;
        if found.is_some_and(|found| row.equals(found)) {
            self.equal += 1;
        } else if let Some(reason) = Reason::of(row, found) {
            *self.explained.entry(reason).or_default() += 1;
        } else {
            self.faults.push(format!("differs: {row}\n    reported: {found:?}"));
        }
    }

    /// The truth's unanswered requests may be missing: some are only half there.
    fn judge_unanswered(&mut self, row: &Row, found: Option<&Found>) {
        self.unanswered += 1;
        if let Some(found) = found.filter(|found| found.is_answered()) {
            self.faults
                .push(format!("answered, against the truth: {row}\n    reported: {found:?}"));
        }
    }
}

/// Takes what was reported for a row, by the first byte's time and, where that leaves a choice, by the target.
fn take<'f>(left: &mut Vec<&'f Found>, row: &Row) -> Option<&'f Found> {
    let is_own = |found: &Found| {
        found.client == row.client
            && found.server == row.server
            && found.moments[0] == row.moments[0]
            && !row.request.is_empty()
    };
    let place = left.iter().position(|found| is_own(found) && row.has_target_of(found));
    let place = place.or_else(|| left.iter().position(|found| is_own(found)))?;
    Some(left.remove(place))
}

/// All captures below a folder that have a truth.
pub(crate) fn captures(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.unwrap().path();
        if path.is_dir() {
            captures(&path, into);
        } else if let Some(capture) = path.to_string_lossy().strip_suffix(TRUTH) {
            into.push(capture.into());
        }
    }
}

#[test]
fn every_pair_of_the_truth_is_reported_and_nothing_else() {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        println!("skipped: set {VARIABLE}");
        return;
    };
    let folder = PathBuf::from(folder);
    let mut paths = Vec::new();
    captures(&folder, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no {TRUTH} below {}", folder.display());
    let mut all = Verdict::default();
    println!("{:<58} paired  equal  explained  unanswered  orphans", "capture");
    for path in &paths {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let run = replay_file(path, &Settings::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = rows(Path::new(&format!("{}{TRUTH}", path.display())), "http1");
        assert!(rows.iter().all(|row| !row.is_paired() || row.moments.iter().all(Option::is_some)));
        let mut verdict = Verdict::of(&rows, &run);
        verdict.faults.extend(run.balance().err());
        if !rows.is_empty() {
            print(&name, &verdict);
        }
        all.paired += verdict.paired;
        all.equal += verdict.equal;
        all.unanswered += verdict.unanswered;
        all.orphans += verdict.orphans;
        verdict
            .explained
            .iter()
            .for_each(|(reason, count)| *all.explained.entry(*reason).or_default() += count);
        all.faults.extend(verdict.faults.iter().map(|fault| format!("{name}: {fault}")));
    }
    print(&format!("{} captures", paths.len()), &all);
    assert!(all.faults.is_empty(), "{} faults:\n{}", all.faults.len(), all.faults.join("\n"));
}

fn print(name: &str, verdict: &Verdict) {
    let Verdict { paired, equal, explained, unanswered, orphans, .. } = verdict;
    let count: usize = explained.values().sum();
    println!("{name:<58} {paired:>6} {equal:>6} {count:>10} {unanswered:>11} {orphans:>8}");
    explained.iter().for_each(|(reason, count)| println!("    {count} {reason:?}"));
}
