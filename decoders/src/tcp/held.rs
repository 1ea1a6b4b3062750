//! Segments that came before their turn.

use model::units::CaptureTime;

/// A segment that waits, or what is left of it.
#[derive(Debug)]
pub(crate) struct HeldSegment {
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: Option<u32>,
    pub(crate) at: CaptureTime,
    pub(crate) bytes: Vec<u8>,
    /// Bytes behind those that the snap length cut.
    pub(crate) missing: u32,
    pub(crate) fin: bool,
}

impl HeldSegment {
    /// Sequence numbers it covers, the FIN's not included.
    pub(crate) fn length(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).saturating_add(self.missing)
    }

    /// Drops `count` bytes at the front.
    pub(crate) fn trim_front(&mut self, count: u32) {
        self.sequence = self.sequence.wrapping_add(count);
        let captured = (count as usize).min(self.bytes.len());
        self.bytes.drain(..captured);
        let cut = u32::try_from(captured).unwrap_or(u32::MAX);
        self.missing = self.missing.saturating_sub(count.saturating_sub(cut));
    }

    /// Keeps `count` bytes at the front and returns what is behind them.
    fn split_off(&mut self, count: u32) -> Self {
        let mut tail = Self {
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            at: self.at,
            bytes: self.bytes.clone(),
            missing: self.missing,
            fin: self.fin,
        };
        tail.trim_front(count);
        let captured = (count as usize).min(self.bytes.len());
        self.bytes.truncate(captured);
        self.missing = count.saturating_sub(u32::try_from(captured).unwrap_or(u32::MAX));
        self.fin = false;
        tail
    }
}

/// One direction's segments that wait, ascending and without overlap: the first copy of a byte wins.
#[derive(Debug, Default)]
pub(crate) struct Held {
    segments: Vec<HeldSegment>,
    bytes: usize,
}

impl Held {
    pub(crate) const fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Bytes that wait.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn first(&self) -> Option<&HeldSegment> {
        self.segments.first()
    }

    pub(crate) fn pop(&mut self) -> Option<HeldSegment> {
        if self.segments.is_empty() {
            return None;
        }
        let segment = self.segments.remove(0);
        self.bytes = self.bytes.saturating_sub(segment.bytes.len());
        Some(segment)
    }

    /// Holds what of `segment` is not held yet. Returns how many of its bytes were there already.
    /// `next` is the next sequence number to deliver: order is counted from there.
    pub(crate) fn insert(&mut self, mut segment: HeldSegment, next: u32) -> u32 {
        let mut duplicate = 0;
        let mut place = 0;
        loop {
            let start = segment.sequence.wrapping_sub(next);
            let end = start.wrapping_add(segment.length());
            let Some(other) = self.segments.get(place) else {
                self.put(place, segment);
                return duplicate;
            };
            let other_start = other.sequence.wrapping_sub(next);
            let other_end = other_start.wrapping_add(other.length());
            if start >= other_end && !(start == other_start && segment.length() == 0) {
                place += 1;
                continue;
            }
            let is_before = start < other_start || segment.length() > 0;
            if end <= other_start && is_before {
                self.put(place, segment);
                return duplicate;
            }
            if start < other_start {
                // The part before the other one is new; the rest is looked at again behind it.
                let tail = segment.split_off(other_start - start);
                self.put(place, segment);
                place += 1;
                segment = tail;
                continue;
            }
            let overlap = other_end.min(end) - start;
            duplicate += overlap;
            let fin = segment.fin;
            segment.trim_front(overlap);
            if segment.length() == 0 {
                if let (true, Some(other)) = (fin && end == other_end, self.segments.get_mut(place))
                {
                    other.fin = true;
                }
                return duplicate;
            }
        }
    }

    fn put(&mut self, place: usize, segment: HeldSegment) {
        self.bytes += segment.bytes.len();
        self.segments.insert(place, segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(sequence: u32, bytes: &[u8], at: u64) -> HeldSegment {
        HeldSegment {
            sequence,
            acknowledgment: None,
            at: CaptureTime::from_nanos(at),
            bytes: bytes.to_vec(),
            missing: 0,
            fin: false,
        }
    }

    #[test]
    fn the_first_copy_of_a_byte_wins() {
        let mut held = Held::default();
        assert_eq!(held.insert(segment(14, b"EF", 1), 10), 0);
        assert_eq!(held.insert(segment(12, b"cdefgh", 2), 10), 2);
        let all: Vec<_> = std::iter::from_fn(|| held.pop()).collect();
        let parts: Vec<_> = all.iter().map(|part| (part.sequence, &part.bytes[..])).collect();
        assert_eq!(parts, [(12, &b"cd"[..]), (14, b"EF"), (16, b"gh")]);
        assert_eq!(held.bytes(), 0);
    }

    #[test]
    fn a_bare_fin_stays_bare() {
        let mut held = Held::default();
        held.insert(segment(20, b"later", 1), 10);
        held.insert(HeldSegment { fin: true, ..segment(12, b"", 2) }, 10);
        let all: Vec<_> = std::iter::from_fn(|| held.pop()).collect();
        let parts: Vec<_> =
            all.iter().map(|part| (part.sequence, part.length(), part.fin)).collect();
        assert_eq!(parts, [(12, 0, true), (20, 5, false)]);
    }

    proptest! {
        #[test]
        fn any_order_of_any_cuts_gives_the_bytes_once(
            cuts in prop::collection::vec((0_usize..60, 1_usize..30), 1..20),
            next in any::<u32>(),
        ) {
            let stream: Vec<u8> = (0..90).collect();
            let mut held = Held::default();
            let mut owner = [None; 90];
            for (turn, &(start, length)) in cuts.iter().enumerate() {
                let sequence = next.wrapping_add(start as u32);
                held.insert(segment(sequence, &stream[start..start + length], turn as u64), next);
                for byte in &mut owner[start..start + length] {
                    byte.get_or_insert(turn as u64);
                }
            }
            let mut got = [None; 90];
            while let Some(part) = held.pop() {
                let start = part.sequence.wrapping_sub(next) as usize;
                prop_assert_eq!(&part.bytes[..], &stream[start..start + part.bytes.len()]);
                for byte in &mut got[start..start + part.bytes.len()] {
                    prop_assert!(byte.replace(part.at.as_nanos()).is_none(), "a byte twice");
                }
            }
            prop_assert_eq!(got, owner);
        }
    }
}
