//! What a decoder says of answers.

use super::{Events, Named};
use crate::output::{Attributes, Detail};
use crate::pairing::{Answering, Exchange, Trust, emit};
use model::transaction::{Code, Outcome};
use model::units::CaptureTime;

impl Events<'_> {
    pub(super) fn oldest(&mut self) -> Option<&mut Exchange> {
        if self.pairing.open == 0 {
            return None;
        }
        self.context.exchanges.get_mut(self.pairing.oldest)
    }

    /// The tag of the request that the next answer in order belongs to, where one is open.
    pub fn oldest_tag(&self) -> Option<u32> {
        if self.pairing.open == 0 {
            return None;
        }
        self.context.exchanges.get(self.pairing.oldest).map(|exchange| exchange.tag)
    }

    /// Whether the only request so far that is open has this tag, so that whatever comes is its answer.
    pub fn asked_alone(&self, tag: u32) -> bool {
        self.oldest_tag() == Some(tag) && self.pairing.is_sequential()
    }

    /// Whether pairs in order are to be believed: nothing was lost, or a safe point was found since.
    pub fn is_in_order(&self) -> bool {
        self.pairing.trust != Trust::Lost
    }

    /// An answer begins, to the oldest request.
    pub fn begin_response(&mut self, at: CaptureTime) {
        let number = self.pairing.oldest;
        let is_open = self.oldest().is_some_and(|exchange| !exchange.response_ended);
        if is_open {
            return self.answer(number, at);
        }
        let pairing = &mut *self.pairing;
        pairing.answering = Answering::Nobody;
        if pairing.trust == Trust::Provisional {
            pairing.trust = Trust::Lost;
            pairing.gap_answered = true;
            pairing.refute(self.parties, self.context);
        }
        self.notice(|notices| notices.orphan_answers += 1);
    }

    /// An answer begins, to the request with this id. Its tag, where it is open.
    pub fn begin_response_to(&mut self, at: CaptureTime, id: u64) -> Option<u32> {
        let number = self.context.by_id.get(&(self.parties.slot, id)).copied();
        let exchange = number.and_then(|number| self.context.exchanges.get(number));
        match (number, exchange.filter(|exchange| !exchange.response_ended)) {
            (Some(number), Some(exchange)) => {
                let tag = exchange.tag;
                self.answer(number, at);
                Some(tag)
            }
            (_, _) => {
                self.pairing.answering = Answering::Nobody;
                self.notice(|notices| notices.orphan_answers += 1);
                None
            }
        }
    }

    fn answer(&mut self, number: u32, at: CaptureTime) {
        (self.pairing.answering, self.pairing.answered) = (Answering::Open, number);
        let Some(exchange) = self.context.exchanges.get_mut(number) else { return };
        exchange.moments.response_first.get_or_insert(at);
        if !exchange.request_ended {
            exchange.attributes.set(Attributes::EARLY_ANSWER);
        }
    }

    /// An interim answer begins: it is not the answer.
    pub fn begin_interim(&mut self) {
        self.pairing.answering = Answering::Interim;
        self.notice(|notices| notices.interim_answers += 1);
    }

    /// The exchange whose answer is arriving.
    fn answered(&mut self) -> Option<&mut Exchange> {
        match self.pairing.answering {
            Answering::Open => self.context.exchanges.get_mut(self.pairing.answered),
            Answering::Nothing | Answering::Nobody | Answering::Interim => None,
        }
    }

    /// What the answer that is arriving says of the request.
    pub fn code(&mut self, code: Code, outcome: Outcome) {
        if let Some(exchange) = self.answered() {
            (exchange.code, exchange.outcome) = (code, outcome);
        }
    }

    /// Rows in the answer that is arriving.
    pub fn rows(&mut self, rows: u64) {
        if let Some(exchange) = self.answered() {
            exchange.rows = Some(rows);
        }
    }

    /// Messages in the answer that is arriving.
    pub fn response_messages(&mut self, messages: u64) {
        if let Some(exchange) = self.answered() {
            exchange.messages = Some(messages);
        }
    }

    /// Names the request by what its answer says.
    pub fn name_by_answer(&mut self, named: Named) {
        if let Some(exchange) = self.answered() {
            (exchange.operation, exchange.name) = (named.operation, named.name);
        }
    }

    /// Files the request under another verb, by what its answer says.
    pub fn operation_by_answer(&mut self, operation: &[u8]) {
        let operation = self.unnamed(operation).operation;
        if let Some(exchange) = self.answered() {
            exchange.operation = operation;
        }
    }

    /// When the request began whose answer is arriving.
    pub fn answered_since(&mut self) -> Option<CaptureTime> {
        self.answered()?.moments.request_first
    }

    /// More about the exchange whose answer is arriving.
    pub fn response_detail(&mut self, detail: Detail, value: u64) {
        if let Some(exchange) = self.answered() {
            exchange.attributes.set_detail(detail, value);
        }
    }

    /// Something true of the exchange whose answer is arriving.
    pub fn response_attribute(&mut self, attribute: Attributes) {
        if let Some(exchange) = self.answered() {
            exchange.attributes.set(attribute);
        }
    }

    /// The answer that is arriving is whole; `at` is `None` where its last byte was never captured.
    pub fn end_response(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        let answering = std::mem::replace(&mut self.pairing.answering, Answering::Nothing);
        if answering != Answering::Open {
            return;
        }
        let number = self.pairing.answered;
        if let Some(exchange) = self.context.exchanges.get_mut(number) {
            exchange.moments.response_last = at;
            exchange.response_bytes = bytes;
            exchange.response_ended = true;
            if at.is_none() {
                exchange.attributes.set(Attributes::END_NOT_CAPTURED);
            }
        }
        self.settle(number);
    }

    /// The answer's bytes stop before its end; `at` is when the last of them came.
    pub fn cut_response(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        if let Some(exchange) = self.answered() {
            exchange.moments.response_last = at;
            exchange.response_bytes = bytes;
        }
    }

    /// Answers were lost, though not where the next message begins: whose they were nobody can say, and what is open is
    /// doubtful.
    pub fn lose_answers(&mut self) {
        self.pairing.lose_answers(self.parties, self.context);
    }

    /// The server passes over the oldest request: it will not be answered.
    pub fn pass_over_oldest(&mut self) {
        if self.pairing.open > 0 {
            self.needs_no_answer(self.pairing.oldest);
        }
    }

    pub(super) fn needs_no_answer(&mut self, number: u32) {
        self.give_up(number);
        let taken = self.pairing.take(self.parties.slot, number, self.context);
        if let Some(mut exchange) = taken.filter(|exchange| !exchange.timed_out) {
            let now = self.context.now;
            emit(self.context, exchange.decided(self.parties, Outcome::NoAnswerExpected, now));
        }
    }

    /// Decides a request if both its halves are whole; in order, if it is the oldest.
    pub(super) fn settle(&mut self, number: u32) {
        let exchange = self.context.exchanges.get(number);
        let is_whole =
            exchange.is_some_and(|exchange| exchange.request_ended && exchange.response_ended);
        if !is_whole || (self.pairing.trust != Trust::ById && self.pairing.oldest != number) {
            return;
        }
        let taken = self.pairing.take(self.parties.slot, number, self.context);
        let Some(mut exchange) = taken else { return };
        if exchange.timed_out {
            return self.notice(|notices| notices.late_answers += 1);
        }
        let outcome = exchange.outcome;
        let decided = exchange.decided(self.parties, outcome, self.context.now);
        self.pairing.file(decided, self.parties, self.context);
    }
}
