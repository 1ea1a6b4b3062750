//! Reading batches. Field by field and not as one message: a few bytes of a message can stand for
//! many in memory, and what is read must stay within bounds.

use super::{GaugeMessage, WireError};
use crate::batch::{Batch, BatchId, Gauge, Value};
use crate::histogram::CompactHistogram;
use crate::series::Series;
use crate::units::{CaptureTime, Nanos};
use crate::window::{Window, WindowLength};
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use std::sync::Arc;

/// What may be read at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Values of all batches together.
    pub values: usize,
    /// Bytes in memory, roughly: each series has its names for itself.
    pub bytes: usize,
}

/// What a series, a value and their places take in memory beside their bytes.
const VALUE_BYTES: usize = 160;
/// What each of a series' texts takes beside its bytes.
const TEXT_BYTES: usize = 24;

/// Reads what [`super::encode`] wrote, or a foreign program.
pub fn decode(bytes: &[u8]) -> Result<Vec<Batch>, WireError> {
    let all = Bounds { values: usize::MAX, bytes: usize::MAX };
    decode_within(bytes, all).map(|(batches, _)| batches)
}

/// Reads batches that others send, and says how many bytes they take in memory.
pub fn decode_within(bytes: &[u8], bounds: Bounds) -> Result<(Vec<Batch>, usize), WireError> {
    let mut budget = Budget { bounds, values: 0, bytes: 0 };
    let mut batches = Vec::new();
    let mut fields = Fields(bytes);
    while let Some((tag, field)) = fields.next()? {
        if tag == 1 {
            budget.take(0, VALUE_BYTES)?;
            batches.push(read_batch(field.bytes()?, &mut budget)?);
        }
    }
    Ok((batches, budget.bytes))
}

/// What is left of the bounds.
struct Budget {
    bounds: Bounds,
    values: usize,
    bytes: usize,
}

impl Budget {
    fn take(&mut self, values: usize, bytes: usize) -> Result<(), WireError> {
        self.values = self.values.saturating_add(values);
        self.bytes = self.bytes.saturating_add(bytes);
        let Bounds { values, bytes } = self.bounds;
        match () {
            () if self.values > values => Err(WireError::TooMuch { what: "values", limit: values }),
            () if self.bytes > bytes => {
                Err(WireError::TooMuch { what: "bytes of names and values", limit: bytes })
            }
            () => Ok(()),
        }
    }
}

/// One field of a message.
enum Field<'b> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'b [u8]),
    /// Of a type that no field here has.
    Other,
}

const WRONG_TYPE: WireError = WireError::Field("a field has the wrong type");
const CUT: WireError = WireError::Field("it ends inside a field");

impl<'b> Field<'b> {
    fn number(&self) -> Result<u64, WireError> {
        if let Self::Varint(number) = self { Ok(*number) } else { Err(WRONG_TYPE) }
    }

    fn fixed(&self) -> Result<u64, WireError> {
        if let Self::Fixed(number) = self { Ok(*number) } else { Err(WRONG_TYPE) }
    }

    fn bytes(&self) -> Result<&'b [u8], WireError> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(WRONG_TYPE) }
    }

    fn text(&self) -> Result<&'b str, WireError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| WireError::Field("a text is not UTF-8"))
    }
}

/// The fields of a message, one after the other.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn next(&mut self) -> Result<Option<(u32, Field<'b>)>, WireError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (tag, kind) = decode_key(&mut self.0)?;
        let field = match kind {
            WireType::Varint => Field::Varint(decode_varint(&mut self.0)?),
            WireType::SixtyFourBit => {
                let (number, rest) = self.0.split_first_chunk().ok_or(CUT)?;
                self.0 = rest;
                Field::Fixed(u64::from_le_bytes(*number))
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut self.0)?).map_err(|_| CUT)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            other => {
                skip_field(other, tag, &mut self.0, DecodeContext::default())?;
                Field::Other
            }
        };
        Ok(Some((tag, field)))
    }
}

fn read_batch(bytes: &[u8], budget: &mut Budget) -> Result<Batch, WireError> {
    let (mut source, mut run, mut pipeline) = ("", 0, 0);
    let (mut start_ns, mut length_ns, mut revision) = (0, 0, 0);
    let mut texts: Vec<&str> = Vec::new();
    let mut fields = Fields(bytes);
    while let Some((tag, field)) = fields.next()? {
        match tag {
            1 => source = field.text()?,
            2 => run = field.fixed()?,
            3 => pipeline = field.number()? as u32,
            4 => start_ns = field.fixed()?,
            5 => length_ns = field.number()?,
            6 => revision = field.number()?,
            7 => {
                budget.take(0, size_of::<&str>())?;
                texts.push(field.text()?);
            }
            _ => {}
        }
    }
    let length = WindowLength::new(Nanos(length_ns))?;
    let window = length.window_of(CaptureTime::from_nanos(start_ns));
    if window.start.as_nanos() != start_ns {
        return Err(WireError::Start { start_ns, length });
    }
    let pipeline = u16::try_from(pipeline).map_err(|_| WireError::Pipeline(pipeline))?;
    let window = Window { start: window.start, length };
    let id = BatchId { source: source.into(), run, pipeline, window };
    let values = read_entries(bytes, &texts, budget)?;
    Ok(Batch { id, revision, values })
}

/// Texts can stand behind the entries that name them: this is a second walk.
fn read_entries(
    bytes: &[u8],
    texts: &[&str],
    budget: &mut Budget,
) -> Result<Vec<(Arc<Series>, Value)>, WireError> {
    let (mut values, mut places) = (Vec::new(), Vec::new());
    let mut fields = Fields(bytes);
    while let Some((tag, field)) = fields.next()? {
        if tag == 8 {
            let entry = Entry { number: values.len(), texts };
            values.push(entry.read(field.bytes()?, &mut places, budget)?);
        }
    }
    Ok(values)
}

/// An entry that is being read.
struct Entry<'t> {
    number: usize,
    texts: &'t [&'t str],
}

impl<'t> Entry<'t> {
    /// `places` is kept from entry to entry for its memory.
    fn read(
        &self,
        bytes: &[u8],
        places: &mut Vec<u32>,
        budget: &mut Budget,
    ) -> Result<(Arc<Series>, Value), WireError> {
        budget.take(1, VALUE_BYTES.saturating_add(bytes.len()))?;
        places.clear();
        let (mut metric, mut value) = (0, None);
        let mut fields = Fields(bytes);
        while let Some((tag, field)) = fields.next()? {
            match (tag, field) {
                (1, field) => metric = field.number()? as u32,
                (2, Field::Bytes(mut packed)) => {
                    while !packed.is_empty() {
                        places.push(decode_varint(&mut packed)? as u32);
                    }
                }
                (2, field) => places.push(field.number()? as u32),
                (3..=6, field) => value = Some(self.value(tag, &field)?),
                (_, _) => {}
            }
        }
        let series = self.series(metric, places, budget)?;
        Ok((Arc::new(series), value.ok_or(WireError::NoValue(self.number))?))
    }

    fn text(&self, place: u32) -> Result<&'t str, WireError> {
        let (entry, texts) = (self.number, self.texts.len());
        self.texts.get(place as usize).copied().ok_or(WireError::Text { entry, place, texts })
    }

    fn series(
        &self,
        metric: u32,
        places: &[u32],
        budget: &mut Budget,
    ) -> Result<Series, WireError> {
        let (pairs, []) = places.as_chunks::<2>() else {
            return Err(WireError::Tag(self.number));
        };
        let metric = self.text(metric)?;
        budget.take(0, metric.len())?;
        let mut tags = Vec::with_capacity(pairs.len());
        for [name, value] in pairs {
            let (name, value) = (self.text(*name)?, self.text(*value)?);
            budget.take(0, name.len() + value.len() + 2 * TEXT_BYTES)?;
            tags.push((name, value));
        }
        Ok(Series::new(metric, &tags))
    }

    fn value(&self, tag: u32, field: &Field<'_>) -> Result<Value, WireError> {
        Ok(match tag {
            3 => Value::Histogram(
                CompactHistogram::from_bytes(field.bytes()?)
                    .map_err(|error| WireError::Histogram { entry: self.number, error })?,
            ),
            4 => Value::Delta(field.number()?),
            5 => {
                let GaugeMessage { last, min, max, sum, count } =
                    GaugeMessage::decode(field.bytes()?)?;
                Value::Gauge(Gauge { last, min, max, sum, count })
            }
            _ => Value::Text(field.text()?.into()),
        })
    }
}
