//! Errors, and whose they are.

use super::{Answering, Due, Ends, Message, More, Postgres, Refusal, ServerError, Step};
use crate::decoder::DecodeError;
use crate::pairing::Events;

impl Postgres {
    pub(super) fn fails(
        &mut self,
        step: Step,
        error: ServerError,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        self.client.copying = false;
        match step.kind {
            Due::Query | Due::FunctionCall if self.server.statement_ended => {
                if self.server.is_last || step.kind == Due::FunctionCall {
                    return Ok(());
                }
                self.next_statement(step, out);
                self.server.ends = Ends::Statement;
            }
            Due::Query | Due::FunctionCall => self.server.ends = Ends::Statement,
            Due::StartUp => self.server.ends = Ends::Step,
            // The commit that a Sync makes can fail; ReadyForQuery follows.
            Due::Sync => {}
            Due::IdleSync => return Ok(()),
            _ => return self.fails_in_batch(error, message, out),
        }
        self.answers(message.at, out);
        if self.server.answering == Answering::Yes {
            out.code(error.code, error.outcome());
        }
        if self.server.ends == Ends::Statement {
            (self.server.statement_ended, self.server.is_last) = (true, true);
        }
        Ok(())
    }

    /// An error before the Sync: it is the first Execute's that it keeps from running, or else the Sync's.
    fn fails_in_batch(
        &mut self,
        error: ServerError,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<(), DecodeError> {
        while let Some(step) = self.expected.front() {
            if matches!(step.kind, Due::Execute | Due::Sync) {
                self.answers(message.at, out);
                out.code(error.code, error.outcome());
                if step.kind == Due::Execute {
                    self.server.ends = Ends::Failed;
                }
                return Ok(());
            }
            self.pass_over(out);
        }
        self.client.skipping = true;
        let bytes = std::mem::take(&mut self.server.bytes);
        let at = message.at;
        self.server.refused = Some(Refusal { error, at, last_at: None, bytes });
        self.server.ends = Ends::Refusal;
        Ok(())
    }

    fn pass_over(&mut self, out: &mut Events<'_>) {
        let step = self.expected.pass_over(out);
        if let Some(Step { more: More::Statement(key), .. }) = step {
            self.prepared.forget(key);
        }
    }

    /// All up to the Sync is passed over; also what the client has not sent yet.
    pub(super) fn skip_to_sync(&mut self, out: &mut Events<'_>) {
        while let Some(step) = self.expected.front() {
            if matches!(step.kind, Due::Sync | Due::IdleSync) {
                return;
            }
            self.pass_over(out);
        }
        self.client.skipping = true;
    }

    /// An Execute comes whose refusal is known already: the server skips up to a Sync.
    pub(in crate::postgres) fn tell_refusal(&mut self, out: &mut Events<'_>) {
        if let Some(refused) = self.server.refused.take()
            && out.is_in_order()
        {
            out.begin_response(refused.at);
            out.code(refused.error.code, refused.error.outcome());
            out.end_response(refused.last_at, Some(refused.bytes));
        }
    }
}
