//! What is spoken on a connection, and by whom: told by its bytes.

use super::driver;
use crate::decoder::{Mark, Probe};
use crate::limits::{PROBE_BYTES_MAX, PROBES_MAX};
use crate::pairing::{Context, Trust};
use crate::protocols::{DECODERS, Known};
use crate::tcp::account::Fate;
use crate::tcp::flow::{Buffer, Flow, Mode};
use crate::tcp::reassembly::Data;
use crate::wires::Wires;
use model::flow::{Direction, End};
use model::protocol::Protocol;
use model::units::CaptureTime;

/// Looks at bytes of a connection whose protocol is not known.
pub(super) fn feed(flow: &mut Flow, slot: u32, data: Data<'_>, context: &mut Context) {
    if !flow.buffered
        && let Verdict::Certain(known, direction) =
            probe(flow, data.from, data.bytes, &context.wires)
    {
        // The common case: the first segment says it all.
        let is_whole = flow.stream(data.from).span == data.bytes.len() as u64;
        begin(
            flow,
            known,
            (data.from, direction),
            is_whole && flow.stream(data.from.other()).span == 0,
            context,
        );
        return driver::feed(flow, slot, data, context);
    }
    let mut buffer = flow.take_buffer(data.from, context);
    buffer.bytes.extend_from_slice(data.bytes);
    buffer.marks.push(Mark { end: buffer.bytes.len(), at: data.at });
    match probe(flow, data.from, &buffer.bytes, &context.wires) {
        Verdict::Certain(known, direction) => {
            settle(flow, slot, data, (known, direction), buffer, context);
        }
        Verdict::Unsure if buffer.bytes.len() <= PROBE_BYTES_MAX => {
            flow.put_buffer(data.from, buffer, context);
        }
        Verdict::Unsure | Verdict::NotThis if is_tls(&buffer.bytes) => {
            flow.account(&mut context.wires, data.from, Fate::Opaque, buffer.bytes.len() as u64);
            give_up(flow, Mode::Opaque, context);
        }
        Verdict::Unsure | Verdict::NotThis => {
            let waited = buffer.bytes.len().saturating_sub(data.bytes.len());
            let passed = if waited > 0 { waited } else { data.bytes.len() };
            flow.account(&mut context.wires, data.from, Fate::NotUnderstood, passed as u64);
            // In the middle of a stream one message can take any number of segments: a side's turn counts once.
            let is_joined = !flow.from_start;
            let rare = flow.rare();
            let is_same_turn = rare.probed.replace(data.from) == Some(data.from);
            if !is_joined || !is_same_turn {
                rare.probes += 1;
            }
            if rare.probes >= PROBES_MAX {
                give_up(flow, Mode::NotUnderstood, context);
            }
            if waited > 0 {
                // What waited was not the start of anything; this segment may be.
                driver::feed(flow, slot, data, context);
            }
        }
    }
}

/// What decoders say of bytes.
enum Verdict {
    /// They begin a message of this protocol that travels this way.
    Certain(&'static Known, Direction),
    /// They may, of some protocol.
    Unsure,
    /// Of none.
    NotThis,
}

/// Whether the bytes begin a message of a protocol that is decoded, and which way they travel then. The first decoder
/// that is certain has them; on a wire that was asked for, only its own is asked.
fn probe(flow: &Flow, from: End, bytes: &[u8], wires: &Wires) -> Verdict {
    let asked_for = if flow.assigned { Some(wires.protocol(flow.wire)) } else { None };
    let mut verdict = Verdict::NotThis;
    let may_be = |known: &&Known| asked_for.is_none_or(|it| speaks(it, known.protocol));
    for known in DECODERS.iter().filter(may_be) {
        match probe_one(known, flow, from, bytes) {
            (Probe::Certain, direction) => return Verdict::Certain(known, direction),
            (Probe::Unsure, _) => verdict = Verdict::Unsure,
            (Probe::NotThis, _) => {}
        }
    }
    verdict
}

/// Whether a wire of one protocol may speak the other: servers speak both versions of HTTP on one port.
fn speaks(asked_for: Protocol, protocol: Protocol) -> bool {
    let is_http = |protocol| matches!(protocol, Protocol::Http | Protocol::Http2);
    asked_for == protocol || (is_http(asked_for) && is_http(protocol))
}

fn probe_one(known: &Known, flow: &Flow, from: End, bytes: &[u8]) -> (Probe, Direction) {
    let probe = |direction| match (known.probe)(direction, bytes) {
        // In the middle of a stream a body may look like a message.
        Probe::Certain
            if !flow.from_start && (known.resync)(direction, bytes) != Probe::Certain =>
        {
            Probe::NotThis
        }
        probe => probe,
    };
    if flow.server.is_some() {
        let direction = flow.direction(from);
        return (probe(direction), direction);
    }
    match (probe(Direction::ToServer), probe(Direction::ToClient)) {
        (Probe::Certain, _) => (Probe::Certain, Direction::ToServer),
        (_, Probe::Certain) => (Probe::Certain, Direction::ToClient),
        (Probe::NotThis, Probe::NotThis) => (Probe::NotThis, Direction::ToServer),
        (_, _) => (Probe::Unsure, Direction::ToServer),
    }
}

/// The protocol is known, and bytes wait.
fn settle(
    flow: &mut Flow,
    slot: u32,
    data: Data<'_>,
    (known, direction): (&'static Known, Direction),
    buffer: Buffer,
    context: &mut Context,
) {
    flow.put_buffer(data.from, buffer, context);
    // Nothing was passed over: what was not delivered to a decoder yet is what waits.
    let is_whole =
        [End::Low, End::High].into_iter().all(|end| flow.stream(end).span == flow.waiting(end));
    let server = begin(flow, known, (data.from, direction), is_whole, context);
    drain(flow, slot, data, server, context);
    flow.rare().probes = 0;
}

/// The decoder begins here. `is_whole`: with the first byte of both directions. Returns the server's end.
fn begin(
    flow: &mut Flow,
    known: &Known,
    (from, direction): (End, Direction),
    is_whole: bool,
    context: &mut Context,
) -> End {
    let server = match direction {
        Direction::ToServer => from.other(),
        Direction::ToClient => from,
    };
    flow.server = Some(server);
    let from_start = flow.from_start && is_whole;
    if !flow.assigned {
        let port = flow.key.endpoint(server).port;
        let wire = context.wires.detected(known.protocol, port, &mut context.output.fresh);
        flow.assign(&mut context.wires, wire);
    }
    let mut decoder = (known.begin)();
    if !from_start {
        decoder.restart(Direction::ToServer);
        decoder.restart(Direction::ToClient);
    }
    flow.mode = Mode::Decoding(decoder);
    if known.pairs_by_id {
        flow.pairing.pair_by_id();
    } else {
        flow.pairing.trust = if from_start { Trust::Proven } else { Trust::Provisional };
    }
    flow.stream_mut(from.other()).lost = !from_start;
    server
}

/// Hands on what waited for detection, packet by packet, in the order in which they came; of one moment the requests
/// first, so that an answer finds its own.
fn drain(flow: &mut Flow, slot: u32, data: Data<'_>, server: End, context: &mut Context) {
    let buffers = [server.other(), server].map(|end| (end, flow.take_buffer(end, context)));
    let mut packets: Vec<(CaptureTime, Data<'_>)> = Vec::new();
    for (end, buffer) in &buffers {
        let (mut start, mut newest) = (0, CaptureTime::ZERO);
        for mark in &buffer.marks {
            let bytes = buffer.bytes.get(start..mark.end).unwrap_or_default();
            start = mark.end;
            // Where times go back, a direction keeps its order all the same.
            newest = newest.max(mark.at);
            if !bytes.is_empty() {
                packets.push((newest, Data { from: *end, bytes, at: mark.at, ..data }));
            }
        }
    }
    packets.sort_by_key(|&(order, _)| order);
    for (_, packet) in packets {
        driver::feed(flow, slot, Data { missing: 0, fin: false, ..packet }, context);
    }
}

fn give_up(flow: &mut Flow, mode: Mode, context: &mut Context) {
    for end in [End::Low, End::High] {
        let waiting = flow.take_buffer(end, context);
        if !waiting.bytes.is_empty() {
            flow.account(&mut context.wires, end, Fate::NotUnderstood, waiting.bytes.len() as u64);
        }
    }
    flow.mode = mode;
    flow.rare().probes = 0;
    flow.assign_unknown(&mut context.wires, &mut context.output.fresh);
}

/// A TLS record of the handshake (RFC 8446, section 5.1).
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 0x03, 0x00..=0x04, ..])
}
