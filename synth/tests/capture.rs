//! A capture that misses things: what is in the file is a part of the clean capture, and the truth
//! says what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::{Packet, Synthesized, dirty, small, synthesize};
use model::units::Nanos;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use synth::Dirt;

const MOMENTS: [&str; 4] = ["request_first", "request_last", "response_first", "response_last"];

fn moment(line: &Value, name: &str) -> Option<u64> {
    line[format!("{name}_ns")].as_u64()
}

/// A packet's place in the clean capture: nothing else has it.
type Place = (String, bool, u64);

fn place(packet: &Packet) -> Place {
    (packet.flow.0.clone(), packet.from_client, packet.time_ns)
}

fn places(packets: &[Packet]) -> BTreeSet<Place> {
    packets.iter().map(place).collect()
}

struct Pair {
    clean: Synthesized,
    dirty: Synthesized,
}

impl Pair {
    fn new(seed: u64, dirt: Dirt) -> Self {
        Self { clean: synthesize(&small(seed)), dirty: synthesize(&dirty(seed, dirt)) }
    }

    /// Each dirty line with the clean line of the same transaction.
    fn lines(&self) -> Vec<(Value, Value)> {
        let key = |line: &Value| {
            ["client", "operation", "target", "outcome", "request_bytes", "response_bytes", "code"]
                .map(|name| line[name].to_string())
        };
        let mut clean: BTreeMap<_, Vec<Value>> = BTreeMap::new();
        for line in self.clean.truth() {
            clean.entry(key(&line)).or_default().push(line);
        }
        let agree = |clean: &Value, dirty: &Value| {
            MOMENTS.iter().all(|name| {
                moment(dirty, name).is_none_or(|time| moment(clean, name) == Some(time))
            })
        };
        let partner = |dirty: Value| {
            let candidates = clean.get_mut(&key(&dirty)).unwrap();
            let at = candidates.iter().position(|clean| agree(clean, &dirty)).unwrap();
            (candidates.remove(at), dirty)
        };
        self.dirty.truth().into_iter().map(partner).collect()
    }

    /// Checks that every moment is there exactly where its packet is, and `any` where one is missing.
    fn assert_lost_is_what_is_not_in_the_file(&self) -> usize {
        let kept = places(&self.dirty.packets());
        let all = self.clean.packets();
        let missing: Vec<&Packet> =
            all.iter().filter(|packet| !kept.contains(&place(packet))).collect();
        let mut lossy = 0;
        let mut ends: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for line in self.clean.truth() {
            let client = line["client"].as_str().unwrap().to_owned();
            ends.entry(client).or_default().extend(moment(&line, "response_last"));
        }
        for (clean, dirty) in self.lines() {
            let client = clean["client"].as_str().unwrap().to_owned();
            for name in MOMENTS {
                let Some(time) = moment(&clean, name) else { continue };
                let captured = kept.contains(&(client.clone(), name.starts_with("request"), time));
                assert_eq!(moment(&dirty, name), captured.then_some(time), "{name} {dirty}");
                assert_eq!(dirty["lost"][name], !captured, "{name} {dirty}");
            }
            let within = |packet: &&&Packet, from: Option<u64>, to: Option<u64>| {
                let (Some(from), Some(to)) = (from, to) else { return false };
                (from..=to).contains(&packet.time_ns)
            };
            let (first, end) = (moment(&clean, "response_first"), moment(&clean, "response_last"));
            // An interim answer comes before the answer, but after the answer before.
            let before =
                ends[&client].iter().filter(|end| first.is_some_and(|first| **end < first));
            let from = before.max().map(|end| end + 1).or(Some(0)).min(first);
            let of_flow: Vec<&&Packet> = missing
                .iter()
                .filter(|packet| packet.flow.0 == client && packet.payload_len > 0)
                .collect();
            let request = of_flow.iter().any(|packet| {
                packet.from_client
                    && within(
                        packet,
                        moment(&clean, "request_first"),
                        moment(&clean, "request_last"),
                    )
            });
            let answer =
                of_flow.iter().any(|packet| !packet.from_client && within(packet, from, end));
            assert_eq!(dirty["lost"]["any"], request || answer, "{dirty}");
            lossy += usize::from(request || answer);
        }
        lossy
    }
}

#[test]
fn capture_drops_are_missing_from_the_file_only() {
    for burst in [1, 8] {
        let dirt = Dirt { capture_drops: 0.02, capture_drop_burst: burst, ..Dirt::default() };
        let pair = Pair::new(31, dirt);
        let (all, kept) = (places(&pair.clean.packets()), places(&pair.dirty.packets()));
        assert!(kept.is_subset(&all), "the traffic is the same");
        let share = 1.0 - kept.len() as f64 / all.len() as f64;
        assert!((0.01..0.03).contains(&share), "{share}");
        assert_eq!(pair.dirty.truth().len(), 1_500);
        assert!(pair.assert_lost_is_what_is_not_in_the_file() > 30);
    }
}

#[test]
fn heads_and_framing_are_lost_only_where_their_bytes_are() {
    let pair = Pair::new(32, Dirt { capture_drops: 0.1, ..Dirt::default() });
    let count = |name: &str, first: &str| {
        let mut counts = (0, 0);
        for line in pair.dirty.truth() {
            let lost = &line["lost"];
            if lost[name] == true {
                assert_eq!(
                    (&lost["any"], &lost["framing"]),
                    (&Value::Bool(true), &Value::Bool(true))
                );
                counts.0 += 1;
                // Heads are shorter than a segment: the rest of one shares a packet with its first
                // byte, or lies in the next.
                counts.1 += usize::from(lost[first] == true);
            }
        }
        counts
    };
    let (heads, firsts) = count("response_head", "response_first");
    assert!(heads > 100 && firsts * 10 >= heads * 9, "{heads} {firsts}");
    let content_only = pair
        .dirty
        .truth()
        .iter()
        .filter(|line| line["lost"]["any"] == true && line["lost"]["framing"] == false)
        .count();
    assert!(content_only > 50, "{content_only}");
}

#[test]
fn an_answer_without_a_length_tells_whether_its_end_was_captured() {
    let pair = Pair::new(38, Dirt { capture_drops: 0.2, ..Dirt::default() });
    let flows = pair.dirty.flows();
    let has_fin = |client: &Value| {
        let packets = flows
            .iter()
            .filter(|(flow, _)| client == flow.0.as_str())
            .flat_map(|(_, packets)| packets);
        packets.into_iter().any(|packet| !packet.from_client && packet.flags & common::FIN != 0)
    };
    let truth = pair.dirty.truth();
    let unclosed: Vec<&Value> = truth.iter().filter(|line| line["lost"]["close"] == true).collect();
    assert!(unclosed.iter().all(|line| !has_fin(&line["client"])));
    assert!((2..20).contains(&unclosed.len()), "{}", unclosed.len());
}

#[test]
fn a_late_start_has_open_connections_and_forgets_what_was_over() {
    let skip = Nanos::from_seconds(9);
    let pair = Pair::new(33, Dirt { skip, ..Dirt::default() });
    let start = small(33).start.plus(skip).as_nanos();
    let expected: Vec<Packet> =
        pair.clean.packets().into_iter().filter(|packet| packet.time_ns >= start).collect();
    assert!(pair.dirty.packets() == expected);
    assert!(pair.assert_lost_is_what_is_not_in_the_file() > 0);
    let began_before =
        pair.dirty.flows().values().filter(|packets| packets[0].flags & common::SYN == 0).count();
    assert!(began_before > 20, "{began_before}");
    let still_going = |line: &&Value| {
        moment(line, "response_last")
            .or(moment(line, "request_last"))
            .is_some_and(|end| end >= start)
    };
    let expected = pair.clean.truth().iter().filter(still_going).count();
    assert_eq!(pair.dirty.truth().len(), expected);
    assert!(expected > 100 && expected < 1_400);
}

#[test]
fn a_snaplen_cuts_bytes_but_no_moment() {
    for snaplen in [96, 256, 700] {
        let pair = Pair::new(34, Dirt { snaplen: Some(snaplen), ..Dirt::default() });
        let (all, cut) = (pair.clean.packets(), pair.dirty.packets());
        assert_eq!(all.len(), cut.len());
        for (whole, cut) in all.iter().zip(&cut) {
            assert_eq!(cut.frame_len, whole.frame_len);
            assert_eq!(cut.frame, whole.frame[..whole.frame.len().min(snaplen as usize)]);
        }
        let (mut heads, mut whole_heads) = (0, 0);
        for (clean, dirty) in pair.lines() {
            for name in MOMENTS {
                assert_eq!(moment(&clean, name), moment(&dirty, name));
            }
            assert_eq!(dirty["lost"]["any"], false);
            // Alone in its packet: 54 to 86 bytes of headers come before it.
            let request = dirty["request_bytes"].as_u64().unwrap();
            if request + 54 > u64::from(snaplen) && request < 1_400 {
                assert_eq!(dirty["lost"]["truncated"], true, "{dirty}");
            }
            if dirty["lost"]["request_head"] == true {
                assert_eq!(dirty["lost"]["framing"], true);
                heads += 1;
            } else {
                whole_heads += 1;
            }
        }
        match snaplen {
            96 => assert_eq!(whole_heads, 0),
            256 => assert!(heads > 1_000, "{heads}"),
            _ => assert!(whole_heads > 1_400, "{whole_heads}"),
        }
    }
}

#[test]
fn one_direction_is_hidden_for_some() {
    let pair = Pair::new(35, Dirt { one_direction: 0.3, ..Dirt::default() });
    assert!(places(&pair.dirty.packets()).is_subset(&places(&pair.clean.packets())));
    let mut kinds = [0; 3];
    for packets in pair.dirty.flows().values() {
        let clients = packets.iter().filter(|packet| packet.from_client).count();
        kinds[usize::from(clients > 0) + usize::from(clients == packets.len())] += 1;
    }
    assert!(kinds.iter().all(|count| *count > 5), "{kinds:?}");
    assert!(pair.assert_lost_is_what_is_not_in_the_file() > 200);
}

#[test]
fn a_late_queue_makes_file_times_go_back_and_changes_nothing_else() {
    let skew = Nanos::from_millis(2);
    let pair = Pair::new(36, Dirt { queue_skew: skew, ..Dirt::default() });
    let packets = pair.dirty.packets();
    let (mut newest, mut longest) = (0, 0);
    for packet in &packets {
        newest = newest.max(packet.time_ns);
        longest = longest.max(newest - packet.time_ns);
    }
    assert!((1..=skew.0).contains(&longest), "{longest}");
    assert_eq!(places(&packets), places(&pair.clean.packets()));
    for (clean, dirty) in pair.lines() {
        for name in MOMENTS {
            assert_eq!(moment(&clean, name), moment(&dirty, name));
        }
        assert!(dirty["lost"].as_object().unwrap().values().all(|lost| lost == false));
    }
}

#[test]
fn all_dirt_at_once_is_deterministic_and_flags_say_what_is_null() {
    let dirt = Dirt {
        loss_before_tap: 0.02,
        loss_after_tap: 0.02,
        reordering: 0.05,
        duplicates: 0.05,
        capture_drops: 0.03,
        capture_drop_burst: 4,
        skip: Nanos::from_seconds(4),
        snaplen: Some(300),
        one_direction: 0.1,
        queue_skew: Nanos::from_millis(1),
        ..Dirt::default()
    };
    let options = dirty(37, dirt);
    let (one, again) = (synthesize(&options), synthesize(&options));
    assert!(one.capture == again.capture && one.truth_text == again.truth_text);
    for line in one.truth() {
        for name in MOMENTS {
            let answered = line["outcome"] != "unanswered" || name.starts_with("request");
            assert_eq!(
                line["lost"][name] == true,
                answered && moment(&line, name).is_none(),
                "{line}"
            );
            assert!(line["lost"][name] == false || line["lost"]["any"] == true, "{line}");
        }
    }
}
