//! What lies above IP and is not TCP: extension headers, and tunnels with a packet inside.

use super::cursor::{Cursor, Stop};
use super::ip;
use super::walk::{Layer, Step, Walk};
use etherparse::UdpHeaderSlice;

/// VXLAN's port (RFC 7348, section 5), and the one that Linux had chosen before there was a number.
const VXLAN: u16 = 4_789;
const VXLAN_LINUX: u16 = 8_472;
/// VXLAN with a protocol field (draft-ietf-nvo3-vxlan-gpe, section 3).
const VXLAN_GPE: u16 = 4_790;
const GENEVE: u16 = 6_081;

/// What an IP protocol number other than TCP's names.
pub(super) fn protocol<'a>(walk: &mut Walk<'a>, number: u8, cursor: Cursor<'a>) -> Step<'a> {
    match number {
        ip::UDP => udp(walk, cursor),
        ip::AUTHENTICATION => ip::extension(walk, number, cursor),
        ip::HOP_BY_HOP
        | ip::ROUTING
        | ip::FRAGMENT
        | ip::DESTINATION_OPTIONS
        | ip::MOBILITY
        | ip::HOST_IDENTITY
        | ip::SHIM6
            if walk.network.is_v6 =>
        {
            ip::extension(walk, number, cursor)
        }
        ip::IP_IN_IP => inside(walk, Layer::Ipv4, cursor),
        ip::IPV6_IN_IP => inside(walk, Layer::Ipv6, cursor),
        ip::GRE => gre(walk, cursor),
        _ => Err(Stop::OtherIp),
    }
}

fn inside<'a>(walk: &mut Walk<'a>, layer: Layer, cursor: Cursor<'a>) -> Step<'a> {
    walk.enter_tunnel(Stop::OtherIp)?;
    Ok((layer, cursor))
}

/// A UDP datagram (RFC 768), which a tunnel's port may open.
fn udp<'a>(walk: &mut Walk<'a>, cursor: Cursor<'a>) -> Step<'a> {
    let header = UdpHeaderSlice::from_slice(cursor.rest)
        .map_err(|error| cursor.shortage(error.required_len))?;
    // Offloaded datagrams can have any length here; the IP header has the better one.
    let payload = cursor.shortened(u32::from(header.length())).skip(header.slice().len())?;
    let step = match header.destination_port() {
        VXLAN | VXLAN_LINUX => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        _ => return Err(Stop::Udp),
    };
    // Any program may use the port: what has no tunnel header is a datagram like others.
    match step {
        Err(Stop::Truncated) => Err(Stop::Truncated),
        Err(_) => Err(Stop::Udp),
        Ok(step) => walk.enter_tunnel(Stop::Udp).map(|()| step),
    }
}

/// Flags, reserved (or a group policy), network identifier (RFC 7348, section 5).
fn vxlan(cursor: Cursor<'_>) -> Step<'_> {
    const HAS_NETWORK: u8 = 0x08;
    let (&[flags, ..], frame) = cursor.take::<8>()?;
    if flags & HAS_NETWORK == 0 {
        return Err(Stop::Udp);
    }
    Ok((Layer::Ethernet, frame))
}

/// As VXLAN; the fourth byte names the protocol where a flag says so.
fn vxlan_gpe(cursor: Cursor<'_>) -> Step<'_> {
    const MANAGEMENT: u8 = 0x01;
    const HAS_PROTOCOL: u8 = 0x04;
    let (&[flags, _, _, next, ..], packet) = cursor.take::<8>()?;
    match next {
        _ if flags & MANAGEMENT != 0 => Err(Stop::Udp),
        _ if flags & HAS_PROTOCOL == 0 => vxlan(cursor),
        1 => Ok((Layer::Ipv4, packet)),
        2 => Ok((Layer::Ipv6, packet)),
        3 => Ok((Layer::Ethernet, packet)),
        5 => Ok((Layer::Mpls, packet)),
        _ => Err(Stop::Udp),
    }
}

/// Version and length of the options in words, flags, protocol, network identifier (RFC 8926, section 3.4).
fn geneve(cursor: Cursor<'_>) -> Step<'_> {
    const OPTION_WORDS: u8 = 0x3f;
    const CONTROL: u8 = 0x80;
    let (&[version, flags, high, low, ..], options) = cursor.take::<8>()?;
    if version >> 6 != 0 || flags & CONTROL != 0 {
        return Err(Stop::Udp);
    }
    let packet = options.skip(usize::from(version & OPTION_WORDS) * 4)?;
    Ok((Layer::EtherType(u16::from_be_bytes([high, low])), packet))
}

/// GRE (RFC 2784, RFC 2890), and the version of it that PPTP has (RFC 2637, section 4.1).
fn gre<'a>(walk: &mut Walk<'a>, cursor: Cursor<'a>) -> Step<'a> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGMENT: u16 = 0x0080;
    const VERSION: u16 = 0x0007;
    const PPTP: u16 = 1;
    let (&[f0, f1, p0, p1], fields) = cursor.take::<4>()?;
    let flags = u16::from_be_bytes([f0, f1]);
    let version = flags & VERSION;
    // Source routes (RFC 1701) are long gone; what has them is left alone.
    if flags & ROUTING != 0 || version > PPTP {
        return Err(Stop::OtherIp);
    }
    let mut length = 0;
    for field in [CHECKSUM, KEY, SEQUENCE] {
        length += if flags & field != 0 { 4 } else { 0 };
    }
    if version == PPTP && flags & ACKNOWLEDGMENT != 0 {
        length += 4;
    }
    let payload = fields.skip(length)?;
    walk.enter_tunnel(Stop::OtherIp)?;
    gre_payload(u16::from_be_bytes([p0, p1]), flags & SEQUENCE != 0, payload)
}

/// A mirrored frame (draft-foschiano-erspan, sections 4.1 to 4.3), or what the EtherType says.
fn gre_payload(number: u16, has_sequence: bool, payload: Cursor<'_>) -> Step<'_> {
    const ERSPAN: u16 = 0x88be;
    const ERSPAN_3: u16 = 0x22eb;
    match number {
        // Type I has no header of its own, and no sequence numbers, which is how it is told from type II.
        ERSPAN if !has_sequence => Ok((Layer::Ethernet, payload)),
        ERSPAN => Ok((Layer::Ethernet, payload.skip(8)?)),
        ERSPAN_3 => erspan_3(payload),
        _ => Ok((Layer::EtherType(number), payload)),
    }
}

/// Twelve bytes, the last two of which hold the frame's type and whether eight more follow.
fn erspan_3(cursor: Cursor<'_>) -> Step<'_> {
    const HAS_SUBHEADER: u16 = 0x0001;
    let (&[.., high, low], rest) = cursor.take::<12>()?;
    let bits = u16::from_be_bytes([high, low]);
    let frame = if bits & HAS_SUBHEADER != 0 { rest.skip(8)? } else { rest };
    match (bits >> 10) & 0x1f {
        0 => Ok((Layer::Ethernet, frame)),
        2 => Ok((Layer::Ip, frame)),
        _ => Err(Stop::OtherIp),
    }
}
