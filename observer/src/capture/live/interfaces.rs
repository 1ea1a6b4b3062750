//! The interfaces of this host.

use decoders::packet::LinkType;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use std::io;
use std::net::IpAddr;

/// An interface, as the system lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether it can carry packets now.
    pub is_up: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// All interfaces, in the system's order.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    let mut all: Vec<Interface> = Vec::new();
    for entry in getifaddrs()? {
        let name = entry.interface_name;
        let place = all.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let is_up = entry.flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING);
            all.push(Interface { name, is_up, addresses: Vec::new() });
            all.len() - 1
        });
        let address = entry.address.and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        });
        if let Some(interface) = all.get_mut(place) {
            interface.addresses.extend(address);
        }
    }
    Ok(all)
}

/// Those that carry traffic to and from local addresses: that are up and have one.
pub fn automatic(all: &[Interface]) -> Vec<String> {
    let carries = |interface: &&Interface| interface.is_up && !interface.addresses.is_empty();
    all.iter().filter(carries).map(|interface| interface.name.clone()).collect()
}

/// The registered link type of what libpcap calls a packet's format: its own numbers differ for raw IP
/// (pcap-linktype(7)).
pub(super) fn link_type(format: i32) -> LinkType {
    const DLT_RAW: i32 = 12;
    const LINKTYPE_RAW: u16 = 101;
    match format {
        DLT_RAW => LinkType(LINKTYPE_RAW),
        other => LinkType(u16::try_from(other).unwrap_or(u16::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there() {
        let all = interfaces().unwrap();
        let loopback = all.iter().find(|interface| interface.name == "lo").unwrap();
        assert!(loopback.addresses.contains(&"127.0.0.1".parse().unwrap()));
        assert!(automatic(&all).contains(&"lo".to_owned()));
    }

    #[test]
    fn only_what_carries_addresses_is_automatic() {
        let interface = |name: &str, is_up, addresses: &[&str]| Interface {
            name: name.to_owned(),
            is_up,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        };
        let all = [
            interface("eth0", true, &["10.0.0.1"]),
            interface("eth1", false, &["10.0.1.1"]),
            interface("port", true, &[]),
        ];
        assert_eq!(automatic(&all), ["eth0"]);
    }
}
