//! A wire: a service to watch.

use crate::protocol::Protocol;
use std::fmt;
use thiserror::Error;

/// A wire's number in one run: its place in the list of wires, given or detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireId(pub u16);

/// What the user asked to watch: `PROTOCOL:PORT[,PORT…][:NAMES-FILE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireSpec {
    /// What is spoken there.
    pub protocol: Protocol,
    /// The server's ports; never empty.
    pub ports: Vec<u16>,
    /// Where the names of its routes or statements lie.
    pub names_file: Option<String>,
}

impl WireSpec {
    /// Reads `http:8092:routes.json`, `http:80,8080`, `tcp:6379`.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let wrong = |reason| WireError { text: text.to_owned(), reason };
        let mut parts = text.splitn(3, ':');
        let protocol = parts.next().and_then(Protocol::from_name);
        let protocol = protocol.ok_or_else(|| wrong(WireFault::Protocol))?;
        let ports = parts.next().ok_or_else(|| wrong(WireFault::Port))?;
        let ports: Result<Vec<u16>, _> = ports.split(',').map(str::parse).collect();
        let ports = ports.map_err(|_| wrong(WireFault::Port))?;
        if ports.contains(&0) {
            return Err(wrong(WireFault::Port));
        }
        let names_file = parts.next().filter(|file| !file.is_empty()).map(str::to_owned);
        Ok(Self { protocol, ports, names_file })
    }
}

impl fmt::Display for WireSpec {
    /// The wire's name: protocol and ports, without the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.protocol)?;
        for (place, port) in self.ports.iter().enumerate() {
            write!(f, "{}{port}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// A wire that could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("wire `{text}`: {reason}")]
pub struct WireError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: WireFault,
}

/// What is wrong with a wire.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WireFault {
    /// Its protocol is not one that can be watched.
    #[error(
        "the protocol must be one of {}; write PROTOCOL:PORT, as in http:8080",
        Protocol::NAMES
    )]
    Protocol,
    /// Its ports are not ports.
    #[error("ports are numbers from 1 to 65535, several with commas, as in http:80,8080")]
    Port,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wires_read_as_wirelatency_takes_them() {
        let wire = WireSpec::parse("http:8092:/etc/wirelat/routes.json").unwrap();
        assert_eq!((wire.protocol, &wire.ports[..]), (Protocol::Http, &[8092][..]));
        assert_eq!(wire.names_file.as_deref(), Some("/etc/wirelat/routes.json"));
        assert_eq!(wire.to_string(), "http:8092");
        assert_eq!(WireSpec::parse("http:80,8080").unwrap().to_string(), "http:80,8080");
    }

    #[test]
    fn wires_that_are_not() {
        for (text, reason) in [
            ("gopher:70", WireFault::Protocol),
            ("http", WireFault::Port),
            ("http:", WireFault::Port),
            ("http:0", WireFault::Port),
            ("http:70000", WireFault::Port),
        ] {
            assert_eq!(WireSpec::parse(text).unwrap_err().reason, reason, "{text}");
        }
    }
}
