//! One open request, and what is known of its answer.

use super::{Parties, to_quarantine};
use crate::limits::ANSWER_TIMEOUT;
use crate::output::{Attributes, Decided};
use model::names::NameId;
use model::transaction::{Code, Moments, Outcome, Transaction};
use model::units::CaptureTime;

/// No number of an exchange.
pub(crate) const NO_EXCHANGE: u32 = u32::MAX;

/// A request that is arriving, waits for its answer, or is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) moments: Moments,
    pub(crate) operation: NameId,
    pub(crate) name: NameId,
    pub(crate) code: Code,
    pub(crate) outcome: Outcome,
    pub(crate) attributes: Attributes,
    pub(crate) request_bytes: Option<u64>,
    pub(crate) response_bytes: Option<u64>,
    pub(crate) rows: Option<u64>,
    pub(crate) messages: Option<u64>,
    /// What the decoder wants to know of the request when it reads the answer.
    pub(crate) tag: u32,
    /// What the protocol calls it, where it pairs by that.
    pub(crate) id: Option<u64>,
    pub(crate) request_ended: bool,
    pub(crate) response_ended: bool,
    pub(crate) timed_out: bool,
    /// Its answer may have been overlooked.
    pub(crate) may_be_answered: bool,
    /// The next newer one of the same connection, and the next older one.
    pub(crate) next: u32,
    pub(crate) previous: u32,
    pub(crate) target: Option<Box<str>>,
}

impl Exchange {
    pub(crate) fn begun(at: CaptureTime, tag: u32, id: Option<u64>) -> Self {
        Self {
            moments: Moments { request_first: Some(at), ..Moments::default() },
            operation: NameId::UNKNOWN,
            name: NameId::UNKNOWN,
            code: Code::None,
            outcome: Outcome::Ok,
            attributes: Attributes::default(),
            request_bytes: None,
            response_bytes: None,
            rows: None,
            messages: None,
            tag,
            id,
            request_ended: false,
            response_ended: false,
            timed_out: false,
            may_be_answered: false,
            next: NO_EXCHANGE,
            previous: NO_EXCHANGE,
            target: None,
        }
    }

    /// Moves it out of the pool without leaving its text behind.
    pub(crate) fn take(&mut self) -> Self {
        let target = self.target.take();
        Self { target, ..self.clone() }
    }

    /// When it is given up, while it waits for the first byte of an answer.
    pub(crate) fn answer_deadline(&self) -> Option<CaptureTime> {
        if self.timed_out || !self.request_ended || self.moments.response_first.is_some() {
            return None;
        }
        let since = self.moments.request_last.max(self.moments.request_first)?;
        Some(since.plus(ANSWER_TIMEOUT))
    }

    /// What is said of it in the end.
    pub(crate) fn decided(
        &mut self,
        parties: &Parties,
        outcome: Outcome,
        at: CaptureTime,
    ) -> Decided {
        if !outcome.is_answered() {
            self.mark_incomplete();
        }
        Decided {
            transaction: Transaction {
                protocol: parties.protocol,
                wire: parties.wire,
                client: parties.client,
                server: parties.server,
                operation: self.operation,
                name: self.name,
                outcome,
                code: self.code,
                moments: self.moments,
                decided: at,
                request_bytes: self.request_bytes,
                response_bytes: self.response_bytes,
                rows: self.rows,
                messages: self.messages,
            },
            attributes: self.attributes,
            target: self.target.take(),
        }
    }

    fn mark_incomplete(&mut self) {
        if !self.request_ended {
            self.attributes.set(Attributes::REQUEST_INCOMPLETE);
        }
        if self.moments.response_first.is_some() && !self.response_ended {
            self.attributes.set(Attributes::RESPONSE_INCOMPLETE);
        }
    }

    /// The same, where its pairing is doubtful.
    pub(crate) fn take_quarantined(&mut self, parties: &Parties, at: CaptureTime) -> Decided {
        let mut decided = self.decided(parties, Outcome::Quarantined, at);
        decided.attributes = Attributes::default();
        to_quarantine(&mut decided.transaction);
        decided
    }
}
