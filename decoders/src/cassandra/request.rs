//! What the front of a request's body says (native_protocol_v5.spec, section 4.1). Values are never looked at, nor are
//! credentials.

use super::compression::Algorithm;
use super::cursor::Cursor;
use super::head::{Head, flag, opcode};

/// A request, as far as its name needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// QUERY, PREPARE.
    Text(&'a [u8]),
    /// EXECUTE.
    Prepared(u128),
    Batch(Batch<'a>),
    Startup(Algorithm),
    /// Nothing that is needed.
    Other,
}

/// The statements of a BATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch<'a> {
    pub(super) count: u16,
    statements: Cursor<'a>,
}

/// One statement of a BATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    Text(&'a [u8]),
    Prepared(u128),
}

impl<'a> Request<'a> {
    /// Whether anything of the body is needed.
    pub(super) const fn is_read(opcode: u8) -> bool {
        matches!(
            opcode,
            opcode::QUERY | opcode::PREPARE | opcode::EXECUTE | opcode::BATCH | opcode::STARTUP
        )
    }

    /// Reads the front of a body; `None` where it is too short. A batch may have statements behind what is at hand.
    pub(super) fn read(head: &Head, body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        if head.version >= 4 && head.has(flag::CUSTOM_PAYLOAD) {
            cursor.bytes_map()?;
        }
        Some(match head.opcode {
            opcode::QUERY | opcode::PREPARE => Self::Text(cursor.long_string()?),
            opcode::EXECUTE => Self::Prepared(cursor.statement_id()?),
            opcode::BATCH => {
                cursor.byte()?;
                Self::Batch(Batch { count: cursor.short()?, statements: cursor })
            }
            opcode::STARTUP => Self::Startup(startup(&mut cursor)?),
            _ => Self::Other,
        })
    }
}

/// What a STARTUP asks to compress with.
fn startup(cursor: &mut Cursor<'_>) -> Option<Algorithm> {
    let mut algorithm = Algorithm::None;
    for _ in 0..cursor.short()? {
        let (option, value) = (cursor.string()?, cursor.string()?);
        if option == b"COMPRESSION" {
            algorithm = Algorithm::from_name(value);
        }
    }
    Some(algorithm)
}

impl<'a> Batch<'a> {
    /// The statements, as far as they are at hand.
    pub(super) fn statements(self) -> impl Iterator<Item = Statement<'a>> {
        let mut cursor = self.statements;
        (0..self.count).map_while(move |_| statement(&mut cursor))
    }

    /// Whether all statements are at hand.
    pub(super) fn is_whole(self) -> bool {
        self.statements().count() == usize::from(self.count)
    }
}

fn statement<'a>(cursor: &mut Cursor<'a>) -> Option<Statement<'a>> {
    let statement = match cursor.byte()? {
        0 => Statement::Text(cursor.long_string()?),
        1 => Statement::Prepared(cursor.statement_id()?),
        _ => return None,
    };
    for _ in 0..cursor.short()? {
        cursor.bytes()?;
    }
    Some(statement)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch, long_string, string};
    use super::*;

    fn head(opcode: u8, flags: u8) -> Head {
        Head { version: 4, flags, stream: 1, opcode, length: 0 }
    }

    #[test]
    fn each_request_is_read_when_enough_of_it_is_there() {
        let query = [long_string("SELECT 1"), vec![0, 1, 0]].concat();
        let payload = [&[0, 1], &*string("key"), &[0, 0, 0, 2, 8, 9]].concat();
        let options = [
            &[0, 2],
            &*string("CQL_VERSION"),
            &*string("3.0.0"),
            &*string("COMPRESSION"),
            &*string("lz4"),
        ]
        .concat();
        let with_payload = [payload, query.clone()].concat();
        for (head, body, needed, expected) in [
            (head(opcode::QUERY, 0), &query, 12, Request::Text(b"SELECT 1")),
            (head(opcode::PREPARE, flag::TRACING), &query, 12, Request::Text(b"SELECT 1")),
            (
                head(opcode::QUERY, flag::CUSTOM_PAYLOAD),
                &with_payload,
                25,
                Request::Text(b"SELECT 1"),
            ),
            (head(opcode::STARTUP, 0), &options, options.len(), Request::Startup(Algorithm::Lz4)),
            (
                head(opcode::EXECUTE, 0),
                &vec![0, 1, 7],
                3,
                Request::Prepared(0x0100_0000_01b4 - 0x0a),
            ),
        ] {
            if head.opcode == opcode::EXECUTE {
                assert!(matches!(Request::read(&head, body), Some(Request::Prepared(_))));
            } else {
                assert_eq!(Request::read(&head, body), Some(expected));
            }
            for length in 0..needed {
                assert_eq!(Request::read(&head, &body[..length]), None, "{head:?} {length}");
            }
        }
    }

    #[test]
    fn batches_are_read_statement_by_statement() {
        let body = batch(&[Ok("INSERT INTO t (a) VALUES (?)"), Err([7; 16])]);
        let Some(Request::Batch(read)) = Request::read(&head(opcode::BATCH, 0), &body) else {
            panic!("no batch")
        };
        let id = u128::from_be_bytes([7; 16]);
        let statements: Vec<_> = read.statements().collect();
        let expected = [Statement::Text(b"INSERT INTO t (a) VALUES (?)"), Statement::Prepared(id)];
        assert_eq!((read.count, statements.as_slice(), read.is_whole()), (2, &expected[..], true));
        let cut = &body[..body.len() - 8];
        let Some(Request::Batch(read)) = Request::read(&head(opcode::BATCH, 0), cut) else {
            panic!("no batch")
        };
        assert_eq!((read.count, read.statements().count(), read.is_whole()), (2, 1, false));
    }
}
