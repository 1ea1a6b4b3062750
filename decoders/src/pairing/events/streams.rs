//! What a decoder says of messages that interleave: several requests arrive at once, and several answers.

use super::Events;
use crate::output::Attributes;
use crate::pairing::{Answering, Asking, Trust, emit};
use model::transaction::{Code, Outcome};

impl Events<'_> {
    fn number(&self, id: u64) -> Option<u32> {
        self.context.by_id.get(&(self.parties.slot, id)).copied()
    }

    /// What is said of the request that is arriving is said of the one with this id from here on. `false` where it is not
    /// open.
    pub fn continue_request(&mut self, id: u64) -> bool {
        let number = self.number(id);
        self.pairing.asking = if number.is_some() { Asking::Open } else { Asking::Decided };
        self.pairing.asked = number.unwrap_or(self.pairing.asked);
        number.is_some()
    }

    /// What is said of the answer that is arriving is said of the one to the request with this id from here on. `false`
    /// where it is not open.
    pub fn continue_response(&mut self, id: u64) -> bool {
        let number = self.number(id);
        self.pairing.answering = if number.is_some() { Answering::Open } else { Answering::Nobody };
        self.pairing.answered = number.unwrap_or(self.pairing.answered);
        number.is_some()
    }

    /// The rest of the request with this id, which has its answer, will not come: nobody wants it.
    pub fn abandon_request(&mut self, id: u64) {
        let Some(number) = self.number(id) else { return };
        if let Some(exchange) = self.context.exchanges.get_mut(number)
            && !exchange.request_ended
        {
            exchange.request_ended = true;
            exchange.attributes.set(Attributes::REQUEST_INCOMPLETE);
        }
        if self.pairing.asked == number && self.pairing.asking == Asking::Open {
            self.pairing.asking = Asking::Decided;
        }
        self.settle(number);
    }

    /// The request with this id will not be answered, or not to its end. `why` is told of it.
    pub fn leave_unanswered(&mut self, id: u64, why: Attributes) {
        let Some(number) = self.number(id) else { return };
        if let Some(exchange) = self.context.exchanges.get_mut(number) {
            exchange.attributes.set(why);
        }
        self.decide(number, Outcome::Unanswered);
    }

    /// What was missed makes it doubtful how the request with this id ended.
    pub fn doubt(&mut self, id: u64) {
        let Some(number) = self.number(id) else { return };
        self.decide(number, Outcome::Quarantined);
    }

    fn decide(&mut self, number: u32, outcome: Outcome) {
        self.give_up(number);
        let taken = self.pairing.take(self.parties.slot, number, self.context);
        let Some(mut exchange) = taken.filter(|exchange| !exchange.timed_out) else { return };
        let now = self.context.now;
        let decided = match outcome {
            Outcome::Quarantined => exchange.take_quarantined(self.parties, now),
            _ => exchange.decided(self.parties, outcome, now),
        };
        emit(self.context, decided);
    }

    /// The oldest request is answered in another protocol, under this id. Only where it is the only one, so that the
    /// pair is certain; `false` where it is not.
    pub fn hand_over(&mut self, id: u64) -> bool {
        let pairing = &mut *self.pairing;
        let is_certain = pairing.open == 1
            && matches!(pairing.trust, Trust::Proven | Trust::Provisional)
            && pairing.asking == Asking::Nothing;
        let Some(exchange) = self.context.exchanges.get_mut(pairing.oldest).filter(|_| is_certain)
        else {
            return false;
        };
        exchange.id = Some(id);
        // What said so is not the answer.
        (exchange.moments.response_first, exchange.code) = (None, Code::None);
        self.context.by_id.insert((self.parties.slot, id), pairing.oldest);
        // Nobody will confirm the pairs that still wait.
        pairing.refute(self.parties, self.context);
        (pairing.trust, pairing.answering) = (Trust::ById, Answering::Nothing);
        true
    }
}
