//! What the store holds in memory beside the engine.

use super::acknowledged::Acknowledged;
use super::damaged;
use super::dictionary::{SeriesTable, Writers};
use super::engine::View;
use super::keys::Table;
use super::spans::Spans;
use super::values::Counters;
use super::write::Draft;
use crate::StoreError;
use std::sync::Arc;

/// Changed only after the change is on disk.
pub(super) struct State {
    pub(super) counters: Counters,
    pub(super) series: SeriesTable,
    /// Shared with the scans that are under way.
    pub(super) writers: Arc<Writers>,
    pub(super) spans: Spans,
    acknowledged: Acknowledged,
}

impl State {
    pub(super) fn load(
        view: &View,
        (acknowledged, count): (Acknowledged, u64),
    ) -> Result<Self, StoreError> {
        let counters = view.get(&Table::Counters.start())?;
        let counters = counters.map(|counters| Counters::decode(&counters)).transpose()?;
        let there = counters.unwrap_or_default().writes;
        if there < count {
            let detail = format!(
                "{} of {count} acknowledged changes are missing; \
                 to go on without them, delete the file `acknowledged`",
                count.saturating_sub(there)
            );
            return Err(damaged("the engine's data", &detail));
        }
        let counters =
            counters.ok_or_else(|| damaged("the engine's data", "it has no counters"))?;
        // A power cut can have left the count behind.
        acknowledged.record(there)?;
        let series = SeriesTable::load(view)?;
        let writers = Arc::new(Writers::load(view)?);
        let spans = Spans::load(view)?;
        Ok(Self { counters, series, writers, spans, acknowledged })
    }

    /// Makes a change durable, then known.
    pub(super) fn commit(&mut self, mut draft: Draft) -> Result<(), StoreError> {
        draft.put_counters();
        draft.changes.commit()?;
        self.counters = draft.counters;
        for (writer, id) in draft.new_writers {
            Arc::make_mut(&mut self.writers).insert(writer, id);
        }
        for (series, id) in draft.new_series {
            self.series.insert(series, id);
        }
        for id in draft.gone_series {
            self.series.remove(id);
        }
        if let Some(hour) = draft.cleaned {
            self.spans.clean(hour);
        }
        for hour in draft.dirtied {
            self.spans.dirty(hour, self.counters.writes);
        }
        if let Some((base, floors)) = draft.floors {
            self.spans.set_floors(base, floors);
        }
        self.acknowledged.record(self.counters.writes)
    }
}
