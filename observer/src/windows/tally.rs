//! Distributions of one window while it fills: of values that are measured together, one of each a time.

use model::histogram::{Bin, CompactHistogram, Histogram};

/// Rows that are kept one by one before dense histograms pay: their pages would be read whole to pack a few values.
const FEW: usize = 512;

/// In place of a bin's ordinal: no value. No bin has this number.
pub(super) const NO_VALUE: u16 = u16::MAX;

/// Few rows as they came, many as dense histograms.
#[derive(Clone, Debug)]
pub(super) struct Tally<const N: usize> {
    few: Vec<[u16; N]>,
    many: Vec<Histogram>,
    has_many: bool,
}

impl<const N: usize> Default for Tally<N> {
    fn default() -> Self {
        Self { few: Vec::new(), many: Vec::new(), has_many: false }
    }
}

impl<const N: usize> Tally<N> {
    /// Counts a row of values by their bins' ordinals.
    #[inline]
    pub(super) fn record(&mut self, row: [u16; N]) {
        if self.few.len() == FEW {
            self.spill();
        }
        self.few.push(row);
    }

    #[cold]
    fn spill(&mut self) {
        self.has_many = true;
        self.many.resize_with(N, Histogram::new);
        for row in self.few.drain(..) {
            for (histogram, ordinal) in self.many.iter_mut().zip(row) {
                if let Some(bin) = Bin::from_ordinal(ordinal).filter(|_| ordinal != NO_VALUE) {
                    histogram.record_bin(bin, 1);
                }
            }
        }
    }

    /// Nothing was counted since it was last packed.
    pub(super) const fn is_empty(&self) -> bool {
        self.few.is_empty() && !self.has_many
    }

    /// Hands on everything that was counted, value by value; the tally is empty again and keeps its room.
    pub(super) fn pack(
        &mut self,
        scratch: &mut Vec<u16>,
        mut take: impl FnMut(usize, CompactHistogram),
    ) {
        if self.has_many {
            self.spill();
            self.has_many = false;
            for (place, histogram) in self.many.iter_mut().enumerate() {
                take(place, (&*histogram).into());
                histogram.clear();
            }
            return;
        }
        for place in 0..N {
            let ordinals = self.few.iter().filter_map(|row| row.get(place).copied());
            scratch.clear();
            scratch.extend(ordinals.filter(|&ordinal| ordinal != NO_VALUE));
            take(place, CompactHistogram::from_ordinals(scratch));
        }
        self.few.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_many_the_counts_are_the_same() {
        let mut tally = Tally::<2>::default();
        for count in [1, 2, FEW as u64, FEW as u64 + 1, 3 * FEW as u64 + 7] {
            let mut expected = Histogram::new();
            for value in 0..count {
                let nanos = value * value * 7_919;
                tally.record([NO_VALUE, Bin::from_nanos(nanos).ordinal()]);
                expected.record_nanos(nanos);
            }
            let mut packed = Vec::new();
            tally.pack(&mut Vec::new(), |place, histogram| packed.push((place, histogram)));
            let expected = CompactHistogram::from(&expected);
            assert_eq!(packed, [(0, CompactHistogram::default()), (1, expected)], "{count}");
            assert!(tally.is_empty());
        }
    }
}
