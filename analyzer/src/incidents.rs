//! When it was bad: neighbouring bad windows, merged into one span each.

use crate::chance;
use crate::sla::WindowSla;
use crate::target::Target;
use model::units::{CaptureTime, Nanos};
use serde::Serialize;

/// A window starts an incident when chance gives so many misses to a service that just meets its target
/// less often than this. With 300 windows a report then cries wolf once in three reports at worst.
pub const SIGNIFICANCE: f64 = 0.001;

/// A neighbour belongs to the incident if chance gives so many misses less often than this: where one miss in a
/// window is already over its part of the budget, a single stray one must not stretch an incident.
pub const SUSPICION: f64 = 0.05;

/// One span in which the objective was missed more often than the target allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The start of its first window.
    #[serde(rename = "from_ns")]
    pub from: CaptureTime,
    /// The end of its last window.
    #[serde(rename = "to_ns")]
    pub to: CaptureTime,
    /// Its place in the list of windows: first and one past the last.
    #[serde(skip)]
    pub windows: (usize, usize),
    /// Requests that did not meet the objective: certainly too slow, or never answered.
    pub missed: u64,
    /// Of them, certainly too slow.
    pub over: u64,
    /// Of them, never answered.
    pub unanswered: u64,
    /// Requests in the span, answered or not.
    pub requests: u64,
}

/// How a window stands against the target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// More misses than chance readily explains.
    Suspicious,
    /// More than chance explains.
    Bad,
}

/// Merges bad windows. An incident holds a window that is worse than chance explains, reaches over suspicious
/// neighbours, and across a single window that is neither; never across a window that nobody reported.
pub fn incidents(windows: &[WindowSla], length: Nanos, target: Target) -> Vec<Incident> {
    let standings: Vec<Standing> = windows.iter().map(|window| standing(window, target)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < windows.len() {
        let Some(end) = stretch(windows, &standings, at, length) else {
            at += 1;
            continue;
        };
        let inside = standings.get(at..end).unwrap_or_default();
        if inside.contains(&Standing::Bad) {
            found.extend(incident(windows, at, end, length));
        }
        at = end;
    }
    found
}

fn standing(window: &WindowSla, target: Target) -> Standing {
    let missed = window.missed();
    let expected = window.requests() as f64 * target.allowed_share();
    let chance = if missed == 0 { 1.0 } else { chance::at_least(missed, expected) };
    match chance {
        chance if chance < SIGNIFICANCE => Standing::Bad,
        chance if chance < SUSPICION => Standing::Suspicious,
        _ => Standing::Good,
    }
}

/// Where the stretch that starts at `from` ends, if one does: bad and suspicious windows, with single good ones between.
fn stretch(
    windows: &[WindowSla],
    standings: &[Standing],
    from: usize,
    length: Nanos,
) -> Option<usize> {
    let bad = |at: usize| standings.get(at).is_some_and(|&standing| standing != Standing::Good);
    let follows = |at: usize| match (windows.get(at.wrapping_sub(1)), windows.get(at)) {
        (Some(before), Some(this)) => before.start.plus(length) == this.start,
        _ => false,
    };
    if !bad(from) {
        return None;
    }
    let mut end = from + 1;
    loop {
        if bad(end) && follows(end) {
            end += 1;
        } else if bad(end + 1) && follows(end) && follows(end + 1) {
            end += 2;
        } else {
            return Some(end);
        }
    }
}

fn incident(windows: &[WindowSla], from: usize, to: usize, length: Nanos) -> Option<Incident> {
    let inside = windows.get(from..to)?;
    let sum = |part: fn(&WindowSla) -> u64| inside.iter().map(part).sum();
    Some(Incident {
        from: inside.first()?.start,
        to: inside.last()?.start.plus(length),
        windows: (from, to),
        missed: sum(WindowSla::missed),
        over: sum(|window| window.over.low),
        unanswered: sum(|window| window.unanswered),
        requests: sum(WindowSla::requests),
    })
}
