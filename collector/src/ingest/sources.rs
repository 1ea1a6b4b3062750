//! Who writes, and how many series each names in a day: a name that holds a number by mistake must not fill the memory.

use crate::limits::{SERIES_PER_SOURCE_MAX, SOURCES_MAX};
use crate::refusal::Refusal;
use foldhash::fast::FixedState;
use model::batch::Batch;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

/// What the series of all sources together may be.
const SERIES_MAX: usize = 4_000_000;

/// The series that each source named since the day began. Fingerprints: two series in a billion share one.
#[derive(Debug, Default)]
pub(super) struct Sources {
    day: u64,
    named: HashMap<Arc<str>, HashSet<u64, FixedState>>,
    series: usize,
}

impl Sources {
    /// Notes the series of a batch, or says that they are too many.
    pub(super) fn admit(&mut self, batch: &Batch, day: u64) -> Result<(), Refusal> {
        if day != self.day {
            *self = Self { day, ..Self::default() };
        }
        let source = &batch.id.source;
        if !self.named.contains_key(source) && self.named.len() >= SOURCES_MAX {
            return Err(too_many(format!("{SOURCES_MAX} sources wrote today")));
        }
        let named = self.named.entry(Arc::clone(source)).or_default();
        for (series, _) in &batch.values {
            if named.insert(FixedState::default().hash_one(series)) {
                self.series += 1;
            }
        }
        if named.len() > SERIES_PER_SOURCE_MAX {
            return Err(too_many(format!(
                "source {source} named more than {SERIES_PER_SOURCE_MAX} series today"
            )));
        }
        if self.series > SERIES_MAX {
            return Err(too_many(format!("all sources named more than {SERIES_MAX} series today")));
        }
        Ok(())
    }
}

fn too_many(what: String) -> Refusal {
    Refusal::Unacceptable(format!("{what}: look for a tag that holds numbers, as an id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::{BatchId, Value};
    use model::series::Series;
    use model::units::CaptureTime;
    use model::window::WindowLength;

    fn batch(source: &str, numbers: std::ops::Range<usize>) -> Batch {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::ZERO);
        let named = |number: usize| Arc::new(Series::new("m", &[("id", &number.to_string())]));
        Batch {
            id: BatchId { source: source.into(), run: 1, pipeline: 0, window },
            revision: 1,
            values: numbers.map(|number| (named(number), Value::Delta(1))).collect(),
        }
    }

    #[test]
    fn a_source_has_so_many_series_a_day() {
        let mut sources = Sources::default();
        let all = batch("a", 0..SERIES_PER_SOURCE_MAX);
        for _ in 0..2 {
            assert_eq!(sources.admit(&all, 1), Ok(()));
        }
        let more = batch("a", SERIES_PER_SOURCE_MAX..SERIES_PER_SOURCE_MAX + 100);
        let said = sources.admit(&more, 1).unwrap_err().to_string();
        assert!(said.starts_with("source a named more than 200000 series today"), "{said}");
        assert_eq!(sources.admit(&batch("b", 0..9), 1), Ok(()), "others are not held up");
        assert_eq!(sources.admit(&more, 2), Ok(()), "a new day");
    }
}
