//! Kafka's protocol (its protocol guide): ApiVersions 3, Metadata 12, Produce 9 and Fetch 12, all with tagged fields.

use super::bytes::{Write, length};
use super::{Draft, Talk, message};

const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const METADATA: i16 = 3;
const API_VERSIONS: i16 = 18;
/// APIs that the broker has: keys, and the versions up to which it speaks them.
const APIS: [(i16, i16); 4] = [(PRODUCE, 9), (FETCH, 12), (METADATA, 12), (API_VERSIONS, 3)];

const TOPICS: [&str; 4] = ["orders", "payments", "page-views", "audit"];
const CLIENT: &str = "synth";
/// The header of a record batch, of which the length counts what is behind it.
const BATCH_LENGTH_FROM: usize = 12;
const RECORD_BYTES: u64 = 150;

/// No tagged fields.
const NO_TAGS: u8 = 0;

pub(super) fn talk(draft: &mut Draft<'_>) -> Talk {
    let topic = draft.random.pick(&TOPICS).copied().unwrap_or_default();
    let (operation, key, version, body, answer) = match draft.asked {
        0 => ("ApiVersions", API_VERSIONS, 3, about_client(), api_versions()),
        1 => ("Metadata", METADATA, 12, metadata(topic), described(topic)),
        _ if draft.random.chance(0.5) => {
            ("Produce", PRODUCE, 9, produce(draft, topic), produced(topic))
        }
        _ => ("Fetch", FETCH, 12, fetch(topic), fetched(draft, topic)),
    };
    let correlation = i32::try_from(draft.asked).unwrap_or_default();
    let mut request = Vec::new();
    request.int16(key).int16(version).int32(correlation);
    request.int16(CLIENT.len() as i16).bytes(CLIENT.as_bytes()).bytes(&[NO_TAGS]).bytes(&body);
    let mut response = Vec::new();
    response.int32(correlation);
    if key != API_VERSIONS {
        // Its answer's header is of version 0 for ever, so that any client can read it.
        response.push(NO_TAGS);
    }
    response.bytes(&answer);
    Talk {
        operation,
        target: if draft.asked == 0 { String::new() } else { topic.to_owned() },
        request: message(sized(&request)),
        response: message(sized(&response)),
    }
}

fn sized(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 4);
    out.int32(length(content.len())).bytes(content);
    out
}

/// A compact string: its length and one, then its bytes.
fn compact(out: &mut Vec<u8>, text: &str) {
    out.varint(text.len() as u64 + 1).bytes(text.as_bytes());
}

fn about_client() -> Vec<u8> {
    let mut out = Vec::new();
    compact(&mut out, "synth");
    compact(&mut out, "1.0");
    out.push(NO_TAGS);
    out
}

fn api_versions() -> Vec<u8> {
    let mut out = Vec::new();
    out.int16(0).varint(APIS.len() as u64 + 1);
    for (key, newest) in APIS {
        out.int16(key).int16(0).int16(newest).push(NO_TAGS);
    }
    out.int32(0).push(NO_TAGS);
    out
}

fn metadata(topic: &str) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(2).bytes(&[0; 16]);
    compact(&mut out, topic);
    out.push(NO_TAGS);
    out.bytes(&[0, 0, NO_TAGS]);
    out
}

fn described(topic: &str) -> Vec<u8> {
    let mut out = Vec::new();
    // Throttle time; one broker without a rack; cluster, controller.
    out.int32(0).varint(2).int32(1);
    compact(&mut out, "broker");
    out.int32(9_092).bytes(&[0, NO_TAGS]);
    compact(&mut out, "cluster");
    out.int32(1);
    // One topic with one partition: leader, its epoch, replicas, those in sync, none offline.
    out.varint(2).int16(0);
    compact(&mut out, topic);
    out.bytes(&[0x5a; 16]).int8(0);
    out.varint(2).int16(0).int32(0).int32(1).int32(0);
    out.varint(2).int32(1).varint(2).int32(1).varint(1).push(NO_TAGS);
    out.int32(i32::MIN).bytes(&[NO_TAGS, NO_TAGS]);
    out
}

/// A record batch of version 2, whose records nobody will read.
fn batch(draft: &Draft<'_>, bytes: u64) -> Vec<u8> {
    let records = (bytes / RECORD_BYTES).clamp(1, 10_000);
    let text = draft.text(bytes);
    let millis = draft.at.as_nanos() as i64 / 1_000_000;
    let mut rest = Vec::new();
    // Leader epoch, magic, checksum, attributes, last offset, times, producer, first sequence, count.
    rest.int32(0).int8(2).int32(0x1234_5678).int16(0).int32(length(records as usize - 1));
    rest.int64(millis - 3).int64(millis - 2).int64(-1).int16(-1).int32(-1);
    rest.int32(length(records as usize)).bytes(&text);
    let mut out = Vec::with_capacity(rest.len() + BATCH_LENGTH_FROM);
    out.int64(0).int32(length(rest.len())).bytes(&rest);
    out
}

fn produce(draft: &mut Draft<'_>, topic: &str) -> Vec<u8> {
    let records = batch(draft, draft.body);
    let mut out = Vec::new();
    // No transaction; acks of all; a time-out.
    out.varint(0).int16(-1).int32(30_000).varint(2);
    compact(&mut out, topic);
    out.varint(2).int32(0).varint(records.len() as u64 + 1).bytes(&records);
    out.bytes(&[NO_TAGS, NO_TAGS, NO_TAGS]);
    out
}

fn produced(topic: &str) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(2);
    compact(&mut out, topic);
    out.varint(2).int32(0).int16(0).int64(4_711).int64(-1).int64(0);
    // No errors of records, no message.
    out.varint(1).varint(0).bytes(&[NO_TAGS, NO_TAGS]);
    out.int32(0).push(NO_TAGS);
    out
}

fn fetch(topic: &str) -> Vec<u8> {
    let mut out = Vec::new();
    // Replica, longest wait, bytes, isolation, session and epoch.
    out.int32(-1).int32(500).int32(1).int32(50 << 20).int8(0).int32(0).int32(-1).varint(2);
    compact(&mut out, topic);
    out.varint(2).int32(0).int32(0).int64(4_711).int32(-1).int64(-1).int32(1 << 20);
    out.bytes(&[NO_TAGS, NO_TAGS]).varint(1);
    compact(&mut out, "");
    out.push(NO_TAGS);
    out
}

fn fetched(draft: &mut Draft<'_>, topic: &str) -> Vec<u8> {
    let records = batch(draft, draft.body);
    let mut out = Vec::new();
    out.int32(0).int16(0).int32(0).varint(2);
    compact(&mut out, topic);
    out.varint(2).int32(0).int16(0).int64(4_712).int64(4_712).int64(0);
    // No aborted transactions, no better replica.
    out.varint(0).int32(-1).varint(records.len() as u64 + 1).bytes(&records);
    out.bytes(&[NO_TAGS, NO_TAGS, NO_TAGS]);
    out
}
