//! Redis, from segments to transactions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod conversation;

use conversation::{Cut, Start, Step, client, lost_client, lost_server, run, server};

fn check(steps: &[Step], expected: &[&str]) -> Vec<conversation::Line> {
    conversation::check(Start::Handshake, 6379, steps, expected)
}

/// A request as clients send it.
fn ask(words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split(' ').collect();
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
    }
    bytes
}

fn train(requests: &[&str]) -> Step {
    client(requests.iter().flat_map(|words| ask(words)).collect::<Vec<u8>>())
}

#[test]
fn a_request_and_its_answer() {
    let lines = check(
        &[
            client(ask("SET key value")),
            server("+OK\r\n"),
            client(ask("get key")),
            server("$5\r\nvalue\r\n"),
        ],
        &["SET ok 1 1 2 2", "GET ok 3 3 4 4"],
    );
    assert_eq!(lines[0].bytes, [Some(33), Some(5)]);
    assert_eq!(lines[1].bytes, [Some(22), Some(11)]);
    assert_eq!(lines[0].name, "");
}

#[test]
fn every_type_of_answer() {
    for (answer, is_whole) in [
        (":1\r\n", true),
        ("$-1\r\n", true),
        ("$0\r\n\r\n", true),
        ("*-1\r\n", true),
        ("*0\r\n", true),
        ("*2\r\n*1\r\n:1\r\n*2\r\n$1\r\na\r\n%1\r\n+a\r\n+b\r\n", true),
        ("%1\r\n$1\r\na\r\n*1\r\n_\r\n", true),
        ("~2\r\n#t\r\n,1.5\r\n", true),
        ("=7\r\ntxt:abc\r\n", true),
        ("(12345678901234567890123\r\n", true),
        ("|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n", true),
        ("*2\r\n:1\r\n", false),
        ("|1\r\n+ttl\r\n:3600\r\n", false),
    ] {
        let steps = [client(ask("GET key")), server(answer), Step::Close];
        let expected = if is_whole { "GET ok 1 1 2 2" } else { "GET unanswered 1 1 2 2" };
        check(&steps, &[expected]);
    }
}

#[test]
fn commands_name_requests_and_values_do_not() {
    let steps = [
        train(&[
            "CONFIG GET secret",
            "client setinfo LIB-NAME x",
            "XGROUP CREATE s g $",
            "MY.OWN k",
            "ACL secret",
        ]),
        server("*0\r\n+OK\r\n+OK\r\n:1\r\n-ERR no\r\n"),
    ];
    let expected = [
        "CONFIG GET ok 1 1 2 2",
        "CLIENT SETINFO ok 1 1 2 2",
        "XGROUP CREATE ok 1 1 2 2",
        "other ok 1 1 2 2",
        "ACL client_error/ERR 1 1 2 2",
    ];
    check(&steps, &expected);
}

#[test]
fn errors() {
    let steps = [
        train(&["GET a", "SET a b", "GET a", "GET a", "GET a"]),
        server(
            "-WRONGTYPE no\r\n-OOM no\r\n-MOVED 1 10.0.0.1:6379\r\n!10\r\nLOADING no\r\n|1\r\n+a\r\n+b\r\n-ERR no\r\n",
        ),
    ];
    let expected = [
        "GET client_error/WRONGTYPE 1 1 2 2",
        "SET server_error/OOM 1 1 2 2",
        "GET client_error/MOVED 1 1 2 2",
        "GET server_error/LOADING 1 1 2 2",
        "GET client_error 1 1 2 2",
    ];
    check(&steps, &expected);
}

#[test]
fn inline_commands_and_empty_requests() {
    let steps = [
        client("PING\r\n\r\n*0\r\nset a \"b c\"\n"),
        server("+PONG\r\n+OK\r\n"),
        client("*-1\r\nget a\r\n"),
        server("$3\r\nb c\r\n"),
    ];
    check(&steps, &["PING ok 1 1 2 2", "SET ok 1 1 2 2", "GET ok 3 3 4 4"]);
}

#[test]
fn subscriptions_are_answered_once_a_channel() {
    let confirm = |kind: &str, total: u32| {
        format!("*3\r\n${}\r\n{kind}\r\n$1\r\na\r\n:{total}\r\n", kind.len())
    };
    let message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";
    let steps = [
        client(ask("SUBSCRIBE a b")),
        server(confirm("subscribe", 1)),
        server(format!("{message}{}", confirm("subscribe", 2))),
        client(ask("PSUBSCRIBE *")),
        server(format!("{message}{}", confirm("psubscribe", 3))),
        server(message),
        client(ask("PING")),
        server(format!("{message}*2\r\n$4\r\npong\r\n$0\r\n\r\n")),
        client(ask("UNSUBSCRIBE")),
        server(confirm("unsubscribe", 2)),
        server(confirm("unsubscribe", 1)),
        client(ask("PUNSUBSCRIBE *")),
        server(confirm("punsubscribe", 0)),
        client(ask("UNSUBSCRIBE")),
        server("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"),
        client(ask("LRANGE l 0 -1")),
        server(message),
    ];
    let expected = [
        "SUBSCRIBE ok 1 1 2 3",
        "PSUBSCRIBE ok 4 4 5 5",
        "PING ok 7 7 8 8",
        "UNSUBSCRIBE ok 9 9 10 11",
        "PUNSUBSCRIBE ok 12 12 13 13",
        "UNSUBSCRIBE ok 14 14 15 15",
        "LRANGE ok 16 16 17 17",
    ];
    let lines = check(&steps, &expected);
    assert_eq!(lines[0].bytes[1], Some(60));
}

#[test]
fn an_end_that_nobody_can_tell_is_told_by_what_follows() {
    // Subscribed to two patterns before the capture began.
    let confirm = |kind: &str, total: u32| {
        format!("*3\r\n${}\r\n{kind}\r\n$1\r\na\r\n:{total}\r\n", kind.len())
    };
    let steps = [
        client(ask("SUBSCRIBE a")),
        server(confirm("subscribe", 3)),
        client(ask("UNSUBSCRIBE")),
        server(confirm("unsubscribe", 2)),
        train(&["PING", "UNSUBSCRIBE", "PUNSUBSCRIBE"]),
        server("*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        server("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:2\r\n"),
        server(confirm("punsubscribe", 1)),
        server(confirm("punsubscribe", 0)),
        client(ask("GET a")),
        server("$1\r\n1\r\n"),
        Step::Close,
    ];
    let expected = [
        "SUBSCRIBE ok 1 1 2 2",
        "UNSUBSCRIBE ok 3 3 4 4",
        "PING ok 5 5 6 6",
        "UNSUBSCRIBE ok 5 5 7 7",
        "PUNSUBSCRIBE ok 5 5 8 9",
        "GET ok 10 10 11 11",
    ];
    // The train is believed: it comes after a confirmed pair.
    conversation::check(Start::MidStream, 6379, &steps, &expected);
}

#[test]
fn pushes_are_nobodys_answers() {
    let steps = [
        client(ask("HELLO 3")),
        server("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n"),
        client(ask("SUBSCRIBE a")),
        server(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"),
        client(ask("LRANGE l 0 -1")),
        server(
            ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n",
        ),
        server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"),
        client(ask("PING")),
        server("+PONG\r\n"),
    ];
    let expected =
        ["HELLO ok 1 1 2 2", "SUBSCRIBE ok 3 3 4 4", "LRANGE ok 5 5 6 6", "PING ok 8 8 9 9"];
    check(&steps, &expected);
}

#[test]
fn commands_without_answers() {
    let steps = [
        train(&["CLIENT REPLY SKIP", "SET a 1", "GET a"]),
        server("$1\r\n1\r\n"),
        train(&["CLIENT REPLY OFF", "SET a 2", "CLIENT REPLY SKIP"]),
        train(&["CLIENT REPLY ON", "GET a"]),
        server("+OK\r\n$1\r\n2\r\n"),
    ];
    let mut expected = [
        "CLIENT REPLY no_answer_expected 1 1 - -",
        "SET no_answer_expected 1 1 - -",
        "GET ok 1 1 2 2",
        "CLIENT REPLY no_answer_expected 3 3 - -",
        "SET no_answer_expected 3 3 - -",
        "CLIENT REPLY no_answer_expected 3 3 - -",
        "CLIENT REPLY ok 4 4 5 5",
        "GET ok 4 4 5 5",
    ];
    expected.sort_unstable_by_key(|line| line.split(' ').nth_back(3).map(str::to_owned));
    check(&steps, &expected);
}

#[test]
fn monitor_tells_what_others_do() {
    let line = "+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n";
    let steps = [
        client(ask("MONITOR")),
        server(format!("+OK\r\n{line}")),
        server(line),
        client(ask("RESET")),
        server(format!("{line}+RESET\r\n")),
        client(ask("GET a")),
        server("+x\r\n"),
    ];
    check(&steps, &["MONITOR ok 1 1 2 2", "RESET ok 4 4 5 5", "GET ok 6 6 7 7"]);
}

#[test]
fn transactions_answer_each_command() {
    let steps = [
        train(&["MULTI", "SET a 1", "INCR b", "EXEC"]),
        server("+OK\r\n+QUEUED\r\n+QUEUED\r\n"),
        server("*2\r\n+OK\r\n-WRONGTYPE no\r\n"),
    ];
    check(&steps, &["MULTI ok 1 1 2 2", "SET ok 1 1 2 2", "INCR ok 1 1 2 2", "EXEC ok 1 1 3 3"]);
}

#[test]
fn replicas_turn_opaque() {
    let steps = [
        client(ask("PSYNC ? -1")),
        server("\n\n+FULLRESYNC 8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb 0\r\n$5\r\nREDIS"),
        client(ask("REPLCONF ACK 0")),
    ];
    check(&steps, &["PSYNC ok 1 1 2 2"]);
    let steps = [client(ask("SYNC")), server("$5\r\nREDIS*1\r\n$4\r\nPING\r\n")];
    check(&steps, &["SYNC ok 1 1 2 2"]);
    let steps = [
        client(ask("PSYNC ? -1")),
        server("-NOPERM no\r\n"),
        client(ask("PING")),
        server("+PONG\r\n"),
    ];
    check(&steps, &["PSYNC client_error/NOPERM 1 1 2 2", "PING ok 3 3 4 4"]);
}

#[test]
fn long_values_are_passed_over() {
    let value = "x".repeat(300_000);
    let steps = [
        client(ask(&format!("SET key {value}"))),
        server("+OK\r\n"),
        client(ask("GET key")),
        server(format!("${}\r\n{value}\r\n", value.len())),
        client(ask("PING")),
        server(format!("+{value}\r\n")),
    ];
    let expected = ["SET ok 1 1 2 2", "GET ok 3 3 4 4", "PING ok 5 5 6 6"];
    for cut in [Cut::Whole, Cut::Pieces(1_448), Cut::At(17), Cut::At(299_999)] {
        let lines = run(Start::Handshake, 6379, &steps, cut);
        assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        assert_eq!(lines[1].bytes[1], Some(300_011));
    }
}

#[test]
fn a_gap_between_a_request_and_an_answer_pairs_nothing() {
    let steps = [
        client(ask("GET a")),
        lost_server("$1\r\n1\r\n"),
        lost_client(ask("GET b")),
        server("$1\r\n2\r\n"),
        Step::Wait(1),
        client(ask("GET c")),
        server("$1\r\n3\r\n"),
        client(ask("GET d")),
        server("$1\r\n4\r\n"),
        Step::Wait(1),
        client(ask("GET e")),
        server("$1\r\n5\r\n"),
        Step::Close,
    ];
    let lines = run(Start::Handshake, 6379, &steps, Cut::Whole);
    for line in &lines {
        let [first, _, answered, _] = line.moments;
        let is_right = answered.is_none_or(|answered| Some(answered - 1) == first);
        assert!(is_right, "{line}");
    }
    assert_eq!(lines.last().unwrap().to_string(), "GET ok 2011 2011 2012 2012");
}

#[test]
fn a_gap_within_a_value_is_harmless() {
    let value = "x".repeat(5_000);
    let answer = format!("$5000\r\n{value}\r\n");
    let steps = [
        client(ask("GET a")),
        server(&answer[..1_000]),
        lost_server(&answer[1_000..3_000]),
        server(&answer[3_000..]),
        client(ask("GET b")),
        server("$1\r\n2\r\n"),
    ];
    let lines = run(Start::Handshake, 6379, &steps, Cut::Whole);
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["GET ok 1 1 2 4", "GET ok 5 5 6 6"]);
}

#[test]
fn a_connection_joined_in_the_middle() {
    let steps = [
        server("$5\r\nworld\r\n"),
        client(ask("GET a")),
        server("$1\r\n1\r\n"),
        client(ask("GET b")),
        server("$1\r\n2\r\n"),
        Step::Close,
    ];
    conversation::check(Start::MidStream, 6379, &steps, &["GET ok 2 2 3 3", "GET ok 4 4 5 5"]);
}

#[test]
fn an_answer_in_the_middle_that_begins_nowhere_is_not_paired() {
    let steps = [
        client(ask("GET a")),
        server("the end of something long\r\n"),
        server("$1\r\n1\r\n"),
        client(ask("GET b")),
        server("$1\r\n2\r\n"),
        server("$1\r\n3\r\n"),
        Step::Close,
    ];
    for line in run(Start::MidStream, 6379, &steps, Cut::Whole) {
        assert_eq!(line.outcome.name(), "quarantined", "{line}");
    }
}

#[test]
fn subscribers_joined_in_the_middle() {
    let message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";
    let steps = [
        server(message),
        server(message),
        client(ask("PING")),
        server(format!("{message}*2\r\n$4\r\npong\r\n$0\r\n\r\n")),
        Step::Close,
    ];
    conversation::check(Start::MidStream, 6379, &steps, &["PING ok 3 3 4 4"]);
}
