//! The first packets of a connection: who is the server, and how far away.

use super::flow::{Flow, NO_TIMES};
use crate::output::{Handshake, Sample, SampleKind};
use crate::packet::{Segment, TcpFlags};
use crate::pairing::Context;
use crate::slab::Slab;
use model::names::NameId;
use model::units::{CaptureTime, Nanos};

/// A connection's times, kept while somebody needs them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) handshake: Handshake,
    pub(crate) first: CaptureTime,
    /// The newest SYN, then the newest SYN-ACK.
    mark: CaptureTime,
    /// SYN → SYN-ACK.
    to_server: Option<Nanos>,
    told_connect: bool,
    told_first_byte: bool,
}

impl Times {
    pub(crate) fn new(first: CaptureTime) -> Self {
        Self { first, ..Self::default() }
    }
}

/// Reads a segment with SYN.
pub(crate) fn on_syn(flow: &mut Flow, segment: &Segment, times: &mut Slab<Times>) {
    let from = segment.from;
    let stream = flow.stream_mut(from);
    if !stream.synced || stream.span == 0 {
        stream.start(segment.sequence.wrapping_add(1));
    }
    let is_answer = segment.flags.has(TcpFlags::ACK);
    flow.server = Some(if is_answer { from } else { from.other() });
    let Some(times) = times.get_mut(flow.times) else { return };
    if is_answer {
        if times.handshake.syn.is_some() && times.handshake.established.is_none() {
            times.to_server = times.to_server.or(segment.time.since(times.mark));
            times.mark = segment.time;
        }
    } else if times.to_server.is_none() {
        times.handshake.syn.get_or_insert(segment.time);
        times.mark = segment.time;
    }
}

/// Reads a client's ACK of the handshake, and the server's first payload. `keep`: connections will be reported.
pub(crate) fn on_segment(
    flow: &mut Flow,
    segment: &Segment,
    length: u32,
    times: &mut Slab<Times>,
    context: &mut Context,
    keep: bool,
) {
    let Some(entry) = times.get_mut(flow.times) else { return };
    let is_client = flow.server == Some(segment.from.other());
    let handshake = &mut entry.handshake;
    if handshake.established.is_none() {
        if let (Some(to_server), true) =
            (entry.to_server, is_client && segment.flags.has(TcpFlags::ACK))
        {
            handshake.established = Some(segment.time);
            let to_client = segment.time.since(entry.mark);
            handshake.rtt =
                to_client.map(|to_client| Nanos(to_server.0.saturating_add(to_client.0)));
        }
    } else if !is_client && length > 0 {
        handshake.answered.get_or_insert(segment.time);
    }
    entry.tell(flow, context);
    if entry.told_first_byte && !keep {
        times.release(flow.times);
        flow.times = NO_TIMES;
    }
}

impl Times {
    /// Hands on the times that are known, once it is known on which wire.
    pub(crate) fn tell(&mut self, flow: &Flow, context: &mut Context) {
        if !flow.assigned {
            return;
        }
        let handshake = &self.handshake;
        if let (false, Some(at)) = (self.told_connect, handshake.established) {
            sample(flow, context, SampleKind::Connect, at, handshake.connect());
            sample(flow, context, SampleKind::RoundTrip, at, handshake.rtt);
            self.told_connect = true;
        }
        if let (false, Some(at)) = (self.told_first_byte, handshake.answered) {
            sample(flow, context, SampleKind::FirstByte, at, handshake.first_byte());
            self.told_first_byte = true;
        }
    }
}

fn sample(
    flow: &Flow,
    context: &mut Context,
    kind: SampleKind,
    at: CaptureTime,
    span: Option<Nanos>,
) {
    let Some(span) = span else { return };
    let place = context.next_place();
    let (wire, name, value) = (flow.wire, NameId::UNKNOWN, span.0);
    context.output.samples.push((place, Sample { wire, kind, name, at, value }));
}
