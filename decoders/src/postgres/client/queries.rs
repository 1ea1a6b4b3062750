//! Simple queries, several statements in one, and what the client sends for COPY.

use super::{Due, Ending, HEAD_BYTES, Message, Postgres};
use crate::limits::PARTS_MAX;
use crate::naming::Kind;
use crate::pairing::Events;
use crate::postgres::expected::{Part, Step};
use crate::postgres::message;
use crate::statements::{Dialect, Statement, Statements};

impl Postgres {
    pub(super) fn query(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Ending {
        let text = message::text(message.body).map(|(text, _)| text);
        if message.is_cut && text.is_none() {
            // Who knows how many statements there are.
            let named = out.unnamed(b"Query");
            let ending = self.ask_simply(Due::Query, message, named, out);
            self.client.end_batch();
            return if let Ending::Asked(_) = ending { Ending::Asked(None) } else { ending };
        }
        let text = text.unwrap_or(message.body);
        let mut statements = Statements::of(text, Dialect::Postgres);
        let first = statements.next().map_or(&[][..], |statement| statement.text);
        let named = out.named(b"Query", first, Kind::Adhoc);
        let mut ending = self.ask_simply(Due::Query, message, named, out);
        out.keep_target(text);
        self.prepared.run(first);
        if let (Some(second), Ending::Asked(_)) = (statements.next(), ending) {
            let own = (HEAD_BYTES + second.start) as u64;
            self.parts(second, statements, message.bytes, out);
            ending = Ending::Asked(Some(own));
        }
        self.client.end_batch();
        ending
    }

    /// The statements behind the first of a message; each has the bytes up to the next one.
    fn parts<'t>(
        &mut self,
        second: Statement<'t>,
        mut statements: Statements<'t>,
        bytes: u64,
        out: &mut Events<'_>,
    ) {
        let (mut next, mut count) = (Some(second), 0);
        while let Some(statement) = next {
            count += 1;
            next = if count < PARTS_MAX { statements.next() } else { None };
            let start = (HEAD_BYTES + statement.start) as u64;
            let end = next.map_or(bytes, |next| (HEAD_BYTES + next.start) as u64);
            let named = out.named(b"Query", statement.text, Kind::Adhoc);
            self.prepared.run(statement.text);
            if out.is_in_order() {
                self.expected.push_part(Part { named, bytes: end.saturating_sub(start) });
            }
        }
        if let Some(query) = self.expected.newest().filter(|step| step.kind == Due::Query) {
            query.parts = count;
        }
    }

    /// CopyData, CopyDone, CopyFail.
    pub(super) fn copy(&mut self, kind: u8, message: &Message<'_>, out: &mut Events<'_>) {
        let is_end = kind != b'd';
        if self.client.copying {
            out.add_request_bytes(message.bytes);
            self.client.copying = !is_end;
            // Behind the data of an Execute comes a Sync, also where one came before them.
            let front = self.expected.front().map(|step| step.kind);
            self.client.has_work |= is_end && front == Some(Due::Execute);
        } else if is_end && !self.expected.is_empty() && out.is_in_order() {
            self.expected.push(Step::new(Due::CopyEnd, message.at));
        }
    }
}
