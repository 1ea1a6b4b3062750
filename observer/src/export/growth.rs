//! What a window says more than when it was last sent: for those who add up whatever they get.

use model::batch::{Batch, Value};
use model::histogram::{Bin, CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Windows that are remembered: those that can still grow, with windows of 5 s and longer.
const REMEMBERED: usize = 128;

/// What was sent of each window.
#[derive(Debug, Default)]
pub(super) struct Growth {
    sent: BTreeMap<CaptureTime, Vec<(Arc<Series>, Value)>>,
}

impl Growth {
    /// What a window says that was not sent yet. Levels and texts are what they are.
    pub(super) fn of(&self, batch: &Batch) -> Vec<(Arc<Series>, Value)> {
        let before = self.sent.get(&batch.id.window.start).map_or(&[][..], Vec::as_slice);
        let grown = batch.values.iter().filter_map(|(series, value)| {
            let place = before.binary_search_by(|(other, _)| other.cmp(series)).ok();
            let before = place.and_then(|place| before.get(place)).map(|(_, value)| value);
            Some((Arc::clone(series), since(value, before)?))
        });
        grown.collect()
    }

    /// All that a window says was sent.
    pub(super) fn settle(&mut self, batch: &Batch) {
        self.sent.insert(batch.id.window.start, batch.values.clone());
        while self.sent.len() > REMEMBERED {
            self.sent.pop_first();
        }
    }
}

/// What a value grew by; `None` for nothing.
fn since(value: &Value, before: Option<&Value>) -> Option<Value> {
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
