//! How values are laid out. The engine's blocks and journals carry checksums: rows need none.

use super::damaged;
use super::keys::SeriesId;
use crate::rollup::Floors;
use crate::{Document, Raw, StoreError};
use model::batch::{Gauge, Value};
use model::histogram::CompactHistogram;
use model::units::CaptureTime;
use model::window::WindowLength;

const HISTOGRAM: u8 = 0;
const DELTA: u8 = 1;
const GAUGE: u8 = 2;
/// A gauge that was read once: its level is its last, min, max and sum.
const GAUGE_ONCE: u8 = 3;
const TEXT: u8 = 4;

/// A kind byte, then what the kind needs.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let (kind, mut bytes) = match value {
        Value::Histogram(histogram) => return tagged(HISTOGRAM, histogram.as_bytes()),
        Value::Text(text) => return tagged(TEXT, text.as_bytes()),
        Value::Delta(growth) => (DELTA, varint(*growth)),
        Value::Gauge(gauge) if is_once(gauge) => (GAUGE_ONCE, gauge.last.to_le_bytes().to_vec()),
        Value::Gauge(gauge) => (GAUGE, encode_gauge(gauge)),
    };
    bytes.insert(0, kind);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, StoreError> {
    let wrong = |detail: &str| damaged("a row", detail);
    let (kind, rest) = bytes.split_first().ok_or_else(|| wrong("it is empty"))?;
    match *kind {
        HISTOGRAM => CompactHistogram::from_bytes(rest)
            .map(Value::Histogram)
            .map_err(|error| damaged("a row", &error.to_string())),
        DELTA => whole(rest).map(Value::Delta).ok_or_else(|| wrong("its counter does not read")),
        GAUGE => {
            decode_gauge(rest).map(Value::Gauge).ok_or_else(|| wrong("its gauge does not read"))
        }
        GAUGE_ONCE => rest
            .try_into()
            .map(|level| Value::Gauge(Gauge::once(f64::from_le_bytes(level))))
            .map_err(|_| wrong("its gauge does not read")),
        TEXT => std::str::from_utf8(rest)
            .map(|text| Value::Text(text.into()))
            .map_err(|_| wrong("its text is not UTF-8")),
        _ => Err(wrong("its kind is unknown")),
    }
}

/// A row as it lies; a histogram's bytes are not looked at.
#[inline]
pub(super) fn raw(bytes: &[u8]) -> Result<Raw<'_>, StoreError> {
    match bytes.split_first() {
        Some((&HISTOGRAM, histogram)) => Ok(Raw::Histogram(histogram)),
        _ => match decode(bytes)? {
            Value::Delta(grown) => Ok(Raw::Delta(grown)),
            Value::Gauge(gauge) => Ok(Raw::Gauge(gauge)),
            Value::Histogram(_) | Value::Text(_) => Ok(Raw::Text),
        },
    }
}

fn tagged(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len().saturating_add(1));
    bytes.push(kind);
    bytes.extend_from_slice(payload);
    bytes
}

/// Compares bits: a NaN or a negative zero is kept as it was.
fn is_once(gauge: &Gauge) -> bool {
    let bits = gauge.last.to_bits();
    gauge.count == 1
        && [gauge.min, gauge.max, gauge.sum].iter().all(|level| level.to_bits() == bits)
}

fn encode_gauge(gauge: &Gauge) -> Vec<u8> {
    let mut bytes = Vec::new();
    for level in [gauge.last, gauge.min, gauge.max, gauge.sum] {
        bytes.extend_from_slice(&level.to_le_bytes());
    }
    put_varint(&mut bytes, gauge.count);
    bytes
}

fn decode_gauge(bytes: &[u8]) -> Option<Gauge> {
    let (levels, count) = bytes.split_first_chunk::<32>()?;
    let (levels, _) = levels.as_chunks::<8>();
    let levels: [[u8; 8]; 4] = levels.try_into().ok()?;
    let [last, min, max, sum] = levels.map(f64::from_le_bytes);
    Some(Gauge { last, min, max, sum, count: whole(count)? })
}

/// A batch's head: its revision, and which series it has rows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) revision: u64,
    /// Ascending.
    pub(super) series: Vec<SeriesId>,
}

impl Head {
    /// The revision, then each series' number less the one before.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = varint(self.revision);
        put_series(&mut bytes, &self.series);
        bytes
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let wrong = || damaged("a batch's head", "it does not read");
        let revision = take_varint(&mut bytes).ok_or_else(wrong)?;
        let series = take_series(bytes).ok_or_else(wrong)?;
        Ok(Self { revision, series })
    }
}

/// Runs of numbers: where each begins, and how many they are; ascending.
pub(super) type Runs = Vec<(u64, u64)>;

/// An hour that was rolled up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HourHead {
    /// The base windows that somebody reported, by their number in the hour.
    pub(super) reported: Runs,
    /// Ascending.
    pub(super) series: Vec<SeriesId>,
}

impl HourHead {
    /// How many runs; of each the gap before it and its length; then the series as in a [`Head`].
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = varint(self.reported.len() as u64);
        let mut before = 0;
        for &(first, count) in &self.reported {
            put_varint(&mut bytes, first.saturating_sub(before));
            put_varint(&mut bytes, count);
            before = first.saturating_add(count);
        }
        put_series(&mut bytes, &self.series);
        bytes
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let mut read = || {
            let (mut reported, mut before) = (Vec::new(), 0_u64);
            for _ in 0..take_varint(&mut bytes)? {
                let first = before.checked_add(take_varint(&mut bytes)?)?;
                let count = take_varint(&mut bytes)?;
                before = first.checked_add(count)?;
                // An hour has no more windows than nanoseconds.
                if before > WindowLength::HOUR.span().0 {
                    return None;
                }
                reported.push((first, count));
            }
            Some(Self { reported, series: take_series(bytes)? })
        };
        read().ok_or_else(|| damaged("an hour's head", "it does not read"))
    }
}

/// Each number less the one before.
fn put_series(bytes: &mut Vec<u8>, series: &[SeriesId]) {
    let mut before = 0;
    for id in series {
        put_varint(bytes, id.0.saturating_sub(before));
        before = id.0;
    }
}

fn take_series(mut bytes: &[u8]) -> Option<Vec<SeriesId>> {
    let (mut series, mut last) = (Vec::new(), 0_u64);
    while !bytes.is_empty() {
        last = last.checked_add(take_varint(&mut bytes)?)?;
        series.push(SeriesId(last));
    }
    Some(series)
}

/// Floors, and up to where minutes were forgotten.
pub(super) fn encode_floors(floors: Floors) -> Vec<u8> {
    let Floors { base, minute, hour, minutes_gone } = floors;
    [base, minute, hour, minutes_gone].map(|time| time.as_nanos().to_be_bytes()).concat()
}

pub(super) fn decode_floors(bytes: &[u8]) -> Result<Floors, StoreError> {
    let wrong = || damaged("the retention's floors", "they have the wrong length");
    let bytes: &[u8; 32] = bytes.try_into().map_err(|_| wrong())?;
    let (words, _) = bytes.as_chunks::<8>();
    let words: [[u8; 8]; 4] = words.try_into().map_err(|_| wrong())?;
    let [base, minute, hour, minutes_gone] =
        words.map(|word| CaptureTime::from_nanos(u64::from_be_bytes(word)));
    Ok(Floors { base, minute, hour, minutes_gone })
}

/// What the directory counts, written with every change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Changes ever made: what `acknowledged` is compared with.
    pub(super) writes: u64,
    /// The number that the next new series gets; never given twice.
    pub(super) next_series: u64,
    /// The number that the next new writer gets.
    pub(super) next_writer: u64,
}

impl Counters {
    pub(super) fn encode(self) -> Vec<u8> {
        [self.writes, self.next_series, self.next_writer].map(u64::to_be_bytes).concat()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let wrong = || damaged("the store's counters", "they have the wrong length");
        let bytes: &[u8; 24] = bytes.try_into().map_err(|_| wrong())?;
        let (words, _) = bytes.as_chunks::<8>();
        let words: [[u8; 8]; 3] = words.try_into().map_err(|_| wrong())?;
        let [writes, next_series, next_writer] = words.map(u64::from_be_bytes);
        Ok(Self { writes, next_series, next_writer })
    }
}

/// The number that a dictionary gives.
pub(super) fn decode_number(bytes: &[u8]) -> Result<u64, StoreError> {
    let wrong = |_| damaged("a dictionary", "a number has the wrong length");
    bytes.try_into().map(u64::from_be_bytes).map_err(wrong)
}

/// A document, or the version at which it was deleted: the version, then a byte that says which, then the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filed {
    Live(Document),
    Deleted(u64),
}

impl Filed {
    const LIVE: u8 = 1;
    const DELETED: u8 = 0;

    pub(super) fn version(&self) -> u64 {
        match self {
            Self::Live(document) => document.version,
            Self::Deleted(version) => *version,
        }
    }

    pub(super) fn live(self) -> Option<Document> {
        match self {
            Self::Live(document) => Some(document),
            Self::Deleted(_) => None,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.version().to_be_bytes().to_vec();
        match self {
            Self::Live(document) => {
                bytes.push(Self::LIVE);
                bytes.extend_from_slice(document.text.as_bytes());
            }
            Self::Deleted(_) => bytes.push(Self::DELETED),
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let read = || {
            let (version, rest) = bytes.split_first_chunk()?;
            let version = u64::from_be_bytes(*version);
            match rest.split_first()? {
                (&Self::LIVE, text) => {
                    let text = String::from_utf8(text.to_vec()).ok()?;
                    Some(Self::Live(Document { version, text }))
                }
                (&Self::DELETED, []) => Some(Self::Deleted(version)),
                (_, _) => None,
            }
        };
        read().ok_or_else(|| damaged("a document", "it does not read"))
    }
}

fn varint(number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, number);
    bytes
}

/// LEB128.
fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits != 0 && bits.leading_zeros() < shift {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A number and nothing behind it.
fn whole(mut bytes: &[u8]) -> Option<u64> {
    take_varint(&mut bytes).filter(|_| bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gauge(last: f64, count: u64) -> Value {
        Value::Gauge(Gauge { last, min: -1.0, max: f64::INFINITY, sum: 0.1, count })
    }

    #[test]
    fn values_read_back() {
        for value in [
            Value::Histogram(CompactHistogram::default()),
            Value::Delta(0),
            Value::Delta(u64::MAX),
            gauge(0.5, 3),
            gauge(0.5, 1),
            Value::Gauge(Gauge::once(-0.0)),
            Value::Text("".into()),
            Value::Text("a\0ü".into()),
        ] {
            assert_eq!(decode(&encode(&value)).unwrap(), value);
        }
        assert_eq!(encode(&Value::Gauge(Gauge::once(2.0))).len(), 9);
        assert_eq!(encode(&Value::Delta(127)).len(), 2);
    }

    #[test]
    fn varints_that_do_not_fit_are_refused() {
        assert_eq!(
            whole(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            Some(u64::MAX)
        );
        assert_eq!(whole(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]), None);
        assert_eq!(whole(&[0x80]), None);
        assert_eq!(whole(&[0x01, 0x01]), None);
    }

    proptest! {
        #[test]
        fn heads_and_documents_read_back(
            revision: u64,
            ids in prop::collection::btree_set(any::<u64>(), 0..50),
            version: u64,
            text in ".*",
        ) {
            let head = Head { revision, series: ids.into_iter().map(SeriesId).collect() };
            prop_assert_eq!(Head::decode(&head.encode()).unwrap(), head);
            for filed in [Filed::Live(Document { version, text }), Filed::Deleted(version)] {
                prop_assert_eq!(Filed::decode(&filed.encode()).unwrap(), filed);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (decode(&bytes), Head::decode(&bytes), Counters::decode(&bytes));
            let _ = (Filed::decode(&bytes), decode_number(&bytes));
        }
    }
}
