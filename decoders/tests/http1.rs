//! HTTP/0.9, through the engine.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code)] // Tests may stop; others use the rest.

#[path = "http2/talk.rs"]
mod talk;

use talk::{Fate, Packet, client, listen, server};

/// A bare line is answered by bytes that end with the connection; or, by later servers, as in HTTP/1.
#[test]
fn a_bare_line_is_answered_until_the_close() {
    for (answer, expected) in [
        (&b"<html>old</html>"[..], "GET /x ok - 10 10 20 30 8 20"),
        (b"\r\n\r\nHTTP/1.1 is not what this is", "GET /x ok - 10 10 20 30 8 36"),
        (b"HTP", "GET /x ok - 10 10 20 30 8 7"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "GET /x client_error 404 10 10 20 30 8 30"),
    ] {
        let whole = [
            client(10, &[b"GET /x\r\n"]),
            server(20, &[answer]),
            server(30, &[b"more"]).fate(Fate::Final),
            client(40, &[]).fate(Fate::Final),
        ];
        assert_eq!(listen(&whole, false).lines, [expected]);
        for size in 1..5 {
            let [asks, answers, rest @ ..] = &whole;
            let pieces: Vec<Packet> =
                [vec![asks.clone()], answers.cut(size), rest.to_vec()].concat();
            assert_eq!(listen(&pieces, false).lines, [expected], "{size} bytes a packet");
        }
    }
}

/// A probe that keeps a connection alive is a byte of before; it does not hide the request behind it.
#[test]
fn a_keep_alive_probe_before_the_first_request_is_passed_over() {
    let request = b"GET /x HTTP/1.1\r\n\r\n";
    for probe in [&b"\0"[..], b"G", b"\0\0"] {
        let packets = [
            client(5, &[probe]),
            client(10, &[request]),
            server(20, &[b"HTTP/1.1 204 No Content\r\n\r\n"]),
            client(30, &[request]),
            server(40, &[b"HTTP/1.1 204 No Content\r\n\r\n"]),
        ];
        let lines = listen(&packets, true).lines;
        assert_eq!(lines.first().unwrap(), "GET /x ok 204 10 10 20 20 19 27", "{probe:?}");
        assert_eq!(lines.len(), 2);
    }
}
