//! PostgreSQL, from segments to transactions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod conversation;

use conversation::{Cut, Line, Start, Step, client, lost_client, lost_server, run, server};
use model::transaction::Outcome;
use proptest::prelude::*;

const PORT: u16 = 5432;

fn check(steps: &[Step], expected: &[&str]) -> Vec<Line> {
    conversation::check(Start::Handshake, PORT, steps, expected)
}

fn message(kind: u8, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

fn untyped(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], body].concat()
}

fn all(messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    messages.into_iter().flatten().collect()
}

// What clients say.

fn startup(minor: u8) -> Vec<u8> {
    untyped([&[0, 3, 0, minor], &b"user\0me\0database\0db\0\0"[..]].concat())
}

fn query(text: &str) -> Vec<u8> {
    message(b'Q', format!("{text}\0"))
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    message(b'P', format!("{name}\0{text}\0\0\0"))
}

fn bind(portal: &str, statement: &str) -> Vec<u8> {
    message(b'B', format!("{portal}\0{statement}\0\0\0\0\0\0\0"))
}

fn describe(what: &str) -> Vec<u8> {
    message(b'D', format!("{what}\0"))
}

fn close(what: &str) -> Vec<u8> {
    message(b'C', format!("{what}\0"))
}

fn execute(portal: &str) -> Vec<u8> {
    message(b'E', format!("{portal}\0\0\0\0\0"))
}

fn sync() -> Vec<u8> {
    message(b'S', "")
}

fn flush() -> Vec<u8> {
    message(b'H', "")
}

// What servers say.

fn row(value: &str) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap();
    message(b'D', [&[0, 1], &length.to_be_bytes()[..], value.as_bytes()].concat())
}

fn columns() -> Vec<u8> {
    message(b'T', [&[0, 1], &b"a\0"[..], &[0; 18]].concat())
}

fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0"))
}

fn ready(status: char) -> Vec<u8> {
    message(b'Z', status.to_string())
}

fn error(state: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0VERROR\0C{state}\0Mno\0\0"))
}

fn fatal(state: &str) -> Vec<u8> {
    message(b'E', format!("SFATAL\0VFATAL\0C{state}\0Mno\0\0"))
}

fn said(kind: u8) -> Vec<u8> {
    message(kind, "")
}

fn notice() -> Vec<u8> {
    message(b'N', "SNOTICE\0Msaid\0\0")
}

fn notification() -> Vec<u8> {
    message(b'A', "\0\0\0\x01channel\0payload\0")
}

fn parameter() -> Vec<u8> {
    message(b'S', "TimeZone\0UTC\0")
}

fn selected(rows: usize) -> Vec<u8> {
    let rows_said = (0..rows).map(|_| row("x"));
    all([columns()].into_iter().chain(rows_said).chain([complete(&format!("SELECT {rows}"))]))
}

/// The start of a connection: a client that may come in at once.
fn welcome() -> [Step; 2] {
    let answers = [message(b'R', [0, 0, 0, 0]), parameter(), message(b'K', [0; 8]), ready('I')];
    [client(startup(0)), server(all(answers))]
}

/// Behind the start-up, which takes two steps.
fn session(steps: impl IntoIterator<Item = Step>, expected: &[&str]) -> Vec<Line> {
    let steps: Vec<Step> = welcome().into_iter().chain(steps).collect();
    let expected: Vec<&str> = ["Startup ok 1 1 2 2"].iter().chain(expected).copied().collect();
    check(&steps, &expected).split_off(1)
}

#[test]
fn simple_queries() {
    let lines = session(
        [
            client(query("SELECT a FROM t WHERE id = 5")),
            server(columns()),
            server(all([row("1"), row("2"), complete("SELECT 2"), ready('I')])),
            client(query("INSERT INTO t VALUES (1)")),
            server(all([notice(), complete("INSERT 0 3"), parameter(), ready('I')])),
            client(query("")),
            server(all([said(b'I'), ready('I')])),
            client(query("SELEC")),
            server(all([error("42601"), ready('I')])),
            client(query("SELECT 1")),
            server(all([error("57014"), ready('I')])),
            client(query("SELECT 1")),
            server(all([error("53300"), ready('I')])),
        ],
        &[
            "Query ok 3 3 4 5",
            "Query ok 6 6 7 7",
            "Query ok 8 8 9 9",
            "Query client_error/42601 10 10 11 11",
            "Query client_error/57014 12 12 13 13",
            "Query server_error/53300 14 14 15 15",
        ],
    );
    assert_eq!(lines[0].name, "SELECT a FROM t WHERE id = ?");
    assert_eq!((lines[0].rows, lines[0].bytes), (Some(2), [Some(34), Some(27 + 24 + 14)]));
    // Neither the notice nor the parameter is a part of the answer.
    assert_eq!((lines[1].rows, lines[1].bytes[1]), (Some(3), Some(16)));
    assert_eq!(lines[2].name, "");
}

#[test]
fn each_statement_that_ran_is_a_transaction() {
    let text = "SELECT 'a;b'; INSERT INTO t VALUES (1) ;; SELECT 3; SELECT 4";
    let lines = session(
        [
            client(query(text)),
            server(selected(1)),
            server(all([notice(), complete("INSERT 0 1")])),
            server(all([error("22012"), ready('I')])),
            client(query("SELECT 5")),
            server(all([selected(1), ready('I')])),
        ],
        &[
            "Query ok 3 3 4 4",
            "Query ok 3 3 5 5",
            "Query client_error/22012 3 3 6 6",
            "Query ok 7 7 8 8",
        ],
    );
    let names: Vec<&str> = lines.iter().map(|line| &*line.name).collect();
    assert_eq!(names, ["SELECT ?", "INSERT INTO t VALUES (?)", "SELECT ?", "SELECT ?"]);
    let bytes: Vec<_> = lines.iter().map(|line| line.bytes[0].unwrap()).collect();
    assert_eq!(bytes, [5 + 14, 28, 10, 14]);
}

#[test]
fn the_server_says_how_many_statements_there_are() {
    let lines = session(
        [
            client(query("CALL several()")),
            server(all([complete("CALL"), complete("CALL"), selected(1), ready('I')])),
        ],
        &["Query ok 3 3 4 4", "Query ok 3 3 4 4", "Query ok 3 3 4 4"],
    );
    let said: Vec<_> = lines.iter().map(|line| (&*line.name, line.bytes[0])).collect();
    assert_eq!(said, [("CALL several()", Some(20)), ("unknown", Some(0)), ("unknown", Some(0))]);
    // All run: the bytes are the message's.
    let text = "SELECT 1;SELECT 2; SELECT 3;";
    let answer = all([selected(1), selected(1), selected(1), ready('I')]);
    let lines = session(
        [client(query(text)), server(answer)],
        &["Query ok 3 3 4 4", "Query ok 3 3 4 4", "Query ok 3 3 4 4"],
    );
    let bytes: u64 = lines.iter().map(|line| line.bytes[0].unwrap()).sum();
    assert_eq!(bytes, query(text).len() as u64);
}

#[test]
fn queries_pipelined() {
    session(
        [
            client(all([
                query("SELECT 1; SELECT 2"),
                query("SELECT 3"),
                query("SELECT 4; SELECT 5"),
            ])),
            server(all([selected(1), selected(1), ready('I')])),
            server(all([selected(1), ready('I')])),
            server(all([error("42601"), ready('I')])),
            client(query("SELECT 6")),
            server(all([selected(1), ready('I')])),
        ],
        &[
            "Query ok 3 3 4 4",
            "Query ok 3 3 4 4",
            "Query ok 3 3 5 5",
            "Query client_error/42601 3 3 6 6",
            "Query ok 7 7 8 8",
        ],
    );
}

#[test]
fn extended_queries() {
    let lines = session(
        [
            client(all([
                parse("s", "SELECT a FROM t WHERE id = $1"),
                bind("", "s"),
                describe("P"),
                execute(""),
                sync(),
            ])),
            server(all([said(b'1'), said(b'2')])),
            server(all([selected(2), ready('I')])),
            client(all([bind("", "s"), execute(""), sync()])),
            server(all([said(b'2'), row("1"), complete("SELECT 1")])),
            server(ready('I')),
            client(all([describe("Ss"), close("Ss"), sync()])),
            server(all([message(b't', [0, 1, 0, 0, 0, 23]), said(b'n'), said(b'3'), ready('I')])),
            client(all([bind("", "s"), execute(""), sync()])),
            server(all([error("26000"), ready('I')])),
            // A Sync without anything before it is nothing.
            client(sync()),
            server(ready('I')),
        ],
        &[
            "Execute ok 3 3 5 5",
            "Sync ok 3 3 5 5",
            "Execute ok 6 6 7 7",
            "Sync ok 6 6 8 8",
            "Sync ok 9 9 10 10",
            "Execute client_error/26000 11 11 12 12",
            "Sync ok 11 11 12 12",
        ],
    );
    for place in [0, 2] {
        assert_eq!(lines[place].name, "SELECT a FROM t WHERE id = ?");
    }
    assert_eq!((&*lines[1].name, &*lines[5].name), ("", "unknown"));
    assert_eq!(lines[0].bytes, [Some(39 + 14 + 7 + 10), Some(5 + 5 + 27 + 12 + 12 + 14)]);
    assert_eq!((lines[0].rows, lines[2].rows), (Some(2), Some(1)));
    assert_eq!(lines[4].bytes, [Some(8 + 8 + 5), Some(11 + 5 + 5 + 6)]);
}

#[test]
fn portals_suspended_and_resumed() {
    let lines = session(
        [
            client(all([parse("", "SELECT a FROM t"), bind("p", ""), execute("p"), flush()])),
            server(all([said(b'1'), said(b'2'), row("1"), row("2"), said(b's')])),
            client(all([parse("", "SELECT b"), execute("p"), flush()])),
            server(all([said(b'1'), row("1"), said(b's')])),
            client(all([execute("p"), close("Pp"), sync()])),
            server(all([complete("SELECT 0"), said(b'3'), ready('I')])),
        ],
        &["Execute ok 3 3 4 4", "Execute ok 5 5 6 6", "Execute ok 7 7 8 8", "Sync ok 7 7 8 8"],
    );
    let rows: Vec<_> = lines.iter().map(|line| line.rows).collect();
    assert_eq!(rows, [Some(2), Some(1), Some(0), None]);
    assert!(lines[..3].iter().all(|line| line.name == "SELECT a FROM t"));
    assert_eq!(lines[1].attributes, ["suspended"]);
    assert!(lines[2].attributes.is_empty());
}

#[test]
fn pipelines_with_several_syncs_in_flight() {
    let one = |text| all([parse("", text), bind("", ""), execute(""), sync()]);
    let answer = || all([said(b'1'), said(b'2'), complete("UPDATE 1"), ready('I')]);
    let lines = session(
        [
            client(all([one("UPDATE a"), one("UPDATE b"), one("UPDATE c")])),
            server(answer()),
            server(all([answer(), answer()])),
        ],
        &[
            "Execute ok 3 3 4 4",
            "Sync ok 3 3 4 4",
            "Execute ok 3 3 5 5",
            "Sync ok 3 3 5 5",
            "Execute ok 3 3 5 5",
            "Sync ok 3 3 5 5",
        ],
    );
    assert_eq!((&*lines[2].name, &*lines[4].name), ("UPDATE b", "UPDATE c"));
}

#[test]
fn ten_thousand_executes_before_the_first_answer() {
    const COUNT: usize = 10_000;
    let asked = (0..COUNT).flat_map(|_| [bind("", "s"), execute("")]);
    let answered = (0..COUNT).flat_map(|_| [said(b'2'), row("1"), complete("SELECT 1")]);
    let steps: Vec<Step> = welcome()
        .into_iter()
        .chain([
            client(all([parse("s", "SELECT 1")].into_iter().chain(asked).chain([sync()]))),
            server(all([said(b'1')].into_iter().chain(answered).chain([ready('I')]))),
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
        ])
        .collect();
    let lines = run(Start::Handshake, PORT, &steps, Cut::Pieces(1_400));
    assert_eq!(lines.len(), COUNT + 3);
    assert!(lines.iter().all(|line| line.outcome == Outcome::Ok && line.moments[3].is_some()));
    assert!(lines[1..=COUNT].iter().all(|line| line.name == "SELECT ?" && line.rows == Some(1)));
}

#[test]
fn an_error_skips_to_the_sync() {
    let good = || [parse("", "SELECT 1"), bind("", ""), execute("")].concat();
    let done = || all([said(b'1'), said(b'2'), row("1"), complete("SELECT 1")]);
    for (failed, answer) in [
        // At Execute, at Bind, at Parse.
        ("22012", all([said(b'1'), said(b'2'), row("1"), error("22012")])),
        ("22P02", all([said(b'1'), error("22P02")])),
        ("42601", error("42601")),
    ] {
        let failed = format!("Execute client_error/{failed} 3 3 4 4");
        let lines = session(
            [
                client(all([
                    good(),
                    good(),
                    good(),
                    query("SELECT 2"),
                    close("S"),
                    sync(),
                    good(),
                    sync(),
                ])),
                server(all([done(), answer.clone(), ready('I'), done(), ready('I')])),
            ],
            &[
                "Execute ok 3 3 4 4",
                &failed,
                "Execute no_answer_expected 3 3 - -",
                "Query no_answer_expected 3 3 - -",
                "Sync ok 3 3 4 4",
                "Execute ok 3 3 4 4",
                "Sync ok 3 3 4 4",
            ],
        );
        assert_eq!(lines[4].bytes, [Some(7 + 5), Some(6)]);
    }
}

#[test]
fn errors_without_an_execute_are_the_syncs() {
    session(
        [
            client(all([parse("s", "SELEC"), describe("Ss"), sync()])),
            server(all([error("42601"), ready('I')])),
            // What was refused is not prepared: its name can be given again.
            client(all([parse("s", "SELECT 1"), sync()])),
            server(all([said(b'1'), ready('I')])),
            client(all([parse("", "SELEC"), flush()])),
            server(error("42601")),
            client(sync()),
            server(ready('I')),
            // The commit fails.
            client(all([bind("", "s"), execute(""), sync()])),
            server(all([said(b'2'), complete("INSERT 0 1"), error("23505"), ready('I')])),
        ],
        &[
            "Sync client_error/42601 3 3 4 4",
            "Sync ok 5 5 6 6",
            "Sync client_error/42601 9 9 10 10",
            "Execute ok 11 11 12 12",
            "Sync client_error/23505 11 11 12 12",
        ],
    );
}

/// The same whichever of the two the capture saw first: the error, or the Execute that it keeps from running.
#[test]
fn an_error_that_comes_before_the_execute_is_its_own() {
    let lines = session(
        [
            client(all([parse("", "SELEC"), flush()])),
            server(error("42601")),
            client(all([bind("", ""), execute(""), bind("", ""), execute(""), query("SELECT 1")])),
            client(sync()),
            server(ready('I')),
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
        ],
        &[
            "Execute client_error/42601 5 5 4 4",
            "Execute no_answer_expected 5 5 - -",
            "Query no_answer_expected 5 5 - -",
            "Sync ok 6 6 7 7",
            "Query ok 8 8 9 9",
        ],
    );
    assert_eq!(lines[0].bytes, [Some(14 + 5 + 13 + 10), Some(31)]);
}

#[test]
fn copies() {
    let copy_in = || message(b'G', [0, 0, 1, 0, 0]);
    let copy_out = || message(b'H', [0, 0, 1, 0, 0]);
    let data = || message(b'd', "1\tx\n");
    let lines = session(
        [
            client(query("COPY t FROM STDIN; COPY t TO STDOUT; SELECT 1")),
            server(copy_in()),
            client(all([data(), data()])),
            client(all([data(), said(b'c')])),
            server(complete("COPY 3")),
            server(all([
                copy_out(),
                data(),
                data(),
                said(b'c'),
                complete("COPY 2"),
                selected(1),
                ready('I'),
            ])),
            client(query("COPY t FROM STDIN")),
            server(copy_in()),
            client(message(b'f', "no more\0")),
            server(all([error("57014"), ready('I')])),
            client(query("COPY t FROM STDIN")),
            server(copy_in()),
            client(data()),
            server(all([error("22P02"), ready('I')])),
            // The client learns of it late.
            client(all([data(), said(b'c')])),
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
        ],
        &[
            "Query ok 3 3 4 7",
            "Query ok 3 3 8 8",
            "Query ok 3 3 8 8",
            "Query client_error/57014 9 9 10 12",
            "Query client_error/22P02 13 13 14 16",
            "Query ok 18 18 19 19",
        ],
    );
    assert_eq!(lines[0].rows, Some(3));
    assert_eq!(lines[0].bytes, [Some(5 + 19 + 3 * 9 + 5), Some(10 + 12)]);
    assert_eq!((lines[1].rows, lines[1].bytes[1]), (Some(2), Some(10 + 9 + 9 + 5 + 12)));
}

#[test]
fn a_copy_swallows_the_sync_that_came_with_its_execute() {
    let copy = || all([parse("", "COPY t FROM STDIN"), bind("", ""), execute(""), sync()]);
    let taken = || all([said(b'1'), said(b'2'), message(b'G', [0, 0, 1, 0, 0])]);
    session(
        [
            client(copy()),
            server(taken()),
            client(all([message(b'd', "x"), said(b'c'), sync()])),
            server(all([complete("COPY 1"), ready('I')])),
            client(copy()),
            server(taken()),
            client(all([message(b'f', "no\0"), sync()])),
            server(all([error("57014"), ready('I')])),
            // Refused: nothing is swallowed.
            client(copy()),
            server(all([said(b'1'), error("42P01"), ready('I')])),
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
        ],
        &[
            "Execute ok 3 3 4 6",
            "Sync no_answer_expected 3 3 - -",
            "Sync ok 5 5 6 6",
            "Execute client_error/57014 7 7 8 10",
            "Sync no_answer_expected 7 7 - -",
            "Sync ok 9 9 10 10",
            "Execute client_error/42P01 11 11 12 12",
            "Sync ok 11 11 12 12",
            "Query ok 13 13 14 14",
        ],
    );
}

#[test]
fn a_replication_stream_is_one_query() {
    session(
        [
            client(query("START_REPLICATION SLOT s LOGICAL 0/0")),
            server(message(b'W', [0, 0, 0])),
            server(message(b'd', "w....")),
            client(message(b'd', "r....")),
            server(message(b'd', "k....")),
            client(said(b'c')),
            server(all([
                said(b'c'),
                complete("COPY 0"),
                complete("START_REPLICATION"),
                ready('I'),
            ])),
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
        ],
        &["Query ok 3 3 4 9", "Query ok 10 10 11 11"],
    );
}

#[test]
fn function_calls() {
    let call = || message(b'F', [0; 12]);
    session(
        [
            client(call()),
            server(all([message(b'V', [255; 4]), ready('I')])),
            client(call()),
            server(all([error("42883"), ready('I')])),
        ],
        &["FunctionCall ok 3 3 4 4", "FunctionCall client_error/42883 5 5 6 6"],
    );
}

#[test]
fn what_comes_unasked_belongs_to_nothing() {
    let unasked = || all([notice(), notification(), parameter()]);
    let lines = session(
        [
            server(unasked()),
            client(all([parse("", "SELECT 1"), bind("", ""), execute(""), sync()])),
            server(all([unasked(), said(b'1'), unasked(), said(b'2'), unasked()])),
            server(all([row("1"), unasked(), complete("SELECT 1"), unasked(), ready('I')])),
            server(unasked()),
            client(query("SELECT 1; SELECT 2")),
            server(all([unasked(), selected(1), unasked(), selected(1), unasked(), ready('I')])),
            server(fatal("57P01")),
            Step::Close,
        ],
        &["Execute ok 4 4 6 6", "Sync ok 4 4 6 6", "Query ok 8 8 9 9", "Query ok 8 8 9 9"],
    );
    assert_eq!(lines[0].bytes[1], Some(5 + 5 + 12 + 14));
}

#[test]
fn start_ups() {
    let password = || message(b'p', "secret\0");
    let steps = [
        client(startup(2)),
        server(message(b'v', [&[0, 3, 0, 0, 0, 0, 0, 1], &b"_pq_.x\0"[..]].concat())),
        server(message(b'R', [0, 0, 0, 3])),
        client(password()),
        server(all([message(b'R', [0, 0, 0, 0]), notice(), parameter()])),
        // Protocol 3.2 has longer keys.
        server(all([message(b'K', [7; 36]), ready('I')])),
    ];
    let lines = check(&steps, &["Startup ok 1 1 2 6"]);
    assert_eq!(lines[0].bytes, [Some(29 + 12), Some(20 + 9 + 9 + 18 + 41 + 6)]);
    let refused = [
        client(startup(0)),
        server(message(b'R', [&[0, 0, 0, 5], &b"salt"[..]].concat())),
        client(password()),
        server(fatal("28P01")),
        Step::Close,
    ];
    check(&refused, &["Startup client_error/28P01 1 1 2 4"]);
    let full = [client(startup(0)), server(fatal("53300")), Step::Close];
    check(&full, &["Startup server_error/53300 1 1 2 2"]);
}

#[test]
fn encryption_refused_and_accepted() {
    let ssl = || untyped([4, 0xd2, 0x16, 0x2f]);
    let gss = || untyped([4, 0xd2, 0x16, 0x30]);
    let [starts, started] = welcome();
    let refused = [
        client(gss()),
        server("N"),
        client(ssl()),
        server("N"),
        starts.clone(),
        started,
        client(query("SELECT 1")),
        server(all([selected(1), ready('I')])),
    ];
    check(&refused, &["Startup ok 5 5 6 6", "Query ok 7 7 8 8"]);
    for (asked, answer) in [(ssl(), "S"), (gss(), "G")] {
        let steps = [
            client(asked),
            server(answer),
            client(b"\x16\x03\x01\x02\x00\x01\x00\x01"),
            server(b"\x16\x03\x03\x00\x7a"),
        ];
        check(&steps, &[]);
    }
    // An old server says so by an error; the client tries again.
    check(&[client(ssl()), server(error("08P01")), Step::Close], &[]);
    // TLS at once.
    check(
        &[client(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), server(b"\x16\x03\x03\x00\x7a")],
        &[],
    );
}

#[test]
fn cancel_requests() {
    for length in [4, 32] {
        let cancel = untyped([&[4, 0xd2, 0x16, 0x2e, 0, 0, 0, 1], &vec![9; length][..]].concat());
        check(&[client(cancel), Step::Close], &["CancelRequest no_answer_expected 1 1 - -"]);
    }
}

#[test]
fn a_session_that_the_server_ends() {
    session(
        [
            client(all([query("SELECT 1; SELECT 2"), query("SELECT 3")])),
            server(selected(1)),
            server(fatal("57P01")),
            Step::Close,
        ],
        &["Query ok 3 3 4 4", "Query server_error/57P01 3 3 5 5", "Query unanswered 3 3 - -"],
    );
    session(
        [client(query("SELECT 1")), server(all([columns(), row("1")])), Step::Close],
        &["Query unanswered 3 3 4 4"],
    );
    session([client(&query("SELECT 1")[..8]), Step::Close], &[]);
    let long = query(&format!("SELECT '{}'", "x".repeat(20_000)));
    let steps = welcome().into_iter().chain([client(&long[..19_000]), Step::Close]);
    let lines = run(Start::Handshake, PORT, &steps.collect::<Vec<_>>(), Cut::Pieces(1_400));
    assert_eq!(lines[1].to_string(), "Query unanswered 3 3 - -");
    assert_eq!(lines[1].bytes[0], Some(19_000));
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    for answer in [
        all([said(b'1'), ready('I')]),
        ready('I'),
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        all([said(b's'), ready('I')]),
    ] {
        session([client(query("SELECT 1")), server(answer)], &["Query quarantined 3 3 - -"]);
    }
    session(
        [
            client(all([bind("", ""), execute(""), sync()])),
            server(all([row("1"), complete("SELECT 1"), ready('I')])),
        ],
        &["Execute quarantined 3 3 - -", "Sync quarantined 3 3 - -"],
    );
}

#[test]
fn long_texts_and_rows() {
    let list = "1,".repeat(60_000);
    let values = "x".repeat(300_000);
    let steps: Vec<Step> = welcome()
        .into_iter()
        .chain([
            client(query(&format!("SELECT a FROM t WHERE id IN ({list}1); SELECT 2"))),
            server(all([columns(), row(&values), complete("SELECT 1"), selected(1), ready('I')])),
            client(all([
                parse("", &format!("SELECT '{values}'")),
                bind("", ""),
                execute(""),
                sync(),
            ])),
            server(all([said(b'1'), said(b'2'), row(&values), complete("SELECT 1"), ready('I')])),
        ])
        .collect();
    for cut in [Cut::Whole, Cut::Pieces(1_400), Cut::Pieces(65_536)] {
        let lines = run(Start::Handshake, PORT, &steps, cut);
        let texts: Vec<String> = lines.iter().map(Line::to_string).collect();
        assert_eq!(
            texts,
            [
                "Startup ok 1 1 2 2",
                "Query ok 3 3 4 4",
                "Query ok 3 3 4 4",
                "Execute ok 5 5 6 6",
                "Sync ok 5 5 6 6",
            ]
        );
        assert_eq!(lines[1].name, "SELECT a FROM t WHERE id IN (?");
        assert_eq!((&*lines[2].name, lines[2].rows), ("unknown", Some(1)));
        assert_eq!(lines[3].name, "SELECT ?");
    }
}

#[test]
fn joined_mid_stream() {
    let steps = [
        server(all([row("1"), complete("SELECT 1"), ready('I')])),
        client(all([bind("", "known"), execute(""), sync()])),
        server(all([said(b'2'), row("1"), complete("SELECT 1"), ready('T')])),
        client(query("COMMIT")),
        server(all([complete("COMMIT"), ready('I')])),
        client(query("SELECT 1")),
        server(all([selected(1), ready('I')])),
    ];
    let expected =
        ["Execute ok 2 2 3 3", "Sync ok 2 2 3 3", "Query ok 4 4 5 5", "Query ok 6 6 7 7"];
    let lines = conversation::check(
        Start::MidStream,
        PORT,
        &steps[1..],
        &expected.map(|line| {
            // One step earlier.
            let moved = line.split(' ').map(|word| match word.parse::<u64>() {
                Ok(at) => (at - 1).to_string(),
                Err(_) => word.to_owned(),
            });
            Box::leak(moved.collect::<Vec<_>>().join(" ").into_boxed_str()) as &str
        }),
    );
    assert_eq!((&*lines[0].operation, &*lines[0].name), ("Execute", "unknown"));
    // The end of an answer to what was not seen: that is no answer to what comes next.
    let lines = run(Start::MidStream, PORT, &steps, Cut::Whole);
    assert!(
        lines
            .iter()
            .all(|line| expected.contains(&&*line.to_string())
                || line.outcome == Outcome::Quarantined)
    );
    assert_eq!(lines.last().unwrap().to_string(), expected[3]);
}

#[test]
fn an_answer_to_what_was_not_seen_is_nobodys() {
    // The capture begins between a request and its answer, of which this one asks before it has it.
    let steps = [
        client(query("SELECT 2")),
        server(all([selected(1), ready('I')])),
        server(all([selected(1), ready('I')])),
        client(query("SELECT 3")),
        server(all([selected(1), ready('I')])),
        client(query("SELECT 4")),
        server(all([selected(1), ready('I')])),
    ];
    let lines: Vec<String> =
        run(Start::MidStream, PORT, &steps, Cut::Whole).iter().map(Line::to_string).collect();
    assert_eq!(lines[0], "Query quarantined 1 1 - -");
    assert_eq!(lines[2], "Query ok 6 6 7 7");
}

/// A query and its answer.
fn asked(text: &str) -> [Step; 2] {
    [client(query(text)), server(all([selected(1), ready('I')]))]
}

#[test]
fn a_request_and_another_ones_answer_do_not_pair() {
    let [_, answer] = asked("");
    let Step::Server(answer) = answer else { unreachable!() };
    // The first one's answer and the second request are lost.
    let lines = session(
        [
            client(query("SELECT 1")),
            lost_server(&answer),
            lost_client(query("SELECT 2")),
            server(&answer),
            client(query("SELECT 3")),
            server(&answer),
            client(query("SELECT 4")),
            server(&answer),
        ],
        &["Query quarantined 3 3 - -", "Query ok 7 7 8 8", "Query ok 9 9 10 10"],
    );
    assert_eq!(lines.len(), 3);
    // A request is lost, its answer is not.
    session(
        [
            client(query("SELECT 1")),
            server(&answer),
            lost_client(query("SELECT 2")),
            server(&answer),
            client(query("SELECT 3")),
            server(&answer),
            client(query("SELECT 4")),
            server(&answer),
        ],
        &["Query ok 3 3 4 4", "Query ok 7 7 8 8", "Query ok 9 9 10 10"],
    );
}

#[test]
fn after_a_gap_a_batch_is_trusted_from_its_beginning() {
    let batch = || all([bind("", "s"), execute(""), sync()]);
    let done = || all([said(b'2'), complete("UPDATE 1"), ready('I')]);
    let lines = session(
        [
            client(all([parse("s", "UPDATE t"), batch()])),
            server(all([said(b'1'), done()])),
            // The beginning of a batch is lost; its rest cannot be told from a whole one.
            lost_client(all([bind("", "s"), execute("")])),
            client(batch()),
            server(all([error("22012"), ready('I')])),
            client(batch()),
            server(done()),
            client(batch()),
            server(done()),
            client(all([parse("s", "UPDATE u"), batch()])),
            server(all([said(b'1'), done()])),
        ],
        &[
            "Execute ok 3 3 4 4",
            "Sync ok 3 3 4 4",
            "Execute quarantined 8 8 - -",
            "Sync quarantined 8 8 - -",
            "Execute ok 10 10 11 11",
            "Sync ok 10 10 11 11",
            "Execute ok 12 12 13 13",
            "Sync ok 12 12 13 13",
        ],
    );
    // What was prepared before the gap may have been closed in it.
    assert_eq!(
        (&*lines[0].name, &*lines[4].name, &*lines[6].name),
        ("UPDATE t", "unknown", "UPDATE u")
    );
}

/// The client has always two batches under way; the gap hides that.
#[test]
fn a_client_that_pipelines_is_not_trusted_after_a_gap() {
    let batch = || all([bind("", ""), execute(""), sync()]);
    let done = || all([said(b'2'), complete("UPDATE 1"), ready('I')]);
    session(
        [
            client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
            lost_client(query("SELECT 1")),
            server(all([selected(1), ready('I')])),
            client(batch()),
            client(batch()),
            server(done()),
            client(batch()),
            server(done()),
            client(batch()),
            server(done()),
        ],
        &[
            "Query ok 3 3 4 4",
            "Execute quarantined 7 7 - -",
            "Sync quarantined 7 7 - -",
            "Execute quarantined 8 8 - -",
            "Sync quarantined 8 8 - -",
            "Execute quarantined 10 10 - -",
            "Sync quarantined 10 10 - -",
            "Execute quarantined 12 12 - -",
            "Sync quarantined 12 12 - -",
        ],
    );
}

#[test]
fn a_gap_inside_a_row_is_harmless() {
    let value = "x".repeat(3_000);
    let answer = all([columns(), row(&value), row(&value), complete("SELECT 2"), ready('I')]);
    let lines = session(
        [
            client(query("SELECT 1")),
            server(&answer[..1_000]),
            lost_server(&answer[1_000..2_000]),
            server(&answer[2_000..]),
        ],
        &["Query ok 3 3 4 6"],
    );
    assert_eq!((lines[0].rows, lines[0].bytes[1]), (Some(2), Some(answer.len() as u64 - 6)));
}

#[test]
fn a_gap_inside_a_statement_takes_its_name() {
    let question = query(&format!("SELECT '{}'; SELECT 2", "x".repeat(3_000)));
    let lines = session(
        [
            client(&question[..1_000]),
            lost_client(&question[1_000..2_000]),
            client(&question[2_000..]),
            server(all([selected(1), selected(1), ready('I')])),
            client(query("SELECT 3")),
            server(all([selected(1), ready('I')])),
        ],
        &["Query ok 3 5 6 6", "Query ok 3 5 6 6", "Query ok 7 7 8 8"],
    );
    let said: Vec<_> = lines.iter().map(|line| (&*line.name, line.bytes[0])).collect();
    assert_eq!(said, [("unknown", None), ("unknown", Some(0)), ("SELECT ?", Some(14))]);
}

#[test]
fn statements_are_deallocated() {
    let prepare = |name, text| {
        [client(all([parse(name, text), sync()])), server(all([said(b'1'), ready('I')]))]
    };
    let use_it = || {
        [
            client(all([bind("", "s"), execute(""), sync()])),
            server(all([said(b'2'), complete("UPDATE 1"), ready('I')])),
        ]
    };
    let deallocate =
        [client(query("DEALLOCATE s")), server(all([complete("DEALLOCATE"), ready('I')]))];
    let steps = welcome()
        .into_iter()
        .chain(prepare("s", "UPDATE t"))
        .chain(use_it())
        .chain(deallocate)
        .chain(prepare("s", "UPDATE u"))
        .chain(use_it());
    let lines = run(Start::Handshake, PORT, &steps.collect::<Vec<_>>(), Cut::Whole);
    let names: Vec<&str> =
        lines.iter().filter(|line| line.operation == "Execute").map(|line| &*line.name).collect();
    assert_eq!(names, ["UPDATE t", "UPDATE u"]);
}

/// The capture begins with an answer, and every second packet is lost.
#[test]
fn another_ones_answer_is_not_taken_after_a_join() {
    let [_, Step::Server(welcome)] = welcome() else { unreachable!() };
    let answer = || all([selected(1), ready('I')]);
    for started in [server(&welcome), lost_server(&welcome)] {
        let steps = [
            lost_client(untyped([4, 0xd2, 0x16, 0x2f])),
            server("N"),
            lost_client(startup(0)),
            started,
            client(query("SELECT 1")),
            lost_server(answer()),
            lost_client(query("SELECT 2")),
            server(answer()),
            client(message(b'X', "")),
            Step::Close,
        ];
        let lines = run(Start::Handshake, PORT, &steps, Cut::Whole);
        assert!(lines.iter().all(|line| line.outcome == Outcome::Quarantined), "{lines:?}");
    }
}

proptest! {
    /// Whatever bytes are changed, and however they are cut: what is answered has its times in order, and each request
    /// that began is told once.
    #[test]
    fn any_bytes_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6),
        pieces in 1_usize..2_000,
        joined in any::<bool>(),
    ) {
        let mut steps: Vec<Step> = welcome().into_iter().chain([
            client(query("SELECT 1; COPY t FROM STDIN")),
            server(all([selected(2), message(b'G', [0, 0, 1, 0, 0])])),
            client(all([message(b'd', "1"), said(b'c')])),
            server(all([complete("COPY 1"), ready('I')])),
            client(all([parse("s", "SELECT $1"), bind("p", "s"), describe("Pp"), execute("p"), sync()])),
            server(all([said(b'1'), said(b'2'), selected(3), ready('I')])),
            client(all([bind("", "s"), execute(""), sync(), query("SELECT 2")])),
            server(all([said(b'2'), error("22012"), ready('E'), selected(1), ready('I')])),
            Step::Close,
        ]).collect();
        for (step, byte, value) in changes {
            let place = step.index(steps.len());
            if let Step::Client(bytes) | Step::Server(bytes) = &mut steps[place] {
                let at = byte.index(bytes.len());
                bytes[at] = value;
            }
        }
        let start = if joined { Start::MidStream } else { Start::Handshake };
        for line in run(start, 5432, &steps, Cut::Pieces(pieces)) {
            if line.outcome == Outcome::Ok {
                prop_assert!(line.moments.iter().all(Option::is_some), "{line:?}");
            }
        }
    }
}
