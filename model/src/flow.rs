//! Who talks to whom.

use serde::{Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP address in 16 bytes; IPv4 as its IPv4-mapped form (RFC 4291, section 2.5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address([u8; 16]);

const V4_MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

impl Address {
    /// From the four bytes of an IPv4 header.
    pub const fn v4([a, b, c, d]: [u8; 4]) -> Self {
        Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d])
    }

    /// From the sixteen bytes of an IPv6 header.
    pub const fn v6(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The address as the standard library knows it.
    pub fn to_ip(self) -> IpAddr {
        match self.0.split_first_chunk::<12>() {
            Some((&V4_MAPPED, &[a, b, c, d])) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            _ => IpAddr::V6(Ipv6Addr::from(self.0)),
        }
    }

    /// The sixteen bytes, for hashing.
    pub const fn octets(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self::v6(v6.octets()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

/// One end of a connection. Prints as `10.0.0.5:51234` or `[::1]:44730`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Endpoint {
    /// The IP address.
    pub address: Address,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address.to_ip() {
            IpAddr::V4(v4) => write!(f, "{v4}:{}", self.port),
            IpAddr::V6(v6) => write!(f, "[{v6}]:{}", self.port),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The four-tuple without a direction: `low < high`, so that both directions have one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FlowKey {
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The larger endpoint.
    pub high: Endpoint,
}

impl FlowKey {
    /// The key of a packet, and which of the key's ends sent it.
    pub fn of(source: Endpoint, destination: Endpoint) -> (Self, End) {
        if source <= destination {
            (Self { low: source, high: destination }, End::Low)
        } else {
            (Self { low: destination, high: source }, End::High)
        }
    }

    /// The endpoint at one end.
    pub const fn endpoint(&self, end: End) -> Endpoint {
        match end {
            End::Low => self.low,
            End::High => self.high,
        }
    }
}

impl Hash for FlowKey {
    /// Whole words: this is done for every packet.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from_ne_bytes(self.low.address.0));
        state.write_u128(u128::from_ne_bytes(self.high.address.0));
        state.write_u32(u32::from(self.low.port) << 16 | u32::from(self.high.port));
    }
}

/// One of the two ends of a [`FlowKey`]; used before it is known who the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The end that `FlowKey::low` names.
    Low,
    /// The end that `FlowKey::high` names.
    High,
}

impl End {
    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Which way bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Client to server: requests.
    ToServer,
    /// Server to client: answers.
    ToClient,
}

impl Direction {
    /// The other direction.
    pub const fn other(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_print_as_people_write_them() {
        let v4 = Endpoint { address: Address::v4([10, 0, 0, 5]), port: 51234 };
        let v6 = Endpoint { address: IpAddr::V6(Ipv6Addr::LOCALHOST).into(), port: 44730 };
        assert_eq!(v4.to_string(), "10.0.0.5:51234");
        assert_eq!(v6.to_string(), "[::1]:44730");
        assert_eq!(serde_json::to_string(&v6).unwrap(), "\"[::1]:44730\"");
    }

    #[test]
    fn both_directions_have_one_key() {
        let a = Endpoint { address: Address::v4([10, 0, 0, 5]), port: 51234 };
        let b = Endpoint { address: Address::v4([10, 0, 0, 9]), port: 80 };
        let (forth, from) = FlowKey::of(a, b);
        let (back, to) = FlowKey::of(b, a);
        assert_eq!(forth, back);
        assert_eq!(from, to.other());
        assert_eq!(forth.endpoint(from), a);
    }
}
