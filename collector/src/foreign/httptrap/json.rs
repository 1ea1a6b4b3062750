//! Walks a submission's JSON, and hands on each value with its path. Nothing is built of the whole: of two members of one name
//! both count.

use crate::limits::VALUES_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Objects in each other.
const DEPTH_MAX: usize = 16;
/// Bytes of a path.
const NAME_BYTES_MAX: usize = 4_096;

/// What stands at a path.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Names of the members down to it, joined by backticks.
    pub(super) name: String,
    /// `_type`, if it was said.
    pub(super) kind: Option<String>,
    pub(super) value: Said,
    /// `_ts`, ms since the Unix epoch.
    pub(super) at_ms: Option<u64>,
}

/// A value as it stands there.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Nothing,
    Number(f64),
    /// An integer, which a double may not hold.
    Count(u64),
    Text(String),
    List(Vec<Said>),
}

/// Reads a submission: an object of objects of values.
pub(super) fn read(
    bytes: &[u8],
    take: impl FnMut(Entry) -> Result<(), String>,
) -> Result<(), serde_json::Error> {
    let mut walk = Walk { take, found: 0 };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    Node { walk: &mut walk, path: String::new(), depth: 0 }.deserialize(&mut json)?;
    json.end()
}

struct Walk<T> {
    take: T,
    found: usize,
}

impl<T: FnMut(Entry) -> Result<(), String>> Walk<T> {
    fn take<E: Error>(&mut self, entry: Entry) -> Result<(), E> {
        self.found += 1;
        if self.found > VALUES_MAX {
            return Err(E::custom(format_args!("more than {VALUES_MAX} values")));
        }
        (self.take)(entry).map_err(E::custom)
    }
}

/// An object, or a value without one of its own.
struct Node<'w, T> {
    walk: &'w mut Walk<T>,
    path: String,
    depth: usize,
}

impl<'de, T: FnMut(Entry) -> Result<(), String>> DeserializeSeed<'de> for Node<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<T: FnMut(Entry) -> Result<(), String>> Node<'_, T> {
    /// A value that has no object around it.
    fn bare<E: Error>(self, value: Said) -> Result<(), E> {
        if self.depth == 0 {
            return Err(E::custom("a submission is an object"));
        }
        self.walk.take(Entry { name: self.path, kind: None, value, at_ms: None })
    }
}

impl<'de, T: FnMut(Entry) -> Result<(), String>> Visitor<'de> for Node<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metrics")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.bare(Said::Nothing)
    }

    fn visit_bool<E: Error>(self, is_true: bool) -> Result<(), E> {
        self.bare(Said::Count(is_true.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.bare(Said::Count(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.bare(Said::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.bare(Said::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.bare(Said::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let value = SaidVisitor { may_nest: true }.visit_seq(list)?;
        self.bare(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        if self.depth >= DEPTH_MAX {
            return Err(A::Error::custom(format_args!(
                "{}: more than {DEPTH_MAX} deep",
                self.path
            )));
        }
        let (mut kind, mut at_ms, mut values) = (None, None, Vec::new());
        while let Some(name) = members.next_key::<String>()? {
            match &*name {
                "_type" => kind = Some(members.next_value::<String>()?),
                "_ts" => at_ms = millis(&members.next_value_seed(SaidVisitor { may_nest: false })?),
                "_value" => values.push(members.next_value_seed(SaidVisitor { may_nest: true })?),
                _ if name.starts_with('_') => drop(members.next_value::<IgnoredAny>()?),
                _ => {
                    let path = match self.path.is_empty() {
                        true => name,
                        false => format!("{}`{name}", self.path),
                    };
                    if path.len() > NAME_BYTES_MAX {
                        return Err(A::Error::custom("a name has more than 4096 bytes"));
                    }
                    let depth = self.depth + 1;
                    members.next_value_seed(Node { walk: &mut *self.walk, path, depth })?;
                }
            }
        }
        for value in values {
            let name = self.path.clone();
            self.walk.take(Entry { name, kind: kind.clone(), value, at_ms })?;
        }
        Ok(())
    }
}

fn millis(said: &Said) -> Option<u64> {
    match said {
        Said::Count(millis) => Some(*millis),
        Said::Number(millis) if *millis >= 0.0 => Some(*millis as u64),
        Said::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A value, and the list that it may be.
struct SaidVisitor {
    may_nest: bool,
}

impl<'de> DeserializeSeed<'de> for SaidVisitor {
    type Value = Said;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Said, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, or a list of them")
    }

    fn visit_unit<E: Error>(self) -> Result<Said, E> {
        Ok(Said::Nothing)
    }

    fn visit_bool<E: Error>(self, is_true: bool) -> Result<Said, E> {
        Ok(Said::Count(is_true.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Said, E> {
        Ok(Said::Count(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Said, E> {
        Ok(Said::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Said, E> {
        Ok(Said::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said, E> {
        Ok(Said::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        if !self.may_nest {
            return Err(A::Error::custom("a list inside a list"));
        }
        let mut said = Vec::new();
        while let Some(one) = list.next_element_seed(Self { may_nest: false })? {
            said.push(one);
        }
        Ok(Said::List(said))
    }
}
