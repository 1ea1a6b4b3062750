//! docs/query.md is what was run.

use super::{ask, shown, world};
use crate::query::{Query, forms};
use model::units::Nanos;

const PAGE: &str = include_str!("../../../../docs/query.md");

/// The blocks of a language on the page.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(&*fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_example_is_a_query() {
    let examples: Vec<_> = blocks("wirelat").iter().flat_map(|block| block.split("\n\n")).collect();
    assert!(examples.len() >= 9, "{}", examples.len());
    for text in examples {
        Query::parse(text).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Blocks that show a query, an empty line and its answer over the page's table.
#[test]
fn every_shown_answer_is_what_comes() {
    let examples = blocks("console");
    assert!(examples.len() >= 2, "{}", examples.len());
    for example in examples {
        let (text, answer) = example.split_once("\n\n").unwrap();
        let came = shown(&ask(&world(), text, 1_000, 1_060, Nanos::from_seconds(10)));
        assert_eq!(came.join("\n"), answer.trim_end(), "{text}");
    }
}

#[test]
fn every_function_is_described() {
    for form in forms() {
        let name = form.split('(').next().unwrap();
        assert!(PAGE.contains(&format!("| `{name}(")), "{name} has no line in the table");
        let example = format!("`{form}`");
        assert!(PAGE.contains(&example), "{example} is not on the page");
    }
}
