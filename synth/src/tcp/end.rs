//! One end of a TCP connection, as much of it as a capture shows. Offsets count sequence numbers
//! from the SYN: the SYN is 0, the first byte is 1, the FIN follows the last byte.

use super::packet::{Flags, Segment};
use crate::ranges::Ranges;
use model::units::CaptureTime;

/// Segments that a sender has under way at first (RFC 6928) and at most.
const WINDOW_FIRST: u64 = 10;
const WINDOW_MAX: u64 = 64;
/// Acknowledge every second segment (RFC 1122, section 4.2.3.2).
const SEGMENTS_PER_ACK: u8 = 2;
/// Repeated acknowledgments that mean a loss (RFC 5681).
const DUPLICATE_ACKS: u8 = 3;

/// Sender and receiver state of one end.
#[derive(Debug)]
pub(crate) struct TcpEnd {
    /// Bytes per segment.
    pub(crate) mss: u16,
    /// Oldest offset that is not acknowledged.
    pub(crate) una: u64,
    /// Next offset to send.
    next: u64,
    /// End of what the application has written.
    pub(crate) end: u64,
    /// Whether a FIN follows the written bytes.
    fin: bool,
    window: u64,
    duplicate_acks: u8,
    /// While repairing a loss: what was sent when it was noticed.
    recover: Option<u64>,
    /// Next offset expected from the peer.
    pub(crate) received: u64,
    ahead: Ranges,
    unacknowledged: u8,
    /// What is owed to the peer since the last segment to it.
    pub(crate) owed: Acknowledge,
    /// When a delayed acknowledgment is due.
    pub(crate) ack_due: Option<CaptureTime>,
    /// Whether a timer for it is running.
    pub(crate) ack_timer: bool,
    /// When the link is free again.
    pub(crate) link_free: CaptureTime,
    /// IP identification of the next packet.
    pub(crate) next_id: u16,
    /// The newest timestamp option of the peer.
    pub(crate) echo: u32,
    /// Reset, by either side: sends nothing any more.
    pub(crate) dead: bool,
}

/// When to acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledge {
    /// There is nothing to acknowledge.
    No,
    /// Soon, or with the next data.
    Later,
    /// At once.
    Now,
}

impl TcpEnd {
    pub(crate) fn new(mss: u16, first_id: u16) -> Self {
        Self {
            mss,
            una: 0,
            next: 0,
            end: 1,
            fin: false,
            window: WINDOW_FIRST * u64::from(mss),
            duplicate_acks: 0,
            recover: None,
            received: 0,
            ahead: Ranges::default(),
            unacknowledged: 0,
            owed: Acknowledge::No,
            ack_due: None,
            ack_timer: false,
            link_free: CaptureTime::ZERO,
            next_id: first_id,
            echo: 0,
            dead: false,
        }
    }

    /// The segment that opens this end; `None` once sent.
    pub(crate) fn syn(&mut self) -> Option<Segment> {
        if self.next > 0 {
            return None;
        }
        self.next = 1;
        Some(Segment { offset: 0, len: 0, flags: Flags::SYN })
    }

    /// A FIN will follow what is written.
    pub(crate) fn close(&mut self) {
        self.fin = true;
    }

    pub(crate) const fn is_closing(&self) -> bool {
        self.fin
    }

    /// The next new segment that the window allows.
    pub(crate) fn next_segment(&mut self) -> Option<Segment> {
        let in_flight = self.next - self.una;
        let done = self.next >= self.end + u64::from(self.fin);
        if self.dead || self.next == 0 || done || (in_flight >= self.window && in_flight > 0) {
            return None;
        }
        let segment = self.segment_at(self.next);
        self.next = segment.end();
        Some(segment)
    }

    /// Whether [`Self::next_segment`] has more.
    pub(crate) const fn has_more(&self) -> bool {
        self.next < self.end && self.next - self.una < self.window
    }

    /// A pure acknowledgment.
    pub(crate) const fn bare(&self) -> Segment {
        Segment { offset: self.next, len: 0, flags: Flags::NONE }
    }

    fn segment_at(&self, offset: u64) -> Segment {
        let left = self.end.saturating_sub(offset);
        let len = left.min(u64::from(self.mss)) as u16;
        let mut flags = Flags::NONE;
        if u64::from(len) == left {
            if len > 0 {
                flags = flags.with(Flags::PSH);
            }
            if self.fin {
                flags = flags.with(Flags::FIN);
            }
        }
        Segment { offset, len, flags }
    }

    /// An acknowledgment up to `ack`; gives what it asks to be sent again.
    pub(crate) fn on_ack(&mut self, ack: u64, bare: bool) -> Option<Segment> {
        if ack > self.una {
            // The SYN opens no window.
            let newly = ack - self.una.max(1);
            self.window = (self.window + newly).min(WINDOW_MAX * u64::from(self.mss));
            self.una = ack;
            self.duplicate_acks = 0;
            match self.recover {
                // A partial acknowledgment names the next hole (RFC 6582).
                Some(recover) if ack < recover => return Some(self.segment_again()),
                _ => self.recover = None,
            }
        } else if bare && ack == self.una && self.next > self.una {
            self.duplicate_acks = self.duplicate_acks.saturating_add(1);
            if self.duplicate_acks == DUPLICATE_ACKS && self.recover.is_none() {
                self.recover = Some(self.next);
                return Some(self.segment_again());
            }
        }
        None
    }

    /// The oldest unacknowledged segment, no longer than what was sent.
    fn segment_again(&self) -> Segment {
        let mut segment = self.segment_at(self.una);
        let sent = self.next - self.una;
        if segment.end() > self.next {
            segment.len = segment.len.min(sent as u16);
            segment.flags = Flags::NONE;
        }
        segment
    }

    /// A segment of the peer arrived; true where the stream went on.
    pub(crate) fn on_segment(&mut self, offset: u64, end: u64, urgent: bool) -> bool {
        if offset == end {
            return false;
        }
        if end <= self.received {
            self.owed = Acknowledge::Now;
            return false;
        }
        if offset > self.received {
            self.ahead.insert(offset, end);
            self.owed = Acknowledge::Now;
            return false;
        }
        let repaired = !self.ahead.is_empty();
        self.received = self.ahead.reach(end);
        self.ahead.forget_before(self.received);
        self.unacknowledged += 1;
        if repaired || urgent || self.unacknowledged >= SEGMENTS_PER_ACK {
            self.owed = Acknowledge::Now;
        } else if self.owed == Acknowledge::No {
            self.owed = Acknowledge::Later;
        }
        true
    }

    /// Whatever is sent acknowledges all that arrived.
    pub(crate) fn acknowledged(&mut self) {
        self.unacknowledged = 0;
        self.owed = Acknowledge::No;
        self.ack_due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connected, with `written` bytes sent as far as the window allows.
    fn sender(written: u64) -> (TcpEnd, Vec<Segment>) {
        let mut end = TcpEnd::new(1_000, 0);
        end.syn();
        end.on_ack(1, true);
        end.end += written;
        let sent = std::iter::from_fn(|| end.next_segment()).collect();
        (end, sent)
    }

    #[test]
    fn ten_segments_go_out_and_acknowledgments_open_the_window() {
        let (mut end, sent) = sender(50_000);
        assert_eq!(sent.len(), 10);
        assert_eq!(end.on_ack(2_001, true), None);
        assert_eq!(std::iter::from_fn(|| end.next_segment()).count(), 4);
    }

    #[test]
    fn the_third_repeated_acknowledgment_and_each_partial_one_repair() {
        let (mut end, _) = sender(8_500);
        assert_eq!((end.on_ack(1, true), end.on_ack(1, true)), (None, None));
        let again = end.on_ack(1, true).unwrap();
        assert_eq!((again.offset, again.len), (1, 1_000));
        assert_eq!(end.on_ack(1, true), None, "once");
        assert_eq!(end.on_ack(3_001, true).unwrap().offset, 3_001);
        assert_eq!(end.on_ack(8_501, true), None, "all is repaired");
    }

    #[test]
    fn a_repair_holds_nothing_that_was_not_sent() {
        let (mut end, _) = sender(300);
        end.end += 5_000;
        end.close();
        let repaired = (0..3).find_map(|_| end.on_ack(1, true)).unwrap();
        assert_eq!((repaired.offset, repaired.len), (1, 300));
    }

    #[test]
    fn a_fin_rides_on_the_last_segment_or_goes_alone() {
        let (mut end, sent) = sender(300);
        assert!(sent.iter().all(|segment| !segment.flags.has(Flags::FIN)));
        end.close();
        let fin = end.next_segment().unwrap();
        assert_eq!((fin.offset, fin.len, fin.end()), (301, 0, 302));
        assert_eq!(end.next_segment(), None);
    }

    #[test]
    fn every_second_segment_and_every_surprise_is_acknowledged_at_once() {
        let mut end = TcpEnd::new(1_000, 0);
        assert!(end.on_segment(0, 1, true));
        end.acknowledged();
        assert!(end.on_segment(1, 101, false));
        assert_eq!(end.owed, Acknowledge::Later);
        assert!(end.on_segment(101, 201, false));
        assert_eq!(end.owed, Acknowledge::Now);
        end.acknowledged();
        assert!(!end.on_segment(301, 401, false), "a hole");
        assert_eq!((end.owed, end.received), (Acknowledge::Now, 201));
        assert!(end.on_segment(201, 301, false));
        assert_eq!(end.received, 401);
        assert!(!end.on_segment(201, 301, false), "a repeat");
    }
}
