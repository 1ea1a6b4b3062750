//! What an idle connection costs: resident memory before and after 1,000,000 of them, each with a handshake and one
//! whole request and answer behind it.
//!
//! `cargo bench --bench idle_connections [-- NUMBER]`

#![allow(clippy::print_stdout, clippy::indexing_slicing, clippy::expect_used)] // A bench prints, and may stop.

use decoders::engine::{Engine, EngineConfig};
use decoders::packet::{Segment, TcpFlags};
use model::flow::{Address, Endpoint, FlowKey};
use model::units::{CaptureTime, Nanos};

const REQUEST: &[u8] = b"GET /users/42 HTTP/1.1\r\nHost: server.example\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const SERVER: Endpoint = Endpoint { address: Address::v4([192, 0, 2, 1]), port: 80 };

fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let connections: u32 = given.map_or(1_000_000, |number| number.parse().unwrap_or(1_000_000));
    let mut engine = Engine::new(&EngineConfig::default());
    let mut wire = Wire { number: 0, at: CaptureTime::from_parts(1_750_000_000, 0) };
    // The first ones bring what is allocated once.
    (0..1_000).for_each(|number| wire.converse(&mut engine, u32::MAX - number));
    let before = resident_bytes();
    (0..connections).for_each(|number| wire.converse(&mut engine, number));
    let after = resident_bytes();
    let held = engine.connections();
    let bytes = (after.saturating_sub(before)) as f64 / f64::from(connections);
    println!("{held} connections held, {bytes:.0} bytes of resident memory for each");
}

/// Packets, one after the other.
struct Wire {
    number: u64,
    at: CaptureTime,
}

impl Wire {
    fn converse(&mut self, engine: &mut Engine, number: u32) {
        let [a, b, c, d] = number.to_be_bytes();
        let client = Endpoint { address: Address::v4([10, a, b, c]), port: 1024 + u16::from(d) };
        let asked = 1 + REQUEST.len() as u32;
        let answered = 1 + ANSWER.len() as u32;
        let (syn, ack) = (TcpFlags::SYN, TcpFlags::ACK);
        self.send(engine, [client, SERVER], syn, [0, 0], &[]);
        self.send(engine, [SERVER, client], syn | ack, [0, 1], &[]);
        self.send(engine, [client, SERVER], ack, [1, 1], &[]);
        self.send(engine, [client, SERVER], ack, [1, 1], REQUEST);
        self.send(engine, [SERVER, client], ack, [1, asked], ANSWER);
        self.send(engine, [client, SERVER], ack, [asked, answered], &[]);
        engine.output().decided.clear();
        engine.output().samples.clear();
    }

    fn send(
        &mut self,
        engine: &mut Engine,
        [source, target]: [Endpoint; 2],
        flags: u8,
        [sequence, acknowledgment]: [u32; 2],
        payload: &[u8],
    ) {
        self.number += 1;
        self.at = self.at.plus(Nanos(1_000));
        let (key, from) = FlowKey::of(source, target);
        let segment = Segment {
            time: self.at,
            key,
            from,
            flags: TcpFlags(flags),
            sequence,
            acknowledgment,
            payload_start: 0,
            payload_length: payload.len() as u32,
            payload_missing: 0,
            fingerprint: self.number,
        };
        engine.segment(self.number, &segment, payload);
    }
}

/// Of this process (proc_pid_statm(5): the second field, in pages).
fn resident_bytes() -> u64 {
    const PAGE_BYTES: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default()
        * PAGE_BYTES
}
