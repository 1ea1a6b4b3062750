//! What happens next, in order of time; ties in the order in which they were planned.

use crate::tcp::{Packet, Segment, Side};
use model::units::CaptureTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The place of a connection in the table of open ones.
pub(crate) type Slot = u32;

/// Something that happens to one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A packet passes the tap.
    Tap(Packet),
    /// It passes a second capture point.
    TapAgain(Packet),
    /// It reaches the other end.
    Arrive(Packet),
    /// A delayed acknowledgment may be due.
    AckTimer(Side),
    /// A lost segment's retransmission timer.
    Retransmit { from: Side, segment: Segment, attempt: u8 },
    /// The client writes its next requests.
    ClientRequest,
    /// The client writes the body that it held back until asked for.
    ClientBody,
    /// The server asks for the body.
    ServerContinue,
    /// The server writes the next piece of its answer.
    ServerWrite,
    /// An end sends its FIN.
    Close(Side),
    /// An end sends a reset.
    Reset(Side),
}

/// Events by time. The heap moves small keys; the events stay where they are.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    heap: BinaryHeap<Reverse<(CaptureTime, u64, u32)>>,
    events: Vec<Option<(Slot, Event)>>,
    free: Vec<u32>,
    planned: u64,
}

impl Schedule {
    pub(crate) fn plan(&mut self, at: CaptureTime, slot: Slot, event: Event) {
        let index = match self.free.pop() {
            Some(index) => {
                if let Some(place) = self.events.get_mut(index as usize) {
                    *place = Some((slot, event));
                }
                index
            }
            None => {
                self.events.push(Some((slot, event)));
                (self.events.len() - 1) as u32
            }
        };
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned, index)));
    }

    /// When the next event is.
    pub(crate) fn next_at(&self) -> Option<CaptureTime> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<(CaptureTime, Slot, Event)> {
        let Reverse((at, _, index)) = self.heap.pop()?;
        let (slot, event) = self.events.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some((at, slot, event))
    }
}
