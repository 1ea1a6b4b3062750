//! What the kernel passes on, in libpcap's language (pcap-filter(7)).

use decoders::packet::LinkType;
use model::wire::WireSpec;
use nix::libc::sock_filter;
use std::io;

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

/// A filter as the kernel runs it.
#[derive(Clone, Debug)]
pub struct Program(Vec<sock_filter>);

// One layout (pcap/bpf.h, linux/filter.h).
const _: () = assert!(size_of::<pcap::BpfInstruction>() == size_of::<sock_filter>());

impl Program {
    /// For packets that begin so, of which the kernel keeps so many bytes.
    pub fn compile(filter: &str, link: LinkType, snaplen: u32) -> io::Result<Self> {
        /// libpcap's own number for packets that begin with IP (pcap-linktype(7)).
        const DLT_RAW: pcap::Linktype = pcap::Linktype(12);
        const LINKTYPE_RAW: LinkType = LinkType(101);
        let link = match link {
            LINKTYPE_RAW => DLT_RAW,
            LinkType(number) => pcap::Linktype(number.into()),
        };
        let dead = pcap::Capture::dead(link).map_err(io::Error::other)?;
        let program = dead.compile(filter, true).map_err(io::Error::other)?;
        let instructions = program.get_instructions();
        // SAFETY: instructions of libpcap and of the kernel have one layout: a u16, two u8 and a u32.
        #[allow(unsafe_code)]
        let instructions = unsafe {
            let first = instructions.as_ptr().cast::<sock_filter>();
            std::slice::from_raw_parts(first, instructions.len())
        };
        let mut program = Self(instructions.to_vec());
        program.keep(snaplen);
        Ok(program)
    }

    /// What is let through returns how many bytes are kept of it: libpcap wrote its own number there.
    fn keep(&mut self, snaplen: u32) {
        /// "Return this constant" (linux/bpf_common.h).
        const RETURN: u16 = 0x06;
        for instruction in &mut self.0 {
            if instruction.code == RETURN && instruction.k != 0 {
                instruction.k = snaplen;
            }
        }
    }

    pub(super) fn instructions(&self) -> &[sock_filter] {
        &self.0
    }
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

    #[test]
    fn a_program_keeps_as_much_as_is_asked_for() {
        let program = Program::compile("tcp port 80", LinkType(1), 262_144).unwrap();
        let ends: Vec<u32> = program
            .instructions()
            .iter()
            .filter(|instruction| instruction.code == 6)
            .map(|instruction| instruction.k)
            .collect();
        assert_eq!(ends, [262_144, 0]);
        let all = Program::compile("", LinkType(101), 100).unwrap();
        assert_eq!(all.instructions().iter().map(|it| it.k).collect::<Vec<_>>(), [100]);
        assert!(Program::compile("tcp pork 80", LinkType(1), 100).is_err());
    }
}
