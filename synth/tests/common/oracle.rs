//! HTTP transactions out of whole streams: every byte's first capture, then a plain walk.

use super::{Flow, Packet, RST, SYN, Synthesized};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// One direction: bytes and the time at which each was captured first. A byte that a packet carried
/// but that was cut off has a time and no value.
#[derive(Default)]
pub(crate) struct Stream {
    bytes: Vec<Option<(Option<u8>, u64)>>,
}

impl Stream {
    fn of<'a>(packets: impl Iterator<Item = &'a Packet> + Clone) -> Self {
        match packets.clone().find(|packet| packet.flags & SYN != 0) {
            Some(syn) => Self::from(syn.seq, packets),
            None => Self::default(),
        }
    }

    /// The stream after a SYN with that sequence number.
    pub(crate) fn from<'a>(isn: u32, packets: impl Iterator<Item = &'a Packet>) -> Self {
        let mut stream = Self::default();
        for packet in packets {
            let at = packet.seq.wrapping_sub(isn.wrapping_add(1)) as usize;
            for offset in 0..packet.payload_len {
                stream.note(at + offset, packet.payload.get(offset).copied(), packet.time_ns);
            }
        }
        stream
    }

    fn note(&mut self, at: usize, byte: Option<u8>, time: u64) {
        if self.bytes.len() <= at {
            self.bytes.resize(at + 1, None);
        }
        let place = &mut self.bytes[at];
        let (mut value, mut first) = (byte, time);
        if let Some((known, known_time)) = *place {
            assert!(known.is_none() || byte.is_none() || known == byte, "repeats are the same");
            (value, first) = (known.or(byte), first.min(known_time));
        }
        *place = Some((value, first));
    }

    fn text(&self) -> Vec<u8> {
        self.bytes.iter().map(|byte| byte.unwrap().0.unwrap()).collect()
    }

    fn byte(&self, at: usize) -> Option<(Option<u8>, u64)> {
        self.bytes.get(at).copied().flatten()
    }

    fn ends(&self, range: &Range<usize>) -> (Option<u64>, Option<u64>) {
        if range.is_empty() {
            return (None, None);
        }
        let time = |at: usize| self.byte(at).map(|byte| byte.1);
        (time(range.start), time(range.end - 1))
    }

    /// Whether packets carried all of it.
    pub(crate) fn carried(&self, mut range: Range<usize>) -> bool {
        range.all(|at| self.byte(at).is_some())
    }

    /// Whether all of it is in the file.
    pub(crate) fn kept(&self, mut range: Range<usize>) -> bool {
        range.all(|at| self.byte(at).is_some_and(|byte| byte.0.is_some()))
    }
}

struct Head {
    start_line: Vec<String>,
    fields: BTreeMap<String, String>,
    len: usize,
}

fn head(text: &[u8]) -> Option<Head> {
    let len = text.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&text[..len - 4]).unwrap();
    let mut lines = head.split("\r\n");
    let start_line = lines.next().unwrap().splitn(3, ' ').map(str::to_owned).collect();
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    };
    Some(Head { start_line, fields: lines.map(field).collect(), len })
}

fn body_len(head: &Head, text: &[u8], to_close: bool) -> usize {
    if head.fields.get("transfer-encoding").is_some_and(|value| value == "chunked") {
        return chunked_len(text);
    }
    match head.fields.get("content-length") {
        Some(len) => len.parse().unwrap(),
        None if to_close => text.len(),
        None => 0,
    }
}

fn chunked_len(text: &[u8]) -> usize {
    let line_at = |at: usize| {
        let len = text[at..].windows(2).position(|window| window == b"\r\n").unwrap();
        (std::str::from_utf8(&text[at..at + len]).unwrap(), at + len + 2)
    };
    let mut at = 0;
    loop {
        let (line, after) = line_at(at);
        let size = usize::from_str_radix(line, 16).unwrap();
        at = after;
        if size == 0 {
            break;
        }
        assert_eq!(&text[at + size..at + size + 2], b"\r\n");
        at += size + 2;
    }
    loop {
        let (line, after) = line_at(at);
        at = after;
        if line.is_empty() {
            return at;
        }
    }
}

/// Where a transaction stands in the two streams, counted from their first bytes.
pub(crate) struct Found {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) code: Option<String>,
    pub(crate) request: Range<usize>,
    pub(crate) request_head: usize,
    /// Empty where there is none.
    pub(crate) interim: Range<usize>,
    /// Empty where there is none.
    pub(crate) answer: Range<usize>,
    pub(crate) answer_head: usize,
}

/// The transactions of a flow that lost nothing.
pub(crate) fn walk_flow(packets: &[Packet]) -> (Vec<Found>, Stream, Stream) {
    let requests = Stream::of(packets.iter().filter(|packet| packet.from_client));
    let answers = Stream::of(packets.iter().filter(|packet| !packet.from_client));
    let reset = packets.iter().any(|packet| packet.flags & RST != 0);
    (walk(&requests.text(), &answers.text(), reset), requests, answers)
}

fn walk(asked: &[u8], answered: &[u8], reset: bool) -> Vec<Found> {
    let (mut at, mut answer_at) = (0, 0);
    let mut found = Vec::new();
    while at < asked.len() {
        let request = head(&asked[at..]).unwrap();
        let body_at = at + request.len;
        let end = body_at + body_len(&request, &asked[body_at..], false);
        let method = request.start_line[0].clone();
        let interim_at = answer_at;
        let mut answer = head(&answered[answer_at..]);
        while let Some(interim) = answer.as_ref().filter(|head| head.start_line[1] == "100") {
            assert_eq!(request.fields["expect"], "100-continue");
            answer_at += interim.len;
            answer = head(&answered[answer_at..]);
        }
        let code = answer.as_ref().map(|answer| answer.start_line[1].clone());
        let answer_head = answer.as_ref().map_or(0, |answer| answer.len);
        let after = answer_at + answer_head;
        let bodiless = method == "HEAD" || matches!(code.as_deref(), Some("204" | "304") | None);
        let body = match &answer {
            Some(answer) if !bodiless => body_len(answer, &answered[after..], !reset),
            _ => 0,
        };
        found.push(Found {
            method,
            target: request.start_line[1].clone(),
            code,
            request: at..end,
            request_head: request.len,
            interim: interim_at..answer_at,
            answer: answer_at..after + body,
            answer_head,
        });
        (at, answer_at) = (end, after + body);
    }
    assert_eq!(answer_at, answered.len(), "every byte of the answers is used");
    found
}

impl Found {
    /// What the truth says of it whatever was lost.
    pub(crate) fn deed(&self, (client, server): &Flow) -> Value {
        let outcome = match self.code.as_ref().map(|code| code.as_bytes()[0]) {
            None => "unanswered",
            Some(b'5') => "server_error",
            Some(b'4') => "client_error",
            Some(_) => "ok",
        };
        json!({
            "protocol": "http", "client": client, "server": server, "operation": self.method,
            "target": self.target, "outcome": outcome, "code": self.code,
            "request_bytes": self.request.len(), "response_bytes": self.answer.len(),
        })
    }

    /// With its moments: when its bytes were captured first.
    pub(crate) fn line(&self, flow: &Flow, requests: &Stream, answers: &Stream) -> Value {
        let (request, answer) = (requests.ends(&self.request), answers.ends(&self.answer));
        let since = |later: Option<u64>| later?.checked_sub(request.0?);
        let mut line = self.deed(flow);
        line["request_first_ns"] = json!(request.0);
        line["request_last_ns"] = json!(request.1);
        line["response_first_ns"] = json!(answer.0);
        line["response_last_ns"] = json!(answer.1);
        line["first_byte_ns"] = json!(since(answer.0));
        line["total_ns"] = json!(since(answer.1));
        line
    }
}

/// All transactions of a capture that lost nothing, as the truth should have them, in any order.
fn transactions(synthesized: &Synthesized) -> Vec<Value> {
    let mut lines = Vec::new();
    for (flow, packets) in synthesized.flows() {
        let (found, requests, answers) = walk_flow(&packets);
        lines.extend(found.iter().map(|found| found.line(&flow, &requests, &answers)));
    }
    lines
}

/// Compares what the oracle finds with the truth, whatever the order.
pub(crate) fn assert_agrees(synthesized: &Synthesized) {
    // Pipelined requests can share a packet and a target: sizes and answers tell them apart.
    let key = |value: &Value| {
        let names = ["client", "operation", "target", "request_bytes", "response_bytes"];
        (names.map(|name| value[name].to_string()), value["response_last_ns"].as_u64())
    };
    let sorted = |mut values: Vec<Value>| {
        for value in &mut values {
            value.as_object_mut().unwrap().remove("lost");
        }
        values.sort_by_key(key);
        values
    };
    let truth = sorted(synthesized.truth());
    let found = sorted(transactions(synthesized));
    assert_eq!(truth.len(), found.len());
    for (truth, found) in truth.iter().zip(&found) {
        assert_eq!(truth, found);
    }
}
