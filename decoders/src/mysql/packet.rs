//! Packets and the few fields of them that are looked at (MySQL source documentation, "MySQL Packets" and "Response
//! Packets"; MariaDB manual, "Client/Server Protocol").

/// Bytes of a packet's head: the payload's length and a sequence number.
pub(super) const HEADER_BYTES: usize = 4;

/// A payload of this length goes on in the next packet.
pub(super) const PAYLOAD_BYTES_MAX: u32 = 0xff_ffff;

/// The head of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) sequence: u8,
}

impl Header {
    /// The head that `bytes` begin with.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[low, middle, high, sequence] = bytes.first_chunk::<HEADER_BYTES>()?;
        Some(Self { length: u32::from_le_bytes([low, middle, high, 0]), sequence })
    }

    /// Bytes of the whole packet.
    pub(super) const fn bytes(self) -> u64 {
        self.length as u64 + HEADER_BYTES as u64
    }

    /// Whether the next packet belongs to it.
    pub(super) const fn goes_on(self) -> bool {
        self.length == PAYLOAD_BYTES_MAX
    }
}

/// A shrinking view of a payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    /// "Length-Encoded Integer Type".
    pub(super) fn integer(&mut self) -> Option<u64> {
        match self.u8()? {
            value @ ..=0xfa => Some(u64::from(value)),
            0xfc => self.u16().map(u64::from),
            0xfd => self.chunk::<3>().map(|[a, b, c]| u64::from(u32::from_le_bytes([a, b, c, 0]))),
            0xfe => self.chunk().map(u64::from_le_bytes),
            0xfb | 0xff => None,
        }
    }

    /// A string with its length before it.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.integer()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A string that ends with a zero.
    pub(super) fn text_to_zero(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(0, self.0)?;
        let text = self.take(end)?;
        self.take(1)?;
        Some(text)
    }
}

/// The first byte of a payload, where it says what the packet is.
pub(super) mod first {
    pub(crate) const OK: u8 = 0x00;
    pub(crate) const LOCAL_INFILE: u8 = 0xfb;
    /// EOF, an OK that stands for it, or another way to log in.
    pub(crate) const EOF: u8 = 0xfe;
    pub(crate) const ERR: u8 = 0xff;
}

/// Bytes of an EOF packet's payload; an OK packet in its place is longer.
pub(super) const EOF_BYTES: u32 = 5;

/// Bytes of a payload that tell all that is asked of OK, EOF and ERR.
pub(super) const RESULT_BYTES_MAX: usize = 24;

/// What a server says when a part of an answer is over ("SERVER_STATUS_flags_enum").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status(u16);

impl Status {
    /// Another result follows.
    pub(super) const fn has_more(self) -> bool {
        self.0 & 0x0008 != 0
    }

    /// Rows are to be fetched.
    pub(super) const fn has_cursor(self) -> bool {
        self.0 & 0x0040 != 0
    }

    /// Of an OK packet, by whatever first byte.
    pub(super) fn of_ok(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload);
        fields.u8()?;
        fields.integer()?;
        fields.integer()?;
        fields.u16().map(Self)
    }

    /// Of an EOF packet, or of an OK packet that stands for it.
    pub(super) fn of_end(payload: &[u8], length: u32) -> Option<Self> {
        match (length, payload) {
            (EOF_BYTES, [_, _, _, low, high, ..]) => Some(Self(u16::from_le_bytes([*low, *high]))),
            // Before 4.1 it had no fields.
            (1, _) => Some(Self::default()),
            _ => Self::of_ok(payload),
        }
    }
}

/// The number of an ERR packet; MariaDB's reports of progress are ERR packets with [`PROGRESS`].
pub(super) fn error_number(payload: &[u8]) -> Option<u16> {
    let mut fields = Fields(payload);
    fields.u8()?;
    fields.u16()
}

/// MariaDB manual, "ERR_Packet": progress reporting.
pub(super) const PROGRESS: u16 = 0xffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let header = Header::read(&[5, 0, 1, 7, 0]).unwrap();
        assert_eq!(header, Header { length: 65_541, sequence: 7 });
        assert_eq!(header.bytes(), 65_545);
        assert!(Header::read(&[0xff, 0xff, 0xff, 0]).unwrap().goes_on());
        assert_eq!(Header::read(&[1, 0, 0]), None);
    }

    #[test]
    fn integers_and_texts() {
        for (bytes, value) in [
            (&[0xfa][..], Some(250)),
            (&[0xfc, 1, 2], Some(513)),
            (&[0xfd, 1, 0, 1], Some(65_537)),
            (&[0xfe, 1, 0, 0, 0, 0, 0, 0, 0], Some(1)),
            (&[0xfb], None),
            (&[0xfc, 1], None),
            (&[], None),
        ] {
            assert_eq!(Fields(bytes).integer(), value, "{bytes:?}");
        }
        let mut fields = Fields(b"\x02abcd\0e");
        assert_eq!(fields.text(), Some(&b"ab"[..]));
        assert_eq!(fields.text_to_zero(), Some(&b"cd"[..]));
        assert_eq!(fields.text(), None);
    }

    #[test]
    fn statuses() {
        assert!(Status::of_ok(&[0, 1, 0xfc, 9, 9, 0x0a, 0, 0, 0]).unwrap().has_more());
        assert!(Status::of_end(&[0xfe, 0, 0, 0x42, 0], 5).unwrap().has_cursor());
        assert!(Status::of_end(&[0xfe, 0, 0, 0x08, 0, 0, 0], 7).unwrap().has_more());
        assert_eq!(Status::of_end(&[0xfe], 1), Some(Status::default()));
        assert_eq!(Status::of_ok(&[0, 0xfb]), None);
    }
}
