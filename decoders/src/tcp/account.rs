//! Where each byte of a stream is written down: with its connection, and with its wire once there is one.

use super::flow::{Flow, Losses, Stream, at, at_mut};
use crate::wires::Wires;
use model::flow::End;
use model::ledger::{Ledger, Streams};
use model::protocol::Protocol;
use model::wire::WireId;

/// What became of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Decoded,
    Skipped,
    Opaque,
    NotUnderstood,
    Gap,
}

impl Flow {
    /// `bytes` more of `from`'s sequence space are behind us.
    #[inline]
    pub(crate) fn advance(&mut self, wires: &mut Wires, from: End, bytes: u32) {
        let stream = self.stream_mut(from);
        stream.next = stream.next.wrapping_add(bytes);
        stream.span += u64::from(bytes);
        if let Some(ledger) = self.ledger(wires) {
            ledger.streams.span += u64::from(bytes);
        }
    }

    /// The wire's ledger, once the connection has a wire.
    #[inline]
    pub(crate) fn ledger<'a>(&self, wires: &'a mut Wires) -> Option<&'a mut Ledger> {
        if self.assigned { wires.ledger_mut(self.wire) } else { None }
    }

    /// Writes down what became of bytes that `advance` counted.
    #[inline]
    pub(crate) fn account(&mut self, wires: &mut Wires, from: End, fate: Fate, bytes: u64) {
        match fate {
            // Of a connection only the rest is kept; what was skipped, where somebody asks for it, by the driver.
            Fate::Decoded | Fate::Skipped => {}
            Fate::Opaque => self.losses(from).opaque += bytes,
            Fate::NotUnderstood => self.losses(from).not_understood += bytes,
            Fate::Gap => self.losses(from).gap += bytes,
        }
        let Some(ledger) = self.ledger(wires) else { return };
        let streams = &mut ledger.streams;
        match fate {
            Fate::Decoded => streams.decoded += bytes,
            Fate::Skipped => streams.skipped += bytes,
            Fate::Opaque => streams.opaque += bytes,
            Fate::NotUnderstood => streams.not_understood += bytes,
            Fate::Gap => streams.gap += bytes,
        }
    }

    fn losses(&mut self, from: End) -> &mut Losses {
        at_mut(&mut self.rare().losses, from)
    }

    /// Puts the connection on a wire; what it has counted so far goes to the wire's ledger.
    pub(crate) fn assign(&mut self, wires: &mut Wires, wire: WireId) {
        if self.assigned {
            return;
        }
        let mut before = self.streams_account(End::Low, 0);
        before.add(&self.streams_account(End::High, 0));
        // Without a wire nothing is decoded: what is left over waits, and will be written down when it is read.
        before.decoded = 0;
        (self.wire, self.assigned) = (wire, true);
        if let Some(ledger) = wires.ledger_mut(wire) {
            ledger.streams.add(&before);
        }
    }

    /// The wire for a connection that no decoder knows.
    pub(crate) fn assign_unknown(
        &mut self,
        wires: &mut Wires,
        fresh: &mut Vec<crate::output::Fresh>,
    ) {
        if let (false, Some(server)) = (self.assigned, self.server) {
            let wire = wires.detected(Protocol::Tcp, self.key.endpoint(server).port, fresh);
            self.assign(wires, wire);
        }
    }

    /// Bytes of an end that were delivered and wait in a buffer.
    pub(crate) fn waiting(&self, end: End) -> u64 {
        self.rare.as_ref().map_or(0, |rare| at(&rare.buffers, end).bytes.len() as u64)
    }

    /// What became of one end's bytes, of which `skipped` were skipped.
    pub(crate) fn streams_account(&self, from: End, skipped: u64) -> Streams {
        let &Stream { span, .. } = self.stream(from);
        let losses = self.rare.as_ref().map_or(Losses::default(), |rare| *at(&rare.losses, from));
        let Losses { opaque, not_understood, gap } = losses;
        let rest = span.saturating_sub(skipped + opaque + not_understood + gap);
        Streams { span, decoded: rest, skipped, opaque, not_understood, buffered: 0, gap }
    }
}
