//! What the reader of a report should know beside its numbers.

use super::Held;
use model::window::WindowLength;
use reports::input::{ReportInput, WireData};

/// Wires that are named.
const NAMED_MAX: usize = 3;

/// The lengths that a report leaves out.
pub(super) fn other_windows(held: &[Held], chosen: WindowLength) -> Option<String> {
    let others: Vec<String> = held
        .iter()
        .filter(|(length, ..)| *length != chosen)
        .map(|(length, ..)| length.to_string())
        .collect();
    let first = others.first()?;
    Some(format!(
        "this is made of the windows of {chosen}; the store also has windows of {}: `--window {first}` reports those",
        listed(&others)
    ))
}

/// The wires that objectives cannot judge.
pub(super) fn not_judged(input: &ReportInput) -> Option<String> {
    let has_requests = |wire: &&WireData| wire.ledger.requests.started > 0;
    let only_connections =
        input.wires.iter().filter(|wire| !wire.connections.is_empty() && !has_requests(wire));
    let mut names: Vec<String> = only_connections.map(|wire| wire.name.clone()).collect();
    if names.is_empty() || input.objectives.is_empty() {
        return None;
    }
    if let Some(more) = names.len().checked_sub(NAMED_MAX).filter(|more| *more > 1) {
        names.truncate(NAMED_MAX);
        names.push(format!("{more} more wires"));
    }
    Some(format!(
        "objectives count requests, and of {} only connections are known: these are timed, but not judged",
        listed(&names)
    ))
}

/// `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}
