//! Forgetting old windows, a bounded number of rows at a time.

use super::EmbeddedStore;
use super::keys::{self, SeriesId, WriterId};
use super::values::Head;
use crate::StoreError;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::{BTreeSet, HashSet};

/// Rows and heads deleted in one change; the last batch of a step is deleted whole even so.
const DELETED_PER_STEP: usize = 4_096;

impl EmbeddedStore {
    /// One step, from a head's key on. Gives the key to go on from, `None` at the end.
    pub(super) fn delete_step(
        &self,
        resolution: WindowLength,
        time: CaptureTime,
        from: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut state = self.state_mut();
        let view = self.engine.view();
        let mut draft = self.draft(&state);
        let (mut rows, mut series): (HashSet<_>, BTreeSet<SeriesId>) = Default::default();
        let mut next = None;
        for pair in view.range(from, keys::head(resolution, time, WriterId::FIRST)) {
            let (key, head) = pair?;
            if draft.changes.len() >= DELETED_PER_STEP {
                next = Some(key.to_vec());
                break;
            }
            let (window, writer) = keys::read_head(&key)?;
            for id in Head::decode(&head)?.series {
                let row = keys::row(id, window.length, window.start, writer);
                draft.changes.delete(row.clone());
                rows.insert(row);
                series.insert(id);
            }
            draft.changes.delete(key.to_vec());
        }
        if draft.changes.len() > 0 {
            draft.forget_rowless(&state, &view, series, &rows)?;
            state.commit(draft)?;
        }
        Ok(next)
    }
}
