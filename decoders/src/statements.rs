//! What statements are filed under: fingerprints without literals, or the names of a file. For PostgreSQL, Cassandra and
//! MySQL.

mod fingerprint;
mod keywords;
mod lexer;
mod queries;
mod split;

pub use queries::{Queries, QueriesError};
pub(crate) use split::{Statement, Statements};

use crate::limits::STATEMENT_BYTES_MAX;
use crate::naming::Kind;
use model::protocol::Protocol;

/// Whose rules say what is a literal, a comment, a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL manual, "Lexical Structure".
    Postgres,
    /// The Cassandra Query Language, "Definitions".
    Cassandra,
    /// MySQL manual, "Language Structure", with the SQL modes of a fresh server.
    Mysql,
}

impl Dialect {
    /// The dialect of a protocol that carries statements.
    pub const fn of(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Postgres => Some(Self::Postgres),
            Protocol::Cassandra => Some(Self::Cassandra),
            Protocol::Mysql => Some(Self::Mysql),
            _ => None,
        }
    }
}

/// How a wire names its statements.
#[derive(Clone, Debug)]
pub struct Naming {
    dialect: Dialect,
    queries: Option<Queries>,
}

impl Naming {
    /// By fingerprint.
    pub const fn fingerprints(dialect: Dialect) -> Self {
        Self { dialect, queries: None }
    }

    /// As a file says, see [`Queries`].
    pub const fn of_file(dialect: Dialect, queries: Queries) -> Self {
        Self { dialect, queries: Some(queries) }
    }

    /// Appends the name of a statement to `out`, as UTF-8. Of a text longer than [`STATEMENT_BYTES_MAX`] only so much is
    /// read; the caller may cut it, but not to less than one byte more, so that it is known to be cut.
    pub fn name(&self, text: &[u8], kind: Kind, out: &mut Vec<u8>) {
        match &self.queries {
            None => fingerprint::append(text, self.dialect, out),
            Some(queries) => queries.append(front(text), kind, out),
        }
    }
}

/// What is read of a text.
fn front(text: &[u8]) -> &[u8] {
    text.get(..STATEMENT_BYTES_MAX).unwrap_or(text)
}
