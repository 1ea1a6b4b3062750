//! A network that loses, reorders and repeats: each does what it says, and the truth follows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::{Flow, Packet, Synthesized, dirty, oracle, small, synthesize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use synth::Dirt;

/// What was asked and answered, without times.
fn deeds(synthesized: &Synthesized) -> Vec<String> {
    let names =
        ["client", "operation", "target", "outcome", "code", "request_bytes", "response_bytes"];
    let deed = |line: Value| names.map(|name| line[name].to_string()).join(" ");
    let mut deeds: Vec<String> = synthesized.truth().into_iter().map(deed).collect();
    deeds.sort();
    deeds
}

fn with_payload(packets: &[Packet], from_client: bool) -> Vec<&Packet> {
    let wanted = |packet: &&Packet| packet.from_client == from_client && packet.payload_len > 0;
    packets.iter().filter(wanted).collect()
}

fn directions(synthesized: &Synthesized) -> Vec<(Flow, Vec<Packet>)> {
    let mut directions = Vec::new();
    for (flow, packets) in synthesized.flows() {
        for from_client in [true, false] {
            let some = with_payload(&packets, from_client).into_iter().cloned().collect();
            directions.push((flow.clone(), some));
        }
    }
    directions
}

/// Segments that bring bytes captured before, and segments that come after a hole.
fn repeats_and_jumps(synthesized: &Synthesized) -> (usize, usize) {
    let (mut repeats, mut jumps) = (0, 0);
    for (_, packets) in directions(synthesized) {
        let mut seen: HashMap<u32, ()> = HashMap::new();
        let mut next: Option<u32> = None;
        for packet in &packets {
            let bytes = || (0..packet.payload_len as u32).map(|at| packet.seq.wrapping_add(at));
            repeats += usize::from(bytes().any(|byte| seen.contains_key(&byte)));
            jumps += usize::from(next.is_some_and(|next| packet.seq.wrapping_sub(next) as i32 > 0));
            seen.extend(bytes().map(|byte| (byte, ())));
            let end = packet.seq.wrapping_add(packet.payload_len as u32);
            next = Some(
                next.map_or(end, |next| if end.wrapping_sub(next) as i32 > 0 { end } else { next }),
            );
        }
    }
    (repeats, jumps)
}

fn assert_nothing_lost(synthesized: &Synthesized) {
    for line in synthesized.truth() {
        let lost = line["lost"].as_object().unwrap();
        assert!(lost.values().all(|lost| lost == false), "{line}");
    }
}

#[test]
fn loss_before_the_tap_shows_late_bytes_and_no_repeated_ones() {
    let clean = synthesize(&small(21));
    let synthesized = synthesize(&dirty(21, Dirt { loss_before_tap: 0.05, ..Dirt::default() }));
    oracle::assert_agrees(&synthesized);
    assert_nothing_lost(&synthesized);
    assert_eq!(deeds(&clean), deeds(&synthesized), "dirt changes no request");
    let (repeats, jumps) = repeats_and_jumps(&synthesized);
    assert!(jumps > 30, "{jumps}");
    // A repair may carry neighbours of the lost segment again.
    assert!(repeats < jumps / 4, "{repeats} repeats, {jumps} jumps");
    let slow = |synthesized: &Synthesized| {
        let transfer = |line: &Value| {
            line["response_last_ns"].as_u64()?.checked_sub(line["response_first_ns"].as_u64()?)
        };
        let lines = synthesized.truth();
        lines.iter().filter_map(transfer).filter(|span| *span > 200_000_000).count()
    };
    let (clean, lossy) = (slow(&clean), slow(&synthesized));
    assert!(lossy > clean + 10, "{clean} clean, {lossy} lossy");
}

#[test]
fn loss_after_the_tap_shows_the_first_copy_and_the_retransmission() {
    let clean = synthesize(&small(22));
    let synthesized = synthesize(&dirty(22, Dirt { loss_after_tap: 0.02, ..Dirt::default() }));
    oracle::assert_agrees(&synthesized);
    assert_nothing_lost(&synthesized);
    assert_eq!(deeds(&clean), deeds(&synthesized));
    let (repeats, jumps) = repeats_and_jumps(&synthesized);
    assert!(repeats > 50, "{repeats}");
    assert_eq!(jumps, 0, "the tap sees every byte in order");
    assert_eq!(repeats_and_jumps(&clean), (0, 0));
}

#[test]
fn heavy_loss_on_both_sides_still_agrees() {
    let dirt = Dirt { loss_before_tap: 0.15, loss_after_tap: 0.15, ..Dirt::default() };
    let synthesized = synthesize(&dirty(23, dirt));
    oracle::assert_agrees(&synthesized);
    assert_nothing_lost(&synthesized);
}

#[test]
fn reordering_stays_within_its_distance() {
    for distance in [1, 2] {
        let dirt = Dirt { reordering: 0.1, reordering_distance: distance, ..Dirt::default() };
        let synthesized = synthesize(&dirty(24, dirt));
        oracle::assert_agrees(&synthesized);
        let (repeats, jumps) = repeats_and_jumps(&synthesized);
        assert_eq!(repeats, 0, "too short for a fast retransmission");
        assert!(jumps > 50, "{jumps}");
        let mut longest = 0;
        for (_, packets) in directions(&synthesized) {
            for (index, packet) in packets.iter().enumerate() {
                let later = |other: &&Packet| other.seq.wrapping_sub(packet.seq) as i32 > 0;
                longest = longest.max(packets[..index].iter().filter(later).count());
            }
        }
        assert_eq!(longest, usize::from(distance));
    }
}

#[test]
fn long_reordering_provokes_needless_retransmissions() {
    let dirt = Dirt { reordering: 0.2, reordering_distance: 6, ..Dirt::default() };
    let synthesized = synthesize(&dirty(25, dirt));
    oracle::assert_agrees(&synthesized);
    assert!(repeats_and_jumps(&synthesized).0 > 0);
}

#[test]
fn duplicates_are_the_same_frame_a_little_later() {
    let synthesized = synthesize(&dirty(26, Dirt { duplicates: 0.05, ..Dirt::default() }));
    oracle::assert_agrees(&synthesized);
    let mut first: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut duplicates = 0;
    for packet in synthesized.packets() {
        if let Some(before) = first.get(&packet.frame) {
            assert!(packet.time_ns - before <= 60_000);
            duplicates += 1;
        }
        first.entry(packet.frame).or_insert(packet.time_ns);
    }
    let share = f64::from(duplicates) / synthesized.summary.packets as f64;
    assert!((0.03..0.07).contains(&share), "{share}");
}

#[test]
fn everything_at_once_is_deterministic_and_agrees() {
    let dirt = Dirt {
        loss_before_tap: 0.01,
        loss_after_tap: 0.01,
        reordering: 0.02,
        duplicates: 0.02,
        ..Dirt::default()
    };
    let options = dirty(27, dirt);
    let (one, again) = (synthesize(&options), synthesize(&options));
    assert!(one.capture == again.capture && one.truth_text == again.truth_text);
    oracle::assert_agrees(&one);
    assert!(one.packets().is_sorted_by_key(|packet| packet.time_ns));
    assert!(one.packets().iter().all(common::checksums_are_right));
}
