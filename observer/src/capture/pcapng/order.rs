//! Numbers in the byte order of a section, and the options of a block.

/// The byte order of a section: that of the machine that wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// As the byte-order magic 0x1a2b3c4d of a section header tells.
    pub(super) const fn of_magic(magic: [u8; 4]) -> Option<Self> {
        match magic {
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(Self::Big),
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(Self::Little),
            _ => None,
        }
    }

    pub(super) const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(super) const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(super) const fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// Options: code, length, value padded to four bytes. What is cut or wrong ends the list.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: Order,
}

impl<'a> Options<'a> {
    pub(super) const fn new(rest: &'a [u8], order: Order) -> Self {
        Self { rest, order }
    }

    /// The first value with this code.
    pub(super) fn value(&self, wanted: u16) -> Option<&'a [u8]> {
        const END: u16 = 0;
        let mut rest = self.rest;
        loop {
            let (&[c0, c1, l0, l1], values) = rest.split_first_chunk::<4>()?;
            let length = usize::from(self.order.u16([l0, l1]));
            match self.order.u16([c0, c1]) {
                END => return None,
                code if code == wanted => return values.get(..length),
                _ => rest = values.get(length.next_multiple_of(4)..)?,
            }
        }
    }

    /// The first value with this code, as a number of eight bytes.
    pub(super) fn u64(&self, wanted: u16) -> Option<u64> {
        self.value(wanted)?.try_into().ok().map(|bytes| self.order.u64(bytes))
    }
}
