//! What there is to read: by the length of the windows that were written.

use super::failure::Failure;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::BTreeMap;
use std::ops::Range;
use store::Store;

/// Windows that were written with one length, and what was rolled up of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    /// Their length.
    pub(super) base: WindowLength,
    /// From the first one's start to the last one's end, as far as is known of those that are only there rolled up.
    pub(super) range: Range<CaptureTime>,
    /// The lengths that they can be read by, finest first, each with the start of the first window.
    pub(super) levels: Vec<(WindowLength, CaptureTime)>,
}

impl Held {
    /// Windows of one length, nothing rolled up.
    #[cfg(test)]
    pub(super) fn of(base: WindowLength, first: CaptureTime, last: CaptureTime) -> Self {
        Self { base, range: first..last.plus(base.span()), levels: vec![(base, first)] }
    }

    /// The longest windows that they can be read by.
    pub(super) fn longest(&self) -> WindowLength {
        self.levels.last().map_or(self.base, |(length, _)| *length)
    }

    /// Whether any of them can lie in a range.
    pub(super) fn meets(&self, range: &Range<CaptureTime>) -> bool {
        self.range.start < range.end && range.start < self.range.end
    }

    /// Takes the next longer windows.
    fn add(&mut self, length: WindowLength, first: CaptureTime) {
        // A longer window begins before what it is made of; one that is older than that says more.
        if first < length.window_of(self.range.start).start {
            self.range.start = first;
        }
        self.levels.push((length, first));
    }
}

/// All that the store can read, by length.
pub(super) async fn held(store: &dyn Store) -> Result<Vec<Held>, Failure> {
    let mut held: BTreeMap<WindowLength, Held> = BTreeMap::new();
    for kept in store.kept().await? {
        let range = kept.first..kept.last.plus(kept.length.span());
        let new = Held { base: kept.base, range, levels: Vec::new() };
        held.entry(kept.base).or_insert(new).add(kept.length, kept.first);
    }
    Ok(held.into_values().collect())
}

/// The time of all of them.
pub(super) fn reach(held: &[Held]) -> Range<CaptureTime> {
    let start = held.iter().map(|held| held.range.start).min().unwrap_or_default();
    let end = held.iter().map(|held| held.range.end).max().unwrap_or_default();
    start..end
}

/// Their lengths, as a list to read.
pub(super) fn lengths<'a>(held: impl IntoIterator<Item = &'a Held>) -> String {
    let all: Vec<_> = held.into_iter().map(|held| held.base.to_string()).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::{Batch, BatchId};
    use model::units::Nanos;
    use model::window::Window;
    use store::memory::MemoryStore;
    use store::rollup::Retention;

    #[tokio::test]
    async fn what_is_only_there_rolled_up_is_held_as_well() {
        let store = MemoryStore::default();
        let at = |seconds| CaptureTime::from_parts(seconds, 0);
        let ten = WindowLength::DEFAULT;
        for seconds in [3_590, 90_010] {
            let window = Window { start: at(seconds), length: ten };
            let id = BatchId { source: "web-1".into(), run: 1, pipeline: 0, window };
            store.write(Batch { id, revision: 1, values: Vec::new() }).await.unwrap();
        }
        let [all] = &held(&store).await.unwrap()[..] else { panic!() };
        assert_eq!((all.range.clone(), all.longest()), (at(3_590)..at(90_020), WindowLength::HOUR));
        let day = Retention { base: Some(Nanos::from_seconds(3_600)), ..Retention::default() };
        store.maintain(&day, at(97_200)).await.unwrap();
        let [all] = &held(&store).await.unwrap()[..] else { panic!() };
        // Of the first hour nobody knows which windows there were, but for minutes.
        assert_eq!(all.range, at(3_540)..at(90_060));
        assert_eq!(all.levels, [(WindowLength::MINUTE, at(3_540)), (WindowLength::HOUR, at(0))]);
        assert!(all.meets(&(at(90_000)..at(90_030))) && !all.meets(&(at(90_060)..at(90_070))));
    }
}
