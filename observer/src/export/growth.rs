//! What a window says more than before: for those who add up whatever they get.

use crate::windows::REVISE_SPAN;
use model::batch::{Batch, Value};
use model::histogram::{Bin, CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was said of each window that can still be revised, by its start.
#[derive(Debug, Default)]
pub(super) struct Growth {
    said: BTreeMap<CaptureTime, Batch>,
}

impl Growth {
    /// What a window says that it did not say before. Levels and texts are what they are.
    pub(super) fn of(&self, batch: &Batch) -> Vec<(Arc<Series>, Value)> {
        let grown = batch.values.iter().filter_map(|(series, value)| {
            Some((Arc::clone(series), since(value, self.before(batch, series))?))
        });
        grown.collect()
    }

    /// What the same window said of a series before.
    pub(super) fn before(&self, batch: &Batch, series: &Arc<Series>) -> Option<&Value> {
        let before = self.said.get(&batch.id.window.start)?;
        let place = before.values.binary_search_by(|(other, _)| other.cmp(series)).ok()?;
        before.values.get(place).map(|(_, value)| value)
    }

    /// The revision of what the same window said before.
    pub(super) fn revision(&self, batch: &Batch) -> Option<u64> {
        self.said.get(&batch.id.window.start).map(|said| said.revision)
    }

    /// All of this was said. What cannot be revised any more is forgotten.
    pub(super) fn settle(&mut self, batch: Batch) {
        let length = batch.id.window.length.span();
        self.said.insert(batch.id.window.start, batch);
        let newest = self.said.keys().next_back().copied().unwrap_or_default();
        self.said = self.said.split_off(&newest.minus(REVISE_SPAN).minus(length));
    }
}

/// What a value grew by; `None` for nothing.
pub(super) fn since(value: &Value, before: Option<&Value>) -> Option<Value> {
    match (value, before) {
        (Value::Histogram(now), Some(Value::Histogram(before))) => {
            let before: BTreeMap<Bin, u64> = before.iter().collect();
            let grown: Histogram = now
                .iter()
                .map(|(bin, count)| {
                    (bin, count.saturating_sub(before.get(&bin).copied().unwrap_or_default()))
                })
                .filter(|&(_, count)| count > 0)
                .collect();
            (!grown.is_empty()).then(|| Value::Histogram(CompactHistogram::from(&grown)))
        }
        (Value::Delta(now), Some(Value::Delta(before))) => {
            let grown = now.saturating_sub(*before);
            (grown > 0).then_some(Value::Delta(grown))
        }
        (Value::Delta(0), None) => None,
        (value, _) => Some(value.clone()),
    }
}
