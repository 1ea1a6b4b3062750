//! Names with stream tags: `latency|ST[route:/login,b"ZGM=":b"ZnJhLTE="]`.
//!
//! Source: Circonus documentation, "Stream Tags". Of two tags of one name the last counts: a series has one value of each.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::series::Series;

/// Tags of one series.
const TAGS_MAX: usize = 64;

type Tags = Vec<(String, String)>;

/// A metric's name, and its tags.
pub(super) fn split(name: &str) -> Result<(String, Tags), String> {
    let (metric, tags) = match name.split_once("|ST[") {
        None => (name, ""),
        Some((metric, rest)) => {
            (metric, rest.strip_suffix(']').ok_or("stream tags end with a bracket")?)
        }
    };
    if metric.is_empty() {
        return Err("there is no name before the stream tags".to_owned());
    }
    let tags = tags.split(',').filter(|tag| !tag.is_empty());
    let tags = tags.map(tag).collect::<Result<Tags, String>>()?;
    match tags.len() <= TAGS_MAX {
        true => Ok((metric.to_owned(), tags)),
        false => Err(format!("more than {TAGS_MAX} stream tags")),
    }
}

/// `category:value`, each plain or `b"…"`. Base64 has neither colons nor commas.
fn tag(text: &str) -> Result<(String, String), String> {
    let (category, value) = text.split_once(':').unwrap_or((text, ""));
    let category = plain(category)?;
    match category.is_empty() {
        true => Err(format!("the stream tag {text:?} has no category")),
        false => Ok((category, plain(value)?)),
    }
}

fn plain(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix("b\"") else { return Ok(text.to_owned()) };
    let wrong = || format!("the stream tag's {text:?} is not base64 of a text in b\"…\"");
    let packed = rest.strip_suffix('"').ok_or_else(wrong)?;
    let bytes = BASE64_STANDARD.decode(packed).map_err(|_| wrong())?;
    String::from_utf8(bytes).map_err(|_| wrong())
}

pub(super) fn series(metric: &str, tags: &Tags) -> Series {
    let tags: Vec<(&str, &str)> = tags.iter().map(|(name, value)| (&**name, &**value)).collect();
    Series::new(metric, &tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> String {
        let (metric, tags) = split(name).unwrap();
        series(&metric, &tags).to_string()
    }

    #[test]
    fn tags_are_plain_or_packed() {
        assert_eq!(named("GET`api`latency"), "GET`api`latency");
        assert_eq!(named("m|ST[a:b,c:d:e,f]"), "m{a=b,c=d:e,f=}");
        assert_eq!(named("m|ST[b\"ZGM=\":b\"ZnJhLCAx\",x:b\"eQ==\"]"), "m{dc=fra, 1,x=y}");
        assert_eq!(named("m|ST[]"), "m");
    }

    #[test]
    fn what_does_not_read_is_said() {
        for (name, expected) in [
            ("m|ST[a:b", "end with a bracket"),
            ("|ST[a:b]", "no name"),
            ("m|ST[:b]", "no category"),
            ("m|ST[a:b\"??\"]", "is not base64"),
            ("m|ST[a:b\"eQ==]", "is not base64"),
        ] {
            let said = split(name).unwrap_err();
            assert!(said.contains(expected), "{name}: {said}");
        }
    }
}
