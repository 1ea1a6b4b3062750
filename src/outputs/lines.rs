//! Transactions and connections as JSON Lines: a stable contract, integers in nanoseconds.

use decoders::output::{Attributes, Connection, Decided, Entry};
use model::flow::Endpoint;
use model::ledger::Streams;
use model::protocol::Protocol;
use model::transaction::{Code, Outcome};
use model::units::{CaptureTime, Nanos};
use observer::catalog::Catalog;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// One transaction.
#[derive(Serialize)]
pub struct TransactionLine<'a> {
    protocol: Protocol,
    wire: &'a str,
    client: Endpoint,
    server: Endpoint,
    operation: &'a str,
    name: &'a str,
    outcome: Outcome,
    #[serde(serialize_with = "code")]
    code: Code,
    request_first_ns: Option<CaptureTime>,
    request_last_ns: Option<CaptureTime>,
    response_first_ns: Option<CaptureTime>,
    response_last_ns: Option<CaptureTime>,
    first_byte_ns: Option<Nanos>,
    total_ns: Option<Nanos>,
    request_bytes: Option<u64>,
    response_bytes: Option<u64>,
    rows: Option<u64>,
    messages: Option<u64>,
    #[serde(serialize_with = "attributes")]
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

impl<'a> TransactionLine<'a> {
    pub fn new(decided: &'a Decided, catalog: &'a Catalog) -> Self {
        let transaction = &decided.transaction;
        let moments = &transaction.moments;
        Self {
            protocol: transaction.protocol,
            wire: catalog.label(transaction.wire),
            client: transaction.client,
            server: transaction.server,
            operation: catalog.operation(transaction.wire, transaction.operation),
            name: catalog.name(transaction.wire, transaction.name),
            outcome: transaction.outcome,
            code: transaction.code,
            request_first_ns: moments.request_first,
            request_last_ns: moments.request_last,
            response_first_ns: moments.response_first,
            response_last_ns: moments.response_last,
            first_byte_ns: moments.first_byte(),
            total_ns: moments.total(),
            request_bytes: transaction.request_bytes,
            response_bytes: transaction.response_bytes,
            rows: transaction.rows,
            messages: transaction.messages,
            attributes: decided.attributes,
            target: decided.target.as_deref(),
        }
    }
}

fn code<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    match code {
        Code::None => serializer.serialize_none(),
        code => serializer.collect_str(code),
    }
}

fn attributes<S: Serializer>(attributes: &Attributes, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, entry) in attributes.entries() {
        match entry {
            Entry::Holds => map.serialize_entry(name, &true)?,
            Entry::Number(number) => map.serialize_entry(name, &number)?,
            Entry::Text(text) => map.serialize_entry(name, text)?,
        }
    }
    map.end()
}

/// One connection.
#[derive(Serialize)]
pub struct ConnectionLine<'a> {
    wire: Option<&'a str>,
    client: Endpoint,
    server: Endpoint,
    end: &'static str,
    first_ns: CaptureTime,
    last_ns: CaptureTime,
    syn_ns: Option<CaptureTime>,
    established_ns: Option<CaptureTime>,
    answered_ns: Option<CaptureTime>,
    connect_ns: Option<Nanos>,
    rtt_ns: Option<Nanos>,
    tcp_first_byte_ns: Option<Nanos>,
    to_server: Streams,
    to_client: Streams,
}

impl<'a> ConnectionLine<'a> {
    pub fn new(connection: &Connection, catalog: &'a Catalog) -> Self {
        let handshake = &connection.handshake;
        Self {
            wire: connection.wire.map(|wire| catalog.label(wire)),
            client: connection.client,
            server: connection.server,
            end: connection.end.name(),
            first_ns: connection.first,
            last_ns: connection.last,
            syn_ns: handshake.syn,
            established_ns: handshake.established,
            answered_ns: handshake.answered,
            connect_ns: handshake.connect(),
            rtt_ns: handshake.rtt,
            tcp_first_byte_ns: handshake.first_byte(),
            to_server: connection.to_server,
            to_client: connection.to_client,
        }
    }
}
