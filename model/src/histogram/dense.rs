//! The histogram that is recorded into: one page of counters per decade.

use std::collections::BTreeMap;
use std::fmt;

use super::bin::{Bin, PER_DECADE};
use super::compact::{CompactBins, CompactError, CompactHistogram};
use super::digits;
use super::distribution::Distribution;

/// The exponents that have counters: from 1e-12 (picoseconds) to 1e19 (the largest `u64` of bytes).
const EXPONENT_FIRST: i32 = -12;
const EXPONENT_LAST: i32 = 19;
const PAGE: usize = PER_DECADE as usize;
/// Place of the first bin with a counter: positive bins begin one after zero, at 1e-128.
const ORDINAL_FIRST: u16 = decade_ordinal(EXPONENT_FIRST);
/// Place after the last bin with a counter.
const ORDINAL_END: u16 = decade_ordinal(EXPONENT_LAST + 1);

/// Counts values in circllhist bins; made for recording integers.
///
/// Durations and sizes land in pages of 90 counters per decade. The pages of all decades between
/// the lowest and the highest used lie side by side, so that a value finds its counter by
/// arithmetic alone. What no integer here ever is (negative, from 1e20, below 1e-12, NaN) goes
/// into an ordered map. Counts saturate at `u64::MAX`. Two histograms are equal if their counts are.
#[derive(Clone)]
pub struct Histogram {
    /// Whole pages, ascending; the first is that of `exponent_first`.
    counters: Vec<u64>,
    exponent_first: i32,
    zero: u64,
    rest: BTreeMap<Bin, u64>,
}

impl Histogram {
    /// An empty histogram. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { counters: Vec::new(), exponent_first: 0, zero: 0, rest: BTreeMap::new() }
    }

    /// Counts one duration in nanoseconds, as seconds.
    #[inline]
    pub fn record_nanos(&mut self, nanos: u64) {
        self.record_scaled(nanos, -9);
    }

    /// Counts one value · 10^scale: scale −9 for nanoseconds, 0 for bytes.
    #[inline]
    pub fn record_scaled(&mut self, value: u64, scale: i8) {
        let Some(leading) = digits::leading(value) else {
            self.zero = self.zero.saturating_add(1);
            return;
        };
        let page = leading.magnitude as i32 + i32::from(scale) - self.exponent_first;
        let place = page * i32::from(PER_DECADE) + leading.two as i32 - 10;
        // Below the first page the place is negative, and wraps to one that no vector holds.
        match self.counters.get_mut(place as usize) {
            Some(counter) => *counter = counter.saturating_add(1),
            None => self.record_first(value, scale),
        }
    }

    /// The first value in its decade, and values without a counter.
    #[cold]
    #[inline(never)]
    fn record_first(&mut self, value: u64, scale: i8) {
        self.record_bin(Bin::from_scaled(value, scale), 1);
    }

    /// Counts a double `count` times. For foreign input: integers are exact and ten times as fast.
    pub fn record_f64(&mut self, value: f64, count: u64) {
        self.record_bin(Bin::from_f64(value), count);
    }

    /// Counts `count` values in `bin`.
    pub fn record_bin(&mut self, bin: Bin, count: u64) {
        if count == 0 {
            return;
        }
        let counter = if bin == Bin::ZERO {
            &mut self.zero
        } else if let Some(counter) = self.counter(bin.ordinal()) {
            counter
        } else {
            self.rest.entry(bin).or_default()
        };
        *counter = counter.saturating_add(count);
    }

    /// The counter of a bin, `None` if bins like it have none; makes the page that it takes.
    fn counter(&mut self, ordinal: u16) -> Option<&mut u64> {
        if !(ORDINAL_FIRST..ORDINAL_END).contains(&ordinal) {
            return None;
        }
        let exponent = EXPONENT_FIRST + i32::from((ordinal - ORDINAL_FIRST) / PER_DECADE);
        self.cover(exponent, exponent);
        let place = usize::from(ordinal - self.ordinal_first());
        self.counters.get_mut(place)
    }

    /// Makes pages for the exponents `low..=high`, and for all between them and those there are.
    #[inline]
    fn cover(&mut self, low: i32, high: i32) {
        let pages = self.counters.len() / PAGE;
        if low < self.exponent_first || high >= self.exponent_first + pages as i32 {
            self.grow(low, high);
        }
    }

    #[cold]
    fn grow(&mut self, low: i32, high: i32) {
        if self.counters.is_empty() {
            self.exponent_first = low;
        }
        let before = (self.exponent_first - low).max(0) as usize;
        if before > 0 {
            self.counters.splice(0..0, std::iter::repeat_n(0, before * PAGE));
            self.exponent_first = low;
        }
        let pages = (high - self.exponent_first + 1).max(0) as usize;
        let len = self.counters.len().max(pages * PAGE);
        self.counters.reserve_exact(len - self.counters.len());
        self.counters.resize(len, 0);
    }

    /// Place of the bin that the first counter counts.
    fn ordinal_first(&self) -> u16 {
        decade_ordinal(self.exponent_first)
    }

    /// Adds the counts of `other`. Exact: the order of merging changes nothing.
    pub fn merge(&mut self, other: &Self) {
        self.zero = self.zero.saturating_add(other.zero);
        if !other.counters.is_empty() {
            let pages = (other.counters.len() / PAGE) as i32;
            self.cover(other.exponent_first, other.exponent_first + pages - 1);
            let skipped = usize::from(other.ordinal_first() - self.ordinal_first());
            for (counter, count) in self.counters.iter_mut().skip(skipped).zip(&other.counters) {
                *counter = counter.saturating_add(*count);
            }
        }
        for (bin, count) in &other.rest {
            self.record_bin(*bin, *count);
        }
    }

    /// Adds the counts of a compact histogram, without unpacking it first.
    pub fn merge_compact(&mut self, other: &CompactHistogram) {
        let mut bins = other.iter();
        loop {
            self.merge_plain(&mut bins);
            match bins.next() {
                Some((bin, count)) => self.record_bin(bin, count),
                None => return,
            }
        }
    }

    /// Adds the counts of a compact histogram's bytes, as a store holds them.
    ///
    /// # Errors
    /// Bytes that are no compact histogram. The bins before the damage have been added then: looking twice would
    /// cost as much as adding.
    pub fn merge_compact_bytes(&mut self, bytes: &[u8]) -> Result<(), CompactError> {
        let mut bins = CompactBins::of(bytes);
        loop {
            self.merge_plain(&mut bins);
            match bins.checked_next(bytes)? {
                Some((bin, count)) => self.record_bin(bin, count),
                None => return Ok(()),
            }
        }
    }

    /// Adds bins as long as they have counters and short integers, which nearly all do.
    #[inline]
    fn merge_plain(&mut self, bins: &mut CompactBins<'_>) {
        // What lies below the first counter wraps to a place that no vector has.
        let first = u64::from(self.ordinal_first());
        let counters = self.counters.as_mut_slice();
        bins.short_bins(|ordinal, count| {
            let place = ordinal.wrapping_sub(first) as usize;
            match counters.get_mut(place) {
                Some(counter) => {
                    *counter = counter.saturating_add(count);
                    true
                }
                None => false,
            }
        });
    }

    /// Forgets every count. The pages stay allocated: the next window has the same decades.
    pub fn clear(&mut self) {
        self.counters.fill(0);
        self.zero = 0;
        self.rest.clear();
    }

    /// Whether nothing has been counted, not even NaN.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The bins with a count, ascending; the NaN bin first.
    pub fn iter(&self) -> impl Iterator<Item = (Bin, u64)> + '_ {
        let rest =
            |from: Bin, to: Bin| self.rest.range(from..to).map(|(bin, count)| (*bin, *count));
        let first = Bin::from_ordinal(ORDINAL_FIRST).unwrap_or(Bin::MAX);
        let end = Bin::from_ordinal(ORDINAL_END).unwrap_or(Bin::MAX);
        let huge = self.rest.range(end..).map(|(bin, count)| (*bin, *count));
        let zero = (self.zero > 0).then_some((Bin::ZERO, self.zero));
        let counted = self.counters.iter().zip(self.ordinal_first()..);
        let counted = counted
            .filter(|(count, _)| **count > 0)
            .filter_map(|(count, ordinal)| Some((Bin::from_ordinal(ordinal)?, *count)));
        rest(Bin::NAN, Bin::ZERO)
            .chain(zero)
            .chain(rest(Bin::ZERO, first))
            .chain(counted)
            .chain(huge)
    }

    /// Bytes of memory this takes beside its own size, the map of rarities left out.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.counters.capacity() * size_of::<u64>()
    }
}

/// Place of the first bin of a positive decade.
const fn decade_ordinal(exponent: i32) -> u16 {
    Bin::ZERO.ordinal() + 1 + (exponent - i8::MIN as i32) as u16 * PER_DECADE
}

impl Distribution for Histogram {
    fn bins(&self) -> impl Iterator<Item = (Bin, u64)> {
        self.iter()
    }

    fn count(&self) -> u64 {
        let rest = self.rest.iter().filter(|(bin, _)| !bin.is_nan()).map(|(_, count)| count);
        self.counters.iter().chain(rest).fold(self.zero, |sum, count| sum.saturating_add(*count))
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Histogram {}

impl fmt::Debug for Histogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl Extend<(Bin, u64)> for Histogram {
    fn extend<T: IntoIterator<Item = (Bin, u64)>>(&mut self, bins: T) {
        for (bin, count) in bins {
            self.record_bin(bin, count);
        }
    }
}

impl FromIterator<(Bin, u64)> for Histogram {
    fn from_iter<T: IntoIterator<Item = (Bin, u64)>>(bins: T) -> Self {
        let mut histogram = Self::new();
        histogram.extend(bins);
        histogram
    }
}
