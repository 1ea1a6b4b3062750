//! Requests and answers find each other: in order, and never by guess.
//!
//! What a connection proves decides what becomes of a pair ([`Trust`]). A connection seen from its first packet is
//! `Proven`. After a join mid-stream, or after a gap and a safe point, pairs are `Provisional`: they wait until the
//! client's next request, sent after it had received all that was answered, confirms them; an answer that nobody asked
//! for refutes them, and they are quarantined. After a gap the connection is `Lost` until a safe point.

mod events;
mod exchange;
mod queue;

pub use events::{Events, Key, Named};
pub(crate) use exchange::{Exchange, NO_EXCHANGE};

use crate::engine::Shed;
use crate::output::{Attributes, Decided, Output, Place, Tie};
use crate::slab::Slab;
use crate::tcp::flow::Rare;
use crate::wires::Wires;
use foldhash::fast::FixedState;
use model::flow::{Endpoint, FlowKey};
use model::names::NameId;
use model::protocol::Protocol;
use model::transaction::{Code, Outcome, Transaction};
use model::units::CaptureTime;
use model::wire::WireId;
use std::collections::{HashMap, HashSet};

/// What all connections of an engine share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) exchanges: Slab<Exchange>,
    pub(crate) wires: Wires,
    pub(crate) output: Output,
    /// Open requests by connection number and id, for protocols that pair by id.
    by_id: HashMap<(u32, u64), u32, FixedState>,
    /// Keys whose names were told.
    told: HashSet<u128, FixedState>,
    /// Pairs whose proof is awaited, by connection number.
    provisional: HashMap<u32, Vec<Decided>, FixedState>,
    pub(crate) keep_targets: bool,
    /// Bytes that were skipped, by connection number and end; only where connections are reported.
    pub(crate) skips: Option<HashMap<u32, [u64; 2], FixedState>>,
    /// Bytes that all connections hold: early segments, and messages that are not whole.
    pub(crate) held_bytes: usize,
    /// Rooms that connections gave back.
    #[allow(clippy::vec_box)] // They are handed on as they are.
    pub(crate) spare_rare: Vec<Box<Rare>>,
    /// Room for what a decoder decompresses, see [`Events::take_scratch`].
    pub(crate) scratch: Vec<u8>,
    /// Number of the packet at hand.
    pub(crate) packet: u64,
    /// Things decided by the packet or tick at hand so far.
    pub(crate) decided_here: u32,
    /// The deadline at hand, while a tick is.
    pub(crate) deadline: Option<(CaptureTime, FlowKey)>,
    /// Time of the packet, or deadline, at hand.
    pub(crate) now: CaptureTime,
}

impl Context {
    pub(crate) fn new(wires: Wires, keep_targets: bool, keep_skips: bool) -> Self {
        Self {
            exchanges: Slab::new(),
            wires,
            output: Output::default(),
            by_id: HashMap::default(),
            told: HashSet::default(),
            provisional: HashMap::default(),
            keep_targets,
            skips: keep_skips.then(HashMap::default),
            held_bytes: 0,
            spare_rare: Vec::new(),
            scratch: Vec::new(),
            packet: 0,
            decided_here: 0,
            deadline: None,
            now: CaptureTime::ZERO,
        }
    }

    /// The place of the next thing that is decided.
    pub(crate) fn next_place(&mut self) -> Place {
        let order = self.decided_here;
        self.decided_here += 1;
        let tie = match self.deadline {
            Some((deadline, key)) => Tie::Tick(deadline, key, order),
            None => Tie::Packet(order),
        };
        Place { packet: self.packet, tie }
    }
}

/// Who talks to whom, on which wire: what a decided transaction needs of its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties {
    pub(crate) protocol: Protocol,
    pub(crate) wire: WireId,
    pub(crate) client: Endpoint,
    pub(crate) server: Endpoint,
    /// The connection's number.
    pub(crate) slot: u32,
}

/// What may be believed of a connection's pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Seen from its first packet, nothing lost since, or confirmed since.
    Proven,
    /// Pairs wait for a confirmation.
    Provisional,
    /// Requests may have been lost: those that come are quarantined, until a safe point.
    Lost,
    /// Answers name their requests: a loss makes only those doubtful that were open across it.
    ById,
}

/// The request that is arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Nothing,
    /// In the queue.
    Open,
    /// Not in the queue: it will be quarantined when it is whole.
    Doubtful,
    /// Already decided; the rest of its bytes says nothing.
    Decided,
}

/// The answer that is arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answering {
    Nothing,
    /// To a request of the queue.
    Open,
    /// To a request that was never seen, or that is already decided.
    Nobody,
    Interim,
}

/// One connection's open requests, a queue in the engine's pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairing {
    oldest: u32,
    /// The exchange that is being asked, and the one that is being answered.
    asked: u32,
    answered: u32,
    pub(crate) open: u16,
    asking: Asking,
    answering: Answering,
    pub(crate) trust: Trust,
    /// A request began while another was open: the client pipelines.
    pipelined: bool,
    /// The server has sent something since it received what the gap hid.
    pub(crate) gap_answered: bool,
    /// A safe point was found: the driver must let the answers' direction begin anew.
    pub(crate) restart_answers: bool,
    has_provisional: bool,
}

impl Pairing {
    pub(crate) const fn new(trust: Trust) -> Self {
        Self {
            oldest: NO_EXCHANGE,
            asked: NO_EXCHANGE,
            answered: NO_EXCHANGE,
            open: 0,
            asking: Asking::Nothing,
            answering: Answering::Nothing,
            trust,
            pipelined: false,
            gap_answered: true,
            restart_answers: false,
            has_provisional: false,
        }
    }

    /// Answers name their requests from here on.
    pub(crate) const fn pair_by_id(&mut self) {
        self.trust = Trust::ById;
    }

    /// Whether one request is open, its connection's only one so far, so that what the client does next tells where
    /// messages end.
    pub(crate) fn is_sequential(&self) -> bool {
        self.open <= 1 && !self.pipelined && self.trust != Trust::Lost
    }

    /// Whether bytes that look like a request can be one while it is not known where requests begin: not while they may
    /// belong to a request whose end was lost, and not before the server has answered what the gap hid.
    pub(crate) const fn may_ask_again(&self) -> bool {
        self.gap_answered && (self.open == 0 || self.pipelined)
    }

    /// Whether every byte of the oldest request was read, and nothing was lost since.
    pub(crate) fn is_whole(&self, context: &Context) -> bool {
        let oldest = if self.open == 1 { context.exchanges.get(self.oldest) } else { None };
        self.trust != Trust::Lost
            && oldest
                .is_some_and(|exchange| exchange.request_ended && exchange.request_bytes.is_some())
    }

    /// Whether the oldest request's answer has begun.
    pub(crate) fn is_being_answered(&self, context: &Context) -> bool {
        let oldest = if self.open > 0 { context.exchanges.get(self.oldest) } else { None };
        oldest.is_some_and(|exchange| exchange.moments.response_first.is_some())
    }

    /// When the requests began that are open at `now`, and not given up by then.
    pub(crate) fn open_since(&self, context: &Context, now: CaptureTime) -> Vec<CaptureTime> {
        let (mut id, mut since) = (self.oldest, Vec::new());
        while let Some(exchange) = context.exchanges.get(id).filter(|_| self.open > 0) {
            let is_given_up = exchange.timed_out
                || exchange.answer_deadline().is_some_and(|deadline| deadline <= now);
            since.extend(exchange.moments.request_first.filter(|_| !is_given_up));
            id = exchange.next;
        }
        since
    }

    /// When the oldest request that still waits will be given up.
    pub(crate) fn next_deadline(&self, context: &Context) -> Option<CaptureTime> {
        let mut id = self.oldest;
        while let Some(exchange) = context.exchanges.get(id) {
            if let Some(deadline) = exchange.answer_deadline() {
                return Some(deadline);
            }
            id = exchange.next;
        }
        None
    }

    /// Gives up requests that waited too long, each dated with its deadline. They stay in the queue, so that a late
    /// answer is not taken for the next request's.
    pub(crate) fn expire(&mut self, parties: &Parties, now: CaptureTime, context: &mut Context) {
        let mut id = self.oldest;
        while let Some(exchange) = context.exchanges.get_mut(id) {
            let next = exchange.next;
            if let Some(deadline) = exchange.answer_deadline().filter(|&deadline| deadline <= now) {
                exchange.timed_out = true;
                let key = FlowKey::of(parties.client, parties.server).0;
                // After a loss nobody can say that there was no answer.
                let decided = match self.trust {
                    Trust::Lost => exchange.take_quarantined(parties, deadline),
                    Trust::Proven | Trust::Provisional | Trust::ById => {
                        Self::unanswered(exchange, Outcome::Unanswered, parties, deadline)
                    }
                };
                context.now = deadline;
                context.deadline = Some((deadline, key));
                emit(context, decided);
            }
            id = next;
        }
    }

    /// Answers may have been overlooked in bytes that could not be read: nobody can say of what is open that it had none.
    /// In order, nothing is open then.
    pub(crate) fn overlook_answers(&mut self, context: &mut Context) {
        let mut id = if self.trust == Trust::ById { self.oldest } else { NO_EXCHANGE };
        while let Some(exchange) = context.exchanges.get_mut(id) {
            exchange.may_be_answered = true;
            id = exchange.next;
        }
    }

    /// A request of which nothing more will be known than that it is still open.
    fn unanswered(
        exchange: &mut Exchange,
        outcome: Outcome,
        parties: &Parties,
        at: CaptureTime,
    ) -> Decided {
        let is_doubtful = exchange.may_be_answered && outcome == Outcome::Unanswered;
        match outcome {
            Outcome::Quarantined => exchange.take_quarantined(parties, at),
            _ if is_doubtful => exchange.take_quarantined(parties, at),
            _ => exchange.decided(parties, outcome, at),
        }
    }

    /// `direction`'s bytes no longer say where messages begin: what that makes doubtful is quarantined.
    pub(crate) fn lose_requests(&mut self, parties: &Parties, context: &mut Context) {
        match self.asking {
            // The next answer in order, or the one with its id, is still its own, whatever the gap holds; only its end
            // is not known.
            Asking::Open => {
                if let Some(exchange) = context.exchanges.get_mut(self.asked) {
                    exchange.request_ended = true;
                    exchange.attributes.set(Attributes::REQUEST_END_NOT_CAPTURED);
                }
            }
            Asking::Doubtful => quarantine(self.asked, parties, context),
            Asking::Nothing | Asking::Decided => {}
        }
        self.asking = Asking::Nothing;
        if self.trust == Trust::ById {
            return self.lose_request_ends(parties, context);
        }
        if self.trust == Trust::Provisional {
            // Their answers would have to be confirmed, and cannot be any more.
            self.quarantine_open(parties, context);
        }
        self.trust = Trust::Lost;
        self.gap_answered = false;
        self.refute(parties, context);
    }

    /// The ends of all requests that are arriving may be in what was lost. Those that have their answer are decided.
    fn lose_request_ends(&mut self, parties: &Parties, context: &mut Context) {
        let mut id = if self.open > 0 { self.oldest } else { NO_EXCHANGE };
        while let Some(exchange) = context.exchanges.get_mut(id) {
            let next = exchange.next;
            if !exchange.request_ended {
                exchange.request_ended = true;
                exchange.attributes.set(Attributes::REQUEST_END_NOT_CAPTURED);
            }
            if exchange.response_ended
                && let Some(mut exchange) = self.take(parties.slot, id, context)
                && !exchange.timed_out
            {
                let outcome = exchange.outcome;
                emit(context, exchange.decided(parties, outcome, context.now));
            }
            id = next;
        }
    }

    /// See [`Self::lose_requests`]: a lost answer makes every open request doubtful.
    pub(crate) fn lose_answers(&mut self, parties: &Parties, context: &mut Context) {
        self.quarantine_open(parties, context);
        self.answering = Answering::Nothing;
        if self.trust == Trust::ById {
            return;
        }
        self.trust = Trust::Lost;
        self.gap_answered = true;
        self.refute(parties, context);
    }

    /// The connection, or the server's side of it, is over: what is open will stay so.
    pub(crate) fn finish(&mut self, outcome: Outcome, parties: &Parties, context: &mut Context) {
        if self.asking == Asking::Doubtful {
            quarantine(self.asked, parties, context);
        }
        self.asking = match self.asking {
            Asking::Nothing => Asking::Nothing,
            _ => Asking::Decided,
        };
        while let Some(mut exchange) = self.pop(parties.slot, context) {
            // A request that the input's end cut off is open, even where its answer came early.
            let answered =
                exchange.response_ended && (exchange.request_ended || outcome != Outcome::Open);
            if exchange.timed_out {
                continue;
            }
            let decided = match (answered, outcome) {
                (true, _) => exchange.decided(parties, exchange.outcome, context.now),
                (false, _) => Self::unanswered(&mut exchange, outcome, parties, context.now),
            };
            self.file(decided, parties, context);
        }
        self.answering = match self.answering {
            Answering::Nothing => Answering::Nothing,
            _ => Answering::Nobody,
        };
        self.confirm(parties, context);
    }

    /// Emits a decided transaction, or keeps it until it is confirmed.
    fn file(&mut self, decided: Decided, parties: &Parties, context: &mut Context) {
        if self.trust != Trust::Provisional || !decided.transaction.outcome.is_answered() {
            return emit(context, decided);
        }
        self.has_provisional = true;
        let waiting = context.provisional.entry(parties.slot).or_default();
        waiting.push(decided);
        if waiting.len() >= crate::limits::PROVISIONAL_MAX {
            self.trust = Trust::Lost;
            self.refute(parties, context);
        }
    }

    /// The pairs that waited are right.
    fn confirm(&mut self, parties: &Parties, context: &mut Context) {
        for decided in self.take_provisional(parties, context) {
            emit(context, decided);
        }
    }

    /// The pairs that waited may be wrong.
    fn refute(&mut self, parties: &Parties, context: &mut Context) {
        for mut decided in self.take_provisional(parties, context) {
            to_quarantine(&mut decided.transaction);
            emit(context, decided);
        }
    }

    fn take_provisional(&mut self, parties: &Parties, context: &mut Context) -> Vec<Decided> {
        if !std::mem::take(&mut self.has_provisional) {
            return Vec::new();
        }
        context.provisional.remove(&parties.slot).unwrap_or_default()
    }

    fn quarantine_open(&mut self, parties: &Parties, context: &mut Context) {
        while let Some(mut exchange) = self.pop(parties.slot, context) {
            if !exchange.timed_out {
                emit(context, exchange.take_quarantined(parties, context.now));
            }
        }
        match self.asking {
            Asking::Doubtful => quarantine(self.asked, parties, context),
            Asking::Open => self.asking = Asking::Decided,
            Asking::Nothing | Asking::Decided => {}
        }
        if self.asking == Asking::Doubtful {
            self.asking = Asking::Decided;
        }
        if self.answering == Answering::Open {
            self.answering = Answering::Nobody;
        }
    }
}

/// Decides an exchange that is in no queue, or is about to leave it.
fn quarantine(id: u32, parties: &Parties, context: &mut Context) {
    let Some(exchange) = context.exchanges.get_mut(id) else { return };
    let mut exchange = exchange.take();
    context.exchanges.release(id);
    if !exchange.timed_out {
        let decided = exchange.take_quarantined(parties, context.now);
        emit(context, decided);
    }
}

/// Takes from a transaction what a doubtful pairing says of it.
fn to_quarantine(transaction: &mut Transaction) {
    transaction.outcome = Outcome::Quarantined;
    transaction.code = Code::None;
    transaction.moments.response_first = None;
    transaction.moments.response_last = None;
    transaction.response_bytes = None;
    transaction.rows = None;
}

/// The one way out: counts the outcome and hands the transaction on.
fn emit(context: &mut Context, mut decided: Decided) {
    let place = context.next_place();
    let sheds_sizes = context.wires.shed >= Shed::Sizes;
    let transaction = &mut decided.transaction;
    if sheds_sizes {
        (transaction.request_bytes, transaction.response_bytes) = (None, None);
        (transaction.rows, transaction.messages) = (None, None);
    }
    if let Some(ledger) = context.wires.ledger_mut(transaction.wire) {
        let requests = &mut ledger.requests;
        match transaction.outcome {
            Outcome::Ok | Outcome::ClientError | Outcome::ServerError => requests.answered += 1,
            Outcome::Unanswered => requests.unanswered += 1,
            Outcome::NoAnswerExpected => requests.no_answer_expected += 1,
            Outcome::Quarantined => requests.quarantined += 1,
            Outcome::Open => requests.open_after += 1,
        }
        let notices = &mut ledger.notices;
        notices.sizes_shed += u64::from(sheds_sizes);
        if decided.attributes.has(Attributes::EARLY_ANSWER) {
            notices.early_answers += 1;
        } else if transaction.outcome.is_answered() && transaction.moments.has_reversal() {
            notices.time_reversed += 1;
        }
        if transaction.name == NameId::UNKNOWN {
            notices.names_unknown += 1;
        }
        if decided.attributes.has(Attributes::END_NOT_CAPTURED) {
            notices.end_not_captured += 1;
        }
    }
    context.output.decided.push((place, decided));
}
