//! What an engine says, batch by batch: decided transactions, connections, and the names they use.

pub use crate::attributes::{Attributes, Detail, Entry};
use model::flow::Endpoint;
use model::ledger::{Ledger, Streams};
use model::names::NameId;
use model::protocol::Protocol;
use model::transaction::Transaction;
use model::units::{CaptureTime, Nanos};
use model::wire::WireId;

/// A transaction whose fate was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The transaction.
    pub transaction: Transaction,
    /// More about it.
    pub attributes: Attributes,
    /// The request target as it was sent; only where raw targets were asked for.
    pub target: Option<Box<str>>,
}

/// A connection that ended, or that the input's end left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The wire it belongs to, where it is known who the server is.
    pub wire: Option<WireId>,
    /// Who opened it, where that is known; else the lower endpoint.
    pub client: Endpoint,
    /// Who accepted it.
    pub server: Endpoint,
    /// How it ended.
    pub end: ConnectionEnd,
    /// Whether its first packets were seen, and whose role they proved.
    pub handshake: Handshake,
    /// Time of its first packet.
    pub first: CaptureTime,
    /// Time of its last packet.
    pub last: CaptureTime,
    /// What became of the bytes, client to server.
    pub to_server: Streams,
    /// What became of the bytes, server to client.
    pub to_client: Streams,
}

/// What the first packets of a connection say of its times. All from the capture point's view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// The client's first SYN.
    pub syn: Option<CaptureTime>,
    /// The client's ACK of the server's SYN.
    pub established: Option<CaptureTime>,
    /// SYN → SYN-ACK → ACK, each from its newest copy.
    pub rtt: Option<Nanos>,
    /// The first payload byte from the server.
    pub answered: Option<CaptureTime>,
}

impl Handshake {
    /// SYN → ACK of the handshake, lost SYNs included.
    pub fn connect(&self) -> Option<Nanos> {
        self.established?.since(self.syn?)
    }

    /// What the *client* saw: `(t4 − t1) + (t3 − t1)`, t1 its SYN, t3 its handshake ACK, t4 the first payload byte from
    /// the server.
    pub fn first_byte(&self) -> Option<Nanos> {
        let answered = self.answered?.since(self.syn?)?;
        Some(Nanos(answered.0.saturating_add(self.connect()?.0)))
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// FIN both ways.
    Finished,
    /// RST.
    Reset,
    /// A new connection took its ports.
    Replaced,
    /// It was silent too long.
    Idle,
    /// The input ended first.
    Open,
}

impl ConnectionEnd {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Reset => "reset",
            Self::Replaced => "replaced",
            Self::Idle => "idle",
            Self::Open => "open",
        }
    }
}

/// A value measured when it happened, which has a series of its own: for series, which cannot wait for the end of a
/// connection, and for what a transaction says of several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// On which wire.
    pub wire: WireId,
    /// Of what.
    pub kind: SampleKind,
    /// Of which of the wire's names, where it is of one.
    pub name: NameId,
    /// When it was known.
    pub at: CaptureTime,
    /// How long it was in nanoseconds, or how much.
    pub value: u64,
}

/// What a [`Sample`] measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleKind {
    /// `http.open_age`, `postgres.open_age`, …: how long a request had been open at the end of a window; one value for
    /// each that was.
    OpenAge(Protocol),
    /// `tcp.connect`.
    Connect,
    /// `tcp.rtt`.
    RoundTrip,
    /// `tcp.first_byte`.
    FirstByte,
    /// `kafka.produce_age`, `kafka.fetch_age`: from the newest record's creation, by its producer's clock, to the message that carries it being
    /// whole; of each record batch.
    RecordAge(TopicApi),
    /// `kafka.topic_total`: first byte of the request to last byte of the answer, of each topic in it.
    TopicTotal(TopicApi),
    /// `kafka.topic_records`: records of one topic in one message.
    TopicRecords(TopicApi),
    /// `kafka.topic_bytes`: bytes of one topic's record batches in one message.
    TopicBytes(TopicApi),
}

/// The APIs whose messages carry records: one message may be about many topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicApi {
    /// Carried by the request.
    Produce,
    /// Carried by the answer.
    Fetch,
    /// Carried by the answer.
    ShareFetch,
}

impl TopicApi {
    /// The value of the tag `api`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Produce => "Produce",
            Self::Fetch => "Fetch",
            Self::ShareFetch => "ShareFetch",
        }
    }

    /// The operation of requests whose answer brings no records.
    pub const fn empty_name(self) -> Option<&'static str> {
        match self {
            Self::Produce => None,
            Self::Fetch => Some("FetchEmpty"),
            Self::ShareFetch => Some("ShareFetchEmpty"),
        }
    }
}

impl SampleKind {
    /// The metric of its series.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::OpenAge(protocol) => match protocol {
                Protocol::Http => "http.open_age",
                Protocol::Http2 => "http2.open_age",
                Protocol::Postgres => "postgres.open_age",
                Protocol::Cassandra => "cassandra.open_age",
                Protocol::Kafka => "kafka.open_age",
                Protocol::Redis => "redis.open_age",
                Protocol::Mysql => "mysql.open_age",
                _ => "tcp.open_age",
            },
            Self::Connect => "tcp.connect",
            Self::RoundTrip => "tcp.rtt",
            Self::FirstByte => "tcp.first_byte",
            Self::RecordAge(TopicApi::Produce) => "kafka.produce_age",
            Self::RecordAge(TopicApi::Fetch | TopicApi::ShareFetch) => "kafka.fetch_age",
            Self::TopicTotal(_) => "kafka.topic_total",
            Self::TopicRecords(_) => "kafka.topic_records",
            Self::TopicBytes(_) => "kafka.topic_bytes",
        }
    }

    /// The decimal scale of its values in its series: −9 for nanoseconds, which become seconds; 0 for counts.
    pub const fn scale(self) -> i8 {
        match self {
            Self::Connect | Self::RoundTrip | Self::FirstByte => -9,
            Self::OpenAge(_) | Self::RecordAge(_) | Self::TopicTotal(_) => -9,
            Self::TopicRecords(_) | Self::TopicBytes(_) => 0,
        }
    }

    /// The tag that a sample's name stands under, where it has one.
    pub const fn name_tag(self) -> Option<&'static str> {
        match self {
            Self::OpenAge(_) | Self::Connect | Self::RoundTrip | Self::FirstByte => None,
            Self::RecordAge(_)
            | Self::TopicTotal(_)
            | Self::TopicRecords(_)
            | Self::TopicBytes(_) => Some("topic"),
        }
    }

    /// A tag that is the same for all samples of the kind.
    pub const fn tag(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::OpenAge(_) | Self::Connect | Self::RoundTrip | Self::FirstByte => None,
            Self::RecordAge(api)
            | Self::TopicTotal(api)
            | Self::TopicRecords(api)
            | Self::TopicBytes(api) => Some(("api", api.name())),
        }
    }
}

/// What a wire's ledger grew by between two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerDelta {
    /// Which wire's.
    pub wire: WireId,
    /// The newest packet's time before the later tick.
    pub at: CaptureTime,
    /// By how much.
    pub ledger: Ledger,
}

/// A name that an engine uses for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// A wire.
    Wire(WireId, Box<str>),
    /// An operation of a wire.
    Operation(WireId, NameId, Box<str>),
    /// A name of a wire.
    Name(WireId, NameId, Box<str>),
    /// A name of a wire that is known by a key, see [`Output::learned`].
    Reference(WireId, NameId, u128),
}

/// What an engine says: the place in the input where it was decided, and what.
#[derive(Debug, Default)]
pub struct Output {
    /// Names first used, before anything that uses them.
    pub fresh: Vec<Fresh>,
    /// Transactions, in the order in which they were decided.
    pub decided: Vec<(Place, Decided)>,
    /// Connections that ended.
    pub connections: Vec<(Place, Connection)>,
    /// What keys stand for: prepared statements, topics. Any engine may need it.
    pub learned: Vec<(Place, (u128, Box<str>))>,
    /// Times of connections.
    pub samples: Vec<(Place, Sample)>,
    /// What the wires' ledgers grew by.
    pub ledgers: Vec<LedgerDelta>,
}

impl Output {
    /// Puts what was said later behind it.
    pub fn append(&mut self, mut later: Self) {
        self.fresh.append(&mut later.fresh);
        self.decided.append(&mut later.decided);
        self.connections.append(&mut later.connections);
        self.learned.append(&mut later.learned);
        self.samples.append(&mut later.samples);
        self.ledgers.append(&mut later.ledgers);
    }
}

/// Where in the input something was decided: a total order that does not depend on how many engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The packet's number, counted over the whole input.
    pub packet: u64,
    /// Ticks come before the packet of the same number; then by deadline.
    pub tie: Tie,
}

/// What orders things that one packet number decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// Decided by a tick before that packet, at this deadline, of the connection with this key.
    Tick(CaptureTime, model::flow::FlowKey, u32),
    /// Decided by the packet itself, in this order.
    Packet(u32),
}
