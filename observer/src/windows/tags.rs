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
    /// Each one's place among all, ordered by name; of so many as there were when it was last asked for.
    places: Vec<u32>,
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

    /// Replaces numbers, which depend on what came first, by series in their own order.
    pub(super) fn in_order<T: Clone>(&mut self, values: &[(u32, T)]) -> Vec<(Arc<Series>, T)> {
        if self.places.len() != self.all.len() {
            let mut ids: Vec<u32> = (0..).take(self.all.len()).collect();
            ids.sort_unstable_by_key(|&id| self.all.get(id as usize));
            self.places.resize(ids.len(), 0);
            for (place, id) in (0..).zip(ids) {
                if let Some(own) = self.places.get_mut(id as usize) {
                    *own = place;
                }
            }
        }
        let mut ordered: Vec<&(u32, T)> = values.iter().collect();
        ordered.sort_unstable_by_key(|&(id, _)| self.places.get(*id as usize));
        let named =
            |(id, value): &(u32, T)| Some((self.all.get(*id as usize)?.clone(), value.clone()));
        ordered.into_iter().filter_map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_series() {
        let mut table = SeriesTable::default();
        let [b, a] = ["b", "a"].map(|metric| table.tagged(metric, &[]));
        let names = |table: &mut SeriesTable, ids: &[u32]| -> Vec<String> {
            let values: Vec<_> = ids.iter().map(|&id| (id, ())).collect();
            let ordered = table.in_order(&values);
            ordered.iter().map(|(series, ())| series.to_string()).collect()
        };
        assert_eq!(names(&mut table, &[b, a]), ["a", "b"]);
        let first = table.tagged("0", &[]);
        assert_eq!(names(&mut table, &[a, first, b]), ["0", "a", "b"]);
        assert_eq!(table.tagged("a", &[]), a);
    }
}
