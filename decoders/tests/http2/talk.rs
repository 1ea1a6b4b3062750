//! A connection told packet by packet, and what the engine makes of it.

use decoders::engine::{Engine, EngineConfig};
use decoders::output::{Entry, Fresh};
use decoders::packet::{Segment, TcpFlags};
use model::flow::{Address, Endpoint, FlowKey};
use model::ledger::{Ledger, Streams};
use model::names::NameId;
use model::units::CaptureTime;
use std::collections::HashMap;

const CLIENT: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 1]), port: 40_000 };
const SERVER: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 2]), port: 80 };
const FIRST: u32 = 1_000;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Captured,
    /// Sent, received, and never captured.
    Missed,
    /// Only so many bytes of its payload were captured.
    Cut(usize),
    /// The sender ends its direction with it.
    Final,
}

/// A packet: who sends it, when in milliseconds, what, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Packet {
    pub from: From,
    pub at: u64,
    pub bytes: Vec<u8>,
    pub fate: Fate,
}

pub fn client(at: u64, parts: &[&[u8]]) -> Packet {
    Packet { from: From::Client, at, bytes: parts.concat(), fate: Fate::Captured }
}

pub fn server(at: u64, parts: &[&[u8]]) -> Packet {
    Packet { from: From::Server, at, bytes: parts.concat(), fate: Fate::Captured }
}

impl Packet {
    pub fn fate(self, fate: Fate) -> Self {
        Self { fate, ..self }
    }

    /// The same bytes in packets of at most so many, at the same time.
    pub fn cut(&self, size: usize) -> Vec<Self> {
        let pieces = self.bytes.chunks(size.max(1));
        pieces.map(|bytes| Self { bytes: bytes.to_vec(), ..self.clone() }).collect()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Heard {
    /// A line for each transaction: operation, name, outcome, code, four moments in milliseconds, two sizes, messages,
    /// attributes.
    pub lines: Vec<String>,
    pub ledger: Ledger,
}

/// Follows a connection. `is_joined`: its beginning was not captured.
pub fn listen(packets: &[Packet], is_joined: bool) -> Heard {
    let mut engine = Engine::new(&EngineConfig::default());
    let mut next = [FIRST; 2];
    let mut number = 0;
    let mut send =
        |from: From, at: u64, flags: u8, payload: &[u8], missing: usize, next: [u32; 2]| {
            let (ends, sequence, acknowledgment) = match from {
                From::Client => ((CLIENT, SERVER), next[0], next[1]),
                From::Server => ((SERVER, CLIENT), next[1], next[0]),
            };
            let (key, end) = FlowKey::of(ends.0, ends.1);
            number += 1;
            let segment = Segment {
                time: CaptureTime::from_nanos(1_000_000_000 + at * 1_000_000),
                key,
                from: end,
                flags: TcpFlags(flags),
                sequence,
                acknowledgment,
                payload_start: 0,
                payload_length: payload.len() as u32,
                payload_missing: missing as u32,
                fingerprint: number,
            };
            engine.tick(number, segment.time, segment.time);
            engine.segment(number, &segment, payload);
        };
    if !is_joined {
        send(From::Client, 0, TcpFlags::SYN, b"", 0, [FIRST - 1, 0]);
        send(From::Server, 0, TcpFlags::SYN | TcpFlags::ACK, b"", 0, [FIRST, FIRST - 1]);
        send(From::Client, 0, TcpFlags::ACK, b"", 0, next);
    }
    let last = packets.last().map_or(0, |packet| packet.at);
    for packet in packets {
        let captured = match packet.fate {
            Fate::Cut(length) => length.min(packet.bytes.len()),
            _ => packet.bytes.len(),
        };
        let is_final = packet.fate == Fate::Final;
        let flags = TcpFlags::ACK | if is_final { TcpFlags::FIN } else { 0 };
        if packet.fate != Fate::Missed {
            let (payload, cut) = packet.bytes.split_at(captured);
            send(packet.from, packet.at, flags, payload, cut.len(), next);
        }
        let place = usize::from(packet.from == From::Server);
        next[place] += packet.bytes.len() as u32 + u32::from(is_final);
        // The receiver has it, captured or not.
        let other = if packet.from == From::Client { From::Server } else { From::Client };
        send(other, packet.at, TcpFlags::ACK, b"", 0, next);
    }
    engine.finish(u64::MAX, CaptureTime::from_nanos(1_000_000_000 + (last + 200) * 1_000_000));
    gather(&mut engine)
}

fn gather(engine: &mut Engine) -> Heard {
    let output = std::mem::take(engine.output());
    let mut names: HashMap<(bool, NameId), String> = HashMap::new();
    for fresh in output.fresh {
        match fresh {
            Fresh::Operation(_, id, text) => _ = names.insert((true, id), text.into()),
            Fresh::Name(_, id, text) => _ = names.insert((false, id), text.into()),
            Fresh::Wire(..) | Fresh::Reference(..) => {}
        }
    }
    let text = |is_operation, id| {
        let known = names.get(&(is_operation, id)).map(String::as_str);
        known.unwrap_or(if id == NameId::UNKNOWN { "unknown" } else { "?" }).to_owned()
    };
    let mut heard = Heard::default();
    output.ledgers.iter().for_each(|delta| heard.ledger.add(&delta.ledger));
    assert!(heard.ledger.requests.balances(), "{:?}", heard.ledger.requests);
    assert!(Streams::balances(&heard.ledger.streams), "{:?}", heard.ledger.streams);
    for (_, decided) in output.decided {
        let transaction = decided.transaction;
        let moments = transaction.moments;
        let millis = |moment: Option<CaptureTime>| {
            moment.map_or("-".to_owned(), |at| (at.as_nanos() / 1_000_000 - 1_000).to_string())
        };
        let bytes = |bytes: Option<u64>| bytes.map_or("-".to_owned(), |bytes| bytes.to_string());
        let code = transaction.code.to_string();
        let mut words = vec![
            text(true, transaction.operation),
            text(false, transaction.name),
            transaction.outcome.name().to_owned(),
            if code.is_empty() { "-".to_owned() } else { code },
            millis(moments.request_first),
            millis(moments.request_last),
            millis(moments.response_first),
            millis(moments.response_last),
            bytes(transaction.request_bytes),
            bytes(transaction.response_bytes),
        ];
        words.extend(transaction.messages.map(|messages| format!("messages={messages}")));
        words.extend(decided.attributes.entries().map(|(name, entry)| match entry {
            Entry::Holds => name.to_owned(),
            Entry::Number(value) => format!("{name}={value}"),
            Entry::Text(text) => format!("{name}={text}"),
        }));
        heard.lines.push(words.join(" "));
    }
    heard
}

/// A frame; `stream` below 256.
pub fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let head = [&length.to_be_bytes()[1..], &[kind, flags, 0, 0, 0, stream]].concat();
    [&head[..], payload].concat()
}

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// HEADERS that hold a whole block.
pub fn headers(stream: u8, ends: bool, block: &[u8]) -> Vec<u8> {
    frame(1, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, block)
}

pub fn data(stream: u8, ends: bool, payload: &[u8]) -> Vec<u8> {
    frame(0, if ends { END_STREAM } else { 0 }, stream, payload)
}

pub fn reset(stream: u8, code: u8) -> Vec<u8> {
    frame(3, 0, stream, &[0, 0, 0, code])
}

pub fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[0, 3, 0, 0, 0, 100])
}

/// A field that is inserted into the table, of a name of the static table.
pub fn indexed(name: u8, value: &[u8]) -> Vec<u8> {
    [&[0x40 | name, value.len() as u8], value].concat()
}

/// A field with its name, not inserted.
pub fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0, name.len() as u8], name, &[value.len() as u8], value].concat()
}

/// `GET` or `POST` of a path.
pub fn get(path: &[u8]) -> Vec<u8> {
    [&[0x82, 0x86][..], &indexed(4, path)].concat()
}

pub fn post(path: &[u8]) -> Vec<u8> {
    [&[0x83, 0x86][..], &indexed(4, path)].concat()
}

/// A call by gRPC.
pub fn call(path: &[u8]) -> Vec<u8> {
    [post(path), literal(b"content-type", b"application/grpc")].concat()
}

/// `:status: 200` of the static table.
pub const OK: &[u8] = &[0x88];

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The two prefaces.
pub fn hello() -> [Packet; 2] {
    [client(1, &[PREFACE, &settings()]), server(2, &[&settings(), &frame(4, 1, 0, &[])])]
}
