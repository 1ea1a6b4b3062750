//! OpenHistogram's binary form, and padded base64 of it.
//!
//! ```text
//! u16  number of bins, big-endian
//! per bin: i8 mantissa, i8 exponent, u8 n − 1, n bytes of count, little-endian, n = 1..=8
//! ```
//! Bins ascend, NaN first. {−25: 70000, 0: 1, 0.0015: 300} is `AAPnAQJwEQEAAAABD/0BLAE=`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::bin::Bin;
use super::compact::CompactHistogram;
use super::dense::Histogram;

/// Bytes of a bin beside its count.
const BIN_HEADER_LEN: usize = 3;
/// Bytes that a count can take.
const COUNT_LEN_MAX: usize = size_of::<u64>();

/// Written with padding; read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why bytes are no histogram in OpenHistogram's binary form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Fewer bytes than the bins that were announced take.
    #[error("histogram is cut off: bin {bin} of {bins} at offset {offset} is not whole")]
    Truncated {
        /// Which bin, from 1; 0 is the header.
        bin: u16,
        /// How many bins were announced.
        bins: u16,
        /// Where it begins.
        offset: usize,
    },
    /// A mantissa and exponent that name no bin.
    #[error(
        "histogram has no bin with mantissa {mantissa} and exponent {exponent}, at offset {offset}"
    )]
    NoSuchBin {
        /// Signed mantissa as sent.
        mantissa: i8,
        /// Exponent as sent.
        exponent: i8,
        /// Where it begins.
        offset: usize,
    },
    /// A bin is not above the one before it.
    #[error("histogram bins must ascend, each once: {bin} at offset {offset} does not")]
    NotAscending {
        /// The bin that is out of order.
        bin: Bin,
        /// Where it begins.
        offset: usize,
    },
    /// A count of more than eight bytes.
    #[error("histogram has a count of {len} bytes at offset {offset}, the limit is 8")]
    CountTooLong {
        /// Bytes announced.
        len: usize,
        /// Where the bin begins.
        offset: usize,
    },
    /// Bytes behind the last bin that was announced.
    #[error("histogram is followed by {len} more bytes at offset {offset}")]
    Trailing {
        /// How many.
        len: usize,
        /// Where they begin.
        offset: usize,
    },
    /// Text that is not base64.
    #[error("histogram is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
}

impl Histogram {
    /// Writes OpenHistogram's binary form.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        write(self.iter())
    }

    /// Reads OpenHistogram's binary form. Bins with a count of zero are passed over.
    ///
    /// # Errors
    /// Wrong length, unknown bins, bins out of order.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, WireError> {
        WireBins::new(bytes)?.collect()
    }

    /// Writes padded base64 of the binary form.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.to_wire())
    }

    /// Reads base64 of the binary form; blanks around it are ignored.
    ///
    /// # Errors
    /// Not base64, or as for [`Histogram::from_wire`].
    pub fn from_base64(text: &str) -> Result<Self, WireError> {
        Self::from_wire(&BASE64.decode(text.trim_ascii())?)
    }
}

impl CompactHistogram {
    /// Writes OpenHistogram's binary form.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        write(self.iter())
    }

    /// Reads OpenHistogram's binary form; see [`Histogram::from_wire`].
    ///
    /// # Errors
    /// Wrong length, unknown bins, bins out of order.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, WireError> {
        let checked = WireBins::new(bytes)?;
        checked.clone().try_for_each(|bin| bin.map(|_| ()))?;
        Ok(Self::from_ascending(checked.map_while(Result::ok)))
    }

    /// Writes padded base64 of the binary form.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.to_wire())
    }

    /// Reads base64 of the binary form; blanks around it are ignored.
    ///
    /// # Errors
    /// Not base64, or as for [`Histogram::from_wire`].
    pub fn from_base64(text: &str) -> Result<Self, WireError> {
        Self::from_wire(&BASE64.decode(text.trim_ascii())?)
    }
}

fn write(bins: impl Iterator<Item = (Bin, u64)>) -> Vec<u8> {
    let mut out = vec![0, 0];
    let mut written = 0_u16; // there are 46,082 bins
    bins.for_each(|(bin, count)| {
        let len = (u64::BITS - (count | 1).leading_zeros()).div_ceil(8);
        let count_bytes = count.to_le_bytes();
        out.extend_from_slice(&[bin.mantissa() as u8, bin.exponent() as u8, len as u8 - 1]);
        out.extend_from_slice(count_bytes.get(..len as usize).unwrap_or(&count_bytes));
        written += 1;
    });
    for (place, byte) in out.iter_mut().zip(written.to_be_bytes()) {
        *place = byte;
    }
    out
}

/// Reads bins one after the other; after an error it ends.
#[derive(Clone)]
struct WireBins<'a> {
    rest: &'a [u8],
    /// Where `rest` begins.
    offset: usize,
    bins: u16,
    read: u16,
    last: Option<Bin>,
}

impl<'a> WireBins<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, rest) =
            bytes.split_first_chunk().ok_or(WireError::Truncated { bin: 0, bins: 0, offset: 0 })?;
        let bins = u16::from_be_bytes(*header);
        Ok(Self { rest, offset: header.len(), bins, read: 0, last: None })
    }

    /// The next bin with a count, `None` at the proper end.
    fn read_counted(&mut self) -> Result<Option<(Bin, u64)>, WireError> {
        while self.read < self.bins {
            let offset = self.offset;
            let (mantissa, exponent, count) = self.read_entry()?;
            if count == 0 {
                continue; // the Go client pads with such entries
            }
            let bin = Bin::new(mantissa, exponent).ok_or(WireError::NoSuchBin {
                mantissa,
                exponent,
                offset,
            })?;
            if self.last.is_some_and(|last| last >= bin) {
                return Err(WireError::NotAscending { bin, offset });
            }
            self.last = Some(bin);
            return Ok(Some((bin, count)));
        }
        match self.rest.len() {
            0 => Ok(None),
            len => Err(WireError::Trailing { len, offset: self.offset }),
        }
    }

    /// Mantissa, exponent and count as they stand there.
    fn read_entry(&mut self) -> Result<(i8, i8, u64), WireError> {
        self.read += 1;
        let truncated =
            WireError::Truncated { bin: self.read, bins: self.bins, offset: self.offset };
        let Some((&[mantissa, exponent, len], rest)) = self.rest.split_first_chunk() else {
            return Err(truncated);
        };
        let len = usize::from(len) + 1;
        if len > COUNT_LEN_MAX {
            return Err(WireError::CountTooLong { len, offset: self.offset });
        }
        let (low_first, rest) = rest.split_at_checked(len).ok_or(truncated)?;
        let count = low_first.iter().rev().fold(0, |count, byte| count << 8 | u64::from(*byte));
        self.rest = rest;
        self.offset += BIN_HEADER_LEN + len;
        Ok((mantissa as i8, exponent as i8, count))
    }
}

impl Iterator for WireBins<'_> {
    type Item = Result<(Bin, u64), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bin = self.read_counted().transpose();
        if matches!(bin, Some(Err(_))) {
            self.rest = &[];
            self.read = self.bins;
        }
        bin
    }
}
