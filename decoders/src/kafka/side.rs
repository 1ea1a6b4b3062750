//! One direction: where it stands, and what the message that is arriving has said so far.

use super::heard::{Heard, Of};
use super::probe::SIZE_BYTES;
use super::tag::Tag;
use super::walk::{Step, Walk};
use crate::pairing::Events;

/// How far a message is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Between two messages, or in a head.
    #[default]
    Head,
    /// It is gone through.
    Reading,
    /// Everything of interest is known; the rest is passed over.
    Read,
    /// What it says is not known; the rest is passed over.
    Unread,
    /// It belongs to no request that is known; the rest is passed over.
    Nobody,
}

/// How a message goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// With more bytes.
    Need,
    /// Behind so many bytes that are passed over.
    Pass(u32),
    /// It is whole.
    Ended,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) stage: Stage,
    pub(super) tag: Tag,
    /// A request's correlation id.
    pub(super) id: u32,
    /// Bytes of the message, its size included.
    pub(super) bytes: u64,
    /// Bytes of the message that are still to come.
    pub(super) left: u32,
    /// Bytes that the driver passes over, of those.
    pub(super) passing: u32,
    /// Bytes of it were lost where they would have been read.
    pub(super) is_torn: bool,
    pub(super) walk: Walk,
    pub(super) heard: Heard,
}

impl Side {
    /// A message of this size begins, of which so many bytes were read.
    pub(super) fn begin(&mut self, stage: Stage, size: u32, read: u32) {
        self.stage = stage;
        self.bytes = u64::from(size) + u64::from(SIZE_BYTES);
        self.left = size.saturating_sub(read);
        (self.passing, self.is_torn) = (0, false);
        self.heard.clear();
    }

    /// What the message is, where that is known.
    pub(super) fn of(&self, is_request: bool) -> Option<Of> {
        Some(Of { key: self.tag.key, api: self.tag.api()?, is_request })
    }

    /// Bytes of the message that came. `unread`: of those that are passed over, so many never did.
    pub(super) fn bytes_so_far(&self, unread: u64) -> u64 {
        let passed = u64::from(self.passing).saturating_sub(unread);
        self.bytes.saturating_sub(u64::from(self.left)).saturating_add(passed)
    }

    /// Reads the front of `bytes`, as far as the message goes; how much was read.
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        is_request: bool,
        out: &mut Events<'_>,
    ) -> (usize, Walked) {
        let (mut at, of) = (0, self.of(is_request));
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let rest = rest.get(..rest.len().min(self.left as usize)).unwrap_or_default();
            let (read, pass) = match (self.stage, of) {
                (Stage::Reading, Some(of)) => match self.walk.next(rest, self.left) {
                    Step::Found { read, pass, fact } => {
                        self.heard.hear(fact, of, out);
                        (read, pass)
                    }
                    Step::Pass { read, pass } => (read, pass),
                    Step::Need if rest.len() < self.left as usize => return (at, Walked::Need),
                    // Of an answer, what comes behind the last thing of interest does not matter.
                    Step::Done if self.left == 0 || !is_request => {
                        self.stage = Stage::Read;
                        continue;
                    }
                    Step::Need | Step::Done | Step::Odd => {
                        self.stage = Stage::Unread;
                        continue;
                    }
                },
                (_, _) if self.left == 0 => return (at, Walked::Ended),
                (_, _) => (0, self.left),
            };
            self.left -= read;
            at += read as usize;
            if pass as usize > rest.len() - read as usize {
                self.passing = pass;
                return (at, Walked::Pass(pass));
            }
            self.left -= pass;
            at += pass as usize;
        }
    }

    /// What was passed over is over.
    pub(super) fn passed(&mut self) {
        self.left -= std::mem::take(&mut self.passing);
    }

    /// Bytes behind `seen` that wait are lost: how many there are up to the message's end.
    pub(super) fn tear(&mut self, seen: usize) -> Option<u64> {
        let behind = self.left.checked_sub(u32::try_from(seen).ok()?)?;
        if self.stage == Stage::Head || behind == 0 {
            return None;
        }
        if self.stage == Stage::Reading {
            (self.stage, self.is_torn) = (Stage::Unread, true);
        }
        (self.left, self.passing) = (behind, behind);
        Some(u64::from(behind))
    }
}
