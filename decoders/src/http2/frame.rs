//! Frame heads (RFC 9113, sections 4.1 and 6).

/// Bytes of a frame head.
pub(super) const HEAD_BYTES: usize = 9;
/// What a client says first (section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest payload that nobody has to agree to (section 4.2).
pub(super) const PAYLOAD_DEFAULT_MAX: u32 = 16_384;

/// Types of frames.
pub(super) mod kind {
    pub(in crate::http2) const DATA: u8 = 0;
    pub(in crate::http2) const HEADERS: u8 = 1;
    pub(in crate::http2) const PRIORITY: u8 = 2;
    pub(in crate::http2) const RST_STREAM: u8 = 3;
    pub(in crate::http2) const SETTINGS: u8 = 4;
    pub(in crate::http2) const PUSH_PROMISE: u8 = 5;
    pub(in crate::http2) const PING: u8 = 6;
    pub(in crate::http2) const GOAWAY: u8 = 7;
    pub(in crate::http2) const WINDOW_UPDATE: u8 = 8;
    pub(in crate::http2) const CONTINUATION: u8 = 9;
}

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// The head of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Of its payload.
    pub(super) length: u32,
    pub(super) kind: u8,
    flags: u8,
    /// 0 for frames of the connection.
    pub(super) stream: u32,
}

impl Head {
    /// The head that `bytes` begin with.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, stream @ ..] = *bytes.first_chunk::<HEAD_BYTES>()?;
        let length = u32::from_be_bytes([0, a, b, c]);
        // The highest bit is reserved, and ignored.
        let stream = u32::from_be_bytes(stream) & 0x7fff_ffff;
        Some(Self { length, kind, flags, stream })
    }

    /// Bytes of the whole frame.
    pub(super) const fn bytes(&self) -> u64 {
        HEAD_BYTES as u64 + self.length as u64
    }

    /// Its sender has no more to say on the stream.
    pub(super) const fn ends_stream(&self) -> bool {
        self.flags & END_STREAM != 0 && matches!(self.kind, kind::DATA | kind::HEADERS)
    }

    pub(super) const fn ends_headers(&self) -> bool {
        self.flags & END_HEADERS != 0
    }

    pub(super) const fn is_padded(&self) -> bool {
        self.flags & PADDED != 0
    }

    /// Its payload holds a header block, or a part of one.
    pub(super) const fn may_have_fields(&self) -> bool {
        matches!(self.kind, kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION)
    }

    pub(super) const fn is_acknowledgment(&self) -> bool {
        self.flags & ACK != 0
    }

    /// What is wrong with it, if anything. Unknown types are not wrong (section 5.5).
    pub(super) const fn fault(&self) -> Option<&'static str> {
        match (self.kind, self.length, self.stream) {
            (kind::DATA | kind::HEADERS | kind::PRIORITY | kind::RST_STREAM, _, 0)
            | (kind::PUSH_PROMISE | kind::CONTINUATION, _, 0) => Some("a frame without its stream"),
            (kind::SETTINGS | kind::PING | kind::GOAWAY, _, 1..) => {
                Some("a frame of the connection on a stream")
            }
            (kind::PRIORITY, length, _) if length != 5 => Some("a PRIORITY frame of a wrong size"),
            (kind::RST_STREAM, length, _) if length != 4 => {
                Some("an RST_STREAM frame of a wrong size")
            }
            (kind::PING, length, _) if length != 8 => Some("a PING frame of a wrong size"),
            (kind::GOAWAY, 0..8, _) => Some("a GOAWAY frame of a wrong size"),
            (kind::WINDOW_UPDATE, length, _) if length != 4 => {
                Some("a WINDOW_UPDATE frame of a wrong size")
            }
            (kind::SETTINGS, length, _) if !length.is_multiple_of(6) => {
                Some("a SETTINGS frame of a wrong size")
            }
            (_, _, _) => None,
        }
    }

    /// Whether it can be a frame of a known type that is sent as everybody sends it: for bytes of which nothing else
    /// says that they are a frame.
    pub(super) const fn is_plausible(&self) -> bool {
        self.is_plausible_but_for_its_length() && self.length <= PAYLOAD_DEFAULT_MAX
    }

    /// The same where larger payloads than the default may have been agreed on.
    pub(super) const fn is_plausible_but_for_its_length(&self) -> bool {
        let flags = match self.kind {
            kind::DATA => END_STREAM | PADDED,
            kind::HEADERS => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            kind::SETTINGS | kind::PING => ACK,
            kind::PUSH_PROMISE => END_HEADERS | PADDED,
            kind::CONTINUATION => END_HEADERS,
            kind::PRIORITY | kind::RST_STREAM | kind::GOAWAY | kind::WINDOW_UPDATE => 0,
            _ => return false,
        };
        self.fault().is_none() && self.flags & !flags == 0
    }

    /// The header block fragment of a payload of HEADERS, PUSH_PROMISE or CONTINUATION; with what the snap length left of
    /// it, where that is all there is.
    pub(super) fn fragment<'p>(&self, payload: &'p [u8]) -> Option<&'p [u8]> {
        let mut rest = payload;
        let mut padding = 0;
        if self.is_padded() && self.kind != kind::CONTINUATION {
            let (&length, behind) = rest.split_first()?;
            (padding, rest) = (usize::from(length), behind);
        }
        let fields = match self.kind {
            kind::HEADERS if self.flags & PRIORITY != 0 => 5,
            kind::PUSH_PROMISE => 4,
            _ => 0,
        };
        let rest = rest.get(fields..)?;
        // Where the payload's end was not captured, neither was its padding.
        let missing = (self.length as usize).saturating_sub(payload.len());
        rest.get(..rest.len().checked_sub(padding.saturating_sub(missing))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(length: u32, kind: u8, flags: u8, stream: u32) -> Head {
        Head { length, kind, flags, stream }
    }

    #[test]
    fn heads() {
        let read = Head::read(&[0, 1, 2, 1, 0x25, 0x80, 0, 0, 3, 99]).unwrap();
        assert_eq!(read, head(0x102, kind::HEADERS, 0x25, 3));
        assert!(read.ends_stream() && read.ends_headers() && !read.is_padded());
        assert_eq!(Head::read(&[0; 8]), None);
    }

    #[test]
    fn fragments() {
        let padded = head(12, kind::HEADERS, PADDED | PRIORITY | END_HEADERS, 1);
        let payload = [3, 0, 0, 0, 0, 16, 0x82, 0x84, 0x86, 0, 0, 0];
        assert_eq!(padded.fragment(&payload).unwrap(), [0x82, 0x84, 0x86]);
        assert_eq!(padded.fragment(&payload[..8]).unwrap(), [0x82, 0x84]);
        assert_eq!(padded.fragment(&[12; 12]), None, "more padding than payload");
        assert_eq!(head(2, kind::CONTINUATION, PADDED, 1).fragment(&[1, 2]).unwrap(), [1, 2]);
        assert_eq!(
            head(5, kind::PUSH_PROMISE, 0, 1).fragment(&[0, 0, 0, 2, 0x82]).unwrap(),
            [0x82]
        );
    }

    #[test]
    fn faults() {
        for (wrong, right) in [
            (head(1, kind::DATA, 0, 0), head(1, kind::DATA, 0, 1)),
            (head(7, kind::PING, 0, 0), head(8, kind::PING, 0, 0)),
            (head(4, kind::RST_STREAM, 0, 0), head(4, kind::RST_STREAM, 0, 1)),
            (head(5, kind::SETTINGS, 0, 0), head(6, kind::SETTINGS, 0, 0)),
            (head(6, kind::SETTINGS, 0, 1), head(0, kind::SETTINGS, ACK, 0)),
            (head(5, kind::WINDOW_UPDATE, 0, 0), head(4, kind::WINDOW_UPDATE, 0, 7)),
        ] {
            assert!(wrong.fault().is_some() && !wrong.is_plausible(), "{wrong:?}");
            assert!(right.fault().is_none() && right.is_plausible(), "{right:?}");
        }
        let unknown = head(3, 0xbe, 0xff, 5);
        assert!(unknown.fault().is_none() && !unknown.is_plausible());
        assert!(!head(16_385, kind::DATA, 0, 1).is_plausible());
        assert!(!head(16, kind::DATA, END_HEADERS, 1).is_plausible());
    }
}
