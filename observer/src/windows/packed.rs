//! What is known of a window that is not the newest any more.

use model::batch::Value;

/// Values that may wait to be merged, beside those that are.
const UNMERGED_MAX: usize = 1_024;

/// Values by series number. They are appended as they come, which is cheap, and merged when somebody reads them or when
/// they have become many.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    values: Vec<(u32, Value)>,
    /// So many at the front are merged, and in order.
    merged: usize,
}

impl Packed {
    /// Adds a value to its series.
    pub(super) fn push(&mut self, id: u32, value: Value) {
        self.values.push((id, value));
        if self.values.len() > 2 * self.merged + UNMERGED_MAX {
            self.merge();
        }
    }

    /// Adds many.
    pub(super) fn extend(&mut self, values: impl IntoIterator<Item = (u32, Value)>) {
        self.values.extend(values);
        if self.values.len() > 2 * self.merged + UNMERGED_MAX {
            self.merge();
        }
    }

    /// One value for each series, by ascending number.
    pub(super) fn merged(&mut self) -> &[(u32, Value)] {
        self.merge();
        &self.values
    }

    /// The values as they lie.
    pub(super) fn into_values(self) -> Vec<(u32, Value)> {
        self.values
    }

    fn merge(&mut self) {
        if self.merged == self.values.len() {
            return;
        }
        // Stable: of texts and gauges the later one counts.
        self.values.sort_by_key(|&(id, _)| id);
        self.values.dedup_by(|(id, value), (kept, merged)| {
            let is_same = id == kept;
            if is_same {
                merged.merge(value);
            }
            is_same
        });
        self.merged = self.values.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_series_has_one_value_in_the_end() {
        let mut packed = Packed::default();
        for round in 0..3_000_u64 {
            packed.push((round % 7) as u32, Value::Delta(round));
        }
        assert!(packed.values.len() <= 2 * 7 + UNMERGED_MAX);
        let merged = packed.merged();
        assert_eq!(merged.len(), 7);
        let sum = |id: u64| (0..3_000).filter(|round| round % 7 == id).sum::<u64>();
        assert!(merged.iter().all(|(id, value)| *value == Value::Delta(sum(u64::from(*id)))));
    }
}
