//! The forms that an answer takes.

pub mod arrow;
pub mod csv;
pub mod json;
pub mod text;

use analyzer::query::Stream;
use std::collections::BTreeSet;

/// Columns of tables that are not tags.
const COLUMNS: [&str; 7] =
    ["start", "start_ns", "name", "at_least", "at_most", "histogram", "observed"];

/// The tags that any of the streams has, in order.
fn tag_names<V>(streams: &[Stream<V>]) -> BTreeSet<&str> {
    streams.iter().flat_map(|stream| stream.tags.iter().map(|(name, _)| &**name)).collect()
}

/// What a tag's column is called: a tag may be called as another column is.
fn column(tag: &str) -> String {
    if COLUMNS.contains(&tag) { format!("tag_{tag}") } else { tag.to_owned() }
}
