//! LEB128 integers, in their one shortest form.

/// A 64-bit integer takes ten bytes at most.
const LEN_MAX: u32 = 10;

/// Why no integer could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VarintError {
    /// The bytes end inside the integer.
    Truncated,
    /// Padded with zero groups, or longer than 64 bits.
    Overlong,
}

/// Appends `value`.
pub(super) fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads an integer and returns it with the bytes behind it.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Result<(u64, &[u8]), VarintError> {
    match bytes.split_first() {
        Some((&byte, rest)) if byte < 0x80 => Ok((byte.into(), rest)),
        Some((&byte, rest)) => read_long(byte, rest),
        None => Err(VarintError::Truncated),
    }
}

fn read_long(first: u8, mut bytes: &[u8]) -> Result<(u64, &[u8]), VarintError> {
    let mut value = u64::from(first & 0x7f);
    for group in 1..LEN_MAX {
        let (&byte, rest) = bytes.split_first().ok_or(VarintError::Truncated)?;
        bytes = rest;
        let bits = u64::from(byte & 0x7f);
        // The tenth group has room for one bit only.
        if group == LEN_MAX - 1 && byte > 1 {
            return Err(VarintError::Overlong);
        }
        value |= bits << (7 * group);
        if byte < 0x80 {
            return if byte == 0 { Err(VarintError::Overlong) } else { Ok((value, bytes)) };
        }
    }
    Err(VarintError::Overlong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn longest_and_shortest() {
        for (value, len) in [(0, 1), (127, 1), (128, 2), (u64::MAX, 10)] {
            let mut bytes = Vec::new();
            write(&mut bytes, value);
            assert_eq!(bytes.len(), len);
            assert_eq!(read(&bytes), Ok((value, &[][..])));
        }
    }

    #[test]
    fn padding_and_excess_are_refused() {
        assert_eq!(read(&[0x80, 0x00]), Err(VarintError::Overlong));
        assert_eq!(read(&[0xff; 10]), Err(VarintError::Overlong));
        assert_eq!(
            read(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
            Err(VarintError::Overlong)
        );
        assert_eq!(read(&[0x80]), Err(VarintError::Truncated));
        assert_eq!(read(&[]), Err(VarintError::Truncated));
    }

    proptest! {
        #[test]
        fn whatever_reads_writes_back_the_same(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Ok((value, rest)) = read(&bytes) {
                let mut again = Vec::new();
                write(&mut again, value);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
            }
        }
    }
}
