//! Recorded captures against what their clients knew, and as snapshots.

use crate::common::{Found, Run, Settings, assert_text, fixtures, replay_file};
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;

/// Timers may ring early by so much.
const TOLERANCE_NS: u64 = 1_000_000;

/// `case.toml`; see `fixtures/README.md`.
#[derive(Debug, Deserialize)]
struct Case {
    wires: Vec<String>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
struct Expect {
    complete: bool,
    connections: usize,
    requests: usize,
    answered: usize,
    methods: Vec<String>,
    statuses: Vec<u16>,
    server_delay_ms: Vec<f64>,
    client_first_byte_ms: Option<Vec<f64>>,
    client_total_ms: Option<Vec<f64>>,
}

/// What the client knew of one request.
#[derive(Clone, Copy, Debug)]
struct Seen<'c> {
    method: &'c str,
    /// 0: no answer, or not a whole one.
    status: u16,
    delay_ns: u64,
    first_byte_ns: Option<u64>,
    total_ns: Option<u64>,
}

impl Case {
    fn of(capture: &Path) -> Self {
        let path = capture.with_file_name("case.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn seen(&self) -> Vec<Seen<'_>> {
        let Expect { methods, statuses, server_delay_ms, .. } = &self.expect;
        let at =
            |list: &Option<Vec<f64>>, place: usize| list.as_ref().map(|list| nanos(list[place]));
        (0..self.expect.requests)
            .map(|place| Seen {
                method: &methods[place],
                status: statuses[place],
                delay_ns: nanos(server_delay_ms[place]),
                first_byte_ns: at(&self.expect.client_first_byte_ms, place),
                total_ns: at(&self.expect.client_total_ms, place),
            })
            .collect()
    }

    /// What was reported in the order in which the requests were sent, wire by wire.
    fn in_order<'r>(&self, run: &'r Run) -> Vec<&'r Found> {
        let mut found: Vec<&Found> = run.found.iter().collect();
        let wire = |found: &Found| self.wires.iter().position(|wire| *wire == found.wire);
        // Stable: pipelined requests can begin in one packet.
        found.sort_by_key(|found| (wire(found), found.moments[0]));
        found
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn nanos(millis: f64) -> u64 {
    (millis * 1e6).round() as u64
}

impl Seen<'_> {
    /// What is wrong with a report of this request.
    fn fault(&self, found: &Found) -> Option<String> {
        if found.operation != self.method {
            return Some(format!(
                "the method is {}, the client sent {}",
                found.operation, self.method
            ));
        }
        let status = if found.is_answered() { found.code.as_str() } else { "0" };
        if status != self.status.to_string() {
            return Some(format!("the status is {status}, the client saw {}", self.status));
        }
        if self.status == 0 {
            return None;
        }
        let early = found.first_byte.is_some_and(|own| own + TOLERANCE_NS < self.delay_ns);
        let late = |own: Option<u64>, client: Option<u64>| {
            own.zip(client).is_some_and(|(own, client)| own > client + TOLERANCE_NS)
        };
        let is_late =
            late(found.first_byte, self.first_byte_ns) || late(found.total, self.total_ns);
        (early || is_late)
            .then(|| format!("first byte {:?}, total {:?}", found.first_byte, found.total))
    }
}

/// The capture holds every byte.
fn check_complete(case: &Case, run: &Run) -> Result<(), String> {
    let (found, seen) = (case.in_order(run), case.seen());
    if found.len() != seen.len() {
        return Err(format!("{} reported, {} sent", found.len(), seen.len()));
    }
    for (place, (found, seen)) in found.iter().zip(&seen).enumerate() {
        if let Some(fault) = seen.fault(found) {
            return Err(format!("request {place}: {fault}\n    {seen:?}\n    {found:?}"));
        }
        if found.is_answered() && (found.first_byte.is_none() || found.total.is_none()) {
            return Err(format!("request {place} is not timed: {found:?}"));
        }
    }
    let answered = found.iter().filter(|found| found.is_answered()).count();
    if answered != case.expect.answered {
        return Err(format!("{answered} answered, the client got {}", case.expect.answered));
    }
    if run.connections.len() != case.expect.connections {
        let (own, of) = (run.connections.len(), case.expect.connections);
        return Err(format!("{own} connections, the client had {of}"));
    }
    Ok(())
}

/// Something was lost: what is answered must be a part of what the client saw, in its order.
fn check_incomplete(case: &Case, run: &Run) -> Result<(), String> {
    let seen = case.seen();
    let mut left = seen.iter();
    for found in case.in_order(run).into_iter().filter(|found| found.is_answered()) {
        if !left.any(|seen| seen.fault(found).is_none()) {
            return Err(format!("the client saw nothing like {found:?}"));
        }
    }
    Ok(())
}

/// Each connection's protocol is found from its bytes.
fn check_detection(case: &Case, run: &Run, capture: &Path) -> Result<(), String> {
    let detected = replay_file(capture, &Settings::default()).map_err(|error| error.to_string())?;
    detected.balance()?;
    let of_wires: Vec<&Found> =
        detected.found.iter().filter(|found| case.wires.contains(&found.wire)).collect();
    if of_wires != run.found.iter().collect::<Vec<_>>() {
        return Err("detection gives other transactions than the wires that were asked for".into());
    }
    Ok(())
}

fn snapshot(case: &Case, run: &Run) -> String {
    let mut text = String::new();
    for found in &run.found {
        let _ = writeln!(text, "{}", found.line(run.start()));
    }
    let _ = writeln!(text, "\n{}", run.ledger_text());
    assert!(run.warnings.is_empty(), "{:?}", run.warnings);
    assert!(run.found.iter().all(|found| case.wires.contains(&found.wire)));
    text
}

fn check(name: &str, capture: &Path) -> Result<(), String> {
    let case = Case::of(capture);
    let run = replay_file(capture, &Settings::with_wires(&case.wires)).unwrap();
    run.balance()?;
    if case.expect.complete {
        check_complete(&case, &run)?;
        check_detection(&case, &run, capture)?;
    } else {
        check_incomplete(&case, &run)?;
    }
    let text = snapshot(&case, &run);
    std::panic::catch_unwind(|| assert_text(&format!("fixture_{name}"), &text))
        .map_err(|_| "differs from its snapshot".to_owned())
}

#[test]
fn every_case_is_what_its_client_saw() {
    let mut faults = String::new();
    for (name, capture) in fixtures() {
        if let Err(fault) = check(&name, &capture) {
            let _ = writeln!(faults, "{name}: {fault}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
