//! Histograms inside serialized documents: base64 of the binary form where people read, as
//! OpenHistogram's clients write it in JSON; compact bytes elsewhere.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::compact::CompactHistogram;
use super::dense::Histogram;

impl Serialize for CompactHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_base64())
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for CompactHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Base64Visitor)
        } else {
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CompactHistogram::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CompactHistogram::deserialize(deserializer).map(|compact| Self::from(&compact))
    }
}

struct Base64Visitor;

impl Visitor<'_> for Base64Visitor {
    type Value = CompactHistogram;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("base64 of a histogram in OpenHistogram's binary form")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CompactHistogram, E> {
        CompactHistogram::from_base64(text).map_err(E::custom)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = CompactHistogram;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes of a compact histogram")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<CompactHistogram, E> {
        CompactHistogram::from_bytes(bytes).map_err(E::custom)
    }
}
