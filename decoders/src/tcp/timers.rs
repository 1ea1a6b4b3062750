//! What must happen when nothing does: deadlines in packet time.

use model::units::CaptureTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A deadline of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) deadline: CaptureTime,
    pub(crate) slot: u32,
    /// Of the connection that set it: a later one in the same place is not meant.
    pub(crate) generation: u32,
}

/// Deadlines, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Heap(BinaryHeap<Reverse<Timer>>);

impl Heap {
    pub(crate) fn push(&mut self, timer: Timer) {
        self.0.push(Reverse(timer));
    }

    pub(crate) fn pop_due(&mut self, now: CaptureTime) -> Option<Timer> {
        let due = self.0.peek().is_some_and(|Reverse(timer)| timer.deadline <= now);
        if due { self.0.pop().map(|Reverse(timer)| timer) } else { None }
    }
}

/// All deadlines of an engine.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// A request waits for its answer.
    pub(crate) answers: Heap,
    /// A hole may have to be given up.
    pub(crate) gaps: Heap,
    /// A closed connection can be forgotten.
    pub(crate) closed: Heap,
}
