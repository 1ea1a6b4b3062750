//! What the kernel passes on, in libpcap's language (pcap-filter(7)).

use model::wire::WireSpec;

/// Parts of fragmented datagrams, of which only the first has ports.
const FRAGMENTS: &str = "(ip[6:2] & 0x3fff != 0)";
/// What TCP can lie in: IPv6 with extension headers, GRE, VXLAN, Geneve.
const WRAPPED: &str = "ip6 or ip proto 47 or udp port 4789 or udp port 6081";

/// The filter for these wires; for detection, where there are none: all that can hold TCP.
///
/// `vlan` moves the offsets of everything behind it, so it comes last.
pub fn of_wires(wires: &[WireSpec]) -> String {
    let ports: Vec<String> =
        wires.iter().flat_map(|wire| &wire.ports).map(|port| format!("tcp port {port}")).collect();
    if ports.is_empty() {
        return format!("tcp or {FRAGMENTS} or {WRAPPED} or vlan");
    }
    let ports = ports.join(" or ");
    format!("{ports} or {FRAGMENTS} or (vlan and ({ports}))")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpcap_understands_them() {
        let dead = pcap::Capture::dead(pcap::Linktype::ETHERNET).unwrap();
        let wires = |specs: &[&str]| -> Vec<WireSpec> {
            specs.iter().map(|spec| WireSpec::parse(spec).unwrap()).collect()
        };
        for wires in [wires(&[]), wires(&["http:80"]), wires(&["http:80,8080", "tcp:6379"])] {
            let filter = of_wires(&wires);
            dead.compile(&filter, true).unwrap_or_else(|error| panic!("{filter}: {error}"));
        }
        assert_eq!(
            of_wires(&wires(&["http:80,81"])),
            "tcp port 80 or tcp port 81 or (ip[6:2] & 0x3fff != 0) or (vlan and (tcp port 80 or tcp port 81))"
        );
    }
}
