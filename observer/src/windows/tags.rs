//! Series, each kept once and passed around as a number.

use foldhash::fast::FixedState;
use model::series::Series;
use std::collections::HashMap;
use std::sync::Arc;

/// The series of a run.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    by_series: HashMap<Arc<Series>, u32, FixedState>,
    all: Vec<Arc<Series>>,
}

impl SeriesTable {
    /// The number of a series.
    pub(super) fn tagged(&mut self, metric: &str, tags: &[(&str, &str)]) -> u32 {
        let series = Series::new(metric, tags);
        if let Some(&id) = self.by_series.get(&series) {
            return id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let series = Arc::new(series);
        self.all.push(Arc::clone(&series));
        self.by_series.insert(series, id);
        id
    }

    pub(super) fn get(&self, id: u32) -> Option<Arc<Series>> {
        self.all.get(id as usize).map(Arc::clone)
    }
}
