//! What a `find` wants to be read.

use super::error::Fault;
use super::syntax::{Argument, ArgumentKind, Call, Comparison};
use model::series::Series;
use regex::{Regex, RegexBuilder};

/// Bytes that a pattern may take once it is compiled.
const PATTERN_BYTES_MAX: usize = 256 * 1_024;

/// What kind of values a `find` reads; others of the same name are an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Distributions.
    Histograms,
    /// Growth of counters.
    Counters,
    /// Levels, of which one part is read.
    Gauges(GaugePart),
}

/// What is read of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaugePart {
    /// The mean of all readings.
    Mean,
    /// The newest reading.
    Last,
    /// The lowest.
    Min,
    /// The highest.
    Max,
}

/// Which series become which streams.
#[derive(Clone, Debug)]
pub struct Find {
    /// The metric's name, in which each `*` stands for anything.
    metric: String,
    tags: Vec<TagMatch>,
    pub(super) kind: ValueKind,
    pub(super) group: Group,
    /// Where the query says so.
    pub(super) at: usize,
}

/// How series are joined while they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Each is a stream of its own.
    Each,
    /// Streams by these tags; by none of them: one stream.
    By(Vec<String>),
}

#[derive(Clone, Debug)]
struct TagMatch {
    name: String,
    value: TagValue,
    wanted: bool,
}

#[derive(Clone, Debug)]
enum TagValue {
    Is(String),
    Matches(Regex),
}

impl PartialEq for TagMatch {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.value, &other.value) {
            (TagValue::Is(one), TagValue::Is(two)) => one == two,
            (TagValue::Matches(one), TagValue::Matches(two)) => one.as_str() == two.as_str(),
            (_, _) => false,
        };
        same && self.name == other.name && self.wanted == other.wanted
    }
}

impl PartialEq for Find {
    /// Whether both read the same; where the query says so does not matter.
    fn eq(&self, other: &Self) -> bool {
        let Self { metric, tags, kind, group, at: _ } = self;
        *metric == other.metric
            && *tags == other.tags
            && *kind == other.kind
            && *group == other.group
    }
}

impl Find {
    /// The series of one metric, each a stream of its own: for languages other than this one.
    #[must_use]
    pub fn of(metric: &str, kind: ValueKind) -> Self {
        Self { metric: metric.to_owned(), tags: Vec::new(), kind, group: Group::Each, at: 0 }
    }

    /// Reads the arguments of `find`, `find:counter` or `find:gauge`.
    pub(super) fn new(call: &Call) -> Result<Self, Fault> {
        let Some((first, tags)) = call.arguments.split_first() else {
            return Err(Fault::new(
                call.end,
                format!("{} finds nothing without a name", call.name),
            )
            .expecting("a metric's name in quotes, as \"http.total\""));
        };
        let ArgumentKind::Text(metric) = &first.kind else {
            return Err(Fault::new(first.at, "the first argument is the metric's name")
                .expecting("a text in quotes, as \"http.total\""));
        };
        let kind = kind(call, metric)?;
        let tags = tags.iter().map(tag).collect::<Result<_, _>>()?;
        Ok(Self { metric: metric.clone(), tags, kind, group: Group::Each, at: call.at })
    }

    /// Whether it reads distributions.
    pub(super) fn is_histograms(&self) -> bool {
        self.kind == ValueKind::Histograms
    }

    /// Whether each series is a stream of its own.
    pub(super) fn is_ungrouped(&self) -> bool {
        self.group == Group::Each
    }

    /// The same series, joined by these tags.
    pub(super) fn grouped(self, by: Vec<String>) -> Self {
        Self { group: Group::By(by), ..self }
    }

    /// The metric's name, where it is one name and not a pattern.
    pub fn metric(&self) -> Option<&str> {
        Some(&*self.metric).filter(|metric| !metric.contains('*'))
    }

    /// What the name looks like in the query.
    pub fn pattern(&self) -> &str {
        &self.metric
    }

    /// Whether a series is wanted. A tag that a series does not have is an empty text.
    pub fn matches(&self, series: &Series) -> bool {
        matches_pattern(&self.metric, series.metric())
            && self.tags.iter().all(|tag| {
                let value = series.tag(&tag.name).unwrap_or_default();
                let is = match &tag.value {
                    TagValue::Is(wanted) => value == wanted,
                    TagValue::Matches(pattern) => pattern.is_match(value),
                };
                is == tag.wanted
            })
    }
}

fn kind(call: &Call, metric: &str) -> Result<ValueKind, Fault> {
    match &*call.name {
        "find" if is_counter(metric) => Ok(ValueKind::Counters),
        "find" | "find:histogram" => Ok(ValueKind::Histograms),
        "find:counter" => Ok(ValueKind::Counters),
        "find:gauge" => Ok(ValueKind::Gauges(GaugePart::Mean)),
        "find:gauge_last" => Ok(ValueKind::Gauges(GaugePart::Last)),
        "find:gauge_min" => Ok(ValueKind::Gauges(GaugePart::Min)),
        "find:gauge_max" => Ok(ValueKind::Gauges(GaugePart::Max)),
        name => Err(Fault::new(call.at, format!("`{name}` cannot begin a pipeline")).expecting(
            "find, find:histogram, find:counter, find:gauge, find:gauge_last, find:gauge_min or find:gauge_max",
        )),
    }
}

/// The observer's own counters, by their names.
fn is_counter(metric: &str) -> bool {
    metric.ends_with(".requests") || metric.starts_with("ledger.") || metric == "observer.cpu_ns"
}

fn tag(argument: &Argument) -> Result<TagMatch, Fault> {
    let ArgumentKind::Tag { name, comparison, value } = &argument.kind else {
        return Err(Fault::new(argument.at, "the arguments behind the metric's name are tags")
            .expecting("tag=\"value\", tag!=\"value\", tag=~\"regex\" or tag!~\"regex\""));
    };
    let wanted = matches!(comparison, Comparison::Equal | Comparison::Matches);
    let value = match comparison {
        Comparison::Equal | Comparison::NotEqual => TagValue::Is(value.clone()),
        Comparison::Matches | Comparison::MatchesNot => {
            let whole = format!("^(?s:{value})$");
            let pattern = RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build();
            let pattern = pattern.map_err(|error| {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim();
                Fault::new(argument.at, format!("the pattern of `{name}` does not read: {reason}"))
                    .expecting("a regular expression as the Rust crate `regex` has them")
            })?;
            TagValue::Matches(pattern)
        }
    };
    Ok(TagMatch { name: name.clone(), value, wanted })
}

/// Whether `name` is `pattern`, in which each `*` stands for anything.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(found) = name.find(part) else { return false };
        name = name.get(found + part.len()..).unwrap_or_default();
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name) in [
            ("http.total", "http.total"),
            ("http.*", "http.total"),
            ("*.total", "http.total"),
            ("*", ""),
            ("h*.*al", "http.total"),
            ("a*a", "aa"),
        ] {
            assert!(matches_pattern(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("http", "http.total"), ("a*a", "a"), ("*.total", "http.totals")] {
            assert!(!matches_pattern(pattern, name), "{pattern} {name}");
        }
    }
}
