//! The histogram at rest: a few bytes per bin, immutable.

use std::cmp::Ordering;
use std::fmt;

use super::bin::Bin;
use super::dense::Histogram;
use super::distribution::Distribution;
use super::varint::{self, VarintError};

/// A histogram as batches and stores hold it.
///
/// Per bin with a count, ascending: how many bins were passed over since the last one, then the
/// count less one, both as the shortest LEB128. What cannot be said cannot be wrong: there are no
/// zero counts, no bins out of order and no second way to write the same histogram, so equal bytes
/// and equal histograms are the same thing. An empty histogram is no bytes at all.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct CompactHistogram {
    bytes: Box<[u8]>,
}

/// Why bytes are no [`CompactHistogram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactError {
    /// The bytes end inside a bin.
    #[error("histogram ends inside the bin at offset {offset}")]
    Truncated {
        /// Where the bin begins.
        offset: usize,
    },
    /// An integer is not in its shortest form, or longer than 64 bits.
    #[error("histogram has an overlong integer in the bin at offset {offset}")]
    Overlong {
        /// Where the bin begins.
        offset: usize,
    },
    /// The bin is beyond the last one that there is.
    #[error("histogram has no such bin: range exceeded at offset {offset}")]
    BinRange {
        /// Where the bin begins.
        offset: usize,
    },
    /// The count is larger than `u64::MAX`.
    #[error("histogram has a count above 64 bits in the bin at offset {offset}")]
    CountRange {
        /// Where the bin begins.
        offset: usize,
    },
}

/// Values beyond which it is cheaper to count them than to sort them, if they lie within so many bins.
const SORTED_MAX: usize = 32;
const COUNTED_BINS: usize = 360;

impl CompactHistogram {
    /// Checks foreign bytes and takes them over.
    ///
    /// # Errors
    /// Bytes that no histogram is written as; the order of bins cannot be wrong in this form.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Result<Self, CompactError> {
        let bytes = bytes.into();
        CompactBins::validated(&bytes)?;
        Ok(Self { bytes })
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes away.
    #[must_use]
    pub fn into_bytes(self) -> Box<[u8]> {
        self.bytes
    }

    /// Whether nothing has been counted, not even NaN.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bins with a count, ascending, read in place.
    #[must_use]
    pub fn iter(&self) -> CompactBins<'_> {
        CompactBins::new(&self.bytes)
    }

    /// Both histograms' counts. Exact; counts saturate at `u64::MAX`.
    ///
    /// To merge many, [`Histogram::merge_compact`] each into one [`Histogram`].
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut writer = Writer::with_capacity(self.bytes.len() + other.bytes.len());
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((left_bin, _)), Some((right_bin, _))) => left_bin.cmp(right_bin),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return writer.finish(),
            };
            let from_left = if order.is_le() { left.next() } else { None };
            let from_right = if order.is_ge() { right.next() } else { None };
            let count = |side: Option<(Bin, u64)>| side.map_or(0, |(_, count)| count);
            if let Some((bin, _)) = from_left.or(from_right) {
                writer.push(bin, count(from_left).saturating_add(count(from_right)));
            }
        }
    }

    /// Counts one value for each bin, given by ordinals in any order, which may be sorted for it. Cheaper than a
    /// [`Histogram`] for a few hundred values.
    #[must_use]
    pub fn from_ordinals(ordinals: &mut [u16]) -> Self {
        let low = ordinals.iter().min().copied().unwrap_or_default();
        let high = ordinals.iter().max().copied().unwrap_or_default();
        if ordinals.len() >= SORTED_MAX && usize::from(high - low) < COUNTED_BINS {
            let mut counts = [0_u64; COUNTED_BINS];
            for ordinal in ordinals {
                if let Some(count) = counts.get_mut(usize::from(*ordinal - low)) {
                    *count += 1;
                }
            }
            let counted = (low..=high).zip(counts).filter(|&(_, count)| count > 0);
            return Self::from_ascending(
                counted.filter_map(|(ordinal, count)| Some((Bin::from_ordinal(ordinal)?, count))),
            );
        }
        ordinals.sort_unstable();
        let runs = ordinals.chunk_by(|one, next| one == next);
        Self::from_ascending(
            runs.filter_map(|run| Some((Bin::from_ordinal(*run.first()?)?, run.len() as u64))),
        )
    }

    /// Packs bins that come ascending, each at most once; zero counts are left out.
    pub(super) fn from_ascending(bins: impl Iterator<Item = (Bin, u64)>) -> Self {
        // Most bins take two bytes; few histograms of a window have more bins.
        let mut writer = Writer::with_capacity(64);
        bins.for_each(|(bin, count)| writer.push(bin, count));
        writer.finish()
    }
}

/// Reads the bins of a compact histogram in place, ascending.
#[derive(Clone, Debug)]
pub struct CompactBins<'a> {
    rest: &'a [u8],
    /// The lowest ordinal that the next bin can have.
    next_ordinal: u64,
}

impl<'a> CompactBins<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, next_ordinal: 0 }
    }

    /// Checks all of `bytes`, then reads from the beginning.
    ///
    /// # Errors
    /// Bytes that no histogram is written as.
    pub fn validated(bytes: &'a [u8]) -> Result<Self, CompactError> {
        let mut bins = Self::new(bytes);
        while !bins.rest.is_empty() {
            let offset = bytes.len() - bins.rest.len();
            bins.read().map_err(|error| error.at(offset))?;
        }
        Ok(Self::new(bytes))
    }

    /// Reads bytes that nobody has checked: by [`Self::checked_next`] only.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self::new(bytes)
    }

    /// The next bin, checked; `all` are the bytes from the beginning.
    pub(super) fn checked_next(&mut self, all: &[u8]) -> Result<Option<(Bin, u64)>, CompactError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = all.len() - self.rest.len();
        self.read().map(Some).map_err(|error| error.at(offset))
    }

    /// Hands over bins, as place and count, as long as they are written with one byte and at most two, and are wanted.
    /// The first that is not stays.
    #[inline]
    pub(super) fn short_bins(&mut self, mut want: impl FnMut(u64, u64) -> bool) {
        let (mut rest, mut next) = (self.rest, self.next_ordinal);
        loop {
            // The count is written less one.
            let (passed_over, count, behind) = match rest {
                [passed_over, low, behind @ ..] if *low < 0x80 => {
                    (*passed_over, u64::from(*low) + 1, behind)
                }
                // A high byte of 0 would be padding.
                [passed_over, low, high @ 1..0x80, behind @ ..] => {
                    (*passed_over, (u64::from(*high) << 7 | u64::from(*low & 0x7f)) + 1, behind)
                }
                _ => break,
            };
            let ordinal = next + u64::from(passed_over);
            if passed_over >= 0x80 || !want(ordinal, count) {
                break;
            }
            (rest, next) = (behind, ordinal + 1);
        }
        (self.rest, self.next_ordinal) = (rest, next);
    }

    #[inline]
    fn read(&mut self) -> Result<(Bin, u64), ReadError> {
        let (passed_over, rest) = varint::read(self.rest)?;
        let (count_less_one, rest) = varint::read(rest)?;
        let bin = self
            .next_ordinal
            .checked_add(passed_over)
            .and_then(|ordinal| Bin::from_ordinal(u16::try_from(ordinal).ok()?))
            .ok_or(ReadError::BinRange)?;
        let count = count_less_one.checked_add(1).ok_or(ReadError::CountRange)?;
        self.rest = rest;
        self.next_ordinal = u64::from(bin.ordinal()) + 1;
        Ok((bin, count))
    }
}

/// A [`CompactError`] that does not know its place yet.
#[derive(Clone, Copy)]
enum ReadError {
    Varint(VarintError),
    BinRange,
    CountRange,
}

impl ReadError {
    fn at(self, offset: usize) -> CompactError {
        match self {
            Self::Varint(VarintError::Truncated) => CompactError::Truncated { offset },
            Self::Varint(VarintError::Overlong) => CompactError::Overlong { offset },
            Self::BinRange => CompactError::BinRange { offset },
            Self::CountRange => CompactError::CountRange { offset },
        }
    }
}

impl From<VarintError> for ReadError {
    fn from(error: VarintError) -> Self {
        Self::Varint(error)
    }
}

impl Iterator for CompactBins<'_> {
    type Item = (Bin, u64);

    #[inline]
    fn next(&mut self) -> Option<(Bin, u64)> {
        // The bytes were checked or written here: an error can only be their end.
        self.read().ok()
    }
}

/// Appends bins in ascending order.
struct Writer {
    bytes: Vec<u8>,
    next_ordinal: u64,
}

impl Writer {
    fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), next_ordinal: 0 }
    }

    fn push(&mut self, bin: Bin, count: u64) {
        let ordinal = u64::from(bin.ordinal());
        debug_assert!(ordinal >= self.next_ordinal, "bins must ascend");
        let Some(count_less_one) = count.checked_sub(1) else { return };
        varint::write(&mut self.bytes, ordinal.saturating_sub(self.next_ordinal));
        varint::write(&mut self.bytes, count_less_one);
        self.next_ordinal = ordinal + 1;
    }

    fn finish(self) -> CompactHistogram {
        CompactHistogram { bytes: self.bytes.into_boxed_slice() }
    }
}

impl Distribution for CompactHistogram {
    fn bins(&self) -> impl Iterator<Item = (Bin, u64)> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a CompactHistogram {
    type Item = (Bin, u64);
    type IntoIter = CompactBins<'a>;

    fn into_iter(self) -> CompactBins<'a> {
        self.iter()
    }
}

impl From<&Histogram> for CompactHistogram {
    fn from(histogram: &Histogram) -> Self {
        Self::from_ascending(histogram.iter())
    }
}

impl From<&CompactHistogram> for Histogram {
    fn from(compact: &CompactHistogram) -> Self {
        compact.iter().collect()
    }
}

impl fmt::Debug for CompactHistogram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
