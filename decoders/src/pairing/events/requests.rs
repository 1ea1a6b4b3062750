//! What a decoder says of requests.

use super::{Events, Key, Named};
use crate::limits::{LEARNED_MAX, OPEN_REQUESTS_MAX};
use crate::naming::Kind;
use crate::output::{Attributes, Detail};
use crate::pairing::{Answering, Asking, Context, Exchange, Trust, emit, quarantine};
use model::units::CaptureTime;

impl Events<'_> {
    /// A request begins. `tag` comes back from [`Self::oldest_tag`] or [`Self::begin_response_to`] when its answer is
    /// read.
    pub fn begin_request(&mut self, at: CaptureTime, tag: u32, key: Key) {
        if let Some(ledger) = self.context.wires.ledger_mut(self.parties.wire) {
            ledger.requests.started += 1;
        }
        let id = if let Key::Id(id) = key { Some(id) } else { None };
        if self.pairing.asking == Asking::Doubtful {
            // The one before it never ended, as behind a FIN.
            quarantine(self.pairing.asked, self.parties, self.context);
        }
        self.judge_request(key);
        let number = self.context.exchanges.insert(Exchange::begun(at, tag, id));
        self.pairing.asked = number;
        if self.pairing.trust == Trust::Lost {
            self.pairing.asking = Asking::Doubtful;
            return;
        }
        self.pairing.push(self.parties.slot, number, self.context);
        self.pairing.asking = Asking::Open;
    }

    /// What a new request says of the pairs before it.
    fn judge_request(&mut self, key: Key) {
        let pairing = &mut *self.pairing;
        if pairing.open >= OPEN_REQUESTS_MAX {
            pairing.quarantine_open(self.parties, self.context);
            if pairing.trust != Trust::ById {
                pairing.trust = Trust::Lost;
            }
            self.notice(|notices| notices.open_requests_over_limit += 1);
            return;
        }
        match key {
            Key::Id(id) => return self.reuse(id),
            Key::Together => return,
            Key::InOrder => {}
        }
        if pairing.open > 0 {
            pairing.pipelined = true;
        }
        match pairing.trust {
            Trust::Proven | Trust::ById => {}
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
                self.resume();
            }
        }
    }

    /// A client uses an id again when it has the answer: the request that had it is not open, whatever we saw.
    fn reuse(&mut self, id: u64) {
        let slot = self.parties.slot;
        let Some(&number) = self.context.by_id.get(&(slot, id)) else { return };
        self.quarantine_one(number);
    }

    /// One that is open is doubtful, the others are not.
    pub(super) fn quarantine_one(&mut self, number: u32) {
        self.give_up(number);
        if let Some(mut exchange) = self.pairing.take(self.parties.slot, number, self.context)
            && !exchange.timed_out
        {
            let now = self.context.now;
            emit(self.context, exchange.take_quarantined(self.parties, now));
        }
    }

    /// An exchange leaves before its messages are whole.
    pub(super) fn give_up(&mut self, number: u32) {
        let pairing = &mut *self.pairing;
        if pairing.asking == Asking::Open && pairing.asked == number {
            pairing.asking = Asking::Decided;
        }
        if pairing.answering == Answering::Open && pairing.answered == number {
            pairing.answering = Answering::Nobody;
        }
    }

    /// After a loss: whether the client now stands at a safe point, both directions between two messages and nothing
    /// outstanding. Then what was expected of the server before is void, and its next byte begins an answer. For
    /// decoders whose requests are several messages: asked before the first of them. `false` where nothing was lost.
    pub fn resume(&mut self) -> bool {
        let pairing = &mut *self.pairing;
        let idle = pairing.open == 0 && pairing.answering != Answering::Open;
        let is_safe = pairing.trust == Trust::Lost
            && idle
            && self.quiet
            && pairing.gap_answered
            && !pairing.pipelined;
        if is_safe {
            pairing.trust = Trust::Provisional;
            pairing.answering = Answering::Nothing;
            pairing.restart_answers = true;
        }
        is_safe
    }

    /// The exchange whose request is arriving.
    fn asked(&mut self) -> Option<&mut Exchange> {
        match self.pairing.asking {
            Asking::Open | Asking::Doubtful => self.context.exchanges.get_mut(self.pairing.asked),
            Asking::Nothing | Asking::Decided => None,
        }
    }

    /// Names the request that is arriving: its verb, and what the wire's naming makes of its target.
    pub fn name_request(&mut self, operation: &[u8], target: &[u8], kind: Kind) {
        let named = self.named(operation, target, kind);
        self.file_request(named);
        self.keep_target(target);
    }

    /// Names the request that is arriving by its verb alone, where its target is not known.
    pub fn name_operation(&mut self, operation: &[u8]) {
        let named = self.unnamed(operation);
        self.file_request(named);
    }

    /// What the wire calls such a request; for requests that will name it later.
    pub fn named(&mut self, operation: &[u8], target: &[u8], kind: Kind) -> Named {
        let Context { wires, output, .. } = &mut *self.context;
        wires.name(self.parties.wire, operation, target, kind, &mut output.fresh)
    }

    /// What a request is called that has nothing to be named by.
    pub fn nameless(&mut self, operation: &[u8]) -> Named {
        let Context { wires, output, .. } = &mut *self.context;
        wires.nameless(self.parties.wire, operation, &mut output.fresh)
    }

    /// A request of which only the verb is known.
    pub fn unnamed(&mut self, operation: &[u8]) -> Named {
        let Context { wires, output, .. } = &mut *self.context;
        let operation = wires.operation(self.parties.wire, operation, &mut output.fresh);
        Named { operation, ..Named::default() }
    }

    /// What a request is called whose name is known by a key that another connection may have told, or will tell before
    /// its answer comes, by [`Self::learn`].
    pub fn named_by(&mut self, operation: &[u8], key: u128) -> Named {
        let Context { wires, output, .. } = &mut *self.context;
        wires.name_by(self.parties.wire, operation, key, &mut output.fresh)
    }

    /// From here on `key` stands for what the wire's naming makes of `target`, on all connections.
    pub fn learn(&mut self, key: u128, target: &[u8], kind: Kind) {
        // The first name counts, so that it need not be told again: some are told in every answer of a kind.
        if self.context.told.contains(&key) {
            return;
        }
        if let Some(name) = self.name_of(target, kind) {
            self.learn_name(key, name);
        }
    }

    /// What the wire's naming makes of `target`, for a key that is told later.
    pub fn name_of(&mut self, target: &[u8], kind: Kind) -> Option<Box<str>> {
        self.context.wires.text_of(self.parties.wire, target, kind)
    }

    /// From here on `key` stands for `name`, on all connections.
    pub fn learn_name(&mut self, key: u128, name: Box<str>) {
        let told = &mut self.context.told;
        if told.len() >= LEARNED_MAX || !told.insert(key) {
            return;
        }
        let place = self.context.next_place();
        self.context.output.learned.push((place, (key, name)));
    }

    /// Whether a request with this id is open: its tag.
    pub fn open_tag(&self, id: u64) -> Option<u32> {
        let number = self.context.by_id.get(&(self.parties.slot, id))?;
        let exchange = self.context.exchanges.get(*number)?;
        (!exchange.response_ended).then_some(exchange.tag)
    }

    /// Files the request that is arriving under a name that was made before.
    pub fn file_request(&mut self, named: Named) {
        if let Some(exchange) = self.asked() {
            (exchange.operation, exchange.name) = (named.operation, named.name);
        }
    }

    /// Keeps what the request says as it says it; only where that was asked for.
    pub fn keep_target(&mut self, target: &[u8]) {
        if self.context.keep_targets
            && let Some(exchange) = self.asked()
        {
            exchange.target = Some(String::from_utf8_lossy(target).into());
        }
    }

    /// Whether requests are to be kept as they are.
    pub const fn keeps_targets(&self) -> bool {
        self.context.keep_targets
    }

    /// What the decoder must know of the request when it reads its answer.
    pub fn retag_request(&mut self, tag: u32) {
        if let Some(exchange) = self.asked() {
            exchange.tag = tag;
        }
    }

    /// More about the request that is arriving.
    pub fn request_detail(&mut self, detail: Detail, value: u64) {
        if let Some(exchange) = self.asked() {
            exchange.attributes.set_detail(detail, value);
        }
    }

    /// Messages in the request that is arriving.
    pub fn request_messages(&mut self, messages: u64) {
        if let Some(exchange) = self.asked() {
            exchange.messages = Some(messages);
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
            Asking::Open => self.settle(self.pairing.asked),
            Asking::Doubtful => quarantine(self.pairing.asked, self.parties, self.context),
            Asking::Nothing | Asking::Decided => {}
        }
    }

    /// The request that is arriving is whole, and the protocol gives no answer to it.
    pub fn end_one_way(&mut self, at: Option<CaptureTime>, bytes: Option<u64>) {
        if let Some(exchange) = self.asked() {
            exchange.moments.request_last = at;
            exchange.request_bytes = bytes;
            exchange.request_ended = true;
        }
        match std::mem::replace(&mut self.pairing.asking, Asking::Nothing) {
            Asking::Open => self.needs_no_answer(self.pairing.asked),
            Asking::Doubtful => quarantine(self.pairing.asked, self.parties, self.context),
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

    /// More bytes of a request that has ended, as data that it announced: of the oldest that is open.
    pub fn add_request_bytes(&mut self, bytes: u64) {
        if let Some(exchange) = self.oldest() {
            exchange.request_bytes = exchange.request_bytes.map(|before| before + bytes);
        }
    }

    /// Something of such data was lost: how many bytes the oldest request has is not known.
    pub fn forget_request_bytes(&mut self) {
        if let Some(exchange) = self.oldest() {
            exchange.request_bytes = None;
        }
    }

    /// A message that was read before has another part, which is answered next: it begins before all that are open.
    /// `last` is `None` where the message's last byte was never captured.
    pub fn begin_part(
        &mut self,
        named: Named,
        first: CaptureTime,
        last: Option<CaptureTime>,
        bytes: u64,
    ) {
        if self.pairing.trust == Trust::Lost {
            return;
        }
        if let Some(ledger) = self.context.wires.ledger_mut(self.parties.wire) {
            ledger.requests.started += 1;
        }
        let mut exchange = Exchange::begun(first, 0, None);
        (exchange.operation, exchange.name) = (named.operation, named.name);
        exchange.moments.request_last = last;
        if last.is_none() {
            exchange.attributes.set(Attributes::REQUEST_END_NOT_CAPTURED);
        }
        (exchange.request_bytes, exchange.request_ended) = (Some(bytes), true);
        let number = self.context.exchanges.insert(exchange);
        self.pairing.push_front(number, self.context);
    }
}
