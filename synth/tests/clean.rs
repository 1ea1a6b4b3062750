//! A clean capture is what its truth says, to the byte and the nanosecond.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::{checksums_are_right, oracle, small, synthesize};
use std::collections::BTreeMap;
use synth::{BodySizes, Options, Precision, Profile};

#[test]
fn the_truth_is_what_a_plain_walk_finds() {
    for seed in 1..=3 {
        let synthesized = synthesize(&small(seed));
        assert_eq!(synthesized.summary.transactions, 1_500);
        assert_eq!(synthesized.truth().len(), 1_500);
        oracle::assert_agrees(&synthesized);
    }
}

#[test]
fn microseconds_cut_the_capture_and_the_truth_alike() {
    let options = Options { precision: Precision::Microseconds, ..small(4) };
    let synthesized = synthesize(&options);
    oracle::assert_agrees(&synthesized);
    assert!(synthesized.packets().iter().all(|packet| packet.time_ns % 1_000 == 0));
}

#[test]
fn a_day_agrees_and_stays_small() {
    let options = Options { profile: Profile::Day, transactions: 3_000, ..Options::default() };
    let synthesized = synthesize(&options);
    oracle::assert_agrees(&synthesized);
    assert!(synthesized.summary.bytes / 3_000 < 1_700, "{:?}", synthesized.summary);
    let (first, last) = (synthesized.summary.first.unwrap(), synthesized.summary.last.unwrap());
    let hours = last.since(first).unwrap().as_seconds_f64() / 3_600.0;
    assert!((23.5..24.1).contains(&hours), "{hours}");
}

#[test]
fn large_bodies_and_decoys_agree() {
    let bodies =
        BodySizes { median_bytes: 40_000, sigma: 1.0, large_share: 0.1, max_bytes: 600_000 };
    let options = Options { transactions: 200, bodies: Some(bodies), decoys: true, ..small(5) };
    let synthesized = synthesize(&options);
    assert!(synthesized.capture.windows(9).any(|window| window == b"/decoy HT"));
    oracle::assert_agrees(&synthesized);
}

#[test]
fn packets_are_sound() {
    let synthesized = synthesize(&small(6));
    let packets = synthesized.packets();
    assert_eq!(packets.len() as u64, synthesized.summary.packets);
    assert_eq!(synthesized.capture.len() as u64, synthesized.summary.bytes);
    assert!(packets.iter().all(checksums_are_right));
    assert!(packets.iter().all(|packet| packet.frame.len() == packet.frame_len));
    assert!(packets.is_sorted_by_key(|packet| packet.time_ns));
    assert!(packets.iter().all(|packet| packet.payload_len <= 1_460));
    assert!(packets.iter().any(|packet| packet.flow.0.starts_with('[')), "some use IPv6");
}

#[test]
fn clean_flows_come_in_order_and_acknowledge_only_what_came() {
    let synthesized = synthesize(&small(7));
    for packets in synthesized.flows().values() {
        // Next sequence number of the client, and of the server, as seen at the tap.
        let mut next: [Option<u32>; 2] = [None, None];
        for packet in packets {
            let (own, peer) = (usize::from(!packet.from_client), usize::from(packet.from_client));
            if let Some(expected) = next[own] {
                assert_eq!(packet.seq, expected, "{packet:?}");
            }
            if let Some(sent) = next[peer] {
                assert!(packet.ack.wrapping_sub(sent) as i32 <= 0, "{packet:?}");
            }
            let flags = (packet.flags & (common::SYN | common::FIN)).count_ones();
            next[own] = Some(packet.seq.wrapping_add(packet.payload_len as u32 + flags));
        }
    }
}

#[test]
fn lines_are_in_the_order_in_which_answers_end() {
    let truth = synthesize(&small(8)).truth();
    let ends: Vec<u64> =
        truth.iter().filter_map(|line| line["response_last_ns"].as_u64()).collect();
    assert!(ends.is_sorted());
    assert!(ends.len() > 1_400);
    assert!(truth.iter().all(|line| line.get("lost").is_none()), "nothing was asked to be lost");
}

#[test]
fn a_seed_names_a_capture() {
    let (one, again, other) =
        (synthesize(&small(9)), synthesize(&small(9)), synthesize(&small(10)));
    assert!(one.capture == again.capture && one.truth_text == again.truth_text);
    assert!(one.capture != other.capture);
}

#[test]
fn the_mix_has_every_kind() {
    let synthesized = synthesize(&Options { transactions: 6_000, ..small(11) });
    let text = String::from_utf8_lossy(&synthesized.capture).into_owned();
    for sign in [
        "HTTP/1.1 100 Continue",
        "Transfer-Encoding: chunked",
        "Trailer: ",
        "\r\n0\r\nServer-Timing: ",
        "HTTP/1.0\r\n",
        "HEAD /",
        " 204 No Content",
        " 304 Not Modified",
        " 500 Internal",
        "Connection: close",
    ] {
        assert!(text.contains(sign), "{sign}");
    }
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for line in synthesized.truth() {
        *outcomes.entry(line["outcome"].to_string()).or_default() += 1;
    }
    assert_eq!(outcomes.len(), 4, "{outcomes:?}");
    let two_in_one = |payload: &[u8]| {
        payload.windows(9).filter(|window| window == b" HTTP/1.1").count() > 1
            && payload.starts_with(b"GET")
    };
    let packets = synthesized.packets();
    assert!(packets.iter().any(|packet| two_in_one(&packet.payload)), "some pipeline");
    assert!(packets.iter().any(|packet| packet.flags & common::RST != 0), "some reset");
}

#[test]
fn a_mix_has_about_eight_packets_per_transaction() {
    let options = Options { transactions: 5_000, ..Options::default() };
    let summary = synthesize(&options).summary;
    let mean = summary.packets as f64 / summary.transactions as f64;
    assert!((7.0..9.0).contains(&mean), "{mean}");
    assert!((400..700).contains(&summary.connections), "{}", summary.connections);
}

#[test]
fn no_more_connections_than_allowed_are_open() {
    let options = Options { connections: 7, clients: 3, transactions: 400, ..small(12) };
    let synthesized = synthesize(&options);
    oracle::assert_agrees(&synthesized);
    let mut changes: Vec<(u64, i32)> = Vec::new();
    for packets in synthesized.flows().values() {
        changes.push((packets.first().unwrap().time_ns, 1));
        changes.push((packets.last().unwrap().time_ns + 1, -1));
    }
    changes.sort_unstable();
    let mut open = 0;
    for (_, change) in changes {
        open += change;
        assert!(open <= 7);
    }
}

#[test]
fn wrong_options_say_what_is_wrong() {
    let refused = |options: &Options| {
        synth::generate(options, Vec::new(), None::<Vec<u8>>).unwrap_err().to_string()
    };
    let options = Options { ipv6_share: 1.5, ..small(1) };
    assert_eq!(refused(&options), "ipv6 share: a share lies between 0 and 1");
    assert!(refused(&Options { connections: 0, ..small(1) }).starts_with("connections"));
    assert!("fast".parse::<Profile>().unwrap_err().to_string().contains("steady day"));
}
