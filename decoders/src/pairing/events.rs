//! What a decoder says while it reads: messages begin, get names and codes, and end.

use super::{Answering, Asking, Context, Exchange, Pairing, Parties, Trust, quarantine};
use crate::limits::OPEN_REQUESTS_MAX;
use crate::output::Attributes;
use model::ledger::Notices;
use model::transaction::{Code, Outcome};
use model::units::CaptureTime;

/// A decoder's way to its connection's pairing.
pub struct Events<'a> {
    pub(crate) pairing: &'a mut Pairing,
    pub(crate) context: &'a mut Context,
    pub(crate) parties: &'a Parties,
    /// The client had received all that the server had sent when it sent the bytes at hand, and the server stood
    /// between two answers.
    pub(crate) quiet: bool,
}

impl Events<'_> {
    fn notice(&mut self, count: impl FnOnce(&mut Notices)) {
        if let Some(ledger) = self.context.wires.ledger_mut(self.parties.wire) {
            count(&mut ledger.notices);
        }
    }

    /// A request begins. `tag` comes back from [`Self::oldest_tag`] when its answer is read.
    pub fn begin_request(&mut self, at: CaptureTime, tag: u8) {
        if let Some(ledger) = self.context.wires.ledger_mut(self.parties.wire) {
            ledger.requests.started += 1;
        }
        self.judge_request();
        let id = self.context.exchanges.insert(Exchange::begun(at, tag));
        if self.pairing.trust == Trust::Lost {
            self.pairing.asking = Asking::Doubtful(id);
            return;
        }
        self.pairing.push(id, self.context);
        self.pairing.asking = Asking::Newest;
    }

    /// What a new request says of the pairs before it.
    fn judge_request(&mut self) {
        let pairing = &mut *self.pairing;
        if pairing.open >= OPEN_REQUESTS_MAX {
            pairing.quarantine_open(self.parties, self.context);
            pairing.trust = Trust::Lost;
            self.notice(|notices| notices.open_requests_over_limit += 1);
            return;
        }
        if pairing.open > 0 {
            pairing.pipelined = true;
        }
        match pairing.trust {
            Trust::Proven => {}
            Trust::Provisional if pairing.open > 0 => {
                pairing.quarantine_open(self.parties, self.context);
                pairing.trust = Trust::Lost;
                pairing.refute(self.parties, self.context);
            }
            Trust::Provisional => {
                if pairing.has_provisional && self.quiet {
                    pairing.trust = Trust::Proven;
                    pairing.confirm(self.parties, self.context);
                }
            }
            Trust::Lost => {
                let idle = pairing.open == 0 && pairing.answering != Answering::Oldest;
                if idle && self.quiet && pairing.gap_answered && !pairing.pipelined {
                    pairing.trust = Trust::Provisional;
                    pairing.answering = Answering::Nothing;
                    pairing.restart_answers = true;
                }
            }
        }
    }

    /// The exchange whose request is arriving.
    fn asked(&mut self) -> Option<&mut Exchange> {
        match self.pairing.asking {
            Asking::Newest => self.context.exchanges.get_mut(self.pairing.newest),
            Asking::Doubtful(id) => self.context.exchanges.get_mut(id),
            Asking::Nothing | Asking::Decided => None,
        }
    }

    /// Names the request that is arriving: its verb, and what the wire's naming makes of its target.
    pub fn name_request(&mut self, operation: &[u8], target: &[u8]) {
        let (operation, name) = {
            let Context { wires, output, .. } = &mut *self.context;
            wires.name(self.parties.wire, operation, target, &mut output.fresh)
        };
        let kept = self.context.keep_targets.then(|| String::from_utf8_lossy(target).into());
        if let Some(exchange) = self.asked() {
            (exchange.operation, exchange.name, exchange.target) = (operation, name, kept);
        }
    }

    /// What the decoder must know of the request when it reads its answer.
    pub fn retag_request(&mut self, tag: u8) {
        if let Some(exchange) = self.asked() {
            exchange.tag = tag;
        }
    }

    /// The request that is arriving is whole. `bytes` is `None` where its size is not known.
    pub fn end_request(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        if let Some(exchange) = self.asked() {
            exchange.moments.request_last = at;
            exchange.request_bytes = bytes;
            exchange.request_ended = true;
            if at.is_none() {
                exchange.attributes.set(Attributes::REQUEST_END_NOT_CAPTURED);
            }
            // Where its end was only told by what came after it, the answer seemed early and was not.
            if at.is_none_or(|at| exchange.moments.response_first.is_some_and(|first| at <= first))
            {
                exchange.attributes.clear(Attributes::EARLY_ANSWER);
            }
        }
        match std::mem::replace(&mut self.pairing.asking, Asking::Nothing) {
            Asking::Newest => self.settle_oldest(),
            Asking::Doubtful(id) => quarantine(id, self.parties, self.context),
            Asking::Nothing | Asking::Decided => {}
        }
    }

    /// The request's bytes stop before its end; `at` is when the last of them came.
    pub fn cut_request(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        if let Some(exchange) = self.asked() {
            exchange.moments.request_last = at;
            exchange.request_bytes = bytes;
        }
    }

    /// The tag of the request that the next answer belongs to, where one is open.
    pub fn oldest_tag(&self) -> Option<u8> {
        if self.pairing.open == 0 {
            return None;
        }
        self.context.exchanges.get(self.pairing.oldest).map(|exchange| exchange.tag)
    }

    /// An answer begins.
    pub fn begin_response(&mut self, at: CaptureTime) {
        let pairing = &mut *self.pairing;
        let oldest = match pairing.open {
            0 => None,
            _ => self.context.exchanges.get_mut(pairing.oldest),
        };
        let Some(exchange) = oldest.filter(|exchange| !exchange.response_ended) else {
            pairing.answering = Answering::Nobody;
            if pairing.trust == Trust::Provisional {
                pairing.trust = Trust::Lost;
                pairing.gap_answered = true;
                pairing.refute(self.parties, self.context);
            }
            self.notice(|notices| notices.orphan_answers += 1);
            return;
        };
        pairing.answering = Answering::Oldest;
        exchange.moments.response_first = Some(at);
        if !exchange.request_ended {
            exchange.attributes.set(Attributes::EARLY_ANSWER);
        }
    }

    /// An interim answer begins: it is not the answer.
    pub fn begin_interim(&mut self) {
        self.pairing.answering = Answering::Interim;
        self.notice(|notices| notices.interim_answers += 1);
    }

    /// What the answer that is arriving says of the request.
    pub fn code(&mut self, code: Code, outcome: Outcome) {
        if self.pairing.answering == Answering::Oldest
            && let Some(exchange) = self.context.exchanges.get_mut(self.pairing.oldest)
        {
            (exchange.code, exchange.outcome) = (code, outcome);
        }
    }

    /// The answer that is arriving is whole; `at` is `None` where its last byte was never captured.
    pub fn end_response(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        let answering = std::mem::replace(&mut self.pairing.answering, Answering::Nothing);
        if answering != Answering::Oldest {
            return;
        }
        if let Some(exchange) = self.context.exchanges.get_mut(self.pairing.oldest) {
            exchange.moments.response_last = at;
            exchange.response_bytes = bytes;
            exchange.response_ended = true;
            if at.is_none() {
                exchange.attributes.set(Attributes::END_NOT_CAPTURED);
            }
        }
        self.settle_oldest();
    }

    /// The answer's bytes stop before its end; `at` is when the last of them came.
    pub fn cut_response(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        if self.pairing.answering == Answering::Oldest
            && let Some(exchange) = self.context.exchanges.get_mut(self.pairing.oldest)
        {
            exchange.moments.response_last = at;
            exchange.response_bytes = bytes;
        }
    }

    /// Decides the oldest request if both its halves are whole.
    fn settle_oldest(&mut self) {
        let done = self.pairing.open > 0
            && self
                .context
                .exchanges
                .get(self.pairing.oldest)
                .is_some_and(|exchange| exchange.request_ended && exchange.response_ended);
        if !done {
            return;
        }
        let Some(mut exchange) = self.pairing.pop(self.context) else { return };
        if exchange.timed_out {
            return self.notice(|notices| notices.late_answers += 1);
        }
        let outcome = exchange.outcome;
        let decided = exchange.decided(self.parties, outcome, self.context.now);
        self.pairing.file(decided, self.parties, self.context);
    }
}
