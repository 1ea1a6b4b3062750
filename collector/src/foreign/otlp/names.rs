//! Attributes become tags.
//!
//! A series' tags are its resource's attributes and its own; of two of one name its own counts. What only tells processes apart
//! is left out: their distributions add up.

use model::otlp::{AnyValue, KeyValue};
use std::collections::BTreeMap;

/// Tags of a series; what comes behind them, by name, is left out and counted.
const TAGS_MAX: usize = 32;
/// Bytes of a tag's value; the rest is cut off, and counted.
const VALUE_BYTES_MAX: usize = 256;

/// Attributes that are another with each process.
const OF_PROCESSES: [&str; 5] =
    ["service.instance.id", "process.", "telemetry.", "container.id", "k8s.pod.uid"];

pub(super) type Tags = BTreeMap<String, String>;

/// A series' tags, and how many attributes were left out or cut.
pub(super) fn tags(resource: &[KeyValue], own: &[KeyValue]) -> (Tags, u64) {
    let (mut tags, mut lost) = (Tags::new(), 0);
    for attribute in resource.iter().chain(own) {
        if OF_PROCESSES.iter().any(|prefix| attribute.key.starts_with(prefix)) {
            continue;
        }
        match attribute.value.as_ref().and_then(text) {
            Some(mut text) => {
                if text.len() > VALUE_BYTES_MAX {
                    cut(&mut text, VALUE_BYTES_MAX);
                    lost += 1;
                }
                tags.insert(attribute.key.clone(), text);
            }
            None => lost += 1,
        }
    }
    while tags.len() > TAGS_MAX {
        tags.pop_last();
        lost += 1;
    }
    (tags, lost)
}

/// The first so many bytes, or one letter less.
pub(super) fn cut(text: &mut String, bytes_max: usize) {
    let mut ends = (0..=bytes_max.min(text.len())).rev();
    text.truncate(ends.find(|end| text.is_char_boundary(*end)).unwrap_or_default());
}

fn text(value: &AnyValue) -> Option<String> {
    let AnyValue { text, flag, integer, double } = value;
    text.clone()
        .or_else(|| flag.map(|flag| flag.to_string()))
        .or_else(|| integer.map(|integer| integer.to_string()))
        .or_else(|| double.map(|double| double.to_string()))
}

/// The text of one attribute.
pub(super) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    attributes.iter().find(|own| own.key == key)?.value.as_ref().and_then(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_attributes_come_before_the_resources_and_are_bounded() {
        let resource = [
            KeyValue::text("service.name", "shop"),
            KeyValue::text("service.instance.id", "7"),
            KeyValue::text("process.pid", "1"),
            KeyValue::text("route", "of the resource"),
        ];
        let port = AnyValue { integer: Some(443), ..AnyValue::default() };
        let own = [
            KeyValue::text("route", "/login"),
            KeyValue { key: "port".to_owned(), value: Some(port) },
            KeyValue { key: "list".to_owned(), value: Some(AnyValue::default()) },
            KeyValue::text("long", &"ü".repeat(200)),
        ];
        let (found, lost) = tags(&resource, &own);
        let names: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["long", "port", "route", "service.name"]);
        assert_eq!(
            (&*found["route"], &*found["port"], found["long"].len()),
            ("/login", "443", 256)
        );
        assert_eq!(lost, 2);
        let many: Vec<_> =
            (0..40).map(|number| KeyValue::text(&format!("{number:02}"), "")).collect();
        assert_eq!((tags(&[], &many).0.len(), tags(&[], &many).1), (32, 8));
    }
}
