//! Messages of gRPC inside DATA frames: a head of five bytes, then so many bytes that need no look
//! (gRPC, "PROTOCOL-HTTP2.md", Length-Prefixed-Message).

/// Bytes of a message head: whether it is compressed, and its length.
const HEAD_BYTES: u8 = 5;

/// Where one direction of a call stands, and how many messages it brought so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Messages {
    count: u32,
    /// Bytes of the message that are still to come.
    body: u32,
    /// Bytes of the head that came, and the length as far as it is known.
    head: u8,
    length: u32,
    /// These were not message heads: nothing is counted.
    is_broken: bool,
}

impl Messages {
    /// How many began, where that is known.
    pub(super) fn count(&self) -> Option<u64> {
        (!self.is_broken).then_some(u64::from(self.count))
    }

    /// Of the next bytes of a payload, how many need no look.
    pub(super) const fn unread(&self) -> u32 {
        if self.is_broken { u32::MAX } else { self.body }
    }

    /// So many bytes were passed over.
    pub(super) fn pass(&mut self, bytes: u32) {
        self.body = self.body.saturating_sub(bytes);
    }

    /// Some of its bytes were not captured.
    pub(super) const fn lose(&mut self) {
        self.is_broken = true;
    }

    /// Takes a byte of a head.
    pub(super) fn take(&mut self, byte: u8) {
        match self.head {
            0 if byte > 1 => self.is_broken = true,
            0 => self.length = 0,
            _ => self.length = self.length << 8 | u32::from(byte),
        }
        self.head += 1;
        if self.head == HEAD_BYTES {
            (self.head, self.body) = (0, self.length);
            self.count = self.count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_counted_and_bodies_passed_over() {
        let mut messages = Messages::default();
        for (head, body) in [([0, 0, 0, 1, 2], 258), ([1, 0, 0, 0, 0], 0), ([0, 0, 0, 0, 3], 3)] {
            head.into_iter().for_each(|byte| messages.take(byte));
            assert_eq!(messages.unread(), body);
            messages.pass(body);
        }
        assert_eq!((messages.count(), messages.unread()), (Some(3), 0));
        messages.take(b'{');
        assert_eq!((messages.count(), messages.unread()), (None, u32::MAX));
    }
}
