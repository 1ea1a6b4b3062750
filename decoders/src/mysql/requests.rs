//! Requests: the login, commands, and what the server asked for in between.

use super::commands::{Answer, Command, Says, Tag, code};
use super::login::{self, LOGIN_BYTES_MIN, Login};
use super::packet::{HEADER_BYTES, Header};
use super::query;
use super::session::{Awaits, Phase, Session};
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::limits::MYSQL_STATEMENT_BYTES_MAX;
use crate::naming::Kind;
use crate::pairing::{Events, Key, Named};
use model::names::NameId;
use model::units::CaptureTime;

/// What the packet that is arriving belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Nothing,
    Request,
    /// What the server asked for.
    Data,
}

/// What the beginning of a packet says.
enum Begun {
    /// More is needed.
    Need,
    /// It was read.
    Read,
    /// The rest is encrypted.
    Tls,
}

/// The client's side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    /// Bytes of the request so far; a packet is counted when it begins.
    bytes: u64,
    tag: Tag,
    part: Part,
    /// In a packet whose head was read.
    in_packet: bool,
    /// The next packet belongs to the one before it, and has this number.
    goes_on: Option<u8>,
}

impl Requests {
    pub(super) fn read(
        &mut self,
        chunk: &Chunk<'_>,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut at = 0;
        loop {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Progress::Consumed(at));
            }
            if self.in_packet {
                return Err(DecodeError("bytes of a packet"));
            }
            let Some(header) = Header::read(rest) else {
                return Ok(Progress::Need { consumed: at });
            };
            match self.begin_packet(header, rest, chunk.time_at(at), session, out)? {
                Begun::Need => return Ok(Progress::Need { consumed: at }),
                Begun::Tls => return Ok(Progress::Opaque { consumed: at }),
                Begun::Read => {}
            }
            self.goes_on = header.goes_on().then_some(header.sequence.wrapping_add(1));
            let missing = header.bytes().saturating_sub(rest.len() as u64);
            if missing > 0 {
                self.in_packet = true;
                return Ok(Progress::Skip { consumed: chunk.bytes.len(), bytes: missing });
            }
            at += HEADER_BYTES + header.length as usize;
            self.packet_ended(Some(chunk.time_at(at.saturating_sub(1))), out);
        }
    }

    /// Bytes behind `seen` are lost: a command whose beginning is there is read as far as it is. Returns how many bytes of
    /// it are missing.
    pub(super) fn cut(
        &mut self,
        seen: &Chunk<'_>,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Option<u64> {
        let header = Header::read(seen.bytes)?;
        let payload = seen.bytes.get(HEADER_BYTES..).unwrap_or_default();
        let command = payload.first().and_then(|&first| Command::of(first))?;
        if header.sequence != 0 || !self.at_boundary() {
            return None;
        }
        (session.phase, session.awaits) = (Phase::Commands, Awaits::Nothing);
        self.begin_command(command, header, payload, seen.time_at(0), session, out).ok()?;
        self.goes_on = header.goes_on().then_some(header.sequence.wrapping_add(1));
        self.in_packet = true;
        Some(header.bytes().saturating_sub(seen.bytes.len() as u64)).filter(|&missing| missing > 0)
    }

    fn begin_packet(
        &mut self,
        header: Header,
        rest: &[u8],
        at: CaptureTime,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<Begun, DecodeError> {
        let payload = rest.get(HEADER_BYTES..).unwrap_or_default();
        let payload = payload.get(..header.length as usize).unwrap_or(payload);
        if let Some(expected) = self.goes_on {
            if header.sequence != expected {
                return Err(DecodeError("a packet out of sequence"));
            }
            self.tag.packets = self.tag.packets.wrapping_add(1);
            self.count(header, session, out);
            return Ok(Begun::Read);
        }
        match (header.sequence, session.awaits, session.phase) {
            (0, _, _) => self.command(header, payload, at, session, out),
            (_, Awaits::Login | Awaits::File, _) | (2.., _, Phase::Login) => {
                self.part = Part::Data;
                self.count(header, session, out);
                Ok(Begun::Read)
            }
            (1, Awaits::Nothing, Phase::Unknown | Phase::Greeted) => {
                self.login(header, payload, at, session, out)
            }
            _ => Err(DecodeError("a packet that no command began")),
        }
    }

    fn count(&mut self, header: Header, session: &Session, out: &mut Events<'_>) {
        match self.part {
            Part::Data if session.awaits == Awaits::File => out.add_request_bytes(header.bytes()),
            Part::Data | Part::Nothing => {}
            Part::Request => self.bytes += header.bytes(),
        }
    }

    fn login(
        &mut self,
        header: Header,
        payload: &[u8],
        at: CaptureTime,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<Begun, DecodeError> {
        if payload.len() < LOGIN_BYTES_MIN.min(header.length) as usize {
            return Ok(Begun::Need);
        }
        match login::login(payload, header.length) {
            Some(Login::Tls) => return Ok(Begun::Tls),
            Some(Login::User(client)) => session.agree(client),
            // Clients of before 4.1.
            None if session.phase == Phase::Greeted => {}
            None => return Err(DecodeError("not a login")),
        }
        session.phase = Phase::Login;
        self.begin(Command::LOGIN, header, 0, at, out);
        let named = out.named(Command::LOGIN.name.as_bytes(), b"", Kind::Adhoc);
        out.file_request(named);
        Ok(Begun::Read)
    }

    fn command(
        &mut self,
        header: Header,
        payload: &[u8],
        at: CaptureTime,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<Begun, DecodeError> {
        let length = header.length as usize;
        let Some(&first) = payload.first() else {
            return if length > 0 { Ok(Begun::Need) } else { Err(DecodeError("not a command")) };
        };
        let command = Command::of(first).ok_or(DecodeError("not a command"))?;
        let wanted = match command.says {
            Says::Nothing => 1,
            Says::Number => NUMBER_BYTES,
            Says::Statement => MYSQL_STATEMENT_BYTES_MAX,
        };
        let Some(seen) = payload.get(..wanted.min(length)) else { return Ok(Begun::Need) };
        (session.phase, session.awaits) = (Phase::Commands, Awaits::Nothing);
        self.begin_command(command, header, seen, at, session, out)?;
        Ok(Begun::Read)
    }

    fn begin_command(
        &mut self,
        command: Command,
        header: Header,
        seen: &[u8],
        at: CaptureTime,
        session: &mut Session,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        let operation = command.name.as_bytes();
        let text = statement(command, header, seen, session);
        match command.code {
            code::PREPARE => {
                let named = match text {
                    Some(text) => out.named(operation, text, Kind::Prepared),
                    None => {
                        Named { name: NameId::UNKNOWN, ..out.named(operation, b"", Kind::Adhoc) }
                    }
                };
                let prepared = session.statements.prepare(named.name);
                self.begin(command, header, prepared, at, out);
                out.file_request(named);
                out.keep_target(text.unwrap_or_default());
            }
            code::QUERY => {
                self.begin(command, header, 0, at, out);
                match text {
                    Some(text) => out.name_request(operation, text, Kind::Adhoc),
                    None => self.file(operation, NameId::UNKNOWN, out),
                }
            }
            _ if command.says == Says::Number => {
                let number = seen.get(1..).and_then(|rest| rest.first_chunk());
                let number = number.ok_or(DecodeError("a command without its statement"))?;
                let number = u32::from_le_bytes(*number);
                self.begin(command, header, 0, at, out);
                self.file(operation, session.statements.name(number), out);
                if command.code == code::CLOSE {
                    session.statements.close(number);
                }
            }
            own => {
                self.begin(command, header, 0, at, out);
                let named = out.named(operation, b"", Kind::Adhoc);
                out.file_request(named);
                if matches!(own, code::CHANGE_USER | code::RESET_CONNECTION) {
                    session.statements.clear();
                }
            }
        }
        Ok(())
    }

    fn file(&self, operation: &[u8], name: NameId, out: &mut Events<'_>) {
        let Named { operation, .. } = out.named(operation, b"", Kind::Adhoc);
        out.file_request(Named { operation, name });
    }

    fn begin(
        &mut self,
        command: Command,
        header: Header,
        prepared: u16,
        at: CaptureTime,
        out: &mut Events<'_>,
    ) {
        let packets = header.sequence.wrapping_add(1);
        self.tag = Tag { answer: command.answer, packets, prepared };
        (self.part, self.bytes) = (Part::Request, header.bytes());
        out.begin_request(at, self.tag.number(), Key::InOrder);
    }

    pub(super) fn packet_ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        self.in_packet = false;
        if self.goes_on.is_some() {
            return;
        }
        if std::mem::take(&mut self.part) == Part::Request {
            out.retag_request(self.tag.number());
            match self.tag.answer {
                Answer::Nothing => out.end_one_way(at, Some(self.bytes)),
                _ => out.end_request(at, Some(self.bytes)),
            }
        }
    }

    pub(super) fn at_boundary(&self) -> bool {
        !self.in_packet && self.goes_on.is_none()
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
        if self.part == Part::Request {
            out.cut_request(last_at, Some(self.bytes.saturating_sub(unread)));
        }
        self.restart();
    }
}

/// The statement that a command says. `None` where it says none, or where half of it is lost: that would be another one.
fn statement<'a>(
    command: Command,
    header: Header,
    seen: &'a [u8],
    session: &Session,
) -> Option<&'a [u8]> {
    let is_whole = seen.len() >= MYSQL_STATEMENT_BYTES_MAX.min(header.length as usize);
    let has_attributes = match command.code {
        code::QUERY => session.both.map(|both| both.has_query_attributes()),
        _ => Some(false),
    };
    let says = is_whole && command.says == Says::Statement;
    says.then(|| query::statement(seen, has_attributes)).flatten()
}

/// Bytes of a command's code and of a statement's number.
const NUMBER_BYTES: usize = 5;
