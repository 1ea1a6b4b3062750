//! IPv4 and IPv6 headers, extension headers, and where fragments are recognized.

use super::cursor::{Cursor, Stop};
use super::fragments::{Fragment, FragmentKey};
use super::walk::{Layer, Step, Walk};
use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const IP_IN_IP: u8 = 4;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const IPV6_IN_IP: u8 = 41;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const GRE: u8 = 47;
pub(super) const AUTHENTICATION: u8 = 51;
pub(super) const DESTINATION_OPTIONS: u8 = 60;
pub(super) const MOBILITY: u8 = 135;
pub(super) const HOST_IDENTITY: u8 = 139;
pub(super) const SHIM6: u8 = 140;

/// What an IP header says of its packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Network {
    /// Addresses as numbers, which are compared without going through memory.
    pub(super) source: u128,
    pub(super) destination: u128,
    /// IPv4's identification; zero for IPv6, which has none.
    pub(super) identification: u16,
    pub(super) is_v6: bool,
}

/// The version nibble decides.
pub(super) fn by_version(cursor: Cursor<'_>) -> Step<'_> {
    match cursor.peek::<1>()? {
        [0x40..=0x4f] => Ok((Layer::Ipv4, cursor)),
        [0x60..=0x6f] => Ok((Layer::Ipv6, cursor)),
        _ => Err(Stop::NotIp),
    }
}

/// IPv4 (RFC 791, section 3.1). The checksum is not looked at: cards fill it in after the capture.
#[inline]
pub(super) fn v4<'a>(walk: &mut Walk<'a>, cursor: Cursor<'a>) -> Step<'a> {
    let header = Ipv4HeaderSlice::from_slice(cursor.rest).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(error) => cursor.shortage(error.required_len),
        ipv4::HeaderSliceError::Content(_) => Stop::Malformed,
    })?;
    let header_length = header.slice().len();
    let datagram = match header.total_len() {
        // Segmentation offload: the card sets the length of each of the packets that it makes of this one.
        0 => cursor,
        length if usize::from(length) < header_length => return Err(Stop::Malformed),
        length => cursor.with_wire(u32::from(length)),
    };
    let payload = datagram.skip(header_length)?;
    walk.network = Network {
        source: v4_mapped(header.source()),
        destination: v4_mapped(header.destination()),
        identification: header.identification(),
        is_v6: false,
    };
    if header.is_fragmenting_payload() {
        return Err(v4_fragment(walk, &header, payload));
    }
    Ok((Layer::Protocol(header.protocol().0), payload))
}

#[cold]
fn v4_fragment<'a>(walk: &mut Walk<'a>, header: &Ipv4HeaderSlice<'_>, payload: Cursor<'a>) -> Stop {
    let protocol = header.protocol().0;
    walk.fragment = Some(Fragment {
        key: FragmentKey {
            source: walk.network.source,
            destination: walk.network.destination,
            identification: u32::from(walk.network.identification),
            protocol,
        },
        network: walk.network,
        protocol,
        offset: u32::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
        payload,
    });
    Stop::Fragment
}

/// As `model::flow::Address` has it (RFC 4291, section 2.5.5.2).
const fn v4_mapped(octets: [u8; 4]) -> u128 {
    0xffff_0000_0000 | u32::from_be_bytes(octets) as u128
}

/// IPv6 (RFC 8200, section 3).
#[inline]
pub(super) fn v6<'a>(walk: &mut Walk<'a>, cursor: Cursor<'a>) -> Step<'a> {
    let header = Ipv6HeaderSlice::from_slice(cursor.rest).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(error) => cursor.shortage(error.required_len),
        ipv6::HeaderSliceError::Content(_) => Stop::Malformed,
    })?;
    let payload = cursor.skip(header.slice().len())?;
    let payload = match header.payload_length() {
        // A jumbogram (RFC 2675), or segmentation offload: the wire's length is the only one.
        0 => payload,
        length => payload.with_wire(u32::from(length)),
    };
    walk.network = Network {
        source: u128::from_be_bytes(header.source()),
        destination: u128::from_be_bytes(header.destination()),
        identification: 0,
        is_v6: true,
    };
    Ok((Layer::Protocol(header.next_header().0), payload))
}

/// An extension header (RFC 8200, section 4; RFC 4302 for authentication, which IPv4 has too).
pub(super) fn extension<'a>(walk: &mut Walk<'a>, number: u8, cursor: Cursor<'a>) -> Step<'a> {
    let &[next, length] = cursor.peek::<2>()?;
    let length = usize::from(length);
    match number {
        AUTHENTICATION => Ok((Layer::Protocol(next), cursor.skip((length + 2) * 4)?)),
        FRAGMENT => v6_fragment(walk, cursor),
        _ => Ok((Layer::Protocol(next), cursor.skip((length + 1) * 8)?)),
    }
}

/// The fragment header (RFC 8200, section 4.5). A fragment that is the whole (RFC 6946) is none.
fn v6_fragment<'a>(walk: &mut Walk<'a>, cursor: Cursor<'a>) -> Step<'a> {
    let header = Ipv6FragmentHeaderSlice::from_slice(cursor.rest)
        .map_err(|error| cursor.shortage(error.required_len))?;
    let payload = cursor.skip(header.slice().len())?;
    let next = header.next_header().0;
    if !header.is_fragmenting_payload() {
        return Ok((Layer::Protocol(next), payload));
    }
    walk.fragment = Some(Fragment {
        key: FragmentKey {
            source: walk.network.source,
            destination: walk.network.destination,
            identification: header.identification(),
            protocol: FRAGMENT,
        },
        network: walk.network,
        protocol: next,
        offset: u32::from(header.fragment_offset().value()) * 8,
        more: header.more_fragments(),
        payload,
    });
    Err(Stop::Fragment)
}
