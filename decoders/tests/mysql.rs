//! MySQL, from segments to transactions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod conversation;

use conversation::{Cut, Start, Step, client, lost_client, lost_server, run, server};

fn check(steps: &[Step], expected: &[&str]) -> Vec<conversation::Line> {
    conversation::check(Start::Handshake, 3306, steps, expected)
}

fn packet(sequence: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let [a, b, c, _] = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&[a, b, c, sequence], payload].concat()
}

/// Packets numbered from `first` on.
fn packets(first: u8, payloads: &[&[u8]]) -> Vec<u8> {
    let numbers =
        (0..payloads.len()).map(|place| first.wrapping_add(u8::try_from(place % 256).unwrap()));
    numbers.zip(payloads).flat_map(|(number, payload)| packet(number, payload)).collect()
}

const PROTOCOL_41: u32 = 0x0200;
const COMPRESS: u32 = 0x0020;
const SSL: u32 = 0x0800;
const DEPRECATE_EOF: u32 = 1 << 24;
const QUERY_ATTRIBUTES: u32 = 1 << 27;

fn greeting(flags: u32) -> Vec<u8> {
    let [a, b, c, d] = flags.to_le_bytes();
    let mut payload = b"\x0a8.0.30\0\x08\0\0\0abcdefgh\0".to_vec();
    payload.extend([a, b, 33, 2, 0, c, d, 21]);
    payload.extend([0; 10]);
    payload.extend(b"ijklmnopqrst\0mysql_native_password\0");
    packet(0, payload)
}

fn login(flags: u32, rest: &[u8]) -> Vec<u8> {
    let mut payload = flags.to_le_bytes().to_vec();
    payload.extend([0, 0, 0, 1, 33]);
    payload.extend([0; 23]);
    payload.extend(rest);
    packet(1, payload)
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
const MORE: &[u8] = &[0, 0, 0, 0x0a, 0, 0, 0];
const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];
const OK_AS_EOF: &[u8] = &[0xfe, 0, 0, 2, 0, 0, 0];
const COLUMN: &[u8] = b"\x03def\0\0\0\x011\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0";

fn err(number: u16) -> Vec<u8> {
    [&[0xff][..], &number.to_le_bytes(), b"#42000no"].concat()
}

fn ask(code: u8, rest: impl AsRef<[u8]>) -> Vec<u8> {
    packet(0, [&[code], rest.as_ref()].concat())
}

fn query(text: &str) -> Vec<u8> {
    ask(3, text)
}

/// A connection that is logged in: three steps.
fn logged_in(flags: u32) -> Vec<Step> {
    let flags = flags | PROTOCOL_41 | 1;
    vec![server(greeting(flags)), client(login(flags, b"root\0\0")), server(packet(2, OK))]
}

const LOGIN: &str = "Login ok 2 2 3 3";

fn with_login(flags: u32, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    logged_in(flags).into_iter().chain(more).collect()
}

#[test]
fn a_login_and_simple_commands() {
    let steps = [
        client(ask(0x0e, "")),
        server(packet(1, OK)),
        client(ask(0x02, "shop")),
        server(packet(1, err(1049))),
        client(ask(0x09, "")),
        server(packet(1, "Uptime: 7")),
        client(ask(0x1b, [0, 0])),
        server(packet(1, EOF)),
        client(ask(0x01, "")),
        Step::Close,
    ];
    let lines = check(
        &with_login(0, steps),
        &[
            LOGIN,
            "Ping ok 4 4 5 5",
            "InitDb client_error/1049 6 6 7 7",
            "Statistics ok 8 8 9 9",
            "SetOption ok 10 10 11 11",
            "Quit no_answer_expected 12 12 - -",
        ],
    );
    assert_eq!(lines[1].bytes, [Some(5), Some(11)]);
}

#[test]
fn logins_take_several_steps() {
    let steps = [
        server(greeting(PROTOCOL_41)),
        client(login(PROTOCOL_41, b"root\0\0")),
        server(packet(2, b"\xfecaching_sha2_password\0abcdefgh\0")),
        client(packet(3, b"scrambled")),
        server(packet(4, b"\x01\x04")),
        client(packet(5, b"\x02")),
        server(packet(6, b"\x01key")),
        client(packet(7, b"encrypted")),
        server(packet(8, OK)),
        client(ask(0x11, b"other\0")),
        server(packet(1, b"\xfemysql_native_password\0abcdefgh\0")),
        client(packet(2, b"scrambled")),
        server(packet(3, err(1045))),
    ];
    check(&steps, &["Login ok 2 2 3 9", "ChangeUser client_error/1045 10 10 11 13"]);
    let steps = [server(packet(0, b"\xff\x10\x04Too many connections")), Step::Close];
    check(&steps, &[]);
}

#[test]
fn results_with_and_without_eof() {
    for (flags, middle, end) in [(0, &[EOF][..], EOF), (DEPRECATE_EOF, &[][..], OK_AS_EOF)] {
        let rows = |rows: &[&[u8]]| {
            let head: &[&[u8]] = &[b"\x02", COLUMN, COLUMN];
            packets(1, &[head, middle, rows, &[end]].concat())
        };
        let steps = [
            client(query("SELECT 1, 2")),
            server(rows(&[b"\x011\x012", b"\xfb\xfb"])),
            client(query("SELECT 1, 2 WHERE 0")),
            server(rows(&[])),
            client(query("SELECT bad")),
            server([packets(1, &[b"\x01", COLUMN]), packet(3, err(1317))].concat()),
            client(query("INSERT")),
            server(packet(1, OK)),
        ];
        let lines = check(
            &with_login(flags, steps),
            &[
                LOGIN,
                "Query ok 4 4 5 5",
                "Query ok 6 6 7 7",
                "Query server_error/1317 8 8 9 9",
                "Query ok 10 10 11 11",
            ],
        );
        let rows: Vec<_> = lines.iter().map(|line| line.rows).collect();
        assert_eq!(rows, [None, Some(2), Some(0), Some(0), None]);
    }
}

#[test]
fn several_results_are_one_answer() {
    let more_rows: &[u8] = &[0xfe, 0, 0, 0x0a, 0];
    let answer = packets(
        1,
        &[b"\x01", COLUMN, EOF, b"\x011", more_rows, MORE, b"\x01", COLUMN, EOF, b"\x012", EOF],
    );
    let steps = [client(query("CALL p()")), server(&answer[..60]), server(&answer[60..])];
    let lines = check(&with_login(0, steps), &[LOGIN, "Query ok 4 4 5 6"]);
    assert_eq!(lines[1].rows, Some(2));
}

#[test]
fn more_rows_than_numbers() {
    let rows: Vec<&[u8]> = vec![b"\x011"; 700];
    let answer = packets(1, &[&[&b"\x01"[..], COLUMN, EOF], &rows[..], &[EOF]].concat());
    let steps = [client(query("SELECT a")), server(answer)];
    let steps = with_login(0, steps);
    let lines = run(Start::Handshake, 3306, &steps, Cut::Pieces(97));
    assert_eq!(lines[1].to_string(), "Query ok 4 4 5 5");
    assert_eq!(lines[1].rows, Some(700));
}

#[test]
fn statements_are_prepared_and_executed() {
    for flags in [0, DEPRECATE_EOF] {
        let eof: &[&[u8]] = if flags == 0 { &[EOF] } else { &[] };
        let end: &[u8] = if flags == 0 { EOF } else { OK_AS_EOF };
        let prepared =
            |columns: u8, parameters: u8| [0, 7, 0, 0, 0, columns, 0, parameters, 0, 0, 0, 0];
        let execute = [7, 0, 0, 0, 0, 1, 0, 0, 0];
        let steps = [
            client(ask(0x16, "SELECT ?")),
            server(packets(1, &[&[&prepared(1, 1)[..], COLUMN], eof, &[COLUMN], eof].concat())),
            client([ask(0x18, [7, 0, 0, 0, 0, 0, 1, 2]), ask(0x17, execute)].concat()),
            server(packets(1, &[&[&b"\x01"[..], COLUMN], eof, &[b"\0\0\x011", end]].concat())),
            client(ask(0x1a, [7, 0, 0, 0])),
            server(packet(1, OK)),
            client([ask(0x19, [7, 0, 0, 0]), ask(0x17, execute)].concat()),
            server(packet(1, err(1243))),
            client(ask(0x16, "DO ?")),
            server(packets(1, &[&[&prepared(0, 1)[..], COLUMN], eof].concat())),
            client(ask(0x16, "SELEC")),
            server(packet(1, err(1064))),
        ];
        let lines = check(
            &with_login(flags, steps),
            &[
                LOGIN,
                "Prepare ok 4 4 5 5",
                "SendLongData no_answer_expected 6 6 - -",
                "Execute ok 6 6 7 7",
                "Reset ok 8 8 9 9",
                "Close no_answer_expected 10 10 - -",
                "Execute client_error/1243 10 10 11 11",
                "Prepare ok 12 12 13 13",
                "Prepare client_error/1064 14 14 15 15",
            ],
        );
        assert_eq!(lines[3].rows, Some(1));
        assert_eq!(lines[3].name, lines[1].name);
        assert_eq!(lines[6].name, "unknown");
    }
}

#[test]
fn cursors_give_their_rows_when_asked() {
    let cursor: &[u8] = &[0xfe, 0, 0, 0x42, 0];
    let steps = [
        client(ask(0x17, [7, 0, 0, 0, 1, 1, 0, 0, 0])),
        server(packets(1, &[b"\x01", COLUMN, cursor])),
        client(ask(0x1c, [7, 0, 0, 0, 2, 0, 0, 0])),
        server(packets(1, &[b"\0\0\x011", b"\0\0\x012", cursor])),
    ];
    let lines = check(&with_login(0, steps), &[LOGIN, "Execute ok 4 4 5 5", "Fetch ok 6 6 7 7"]);
    assert_eq!(lines[2].rows, Some(2));
}

#[test]
fn files_are_sent_in_the_middle_of_a_query() {
    let steps = [
        client(query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")),
        server(packet(1, b"\xfbf")),
        client(packet(2, b"1,2\n")),
        client(packet(3, b"")),
        server(packet(4, OK)),
        client(ask(0x0e, "")),
        server(packet(1, OK)),
    ];
    let lines = check(&with_login(0, steps), &[LOGIN, "Query ok 4 4 8 8", "Ping ok 9 9 10 10"]);
    assert_eq!(lines[1].bytes, [Some(44 + 8 + 4), Some(6 + 11)]);
}

#[test]
fn progress_is_no_answer() {
    let progress = b"\xff\xff\xff\x01\x01\x02\0\0\0\x05Stage";
    let steps = [
        client(query("ALTER TABLE t")),
        server(packet(1, progress)),
        server(packet(2, progress)),
        server(packet(3, OK)),
    ];
    check(&with_login(0, steps), &[LOGIN, "Query ok 4 4 7 7"]);
}

#[test]
fn long_queries_take_several_packets() {
    let text = format!("INSERT {}", "x".repeat(0xff_ffff - 8));
    let request = [ask(3, &text), packet(1, "yz")].concat();
    let steps =
        [client(request), server(packet(2, OK)), client(ask(0x0e, "")), server(packet(1, OK))];
    let steps = with_login(0, steps);
    for cut in [Cut::Whole, Cut::Pieces(65_000), Cut::At(70_000)] {
        let lines = run(Start::Handshake, 3306, &steps, cut);
        let lines: Vec<_> = lines.iter().map(|line| (line.to_string(), line.bytes[0])).collect();
        assert_eq!(lines[1], ("Query ok 4 4 5 5".to_owned(), Some(0xff_ffff + 4 + 6)));
        assert_eq!(lines[2].0, "Ping ok 6 6 7 7");
    }
}

#[test]
fn what_is_encrypted_or_compressed_is_opaque() {
    let flags = PROTOCOL_41 | SSL;
    let steps = [server(greeting(flags)), client(login(flags, b"")), client(b"\x16\x03\x01\x02\0")];
    check(&steps, &[]);
    let steps = [client(b"\x06\0\0\0\0\0\0\x02\0\0\0\x0e"), server(b"\x07\0\0\x01\0\0\0")];
    check(&with_login(COMPRESS, steps), &[LOGIN]);
    let steps = [
        client(ask(0x12, [4, 0, 0, 0, 0, 0, 1, 0, 0, 0])),
        server(packets(1, &[b"\0event", b"\0event"])),
        client(ask(0x0e, "")),
    ];
    check(&with_login(0, steps), &[LOGIN, "BinlogDump ok 4 4 5 5"]);
}

#[test]
fn queries_can_have_attributes() {
    let steps = [client(ask(3, b"\0\x01SELECT 1")), server(packet(1, OK))];
    check(&with_login(QUERY_ATTRIBUTES, steps), &[LOGIN, "Query ok 4 4 5 5"]);
}

#[test]
fn a_packet_out_of_sequence_pairs_nothing() {
    let steps = [client(query("SELECT 1")), server(packet(2, OK)), Step::Close];
    check(&with_login(0, steps), &[LOGIN, "Query quarantined 4 4 - -"]);
}

#[test]
fn a_gap_between_a_request_and_an_answer_pairs_nothing() {
    let steps = [
        client(query("SELECT 1")),
        lost_server(packet(1, OK)),
        lost_client(query("SELECT 2")),
        server(packet(1, OK)),
        Step::Wait(1),
        client(query("SELECT 3")),
        server(packet(1, OK)),
        Step::Wait(1),
        client(query("SELECT 4")),
        server(packet(1, OK)),
        client(query("SELECT 5")),
        server(packet(1, OK)),
        Step::Close,
    ];
    let lines = run(Start::Handshake, 3306, &with_login(0, steps), Cut::Whole);
    for line in &lines {
        let [first, _, answered, _] = line.moments;
        assert!(answered.is_none_or(|answered| Some(answered - 1) == first), "{line}");
    }
    assert!(lines.iter().filter(|line| line.outcome.is_answered()).count() >= 3);
}

#[test]
fn a_gap_within_a_row_is_harmless() {
    let long = [&b"\xfc\x88\x13"[..], &[b'x'; 5_000]].concat();
    let answer = packets(1, &[b"\x01", COLUMN, EOF, &long, EOF]);
    let steps = [
        client(query("SELECT long")),
        server(&answer[..1_000]),
        lost_server(&answer[1_000..3_000]),
        server(&answer[3_000..]),
        client(ask(0x0e, "")),
        server(packet(1, OK)),
    ];
    let lines = run(Start::Handshake, 3306, &with_login(0, steps), Cut::Whole);
    let texts: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [LOGIN, "Query ok 4 4 5 7", "Ping ok 8 8 9 9"]);
}

#[test]
fn a_connection_joined_in_the_middle() {
    for eof in [&[EOF][..], &[][..]] {
        let prepared = [0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        let steps = [
            client(ask(0x16, "DO ?")),
            server(packets(1, &[&[&prepared[..], COLUMN], eof].concat())),
            client(ask(0x17, [7, 0, 0, 0, 0, 1, 0, 0, 0])),
            server(packet(1, OK)),
            client(ask(0x0e, "")),
            server(packet(1, OK)),
            Step::Close,
        ];
        conversation::check(
            Start::MidStream,
            3306,
            &steps,
            &["Prepare ok 1 1 2 2", "Execute ok 3 3 4 4", "Ping ok 5 5 6 6"],
        );
    }
}

#[test]
fn a_gap_within_a_statement_takes_its_name_only() {
    let request = query(&format!("SELECT {}", "x".repeat(5_000)));
    let steps = [
        client(&request[..1_000]),
        lost_client(&request[1_000..3_000]),
        client(&request[3_000..]),
        server(packet(1, OK)),
        client(ask(0x0e, "")),
        server(packet(1, OK)),
    ];
    let lines = run(Start::Handshake, 3306, &with_login(0, steps), Cut::Whole);
    let texts: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [LOGIN, "Query ok 4 6 7 7", "Ping ok 8 8 9 9"]);
    assert_eq!((lines[1].name.as_str(), lines[1].bytes[0]), ("unknown", Some(5_012)));
}
