//! Inverse quantiles as a service level: how many requests were too slow, where, and what is left of the budget.

use crate::bounds::Bounds;
use crate::customary::{self, Customary};
use crate::incidents::{self, Incident};
use crate::target::Target;
use crate::timeline::{Slice, Timeline};
use model::histogram::{Distribution, QuantileMethod, Threshold};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use serde::Serialize;

/// One window against the objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WindowSla {
    /// Its start.
    #[serde(rename = "start_ns")]
    pub start: CaptureTime,
    /// Requests that were answered and timed.
    pub timed: u64,
    /// Of them, at or over the objective.
    pub over: Bounds,
    /// Requests that were never answered: not met, and shown apart.
    pub unanswered: u64,
    /// What the average would have said, in seconds.
    #[serde(rename = "mean_seconds")]
    pub mean: Option<f64>,
    /// What the p99 would have said, in seconds.
    #[serde(rename = "p99_seconds")]
    pub p99: Option<f64>,
}

impl WindowSla {
    /// Requests, answered or not.
    pub const fn requests(&self) -> u64 {
        self.timed.saturating_add(self.unanswered)
    }

    /// Requests that certainly did not meet the objective.
    pub const fn missed(&self) -> u64 {
        self.over.low.saturating_add(self.unanswered)
    }
}

/// The budget that a target gives, in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// So many requests may miss the objective.
    pub allowed: u64,
    /// So many did: too slow or never answered.
    pub used: Bounds,
}

impl Budget {
    /// What is left, at least and at most; negative where it is overspent.
    pub fn left(self) -> (i128, i128) {
        let allowed = i128::from(self.allowed);
        (allowed - i128::from(self.used.high), allowed - i128::from(self.used.low))
    }
}

/// An objective over a whole timeline.
#[derive(Clone, Debug)]
pub struct Sla {
    /// A request that takes so long, or longer, is too slow.
    pub threshold: Threshold,
    /// The share that must be faster.
    pub target: Target,
    /// The windows' length.
    pub length: WindowLength,
    /// Each reported window, ascending.
    pub windows: Vec<WindowSla>,
    /// Spans in which the objective was missed more often than chance explains.
    pub incidents: Vec<Incident>,
    /// What the average and the p99 would have said.
    pub customary: Customary,
}

impl Sla {
    /// Counts a timeline against an objective.
    pub fn new(timeline: &Timeline, threshold: Threshold, target: Target) -> Self {
        let length = timeline.length();
        let windows: Vec<WindowSla> =
            timeline.slices().map(|(start, slice)| window_sla(start, slice, threshold)).collect();
        let incidents = incidents::incidents(&windows, length.span(), target);
        let customary = customary::customary(&windows, &timeline.whole(), threshold);
        Self { threshold, target, length, windows, incidents, customary }
    }

    /// Requests that were answered and timed.
    pub fn timed(&self) -> u64 {
        self.windows.iter().map(|window| window.timed).sum()
    }

    /// Requests at or over the objective.
    pub fn over(&self) -> Bounds {
        self.windows.iter().map(|window| window.over).sum()
    }

    /// Requests that were never answered.
    pub fn unanswered(&self) -> u64 {
        self.windows.iter().map(|window| window.unanswered).sum()
    }

    /// Requests, answered or not.
    pub fn requests(&self) -> u64 {
        self.windows.iter().map(WindowSla::requests).sum()
    }

    /// The budget over the whole span.
    pub fn budget(&self) -> Budget {
        let used = self.over() + Bounds::exactly(self.unanswered());
        Budget { allowed: self.target.allowed(self.requests()), used }
    }

    /// Requests over the objective from the beginning to the end of each window.
    pub fn cumulative(&self) -> Vec<Bounds> {
        let mut sum = Bounds::default();
        let running = self.windows.iter().map(|window| {
            sum = sum + window.over;
            sum
        });
        running.collect()
    }

    /// The windows with the most misses, worst first; those without any are left out.
    pub fn worst(&self, count_max: usize) -> Vec<&WindowSla> {
        let mut worst: Vec<&WindowSla> =
            self.windows.iter().filter(|window| window.missed() > 0).collect();
        worst.sort_by_key(|window| (std::cmp::Reverse(window.missed()), window.start));
        worst.truncate(count_max);
        worst
    }

    /// From the first window's start to the last one's end.
    pub fn span(&self) -> Option<(CaptureTime, CaptureTime)> {
        let length: Nanos = self.length.span();
        Some((self.windows.first()?.start, self.windows.last()?.start.plus(length)))
    }
}

fn window_sla(start: CaptureTime, slice: &Slice, threshold: Threshold) -> WindowSla {
    let latencies = &slice.latencies;
    WindowSla {
        start,
        timed: latencies.count(),
        over: latencies.count_at_or_above(threshold).into(),
        unanswered: slice.unanswered,
        mean: latencies.approx_mean(),
        p99: latencies.quantile(0.99, QuantileMethod::Type1).ok(),
    }
}
