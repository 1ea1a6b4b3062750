//! In the steady state nothing is allocated for a packet or a transaction: counted by the allocator itself.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test may stop, and says what it counted.

use decoders::engine::{Engine, EngineConfig};
use decoders::packet::{PacketParser, Parsed};
use model::protocol::Protocol;
use model::units::CaptureTime;
use observer::capture::{FileSource, PacketBatch, Source};
use std::io::Cursor;
use synth::Options;

const TRANSACTIONS: u64 = 20_000;
/// Long connections: what a new one costs is not counted here.
const CONNECTIONS: u32 = 20;

/// A packet with its payload, parsed.
type Packet = (decoders::packet::Segment, Vec<u8>);

fn packets(protocol: Protocol) -> Vec<Packet> {
    let options = Options {
        protocol,
        transactions: TRANSACTIONS,
        connections: CONNECTIONS,
        requests_per_connection: 1e6,
        unanswered_share: 0.0,
        ..Options::default()
    };
    let mut capture = Vec::new();
    synth::generate(&options, &mut capture, None::<Vec<u8>>).unwrap();
    let mut source = FileSource::from_reader("synthetic", Box::new(Cursor::new(capture))).unwrap();
    let (mut parser, mut batch) = (PacketParser::new(), PacketBatch::default());
    let mut packets = Vec::new();
    while source.fill(&mut batch).unwrap() {
        for packet in batch.packets() {
            if let Parsed::Segment(segment) = parser.parse(packet) {
                packets.push((segment, segment.payload(packet.bytes).to_vec()));
            }
        }
    }
    packets
}

/// Gives packets to the engine; returns how many transactions were decided.
fn play(engine: &mut Engine, packets: &[Packet], first: u64) -> usize {
    let mut decided = 0;
    let mut before = CaptureTime::ZERO;
    for (number, (segment, payload)) in (first..).zip(packets) {
        if number % 100 == 0 {
            engine.tick(number, segment.time, before);
        }
        before = segment.time;
        engine.segment(number, segment, payload);
        let output = engine.output();
        decided += output.decided.len();
        output.decided.clear();
        output.samples.clear();
        output.ledgers.clear();
        output.fresh.clear();
    }
    decided
}

#[test]
fn nothing_is_allocated_for_a_transaction() {
    for protocol in [Protocol::Http, Protocol::Postgres, Protocol::Cassandra, Protocol::Kafka] {
        let packets = packets(protocol);
        let (warm_up, steady) = packets.split_at(packets.len() / 2);
        let mut engine = Engine::new(&EngineConfig::default());
        play(&mut engine, warm_up, 1);
        let mut decided = 0;
        let counted = allocation_counter::measure(|| {
            decided = play(&mut engine, steady, warm_up.len() as u64 + 1);
        });
        println!("{protocol}: {} allocations for {decided} transactions", counted.count_total);
        assert!(decided > 5_000, "{protocol}: {decided} transactions");
        // What grows by doubling is left.
        assert!(counted.count_total < decided as u64 / 50, "{protocol}: {counted:?}");
    }
}
