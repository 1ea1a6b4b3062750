//! Rows for an expression: cells of one length, from which the value at any time is made.

use super::catalog::{Family, families};
use super::plan::{LOOKBACK, Tree};
use crate::query::failure::Failure;
use crate::query::held::{self, Held};
use crate::query::reading::{Bounds, Wanted, gather};
use crate::query::segments::{Plan, plan};
use analyzer::query::{Find, GaugePart, Grid, Inputs, STEPS_MAX, ValueKind};
use model::exposition::Kind;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::sync::Arc;
use store::Store;

/// The times that are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) start: CaptureTime,
    pub(super) end: CaptureTime,
    /// Nothing for a single time.
    pub(super) step: Nanos,
}

impl Times {
    /// Each of them.
    pub(super) fn all(&self) -> impl Iterator<Item = CaptureTime> {
        let Self { start, end, step } = *self;
        let count = end.since(start).unwrap_or_default().0.checked_div(step.0).unwrap_or(0);
        (0..=count).map(move |place| start.plus(Nanos(step.0.saturating_mul(place))))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let span = self.end.since(self.start).unwrap_or_default();
        usize::try_from(span.0.checked_div(self.step.0).unwrap_or(0))
            .unwrap_or(usize::MAX)
            .saturating_add(1)
    }
}

/// What was read.
pub(super) struct Cells {
    pub(super) inputs: Inputs,
    pub(super) families: Vec<Family>,
    /// The place of each family's find; `None` where it was not needed.
    pub(super) finds: Vec<Option<usize>>,
    /// What the reader should know.
    pub(super) notes: Vec<String>,
}

/// Reads what an expression needs; `None` where nothing is stored.
pub(super) async fn read(
    store: &Arc<dyn Store>,
    tree: &Tree,
    times: &Times,
    bounds: &Arc<Bounds>,
) -> Result<Option<Cells>, Failure> {
    let held = held::held(&**store).await?;
    let readings = tree.readings();
    if held.is_empty() {
        return Ok(None);
    }
    let families = families(&**store, &held).await?;
    let spans: Vec<Nanos> = readings.iter().map(|reading| reading.over.span()).collect();
    let longest = spans.iter().copied().max().unwrap_or(LOOKBACK);
    let (length, is_exact) = cell(&lengths(&held, times, longest), &spans, times)?;
    let reach = Nanos(longest.0.div_ceil(length.0).saturating_mul(length.0));
    let start = CaptureTime::from_nanos(times.start.as_nanos() / length.0 * length.0).minus(reach);
    let grid = Grid::new(start, times.end.max(start.plus(length)), length)?;
    let is_wanted = |family: &Family| {
        let named = family.names();
        readings
            .iter()
            .any(|reading| named.iter().any(|(name, _)| reading.selector.matches_name(name)))
    };
    let (mut finds, mut places) = (Vec::new(), Vec::new());
    for family in &families {
        places.push(is_wanted(family).then_some(finds.len()));
        if is_wanted(family) {
            finds.push(Find::of(&family.metric, value_kind(family.kind)));
        }
    }
    let mut inputs = Inputs::of(&finds, grid);
    let mut wanted = Wanted::default();
    for (family, place) in families.iter().zip(&places) {
        let Some(place) = place else { continue };
        for series in &family.series {
            let fits =
                readings.iter().any(|reading| reading.selector.matches_tags(|tag| series.tag(tag)));
            if fits {
                wanted.add(*place, Arc::clone(series), &mut inputs)?;
            }
        }
    }
    let Plan { segments, mut notes } = plan(&held, &grid)?;
    let inputs = gather(store, inputs, &segments, wanted, bounds).await?;
    let note =
        || format!("times and ranges are rounded to windows of {length}: ask for multiples of it");
    notes.extend((!is_exact).then(note));
    Ok(Some(Cells { inputs, families, finds: places, notes }))
}

const fn value_kind(kind: Kind) -> ValueKind {
    match kind {
        Kind::Histogram => ValueKind::Histograms,
        Kind::Counter => ValueKind::Counters,
        Kind::Level => ValueKind::Gauges(GaugePart::Last),
    }
}

/// The lengths of the windows that are read; of all where none are of that time.
fn lengths(held: &[Held], times: &Times, longest: Nanos) -> Vec<Nanos> {
    let asked = times.start.minus(longest)..times.end.plus(Nanos(1));
    let met = held.iter().filter(|held| held.meets(&asked)).map(|held| held.base.span());
    let met: Vec<_> = met.collect();
    if met.is_empty() { held.iter().map(|held| held.base.span()).collect() } else { met }
}

/// The cells' length: what ranges, times and the step have in common, where all windows divide that. Else the shortest
/// that makes few enough cells; then ranges and times are rounded.
fn cell(windows: &[Nanos], spans: &[Nanos], times: &Times) -> Result<(Nanos, bool), Failure> {
    let longest = spans.iter().copied().max().unwrap_or(LOOKBACK);
    let reach = times.end.since(times.start).unwrap_or_default().0.saturating_add(longest.0);
    let is_possible = |length: u64| {
        let is_made = windows.iter().all(|window| length.is_multiple_of(window.0));
        // One more at each end, where times are rounded.
        is_made && reach / length + 2 <= STEPS_MAX as u64
    };
    let common = spans.iter().fold(times.step.0, |common, span| gcd(common, span.0));
    let common = gcd(common, times.start.as_nanos());
    if common > 0 && is_possible(common) {
        return Ok((Nanos(common), true));
    }
    let mut rounded: Vec<Nanos> =
        WindowLength::LADDER.into_iter().map(WindowLength::span).collect();
    rounded.extend(windows);
    // Where windows have no usual length in common.
    let in_common = windows.iter().fold(1, |common, window| multiple(common, window.0));
    rounded.push(Nanos(in_common));
    rounded.sort_unstable();
    let found = rounded.into_iter().find(|length| is_possible(length.0));
    found.map(|length| (length, common.is_multiple_of(length.0))).ok_or_else(|| {
        Failure::TooMuch(
            "the range is too long: ask for a shorter one, or with a longer step".to_owned(),
        )
    })
}

/// The least common multiple; saturates.
const fn multiple(one: u64, other: u64) -> u64 {
    (one / gcd(one, other)).saturating_mul(other)
}

const fn gcd(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_all_have_in_common() {
        let seconds = Nanos::from_seconds;
        let at = |seconds| CaptureTime::from_parts(seconds, 0);
        let ten = WindowLength::DEFAULT;
        let held = [
            Held::of(ten, at(0), at(1_000_000)),
            Held::of(WindowLength::new(seconds(15)).unwrap(), at(2_000_000), at(2_000_000)),
        ];
        let cell = |start, end, step, span| {
            let times = Times { start: at(start), end: at(end), step: seconds(step) };
            let lengths = lengths(&held, &times, seconds(span));
            cell(&lengths, &[seconds(span)], &times).unwrap()
        };
        // Both lengths divide five minutes; only one is of the second time.
        assert_eq!(cell(999_960, 2_000_040, 60, 120), (seconds(300), false));
        assert_eq!(cell(1_999_980, 2_000_040, 20, 60), (seconds(15), false));
        assert_eq!(cell(600, 1_200, 60, 300), (seconds(60), true));
        assert_eq!(cell(610, 1_210, 60, 300), (seconds(10), true));
        assert_eq!(cell(605, 1_205, 15, 60), (seconds(10), false));
        // A week in steps of ten minutes, each over 615 s.
        assert_eq!(cell(0, 604_800, 600, 615), (seconds(60), false));
        assert_eq!(Times { start: at(5), end: at(5), step: Nanos(0) }.all().count(), 1);
        assert_eq!(Times { start: at(5), end: at(16), step: seconds(5) }.all().count(), 3);
    }
}
