//! Headers, one function each: what it takes is what lies inside.

pub(super) const CLIENT: [u8; 4] = [10, 0, 0, 5];
pub(super) const SERVER: [u8; 4] = [10, 0, 0, 9];

/// No operation twice, then timestamps.
pub(super) const TIMESTAMPS: [u8; 12] = [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4];

pub(super) fn tcp(payload: &[u8]) -> Vec<u8> {
    tcp_with(1_000, &TIMESTAMPS, payload)
}

pub(super) fn tcp_with(sequence: u32, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = u8::try_from((20 + options.len()) / 4).unwrap();
    let mut bytes = Vec::new();
    bytes.extend(51_234_u16.to_be_bytes());
    bytes.extend(80_u16.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(2_000_u32.to_be_bytes());
    bytes.extend([words << 4, 0x18, 1, 0, 0xab, 0xcd, 0, 0]);
    bytes.extend(options);
    bytes.extend(payload);
    bytes
}

pub(super) fn udp(port: u16, inside: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xc0, 0];
    bytes.extend(port.to_be_bytes());
    bytes.extend(u16::try_from(8 + inside.len()).unwrap().to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(inside);
    bytes
}

pub(super) fn ipv4(protocol: u8, inside: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, 0x1234, 0x4000, &[], inside)
}

/// `fragment`: the flags and the offset in units of eight bytes.
pub(super) fn ipv4_with(
    protocol: u8,
    identification: u16,
    fragment: u16,
    options: &[u8],
    inside: &[u8],
) -> Vec<u8> {
    let header = 20 + options.len();
    let mut bytes = vec![0x40 | u8::try_from(header / 4).unwrap(), 0];
    bytes.extend(u16::try_from(header + inside.len()).unwrap().to_be_bytes());
    bytes.extend(identification.to_be_bytes());
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(CLIENT);
    bytes.extend(SERVER);
    bytes.extend(options);
    bytes.extend(inside);
    bytes
}

pub(super) fn ipv6(next: u8, inside: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(u16::try_from(inside.len()).unwrap().to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend([0x20; 16]);
    bytes.extend([0x21; 16]);
    bytes.extend(inside);
    bytes
}

pub(super) fn ipv6_fragment(
    next: u8,
    identification: u32,
    offset_and_more: u16,
    inside: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![next, 0];
    bytes.extend(offset_and_more.to_be_bytes());
    bytes.extend(identification.to_be_bytes());
    bytes.extend(inside);
    ipv6(44, &bytes)
}

pub(super) fn ethernet(ether_type: u16, inside: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(inside);
    bytes
}

pub(super) fn vlan(ether_type: u16, inside: &[u8]) -> Vec<u8> {
    join(&[&[0x20, 7], &ether_type.to_be_bytes(), inside])
}

pub(super) fn llc_snap(ether_type: u16, inside: &[u8]) -> Vec<u8> {
    join(&[&[0xaa, 0xaa, 3, 0, 0, 0], &ether_type.to_be_bytes(), inside])
}

pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// An IPv4 packet of the segment that the tests look for.
pub(super) fn segment_v4() -> Vec<u8> {
    ipv4(6, &tcp(super::PAYLOAD))
}

/// An IPv6 packet of it.
pub(super) fn segment_v6() -> Vec<u8> {
    ipv6(6, &tcp(super::PAYLOAD))
}

/// An Ethernet frame of it.
pub(super) fn segment_frame() -> Vec<u8> {
    ethernet(0x0800, &segment_v4())
}
