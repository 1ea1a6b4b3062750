//! Reading rows: series by series, a block at a time, from one snapshot.

use super::damaged;
use super::dictionary::Writers;
use super::engine::{Pairs, View};
use super::keys::{self, SeriesId, WriterId};
use super::values;
use crate::{BLOCK_ROWS_MAX, Block, StoreError, TimeRange};
use model::batch::Value;
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::sync::Arc;

/// Gives blocks; nothing more after an error.
pub(super) struct Scan {
    view: View,
    writers: Arc<Writers>,
    range: TimeRange,
    resolution: WindowLength,
    wanted: std::vec::IntoIter<(SeriesId, Arc<Series>)>,
    open: Option<Open>,
}

/// The series that is being read.
struct Open {
    series: Arc<Series>,
    pairs: Pairs,
    /// The rows of the newest window, until the next window's first row shows that they are all.
    window: Option<(CaptureTime, Vec<(WriterId, Value)>)>,
}

impl Scan {
    pub(super) fn new(
        view: View,
        writers: Arc<Writers>,
        wanted: Vec<(SeriesId, Arc<Series>)>,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Self {
        Self { view, writers, range, resolution, wanted: wanted.into_iter(), open: None }
    }

    fn open_next(&mut self) -> Option<Open> {
        let (id, series) = self.wanted.next()?;
        let at = |time| keys::row(id, self.resolution, time, WriterId::FIRST);
        let pairs = self.view.range(at(self.range.start), at(self.range.end));
        Some(Open { series, pairs, window: None })
    }

    fn next_block(&mut self) -> Result<Option<Block>, StoreError> {
        loop {
            let Some(mut open) = self.open.take().or_else(|| self.open_next()) else {
                return Ok(None);
            };
            let rows = open.next_rows(&self.writers)?;
            if !rows.is_empty() {
                let series = Arc::clone(&open.series);
                self.open = Some(open);
                return Ok(Some(Block { series, rows }));
            }
        }
    }
}

impl Iterator for Scan {
    type Item = Result<Block, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.next_block();
        if block.is_err() {
            self.wanted = Vec::new().into_iter();
        }
        block.transpose()
    }
}

impl Open {
    /// The next [`BLOCK_ROWS_MAX`] rows at most; none at the end.
    fn next_rows(&mut self, writers: &Writers) -> Result<Vec<(CaptureTime, Value)>, StoreError> {
        let mut rows = Vec::new();
        while rows.len() < BLOCK_ROWS_MAX {
            let Some(pair) = self.pairs.next() else {
                if let Some((start, said)) = self.window.take() {
                    rows.push((start, merge(said, writers)?));
                }
                break;
            };
            let (key, value) = pair?;
            let (start, writer) = keys::read_row(&key)?;
            let said = (writer, values::decode(&value)?);
            match &mut self.window {
                Some((same, window)) if *same == start => window.push(said),
                window => {
                    if let Some((before, whole)) = window.replace((start, vec![said])) {
                        rows.push((before, merge(whole, writers)?));
                    }
                }
            }
        }
        Ok(rows)
    }
}

/// In the writers' order, not in that of their numbers: those depend on who came first.
fn merge(mut said: Vec<(WriterId, Value)>, writers: &Writers) -> Result<Value, StoreError> {
    if said.len() > 1 {
        said.sort_by_key(|(id, _)| writers.writer(*id));
    }
    let mut said = said.into_iter().map(|(_, value)| value);
    let first = said.next().ok_or_else(|| damaged("a window", "it has no rows"))?;
    Ok(said.fold(first, |mut merged, value| {
        merged.merge(&value);
        merged
    }))
}
