//! Answers: OK, ERR, or results of columns and rows, one after the other.

use super::commands::{Answer, Tag};
use super::errors;
use super::packet::{
    EOF_BYTES, Fields, HEADER_BYTES, Header, PROGRESS, RESULT_BYTES_MAX, Status, error_number,
    first,
};
use super::session::{Awaits, Phase, Session};
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::pairing::Events;
use model::transaction::Code;
use model::units::CaptureTime;

/// What the next packet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    /// The first of an answer, or of the next result in it.
    #[default]
    Result,
    /// So many columns.
    Columns(u64),
    /// What follows the columns: their end, a row, or the end of rows.
    ColumnsEnd,
    Rows,
    /// A statement's parameters, and how many columns come after them.
    Parameters(u16, u16),
    ParametersEnd(u16),
    StatementColumns(u16),
    /// The end of what was said of a statement, where there is one; it was whole then.
    StatementEnd(Option<CaptureTime>),
    /// Columns up to an end.
    Fields,
}

/// The server's side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    expects: Expects,
    tag: Tag,
    /// Bytes of the answer so far; a packet is counted when it begins.
    bytes: u64,
    /// Rows so far, where the answer has rows.
    rows: Option<u64>,
    /// An answer has begun; its first byte was told.
    begun: bool,
    told: bool,
    in_packet: bool,
    /// The packet that is arriving is the answer's last.
    is_last: bool,
    /// The next packet belongs to the one before it.
    goes_on: bool,
    /// The next packet's number, where it is known.
    sequence: Option<u8>,
}

impl Answers {
    pub(super) fn read(
        &mut self,
        chunk: &Chunk<'_>,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut at = 0;
        loop {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            if session.is_opaque {
                return Ok(Progress::Opaque { consumed: at });
            }
            if rest.is_empty() {
                return Ok(Progress::Consumed(at));
            }
            if self.in_packet {
                return Err(DecodeError("bytes of a packet"));
            }
            let Some(header) = Header::read(rest) else {
                return Ok(Progress::Need { consumed: at });
            };
            if !self.begin_packet(header, rest, chunk.time_at(at), session, out)? {
                return Ok(Progress::Need { consumed: at });
            }
            if session.is_opaque && self.tag.answer == Answer::Stream {
                return Ok(Progress::Opaque { consumed: at });
            }
            self.goes_on = header.goes_on();
            let missing = header.bytes().saturating_sub(rest.len() as u64);
            if missing > 0 {
                self.in_packet = true;
                return Ok(Progress::Skip { consumed: chunk.bytes.len(), bytes: missing });
            }
            at += HEADER_BYTES + header.length as usize;
            self.packet_ended(Some(chunk.time_at(at.saturating_sub(1))), out);
        }
    }

    /// `false` where more is needed.
    fn begin_packet(
        &mut self,
        header: Header,
        rest: &[u8],
        at: CaptureTime,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<bool, DecodeError> {
        let payload = rest.get(HEADER_BYTES..).unwrap_or_default();
        let payload = payload.get(..header.length as usize).unwrap_or(payload);
        if !self.goes_on {
            let may_greet = matches!(session.phase, Phase::Unknown | Phase::Greeted);
            let greets = may_greet && !self.begun && header.sequence == 0;
            if payload.len() < self.wanted(header, payload, greets) {
                return Ok(false);
            }
            if greets {
                session.greet(payload)?;
                return Ok(true);
            }
            if self.ends_without_eof(header, payload, session)? {
                self.end_pending(session, out);
            }
        }
        if self.sequence.is_some_and(|expected| expected != header.sequence) {
            return Err(DecodeError("a packet out of sequence"));
        }
        if !self.begun {
            let tag = out.oldest_tag().map(Tag::of);
            if self.sequence.is_none() && tag.is_some_and(|tag| !is_first(tag, header)) {
                return Err(DecodeError("a packet out of sequence"));
            }
            let unasked = Tag { answer: Answer::Results, ..Tag::default() };
            (self.tag, self.bytes, self.rows) = (tag.unwrap_or(unasked), 0, None);
        }
        self.sequence = Some(header.sequence.wrapping_add(1));
        self.bytes += header.bytes();
        if self.goes_on {
            return Ok(true);
        }
        if payload.first() == Some(&first::ERR) && error_number(payload) == Some(PROGRESS) {
            out.notice(|notices| notices.interim_answers += 1);
            return Ok(true);
        }
        let asks_for_file = self.expects == Expects::Result
            && self.tag.answer == Answer::Results
            && payload.first() == Some(&first::LOCAL_INFILE);
        if !asks_for_file && !self.told {
            out.begin_response(at);
            self.told = true;
        }
        self.begun = true;
        self.packet(header, payload, session, out)?;
        if session.is_opaque {
            out.end_response(Some(at), None);
            self.begun = false;
        }
        Ok(true)
    }

    /// Bytes of a payload that tell what it is. Of rows and columns the first is enough.
    fn wanted(&self, header: Header, payload: &[u8], greets: bool) -> usize {
        let is_within = !matches!(self.expects, Expects::Result | Expects::StatementEnd(_));
        let wanted = match payload.first() {
            _ if greets => GREETING_BYTES_MAX,
            None | Some(&(first::EOF | first::ERR)) => RESULT_BYTES_MAX,
            Some(_) if is_within => 1,
            Some(_) => RESULT_BYTES_MAX,
        };
        wanted.min(header.length as usize)
    }

    fn packet(
        &mut self,
        header: Header,
        payload: &[u8],
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let kind = payload.first().copied();
        if kind == Some(first::ERR) {
            self.failed(payload, session, out);
            return Ok(());
        }
        let is_end = kind == Some(first::EOF) && !header.goes_on();
        match self.expects {
            Expects::Result => return self.result(header, payload, session, out),
            Expects::Columns(left) => self.expects = columns(left.saturating_sub(1)),
            Expects::ColumnsEnd if is_end && header.length == EOF_BYTES => {
                session.deprecates_eof = Some(false);
                let status = Status::of_end(payload, header.length).unwrap_or_default();
                self.expects = Expects::Rows;
                if status.has_cursor() {
                    self.result_ended(status);
                }
            }
            Expects::ColumnsEnd | Expects::Rows if is_end => {
                let status = Status::of_end(payload, header.length);
                self.result_ended(status.ok_or(DecodeError("not the end of rows"))?);
            }
            Expects::ColumnsEnd | Expects::Rows => {
                self.expects = Expects::Rows;
                self.rows = self.rows.map(|rows| rows + 1);
            }
            Expects::Parameters(left, columns) => self.parameter(left, columns, session),
            Expects::ParametersEnd(columns) => {
                session.deprecates_eof = Some(!is_end);
                match is_end {
                    true => self.expects = Expects::StatementColumns(columns),
                    false => self.statement_column(columns, session),
                }
            }
            Expects::StatementColumns(left) => self.statement_column(left, session),
            Expects::StatementEnd(_) => {
                session.deprecates_eof = Some(false);
                self.is_last = true;
            }
            Expects::Fields => self.is_last = is_end,
        }
        Ok(())
    }

    /// The first packet of an answer, or of the next result in it.
    fn result(
        &mut self,
        header: Header,
        payload: &[u8],
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let kind = payload.first().copied();
        let is_end = kind == Some(first::EOF) && !header.goes_on();
        match self.tag.answer {
            Answer::Single if kind == Some(first::OK) || is_end => self.is_last = true,
            Answer::Text => self.is_last = true,
            Answer::Login => self.login_step(kind, session),
            Answer::Stream => session.is_opaque = true,
            Answer::Statement if kind == Some(first::OK) => self.statement(payload, session)?,
            Answer::Fields => match is_end {
                true => self.is_last = true,
                false => self.expects = Expects::Fields,
            },
            Answer::Rows => {
                self.rows = Some(0);
                self.expects = Expects::Rows;
                return self.packet(header, payload, session, out);
            }
            Answer::Results => return self.results(header, payload, session),
            Answer::Single | Answer::Statement | Answer::Nothing => {
                return Err(DecodeError("not an answer"));
            }
        }
        Ok(())
    }

    fn results(
        &mut self,
        header: Header,
        payload: &[u8],
        session: &mut Session,
    ) -> Result<(), DecodeError> {
        match payload.first() {
            Some(&first::OK) => {
                let status = Status::of_ok(payload).ok_or(DecodeError("not an OK packet"))?;
                self.result_ended(status);
            }
            Some(&first::LOCAL_INFILE) => {
                session.awaits = Awaits::File;
                self.sequence = None;
            }
            Some(_) => {
                let count = session.column_count(payload, header.length);
                let (count, follow) = count.ok_or(DecodeError("not a number of columns"))?;
                self.rows = Some(self.rows.unwrap_or(0));
                self.expects = if follow { columns(count) } else { Expects::ColumnsEnd };
            }
            None => return Err(DecodeError("an empty packet")),
        }
        Ok(())
    }

    /// A result is over, and with it the answer where no other follows.
    fn result_ended(&mut self, status: Status) {
        self.expects = Expects::Result;
        self.is_last = !status.has_more() || self.tag.answer == Answer::Rows;
    }

    fn login_step(&mut self, kind: Option<u8>, session: &mut Session) {
        if kind == Some(first::OK) {
            session.phase = Phase::Commands;
            session.awaits = Awaits::Nothing;
            self.is_last = true;
        } else {
            session.awaits = Awaits::Login;
            self.sequence = None;
        }
    }

    fn failed(&mut self, payload: &[u8], session: &mut Session, out: &mut Events<'_>) {
        if let Some(number) = error_number(payload) {
            out.code(Code::Number(i32::from(number)), errors::outcome(number));
        }
        if self.tag.answer == Answer::Statement {
            session.statements.prepared(self.tag.prepared, None);
        }
        session.awaits = Awaits::Nothing;
        self.is_last = true;
    }

    /// "COM_STMT_PREPARE_OK".
    fn statement(&mut self, payload: &[u8], session: &mut Session) -> Result<(), DecodeError> {
        let mut fields = Fields(payload);
        let read = fields.u8().and(fields.u32()).zip(fields.u16()).zip(fields.u16());
        let ((number, columns), parameters) = read.ok_or(DecodeError("not a statement"))?;
        session.statements.prepared(self.tag.prepared, Some(number));
        fields.take(3);
        let optional = session.both.is_some_and(|both| both.has_optional_metadata());
        let follow = !(optional && fields.u8() == Some(0));
        match (follow, parameters, columns) {
            (false, _, _) | (_, 0, 0) => self.is_last = true,
            (_, 0, _) => self.expects = Expects::StatementColumns(columns),
            (_, _, _) => self.expects = Expects::Parameters(parameters, columns),
        }
        Ok(())
    }

    fn parameter(&mut self, left: u16, columns: u16, session: &Session) {
        match (left.saturating_sub(1), columns) {
            (0, 0) => self.statement_described(session),
            (0, _) => self.expects = Expects::ParametersEnd(columns),
            (left, _) => self.expects = Expects::Parameters(left, columns),
        }
    }

    fn statement_column(&mut self, left: u16, session: &Session) {
        match left.saturating_sub(1) {
            0 => self.statement_described(session),
            left => self.expects = Expects::StatementColumns(left),
        }
    }

    /// The last column or parameter is there: an EOF may follow.
    fn statement_described(&mut self, session: &Session) {
        match session.deprecates_eof {
            Some(true) => self.is_last = true,
            _ => self.expects = Expects::StatementEnd(None),
        }
    }

    /// Whether the packet shows that no EOF ends what was said of a statement.
    fn ends_without_eof(
        &self,
        header: Header,
        payload: &[u8],
        session: &Session,
    ) -> Result<bool, DecodeError> {
        let is_eof = payload.first() == Some(&first::EOF) && header.length == EOF_BYTES;
        let is_next = self.sequence == Some(header.sequence);
        match (self.expects, session.deprecates_eof) {
            (Expects::StatementEnd(_), _) if is_eof && is_next => Ok(false),
            (Expects::StatementEnd(_), None) => Ok(true),
            (Expects::StatementEnd(_), Some(_)) => Err(DecodeError("no end of a statement")),
            _ => Ok(false),
        }
    }

    /// What was said of a statement was whole, as the next request or answer shows.
    pub(super) fn end_pending(&mut self, session: &mut Session, out: &mut Events<'_>) {
        if let (Expects::StatementEnd(at), None) = (self.expects, session.deprecates_eof)
            && !self.in_packet
        {
            session.deprecates_eof = Some(true);
            self.end(at, out);
        }
    }

    pub(super) fn packet_ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        self.in_packet = false;
        if self.goes_on {
            return;
        }
        if let Expects::StatementEnd(whole_at) = &mut self.expects {
            *whole_at = at;
        }
        if self.is_last {
            self.end(at, out);
        }
    }

    fn end(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        if let Some(rows) = self.rows {
            out.rows(rows);
        }
        out.end_response(at, Some(self.bytes));
        *self = Self { tag: self.tag, ..Self::default() };
    }

    /// Whether the answer that was read last was a login's.
    pub(super) fn has_logged_in(&self) -> bool {
        !self.begun && self.tag.answer == Answer::Login
    }

    pub(super) fn at_boundary(&self) -> bool {
        !self.begun && !self.in_packet && !self.goes_on
    }

    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    pub(super) fn close(
        &mut self,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        if self.begun {
            out.cut_response(last_at, Some(self.bytes.saturating_sub(unread)));
        }
        self.restart();
    }
}

/// Bytes of a greeting that are looked at.
const GREETING_BYTES_MAX: usize = 256;

/// Whether a packet is numbered as the first of an answer is. Between the packets of a login both sides count on.
const fn is_first(tag: Tag, header: Header) -> bool {
    header.sequence == tag.packets || matches!(tag.answer, Answer::Login)
}

const fn columns(left: u64) -> Expects {
    if left == 0 { Expects::ColumnsEnd } else { Expects::Columns(left) }
}
