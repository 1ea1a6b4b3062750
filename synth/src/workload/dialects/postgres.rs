//! PostgreSQL's protocol 3.0 (manual, chapter "Frontend/Backend Protocol"): start-up, simple queries, and statements that
//! are parsed, bound and executed.

use super::bytes::{Write, length};
use super::{Draft, Talk, message};
use crate::workload::Message;

/// Protocol 3.0.
const VERSION: i32 = 196_608;
const STATEMENTS: [&str; 5] = [
    "SELECT id, name FROM users WHERE id = ",
    "SELECT o.id, o.total FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.customer = ",
    "UPDATE carts SET touched = now() WHERE id = ",
    "SELECT count(*) FROM products WHERE price < ",
    "INSERT INTO audit (at, who, what) VALUES (now(), 'web', 'view') RETURNING id + ",
];
/// Part of the requests that are prepared.
const PREPARED_SHARE: f64 = 0.4;
const ROW_BYTES: u64 = 90;

/// A message: a letter, its length, its content.
fn tagged(out: &mut Vec<u8>, letter: u8, content: &[u8]) {
    out.push(letter);
    out.int32(length(content.len() + 4)).bytes(content);
}

pub(super) fn talk(draft: &mut Draft<'_>) -> Talk {
    if draft.asked == 0 {
        return startup();
    }
    let statement = draft.random.pick(&STATEMENTS).copied().unwrap_or_default();
    if draft.random.chance(PREPARED_SHARE) {
        return prepared(draft, statement);
    }
    let text = format!("{statement}{}", draft.random.between(1, 1_000_000));
    let mut request = Vec::new();
    tagged(&mut request, b'Q', format!("{text}\0").as_bytes());
    let mut response = Vec::new();
    describe(&mut response);
    answer(draft, &mut response);
    Talk {
        operation: "Query",
        target: text,
        request: message(request),
        response: Message { behind: READY, ..message(response) },
    }
}

/// Bytes of ReadyForQuery, which ends no statement.
const READY: u64 = 6;

fn startup() -> Talk {
    let content = b"user\0web\0database\0shop\0application_name\0synth\0\0";
    let mut request = Vec::new();
    request.int32(length(content.len() + 8)).int32(VERSION).bytes(content);
    let mut response = Vec::new();
    tagged(&mut response, b'R', &0_i32.to_be_bytes());
    for parameter in
        ["server_version\x0017.2\0", "client_encoding\0UTF8\0", "DateStyle\0ISO, MDY\0"]
    {
        tagged(&mut response, b'S', parameter.as_bytes());
    }
    tagged(&mut response, b'K', &[0, 0, 0x1f, 0x90, 1, 2, 3, 4]);
    tagged(&mut response, b'Z', b"I");
    Talk {
        operation: "Startup",
        target: String::new(),
        request: message(request),
        response: message(response),
    }
}

fn prepared(draft: &mut Draft<'_>, statement: &str) -> Talk {
    let text = format!("{statement}$1");
    let parameter = draft.random.between(1, 1_000_000).to_string();
    let mut request = Vec::new();
    tagged(&mut request, b'P', &[b"\0", text.as_bytes(), b"\0\0\0"].concat());
    let mut bind = vec![0, 0];
    bind.int16(0).int16(1).int32(length(parameter.len())).bytes(parameter.as_bytes()).int16(0);
    tagged(&mut request, b'B', &bind);
    tagged(&mut request, b'D', b"P\0");
    let before = request.len() as u64;
    tagged(&mut request, b'E', &[0, 0, 0, 0, 0]);
    let end = request.len();
    tagged(&mut request, b'S', b"");
    let behind = (request.len() - end) as u64;
    let mut response = Vec::new();
    tagged(&mut response, b'1', b"");
    tagged(&mut response, b'2', b"");
    describe(&mut response);
    let first = response.len() as u64;
    answer(draft, &mut response);
    Talk {
        operation: "Execute",
        target: text,
        request: Message { before, behind, ..message(request) },
        response: Message { before: first, behind: READY, ..message(response) },
    }
}

/// Two columns.
fn describe(out: &mut Vec<u8>) {
    let mut content = Vec::new();
    content.int16(2);
    for (name, number, kind, size) in [("id\0", 1, 20, 8), ("name\0", 2, 25, -1)] {
        content.bytes(name.as_bytes()).int32(16_385).int16(number);
        content.int32(kind).int16(size).int32(-1).int16(0);
    }
    tagged(out, b'T', &content);
}

/// Rows, what was done, and that the server is ready.
fn answer(draft: &mut Draft<'_>, out: &mut Vec<u8>) {
    let rows = (draft.body / ROW_BYTES).clamp(1, 200);
    for row in 0..rows {
        let name = draft.text(draft.body / rows);
        let mut content = Vec::new();
        content.int16(2).int32(8).int64(row as i64).int32(length(name.len())).bytes(&name);
        tagged(out, b'D', &content);
    }
    tagged(out, b'C', format!("SELECT {rows}\0").as_bytes());
    tagged(out, b'Z', b"I");
}
