//! What the server says, each thing to the step that it is due for.

mod failures;

use super::Postgres;
use super::error::ServerError;
use super::expected::{Kind as Due, More, Step};
use super::message::{HEAD_BYTES, Head, Start};
use super::{message, tag};
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::output::{Attributes, Detail};
use crate::pairing::Events;
use model::flow::Direction;
use model::transaction::Code;
use model::units::CaptureTime;

/// Where the answer to the first request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answering {
    #[default]
    No,
    Yes,
    /// It is under way, and not known to the pairing.
    Unheard,
}

/// What the end of a message means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ends {
    #[default]
    Nothing,
    /// A statement's answer; ReadyForQuery comes when there are no more.
    Statement,
    /// The answer, and with it the step.
    Step,
    /// The same by an error: all up to the Sync is passed over.
    Failed,
    /// An error that nothing is open for.
    Refusal,
}

/// An error that waits for the Execute or Sync that it is the answer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    error: ServerError,
    at: CaptureTime,
    last_at: Option<CaptureTime>,
    bytes: u64,
}

/// Where the server stands.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// A request for encryption, which the server answers with one byte.
    pub(super) asked: Option<Start>,
    pub(super) in_message: bool,
    ends: Ends,
    answering: Answering,
    /// The first step is a Query or FunctionCall, and its newest statement is answered.
    statement_ended: bool,
    /// Nothing more is a statement of that Query: it failed, or was a stream.
    is_last: bool,
    /// Bytes since the last answer's end.
    bytes: u64,
    rows: u64,
    parse_ns: Option<u64>,
    bind_ns: Option<u64>,
    pub(super) refused: Option<Refusal>,
    /// Of what the client adds to the first request, passwords or data, something was lost.
    pub(super) asked_is_cut: bool,
}

impl Server {
    /// What was due is void.
    pub(super) fn forget(&mut self) {
        *self = Self { asked: self.asked, ..Self::default() };
    }

    const fn row(&mut self, head: Head) {
        self.bytes += head.bytes();
        self.rows += 1;
    }
}

struct Message<'a> {
    head: Head,
    /// As much of the body as is read.
    body: &'a [u8],
    /// When its first byte came, and the last of its head.
    at: CaptureTime,
    head_at: CaptureTime,
}

impl Postgres {
    pub(super) fn read_server(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        if !out.is_in_order() && out.oldest_tag().is_none() {
            self.forget_expected();
        }
        let mut offset = 0;
        while let Some(rest) = chunk.bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            if let Some(asked) = self.server.asked.take() {
                match (asked, rest.first()) {
                    (Start::Ssl, Some(b'S')) | (Start::Gss, Some(b'G')) => {
                        return Ok(Progress::Opaque { consumed: offset + 1 });
                    }
                    (_, Some(b'N')) => {
                        offset += 1;
                        continue;
                    }
                    // A server that does not know the request answers it with an error.
                    (_, Some(b'E')) => {}
                    (_, _) => return Err(DecodeError("not an answer to a request for encryption")),
                }
            }
            let Some(head) = Head::read(rest) else {
                return Ok(Progress::Need { consumed: offset });
            };
            if !head.is_plausible(Direction::ToClient) {
                return Err(DecodeError("not a message of a server"));
            }
            // Most messages are rows.
            let is_row = head.kind == b'D' && self.server.answering != Answering::No;
            if is_row && head.bytes() <= rest.len() as u64 {
                self.server.row(head);
                offset += head.bytes() as usize;
                continue;
            }
            let read = HEAD_BYTES + head.peeked(Direction::ToClient);
            let Some(body) = rest.get(HEAD_BYTES..read) else {
                return Ok(Progress::Need { consumed: offset });
            };
            let (at, head_at) = (chunk.time_at(offset), chunk.time_at(offset + HEAD_BYTES - 1));
            self.message_begins(&Message { head, body, at, head_at }, out)?;
            match usize::try_from(head.bytes()).ok().filter(|&bytes| bytes <= rest.len()) {
                Some(bytes) => {
                    offset += bytes;
                    self.message_ended(Some(chunk.time_at(offset - 1)), out);
                }
                None => {
                    self.server.in_message = true;
                    let bytes = head.bytes() - read as u64;
                    return Ok(Progress::Skip { consumed: offset + read, bytes });
                }
            }
        }
        Ok(Progress::Consumed(offset))
    }

    /// Reads a message that goes on in a gap; how many bytes it has.
    pub(super) fn read_cut_message(
        &mut self,
        seen: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Option<u64> {
        let head = Head::read(seen.bytes).filter(|head| head.is_plausible(Direction::ToClient))?;
        if self.server.asked.is_some() || head.kind == b'Z' {
            return None;
        }
        let body = seen.bytes.get(HEAD_BYTES..)?;
        if head.kind == b'E' && ServerError::read(body).code == Code::None {
            // Whose fault it is nobody knows.
            return None;
        }
        let (at, head_at) = (seen.time_at(0), seen.time_at(HEAD_BYTES - 1));
        self.message_begins(&Message { head, body, at, head_at }, out).ok()?;
        self.server.in_message = true;
        Some(head.bytes())
    }

    fn message_begins(
        &mut self,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let kind = message.head.kind;
        if kind == b'D' && self.server.answering != Answering::No {
            self.server.row(message.head);
            return Ok(());
        }
        let front = self.expected.front();
        let starts_up = front.is_some_and(|step| step.kind == Due::StartUp);
        if matches!(kind, b'N' | b'A') || (kind == b'S' && !starts_up) {
            out.notice(|notices| notices.interim_answers += 1);
            return Ok(());
        }
        let Some(step) = front else { return self.unasked(message, out) };
        self.server.bytes += message.head.bytes();
        if kind == b'E' {
            let error = ServerError::read(message.body);
            return self.fails(step, error, message, out);
        }
        match step.kind {
            Due::StartUp => self.starting(kind, message, out),
            Due::Query => self.answers_query(kind, step, message, out),
            Due::Execute => self.answers_statement(kind, Ends::Step, message, out),
            Due::FunctionCall => match kind {
                b'V' => {
                    self.answers(message.at, out);
                    (self.server.ends, self.server.statement_ended) = (Ends::Statement, true);
                    Ok(())
                }
                b'Z' if self.server.statement_ended => self.ready(message, out),
                _ => Err(DecodeError("not an answer to a FunctionCall")),
            },
            Due::Sync if kind == b'Z' => {
                self.answers(message.at, out);
                if let Some(refused) = self.server.refused.take() {
                    out.code(refused.error.code, refused.error.outcome());
                    self.server.bytes += refused.bytes;
                }
                self.server.ends = Ends::Step;
                self.at_ready(message)
            }
            Due::IdleSync if kind == b'Z' => self.ready(message, out),
            _ => self.answers_step(kind, step, message, out),
        }
    }

    /// Parse, Bind, Describe, Close.
    fn answers_step(
        &mut self,
        kind: u8,
        step: Step,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let took = || message.head_at.since(step.first).map(|span| span.0);
        match (step.kind, kind) {
            (Due::Parse, b'1') => self.server.parse_ns = took(),
            (Due::Bind, b'2') => self.server.bind_ns = took(),
            (Due::DescribeStatement, b't') => return Ok(()),
            (Due::DescribeStatement | Due::DescribePortal, b'T' | b'n') | (Due::Close, b'3') => {}
            (_, _) => return Err(DecodeError("not the answer that is due")),
        }
        self.expected.pop(out);
        Ok(())
    }

    fn starting(
        &mut self,
        kind: u8,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        match kind {
            b'R' | b'K' | b'S' | b'v' => self.answers(message.at, out),
            b'Z' => {
                self.answers(message.at, out);
                self.server.ends = Ends::Step;
                self.at_ready(message)?;
            }
            _ => return Err(DecodeError("not an answer to a start-up")),
        }
        Ok(())
    }

    fn answers_query(
        &mut self,
        kind: u8,
        step: Step,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        match (kind, self.server.statement_ended) {
            (b'Z', true) => return self.ready(message, out),
            (b'Z' | b's', _) => return Err(DecodeError("no end of a Query's statement")),
            // A stream of replication ends with two of these.
            (_, true) if self.server.is_last => return Ok(()),
            (_, true) => self.next_statement(step, out),
            (_, false) => {}
        }
        if kind == b'T' {
            self.answers(message.at, out);
            return Ok(());
        }
        self.answers_statement(kind, Ends::Statement, message, out)
    }

    /// The server goes on after a statement's end: the Query has another.
    fn next_statement(&mut self, step: Step, out: &mut Events<'_>) {
        self.server.statement_ended = false;
        let part = self.expected.next_part();
        if !out.is_in_order() {
            self.server.answering = Answering::Unheard;
            return;
        }
        let (named, bytes) = match part {
            Some(part) => (part.named, part.bytes),
            None => (out.unnamed(b"Query"), 0),
        };
        let last = if let More::Last(last) = step.more { Some(last) } else { None };
        out.begin_part(named, step.first, last, bytes);
    }

    /// What a statement's answer is made of, in both protocols.
    fn answers_statement(
        &mut self,
        kind: u8,
        ends: Ends,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        match kind {
            b'D' => self.server.rows += 1,
            b'G' | b'W' => {
                self.client.copying = !self.expected.swallow_syncs();
                self.server.is_last |= kind == b'W';
            }
            b'H' | b'd' | b'c' => {}
            b'C' | b'I' | b's' => {}
            _ => return Err(DecodeError("not an answer to a statement")),
        }
        self.answers(message.at, out);
        if matches!(kind, b'C' | b'I' | b's') {
            self.complete(kind, message, out);
            self.server.ends = ends;
            self.server.statement_ended = ends == Ends::Statement;
        }
        Ok(())
    }

    /// CommandComplete, EmptyQueryResponse, PortalSuspended.
    fn complete(&mut self, kind: u8, message: &Message<'_>, out: &mut Events<'_>) {
        self.client.copying = false;
        if self.server.answering != Answering::Yes {
            return;
        }
        let rows = self.server.rows;
        match (kind, message::text(message.body)) {
            (b'C', Some((text, _))) => {
                let (tag, counted) = tag::read(text);
                out.response_detail(Detail::CommandTag, tag);
                if let Some(rows) = counted.or((rows > 0).then_some(rows)) {
                    out.rows(rows);
                }
            }
            (b's', _) => {
                out.response_attribute(Attributes::SUSPENDED);
                out.rows(rows);
            }
            (_, _) => {}
        }
    }

    /// The answer to the first request begins, unless it has.
    fn answers(&mut self, at: CaptureTime, out: &mut Events<'_>) {
        if self.server.answering != Answering::No {
            return;
        }
        self.server.answering = Answering::Yes;
        out.begin_response(at);
        let Server { parse_ns, bind_ns, .. } = &mut self.server;
        for (detail, took) in [(Detail::Parse, parse_ns.take()), (Detail::Bind, bind_ns.take())] {
            if let Some(took) = took {
                out.response_detail(detail, took);
            }
        }
    }

    /// ReadyForQuery: the step is over, its answers are before it.
    fn ready(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Result<(), DecodeError> {
        self.at_ready(message)?;
        self.server.forget();
        self.expected.pop(out);
        Ok(())
    }

    fn at_ready(&mut self, message: &Message<'_>) -> Result<(), DecodeError> {
        match message.body {
            // No portal outlives its transaction; those that were bound since belong to what is still due.
            [b'I'] if self.expected.len() == 1 => self.prepared.forget_portals(),
            [b'I' | b'T' | b'E'] => {}
            _ => return Err(DecodeError("not a transaction's status")),
        }
        Ok(())
    }

    /// Nothing is due.
    fn unasked(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Result<(), DecodeError> {
        let kind = message.head.kind;
        self.client.is_owed &= kind != b'Z';
        let says_goodbye = kind == b'E' && ServerError::read(message.body).ends_session;
        if says_goodbye || !out.is_in_order() {
            return Ok(());
        }
        if out.oldest_tag().is_none() {
            out.begin_response(message.at);
        }
        match out.is_in_order() {
            true => Err(DecodeError("an answer that nobody asked for")),
            false => Ok(()),
        }
    }

    /// A message is whole.
    pub(super) fn message_ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        let ends = std::mem::take(&mut self.server.ends);
        match ends {
            Ends::Nothing => return,
            Ends::Refusal => {
                if let Some(refused) = &mut self.server.refused {
                    refused.last_at = at;
                }
                return;
            }
            Ends::Statement | Ends::Step | Ends::Failed => {}
        }
        let server = &mut self.server;
        let (bytes, answering) = (server.bytes, std::mem::take(&mut server.answering));
        (server.bytes, server.rows) = (0, 0);
        let is_cut = std::mem::take(&mut server.asked_is_cut);
        if answering == Answering::Yes {
            if is_cut {
                out.forget_request_bytes();
            }
            out.end_response(at, Some(bytes));
        }
        if matches!(ends, Ends::Step | Ends::Failed) {
            (server.statement_ended, server.is_last) = (false, false);
            self.expected.pop(out);
        }
        if ends == Ends::Failed {
            self.skip_to_sync(out);
        }
    }

    /// The server says no more.
    pub(super) fn cut_answer(
        &mut self,
        last_at: Option<CaptureTime>,
        unread: u64,
        out: &mut Events<'_>,
    ) {
        if self.server.answering == Answering::Yes {
            out.cut_response(last_at, Some(self.server.bytes.saturating_sub(unread)));
        }
    }
}
