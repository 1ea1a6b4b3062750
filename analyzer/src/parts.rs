//! The span cut in equal parts, side by side.

use crate::bounds::Bounds;
use crate::sla::{Sla, WindowSla};
use model::units::{CaptureTime, Nanos};
use serde::Serialize;

/// How many parts to try, the most telling first.
const NATURAL: [u64; 8] = [12, 8, 6, 10, 7, 5, 4, 3];

/// One part of the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its first nanosecond.
    #[serde(rename = "from_ns")]
    pub from: CaptureTime,
    /// The first nanosecond after it.
    #[serde(rename = "to_ns")]
    pub to: CaptureTime,
    /// Requests that were answered and timed.
    pub timed: u64,
    /// Of them, at or over the objective.
    pub over: Bounds,
    /// Requests that were never answered.
    pub unanswered: u64,
    /// Windows that nobody reported: the numbers above know nothing of them.
    pub windows_missing: u64,
}

impl Sla {
    /// What happened in `from ≤ time < to`, in whole windows.
    pub fn between(&self, from: CaptureTime, to: CaptureTime) -> Part {
        let inside = self.windows.iter().filter(|window| (from..to).contains(&window.start));
        let span = to.since(from).unwrap_or_default();
        let places = span.0 / self.length.span().0.max(1);
        let part = Part {
            from,
            to,
            timed: 0,
            over: Bounds::default(),
            unanswered: 0,
            windows_missing: places,
        };
        inside.fold(part, add)
    }

    /// The span in `count` parts, equal to a window; fewer where it has fewer windows.
    pub fn parts(&self, count: u64) -> Vec<Part> {
        let Some((from, to)) = self.span() else { return Vec::new() };
        let places = self.places();
        let count = count.clamp(1, places.max(1));
        let edge = |part: u64| {
            let windows = u128::from(part) * u128::from(places) / u128::from(count);
            let windows = u64::try_from(windows).unwrap_or(u64::MAX);
            from.plus(Nanos(self.length.span().0.saturating_mul(windows))).min(to)
        };
        (0..count).map(|part| self.between(edge(part), edge(part + 1))).collect()
    }

    /// How many parts make this span's parts equal, and not too many: 12 for a day, 7 for a week.
    pub fn natural_parts(&self) -> u64 {
        let places = self.places();
        let fitting = NATURAL.into_iter().find(|&count| places.is_multiple_of(count));
        fitting.unwrap_or(6).min(places.max(1))
    }

    fn places(&self) -> u64 {
        let span = self.span().and_then(|(from, to)| to.since(from)).unwrap_or_default();
        span.0 / self.length.span().0.max(1)
    }
}

fn add(part: Part, window: &WindowSla) -> Part {
    Part {
        timed: part.timed.saturating_add(window.timed),
        over: part.over + window.over,
        unanswered: part.unanswered.saturating_add(window.unanswered),
        windows_missing: part.windows_missing.saturating_sub(1),
        ..part
    }
}
