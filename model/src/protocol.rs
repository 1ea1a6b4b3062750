//! The protocols that have, or will have, a decoder.

use serde::Serialize;
use std::fmt;

/// What speaks on a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    Http,
    /// HTTP/2 without encryption (RFC 9113), gRPC among it.
    Http2,
    /// PostgreSQL's frontend/backend protocol, version 3.
    Postgres,
    /// Cassandra's native protocol, versions 3 to 5.
    Cassandra,
    /// Apache Kafka.
    Kafka,
    /// Redis, RESP2 and RESP3.
    Redis,
    /// MySQL and MariaDB.
    Mysql,
    /// No decoder: connection times and bytes only.
    Tcp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Http,
        Self::Http2,
        Self::Postgres,
        Self::Cassandra,
        Self::Kafka,
        Self::Redis,
        Self::Mysql,
        Self::Tcp,
    ];

    /// The name used on the command line, in metrics, tags and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Http2 => "http2",
            Self::Postgres => "postgres",
            Self::Cassandra => "cassandra",
            Self::Kafka => "kafka",
            Self::Redis => "redis",
            Self::Mysql => "mysql",
            Self::Tcp => "tcp",
        }
    }

    /// The tags under which its series carry a request's operation and name.
    pub const fn tags(self) -> [&'static str; 2] {
        match self {
            Self::Http | Self::Http2 => ["method", "route"],
            Self::Postgres | Self::Cassandra | Self::Mysql => ["operation", "statement"],
            Self::Kafka => ["api", "topic"],
            Self::Redis => ["command", "name"],
            Self::Tcp => ["operation", "name"],
        }
    }

    /// The protocol of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Every protocol's name, for error messages.
    pub const NAMES: &'static str = "http, http2, postgres, cassandra, kafka, redis, mysql, tcp";
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_listed_and_read() {
        let names: Vec<_> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
        assert_eq!(names.join(", "), Protocol::NAMES);
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_name(protocol.name()), Some(protocol));
        }
    }
}
