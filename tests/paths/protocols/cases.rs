//! Every recorded case is what its client saw.

use crate::common::cases::{Case, cases};
use crate::common::{Found, Run, Settings, assert_text, replay_file};
use std::collections::BTreeMap;
use std::fmt::Write;

fn check_known(case: &Case, run: &Run) -> Result<(), String> {
    let known = case.expect.known();
    let found: Vec<&Found> = run.found.iter().filter(|found| !is_silent(found)).collect();
    if found.len() != known.len() {
        let own = counts(found.iter().map(|found| &*found.operation));
        let of = counts(known.iter().map(|known| known.operation));
        return Err(format!("{own:?} reported, {of:?} sent"));
    }
    for (known, found) in case.pair(&known, &found)? {
        if found.is_answered() && (found.first_byte.is_none() || found.total.is_none()) {
            return Err(format!("it is not timed: {known:?}\n    {found:?}"));
        }
    }
    Ok(())
}

/// What has no answer of its own, and so is nothing that a client waits for: Postgres' cancelling, and a Sync in the
/// middle of a COPY.
fn is_silent(found: &Found) -> bool {
    let has_none = found.outcome.name() == "no_answer_expected";
    has_none && matches!(&*found.operation, "CancelRequest" | "Sync")
}

fn counts<'o>(operations: impl Iterator<Item = &'o str>) -> BTreeMap<&'o str, usize> {
    let mut counts = BTreeMap::new();
    operations.for_each(|operation| *counts.entry(operation).or_default() += 1);
    counts
}

/// Something was lost, or the client could not know all: what is answered is a part of what the client knew.
fn check_part(case: &Case, run: &Run) -> Result<(), String> {
    let known = case.expect.known();
    let mut left: Vec<_> = known.iter().collect();
    for found in run.found.iter().filter(|found| found.is_answered()) {
        match left.iter().position(|known| known.fault(found).is_none()) {
            Some(place) => drop(left.remove(place)),
            None if known.is_empty() => {}
            None => return Err(format!("the client knew nothing like {found:?}")),
        }
    }
    let operation = |found: &'_ Found| {
        found.operation.strip_suffix("Empty").unwrap_or(&found.operation).to_owned()
    };
    let operations: Vec<String> = run.found.iter().map(operation).collect();
    let counts = counts(operations.iter().map(|operation| &**operation));
    for (operation, expected) in &case.expect.operation_counts {
        let own = counts.get(&**operation).copied().unwrap_or_default();
        if own != *expected {
            return Err(format!("{own} of {operation} reported, there were {expected}"));
        }
    }
    Ok(())
}

/// Each connection's protocol is found from its bytes, and nobody else claims it.
fn check_detection(case: &Case, run: &Run) -> Result<(), String> {
    let detected = replay_file(&case.capture, &Settings::default()).unwrap();
    detected.balance()?;
    // HTTP/2 that began as HTTP/1 is on a wire of HTTP/1 where nobody asked for it.
    let wire = |found: &Found| found.wire.replace("http2:", "http:");
    let wires: Vec<String> =
        case.wires.iter().map(|wire| wire.replace("http2:", "http:")).collect();
    let named = |found: &Found| Found { wire: wire(found), ..found.clone() };
    let own: Vec<Found> =
        detected.found.iter().map(named).filter(|found| wires.contains(&found.wire)).collect();
    if own != run.found.iter().map(named).collect::<Vec<_>>() {
        let wires: Vec<_> = detected.ledgers.keys().collect();
        return Err(format!("detection gives {} of {} on {wires:?}", own.len(), run.found.len()));
    }
    Ok(())
}

fn check(case: &Case) -> Result<(), String> {
    let run = replay_file(&case.capture, &Settings::with_wires(&case.wires)).unwrap();
    run.balance()?;
    if case.expect.complete {
        check_known(case, &run)?;
        check_detection(case, &run)?;
    } else {
        check_part(case, &run)?;
    }
    let mut text = String::new();
    for found in &run.found {
        let _ = writeln!(text, "{}", found.line(run.start()));
    }
    let _ = writeln!(text, "\n{}", run.ledger_text());
    std::panic::catch_unwind(|| assert_text(&format!("fixture_{}", case.name), &text))
        .map_err(|_| "differs from its snapshot".to_owned())
}

#[test]
fn every_case_is_what_its_client_saw() {
    let mut faults = String::new();
    for case in cases() {
        if let Err(fault) = check(&case) {
            let _ = writeln!(faults, "{}: {fault}", case.name);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
