//! Whatever is wrong with the network and the capture: every line of the truth says exactly when the
//! bytes of its transaction were captured first, and which were not.
//!
//! Where messages stand in their streams is found in the clean capture of the same seed: dirt changes
//! times, never what is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::oracle::{Found, Stream, walk_flow};
use common::{Flow, Packet, SYN, Synthesized, dirty, small, synthesize};
use model::units::Nanos;
use serde_json::Value;
use std::collections::BTreeMap;
use synth::Dirt;

/// A clean flow: its transactions, and the first sequence numbers of its client and its server.
struct CleanFlow {
    found: Vec<Found>,
    isn: [u32; 2],
}

fn clean_flows(seed: u64) -> BTreeMap<Flow, CleanFlow> {
    let isn = |packets: &[Packet], from_client: bool| {
        let syn = |packet: &&Packet| packet.flags & SYN != 0 && packet.from_client == from_client;
        packets.iter().find(syn).unwrap().seq
    };
    let clean = |packets: &[Packet]| CleanFlow {
        found: walk_flow(packets).0,
        isn: [isn(packets, true), isn(packets, false)],
    };
    let flows = synthesize(&small(seed)).flows();
    flows.into_iter().map(|(flow, packets)| (flow, clean(&packets))).collect()
}

const DEED: [&str; 7] =
    ["client", "operation", "target", "outcome", "code", "request_bytes", "response_bytes"];

fn key(line: &Value) -> [String; 7] {
    DEED.map(|name| line[name].to_string())
}

/// Lines by what was asked and answered; `None` where two are alike.
fn by_deed(synthesized: &Synthesized) -> BTreeMap<[String; 7], Option<Value>> {
    let mut lines = BTreeMap::new();
    for line in synthesized.truth() {
        lines.entry(key(&line)).and_modify(|line| *line = None).or_insert(Some(line));
    }
    lines
}

/// Checks all lines; gives how many lost something.
fn assert_exact(seed: u64, dirt: Dirt) -> usize {
    let clean = clean_flows(seed);
    let synthesized = synthesize(&dirty(seed, dirt));
    let lines = by_deed(&synthesized);
    let flows = synthesized.flows();
    let (mut checked, mut lossy) = (0, 0);
    for (flow, clean) in &clean {
        let packets = flows.get(flow).map(Vec::as_slice).unwrap_or_default();
        let stream = |from_client: bool, isn: u32| {
            Stream::from(isn, packets.iter().filter(|packet| packet.from_client == from_client))
        };
        let (requests, answers) = (stream(true, clean.isn[0]), stream(false, clean.isn[1]));
        for found in &clean.found {
            let Some(Some(line)) = lines.get(&key(&found.deed(flow))) else { continue };
            checked += 1;
            lossy += usize::from(line["lost"]["any"] == true);
            let expected = found.line(flow, &requests, &answers);
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(&line[name], value, "{name} of {line}");
            }
            assert_lost(found, &line["lost"], &requests, &answers);
        }
    }
    assert!(checked * 10 > synthesized.truth().len() * 9, "most lines are unique: {checked}");
    lossy
}

fn assert_lost(found: &Found, lost: &Value, requests: &Stream, answers: &Stream) {
    let head = |start: usize, len: usize| start..start + len;
    let request_head = head(found.request.start, found.request_head);
    let answer_head = head(found.answer.start, found.answer_head);
    let parts = [(requests, &found.request), (answers, &found.interim), (answers, &found.answer)];
    let carried = parts.iter().all(|(stream, range)| stream.carried((*range).clone()));
    let cut = parts.iter().any(|(stream, range)| {
        (*range).clone().any(|at| stream.carried(at..at + 1) && !stream.kept(at..at + 1))
    });
    assert_eq!(lost["any"], !carried);
    assert_eq!(lost["truncated"], cut);
    assert_eq!(lost["request_head"], !requests.kept(request_head));
    assert_eq!(lost["response_head"], !answers.kept(answer_head));
    let first = |range: &std::ops::Range<usize>, stream: &Stream| {
        !range.is_empty() && !stream.carried(range.start..range.start + 1)
    };
    let last = |range: &std::ops::Range<usize>, stream: &Stream| {
        !range.is_empty() && !stream.carried(range.end - 1..range.end)
    };
    assert_eq!(lost["request_first"], first(&found.request, requests));
    assert_eq!(lost["request_last"], last(&found.request, requests));
    assert_eq!(lost["response_first"], first(&found.answer, answers));
    assert_eq!(lost["response_last"], last(&found.answer, answers));
}

#[test]
fn a_lossy_network() {
    let dirt = Dirt { loss_before_tap: 0.1, loss_after_tap: 0.1, ..Dirt::default() };
    assert_eq!(assert_exact(41, dirt), 0);
}

#[test]
fn needless_retransmissions_that_save_what_the_capture_dropped() {
    let dirt = Dirt {
        reordering: 0.5,
        reordering_distance: 8,
        duplicates: 0.5,
        capture_drops: 0.4,
        ..Dirt::default()
    };
    for seed in 42..45 {
        assert!(assert_exact(seed, dirt.clone()) > 500);
    }
}

#[test]
fn a_late_start_into_a_lossy_network() {
    let dirt = Dirt { loss_after_tap: 0.2, skip: Nanos::from_seconds(5), ..Dirt::default() };
    assert!(assert_exact(45, dirt) > 5);
}

#[test]
fn everything_at_once() {
    let dirt = Dirt {
        loss_before_tap: 0.03,
        loss_after_tap: 0.03,
        reordering: 0.05,
        reordering_distance: 4,
        duplicates: 0.05,
        capture_drops: 0.05,
        capture_drop_burst: 5,
        skip: Nanos::from_seconds(3),
        snaplen: Some(400),
        one_direction: 0.1,
        queue_skew: Nanos::from_millis(1),
    };
    assert!(assert_exact(46, dirt) > 100);
}
