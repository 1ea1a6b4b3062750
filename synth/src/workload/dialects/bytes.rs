//! Numbers and strings as protocols write them, big-endian.

/// Appends to a message.
pub(super) trait Write {
    fn int8(&mut self, value: i8) -> &mut Self;
    fn int16(&mut self, value: i16) -> &mut Self;
    fn int32(&mut self, value: i32) -> &mut Self;
    fn int64(&mut self, value: i64) -> &mut Self;
    /// An unsigned LEB128 number.
    fn varint(&mut self, value: u64) -> &mut Self;
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self;
}

impl Write for Vec<u8> {
    fn int8(&mut self, value: i8) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    fn int16(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    fn int32(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    fn int64(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    fn varint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.extend_from_slice(bytes);
        self
    }
}

/// A length as a signed number of 32 bits.
pub(super) fn length(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
