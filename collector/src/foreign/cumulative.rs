//! What counts from the start of a process: its growth is told from what was told before, which is kept with what was filed.
//!
//! A series is known by all that its client says of it and by when it began: two processes that say the same names are two. Where
//! nothing is known of one, all of it counts if it began not long ago; else what it says is only where its growth begins.

use super::Total;
use super::buckets::{Extremes, NoGrowth};
use model::batch::Value;
use model::units::{CaptureTime, Nanos};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A series that began not longer before its first report than this was never reported before.
const FRESH: Nanos = Nanos::from_seconds(300);
/// A series of which nothing was heard for so long is forgotten, in seconds.
const REMEMBERED_SECONDS: u64 = 24 * 3_600;
/// Series at a time.
const STREAMS_MAX: usize = 100_000;

/// What was last told of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Last {
    /// When the series says that was, ns.
    at_ns: u64,
    /// When it came, in seconds.
    heard_seconds: u64,
    total: Total,
}

/// What a report adds.
#[derive(Debug, PartialEq)]
pub(super) enum Growth {
    Grown(Value),
    /// Nothing, for this reason.
    None(&'static str),
    /// All of it, for this reason.
    Anew(Value, &'static str),
}

/// What was last told of each series.
#[derive(Debug, Default)]
pub(super) struct Streams(HashMap<String, Last>);

impl Streams {
    pub(super) fn load(kept: impl IntoIterator<Item = (String, Last)>) -> Self {
        Self(kept.into_iter().collect())
    }

    pub(super) fn last(&self, stream: &str) -> Option<&Last> {
        self.0.get(stream)
    }

    pub(super) fn set(&mut self, stream: String, last: Last) {
        self.0.insert(stream, last);
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= STREAMS_MAX
    }

    /// Forgets those that are silent, and says which.
    pub(super) fn forget(&mut self, now_seconds: u64) -> Vec<String> {
        let is_silent =
            |last: &Last| now_seconds.saturating_sub(last.heard_seconds) > REMEMBERED_SECONDS;
        let gone: Vec<String> = self
            .0
            .iter()
            .filter(|(_, last)| is_silent(last))
            .map(|(stream, _)| stream.clone())
            .collect();
        gone.iter().for_each(|stream| drop(self.0.remove(stream)));
        gone
    }
}

impl Last {
    pub(super) fn new(at: CaptureTime, heard_seconds: u64, total: Total) -> Self {
        Self { at_ns: at.as_nanos(), heard_seconds, total }
    }
}

/// What a report says more than the one before; and whether it is the newest.
pub(super) fn growth(
    last: Option<&Last>,
    at: CaptureTime,
    began: Option<CaptureTime>,
    total: &Total,
) -> (Growth, bool) {
    let Some(last) = last else {
        let is_fresh = began.is_some_and(|began| at.since(began).is_some_and(|age| age <= FRESH));
        let growth = match value(total) {
            Some(value) if is_fresh => Growth::Grown(value),
            _ => Growth::None("cumulative_baseline"),
        };
        return (growth, true);
    };
    if at.as_nanos() <= last.at_ns {
        // It was sent again, or overtaken by a newer one that holds it.
        return (Growth::None("cumulative_stale"), false);
    }
    let growth = match grown(total, &last.total) {
        Ok(Some(value)) => Growth::Grown(value),
        Ok(None) => Growth::None("cumulative_unchanged"),
        Err(NoGrowth::Incompatible) => Growth::None("cumulative_baseline"),
        Err(NoGrowth::Reset) => match value(total) {
            Some(value) => Growth::Anew(value, "cumulative_reset"),
            None => Growth::None("cumulative_reset"),
        },
    };
    (growth, true)
}

fn grown(now: &Total, before: &Total) -> Result<Option<Value>, NoGrowth> {
    match (now, before) {
        (Total::Count(now), Total::Count(before)) => {
            let grown = now.checked_sub(*before).ok_or(NoGrowth::Reset)?;
            Ok((grown > 0).then_some(Value::Delta(grown)))
        }
        (Total::Amount(now), Total::Amount(before)) => {
            let [now, before] = [now, before].map(|bits| f64::from_bits(*bits));
            if now < before {
                return Err(NoGrowth::Reset);
            }
            // Whole parts of the totals: what is left of one report is in a later one.
            let grown = (now.floor() - before.floor()) as u64;
            Ok((grown > 0).then_some(Value::Delta(grown)))
        }
        (Total::Buckets(now), Total::Buckets(before)) => {
            let grown = now.since(before)?.to_histogram(Extremes::default());
            Ok((!grown.is_empty()).then_some(Value::Histogram(grown)))
        }
        (_, _) => Err(NoGrowth::Incompatible),
    }
}

/// All that came together; `None` for nothing.
fn value(total: &Total) -> Option<Value> {
    match total {
        Total::Count(count) => (*count > 0).then_some(Value::Delta(*count)),
        Total::Amount(bits) => {
            let whole = f64::from_bits(*bits).floor() as u64;
            (whole > 0).then_some(Value::Delta(whole))
        }
        Total::Buckets(buckets) => {
            let histogram = buckets.to_histogram(Extremes::default());
            (!histogram.is_empty()).then_some(Value::Histogram(histogram))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> CaptureTime {
        CaptureTime::from_parts(seconds, 0)
    }

    fn first(began: Option<u64>) -> Growth {
        growth(None, at(1_000), began.map(at), &Total::Count(7)).0
    }

    #[test]
    fn a_series_that_just_began_counts_whole() {
        assert_eq!(first(Some(990)), Growth::Grown(Value::Delta(7)));
        assert_eq!(first(Some(600)), Growth::None("cumulative_baseline"));
        assert_eq!(first(None), Growth::None("cumulative_baseline"));
        assert_eq!(first(Some(2_000)), Growth::None("cumulative_baseline"));
    }

    #[test]
    fn what_is_sent_again_adds_nothing() {
        let last = Last::new(at(1_000), 0, Total::Count(7));
        let growth = |seconds, count| growth(Some(&last), at(seconds), None, &Total::Count(count));
        assert_eq!(growth(1_010, 9), (Growth::Grown(Value::Delta(2)), true));
        assert_eq!(growth(1_010, 7), (Growth::None("cumulative_unchanged"), true));
        assert_eq!(growth(1_000, 7), (Growth::None("cumulative_stale"), false));
        assert_eq!(growth(990, 5), (Growth::None("cumulative_stale"), false));
        let anew = Growth::Anew(Value::Delta(3), "cumulative_reset");
        assert_eq!(growth(1_010, 3), (anew, true));
    }

    #[test]
    fn parts_of_one_are_not_lost() {
        let amount = |amount: f64| Total::Amount(amount.to_bits());
        let (mut last, mut sum) = (Last::new(at(0), 0, amount(0.0)), 0);
        for number in 1..=10_u32 {
            let total = amount(f64::from(number) * 0.3);
            let at = at(number.into());
            if let (Growth::Grown(Value::Delta(grown)), _) = growth(Some(&last), at, None, &total) {
                sum += grown;
            }
            last = Last::new(at, 0, total);
        }
        assert_eq!(sum, 3);
    }
}
