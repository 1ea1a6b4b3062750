//! What the front of an answer's body says (native_protocol_v5.spec, sections 4, 4.2 and 9).

use super::cursor::Cursor;
use super::head::{Head, flag, opcode};
use model::transaction::Outcome;

/// What is known of an answer so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The error's code.
    pub(super) code: Option<i32>,
    pub(super) rows: Option<u64>,
    pub(super) has_more_pages: bool,
    /// Warnings that the server adds.
    pub(super) warnings: u16,
    /// The id of a statement that was prepared.
    pub(super) prepared: Option<u128>,
}

/// What a RESULT holds (section 4.2.5).
pub(super) mod kind {
    pub(in super::super) const VOID: i32 = 1;
    pub(in super::super) const ROWS: i32 = 2;
    pub(in super::super) const SET_KEYSPACE: i32 = 3;
    pub(in super::super) const PREPARED: i32 = 4;
    pub(in super::super) const SCHEMA_CHANGE: i32 = 5;
}

/// What the metadata of rows hold (section 4.2.5.2).
mod metadata {
    pub(super) const GLOBAL_TABLES_SPEC: i32 = 0x1;
    pub(super) const HAS_MORE_PAGES: i32 = 0x2;
    pub(super) const NO_METADATA: i32 = 0x4;
    /// Version 5, and ScyllaDB where a client asked for it.
    pub(super) const METADATA_CHANGED: i32 = 0x8;
}

impl Answer {
    /// Reads the front of a body. Whether it was enough; what is known is known even if it was not.
    pub(super) fn read(&mut self, head: &Head, body: &[u8]) -> bool {
        *self = Self::default();
        self.try_read(head, &mut Cursor::new(body)).is_some()
    }

    fn try_read(&mut self, head: &Head, cursor: &mut Cursor<'_>) -> Option<()> {
        self.warnings = before_message(head, cursor)?;
        match head.opcode {
            opcode::ERROR => self.code = Some(cursor.int()?),
            opcode::RESULT => match cursor.int()? {
                kind::ROWS => self.rows(cursor)?,
                kind::PREPARED => self.prepared = Some(cursor.statement_id()?),
                _ => {}
            },
            _ => {}
        }
        Some(())
    }

    /// The count of rows is behind their metadata.
    fn rows(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let flags = cursor.int()?;
        self.has_more_pages = flags & metadata::HAS_MORE_PAGES != 0;
        let columns = cursor.int()?;
        if self.has_more_pages {
            cursor.bytes()?;
        }
        if flags & metadata::METADATA_CHANGED != 0 {
            cursor.string()?;
        }
        if flags & metadata::NO_METADATA == 0 {
            let is_global = flags & metadata::GLOBAL_TABLES_SPEC != 0;
            if is_global {
                table(cursor)?;
            }
            for _ in 0..columns {
                if !is_global {
                    table(cursor)?;
                }
                cursor.string()?;
                cursor.column_type()?;
            }
        }
        self.rows = u64::try_from(cursor.int()?).ok();
        Some(())
    }

    /// Whether anything of such a body is needed.
    pub(super) const fn is_read(opcode: u8) -> bool {
        matches!(opcode, opcode::ERROR | opcode::RESULT)
    }
}

/// A keyspace and a table.
fn table(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.string()?;
    cursor.string()?;
    Some(())
}

/// Passes over what comes before the message of an answer (section 4): the trace's id, warnings, the custom payload.
/// Returns how many warnings.
pub(super) fn before_message(head: &Head, cursor: &mut Cursor<'_>) -> Option<u16> {
    const TRACE_ID_BYTES: usize = 16;
    if head.has(flag::TRACING) {
        cursor.take(TRACE_ID_BYTES)?;
    }
    let mut warnings = 0;
    if head.version >= 4 && head.has(flag::WARNING) {
        warnings = cursor.string_list()?;
    }
    if head.version >= 4 && head.has(flag::CUSTOM_PAYLOAD) {
        cursor.bytes_map()?;
    }
    Some(warnings)
}

/// Whose fault an error is (section 9): bad credentials and all that is wrong with a statement are the client's;
/// everything else, ScyllaDB's own codes among it, is the server's.
pub(super) const fn outcome_of(code: i32) -> Outcome {
    const BAD_CREDENTIALS: i32 = 0x0100;
    match code {
        BAD_CREDENTIALS | 0x2000..=0x2fff => Outcome::ClientError,
        _ => Outcome::ServerError,
    }
}

/// Codes that Cassandra gives (section 9).
pub(super) const fn is_known_code(code: i32) -> bool {
    matches!(
        code,
        0x0000 | 0x000a | 0x0100 | 0x1000
            ..=0x1003
                | 0x1100
                | 0x1200
                | 0x1300
                | 0x1400
                | 0x1500
                | 0x1600
                | 0x1700
                | 0x2000
                | 0x2100
                | 0x2200
                | 0x2300
                | 0x2400
                | 0x2500
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{rows, string};
    use super::*;

    fn read(flags: u8, opcode: u8, body: &[u8]) -> (Answer, bool) {
        let head = Head { version: 5, flags, stream: 1, opcode, length: body.len() as u32 };
        let mut answer = Answer::default();
        let is_enough = answer.read(&head, body);
        (answer, is_enough)
    }

    #[test]
    fn rows_are_counted_behind_their_metadata() {
        for (body, expected) in [
            (rows(0x1, 3, 7), Answer { rows: Some(7), ..Answer::default() }),
            (rows(0x0, 2, 0), Answer { rows: Some(0), ..Answer::default() }),
            (rows(0x4, 9, 8), Answer { rows: Some(8), ..Answer::default() }),
            (
                rows(0x2 | 0x8 | 0x1, 1, 5_000),
                Answer { rows: Some(5_000), has_more_pages: true, ..Answer::default() },
            ),
        ] {
            assert_eq!(read(0, opcode::RESULT, &body), (expected, true));
            for length in 0..body.len() {
                let (answer, is_enough) = read(0, opcode::RESULT, &body[..length]);
                assert!(!is_enough && answer.rows.is_none(), "{length} of {body:?}");
            }
        }
    }

    #[test]
    fn what_comes_first_is_passed_over() {
        let error = [&[0, 0, 0x22, 0], &*string("unconfigured table")].concat();
        let warnings = [&[0, 2], &*string("one"), &*string("two")].concat();
        let payload = [&[0, 1], &*string("k"), &[0, 0, 0, 1, 9]].concat();
        let body = [&[7; 16], &*warnings, &*payload, &*error].concat();
        let flags = flag::TRACING | flag::WARNING | flag::CUSTOM_PAYLOAD;
        let expected = Answer { code: Some(0x2200), warnings: 2, ..Answer::default() };
        assert_eq!(read(flags, opcode::ERROR, &body), (expected, true));
        assert_eq!(outcome_of(0x2200), Outcome::ClientError);
        assert_eq!(outcome_of(0x0100), Outcome::ClientError);
        assert_eq!(outcome_of(0x000a), Outcome::ServerError);
        assert_eq!(outcome_of(0x1001), Outcome::ServerError);
    }

    #[test]
    fn ids_of_prepared_statements_are_read() {
        let body = [&[0, 0, 0, 4, 0, 16], &[9; 16][..], &[0, 0, 0, 1]].concat();
        let (answer, _) = read(0, opcode::RESULT, &body);
        assert_eq!(answer.prepared, Some(u128::from_be_bytes([9; 16])));
        let (answer, is_enough) = read(0, opcode::RESULT, &[0, 0, 0, 1]);
        assert_eq!((answer, is_enough), (Answer::default(), true));
    }
}
