//! Batches as observers send them: Protocol Buffers, so that other programs can send and read them too.
//!
//! ```protobuf
//! message Batches { repeated Batch batches = 1; }
//! message Batch {
//!   string source = 1;           // who observed
//!   fixed64 run = 2;             // random per process start
//!   uint32 pipeline = 3;
//!   fixed64 start_ns = 4;        // of the window, since the epoch
//!   uint64 length_ns = 5;
//!   uint64 revision = 6;         // a higher one replaces the whole batch
//!   repeated string texts = 7;   // what entries name by place
//!   repeated Entry entries = 8;  // one for each series
//! }
//! message Entry {
//!   uint32 metric = 1;           // place in texts
//!   repeated uint32 tags = 2;    // name, value, name, value, …
//!   oneof value {
//!     bytes histogram = 3;       // per bin: bins passed over, count − 1, as LEB128
//!     uint64 delta = 4;
//!     Gauge gauge = 5;
//!     string text = 6;
//!   }
//! }
//! message Gauge { double last = 1; double min = 2; double max = 3; double sum = 4; uint64 count = 5; }
//! ```

mod read;

pub use read::{Bounds, decode, decode_within};

use super::{Batch, BatchId, Gauge, Value};
use crate::histogram::CompactError;
use crate::window::{WindowError, WindowLength};
use prost::Message;
use std::collections::HashMap;
use thiserror::Error;

/// Bytes that are no batches.
#[derive(Debug, Error)]
pub enum WireError {
    /// They are not Protocol Buffers of the right shape.
    #[error("not batches: {0}")]
    Shape(#[from] prost::DecodeError),
    /// They end inside a field, or a field has another type than it should have.
    #[error("not batches: {0}")]
    Field(&'static str),
    /// They say more than the reader takes at a time.
    #[error("the batches hold more than {limit} {what}: send fewer at a time")]
    TooMuch {
        /// Values, or bytes that reading them takes.
        what: &'static str,
        /// How many are taken.
        limit: usize,
    },
    /// A window that cannot be.
    #[error("{0}")]
    Window(#[from] WindowError),
    /// A window that does not begin where windows of its length do.
    #[error("a window of {length} does not begin at {start_ns} ns")]
    Start {
        /// Where it is said to begin.
        start_ns: u64,
        /// How long it is.
        length: WindowLength,
    },
    /// There are not so many pipelines.
    #[error("{0} is no pipeline: the highest number is 65535")]
    Pipeline(u32),
    /// A text that is not there.
    #[error("entry {entry} names text {place}, and there are {texts}")]
    Text {
        /// Which entry.
        entry: usize,
        /// Which text.
        place: u32,
        /// How many there are.
        texts: usize,
    },
    /// A tag's name without its value.
    #[error("entry {0} has a tag without a value")]
    Tag(usize),
    /// An entry that says nothing.
    #[error("entry {0} has no value")]
    NoValue(usize),
    /// A histogram that is none.
    #[error("entry {entry}: {error}")]
    Histogram {
        /// Which entry.
        entry: usize,
        /// Why.
        error: CompactError,
    },
}

#[derive(Clone, PartialEq, Message)]
struct BatchesMessage {
    #[prost(message, repeated, tag = "1")]
    batches: Vec<BatchMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct BatchMessage {
    #[prost(string, tag = "1")]
    source: String,
    #[prost(fixed64, tag = "2")]
    run: u64,
    #[prost(uint32, tag = "3")]
    pipeline: u32,
    #[prost(fixed64, tag = "4")]
    start_ns: u64,
    #[prost(uint64, tag = "5")]
    length_ns: u64,
    #[prost(uint64, tag = "6")]
    revision: u64,
    #[prost(string, repeated, tag = "7")]
    texts: Vec<String>,
    #[prost(message, repeated, tag = "8")]
    entries: Vec<EntryMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryMessage {
    #[prost(uint32, tag = "1")]
    metric: u32,
    #[prost(uint32, repeated, tag = "2")]
    tags: Vec<u32>,
    #[prost(oneof = "ValueMessage", tags = "3, 4, 5, 6")]
    value: Option<ValueMessage>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum ValueMessage {
    #[prost(bytes, tag = "3")]
    Histogram(Vec<u8>),
    #[prost(uint64, tag = "4")]
    Delta(u64),
    #[prost(message, tag = "5")]
    Gauge(GaugeMessage),
    #[prost(string, tag = "6")]
    Text(String),
}

#[derive(Clone, PartialEq, Message)]
struct GaugeMessage {
    #[prost(double, tag = "1")]
    last: f64,
    #[prost(double, tag = "2")]
    min: f64,
    #[prost(double, tag = "3")]
    max: f64,
    #[prost(double, tag = "4")]
    sum: f64,
    #[prost(uint64, tag = "5")]
    count: u64,
}

/// Batches as bytes.
pub fn encode<'b>(batches: impl IntoIterator<Item = &'b Batch>) -> Vec<u8> {
    let batches = batches.into_iter().map(BatchMessage::of).collect();
    BatchesMessage { batches }.encode_to_vec()
}

/// Texts, each once.
#[derive(Default)]
struct Texts<'t> {
    places: HashMap<&'t str, u32>,
    texts: Vec<String>,
}

impl<'t> Texts<'t> {
    fn place(&mut self, text: &'t str) -> u32 {
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text.to_owned());
            next
        })
    }
}

impl BatchMessage {
    fn of(batch: &Batch) -> Self {
        let mut texts = Texts::default();
        let entries = batch.values.iter().map(|(series, value)| EntryMessage {
            metric: texts.place(series.metric()),
            tags: series
                .tags()
                .flat_map(|(name, value)| [name, value])
                .map(|text| texts.place(text))
                .collect(),
            value: Some(ValueMessage::of(value)),
        });
        let entries = entries.collect();
        let BatchId { source, run, pipeline, window } = &batch.id;
        Self {
            source: source.as_ref().to_owned(),
            run: *run,
            pipeline: (*pipeline).into(),
            start_ns: window.start.as_nanos(),
            length_ns: window.length.span().0,
            revision: batch.revision,
            texts: texts.texts,
            entries,
        }
    }
}

impl ValueMessage {
    fn of(value: &Value) -> Self {
        match value {
            Value::Histogram(histogram) => Self::Histogram(histogram.as_bytes().to_vec()),
            Value::Delta(delta) => Self::Delta(*delta),
            &Value::Gauge(Gauge { last, min, max, sum, count }) => {
                Self::Gauge(GaugeMessage { last, min, max, sum, count })
            }
            Value::Text(text) => Self::Text(text.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use crate::series::Series;
    use crate::units::CaptureTime;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            prop::collection::vec(any::<u64>(), 0..20).prop_map(|values| {
                let mut histogram = Histogram::new();
                values.iter().for_each(|value| histogram.record_nanos(*value));
                Value::Histogram((&histogram).into())
            }),
            any::<u64>().prop_map(Value::Delta),
            (-1e9..1e9).prop_map(|level| Value::Gauge(Gauge::once(level))),
            ".{0,8}".prop_map(|text| Value::Text(text.into())),
        ]
    }

    prop_compose! {
        fn batches()(
            (run, pipeline, revision) in any::<(u64, u16, u64)>(),
            seconds in 0_u64..2_000_000_000,
            entries in prop::collection::btree_map("[a-c]{1,2}", (prop::collection::btree_map("[a-c]", ".{0,3}", 0..3), values()), 0..5),
        ) -> Batch {
            let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(seconds, 0));
            let values = entries.into_iter().map(|(metric, (tags, value))| {
                let tags: Vec<(&str, &str)> =
                    tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                (Arc::new(Series::new(&metric, &tags)), value)
            });
            Batch {
                id: BatchId { source: "host".into(), run, pipeline, window },
                revision,
                values: values.collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn batches_round_trip(batches in prop::collection::vec(batches(), 0..3)) {
            prop_assert_eq!(decode(&encode(&batches)).unwrap(), batches);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn damage_never_passes_for_another_histogram(batch in batches(), place in any::<prop::sample::Index>()) {
            let mut bytes = encode([&batch]);
            let length = bytes.len();
            bytes.truncate(place.index(length));
            if let Ok(read) = decode(&bytes) {
                prop_assert!(read.len() <= 1);
            }
        }
    }

    fn message() -> BatchMessage {
        BatchMessage {
            length_ns: 10_000_000_000,
            texts: vec!["m".to_owned()],
            entries: vec![EntryMessage {
                metric: 0,
                tags: Vec::new(),
                value: Some(ValueMessage::Delta(1)),
            }],
            ..BatchMessage::default()
        }
    }

    fn bytes(message: BatchMessage) -> Vec<u8> {
        BatchesMessage { batches: vec![message] }.encode_to_vec()
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |change: fn(&mut BatchMessage)| {
            let mut message = message();
            change(&mut message);
            decode(&bytes(message)).unwrap_err().to_string()
        };
        assert!(decode(&bytes(message())).is_ok());
        for (change, expected) in [
            (
                (|message| message.length_ns = 7) as fn(&mut BatchMessage),
                "a window of 7ns does not meet the minute",
            ),
            (|message| message.start_ns = 1, "a window of 10s does not begin at 1 ns"),
            (|message| message.entries[0].metric = 3, "entry 0 names text 3, and there are 1"),
            (|message| message.entries[0].tags = vec![0], "entry 0 has a tag without a value"),
            (|message| message.entries[0].value = None, "entry 0 has no value"),
            (
                |message| message.entries[0].value = Some(ValueMessage::Histogram(vec![0x80])),
                "entry 0: histogram ends inside the bin at offset 0",
            ),
        ] {
            let said = refused(change);
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn few_bytes_cannot_say_much() {
        // One long name that many entries share.
        let mut message = message();
        message.texts = vec!["m".repeat(10_000)];
        message.entries = vec![message.entries.remove(0); 2_000];
        let bytes = bytes(message);
        let within = |values, bytes_max| {
            decode_within(&bytes, Bounds { values, bytes: bytes_max }).map(|(read, _)| read.len())
        };
        assert!(bytes.len() < 25_000);
        assert_eq!(within(2_000, 30_000_000).unwrap(), 1);
        assert!(matches!(within(1_999, 30_000_000), Err(WireError::TooMuch { limit: 1_999, .. })));
        assert!(matches!(within(2_000, 20_000_000), Err(WireError::TooMuch { .. })));
    }
}
