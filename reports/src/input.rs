//! What a report is made of: plain data, as it was read from a store.

use analyzer::target::Target;
use model::histogram::{CompactHistogram, Threshold};
use model::ledger::{Ledger, Packets};
use model::transaction::Outcome;
use model::units::CaptureTime;
use model::window::WindowLength;
use serde::Serialize;

/// Everything that the reports show.
#[derive(Clone, Debug)]
pub struct ReportInput {
    /// The heading: what was observed, in a few words.
    pub title: String,
    /// Where the numbers come from: files, hosts, a store's directory.
    pub sources: Vec<String>,
    /// What made the report, with its version: `wirelat 0.1.0`.
    pub generator: String,
    /// Time of the first packet and of the last one; `None` where there was none.
    pub span: Option<(CaptureTime, CaptureTime)>,
    /// The windows' length.
    pub window: WindowLength,
    /// Starts of the windows that were reported, also when nothing happened in them. A window that is neither here
    /// nor in any cell is *no data*, which is not zero.
    pub windows: Vec<CaptureTime>,
    /// What was watched.
    pub wires: Vec<WireData>,
    /// What was asked there. One entry for each wire, operation, route and status class; in any order.
    pub routes: Vec<RouteData>,
    /// The objectives to count against, the most important first. May be empty.
    pub objectives: Vec<Threshold>,
    /// The share of requests that must meet the objective.
    pub target: Target,
    /// What the packets were.
    pub packets: Packets,
    /// Remarks for the reader: a truncated capture, a wire without a decoder.
    pub notes: Vec<String>,
}

/// A wire, its accounts and its connections.
#[derive(Clone, Debug, Default)]
pub struct WireData {
    /// Its name: `http:80`.
    pub name: String,
    /// Its accounts over the whole span.
    pub ledger: Ledger,
    /// How long its connections took, in seconds, for each time that is known.
    pub connections: Vec<(ConnectionTime, Vec<Cell>)>,
}

/// One route with one status class.
#[derive(Clone, Debug, Default)]
pub struct RouteData {
    /// The wire's name, as in [`WireData::name`].
    pub wire: String,
    /// The verb: `GET`.
    pub method: String,
    /// What requests are filed under: `/users/{id}`.
    pub route: String,
    /// The status class, `2xx`; empty where there was no answer.
    pub status: String,
    /// Latencies in seconds, for each metric that is known.
    pub latencies: Vec<(Metric, Vec<Cell>)>,
    /// How requests ended, window by window; windows without any may be left out.
    pub outcomes: Vec<(CaptureTime, OutcomeCounts)>,
}

/// A window's start and its distribution; windows without any value may be left out.
pub type Cell = (CaptureTime, CompactHistogram);

/// Which latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// First byte of the request to last byte of the answer. What objectives are about.
    Total,
    /// First byte of the request to first byte of the answer.
    FirstByte,
    /// Last byte of the request to first byte of the answer.
    Server,
}

impl Metric {
    /// All, the main one first.
    pub const ALL: [Self; 3] = [Self::Total, Self::FirstByte, Self::Server];

    /// The name of the attribute, as in `http.total`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::FirstByte => "first_byte",
            Self::Server => "server",
        }
    }
}

/// Which time of a connection. They need no decoder: the handshake and the first payload tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectionTime {
    /// The client's SYN to its ACK of the handshake, lost SYNs included: t3 − t1.
    Connect,
    /// SYN to SYN-ACK to ACK, each from its newest copy.
    RoundTrip,
    /// (t4 − t1) + (t3 − t1), t4 the server's first payload byte: what the client saw, estimated.
    FirstByte,
}

impl ConnectionTime {
    /// All, in the order in which they pass.
    pub const ALL: [Self; 3] = [Self::Connect, Self::RoundTrip, Self::FirstByte];

    /// The metric in the store.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Connect => "tcp.connect",
            Self::RoundTrip => "tcp.rtt",
            Self::FirstByte => "tcp.first_byte",
        }
    }

    /// What reports call it. The last one keeps its prefix: a request's first byte is another time.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::RoundTrip => "rtt",
            Self::FirstByte => "tcp.first_byte",
        }
    }
}

/// How many requests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounts {
    /// Answered, and all was well.
    pub ok: u64,
    /// Answered; the request was at fault.
    pub client_error: u64,
    /// Answered; the server was at fault.
    pub server_error: u64,
    /// Never answered.
    pub unanswered: u64,
    /// The protocol gives no answer.
    pub no_answer_expected: u64,
    /// Counted, never timed: a gap makes the pairing doubtful.
    pub quarantined: u64,
    /// The input ended first.
    pub open: u64,
}

impl OutcomeCounts {
    /// Adds `count` requests that ended so.
    pub fn add(&mut self, outcome: Outcome, count: u64) {
        let field = self.field(outcome);
        *field = field.saturating_add(count);
    }

    /// Adds all that another counted.
    pub fn merge(&mut self, other: &Self) {
        Outcome::ALL.into_iter().for_each(|outcome| self.add(outcome, other.get(outcome)));
    }

    /// How many ended so.
    pub const fn get(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::ClientError => self.client_error,
            Outcome::ServerError => self.server_error,
            Outcome::Unanswered => self.unanswered,
            Outcome::NoAnswerExpected => self.no_answer_expected,
            Outcome::Quarantined => self.quarantined,
            Outcome::Open => self.open,
        }
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        Outcome::ALL.into_iter().map(|outcome| self.get(outcome)).sum()
    }

    const fn field(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::ClientError => &mut self.client_error,
            Outcome::ServerError => &mut self.server_error,
            Outcome::Unanswered => &mut self.unanswered,
            Outcome::NoAnswerExpected => &mut self.no_answer_expected,
            Outcome::Quarantined => &mut self.quarantined,
            Outcome::Open => &mut self.open,
        }
    }
}
