//! Windows that are over, and what is known of those that are not.

use super::packed::Packed;
use super::{Identity, Kept, REVISE_SPAN, SEAL_GRACE, Windows};
use crate::catalog::Catalog;
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::Window;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Windows {
    /// The windows that were sealed by `clock`, and those that late arrivals changed. Nothing while the length is still
    /// to be found.
    pub fn sealed(&mut self, clock: CaptureTime, catalog: &Catalog) -> Vec<Batch> {
        let (Some(first), false) = (self.first, self.is_auto) else { return Vec::new() };
        // The start of the first window that is not over yet.
        let open = self.length.window_of(clock.minus(SEAL_GRACE)).start;
        let from = self.sealed_to.unwrap_or(first);
        if open <= from {
            return Vec::new();
        }
        self.pack_before(open, catalog);
        self.sealed_to = Some(open);
        let batches = self.batches(from, open);
        let forget = open.minus(REVISE_SPAN);
        self.kept.retain(|start, kept| *start >= forget || kept.dirty);
        batches
    }

    /// All windows that were not handed on, at the end of the run.
    pub fn finish(&mut self, clock: CaptureTime, catalog: &Catalog) -> Vec<Batch> {
        if self.early.is_some() {
            self.guess_length(catalog);
        }
        self.pack_before(CaptureTime::MAX, catalog);
        let Some(first) = self.first else { return Vec::new() };
        if self.is_auto {
            self.coarsen(self.length.window_of(clock).start);
        }
        let end = self.length.window_of(clock).end();
        let from = self.sealed_to.unwrap_or(self.length.window_of(first).start);
        self.batches(from, end.max(from))
    }

    /// A batch for every window in `from..to`, also when nothing happened in it, and for every other that changed.
    fn batches(&mut self, from: CaptureTime, to: CaptureTime) -> Vec<Batch> {
        let length = self.length.span();
        let count = to.as_nanos().saturating_sub(from.as_nanos()) / length.0;
        // A clock that jumped by years says nothing of the time between.
        let all = if count <= EMPTY_WINDOWS_MAX { count } else { 0 };
        for window in 0..all {
            let start = from.plus(Nanos(window * length.0));
            self.kept.entry(start).or_insert(Kept { dirty: true, ..Kept::default() });
        }
        let mut sealed = Vec::new();
        for (&start, kept) in self.kept.range_mut(..to).filter(|(_, kept)| kept.dirty) {
            kept.dirty = false;
            if !std::mem::replace(&mut kept.carried, true) {
                let open = self.ledger_series.carry(kept.values.merged());
                kept.values.extend(open);
            }
            // A capture that has grown since gives its last window a higher revision.
            kept.revision = (kept.revision + 1).max(self.packets);
            let values = self.series.in_order(kept.values.merged());
            sealed.push((start, kept.revision, values));
        }
        let batch = |(start, revision, values)| self.batch(start, revision, values);
        sealed.into_iter().map(batch).collect()
    }

    /// What is known so far of the windows that are not over, and of those that changed since they were handed on: what
    /// would be lost with this process. Nothing is taken out.
    pub fn partial(&mut self, catalog: &Catalog) -> Vec<Batch> {
        let changed = self.kept.iter().filter(|(_, kept)| kept.dirty);
        let mut open: BTreeMap<CaptureTime, Packed> =
            changed.map(|(&start, kept)| (start, kept.values.clone())).collect();
        for mut filling in self.filling.clone().into_iter().flatten() {
            let start = self.length.window_of(filling.start).start;
            let values = self.take_values(&mut filling, catalog);
            open.entry(start).or_default().extend(values);
        }
        let batch = |(start, mut values): (CaptureTime, Packed)| {
            let kept = self.kept.entry(start).or_default();
            kept.revision = (kept.revision + 1).max(self.packets);
            let revision = kept.revision;
            let values = self.series.in_order(values.merged());
            self.batch(start, revision, values)
        };
        open.into_iter().map(batch).collect()
    }

    fn batch(&self, start: CaptureTime, revision: u64, values: Vec<(Arc<Series>, Value)>) -> Batch {
        let window = Window { start, length: self.length };
        let Identity { source, run, revision_base } = &self.identity;
        Batch {
            id: BatchId { source: Arc::clone(source), run: *run, pipeline: 0, window },
            revision: revision_base + revision,
            values,
        }
    }
}

/// Empty windows that are said in one go.
const EMPTY_WINDOWS_MAX: u64 = 100_000;
