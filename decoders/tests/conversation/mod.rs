//! A conversation through the real engine: what both sides send, what of it is captured, and what comes of it.

#![allow(dead_code)]

use decoders::engine::{Engine, EngineConfig};
use decoders::output::{Entry, Fresh};
use decoders::packet::{Segment, TcpFlags};
use model::flow::{Address, Endpoint, FlowKey};
use model::transaction::Outcome;
use model::units::CaptureTime;
use std::collections::HashMap;
use std::fmt;

/// What happens next. Each step takes a millisecond.
#[derive(Clone, Debug)]
pub enum Step {
    /// The client sends.
    Client(Vec<u8>),
    /// The server sends.
    Server(Vec<u8>),
    /// The client sends, and it is not captured.
    LostClient(Vec<u8>),
    /// The server sends, and it is not captured.
    LostServer(Vec<u8>),
    /// So many seconds pass.
    Wait(u64),
    /// Both sides close.
    Close,
}

pub fn client(bytes: impl AsRef<[u8]>) -> Step {
    Step::Client(bytes.as_ref().to_vec())
}

pub fn server(bytes: impl AsRef<[u8]>) -> Step {
    Step::Server(bytes.as_ref().to_vec())
}

pub fn lost_client(bytes: impl AsRef<[u8]>) -> Step {
    Step::LostClient(bytes.as_ref().to_vec())
}

pub fn lost_server(bytes: impl AsRef<[u8]>) -> Step {
    Step::LostServer(bytes.as_ref().to_vec())
}

/// Where the capture begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Handshake,
    MidStream,
}

/// How payloads are cut into segments.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    Whole,
    /// Each in two, at this offset.
    At(usize),
    /// Each in pieces of so many bytes.
    Pieces(usize),
}

impl Cut {
    fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::At(at) if at > 0 && at < bytes.len() => vec![&bytes[..at], &bytes[at..]],
            Self::Pieces(length) => bytes.chunks(length).collect(),
            Self::Whole | Self::At(_) => vec![bytes],
        }
    }
}

/// What was reported of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub operation: String,
    pub name: String,
    pub outcome: Outcome,
    pub code: String,
    /// The four moments, in milliseconds; the first step is at 1.
    pub moments: [Option<u64>; 4],
    pub bytes: [Option<u64>; 2],
    pub rows: Option<u64>,
    pub attributes: Vec<&'static str>,
}

/// `GET ok 1 1 2 2`: operation, outcome with its code, moments.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.outcome.name())?;
        if !self.code.is_empty() {
            write!(f, "/{}", self.code)?;
        }
        for moment in self.moments {
            match moment {
                Some(moment) => write!(f, " {moment}")?,
                None => write!(f, " -")?,
            }
        }
        Ok(())
    }
}

struct Talk {
    engine: Engine,
    now: u64,
    number: u64,
    /// The next sequence number: the client's, the server's.
    next: [u32; 2],
    ends: [Endpoint; 2],
}

const CLIENT: usize = 0;
const SERVER: usize = 1;
const START_SECONDS: u64 = 1_700_000_000;

impl Talk {
    fn new(port: u16) -> Self {
        let end = |last, port| Endpoint { address: Address::v4([10, 0, 0, last]), port };
        Self {
            engine: Engine::new(&EngineConfig::default()),
            now: START_SECONDS * 1_000_000_000,
            number: 0,
            next: [1_000, 5_000],
            ends: [end(1, 40_000), end(2, port)],
        }
    }

    fn send(&mut self, from: usize, bytes: &[u8], flags: u8) {
        let (key, end) = FlowKey::of(self.ends[from], self.ends[1 - from]);
        self.number += 1;
        let segment = Segment {
            time: CaptureTime::from_nanos(self.now),
            key,
            from: end,
            flags: TcpFlags(flags),
            sequence: self.next[from],
            acknowledgment: self.next[1 - from],
            payload_start: 0,
            payload_length: u32::try_from(bytes.len()).unwrap(),
            payload_missing: 0,
            fingerprint: self.number << 16 | self.number,
        };
        self.engine.tick(self.number, segment.time, segment.time);
        self.engine.segment(self.number, &segment, bytes);
        self.skip(from, bytes.len());
        self.next[from] =
            self.next[from].wrapping_add(u32::from(flags & (TcpFlags::SYN | TcpFlags::FIN) != 0));
    }

    fn skip(&mut self, from: usize, bytes: usize) {
        self.next[from] = self.next[from].wrapping_add(u32::try_from(bytes).unwrap());
    }

    fn step(&mut self, step: &Step, cut: Cut) {
        self.now += 1_000_000;
        match step {
            Step::Client(bytes) => self.say(CLIENT, bytes, cut),
            Step::Server(bytes) => self.say(SERVER, bytes, cut),
            Step::LostClient(bytes) => self.skip(CLIENT, bytes.len()),
            Step::LostServer(bytes) => self.skip(SERVER, bytes.len()),
            Step::Wait(seconds) => self.now += seconds * 1_000_000_000,
            Step::Close => {
                self.send(CLIENT, b"", TcpFlags::FIN | TcpFlags::ACK);
                self.send(SERVER, b"", TcpFlags::FIN | TcpFlags::ACK);
            }
        }
    }

    fn say(&mut self, from: usize, bytes: &[u8], cut: Cut) {
        for piece in cut.pieces(bytes) {
            self.send(from, piece, TcpFlags::ACK);
        }
    }

    fn lines(mut self) -> Vec<Line> {
        self.engine.finish(self.number + 1, CaptureTime::from_nanos(self.now));
        let output = self.engine.output();
        let (mut operations, mut names) = (HashMap::new(), HashMap::new());
        for fresh in &output.fresh {
            match fresh {
                Fresh::Operation(wire, id, text) => drop(operations.insert((*wire, *id), text)),
                Fresh::Name(wire, id, text) => drop(names.insert((*wire, *id), text)),
                Fresh::Wire(..) | Fresh::Reference(..) => {}
            }
        }
        let millis = |at: CaptureTime| (at.as_nanos() - START_SECONDS * 1_000_000_000) / 1_000_000;
        let lines = output.decided.iter().map(|(_, decided)| {
            let own = &decided.transaction;
            let text = |names: &HashMap<_, &Box<str>>, id: model::names::NameId| match id.index() {
                0 => "unknown".to_owned(),
                1 => "other".to_owned(),
                _ => names[&(own.wire, id)].to_string(),
            };
            let moments = &own.moments;
            let moments = [
                moments.request_first,
                moments.request_last,
                moments.response_first,
                moments.response_last,
            ];
            Line {
                operation: text(&operations, own.operation),
                name: text(&names, own.name),
                outcome: own.outcome,
                code: own.code.to_string(),
                moments: moments.map(|moment| moment.map(millis)),
                bytes: [own.request_bytes, own.response_bytes],
                rows: own.rows,
                attributes: decided
                    .attributes
                    .entries()
                    .filter(|(_, entry)| *entry == Entry::Holds)
                    .map(|(name, _)| name)
                    .collect(),
            }
        });
        lines.collect()
    }
}

/// What is reported of a conversation.
pub fn run(start: Start, port: u16, steps: &[Step], cut: Cut) -> Vec<Line> {
    let mut talk = Talk::new(port);
    if start == Start::Handshake {
        talk.send(CLIENT, b"", TcpFlags::SYN);
        talk.send(SERVER, b"", TcpFlags::SYN | TcpFlags::ACK);
        talk.send(CLIENT, b"", TcpFlags::ACK);
    }
    for step in steps {
        talk.step(step, cut);
    }
    talk.lines()
}

/// The conversation must give these lines, however its bytes are cut into segments.
pub fn check(start: Start, port: u16, steps: &[Step], expected: &[&str]) -> Vec<Line> {
    let whole = run(start, port, steps, Cut::Whole);
    let lines: Vec<String> = whole.iter().map(Line::to_string).collect();
    assert_eq!(lines, expected, "{steps:?}");
    if start == Start::Handshake {
        for cut in (1..longest(steps)).map(Cut::At).chain((1..8).map(Cut::Pieces)) {
            assert_eq!(run(start, port, steps, cut), whole, "{cut:?}");
        }
    }
    whole
}

/// Offsets at which cutting makes a difference, up to a bound for long ones.
fn longest(steps: &[Step]) -> usize {
    let lengths = steps.iter().map(|step| match step {
        Step::Client(bytes) | Step::Server(bytes) => bytes.len(),
        _ => 0,
    });
    lengths.max().unwrap_or(0).min(512)
}
