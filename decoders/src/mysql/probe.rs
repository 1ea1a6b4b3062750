//! Is this MySQL? Asked of the first bytes of a segment; nothing else is asked in the middle of a stream.

use super::commands::{Answer, Command, Says, code};
use super::login;
use super::packet::{EOF_BYTES, Fields, HEADER_BYTES, Header, Status, first};
use super::query;
use crate::decoder::Probe;

/// Bytes of a statement that are looked at.
const TEXT_BYTES_MAX: usize = 64;

/// Bytes of a login or greeting, at most: names and answers to challenges.
const LOGIN_BYTES_MAX: u32 = 64 * 1024;

/// Words that statements begin with (MySQL 8.4 Reference Manual, "SQL Statements"; MariaDB manual, "SQL Statements").
const WORDS: [&[u8]; 62] = [
    b"alter",
    b"analyze",
    b"backup",
    b"begin",
    b"binlog",
    b"cache",
    b"call",
    b"change",
    b"check",
    b"checksum",
    b"clone",
    b"commit",
    b"create",
    b"deallocate",
    b"delete",
    b"desc",
    b"describe",
    b"do",
    b"drop",
    b"execute",
    b"explain",
    b"flush",
    b"get",
    b"grant",
    b"handler",
    b"help",
    b"if",
    b"import",
    b"insert",
    b"install",
    b"kill",
    b"load",
    b"lock",
    b"optimize",
    b"prepare",
    b"purge",
    b"release",
    b"rename",
    b"repair",
    b"replace",
    b"reset",
    b"resignal",
    b"restart",
    b"revoke",
    b"rollback",
    b"savepoint",
    b"select",
    b"set",
    b"show",
    b"shutdown",
    b"signal",
    b"start",
    b"stop",
    b"table",
    b"truncate",
    b"uninstall",
    b"unlock",
    b"update",
    b"use",
    b"values",
    b"with",
    b"xa",
];

/// Whether `bytes` begin a login or a command.
pub(super) fn request(bytes: &[u8]) -> Probe {
    let Some(header) = Header::read(bytes) else {
        return if bytes.len() < HEADER_BYTES { Probe::Unsure } else { Probe::NotThis };
    };
    let payload = bytes.get(HEADER_BYTES..).unwrap_or_default();
    match (header.sequence, header.length) {
        (_, 0) => Probe::NotThis,
        (0, _) => command(header, payload),
        (1, 32..=LOGIN_BYTES_MAX) if payload.len() < 32 => Probe::Unsure,
        (1, 32..=LOGIN_BYTES_MAX) if payload.len() <= header.length as usize => {
            login::login(payload, header.length).map_or(Probe::NotThis, |_| Probe::Certain)
        }
        _ => Probe::NotThis,
    }
}

fn command(header: Header, payload: &[u8]) -> Probe {
    let Some(&own) = payload.first() else { return Probe::Unsure };
    let Some(command) = Command::of(own) else { return Probe::NotThis };
    let length = header.length as usize;
    let is_sized = match (own, command.says) {
        (code::QUERY | code::PREPARE, _) => length > 2,
        // Statement, flags, and how often: once.
        (code::EXECUTE, _) => length >= 10,
        (0x02, _) => matches!(length, 2..=65),
        (0x1b, _) => length == 3,
        (0x1c, _) => length == 9,
        (code::CLOSE | 0x1a, _) => length == 5,
        (0x01 | 0x09 | 0x0d | 0x0e | code::RESET_CONNECTION, _) => length == 1,
        _ => false,
    };
    if !is_sized {
        return Probe::NotThis;
    }
    let wanted = length.min(TEXT_BYTES_MAX);
    let Some(seen) = payload.get(..wanted) else { return Probe::Unsure };
    let is_well = match command.says {
        Says::Statement => is_statement(own, seen),
        Says::Number if own == code::EXECUTE => is_execution(seen),
        Says::Number => true,
        Says::Nothing => own != 0x02 || is_text(seen.get(1..).unwrap_or_default()),
    };
    let is_one_way = command.answer == Answer::Nothing;
    match payload.get(length..) {
        _ if !is_well => Probe::NotThis,
        // It goes on in a later segment, or ends with this one.
        None | Some([]) => Probe::Certain,
        // What is not answered can be followed by another command.
        Some(behind) if is_one_way => request(behind),
        Some(_) => Probe::NotThis,
    }
}

fn is_statement(own: u8, seen: &[u8]) -> bool {
    let text = match own {
        code::QUERY => query::statement(seen, None).unwrap_or_default(),
        _ => seen.get(1..).unwrap_or_default(),
    };
    let text = text.trim_ascii_start();
    if text.starts_with(b"/*") || text.starts_with(b"(") || text.starts_with(b"--") {
        return is_text(text) && text.len() > 8;
    }
    let end = text.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = text.get(..end).unwrap_or_default();
    WORDS.iter().any(|own| own.eq_ignore_ascii_case(word)) && is_text(text)
}

fn is_text(bytes: &[u8]) -> bool {
    let is_part = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\n' | b'\r');
    bytes.iter().all(is_part)
}

fn is_execution(seen: &[u8]) -> bool {
    let mut fields = Fields(seen);
    fields.u8();
    let (number, flags, times) = (fields.u32(), fields.u8(), fields.u32());
    number.is_some_and(|number| number > 0)
        && flags.is_some_and(|flags| flags & 0x70 == 0)
        && times == Some(1)
}

/// Whether `bytes` begin a greeting or an answer.
pub(super) fn answer(bytes: &[u8]) -> Probe {
    let Some(header) = Header::read(bytes) else { return Probe::Unsure };
    let payload = bytes.get(HEADER_BYTES..).unwrap_or_default();
    let length = header.length as usize;
    let Some(&kind) = payload.first() else {
        return if length > 0 { Probe::Unsure } else { Probe::NotThis };
    };
    let is_whole = payload.len() == length;
    let told = match (header.sequence, kind) {
        (0, 0x0a) if payload.len() < length && length < 1_024 => return Probe::Unsure,
        (0, 0x0a) => is_whole && login::greeting(payload).is_some(),
        (0 | 1, first::ERR) => is_whole && is_error(payload),
        (1, first::OK) if length == 12 && !is_whole => is_prepared(payload),
        (1, first::OK) => is_whole && length < 512 && is_ok(payload),
        (1, first::EOF) => is_whole && header.length == EOF_BYTES,
        (1, _) => return columns(header, payload),
        _ => false,
    };
    if told { Probe::Certain } else { Probe::NotThis }
}

fn is_error(payload: &[u8]) -> bool {
    let Some((&[_, low, high], rest)) = payload.split_first_chunk::<3>() else { return false };
    let number = u16::from_le_bytes([low, high]);
    let text = match rest {
        [b'#', rest @ ..] if rest.len() >= 5 => rest,
        // Before the login there is no SQLSTATE.
        _ if matches!(number, 1040..=1045 | 1129 | 1130 | 1203) => rest,
        _ => return false,
    };
    matches!(number, 1000..=5999) && is_text(text)
}

/// An OK packet: nothing undefined in its status, and few warnings.
fn is_ok(payload: &[u8]) -> bool {
    let mut fields = Fields(payload);
    let read = fields.u8().and(fields.integer()).zip(fields.integer());
    let status = fields.u16();
    read.is_some()
        && status.is_some_and(|status| status & 0x0004 == 0)
        && fields.u16().is_some()
        && Status::of_ok(payload).is_some()
        || is_prepared(payload)
}

/// The number of a statement, its columns and parameters, a zero, warnings; and what follows.
fn is_prepared(payload: &[u8]) -> bool {
    let Some((head, behind)) = payload.split_at_checked(12) else { return false };
    let next = Header::read(behind);
    head.get(9) == Some(&0)
        && match next {
            None => behind.is_empty() && matches!(head, [_, _, _, _, _, 0, 0, 0, 0, ..]),
            Some(next) => {
                next.sequence == 2 && behind.get(HEADER_BYTES..HEADER_BYTES + 4) == Some(b"\x03def")
            }
        }
}

/// The number of columns, and the first of them.
fn columns(header: Header, payload: &[u8]) -> Probe {
    let mut fields = Fields(payload);
    let Some(count) = fields.integer() else { return Probe::NotThis };
    let read = payload.len() - fields.0.len();
    let flag = (header.length as usize).wrapping_sub(read);
    if count == 0 || count > 4_096 || flag > 1 {
        return Probe::NotThis;
    }
    let Some(behind) = payload.get(header.length as usize..) else { return Probe::Unsure };
    match (Header::read(behind), behind.get(HEADER_BYTES..HEADER_BYTES + 4)) {
        (Some(Header { sequence: 2, .. }), Some(b"\x03def")) => Probe::Certain,
        (Some(Header { sequence: 2, .. }), None) | (None, _) => Probe::Unsure,
        _ => Probe::NotThis,
    }
}
