//! Segments cut anywhere, and packets cut by the snap length.

use crate::common::pcap::{self, Packet};
use crate::common::synthetic::{Fate, Judge, Synthetic, Truth, busy};
use crate::common::{Found, Settings, fixture, replay_bytes, replay_file};
use observer::capture::FileSource;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use synth::{BodySizes, Dirt, Options};

/// Cases in which every byte was captured; one of each kind of message.
const WHOLE: [&str; 18] = [
    "absolute_form",
    "bodyless_answers",
    "chunked_trailers",
    "chunked_upload",
    "close_delimited",
    "connect_tunnel",
    "early_answer",
    "expect_continue",
    "half_close",
    "http10_keepalive",
    "interim_answers",
    "ipv6",
    "methods",
    "nanosecond",
    "pipelined",
    "split_head",
    "unknown_method",
    "websocket",
];

/// Pieces that a segment is cut into, at most.
const PIECES_MAX: usize = 6;

/// Numbers that say where to cut: for each packet some places, as parts of 65,536 of its payload.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(any::<u16>(), 0..PIECES_MAX), 1..200)
}

pub(crate) fn cut(packets: &[Packet], cuts: &[Vec<u16>]) -> Vec<Packet> {
    let places = packets.iter().zip(cuts.iter().cycle());
    let pieces = places.flat_map(|(packet, cuts)| {
        let length = packet.payload_length();
        let mut cuts: Vec<usize> = cuts
            .iter()
            .map(|&cut| usize::from(cut) * length / 65_536)
            .filter(|&cut| cut > 0)
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        packet.cut(&cuts)
    });
    pieces.collect()
}

/// Every payload byte in a packet of its own.
pub(crate) fn cut_to_bytes(packets: &[Packet]) -> Vec<Packet> {
    let pieces = packets.iter().flat_map(|packet| {
        let cuts: Vec<usize> = (1..packet.payload_length()).collect();
        packet.cut(&cuts)
    });
    pieces.collect()
}

fn transactions(packets: &[Packet]) -> Result<Vec<Found>, TestCaseError> {
    let run = replay_bytes(&pcap::write(packets), &Settings::default());
    let run = run.map_err(|error| TestCaseError::fail(error.to_string()))?;
    run.balance().map_err(TestCaseError::fail)?;
    Ok(run.found)
}

fn same_when_cut(what: &str, packets: &[Packet], cases: u32) {
    let whole = transactions(packets).unwrap();
    assert!(!whole.is_empty(), "{what} has no transactions");
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&cuts(), |cuts| {
        let found = transactions(&cut(packets, &cuts))?;
        prop_assert_eq!(&found, &whole);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{what}: {error}"));
}

#[test]
fn cutting_recorded_segments_changes_nothing() {
    for name in WHOLE {
        let packets = pcap::read(&mut FileSource::open(&fixture(name)).unwrap());
        same_when_cut(name, &packets, 48);
        let found = transactions(&cut_to_bytes(&packets)).unwrap();
        assert_eq!(found, transactions(&packets).unwrap(), "{name}, byte by byte");
    }
}

#[test]
fn cutting_synthetic_segments_changes_nothing() {
    for seed in 1..=2 {
        let synthetic = Synthetic::new(&busy(400, seed, Dirt::default()));
        same_when_cut(&format!("seed {seed}"), &pcap::read_bytes(&synthetic.capture), 24);
    }
}

/// A cut may put text that looks like a head at the start of a segment: even then nothing is guessed.
#[test]
fn cutting_a_dirty_capture_invents_nothing() {
    for seed in 1..=3 {
        let dirt = Dirt { capture_drops: 0.03, capture_drop_burst: 2, ..Dirt::default() };
        let options = Options {
            // Bodies over many segments, with decoys in them.
            bodies: Some(BodySizes { median_bytes: 8_000, ..BodySizes::WEB }),
            ..busy(300, seed, dirt)
        };
        let synthetic = Synthetic::new(&options);
        let packets = pcap::read_bytes(&synthetic.capture);
        let config =
            ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
        let result = TestRunner::new(config).run(&cuts(), |cuts| {
            let found = transactions(&cut(&packets, &cuts))?;
            let tally = Judge::all(true, &found, &synthetic.truth);
            prop_assert!(tally.faults.is_empty(), "{}", tally);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

/// DESIGN's promise for a snap length: each transaction is equal, or the same without its name or size, or quarantined.
pub(crate) fn keeps_the_promise(whole: &[Found], cut: &[Found]) -> Result<usize, String> {
    let key = |found: &Found| (found.client.clone(), found.server.clone(), found.moments[0]);
    let mut left: BTreeMap<_, Vec<&Found>> = BTreeMap::new();
    for found in whole {
        left.entry(key(found)).or_default().push(found);
    }
    // Several can begin in one packet: those that are equal find each other first.
    let is_quarantined = |found: &Found| found.outcome.name() == "quarantined";
    let mut take = |found: &Found, fits: &dyn Fn(&Found) -> bool| {
        let candidates = left.entry(key(found)).or_default();
        let place = candidates.iter().position(|original| fits(original));
        place.map(|place| candidates.remove(place)).is_some()
    };
    let unequal: Vec<&Found> =
        cut.iter().filter(|found| !take(found, &|original| original == *found)).collect();
    let equal = cut.len() - unequal.len();
    for found in unequal {
        let fits = |original: &Found| is_quarantined(found) || is_same_without(original, found);
        if !take(found, &fits) {
            return Err(format!("invented or changed: {found:?}"));
        }
    }
    let counted: BTreeSet<_> = cut.iter().map(key).collect();
    // Nothing tells of a request whose first byte was cut off behind another one in the same packet.
    // In Postgres that may be a message that is no request of its own.
    let is_behind = |missing: &Found| {
        missing.wire.starts_with("postgres:") && matches!(&*missing.operation, "Execute" | "Sync")
    };
    let mut left = left.into_values().flatten();
    let missing = left.find(|missing| !counted.contains(&key(missing)) && !is_behind(missing));
    missing.map_or(Ok(equal), |missing| Err(format!("uncounted: {missing:?}")))
}

fn is_same_without(original: &Found, found: &Found) -> bool {
    // An end that the snap length hides has no time, and says so.
    let [request_first, request_last, response_first, response_last] = found.moments;
    let has = |attribute: &str| found.attributes.contains(&attribute);
    let request_end = request_last == original.moments[1]
        || (request_last.is_none() && has("request_end_not_captured"));
    let response_end = response_last == original.moments[3]
        || (response_last.is_none() && has("end_not_captured"));
    request_first == original.moments[0]
        && response_first == original.moments[2]
        && request_end
        && response_end
        && found.outcome == original.outcome
        && found.code == original.code
        && (found.operation == original.operation || !found.has_operation())
        && found.request_bytes.is_none_or(|bytes| Some(bytes) == original.request_bytes)
        && found.response_bytes.is_none_or(|bytes| Some(bytes) == original.response_bytes)
}

pub(crate) fn truncated(packets: &[Packet], snaplen: usize) -> Vec<Packet> {
    packets.iter().map(|packet| packet.truncated(snaplen)).collect()
}

#[test]
fn a_snap_length_keeps_its_promise() {
    for name in WHOLE {
        let packets = pcap::read(&mut FileSource::open(&fixture(name)).unwrap());
        let whole = transactions(&packets).unwrap();
        for snaplen in [128, 200, 256, 320, 512, 1_024] {
            let cut = transactions(&truncated(&packets, snaplen)).unwrap();
            let equal = keeps_the_promise(&whole, &cut);
            let equal = equal.unwrap_or_else(|fault| panic!("{name}, snaplen {snaplen}: {fault}"));
            println!("{name}, snaplen {snaplen}: {equal} of {} equal", whole.len());
        }
    }
}

/// Where every head, chunk length and trailer of a connection was kept, nothing changes.
#[test]
fn where_heads_fit_a_snap_length_changes_nothing() {
    for snaplen in [256, 400, 800, 1_200] {
        let dirt = Dirt { snaplen: Some(snaplen), ..Dirt::default() };
        let options = Options { requests_per_connection: 2.0, ..busy(2_000, 5, dirt) };
        let synthetic = Synthetic::new(&options);
        let found = replay_bytes(&synthetic.capture, &Settings::default()).unwrap().found;
        let cut: BTreeSet<&str> = synthetic
            .truth
            .iter()
            .filter(|truth| {
                truth.lost.framing || truth.lost.request_head || truth.lost.response_head
            })
            .map(|truth| truth.client.as_str())
            .collect();
        let found: Vec<Found> =
            found.into_iter().filter(|found| !cut.contains(found.client.as_str())).collect();
        let whole = synthetic.truth.iter().filter(|truth| !cut.contains(truth.client.as_str()));
        let truth: Vec<Truth> = whole.cloned().collect();
        let tally = Judge::all(false, &found, &truth);
        println!("snaplen {snaplen}: {tally}");
        tally.assert_faultless(&format!("snaplen {snaplen}"));
        assert!(snaplen < 400 || tally.of(Fate::Equal) > 100, "{tally}");
    }
    for name in ["keepalive", "nanosecond", "delay_20ms_client_side", "bodyless_answers"] {
        let path = fixture(name);
        let whole = replay_file(&path, &Settings::default()).unwrap().found;
        let packets = pcap::read(&mut FileSource::open(&path).unwrap());
        let cut = transactions(&truncated(&packets, 512)).unwrap();
        assert_eq!(cut, whole, "{name}");
    }
}
