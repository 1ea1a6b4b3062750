//! How connections end, told by segments alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // Tests may stop.

use decoders::engine::{Engine, EngineConfig};
use decoders::output::SampleKind;
use decoders::packet::{Segment, TcpFlags};
use model::flow::{Address, Endpoint, FlowKey};
use model::ledger::Ledger;
use model::protocol::Protocol;
use model::transaction::Outcome;
use model::units::{CaptureTime, Nanos};

const CLIENT: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 1]), port: 40_000 };
const SERVER: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 2]), port: 80 };

struct Side {
    from: Endpoint,
    to: Endpoint,
}

const TO_SERVER: Side = Side { from: CLIENT, to: SERVER };
const TO_CLIENT: Side = Side { from: SERVER, to: CLIENT };

fn segment(side: &Side, sequence: u32, acknowledgment: u32, flags: u8, bytes: &[u8]) -> Segment {
    let (key, from) = FlowKey::of(side.from, side.to);
    Segment {
        time: CaptureTime::from_parts(1, 0),
        key,
        from,
        flags: TcpFlags(TcpFlags::ACK | flags),
        sequence,
        acknowledgment,
        payload_start: 0,
        payload_length: bytes.len() as u32,
        payload_missing: 0,
        fingerprint: u64::from(sequence),
    }
}

/// Requests that are open at the end of a window tell their age, those that were given up do not.
#[test]
fn open_requests_tell_their_age() {
    let every = Nanos::from_seconds(10);
    let config = EngineConfig { open_ages_every: Some(every), ..EngineConfig::default() };
    let mut engine = Engine::new(&config);
    let asked = b"GET /a HTTP/1.1\r\n\r\n";
    let at = |seconds| CaptureTime::from_parts(seconds, 0);
    engine.tick(1, at(1), at(1));
    let mut request = segment(&TO_SERVER, 1_000, 5_000, 0, asked);
    request.time = at(13);
    engine.segment(1, &request, asked);
    // The second tick passes two ends at once.
    for now in [20, 45, 61, 90] {
        engine.tick(2, at(now), at(now));
    }
    let samples = std::mem::take(&mut engine.output().samples);
    let ages =
        samples.iter().filter(|(_, sample)| sample.kind == SampleKind::OpenAge(Protocol::Http));
    let ages: Vec<(u64, u64)> = ages
        .map(|(_, sample)| (sample.at.plus(Nanos(1)).as_seconds(), sample.value / 1_000_000_000))
        .collect();
    assert_eq!(ages, [(20, 7), (30, 17), (40, 27), (50, 37), (60, 47), (70, 57)]);
}

/// A client that goes on behind its FIN, and a server's FIN that was held until the end: the request is still counted.
#[test]
fn a_request_behind_both_ends_is_counted() {
    let mut engine = Engine::new(&EngineConfig::default());
    let first = b"GET /a HTTP/1.1\r\n\r\n";
    let length = first.len() as u32;
    let later = b"GET /b HTTP/1.1\r\n\r\n";
    let steps: [(Segment, &[u8]); 4] = [
        (segment(&TO_SERVER, 1_000, 5_000, 0, first), first),
        (segment(&TO_SERVER, 1_000 + length, 5_000, TcpFlags::FIN, b""), b""),
        (segment(&TO_CLIENT, 5_100, 1_001 + length, TcpFlags::FIN, b""), b""),
        (segment(&TO_SERVER, 1_001 + length, 5_101, 0, later), later),
    ];
    for (number, (segment, payload)) in (1..).zip(&steps) {
        engine.segment(number, segment, payload);
    }
    engine.finish(5, CaptureTime::from_parts(2, 0));
    let output = std::mem::take(engine.output());
    let mut ledger = Ledger::default();
    output.ledgers.iter().for_each(|delta| ledger.add(&delta.ledger));
    assert!(ledger.requests.balances(), "{:?}", ledger.requests);
    assert_eq!(ledger.requests.started, 2);
    assert_eq!(output.decided.len(), 2);
    let answered = |outcome: Outcome| outcome.is_answered();
    assert!(!output.decided.iter().any(|(_, decided)| answered(decided.transaction.outcome)));
}

/// The same where requests are doubtful: the one that its end never ended is counted when the next begins.
#[test]
fn doubtful_requests_behind_an_end_are_counted() {
    let mut engine = Engine::new(&EngineConfig::default());
    let asked = b"GET /a HTTP/1.1\r\n\r\n";
    let cut = b"POST /b HTTP/1.1\r\nContent-Length: 1000\r\n\r\nbegins";
    let (length, cut_length) = (asked.len() as u32, cut.len() as u32);
    let mut steps: Vec<(Segment, &[u8])> = Vec::new();
    let mut next = 1_000;
    for _ in 0..2 {
        steps.push((segment(&TO_SERVER, next, 5_000, 0, asked), asked));
        next += length;
    }
    // Something is never captured; the server answers it.
    next += 100;
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    steps.push((segment(&TO_CLIENT, 5_000, next, 0, answer), answer));
    let answered = 5_000 + answer.len() as u32;
    for _ in 0..2 {
        steps.push((segment(&TO_SERVER, next, answered, TcpFlags::FIN, cut), cut));
        next += cut_length + 1;
    }
    for (number, (segment, payload)) in (1..).zip(&mut steps) {
        segment.time = CaptureTime::from_parts(number, 0);
        engine.segment(number, segment, payload);
    }
    engine.finish(9, CaptureTime::from_parts(9, 0));
    let output = std::mem::take(engine.output());
    let mut ledger = Ledger::default();
    output.ledgers.iter().for_each(|delta| ledger.add(&delta.ledger));
    assert!(ledger.requests.balances(), "{:?}", ledger.requests);
    assert_eq!(ledger.requests.started, 4);
    assert_eq!(output.decided.len(), 4);
}
