//! What a decoder says while it reads: messages begin, get names and codes, and end.

mod answers;
mod requests;
mod streams;

use super::{Context, Pairing, Parties};
use crate::output::{Sample, SampleKind};
use model::ledger::Notices;
use model::names::NameId;
use model::units::CaptureTime;

/// How a request and its answer find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// By order. With another request open, the client pipelines.
    InOrder,
    /// By order, and the request belongs with the one before it: the client need not have waited.
    Together,
    /// By a number that the answer repeats. Only for decoders that pair by id.
    Id(u64),
}

/// What a request is filed under: numbers of the wire's tables, kept where a statement is named before it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub(crate) operation: NameId,
    pub(crate) name: NameId,
}

impl Default for Named {
    /// Not known.
    fn default() -> Self {
        Self { operation: NameId::UNKNOWN, name: NameId::UNKNOWN }
    }
}

/// A decoder's way to its connection's pairing.
pub struct Events<'a> {
    pub(crate) pairing: &'a mut Pairing,
    pub(crate) context: &'a mut Context,
    pub(crate) parties: &'a Parties,
    /// The client had received all that the server had sent when it sent the bytes at hand, and the server stood
    /// between two answers.
    pub(crate) quiet: bool,
}

impl Events<'_> {
    /// Counts something worth knowing of the wire.
    pub fn notice(&mut self, count: impl FnOnce(&mut Notices)) {
        if let Some(ledger) = self.context.wires.ledger_mut(self.parties.wire) {
            count(&mut ledger.notices);
        }
    }

    /// An empty buffer that all connections share, for what is needed while one message is read; it comes back with
    /// [`Self::give_scratch`].
    pub fn take_scratch(&mut self) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.context.scratch);
        scratch.clear();
        scratch
    }

    /// See [`Self::take_scratch`].
    pub fn give_scratch(&mut self, scratch: Vec<u8>) {
        if scratch.capacity() > self.context.scratch.capacity() {
            self.context.scratch = scratch;
        }
    }

    /// A value that has a series of its own, filed under `named`.
    pub fn sample(&mut self, kind: SampleKind, named: Named, at: CaptureTime, value: u64) {
        let place = self.context.next_place();
        let wire = self.parties.wire;
        self.context
            .output
            .samples
            .push((place, Sample { wire, kind, name: named.name, at, value }));
    }
}
