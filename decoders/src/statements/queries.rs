//! Names given by a file: wirelatency's `queries.json`.

use crate::naming::Kind;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// `{"PreparedStatements":[{"Query":"^SELECT","Name":"SHA256"}],"AdhocStatements":[]}`
///
/// `Query` is a regular expression on the text, white space folded; the first that matches names the statement: by
/// `Name`, or by the text for `RAW`, by the text's digest for `SHA256`. An empty `Name`, like no match at all, leaves it
/// without a name, as wirelatency does: it is counted under its operation alone.
#[derive(Clone, Debug)]
pub struct Queries {
    prepared: Vec<Query>,
    adhoc: Vec<Query>,
}

#[derive(Clone, Debug)]
struct Query {
    text: Regex,
    name: Name,
}

#[derive(Clone, Debug)]
enum Name {
    Raw,
    Sha256,
    Given(Box<str>),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct File {
    prepared_statements: Vec<Entry>,
    adhoc_statements: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    query: String,
    name: String,
}

/// A queries file that cannot be used.
#[derive(Debug, Error)]
pub enum QueriesError {
    /// It is not JSON of the right shape.
    #[error(
        "not a queries file: {0}; it looks like {{\"PreparedStatements\":[{{\"Query\":\"^SELECT\",\"Name\":\"SHA256\"}}],\"AdhocStatements\":[]}}"
    )]
    Shape(#[from] serde_json::Error),
    /// A query is not a regular expression.
    #[error("the query `{query}` is not a regular expression: {reason}; correct it")]
    Query {
        /// The expression.
        query: String,
        /// What is wrong with it, on one line.
        reason: String,
    },
}

impl Queries {
    /// Reads a file's text.
    pub fn parse(json: &str) -> Result<Self, QueriesError> {
        // Of a list serde would make a file without statements.
        let object: Map<String, Value> = serde_json::from_str(json)?;
        let file: File = serde_json::from_value(object.into())?;
        let read = |entries: Vec<Entry>| -> Result<Vec<Query>, QueriesError> {
            entries.into_iter().map(Query::new).collect()
        };
        Ok(Self { prepared: read(file.prepared_statements)?, adhoc: read(file.adhoc_statements)? })
    }

    /// Appends the name of a statement, if it has one.
    pub(super) fn append(&self, text: &[u8], kind: Kind, out: &mut Vec<u8>) {
        let queries = match kind {
            Kind::Prepared => &self.prepared,
            Kind::Adhoc | Kind::Procedure => &self.adhoc,
        };
        // Requests that carry no statement are named by no pattern, not even one that fits everything.
        if queries.is_empty() || text.is_empty() {
            return;
        }
        let base = out.len();
        fold_space(text, out);
        let folded = out.get(base..).unwrap_or_default();
        let Ok(folded) = std::str::from_utf8(folded) else { return out.truncate(base) };
        let query = queries.iter().find(|query| query.text.is_match(folded));
        match query.map(|query| &query.name) {
            Some(Name::Raw) => {}
            Some(Name::Sha256) => {
                let digest = Sha256::digest(folded);
                out.truncate(base);
                out.extend(digest.iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]));
            }
            Some(Name::Given(name)) => {
                out.truncate(base);
                out.extend_from_slice(name.as_bytes());
            }
            None => out.truncate(base),
        }
    }
}

impl Query {
    fn new(Entry { query, name }: Entry) -> Result<Self, QueriesError> {
        let text = Regex::new(&query).map_err(|error| QueriesError::Query {
            reason: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
            query: query.escape_debug().to_string(),
        })?;
        let name = match name.as_str() {
            "RAW" => Name::Raw,
            "SHA256" => Name::Sha256,
            _ => Name::Given(name.into()),
        };
        Ok(Self { text, name })
    }
}

const fn hex(digit: u8) -> u8 {
    match digit {
        0..=9 => b'0' + digit,
        _ => b'a' + digit - 10,
    }
}

/// Appends a text with its white space folded to single blanks, and none at its ends.
fn fold_space(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    for (place, word) in text.split_ascii_whitespace().enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "PreparedStatements": [
            {"Query": "^SELECT .* FROM secrets", "Name": ""},
            {"Query": "^SELECT", "Name": "SHA256"},
            {"Query": "^INSERT", "Name": "inserts"},
            {"Query": ".", "Name": "RAW"}
        ],
        "AdhocStatements": [{"Query": "(?i)^select 1$", "Name": "ping"}]
    }"#;

    fn name(text: &str, kind: Kind) -> String {
        let mut out = b"x".to_vec();
        Queries::parse(FILE).unwrap().append(text.as_bytes(), kind, &mut out);
        String::from_utf8(out).unwrap().strip_prefix('x').unwrap().to_owned()
    }

    #[test]
    fn wirelatencys_queries_file_works_unchanged() {
        let digest = "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5";
        for (text, kind, expected) in [
            ("SELECT 1", Kind::Prepared, digest),
            ("\n SELECT\t1 ", Kind::Prepared, digest),
            ("SELECT *\nFROM secrets", Kind::Prepared, ""),
            ("INSERT INTO t VALUES ($1)", Kind::Prepared, "inserts"),
            ("UPDATE t\nSET a = 1", Kind::Prepared, "UPDATE t SET a = 1"),
            ("", Kind::Prepared, ""),
            ("select 1", Kind::Adhoc, "ping"),
            ("SELECT 2", Kind::Adhoc, ""),
        ] {
            assert_eq!(name(text, kind), expected, "{text:?} {kind:?}");
        }
        let empty = Queries::parse(
            r#"{"PreparedStatements":[{"Query":".","Name":""}],"AdhocStatements":[]}"#,
        );
        assert!(empty.is_ok());
        assert!(Queries::parse("{}").is_ok());
    }

    #[test]
    fn queries_files_that_are_not() {
        for json in ["[]", r#"{"PreparedStatements":[{"Query":"x"}]}"#, r#"{"Prepared":[]}"#] {
            let error = Queries::parse(json).unwrap_err();
            assert!(matches!(error, QueriesError::Shape(_)), "{error}");
            assert_eq!(error.to_string().lines().count(), 1);
        }
        let error =
            Queries::parse(r#"{"AdhocStatements":[{"Query":"(","Name":"x"}]}"#).unwrap_err();
        assert!(error.to_string().contains("`(`"), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}
