//! Every layout in every version: what is built by it is read by it, however it is cut.

use super::*;
use crate::kafka::api;

/// Writes a message by its layout: each text is "name", each list has two elements.
struct Writer {
    version: u8,
    is_flexible: bool,
    bytes: Vec<u8>,
}

impl Writer {
    fn length(&mut self, length: u32, is_short: bool) {
        match (self.is_flexible, is_short) {
            (true, _) => self.bytes.push(u8::try_from(length + 1).unwrap()),
            (false, true) => self.bytes.extend(u16::try_from(length).unwrap().to_be_bytes()),
            (false, false) => self.bytes.extend(length.to_be_bytes()),
        }
    }

    fn text(&mut self) {
        self.length(4, true);
        self.bytes.extend(b"name");
    }

    fn structure(&mut self, layout: Layout, is_bare: bool, depth: usize) {
        assert!(depth < DEPTH_MAX);
        let version = self.version;
        for field in layout.iter().filter(|field| field.is_in(version)) {
            self.field(field.what, depth);
        }
        if self.is_flexible && !is_bare {
            // One tagged field, the 200th, of two bytes.
            self.bytes.extend([1, 0xc8, 0x01, 2, 0xff, 0xff]);
        }
    }

    fn field(&mut self, what: What, depth: usize) {
        match what {
            What::Pass(bytes) => self.bytes.extend(vec![7; usize::from(bytes)]),
            What::Text | What::Topic => self.text(),
            What::ClientId => self.bytes.extend(b"\0\x04name"),
            What::Bytes => {
                self.length(3, false);
                self.bytes.extend([1, 2, 3]);
            }
            What::Numbers(bytes) => {
                self.length(2, false);
                self.bytes.extend(vec![9; 2 * usize::from(bytes)]);
            }
            What::Texts | What::Topics => {
                self.length(2, false);
                self.text();
                self.text();
            }
            What::List(layout) => {
                self.length(2, false);
                for _ in 0..2 {
                    let before = self.bytes.len();
                    self.structure(layout, false, depth + 1);
                    assert!(self.bytes.len() > before, "an element without bytes");
                }
            }
            What::First => self.length(1, false),
            What::Group(layout) => self.structure(layout, false, depth + 1),
            What::Optional(layout) => {
                self.bytes.push(1);
                self.structure(layout, false, depth + 1);
            }
            What::Error | What::Acks => self.bytes.extend(1_u16.to_be_bytes()),
            What::Throttle | What::SessionId | What::SessionEpoch => {
                self.bytes.extend(5_u32.to_be_bytes());
            }
            What::TopicId => self.bytes.extend([3; 16]),
            What::TopicAndId => {
                self.text();
                self.bytes.extend([3; 16]);
            }
            What::Records => {
                self.length(63, false);
                let mut batch = [0; 61];
                batch[11] = 49;
                batch[16] = 2;
                batch[60] = 8;
                // Two bytes of a batch that was cut.
                self.bytes.extend(batch.into_iter().chain([0, 0]));
            }
        }
    }
}

/// What is found in a message of which a piece is shown at a time, and what is left of it.
fn walk(mut walk: Walk, bytes: &[u8], piece: usize) -> (Vec<String>, Step<'static>, usize) {
    let (mut facts, mut at, mut shown) = (Vec::new(), 0_usize, piece.min(bytes.len()));
    loop {
        let left = u32::try_from(bytes.len() - at).unwrap();
        let (read, pass) = match walk.next(&bytes[at.min(shown)..shown], left) {
            Step::Found { read, pass, fact } => {
                facts.push(format!("{fact:?}"));
                (read, pass)
            }
            Step::Pass { read, pass } => (read, pass),
            Step::Need if shown < bytes.len() => {
                shown = (shown + piece).min(bytes.len());
                continue;
            }
            Step::Need => return (facts, Step::Need, bytes.len() - at),
            Step::Done => return (facts, Step::Done, bytes.len() - at),
            Step::Odd => return (facts, Step::Odd, bytes.len() - at),
        };
        at += (read + pass) as usize;
        shown = shown.max(at);
    }
}

/// Every message of every API: a way through it, the message, and whether it is laid out to its end.
fn messages() -> Vec<(String, Walk, Vec<u8>, bool)> {
    let mut messages = Vec::new();
    for (key, api) in (0..).map_while(|key| api::by_key(key).map(|api| (key, api))) {
        for version in 0..=api.latest {
            let is_flexible = api.is_flexible(version);
            let writer = || Writer { version, is_flexible, bytes: Vec::new() };
            let named = |what| format!("{} {what} {version}", api.name);
            if !api.request.is_empty() {
                let mut request = writer();
                request.structure(CLIENT_ID, false, 1);
                request.structure(api.request, false, 0);
                let walk = Walk::request(api.request, version, is_flexible, true);
                messages.push((named("request"), walk, request.bytes, true));
            }
            let mut response = writer();
            let has_tags = is_flexible && key != api::API_VERSIONS;
            if has_tags {
                response.structure(&[], false, 1);
            }
            response.structure(api.response, true, 0);
            let walk = Walk::response(api.response, version, is_flexible, has_tags);
            messages.push((named("answer"), walk, response.bytes, false));
        }
    }
    assert!(messages.len() > 400);
    messages
}

#[test]
fn what_is_written_by_a_layout_is_read_by_it() {
    for (name, way, bytes, is_request) in messages() {
        let (facts, step, left) = walk(way, &bytes, bytes.len());
        assert_eq!((step, left), (Step::Done, 0), "{name}");
        assert!(is_request || !facts.is_empty() || name.contains("DescribeTopic"), "{name}");
        for piece in [1, 3, 17] {
            assert_eq!(walk(way, &bytes, piece), (facts.clone(), step, 0), "{name} by {piece}");
        }
    }
}

#[test]
fn a_message_that_ends_early_is_not_read_to_its_end() {
    for (name, way, bytes, _) in messages() {
        for end in 0..bytes.len() {
            let (_, step, _) = walk(way, &bytes[..end], 64);
            assert_ne!(step, Step::Done, "{name} of {end} bytes");
        }
    }
}

#[test]
fn records_and_topics_are_found() {
    let api = api::by_key(api::FETCH).unwrap();
    let mut writer = Writer { version: 13, is_flexible: true, bytes: Vec::new() };
    writer.structure(api.response, true, 0);
    let way = Walk::response(api.response, 13, true, false);
    let (facts, _, _) = walk(way, &writer.bytes, 1);
    let partition = ["Error(1)", "Records(63)", "Batch("];
    let topic = ["TopicId("].into_iter().chain(partition).chain(partition);
    let expected: Vec<_> = ["Throttle(5)", "Error(1)", "SessionId(5)"]
        .into_iter()
        .chain(topic.clone())
        .chain(topic)
        .collect();
    assert_eq!(facts.len(), expected.len(), "{facts:?}");
    for (fact, expected) in facts.iter().zip(expected) {
        assert!(fact.starts_with(expected), "{fact} is not {expected}");
    }
    assert!(facts.iter().any(|fact| fact.contains("records: 8")), "{facts:?}");
}

#[test]
fn lengths_that_cannot_be_are_odd() {
    const TEXT: Layout = &[all(What::Text)];
    const LIST: Layout = &[all(What::List(TEXT))];
    let odd = |bytes: &[u8], is_flexible| {
        walk(Walk::response(TEXT, 0, is_flexible, false), bytes, bytes.len()).1
    };
    assert_eq!(odd(b"\x00\x05name", false), Step::Odd, "longer than the message");
    assert_eq!(odd(b"\xff\xfename", false), Step::Odd, "−2");
    assert_eq!(odd(b"\xff\xff", false), Step::Done, "null");
    assert_eq!(odd(b"\xff\xff\xff\xff\xff\xff", true), Step::Odd, "a number of six bytes");
    let many = walk(Walk::response(LIST, 0, false, false), &[0x7f, 0, 0, 0, 0, 0], 6).1;
    assert_eq!(many, Step::Odd, "more elements than bytes");
}
