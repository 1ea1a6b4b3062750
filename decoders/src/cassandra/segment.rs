//! The segments of version 5, which its specification calls frames (native_protocol_v5.spec, section 2).
//!
//! A header with its own checksum, a payload of up to 128 KiB that may be an LZ4 block, and the payload's checksum. All
//! integers are little-endian. A self-contained segment holds one or more whole messages; a message that does not fit
//! into one has several of its own, of which the first begins with its head.

use crate::decoder::DecodeError;

/// Bytes of the checksum behind a payload.
pub(super) const TRAILER_BYTES: usize = 4;

/// Length fields have 17 bits.
const LENGTH_BITS: u32 = 17;
const LENGTH_MASK: u64 = (1 << LENGTH_BITS) - 1;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Bytes of the header.
    pub(super) header: usize,
    /// Bytes of the payload as it was sent.
    pub(super) payload: usize,
    /// Bytes of the payload when it is decompressed; `None` where it is sent as it is.
    pub(super) inflated: Option<usize>,
    /// It holds whole messages only.
    pub(super) is_self_contained: bool,
}

impl Segment {
    /// Reads a header; `None` where it is not whole. `lz4`: the connection compresses, and its headers are longer.
    pub(super) fn read(bytes: &[u8], lz4: bool) -> Result<Option<Self>, DecodeError> {
        let header: usize = if lz4 { 8 } else { 6 };
        let Some(bytes) = bytes.get(..header) else { return Ok(None) };
        let number = bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let covered = header - 3;
        let checksum = number >> (8 * covered);
        if u64::from(crc24(bytes.get(..covered).unwrap_or_default())) != checksum {
            return Err(DecodeError("a segment's header does not match its checksum"));
        }
        let payload = (number & LENGTH_MASK) as usize;
        let (inflated, flags) = match lz4 {
            true => ((number >> LENGTH_BITS & LENGTH_MASK) as usize, number >> (2 * LENGTH_BITS)),
            false => (0, number >> LENGTH_BITS),
        };
        // A length of nothing says that compressing was not worth it.
        let inflated = Some(inflated).filter(|&inflated| inflated > 0);
        Ok(Some(Self { header, payload, inflated, is_self_contained: flags & 1 == 1 }))
    }

    /// Bytes of the segment with header and checksums.
    pub(super) const fn total(&self) -> usize {
        self.header + self.payload + TRAILER_BYTES
    }

    /// The payload of a segment that is whole.
    pub(super) fn payload<'a>(&self, segment: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        let behind = segment.get(self.header..).unwrap_or_default();
        let (payload, trailer) = behind.split_at_checked(self.payload).unwrap_or_default();
        let expected = trailer.first_chunk().map(|&bytes| u32::from_le_bytes(bytes));
        match expected == Some(crc32(payload)) {
            true => Ok(payload),
            false => Err(DecodeError("a segment's payload does not match its checksum")),
        }
    }
}

/// The header's checksum: polynomial 0x1974F0B, bytes with their highest bit first.
pub(super) fn crc24(bytes: &[u8]) -> u32 {
    const INITIAL: u32 = 0x0087_5060;
    const POLYNOMIAL: u32 = 0x0197_4f0b;
    bytes.iter().fold(INITIAL, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 16, |sum, _| {
            let shifted = sum << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ POLYNOMIAL }
        })
    })
}

/// The payload's checksum: the usual CRC32, begun with four bytes so that zeros do not sum up to nothing.
pub(super) fn crc32(payload: &[u8]) -> u32 {
    const BEFORE: [u8; 4] = [0xfa, 0x2d, 0x55, 0xca];
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&BEFORE);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::super::testing::segment;
    use super::*;

    #[test]
    fn headers_are_read() {
        let bytes = segment(b"payload", true, false);
        let read = Segment::read(&bytes, false).unwrap().unwrap();
        let expected = Segment { header: 6, payload: 7, inflated: None, is_self_contained: true };
        assert_eq!(read, expected);
        assert_eq!(read.payload(&bytes), Ok(b"payload".as_slice()));
        assert!(Segment::read(&bytes, true).is_err());
        let text = b"many, many, many, many, many, many times";
        let bytes = segment(text, false, true);
        let read = Segment::read(&bytes, true).unwrap().unwrap();
        assert_eq!((read.header, read.inflated), (8, Some(text.len())));
        assert!(!read.is_self_contained && read.payload < text.len());
        assert_eq!(read.total(), bytes.len());
        assert!(Segment::read(&bytes, false).is_err());
    }

    #[test]
    fn corrupt_segments_are_refused() {
        let whole = segment(b"payload", true, false);
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            let read = Segment::read(&bytes, false);
            let refused = match read {
                Ok(Some(read)) => read.payload(&bytes).is_err(),
                Ok(None) => false,
                Err(_) => true,
            };
            assert!(refused, "byte {place}");
        }
    }
}
