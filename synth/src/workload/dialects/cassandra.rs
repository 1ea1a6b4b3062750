//! Cassandra's native protocol, version 4 (its specification, sections 2 to 4): start-up, statements prepared and executed,
//! and statements as text.

use super::bytes::{Write, length};
use super::{Draft, Talk, message};

const VERSION: u8 = 4;
const STARTUP: u8 = 0x01;
const READY: u8 = 0x02;
const QUERY: u8 = 0x07;
const RESULT: u8 = 0x08;
const PREPARE: u8 = 0x09;
const EXECUTE: u8 = 0x0a;

const KIND_ROWS: i32 = 2;
const KIND_PREPARED: i32 = 4;
/// All columns are of one table.
const GLOBAL_TABLES: i32 = 1;
const TYPE_BIGINT: i16 = 2;
const TYPE_VARCHAR: i16 = 0x0d;
const CONSISTENCY_QUORUM: i16 = 4;

const STATEMENT: &str = "SELECT id, name FROM shop.orders WHERE customer = ?";
/// What the server calls it: a digest of the text.
const ID: [u8; 16] = *b"\x9a\x11\x4c\xe0\x53\x7d\x02\xbb\x61\x0f\x88\x21\xd4\x3e\x90\x5c";
const ROW_BYTES: u64 = 120;
/// Part of the requests that are text.
const TEXT_SHARE: f64 = 0.3;

fn frame(is_answer: bool, stream: i16, opcode: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![if is_answer { VERSION | 0x80 } else { VERSION }, 0];
    out.int16(stream).push(opcode);
    out.int32(length(body.len())).bytes(body);
    out
}

pub(super) fn talk(draft: &mut Draft<'_>) -> Talk {
    let stream = (draft.asked % 32_768) as i16;
    let mut body = Vec::new();
    let (operation, opcode, target, kind, answer) = match draft.asked {
        0 => {
            body.int16(1).int16(11).bytes(b"CQL_VERSION").int16(5).bytes(b"3.4.6");
            ("STARTUP", STARTUP, String::new(), READY, Vec::new())
        }
        1 => {
            body.int32(length(STATEMENT.len())).bytes(STATEMENT.as_bytes());
            ("PREPARE", PREPARE, STATEMENT.to_owned(), RESULT, prepared())
        }
        _ if draft.random.chance(TEXT_SHARE) => {
            let number = draft.random.between(1, 1_000_000);
            let text = format!("SELECT id, name FROM shop.users WHERE id = {number}");
            body.int32(length(text.len())).bytes(text.as_bytes());
            body.int16(CONSISTENCY_QUORUM).int8(0);
            ("QUERY", QUERY, text, RESULT, rows(draft))
        }
        _ => {
            let customer = draft.random.between(1, 1_000_000) as i64;
            body.int16(ID.len() as i16).bytes(&ID).int16(CONSISTENCY_QUORUM).int8(1);
            body.int16(1).int32(8).int64(customer);
            ("EXECUTE", EXECUTE, STATEMENT.to_owned(), RESULT, rows(draft))
        }
    };
    Talk {
        operation,
        target,
        request: message(frame(false, stream, opcode, &body)),
        response: message(frame(true, stream, kind, &answer)),
    }
}

fn columns(out: &mut Vec<u8>) {
    out.int16(4).bytes(b"shop").int16(6).bytes(b"orders");
    out.int16(2).bytes(b"id").int16(TYPE_BIGINT);
    out.int16(4).bytes(b"name").int16(TYPE_VARCHAR);
}

fn prepared() -> Vec<u8> {
    let mut out = Vec::new();
    out.int32(KIND_PREPARED).int16(ID.len() as i16).bytes(&ID);
    // One variable, the partition key's.
    out.int32(GLOBAL_TABLES).int32(1).int32(1).int16(0);
    out.int16(4).bytes(b"shop").int16(6).bytes(b"orders");
    out.int16(8).bytes(b"customer").int16(TYPE_BIGINT);
    out.int32(GLOBAL_TABLES).int32(2);
    columns(&mut out);
    out
}

fn rows(draft: &mut Draft<'_>) -> Vec<u8> {
    let rows = (draft.body / ROW_BYTES).clamp(1, 500);
    let mut out = Vec::new();
    out.int32(KIND_ROWS).int32(GLOBAL_TABLES).int32(2);
    columns(&mut out);
    out.int32(length(rows as usize));
    for row in 0..rows {
        let name = draft.text(draft.body / rows);
        out.int32(8).int64(row as i64).int32(length(name.len())).bytes(&name);
    }
    out
}
