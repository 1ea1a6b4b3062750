//! Kafka through the engine: what is asked and answered, and what is reported of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // Tests may stop.

mod conversation;

use conversation::{Cut, Line, Start, Step, check, client, lost_client, lost_server, run, server};

const PORT: u16 = 9_092;

const PRODUCE: u16 = 0;
const FETCH: u16 = 1;
const METADATA: u16 = 3;
const HEARTBEAT: u16 = 12;
const SASL_HANDSHAKE: u16 = 17;
const API_VERSIONS: u16 = 18;

/// A message behind its size.
fn framed(body: Vec<u8>) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

/// A request that is not flexible, of the client "me".
fn request(key: u16, version: u16, id: u32, body: &[u8]) -> Vec<u8> {
    let head = [&key.to_be_bytes()[..], &version.to_be_bytes(), &id.to_be_bytes(), b"\0\x02me"];
    framed([&head.concat(), body].concat())
}

fn answer(id: u32, body: &[u8]) -> Vec<u8> {
    framed([&id.to_be_bytes()[..], body].concat())
}

fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(elements.len()).unwrap().to_be_bytes()[..], &elements.concat()].concat()
}

/// A record batch of this many records, and this many bytes behind its head.
fn batch(records: u32, bytes: usize) -> Vec<u8> {
    let mut batch = vec![0x55; 61 + bytes];
    batch[8..12].copy_from_slice(&u32::try_from(49 + bytes).unwrap().to_be_bytes());
    batch[16] = 2;
    batch[21..23].copy_from_slice(&[0, 0]);
    batch[57..61].copy_from_slice(&records.to_be_bytes());
    batch
}

fn records(batches: &[Vec<u8>]) -> Vec<u8> {
    let batches = batches.concat();
    [&u32::try_from(batches.len()).unwrap().to_be_bytes()[..], &batches].concat()
}

/// Produce 3: no transaction, acks, a second to wait, and for each topic one partition.
fn produce(id: u32, acks: i16, topics: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let topics: Vec<_> = topics
        .iter()
        .map(|(topic, batch)| {
            let partition =
                [&0_u32.to_be_bytes()[..], &records(std::slice::from_ref(batch))].concat();
            [text(topic), list(&[partition])].concat()
        })
        .collect();
    let head = [&b"\xff\xff"[..], &acks.to_be_bytes(), &1_000_u32.to_be_bytes()].concat();
    request(PRODUCE, 3, id, &[head, list(&topics)].concat())
}

fn produced(id: u32, topic: &str, error: i16) -> Vec<u8> {
    let partition = [&0_u32.to_be_bytes()[..], &error.to_be_bytes(), &[0; 16]].concat();
    let topics = list(&[[text(topic), list(&[partition])].concat()]);
    answer(id, &[&topics[..], &0_u32.to_be_bytes()].concat())
}

/// Fetch 7 in a session: of one partition each.
fn fetch(id: u32, session: u32, epoch: i32, topics: &[&str]) -> Vec<u8> {
    let topics: Vec<_> =
        topics.iter().map(|topic| [text(topic), list(&[vec![0; 24]])].concat()).collect();
    let head = [&[0; 17][..], &session.to_be_bytes(), &epoch.to_be_bytes()].concat();
    request(FETCH, 7, id, &[head, list(&topics), list(&[])].concat())
}

fn fetched(id: u32, session: u32, error: i16, topics: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let topics: Vec<_> = topics
        .iter()
        .map(|(topic, batch)| {
            let head = [&[0; 4][..], &error.to_be_bytes(), &[0; 24], &list(&[])].concat();
            let partition = [head, records(std::slice::from_ref(batch))].concat();
            [text(topic), list(&[partition])].concat()
        })
        .collect();
    let head = [&0_u32.to_be_bytes()[..], &0_u16.to_be_bytes(), &session.to_be_bytes()].concat();
    answer(id, &[head, list(&topics)].concat())
}

fn heartbeat(id: u32) -> Vec<u8> {
    request(HEARTBEAT, 0, id, &[text("g"), vec![0, 0, 0, 1], text("m")].concat())
}

fn asks_versions(id: u32) -> Vec<u8> {
    request(API_VERSIONS, 0, id, b"")
}

#[test]
fn requests_pair_by_id() {
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            client([produce(2, 1, &[("a", batch(3, 40))]), heartbeat(3)].concat()),
            server([produced(2, "a", 0), answer(3, &27_u16.to_be_bytes())].concat()),
            Step::Close,
        ],
        &["ApiVersions ok 1 1 2 2", "Produce ok 3 3 4 4", "Heartbeat client_error/27 3 3 4 4"],
    );
    assert_eq!(lines[1].name, "a");
    assert_eq!(lines[2].name, "");
}

#[test]
fn nobody_answers_a_produce_that_wants_no_acknowledgement() {
    check(
        Start::Handshake,
        PORT,
        &[
            client(produce(1, 0, &[("a", batch(1, 10))])),
            client(produce(2, 0, &[("a", batch(1, 10))])),
            client(produce(3, -1, &[("a", batch(1, 10))])),
            server(produced(3, "a", 6)),
            Step::Close,
        ],
        &[
            "Produce no_answer_expected 1 1 - -",
            "Produce no_answer_expected 2 2 - -",
            "Produce server_error/6 3 3 4 4",
        ],
    );
}

#[test]
fn names_are_of_one_topic_or_of_several() {
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(produce(1, 1, &[("a", batch(1, 10)), ("b", batch(1, 10))])),
            server(produced(1, "a", 0)),
            client(request(METADATA, 1, 2, &list(&[text("a")]))),
            server(answer(2, &[list(&[]), vec![0; 4], list(&[])].concat())),
            client(request(METADATA, 1, 3, &list(&[]))),
            server(answer(3, &[list(&[]), vec![0; 4], list(&[])].concat())),
            Step::Close,
        ],
        &["Produce ok 1 1 2 2", "Metadata ok 3 3 4 4", "Metadata ok 5 5 6 6"],
    );
    let names: Vec<_> = lines.iter().map(|line| &*line.name).collect();
    assert_eq!(names, ["_aggregate", "a", ""]);
}

#[test]
fn a_fetch_that_waited_in_vain_is_filed_apart() {
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(fetch(1, 0, 0, &["a"])),
            server(fetched(1, 7, 0, &[("a", batch(5, 300))])),
            client(fetch(2, 7, 1, &[])),
            server(fetched(2, 7, 0, &[])),
            client(fetch(3, 7, 2, &["b"])),
            server(fetched(3, 7, 1, &[("b", vec![])])),
            Step::Close,
        ],
        &["Fetch ok 1 1 2 2", "FetchEmpty ok 3 3 4 4", "Fetch client_error/1 5 5 6 6"],
    );
    let names: Vec<_> = lines.iter().map(|line| &*line.name).collect();
    assert_eq!(names, ["a", "a", "_aggregate"]);
    assert_eq!(lines[1].attributes, ["empty"]);
    assert_eq!(lines[2].attributes, ["empty"]);
}

#[test]
fn versions_and_apis_of_the_future_are_timed() {
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            client(request(PRODUCE, 99, 2, b"whatever")),
            server(answer(2, b"whatever")),
            client(request(1_234, 0, 3, b"")),
            server(answer(3, b"")),
            client(request(API_VERSIONS, 99, 4, b"?")),
            server(answer(4, b"\0\x23\0\0\0\0")),
            Step::Close,
        ],
        &[
            "ApiVersions ok 1 1 2 2",
            "Produce ok 3 3 4 4",
            "api_1234 ok 5 5 6 6",
            "ApiVersions client_error/35 7 7 8 8",
        ],
    );
    assert_eq!(lines[1].name, "unknown");
}

#[test]
fn odd_messages_are_timed() {
    check(
        Start::Handshake,
        PORT,
        &[
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            // More behind it, a list that is too long, an answer that ends early.
            client(request(METADATA, 1, 2, &[list(&[text("a")]), vec![1]].concat())),
            server(answer(2, &[0x7f, 0xff, 0xff, 0xff])),
            client(heartbeat(3)),
            server(answer(3, &[0])),
            Step::Close,
        ],
        &["ApiVersions ok 1 1 2 2", "Metadata ok 3 3 4 4", "Heartbeat ok 5 5 6 6"],
    );
}

#[test]
fn tokens_of_before_sasl_authenticate_are_no_requests() {
    check(
        Start::Handshake,
        PORT,
        &[
            client(request(SASL_HANDSHAKE, 0, 1, &text("PLAIN"))),
            server(answer(1, &[vec![0, 0], list(&[text("PLAIN")])].concat())),
            client(framed(b"\0user\0secret".to_vec())),
            server(framed(vec![])),
            client(asks_versions(2)),
            server(answer(2, b"\0\0\0\0\0\0")),
            Step::Close,
        ],
        &["SaslHandshake ok 1 1 2 2", "ApiVersions ok 5 5 6 6"],
    );
    check(
        Start::Handshake,
        PORT,
        &[
            client(request(SASL_HANDSHAKE, 0, 1, &text("SCRAM-SHA-256"))),
            server(answer(1, &[vec![0, 0], list(&[])].concat())),
            client(framed(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL".to_vec())),
            server(framed(b"r=fyko,s=QSXCR+Q6sek8bf92,i=4096".to_vec())),
            client(framed(b"c=biws,r=fyko,p=v0X8v3Bz2T0CJGbJQyF0X".to_vec())),
            server(framed(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".to_vec())),
            client(heartbeat(2)),
            server(answer(2, b"\0\0")),
            Step::Close,
        ],
        &["SaslHandshake ok 1 1 2 2", "Heartbeat ok 7 7 8 8"],
    );
}

#[test]
fn a_connection_is_joined_in_the_middle() {
    let lines = check(
        Start::MidStream,
        PORT,
        &[
            server(fetched(40, 7, 0, &[("a", batch(5, 300))])),
            client(fetch(41, 7, 9, &[])),
            server(fetched(41, 7, 0, &[])),
            client(fetch(42, 7, 10, &[])),
            server(fetched(42, 7, 0, &[("a", batch(5, 300))])),
            client(fetch(43, 7, 11, &[])),
            server(fetched(43, 7, 0, &[])),
            Step::Close,
        ],
        &["FetchEmpty ok 2 2 3 3", "Fetch ok 4 4 5 5", "FetchEmpty ok 6 6 7 7"],
    );
    // The session began before the capture: what it is about is seen as records come.
    let names: Vec<_> = lines.iter().map(|line| &*line.name).collect();
    assert_eq!(names, ["unknown", "a", "a"]);
}

#[test]
fn the_rest_of_an_answer_before_the_capture_is_nobodys() {
    let before = fetched(40, 7, 0, &[("a", batch(5, 3_000))]);
    let mut steps: Vec<Step> = before[1_000..].chunks(20).map(server).collect();
    assert!(steps.len() > 64, "more than the segments that are probed");
    steps.extend([client(heartbeat(41)), server(answer(41, b"\0\0")), Step::Close]);
    let lines = run(Start::MidStream, PORT, &steps, Cut::Whole);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].operation, "Heartbeat");
    assert_eq!(lines[0].outcome.name(), "ok");
}

#[test]
fn a_gap_pairs_nothing_that_does_not_belong_together() {
    // The answer to 2 and the request 3 are lost; the answer to 3 is nobody's.
    let steps = [
        client(asks_versions(1)),
        server(answer(1, b"\0\0\0\0\0\0")),
        client(heartbeat(2)),
        lost_server(answer(2, b"\0\0")),
        lost_client(heartbeat(3)),
        server(answer(3, b"\0\0")),
        client(heartbeat(4)),
        server(answer(4, b"\0\x1b")),
        Step::Close,
    ];
    let whole = run(Start::Handshake, PORT, &steps, Cut::Whole);
    let lines: Vec<_> = whole.iter().map(ToString::to_string).collect();
    let expected = [
        "ApiVersions ok 1 1 2 2",
        "Heartbeat quarantined 3 3 - -",
        "Heartbeat client_error/27 7 7 8 8",
    ];
    assert_eq!(lines, expected);
    // Where the end of an answer to nobody comes alone, what follows may not be found; nothing else is said then.
    for cut in (1..16).map(Cut::At).chain((1..8).map(Cut::Pieces)) {
        for (line, whole) in run(Start::Handshake, PORT, &steps, cut).iter().zip(&whole) {
            assert!(line == whole || line.outcome.name() == "quarantined", "{cut:?} {line}");
        }
    }
}

#[test]
fn bytes_lost_among_records_do_no_harm() {
    let whole = fetched(2, 7, 0, &[("a", batch(5, 4_000)), ("b", batch(2, 500))]);
    let produced_whole = produce(1, 1, &[("a", batch(3, 4_000))]);
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(&produced_whole[..1_000]),
            lost_client(&produced_whole[1_000..2_000]),
            client(&produced_whole[2_000..]),
            server(produced(1, "a", 0)),
            client(fetch(2, 0, 0, &["a", "b"])),
            server(&whole[..1_000]),
            lost_server(&whole[1_000..2_000]),
            server(&whole[2_000..]),
            Step::Close,
        ],
        &["Produce ok 1 3 4 4", "Fetch ok 5 5 6 8"],
    );
    assert_eq!(lines[0].name, "a");
}

#[test]
fn bytes_lost_elsewhere_leave_times_and_no_guesses() {
    let first = fetched(2, 7, 0, &[("a", batch(5, 100)), ("b", batch(2, 5_000))]);
    let second = produce(3, 1, &[("a", batch(3, 100)), ("b", batch(3, 3_000))]);
    let lines = check(
        Start::Handshake,
        PORT,
        &[
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            client(fetch(2, 0, 0, &["a", "b"])),
            server(&first[..150]),
            lost_server(&first[150..400]),
            server(&first[400..]),
            client(&second[..100]),
            lost_client(&second[100..300]),
            client(&second[300..]),
            server(produced(3, "a", 0)),
            Step::Close,
        ],
        &["ApiVersions ok 1 1 2 2", "Fetch ok 3 3 4 6", "Produce ok 7 9 10 10"],
    );
    assert_eq!(lines[2].name, "unknown");
}

#[test]
fn a_request_that_may_want_no_answer_is_not_said_to_have_none() {
    let torn = produce(2, 0, &[("a", batch(3, 100))]);
    check(
        Start::Handshake,
        PORT,
        &[
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            client(&torn[..13]),
            lost_client(&torn[13..40]),
            client(&torn[40..]),
            Step::Close,
        ],
        &["ApiVersions ok 1 1 2 2", "Produce quarantined 3 5 - -"],
    );
}

/// As brokers allow it with a raised message.max.bytes: passed over by its length, packet by packet.
#[test]
fn a_message_of_100_megabytes_is_one_request() {
    const RECORD_BYTES: usize = 100 << 20;
    let big = produce(2, 1, &[("a", batch(7, RECORD_BYTES))]);
    let (length, steps) = (
        big.len() as u64,
        [
            client(asks_versions(1)),
            server(answer(1, b"\0\0\0\0\0\0")),
            client(big),
            server(produced(2, "a", 0)),
            client(heartbeat(3)),
            server(answer(3, &[0, 0])),
        ],
    );
    let lines = run(Start::Handshake, PORT, &steps, Cut::Pieces(32_000));
    let said: Vec<String> = lines.iter().map(Line::to_string).collect();
    assert_eq!(said, ["ApiVersions ok 1 1 2 2", "Produce ok 3 3 4 4", "Heartbeat ok 5 5 6 6"]);
    assert_eq!((lines[1].bytes[0], &*lines[1].name), (Some(length), "a"));
}
