//! A series: a metric's name and sorted tags.

use crate::histogram::Unit;
use crate::protocol::Protocol;
use std::fmt;

/// A metric and its tags, as in `http.total{method=GET,route=/login,status=2xx,wire=http:80}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    metric: Box<str>,
    tags: Box<[(Box<str>, Box<str>)]>,
}

impl Series {
    /// From a metric and tags in any order; the last of two tags of one name counts.
    pub fn new(metric: &str, tags: &[(&str, &str)]) -> Self {
        let mut sorted = std::collections::BTreeMap::new();
        for &(name, value) in tags {
            sorted.insert(name, value);
        }
        let tags = sorted.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { metric: metric.into(), tags }
    }

    /// The metric's name.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// The tags, sorted by name.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of one tag.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags().find(|&(tag, _)| tag == name).map(|(_, value)| value)
    }

    /// The form that stores use as a key. Injective: names and values are length-prefixed.
    pub fn to_key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.key_bytes());
        let mut put = |text: &str| {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            key.extend_from_slice(&length.to_be_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        put(&self.metric);
        for (name, value) in &self.tags {
            put(name);
            put(value);
        }
        key
    }

    /// How long [`Self::to_key`] is.
    pub fn key_bytes(&self) -> usize {
        let texts = self.tags().fold(0, |sum, (name, value)| sum + 8 + name.len() + value.len());
        4 + self.metric.len() + texts
    }

    /// Reads [`Self::to_key`]; `None` where it is not one.
    pub fn from_key(mut key: &[u8]) -> Option<Self> {
        let metric = take_text(&mut key)?;
        let mut tags = Vec::new();
        while !key.is_empty() {
            tags.push((take_text(&mut key)?, take_text(&mut key)?));
        }
        Some(Self::new(metric, &tags))
    }
}

/// What a text's length takes in a key.
const LENGTH_BYTES: usize = size_of::<u32>();

fn take_text<'a>(key: &mut &'a [u8]) -> Option<&'a str> {
    let (length, rest) = key.split_first_chunk::<LENGTH_BYTES>()?;
    let (text, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *key = rest;
    std::str::from_utf8(text).ok()
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for (place, (name, value)) in self.tags().enumerate() {
            write!(f, "{}{name}={value}", if place == 0 { "{" } else { "," })?;
        }
        if self.tags.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}

/// What the values of one of our own metrics are, as of `http.total`; `None` of a metric that is not ours.
pub fn unit(metric: &str) -> Option<Unit> {
    const COUNTS: [&str; 3] = ["response_rows", "messages", "topic_records"];
    let (protocol, value) = metric.split_once('.')?;
    Protocol::from_name(protocol)?;
    Some(match value {
        value if value.ends_with("_bytes") => Unit::Bytes,
        value if COUNTS.contains(&value) => Unit::Plain,
        _ => Unit::Seconds,
    })
}

/// Which series to read: a metric, and tags that must be equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// The metric's name; any where `None`.
    pub metric: Option<String>,
    /// Tags that the series must have.
    pub tags: Vec<(String, String)>,
}

impl Select {
    /// All series of a metric.
    pub fn metric(metric: &str) -> Self {
        Self { metric: Some(metric.to_owned()), tags: Vec::new() }
    }

    /// The same, narrowed by one tag.
    #[must_use]
    pub fn with(mut self, tag: &str, value: &str) -> Self {
        self.tags.push((tag.to_owned(), value.to_owned()));
        self
    }

    /// Whether a series is wanted.
    pub fn matches(&self, series: &Series) -> bool {
        self.metric.as_deref().is_none_or(|metric| metric == series.metric())
            && self.tags.iter().all(|(name, value)| series.tag(name) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted_and_keys_round_trip() {
        let series = Series::new("http.total", &[("wire", "http:80"), ("method", "GET")]);
        assert_eq!(series.to_string(), "http.total{method=GET,wire=http:80}");
        assert_eq!(Series::from_key(&series.to_key()), Some(series.clone()));
        assert_eq!(series.to_key().len(), series.key_bytes());
        assert_eq!(Series::from_key(&series.to_key()[1..]), None);
        assert!(Select::metric("http.total").with("method", "GET").matches(&series));
        assert!(!Select::metric("http.total").with("method", "PUT").matches(&series));
    }
}
