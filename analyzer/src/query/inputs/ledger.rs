//! What was lost: the shares of bytes and requests that stand beside every answer.

use model::units::Nanos;
use serde::Serialize;

/// The entries of a wire's ledger that coverage is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Bytes never captured, or not understood.
    BytesLost,
    /// Bytes in all.
    Bytes,
    /// Of them, known to be out of reach.
    BytesOpaque,
    /// Requests whose pairing is doubtful.
    RequestsQuarantined,
    /// Requests whose fate was decided, the doubtful ones among them.
    RequestsDecided,
}

impl Entry {
    /// The entries that say of losses; the others are needed only where these are not zero.
    pub const LOSSES: [(&'static str, &'static str, Self); 3] = [
        ("ledger.streams", "gap", Self::BytesLost),
        ("ledger.streams", "not_understood", Self::BytesLost),
        ("ledger.requests", "quarantined", Self::RequestsQuarantined),
    ];

    /// What lost bytes are measured against.
    pub const BYTES: [(&'static str, &'static str, Self); 2] =
        [("ledger.streams", "span", Self::Bytes), ("ledger.streams", "opaque", Self::BytesOpaque)];

    /// What doubtful requests are measured against.
    pub const REQUESTS: [(&'static str, &'static str, Self); 4] = [
        ("ledger.requests", "answered", Self::RequestsDecided),
        ("ledger.requests", "unanswered", Self::RequestsDecided),
        ("ledger.requests", "no_answer_expected", Self::RequestsDecided),
        ("ledger.requests", "quarantined", Self::RequestsDecided),
    ];
}

/// What was seen. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Of the time: windows that somebody reported.
    pub observed: f64,
    /// Of the readable bytes of the wires in question: read. See docs/ledger.md.
    pub bytes: f64,
    /// Of the requests whose fate was decided: whose pairing is certain.
    pub requests: f64,
    /// The same for each step; bytes and requests only where something was observed.
    pub steps: Vec<StepCoverage>,
}

/// What was seen of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepCoverage {
    /// See [`Coverage::observed`].
    pub observed: f64,
    /// See [`Coverage::bytes`].
    pub bytes: Option<f64>,
    /// See [`Coverage::requests`].
    pub requests: Option<f64>,
}

/// Sums by step.
pub(super) struct Accounts(Vec<Account>);

#[derive(Clone, Copy, Default)]
struct Account {
    bytes_lost: u64,
    bytes: u64,
    bytes_opaque: u64,
    quarantined: u64,
    decided: u64,
}

impl Account {
    fn add(&mut self, entry: Entry, grown: u64) {
        let sum = match entry {
            Entry::BytesLost => &mut self.bytes_lost,
            Entry::Bytes => &mut self.bytes,
            Entry::BytesOpaque => &mut self.bytes_opaque,
            Entry::RequestsQuarantined => &mut self.quarantined,
            Entry::RequestsDecided => &mut self.decided,
        };
        *sum = sum.saturating_add(grown);
    }

    fn bytes(&self) -> f64 {
        kept(self.bytes_lost, self.bytes.saturating_sub(self.bytes_opaque))
    }

    fn requests(&self) -> f64 {
        kept(self.quarantined, self.decided)
    }
}

/// 1 where nothing was lost.
fn kept(lost: u64, all: u64) -> f64 {
    if lost == 0 { 1.0 } else { 1.0 - (lost.min(all.max(1)) as f64) / all.max(1) as f64 }
}

impl Accounts {
    pub(super) fn new(steps: usize) -> Self {
        Self(vec![Account::default(); steps])
    }

    pub(super) fn add(&mut self, entry: Entry, step: usize, grown: u64) {
        if let Some(account) = self.0.get_mut(step) {
            account.add(entry, grown);
        }
    }

    pub(super) fn losses(&self) -> (bool, bool) {
        let any = |of: fn(&Account) -> u64| self.0.iter().any(|account| of(account) > 0);
        (any(|account| account.bytes_lost), any(|account| account.quarantined))
    }

    pub(super) fn coverage(&self, observed: &[u64], step: Nanos, lead: usize) -> Coverage {
        let share = |nanos: u64| (nanos as f64 / step.0 as f64).min(1.0);
        let both = || self.0.iter().zip(observed).skip(lead);
        let of_step = |(account, &nanos): (&Account, &u64)| StepCoverage {
            observed: share(nanos),
            bytes: (nanos > 0).then(|| account.bytes()),
            requests: (nanos > 0).then(|| account.requests()),
        };
        let mut all = Account::default();
        for (account, _) in both() {
            all.add(Entry::BytesLost, account.bytes_lost);
            all.add(Entry::Bytes, account.bytes);
            all.add(Entry::BytesOpaque, account.bytes_opaque);
            all.add(Entry::RequestsQuarantined, account.quarantined);
            all.add(Entry::RequestsDecided, account.decided);
        }
        let observed: f64 = both().map(|(_, &nanos)| share(nanos)).sum();
        Coverage {
            observed: observed / both().count().max(1) as f64,
            bytes: all.bytes(),
            requests: all.requests(),
            steps: both().map(of_step).collect(),
        }
    }
}
