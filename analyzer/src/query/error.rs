//! What is wrong with a query, and where.

use std::fmt;

/// Characters of the query's line that an error shows before the place it points at, and behind it.
const SHOWN_BEFORE: usize = 72;
const SHOWN_BEHIND: usize = 24;

/// A query that cannot be answered as it is written. Displayed with its line, a caret, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong, in one line.
    pub message: String,
    /// What could stand there instead.
    pub expected: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The character in that line, from 1.
    pub column: usize,
    /// That line, or the part of it around the column.
    excerpt: String,
    /// Characters of the excerpt before the caret.
    indent: usize,
}

/// An error that knows its place only as a byte offset.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) expected: Option<String>,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), expected: None }
    }

    pub(super) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// With the line and the column that its offset has in the query.
    pub(super) fn in_text(self, text: &str) -> QueryError {
        let before = text.get(..self.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let own = before.rsplit('\n').next().unwrap_or_default();
        let column = own.chars().count();
        let whole = text.split('\n').nth(line - 1).unwrap_or_default().trim_end();
        let skipped = column.saturating_sub(SHOWN_BEFORE);
        let shown = whole.chars().skip(skipped).take(SHOWN_BEFORE + SHOWN_BEHIND);
        // A tab would move the caret.
        let excerpt = shown.map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        QueryError {
            message: self.message,
            expected: self.expected,
            line,
            column: column + 1,
            excerpt,
            indent: column - skipped,
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        writeln!(f, "  {}", self.excerpt)?;
        write!(f, "  {:indent$}^", "", indent = self.indent)?;
        match &self.expected {
            Some(expected) => write!(f, " expected {expected}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for QueryError {}
