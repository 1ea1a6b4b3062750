//! What a request is filed under, by protocol.

use crate::statements::{self, Dialect};
use crate::{http1, http2};
use model::protocol::Protocol;

/// How a wire names its requests.
#[derive(Clone, Debug, Default)]
pub enum Naming {
    /// HTTP: routes of a file, or templates found in paths.
    Http(http1::Naming),
    /// PostgreSQL, Cassandra, MySQL: fingerprints, or the names of a file.
    Statements(statements::Naming),
    /// As they are: topics, keys of few values.
    Plain,
    /// Nothing to name.
    #[default]
    None,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request's target, or a statement that is executed at once.
    Adhoc,
    /// A statement that is prepared, and executed by reference.
    Prepared,
    /// A procedure that is called: it is its own name.
    Procedure,
}

impl Naming {
    /// How requests are named where nothing else was asked for.
    pub const fn by_default(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http | Protocol::Http2 => Self::Http(http1::Naming::Templates),
            Protocol::Kafka => Self::Plain,
            _ => match Dialect::of(protocol) {
                Some(dialect) => Self::Statements(statements::Naming::fingerprints(dialect)),
                None => Self::None,
            },
        }
    }

    /// Whether a name costs more than to look up what was named before.
    pub(crate) const fn is_costly(&self) -> bool {
        match self {
            Self::Http(http1::Naming::Routes(_)) | Self::Statements(_) => true,
            Self::Http(http1::Naming::Templates) | Self::Plain | Self::None => false,
        }
    }

    /// Appends the name of a request's target to `out`, as UTF-8.
    pub fn name(&self, target: &[u8], kind: Kind, out: &mut Vec<u8>) {
        match self {
            Self::Http(http1::Naming::Templates)
                if kind == Kind::Procedure && http2::is_procedure(target) =>
            {
                out.extend_from_slice(target);
            }
            Self::Http(naming) => naming.name(target, out),
            Self::Statements(naming) => naming.name(target, kind, out),
            Self::Plain => out.extend_from_slice(String::from_utf8_lossy(target).as_bytes()),
            Self::None => {}
        }
    }
}
