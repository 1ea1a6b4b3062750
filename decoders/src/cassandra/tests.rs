//! Connections through the whole engine: segments in, transactions out.

use super::head::{flag, opcode};
use super::testing::{batch, bulk, frame, long_string, rows, segment, string};
use crate::engine::{Engine, EngineConfig};
use crate::naming::Naming;
use crate::output::{Entry, Fresh, Output};
use crate::packet::{Segment, TcpFlags};
use crate::wires::WireConfig;
use model::flow::Direction::{ToClient, ToServer};
use model::flow::{Address, Direction, Endpoint, FlowKey};
use model::ledger::Ledger;
use model::names::NameId;
use model::units::CaptureTime;
use model::wire::WireSpec;
use std::collections::HashMap;

const CLIENT: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 1]), port: 40_000 };
const SERVER: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 2]), port: 9_042 };
const ID: [u8; 16] = *b"0123456789abcdef";
const PREPARED: &str = "SELECT a FROM shop.orders WHERE id = ?";

/// A packet: which way, its bytes, and whether the capture has it. Packet n comes at second n.
#[derive(Clone)]
struct Sent {
    direction: Direction,
    bytes: Vec<u8>,
    is_captured: bool,
}

fn ask(bytes: Vec<u8>) -> Sent {
    Sent { direction: ToServer, bytes, is_captured: true }
}

fn answer(bytes: Vec<u8>) -> Sent {
    Sent { direction: ToClient, bytes, is_captured: true }
}

fn lost(sent: Sent) -> Sent {
    Sent { is_captured: false, ..sent }
}

/// One line a transaction: operation, name, outcome, code, seconds of the four moments, what else is known.
struct Reported {
    lines: Vec<String>,
    ledger: Ledger,
}

fn replay(packets: &[Sent], from_start: bool) -> Reported {
    let spec = WireSpec::parse("cassandra:9042").unwrap();
    let wires = vec![WireConfig { spec, naming: Naming::Plain }];
    let mut engine = Engine::new(&EngineConfig { wires, ..EngineConfig::default() });
    let mut next = [1_000_u32, 5_000];
    let mut feed = |engine: &mut Engine, sent: &Sent, second: u64, flags: u8| {
        let (own, other) = if sent.direction == ToServer { (0, 1) } else { (1, 0) };
        let ends = if own == 0 { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let (key, from) = FlowKey::of(ends.0, ends.1);
        let segment = Segment {
            time: CaptureTime::from_parts(second, 0),
            key,
            from,
            flags: TcpFlags(flags),
            sequence: next[own],
            acknowledgment: next[other],
            payload_start: 0,
            payload_length: sent.bytes.len() as u32,
            payload_missing: 0,
            fingerprint: second,
        };
        next[own] += sent.bytes.len() as u32 + u32::from(flags & TcpFlags::SYN != 0);
        if sent.is_captured {
            engine.segment(second, &segment, &sent.bytes);
        }
    };
    if from_start {
        feed(&mut engine, &ask(Vec::new()), 1, TcpFlags::SYN);
        feed(&mut engine, &answer(Vec::new()), 1, TcpFlags::SYN | TcpFlags::ACK);
    }
    for (sent, second) in packets.iter().zip(1..) {
        feed(&mut engine, sent, second, TcpFlags::ACK);
    }
    engine.finish(packets.len() as u64 + 1, CaptureTime::from_parts(packets.len() as u64 + 1, 0));
    reported(&std::mem::take(engine.output()))
}

fn reported(output: &Output) -> Reported {
    let learned: HashMap<u128, &str> =
        output.learned.iter().map(|(_, (key, name))| (*key, &**name)).collect();
    let (mut operations, mut names) = (HashMap::new(), HashMap::new());
    for fresh in &output.fresh {
        match fresh {
            Fresh::Operation(_, id, text) => drop(operations.insert(*id, text.to_string())),
            Fresh::Name(_, id, text) => drop(names.insert(*id, text.to_string())),
            Fresh::Reference(_, id, key) => {
                let name = learned.get(key).copied().unwrap_or("unknown");
                names.insert(*id, name.to_owned());
            }
            Fresh::Wire(..) => {}
        }
    }
    names.insert(NameId::UNKNOWN, "unknown".to_owned());
    let mut ledger = Ledger::default();
    output.ledgers.iter().for_each(|delta| ledger.add(&delta.ledger));
    assert!(ledger.requests.balances(), "{:?}", ledger.requests);
    let line = |decided: &crate::output::Decided| {
        let it = &decided.transaction;
        let moments = &it.moments;
        let second = |at: Option<CaptureTime>| {
            at.map_or("-".to_owned(), |at| (at.as_nanos() / 1_000_000_000).to_string())
        };
        let times = [
            moments.request_first,
            moments.request_last,
            moments.response_first,
            moments.response_last,
        ];
        let times = times.map(second).join(" ");
        let mut line = format!("{} [{}] ", operations[&it.operation], names[&it.name]);
        line += &format!("{} {}@ {times}", it.outcome.name(), spaced(&it.code.to_string()));
        for (label, number) in [("rows", it.rows), ("messages", it.messages)] {
            number.iter().for_each(|number| line += &format!(" {label}={number}"));
        }
        for (label, entry) in decided.attributes.entries() {
            line += &match entry {
                Entry::Holds => format!(" {label}"),
                Entry::Number(number) => format!(" {label}={number}"),
                Entry::Text(text) => format!(" {label}={text}"),
            };
        }
        line
    };
    Reported { lines: output.decided.iter().map(|(_, decided)| line(decided)).collect(), ledger }
}

fn spaced(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text} ") }
}

fn query(version: u8, stream: i16, text: &str) -> Vec<u8> {
    frame(version, 0, stream, opcode::QUERY, &[long_string(text), vec![0, 1, 0]].concat())
}

fn startup(version: u8, compression: Option<&str>) -> Vec<u8> {
    let mut options = vec![0, if compression.is_some() { 2 } else { 1 }];
    options.extend([string("CQL_VERSION"), string("3.0.0")].concat());
    compression.iter().for_each(|name| {
        options.extend([string("COMPRESSION"), string(name)].concat());
    });
    frame(version, 0, 0, opcode::STARTUP, &options)
}

/// A result of `version`, with the bit of answers.
fn result(version: u8, stream: i16, body: &[u8]) -> Vec<u8> {
    frame(version | 0x80, 0, stream, opcode::RESULT, body)
}

fn ready(version: u8) -> Vec<u8> {
    frame(version | 0x80, 0, 0, opcode::READY, &[])
}

const VOID: &[u8] = &[0, 0, 0, 1];

/// A connection of version 4 with what the protocol can do.
fn version_four() -> (Vec<Sent>, Vec<&'static str>) {
    let execute = [&[0, 16], &ID[..], &[0, 1, 0]].concat();
    let prepared = [&[0, 0, 0, 4, 0, 16], &ID[..], &[0; 12]].concat();
    let warned = [&[7; 16][..], &[0, 1], &*string("slow"), &*rows(1 | 2, 2, 40)].concat();
    let error = [&[0, 0, 0x22, 0], &*string("no such table")].concat();
    let timeout = [&[0, 0, 0x12, 0], &*string("too slow"), &[0; 11]].concat();
    let event =
        frame(0x84, 0, -1, opcode::EVENT, &[string("STATUS_CHANGE"), string("UP")].concat());
    let warnings = flag::TRACING | flag::WARNING;
    let packets = vec![
        ask(startup(4, None)),
        answer(ready(4)),
        ask([query(4, 1, "one"), query(4, 2, "two")].concat()),
        answer([result(4, 2, &rows(4, 1, 3)), event, result(4, 1, VOID)].concat()),
        ask(frame(4, 0, 3, opcode::PREPARE, &long_string(PREPARED))),
        answer(result(4, 3, &prepared)),
        ask(frame(4, 0, 3, opcode::EXECUTE, &execute)),
        answer(frame(0x84, warnings, 3, opcode::RESULT, &warned)),
        ask(query(4, 4, "bad")),
        answer(frame(0x84, 0, 4, opcode::ERROR, &error)),
        ask(query(4, 4, "late")),
        answer(frame(0x84, 0, 4, opcode::ERROR, &timeout)),
        ask(frame(4, 0, 5, opcode::BATCH, &batch(&[Ok("one"), Ok("one")]))),
        ask(frame(4, 0, 6, opcode::BATCH, &batch(&[Ok("one"), Err(ID)]))),
        answer([result(4, 6, VOID), result(4, 5, VOID)].concat()),
    ];
    let lines = vec![
        "STARTUP [] ok @ 1 1 2 2",
        "QUERY [two] ok @ 3 3 4 4 rows=3",
        "QUERY [one] ok @ 3 3 4 4",
        "PREPARE [SELECT a FROM shop.orders WHERE id = ?] ok @ 5 5 6 6",
        "EXECUTE [SELECT a FROM shop.orders WHERE id = ?] ok @ 7 7 8 8 rows=40 more_pages traced warnings=1",
        "QUERY [bad] client_error 8704 @ 9 9 10 10",
        "QUERY [late] server_error 4608 @ 11 11 12 12",
        "BATCH [batch] ok @ 14 14 15 15 messages=2",
        "BATCH [one] ok @ 13 13 15 15 messages=2",
    ];
    (packets, lines)
}

/// A connection of version 5: segments with one message, with several, and a message in several segments.
fn version_five(lz4: bool) -> (Vec<Sent>, Vec<&'static str>) {
    let long = [rows(4, 1, 9), bulk(300_000)].concat();
    let long = result(5, 2, &long);
    let parts = long.chunks(131_071).map(|part| segment(part, false, lz4));
    let mut packets = vec![
        ask(startup(5, lz4.then_some("lz4"))),
        answer(ready(5)),
        ask(segment(&[query(5, 1, "one"), query(5, 2, "two")].concat(), true, lz4)),
    ];
    packets.extend(parts.map(answer));
    packets.push(answer(segment(&result(5, 1, VOID), true, lz4)));
    packets.push(ask(segment(&query(5, 1, &"three ".repeat(30)), true, lz4)));
    packets.push(answer(segment(&result(5, 1, &rows(1, 3, 2)), true, lz4)));
    assert_eq!(packets.len(), 9);
    let lines = vec![
        "STARTUP [] ok @ 1 1 2 2",
        "QUERY [two] ok @ 3 3 4 6 rows=9",
        "QUERY [one] ok @ 3 3 7 7",
        "QUERY [three three three three three three three three three three three three three three three three three three three three three three three three three three three three three three ] ok @ 8 8 9 9 rows=2",
    ];
    (packets, lines)
}

#[test]
fn connections_are_read() {
    for (packets, expected) in [version_four(), version_five(false), version_five(true)] {
        let reported = replay(&packets, true);
        assert_eq!(reported.lines, expected);
        assert_eq!(reported.ledger.notices.desyncs, 0);
    }
    assert_eq!(replay(&version_four().0, true).ledger.notices.interim_answers, 1);
}

/// All that is said, without times.
fn untimed(lines: &[String]) -> Vec<String> {
    let untimed = |line: &String| {
        let (head, tail) = line.split_once('@').unwrap();
        let rest: String = tail.chars().filter(|it| !it.is_ascii_digit()).collect();
        format!("{head}{}", rest.trim())
    };
    lines.iter().map(untimed).collect()
}

#[test]
fn it_does_not_matter_where_packets_are_cut() {
    let (packets, _) = version_four();
    let expected = untimed(&replay(&packets, true).lines);
    for (place, packet) in packets.iter().enumerate() {
        for offset in 1..packet.bytes.len() {
            let (front, rest) = packet.bytes.split_at(offset);
            let part = |bytes: &[u8]| Sent { bytes: bytes.to_vec(), ..packet.clone() };
            let mut cut = packets.clone();
            cut.splice(place..=place, [part(front), part(rest)]);
            let lines = replay(&cut, true).lines;
            assert_eq!(untimed(&lines), expected, "packet {place} cut at {offset}");
        }
    }
}

#[test]
fn segments_can_be_cut_anywhere() {
    for lz4 in [false, true] {
        let (packets, _) = version_five(lz4);
        let expected = untimed(&replay(&packets, true).lines);
        for length in [1_usize, 7, 1_448, 100_000] {
            // The long answer byte by byte would take long.
            let length =
                |packet: &Sent| if packet.bytes.len() > 1_000 { length.max(997) } else { length };
            let cut: Vec<Sent> = packets
                .iter()
                .flat_map(|packet| {
                    let parts: Vec<_> = packet.bytes.chunks(length(packet)).collect();
                    parts
                        .into_iter()
                        .map(|part| Sent { bytes: part.to_vec(), ..packet.clone() })
                        .collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(untimed(&replay(&cut, true).lines), expected);
        }
    }
}

fn compressed(algorithm: &str, plain: &[u8]) -> Vec<u8> {
    if algorithm == "snappy" {
        return snap::raw::Encoder::new().compress_vec(plain).unwrap();
    }
    let length = u32::try_from(plain.len()).unwrap().to_be_bytes();
    [&length, lz4_flex::block::compress(plain).as_slice()].concat()
}

#[test]
fn bodies_that_are_compressed_are_read() {
    let text = "INSERT INTO shop.orders (id) VALUES (1) ".repeat(8);
    let body = [long_string(&text), vec![0, 1, 0]].concat();
    let found = [rows(1, 4, 77), vec![5; 4_000]].concat();
    for name in ["lz4", "snappy"] {
        let compress = |plain: &[u8]| compressed(name, plain);
        let exchange = [
            ask(frame(4, flag::COMPRESSED, 9, opcode::QUERY, &compress(&body))),
            answer(frame(0x84, flag::COMPRESSED, 9, opcode::RESULT, &compress(&found))),
        ];
        let begin = [ask(startup(4, Some(name))), answer(ready(4))];
        let lines = replay(&[&begin[..], &exchange[..]].concat(), true).lines;
        let name = &text[..crate::limits::NAME_BYTES_MAX];
        assert_eq!(lines[1], format!("QUERY [{name}] ok @ 3 3 4 4 rows=77"));
        // Joined later, when it is not known which algorithm it is.
        let lines = replay(&exchange, false).lines;
        assert_eq!(lines, [format!("QUERY [{name}] ok @ 1 1 2 2 rows=77")]);
    }
}

#[test]
fn what_was_lost_is_not_paired_with_what_was_not() {
    // The first answer and the second request have the stream of the first request.
    let packets = [
        ask(startup(4, None)),
        answer(ready(4)),
        ask(query(4, 1, "one")),
        lost(answer(result(4, 1, VOID))),
        lost(ask(query(4, 1, "two"))),
        answer(result(4, 1, &rows(4, 1, 3))),
        ask(query(4, 1, "three")),
        answer(result(4, 1, VOID)),
    ];
    let expected = [
        "STARTUP [] ok @ 1 1 2 2",
        "QUERY [one] quarantined @ 3 3 - -",
        "QUERY [three] ok @ 7 7 8 8",
    ];
    assert_eq!(replay(&packets, true).lines, expected);
    for lz4 in [false, true] {
        let own = |bytes: Vec<u8>| segment(&bytes, true, lz4);
        let packets = [
            ask(startup(5, lz4.then_some("lz4"))),
            answer(ready(5)),
            ask(own(query(5, 1, "one"))),
            lost(answer(own(result(5, 1, VOID)))),
            lost(ask(own(query(5, 1, "two")))),
            answer(own(result(5, 1, &rows(4, 1, 3)))),
            ask(own(query(5, 1, "three"))),
            answer(own(result(5, 1, VOID))),
        ];
        assert_eq!(replay(&packets, true).lines, expected, "lz4 {lz4}");
    }
}

#[test]
fn a_gap_in_a_body_costs_its_name_only() {
    let long = query(4, 1, &"x".repeat(3_000));
    let found = result(4, 1, &[rows(4, 1, 3), bulk(3_000)].concat());
    let packets = [
        ask(startup(4, None)),
        answer(ready(4)),
        ask(long[..1_000].to_vec()),
        lost(ask(long[1_000..2_000].to_vec())),
        ask(long[2_000..].to_vec()),
        answer(found[..1_000].to_vec()),
        lost(answer(found[1_000..2_000].to_vec())),
        answer(found[2_000..].to_vec()),
        ask(query(4, 1, "two")),
        answer(result(4, 1, VOID)),
    ];
    let expected = [
        "STARTUP [] ok @ 1 1 2 2",
        "QUERY [unknown] ok @ 3 5 6 8 rows=3",
        "QUERY [two] ok @ 9 9 10 10",
    ];
    assert_eq!(replay(&packets, true).lines, expected);
}

#[test]
fn connections_are_joined_in_the_middle() {
    let execute = [&[0, 16], &ID[..], &[0, 16], &ID[..], &[0, 1, 0, 0, 0, 0]].concat();
    for lz4 in [false, true] {
        let own = |bytes: Vec<u8>| segment(&bytes, true, lz4);
        let packets = [
            answer(bulk(1_000)),
            answer(own(result(5, 9, VOID))),
            ask(bulk(1_000)),
            ask(own(frame(5, 0, 1, opcode::EXECUTE, &execute))),
            answer(own(result(5, 1, &rows(4, 1, 3)))),
        ];
        let reported = replay(&packets, false);
        assert_eq!(reported.lines, ["EXECUTE [unknown] ok @ 4 4 5 5 rows=3"], "lz4 {lz4}");
        assert_eq!(reported.ledger.notices.orphan_answers, 1);
    }
    let packets = [
        ask(frame(3, 0, 1, opcode::EXECUTE, &[&[0, 16], &ID[..], &[0, 1, 0]].concat())),
        answer(bulk(100)),
        answer(result(3, 2, VOID)),
        ask(query(3, 4, "SELECT a FROM t")),
        answer(result(3, 4, VOID)),
    ];
    // The answer to the first may have been among the bytes that nobody could read.
    let expected =
        ["EXECUTE [unknown] quarantined @ 1 1 - -", "QUERY [SELECT a FROM t] ok @ 4 4 5 5"];
    assert_eq!(replay(&packets, false).lines, expected);
}

#[test]
fn an_answer_to_another_kind_of_request_is_refused() {
    let supported =
        frame(0x84, 0, 1, opcode::SUPPORTED, &[&[0, 1], &*string("COMPRESSION"), &[0, 0]].concat());
    let packets =
        [ask(startup(4, None)), answer(ready(4)), ask(query(4, 1, "one")), answer(supported)];
    let reported = replay(&packets, true);
    assert_eq!(reported.lines[1], "QUERY [one] quarantined @ 3 3 - -");
    assert_eq!(reported.ledger.notices.desyncs, 1);
}

#[test]
fn early_versions_are_read() {
    let values = [long_string("one"), vec![0, 1]].concat();
    let packets = [
        ask(frame(1, 0, 0, opcode::OPTIONS, &[])),
        answer(frame(0x81, 0, 0, opcode::SUPPORTED, &[0, 0])),
        ask(frame(1, 0, 1, opcode::CREDENTIALS, &[&[0, 1], &*string("k"), &*string("v")].concat())),
        answer(frame(0x81, 0, 1, opcode::READY, &[])),
        ask(frame(1, 0, 1, opcode::QUERY, &values)),
        answer(frame(0x81, 0, 1, opcode::RESULT, &rows(1, 1, 2))),
    ];
    let expected = [
        "OPTIONS [] ok @ 1 1 2 2",
        "CREDENTIALS [] ok @ 3 3 4 4",
        "QUERY [one] ok @ 5 5 6 6 rows=2",
    ];
    assert_eq!(replay(&packets, true).lines, expected);
}

#[test]
fn a_corrupt_segment_loses_the_direction() {
    let mut corrupt = segment(&query(5, 1, "one"), true, false);
    corrupt[20] ^= 1;
    let packets = [
        ask(startup(5, None)),
        answer(ready(5)),
        ask(corrupt),
        ask(segment(&query(5, 2, "two"), true, false)),
        answer(segment(&result(5, 2, VOID), true, false)),
    ];
    let reported = replay(&packets, true);
    assert_eq!(reported.lines, ["STARTUP [] ok @ 1 1 2 2", "QUERY [two] ok @ 4 4 5 5"]);
    assert_eq!(reported.ledger.notices.desyncs, 1);
}

#[test]
fn a_gap_up_to_the_end_of_a_segment_costs_what_it_hides() {
    for lz4 in [false, true] {
        let long = [rows(4, 1, 3), bulk(2_500), vec![0; 500]].concat();
        let answers = [result(5, 1, VOID), result(5, 2, &long), result(5, 3, VOID)].concat();
        let sent = segment(&answers, true, lz4);
        let own = |bytes: Vec<u8>| segment(&bytes, true, lz4);
        let asked = [query(5, 1, "one"), query(5, 2, "two"), query(5, 3, "three")];
        let packets = [
            ask(startup(5, lz4.then_some("lz4"))),
            answer(ready(5)),
            ask(own(asked.concat())),
            answer(sent[..2_000].to_vec()),
            lost(answer(sent[2_000..].to_vec())),
            // The next segment lies where the lost one ends, behind the last bytes of a packet.
            answer(own(result(5, 9, VOID))),
            ask(own(query(5, 4, "four"))),
            answer(own(result(5, 4, VOID))),
        ];
        let mut lines = replay(&packets, true).lines;
        lines.sort();
        let two = match lz4 {
            false => "QUERY [two] ok @ 3 3 4 - rows=3 end_not_captured",
            // Where its end was is not known, nor what came behind it.
            true => "QUERY [two] quarantined @ 3 3 - -",
        };
        let one = match lz4 {
            false => "QUERY [one] ok @ 3 3 4 4",
            true => "QUERY [one] ok @ 3 3 4 - end_not_captured",
        };
        let expected = [
            "QUERY [four] ok @ 7 7 8 8",
            one,
            "QUERY [three] quarantined @ 3 3 - -",
            two,
            "STARTUP [] ok @ 1 1 2 2",
        ];
        assert_eq!(lines, expected, "lz4 {lz4}");
    }
}
