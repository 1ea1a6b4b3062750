//! What is known about every transaction, written beside the capture.

use crate::SynthError;
use crate::connection::Connection;
use crate::exchange::{Exchange, Part};
use crate::tcp::Side;
use crate::workload::Fate;
use model::flow::Endpoint;
use model::protocol::Protocol;
use model::transaction::Outcome;
use model::units::{CaptureTime, Nanos};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// A place in the order of the answers' ends.
pub(crate) type Ticket = (CaptureTime, u64);

/// One line of the truth: the fields of `wirelat replay --transactions`, the raw target, and what
/// the capture lost.
#[derive(Debug, Serialize)]
struct Line<'a> {
    protocol: Protocol,
    client: Shown<Endpoint>,
    server: Shown<Endpoint>,
    operation: &'a str,
    target: &'a str,
    outcome: Outcome,
    code: Option<Shown<u16>>,
    request_first_ns: Option<CaptureTime>,
    request_last_ns: Option<CaptureTime>,
    response_first_ns: Option<CaptureTime>,
    response_last_ns: Option<CaptureTime>,
    first_byte_ns: Option<Nanos>,
    total_ns: Option<Nanos>,
    request_bytes: u64,
    response_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<Lost>,
}

/// Written as text.
#[derive(Debug)]
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// What of a transaction is not in the capture.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Lost {
    /// Bytes of the head that are not in the file: never captured, or cut off by the snaplen.
    request_head: bool,
    response_head: bool,
    /// Bytes that no captured packet carried, of any message, interim ones too.
    any: bool,
    /// No captured packet carried this byte: the moment is null.
    request_first: bool,
    request_last: bool,
    response_first: bool,
    response_last: bool,
    /// Bytes of a head, a chunk's length, a trailer that are not in the file.
    framing: bool,
    /// Bytes cut off by the snaplen.
    truncated: bool,
    /// The FIN that ends an answer without a length was never captured.
    close: bool,
}

/// Writes lines in the order in which the answers ended, whenever each was complete.
pub(crate) struct Truth<W> {
    output: Option<W>,
    dirty: bool,
    /// Lines that wait for earlier ones; `None` where a last byte was captured but others may come.
    waiting: BTreeMap<Ticket, Option<Vec<u8>>>,
    tickets: u64,
}

impl<W: Write> Truth<W> {
    pub(crate) fn new(output: Option<W>, dirty: bool) -> Self {
        Self { output, dirty, waiting: BTreeMap::new(), tickets: 0 }
    }

    /// A place in the order for an answer whose last byte was captured.
    pub(crate) fn ticket(&mut self, at: CaptureTime) -> Ticket {
        self.tickets += 1;
        let ticket = (at, self.tickets);
        if self.output.is_some() {
            self.waiting.insert(ticket, None);
        }
        ticket
    }

    /// Nothing more will be captured of an exchange.
    pub(crate) fn settle(
        &mut self,
        connection: &Connection,
        exchange: &Exchange,
        now: CaptureTime,
    ) -> Result<(), SynthError> {
        if self.output.is_none() {
            return Ok(());
        }
        let ticket = exchange.ticket.unwrap_or_else(|| self.ticket(now));
        let mut line = Vec::with_capacity(512);
        serde_json::to_writer(&mut line, &self.line(connection, exchange))?;
        line.push(b'\n');
        self.waiting.insert(ticket, Some(line));
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SynthError> {
        while let Some(first) = self.waiting.first_entry()
            && first.get().is_some()
        {
            let line = first.remove().unwrap_or_default();
            if let Some(output) = &mut self.output {
                output.write_all(&line).map_err(SynthError::Truth)?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), SynthError> {
        self.flush()?;
        self.output.as_mut().map_or(Ok(()), Write::flush).map_err(SynthError::Truth)
    }

    fn line<'a>(&self, connection: &Connection, exchange: &'a Exchange) -> Line<'a> {
        let plan = &exchange.plan;
        let moments = exchange.moments;
        let answered = plan.fate == Fate::Answered;
        Line {
            protocol: plan.protocol,
            client: Shown(connection.client),
            server: Shown(connection.server),
            operation: plan.method,
            target: &plan.target,
            outcome: outcome(exchange),
            code: (answered && plan.protocol == Protocol::Http).then_some(Shown(plan.status)),
            request_first_ns: moments.request_first,
            request_last_ns: moments.request_last,
            response_first_ns: moments.response_first,
            response_last_ns: moments.response_last,
            first_byte_ns: moments.first_byte(),
            total_ns: moments.total(),
            request_bytes: plan.request.own_len(),
            response_bytes: if answered { plan.response.own_len() } else { 0 },
            lost: self.dirty.then(|| lost(connection, exchange)),
        }
    }
}

fn outcome(exchange: &Exchange) -> Outcome {
    match exchange.plan.status {
        _ if exchange.plan.fate != Fate::Answered => Outcome::Unanswered,
        500.. => Outcome::ServerError,
        400.. => Outcome::ClientError,
        _ => Outcome::Ok,
    }
}

fn lost(connection: &Connection, exchange: &Exchange) -> Lost {
    let answered = exchange.response().is_some();
    let mut lost = Lost {
        request_first: exchange.moments.request_first.is_none(),
        request_last: exchange.moments.request_last.is_none(),
        response_first: answered && exchange.moments.response_first.is_none(),
        response_last: answered && exchange.moments.response_last.is_none(),
        ..Lost::default()
    };
    for (part, side, range) in exchange.parts() {
        let track = match side {
            Side::Client => &connection.client_track,
            Side::Server => &connection.server_track,
        };
        let uncarried = !track.carried.holds(range.start, range.end);
        lost.any |= uncarried;
        let kept = track.kept.as_ref().unwrap_or(&track.carried);
        if kept.holds(range.start, range.end) {
            continue;
        }
        for (from, to) in kept.missing(range.start, range.end) {
            lost.truncated |= track.carried.missing(from, to) != [(from, to)];
            let (from, to) = (from - range.start, to - range.start);
            let message = match part {
                Part::Request => &exchange.plan.request,
                Part::Interim => {
                    lost.framing = true;
                    continue;
                }
                Part::Response => &exchange.plan.response,
            };
            lost.framing |= message.has_framing(from, to);
            let head = from < message.head_len();
            lost.request_head |= head && part == Part::Request;
            lost.response_head |= head && part == Part::Response;
        }
    }
    if exchange.plan.close_delimited
        && let Some(range) = exchange.response()
    {
        lost.close = !connection.server_track.carried.holds(range.end, range.end + 1);
    }
    lost
}
