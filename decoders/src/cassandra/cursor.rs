//! Reads the notations of the specification (native_protocol_v5.spec, section 3) from bytes that nobody vouches for.

/// What is left to read; `None` wherever it is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

/// Types within types within a column's type; deeper ones are not followed.
const TYPE_DEPTH_MAX: usize = 16;

impl<'a> Cursor<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    pub(super) fn int(&mut self) -> Option<i32> {
        self.chunk().map(i32::from_be_bytes)
    }

    /// A [string], and [short bytes].
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.short()?;
        self.take(usize::from(length))
    }

    pub(super) fn long_string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.int()?).ok()?;
        self.take(length)
    }

    /// [bytes], and a [value]: less than no bytes means that there are none.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.int()?).unwrap_or_default();
        self.take(length)
    }

    /// A [string list]: how many.
    pub(super) fn string_list(&mut self) -> Option<u16> {
        let count = self.short()?;
        for _ in 0..count {
            self.string()?;
        }
        Some(count)
    }

    pub(super) fn bytes_map(&mut self) -> Option<()> {
        for _ in 0..self.short()? {
            self.string()?;
            self.bytes()?;
        }
        Some(())
    }

    /// The id of a prepared statement.
    pub(super) fn statement_id(&mut self) -> Option<u128> {
        self.string().map(fold)
    }

    /// An [option] that describes a column's type (section 4.2.5.2), passed over without recursion.
    pub(super) fn column_type(&mut self) -> Option<()> {
        // How many types each level still has, and whether each has a name before it.
        let mut levels = [(0_u16, false); TYPE_DEPTH_MAX];
        let mut depth = 0;
        *levels.first_mut()? = (1, false);
        loop {
            let (left, is_named) = levels.get_mut(depth)?;
            if *left == 0 {
                let Some(above) = depth.checked_sub(1) else { return Some(()) };
                depth = above;
                continue;
            }
            *left -= 1;
            if *is_named {
                self.string()?;
            }
            let below = match self.short()? {
                // Custom: the name of a class.
                0x00 => {
                    self.string()?;
                    continue;
                }
                // List, map, set.
                0x20 | 0x22 => (1, false),
                0x21 => (2, false),
                // A type of a user's own: its keyspace, its name, its fields.
                0x30 => {
                    self.string()?;
                    self.string()?;
                    (self.short()?, true)
                }
                // Tuple.
                0x31 => (self.short()?, false),
                _ => continue,
            };
            depth += 1;
            *levels.get_mut(depth)? = below;
        }
    }
}

/// An id as a number. Nodes make them with MD5, so 16 bytes are the rule; others are folded, by length too.
fn fold(id: &[u8]) -> u128 {
    if let Ok(digest) = id.try_into() {
        return u128::from_be_bytes(digest);
    }
    id.iter().fold(id.len() as u128, |folded, &byte| {
        folded.rotate_left(13).wrapping_mul(0x0100_0000_01b3) ^ u128::from(byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_within_types_are_passed_over() {
        #[rustfmt::skip]
        let map_of_text_to_list_of_udt: &[u8] = &[
            0, 0x21, 0, 0x0d, 0, 0x20, 0, 0x30,
            0, 2, b'k', b's', 0, 1, b't', 0, 2,
            0, 1, b'a', 0, 0x09, 0, 1, b'b', 0, 0x31, 0, 2, 0, 0x09, 0, 0x00, 0, 1, b'C',
            99,
        ];
        let mut cursor = Cursor::new(map_of_text_to_list_of_udt);
        assert_eq!(cursor.column_type(), Some(()));
        assert_eq!(cursor.rest, [99]);
        for length in 0..map_of_text_to_list_of_udt.len() - 1 {
            let mut cursor = Cursor::new(&map_of_text_to_list_of_udt[..length]);
            assert_eq!(cursor.column_type(), None, "{length} bytes");
        }
    }

    #[test]
    fn types_without_end_are_given_up() {
        let lists = [0, 0x20].repeat(100_000);
        assert_eq!(Cursor::new(&lists).column_type(), None);
    }

    #[test]
    fn ids_are_numbers() {
        let digest = [0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        let id = Cursor::new(&digest).statement_id();
        assert_eq!(id, Some(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10));
        let short = Cursor::new(&[0, 1, 7]).statement_id();
        assert_ne!(short, Cursor::new(&[0, 2, 0, 7]).statement_id());
        assert_eq!(Cursor::new(&[0, 2, 0]).statement_id(), None);
    }
}
