//! What the customary numbers, the average and the p99, would have said, and what they hide.

use crate::sla::WindowSla;
use model::histogram::{CompactHistogram, Distribution, QuantileMethod, Threshold};
use serde::Serialize;

/// The average and the p99 against the same objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Customary {
    /// Windows that had requests to take an average of.
    pub windows: u64,
    /// Windows in which at least one request was too slow.
    pub windows_with_over: u64,
    /// The average.
    pub mean: Verdict,
    /// The 99th percentile.
    pub p99: Verdict,
}

/// What one customary number would have said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Over the whole span, in seconds.
    #[serde(rename = "overall_seconds")]
    pub overall: Option<f64>,
    /// The highest of any window, in seconds.
    #[serde(rename = "highest_seconds")]
    pub highest: Option<f64>,
    /// Windows in which it was at or over the objective: where it would have raised a hand.
    pub windows_over: u64,
    /// Requests that were too slow in windows where it was under the objective: what it hides.
    pub hidden: u64,
}

/// Judges both numbers by the windows.
pub fn customary(
    windows: &[WindowSla],
    whole: &CompactHistogram,
    threshold: Threshold,
) -> Customary {
    let limit = threshold.to_f64();
    Customary {
        windows: count(windows, |window| window.timed > 0),
        windows_with_over: count(windows, |window| window.over.low > 0),
        mean: verdict(windows, limit, whole.approx_mean(), |window| window.mean),
        p99: verdict(windows, limit, whole.quantile(0.99, QuantileMethod::Type1).ok(), |window| {
            window.p99
        }),
    }
}

fn verdict(
    windows: &[WindowSla],
    limit: f64,
    overall: Option<f64>,
    number: impl Fn(&WindowSla) -> Option<f64>,
) -> Verdict {
    let over = |window: &WindowSla| number(window).is_some_and(|value| value >= limit);
    Verdict {
        overall,
        highest: windows.iter().filter_map(&number).reduce(f64::max),
        windows_over: count(windows, over),
        hidden: windows.iter().filter(|window| !over(window)).map(|window| window.over.low).sum(),
    }
}

fn count(windows: &[WindowSla], which: impl Fn(&WindowSla) -> bool) -> u64 {
    windows.iter().filter(|window| which(window)).count() as u64
}
