//! One distribution of one window while it fills.

use model::histogram::{Bin, CompactHistogram, Histogram};

/// Values that are kept one by one before a dense histogram pays: its pages would be read whole to pack a few values.
const FEW: usize = 512;

/// Few values as they came, many as a dense histogram.
#[derive(Debug, Default)]
pub(super) struct Tally {
    few: Vec<u16>,
    many: Histogram,
    has_many: bool,
}

impl Tally {
    /// Counts a value by its bin's ordinal.
    #[inline]
    pub(super) fn record(&mut self, ordinal: u16) {
        if self.few.len() == FEW {
            self.spill();
        }
        self.few.push(ordinal);
    }

    #[cold]
    fn spill(&mut self) {
        self.has_many = true;
        for bin in self.few.drain(..).filter_map(Bin::from_ordinal) {
            self.many.record_bin(bin, 1);
        }
    }

    /// Everything that was counted; the tally is empty again and keeps its room.
    pub(super) fn pack(&mut self) -> CompactHistogram {
        if !self.has_many {
            let packed = CompactHistogram::from_ordinals(&mut self.few);
            self.few.clear();
            return packed;
        }
        self.spill();
        let packed = CompactHistogram::from(&self.many);
        self.many.clear();
        self.has_many = false;
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_many_the_counts_are_the_same() {
        let mut tally = Tally::default();
        for count in [1, 2, FEW as u64, FEW as u64 + 1, 3 * FEW as u64 + 7] {
            let mut expected = Histogram::new();
            for value in 0..count {
                let nanos = value * value * 7_919;
                tally.record(Bin::from_nanos(nanos).ordinal());
                expected.record_nanos(nanos);
            }
            assert_eq!(tally.pack(), CompactHistogram::from(&expected), "{count}");
        }
        assert!(tally.pack().is_empty());
    }
}
