//! HTTP/2 and gRPC, through the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // Tests may stop.

#[path = "http2/talk.rs"]
mod talk;

use talk::{
    Fate, Heard, OK, PREFACE, Packet, call, client, data, frame, get, headers, hello, indexed,
    listen, literal, post, reset, server, settings,
};

fn whole(packets: &[Packet]) -> Heard {
    listen(&[&hello()[..], packets].concat(), false)
}

/// Whole conversations, what is said of them, and how many answers were orphans and interim ones.
fn conversations() -> Vec<(&'static str, Vec<Packet>, Vec<&'static str>)> {
    let grpc_ok = literal(b"grpc-status", b"0");
    let grpc_type = literal(b"content-type", b"application/grpc+proto");
    let message = |length: usize| [&[0, 0, 0, 0, length as u8][..], &vec![7; length]].concat();
    vec![
        (
            "a request and its answer",
            vec![
                client(10, &[&headers(1, true, &get(b"/users/42?x=1"))]),
                server(20, &[&headers(1, false, OK)]),
                server(30, &[&data(1, true, b"hello")]),
            ],
            vec!["GET /users/{id} ok 200 10 10 20 30 26 24"],
        ),
        (
            "interleaved streams, bodies both ways",
            vec![
                client(10, &[&headers(1, false, &post(b"/a")), &headers(3, false, &post(b"/b"))]),
                client(11, &[&data(3, false, &[1; 10]), &data(1, true, &[1; 5])]),
                client(12, &[&data(3, true, b"")]),
                server(20, &[&headers(3, false, OK), &headers(1, false, &[0x8d])]),
                server(21, &[&data(1, false, &[2; 7])]),
                server(22, &[&data(3, true, &[2; 3]), &data(1, true, &[2; 3])]),
            ],
            vec!["POST /b ok 200 10 12 20 22 43 22", "POST /a client_error 404 10 11 20 22 29 38"],
        ),
        (
            "interim answers are not the answer; trailers are its end",
            vec![
                client(10, &[&headers(1, true, &get(b"/a"))]),
                server(15, &[&headers(1, false, &indexed(8, b"103"))]),
                server(16, &[&headers(1, false, &[0xbe])]),
                server(20, &[&headers(1, false, OK), &data(1, false, b"x")]),
                server(30, &[&headers(1, true, &literal(b"x-sum", b"1"))]),
            ],
            vec!["GET /a ok 200 10 10 20 30 15 38"],
        ),
        (
            "header blocks in pieces, padded, with priority; a name of the table",
            vec![
                client(
                    10,
                    &[
                        &frame(1, 0x29, 1, &[2, 0, 0, 0, 0, 9, 0x82, 0x86, 0, 0]),
                        &frame(9, 0, 1, &[0x44]),
                    ],
                ),
                client(12, &[&frame(9, 4, 1, b"\x02/p")]),
                client(13, &[&headers(3, true, &[0x82, 0xbe])]),
                server(20, &[&headers(1, true, OK), &headers(3, true, &[0x89])]),
            ],
            vec!["GET /p ok 200 10 12 20 20 41 10", "GET /p ok 204 13 13 20 20 11 10"],
        ),
        (
            "an answer that ends before its request, and one whose request is given up then",
            vec![
                client(10, &[&headers(1, false, &post(b"/a")), &headers(3, false, &post(b"/b"))]),
                server(20, &[&headers(1, true, &[0x8c]), &headers(3, true, &[0x8c]), &reset(3, 0)]),
                client(30, &[&data(1, true, b"x")]),
            ],
            vec![
                "POST /b client_error 400 10 - 20 20 - 10 request_incomplete early_answer",
                "POST /a client_error 400 10 30 20 20 25 10 early_answer",
            ],
        ),
        (
            "streams that are reset, by the client and by the server",
            vec![
                client(10, &[&headers(1, true, &get(b"/a")), &headers(3, true, &get(b"/b"))]),
                client(11, &[&headers(5, true, &get(b"/c")), &headers(7, true, &get(b"/d"))]),
                client(20, &[&reset(1, 8)]),
                server(21, &[&headers(1, false, OK), &data(1, true, b"late")]),
                server(22, &[&reset(3, 7), &headers(5, false, OK), &reset(5, 2), &reset(7, 11)]),
            ],
            vec![
                "GET /a unanswered - 10 10 - - 15 - cancelled",
                "GET /b server_error - 10 10 22 22 15 13 stream_error=7",
                "GET /c server_error 200 11 11 22 22 15 23 response_incomplete stream_error=2",
                "GET /d client_error - 11 11 22 22 15 13 stream_error=11",
            ],
        ),
        (
            "streams that a GOAWAY leaves out",
            vec![
                client(10, &[&headers(1, true, &get(b"/a")), &headers(3, true, &get(b"/b"))]),
                server(20, &[&frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]), &headers(1, true, OK)]),
            ],
            vec!["GET /b unanswered - 10 10 - - 15 -", "GET /a ok 200 10 10 20 20 15 10"],
        ),
        (
            "what the server pushes is nobody's request; its fields are in the table",
            vec![
                client(10, &[&headers(1, true, &get(b"/a"))]),
                server(
                    20,
                    &[&frame(5, 4, 1, &[&[0, 0, 0, 2, 0x82][..], &indexed(8, b"302")].concat())],
                ),
                server(21, &[&headers(2, false, OK), &data(2, true, b"pushed")]),
                server(22, &[&headers(1, true, &[0xbe])]),
            ],
            vec!["GET /a ok 302 10 10 22 22 15 10"],
        ),
        (
            "frames that say nothing of requests, and unknown ones",
            vec![
                client(
                    10,
                    &[
                        &frame(6, 0, 0, &[0; 8]),
                        &frame(2, 0, 9, &[0; 5]),
                        &headers(1, true, &get(b"/a")),
                    ],
                ),
                client(11, &[&frame(8, 0, 1, &[0, 0, 1, 0]), &frame(0xbe, 0xff, 1, &[9; 30])]),
                server(20, &[&frame(0xef, 0, 0, b""), &frame(4, 0, 0, b""), &headers(1, true, OK)]),
            ],
            vec!["GET /a ok 200 10 10 20 20 15 10"],
        ),
        (
            "CONNECT ends with its answer's fields",
            vec![
                client(
                    10,
                    &[&headers(1, false, &[indexed(2, b"CONNECT"), indexed(1, b"x:443")].concat())],
                ),
                server(20, &[&headers(1, false, OK)]),
                client(30, &[&data(1, true, b"tunnelled")]),
                server(31, &[&data(1, true, b"tunnelled")]),
            ],
            vec!["CONNECT {authority} ok 200 10 10 20 20 25 10"],
        ),
        (
            "a call by gRPC: messages over several frames, the status in the trailers",
            vec![
                client(10, &[&headers(1, false, &call(b"/pkg.v1.Users/Get2"))]),
                client(
                    11,
                    &[
                        &data(1, false, &message(3)),
                        &data(1, true, &[message(0), message(2)].concat()),
                    ],
                ),
                server(20, &[&headers(1, false, &[OK, &grpc_type].concat())]),
                server(21, &[&data(1, false, &message(9)[..3])]),
                server(22, &[&frame(0, 8, 1, &[&[4][..], &message(9)[3..], &[0; 4]].concat())]),
                server(30, &[&headers(1, true, &grpc_ok)]),
            ],
            vec![
                "POST /pkg.v1.Users/Get2 ok 200 10 11 20 30 100 108 messages=1 request_messages=3 grpc_status=0",
            ],
        ),
        (
            "calls that fail: with trailers only, without a status, in another way",
            vec![
                client(10, &[&headers(1, true, &call(b"/s/A")), &headers(3, true, &call(b"/s/B"))]),
                client(
                    11,
                    &[&headers(5, true, &call(b"/s/C")), &headers(7, true, &call(b"/users/4/x"))],
                ),
                server(
                    20,
                    &[&headers(
                        1,
                        true,
                        &[OK, &grpc_type, &literal(b"grpc-status", b"5")].concat(),
                    )],
                ),
                server(
                    21,
                    &[&headers(3, false, OK), &headers(3, true, &literal(b"grpc-status", b"14"))],
                ),
                server(22, &[&headers(5, false, OK), &headers(5, true, &literal(b"x", b"y"))]),
                server(23, &[&headers(7, true, &indexed(8, b"503"))]),
            ],
            vec![
                "POST /s/A client_error 200 10 10 20 20 48 62 messages=0 request_messages=0 grpc_status=5",
                "POST /s/B server_error 200 10 10 21 21 48 35 request_messages=0 grpc_status=14",
                "POST /s/C server_error 200 11 11 22 22 48 24 request_messages=0",
                "POST /users/{id}/x server_error 503 11 11 23 23 54 14 request_messages=0",
            ],
        ),
        (
            "the connection ends in the middle",
            vec![
                client(10, &[&headers(1, true, &get(b"/a")), &headers(3, false, &post(b"/b"))]),
                server(20, &[&headers(1, false, OK), &data(1, false, b"abc")]).fate(Fate::Final),
                client(30, &[]).fate(Fate::Final),
            ],
            vec![
                "GET /a unanswered 200 10 10 20 - 15 22 response_incomplete",
                "POST /b unanswered - 10 - - - - - request_incomplete",
            ],
        ),
    ]
}

#[test]
fn each_conversation_is_understood() {
    for (what, packets, expected) in conversations() {
        let heard = whole(&packets);
        assert_eq!(heard.lines, expected, "{what}");
        assert_eq!(heard.ledger.notices.orphan_answers, 0, "{what}");
        assert_eq!(heard.ledger.notices.desyncs, 0, "{what}");
    }
}

#[test]
fn cutting_changes_nothing() {
    for (what, packets, expected) in conversations() {
        let packets = [&hello()[..], &packets].concat();
        for size in [1, 2, 3, 5, 8, 13, 21] {
            let pieces: Vec<Packet> = packets.iter().flat_map(|packet| cut(packet, size)).collect();
            assert_eq!(listen(&pieces, false).lines, expected, "{what}, {size} bytes a packet");
        }
        for (place, packet) in packets.iter().enumerate() {
            for at in 1..packet.bytes.len() {
                let mut pieces = packets.clone();
                let (start, end) = packet.bytes.split_at(at);
                let second = Packet { bytes: end.to_vec(), ..packet.clone() };
                let first =
                    Packet { bytes: start.to_vec(), fate: Fate::Captured, ..packet.clone() };
                pieces.splice(place..=place, [first, second]);
                assert_eq!(
                    listen(&pieces, false).lines,
                    expected,
                    "{what}, packet {place} at {at}"
                );
            }
        }
    }
}

fn cut(packet: &Packet, size: usize) -> Vec<Packet> {
    if packet.fate == Fate::Final {
        return vec![packet.clone()];
    }
    packet.cut(size)
}

#[test]
fn an_upgrade_is_one_transaction() {
    let upgraded = |request: &[u8]| {
        vec![
            client(10, &[request]),
            server(20, &[b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", &settings()]),
            client(30, &[PREFACE, &settings(), &headers(3, true, &get(b"/b"))]),
            server(40, &[&headers(1, false, OK), &headers(3, true, &[0x89])]),
            server(50, &[&data(1, true, b"hello")]),
        ]
    };
    let get = b"GET /a/7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let post = b"POST /a/7 HTTP/1.1\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc";
    for (request, first) in [
        (&get[..], "GET /a/{id} ok 200 10 10 40 50 65 24"),
        (&post[..], "POST /a/{id} ok 200 10 10 40 50 58 24"),
    ] {
        let packets = upgraded(request);
        let expected = ["GET /b ok 204 30 30 40 40 15 10", first];
        let heard = listen(&packets, false);
        assert_eq!(heard.lines, expected);
        assert_eq!(heard.ledger.requests.started, 2);
        for size in 1..40 {
            let pieces: Vec<Packet> = packets.iter().flat_map(|packet| packet.cut(size)).collect();
            assert_eq!(listen(&pieces, false).lines, expected, "{size} bytes a packet");
        }
    }
    // Another protocol, as before.
    let websocket = [
        client(10, &[b"GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"]),
        server(
            20,
            &[b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"],
        ),
    ];
    assert_eq!(listen(&websocket, false).lines, ["GET /a ok 101 10 10 20 20 39 56"]);
}

#[test]
fn a_connection_that_is_joined_is_timed_by_stream() {
    let packets = [
        client(10, &[&headers(21, true, &[0x82, 0x86, 0xc0])]),
        server(20, &[&headers(21, false, &[0x88, 0xbf]), &data(21, true, b"x")]),
        // Inserted since: known again.
        client(30, &[&headers(23, true, &get(b"/a"))]),
        server(40, &[&headers(23, true, &[&[0x8d][..], &indexed(31, b"text/html")].concat())]),
        client(50, &[&headers(25, true, &[0x82, 0x86, 0xbe])]),
        server(60, &[&headers(25, true, &[0x88, 0xbe])]),
        // A status that was agreed before; and one that may be an interim answer's, until DATA follows.
        client(
            70,
            &[&headers(27, true, &[0x82, 0x86, 0xbe]), &headers(29, true, &[0x82, 0x86, 0xbe])],
        ),
        server(80, &[&headers(27, true, &[0xc5]), &headers(29, false, &[0xc5])]),
        server(90, &[&data(29, true, b"x")]),
        // Unknown, then a known one: the first was an interim answer.
        client(100, &[&headers(31, true, &[0x82, 0x86, 0xbe])]),
        server(110, &[&headers(31, false, &[0xc5])]),
        server(120, &[&headers(31, true, &[0x8e])]),
        // A call whose status was agreed before.
        client(125, &[&headers(33, true, &[0x83, 0x86, 0xc9])]),
        server(126, &[&headers(33, false, &[0x88, 0xc5]), &headers(33, true, &[0xc6])]),
        // A stream that was opened before.
        server(
            130,
            &[&headers(19, false, OK), &data(19, false, b"x"), &headers(19, true, &[0xbe])],
        ),
    ];
    let heard = listen(&packets, true);
    let expected = [
        "GET unknown ok 200 10 10 20 20 12 21",
        "GET /a client_error 404 30 30 40 40 15 21",
        "GET /a ok 200 50 50 60 60 12 11",
        "GET /a ok - 70 70 80 80 12 10 outcome_unknown",
        "GET /a ok - 70 70 80 90 12 20 outcome_unknown",
        "GET /a server_error 500 100 100 120 120 12 10",
        "POST unknown ok 200 125 125 126 126 12 21 outcome_unknown",
    ];
    assert_eq!(heard.lines, expected);
    assert_eq!(heard.ledger.notices.orphan_answers, 1);
}

/// Where the first request seen may be the trailers of one that was not, it is not taken for a request.
#[test]
fn trailers_after_a_join_are_not_a_request() {
    let packets = [
        client(10, &[&headers(7, true, &get(b"/a"))]),
        server(20, &[&headers(7, true, OK)]),
        client(30, &[&headers(5, true, &literal(b"x-sum", b"1"))]),
        server(40, &[&headers(5, true, OK)]),
    ];
    let heard = listen(&packets, true);
    assert_eq!(heard.lines, ["GET /a ok 200 10 10 20 20 15 10"]);
    assert_eq!(heard.ledger.notices.orphan_answers, 1);
}

#[test]
fn a_gap_takes_only_what_was_open_across_it() {
    // In the answers: what is open is doubtful; an answer that was overlooked is not said to be missing.
    let packets = [
        client(10, &[&headers(1, true, &get(b"/a"))]),
        server(20, &[&headers(1, false, OK)]),
        client(30, &[&headers(3, true, &get(b"/b"))]),
        server(40, &[&data(1, true, b"end"), &headers(3, true, OK)]).fate(Fate::Missed),
        client(300, &[&headers(5, true, &get(b"/c"))]),
        server(310, &[&headers(5, false, OK), &data(5, true, b"x")]),
        client(320, &[&headers(7, true, &get(b"/d"))]),
        server(330, &[&headers(7, true, &[0x8d])]),
    ];
    let expected = [
        "GET /a quarantined - 10 10 - - 15 -",
        "GET /b quarantined - 30 30 - - 15 -",
        "GET /c ok 200 300 300 310 310 15 20",
        "GET /d client_error 404 320 320 330 330 15 10",
    ];
    assert_eq!(whole(&packets).lines, expected);
    // In the requests: the id still pairs; the requests that were lost are nobody's guess.
    let packets = [
        client(10, &[&headers(1, false, &post(b"/a"))]),
        client(20, &[&data(1, true, b"end"), &headers(3, true, &get(b"/lost"))]).fate(Fate::Missed),
        server(30, &[&headers(3, true, OK)]),
        server(300, &[&headers(1, true, OK)]),
        client(310, &[&headers(5, true, &[0x82, 0x86, 0xbf])]),
        server(320, &[&headers(5, true, OK)]),
    ];
    let heard = whole(&packets);
    let expected = [
        "POST /a ok 200 10 - 300 300 - 10 request_end_not_captured",
        "GET unknown ok 200 310 310 320 320 12 10",
    ];
    assert_eq!(heard.lines, expected);
    assert_eq!(heard.ledger.notices.orphan_answers, 1);
}

#[test]
fn a_gap_inside_a_payload_is_harmless() {
    let body = vec![7; 3_000];
    let frame = data(1, true, &body);
    let packets = [
        client(10, &[&headers(1, true, &get(b"/a"))]),
        server(20, &[&headers(1, false, OK), &frame[..1_000]]),
        server(30, &[&frame[1_000..2_000]]).fate(Fate::Missed),
        server(40, &[&frame[2_000..]]),
    ];
    assert_eq!(whole(&packets).lines, ["GET /a ok 200 10 10 20 40 15 3019"]);
}

#[test]
fn header_blocks_that_the_snap_length_cut() {
    let long = literal(b"cookie", &[b'x'; 100]);
    let request = headers(1, true, &[get(b"/a"), long.clone()].concat());
    let answer = headers(1, true, &[OK, &long].concat());
    for seen in [9, 11, 15, 40] {
        let packets = [
            client(10, &[&request]).fate(Fate::Cut(seen)),
            server(20, &[&answer]).fate(Fate::Cut(seen.max(10))),
            client(30, &[&headers(3, true, &[0x82, 0x86, 0xbe])]),
            server(40, &[&headers(3, true, OK)]),
        ];
        let (method, name) = match seen {
            9 => ("unknown", "unknown"),
            11 => ("GET", "unknown"),
            _ => ("GET", "/a"),
        };
        let unknown = if seen == 9 { " outcome_unknown" } else { "" };
        let first = format!("{method} {name} ok 200 10 10 20 20 124 119{unknown}");
        assert_eq!(
            whole(&packets).lines,
            [&first[..], "GET unknown ok 200 30 30 40 40 12 10"],
            "{seen}"
        );
    }
}

#[test]
fn bytes_that_are_no_frames_lose_the_direction() {
    for garbage in [
        frame(0, 0, 0, b"x"),
        frame(9, 4, 1, &[0x82]),
        frame(1, 12, 1, &[200, 0x82]),
        headers(1, true, &[0xbe]),
        headers(2, true, &[0x82]),
        frame(5, 4, 1, &[0, 0, 0, 2, 0x82]),
        [frame(1, 0, 1, &[0x82]), data(1, true, b"x")].concat(),
    ] {
        let packets = [
            client(10, &[&garbage]),
            client(20, &[&headers(3, true, &get(b"/a"))]),
            server(30, &[&headers(3, true, OK)]),
        ];
        let heard = whole(&packets);
        assert_eq!(heard.ledger.notices.desyncs, 1, "{garbage:?}");
        let expected = "GET /a ok 200 20 20 30 30 15 10".to_owned();
        assert!(heard.lines.contains(&expected), "{garbage:?} {:?}", heard.lines);
    }
}
