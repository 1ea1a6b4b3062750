//! Link layers: from a link type to the first header that is known by a number.
//!
//! Numbers and formats: <https://www.tcpdump.org/linktypes.html>.

use super::cursor::{Cursor, Stop};
use super::walk::{Layer, Step};
use super::{LinkType, ether_type, wifi};

const NULL: u16 = 0;
const ETHERNET: u16 = 1;
const PPP: u16 = 9;
/// `DLT_RAW`, which is not one number on all systems.
const DLT_RAW: u16 = 12;
const DLT_RAW_OPENBSD: u16 = 14;
const PPP_HDLC: u16 = 50;
const PPP_ETHER: u16 = 51;
const RAW: u16 = 101;
const CISCO_HDLC: u16 = 104;
const WIFI: u16 = 105;
const LOOP: u16 = 108;
const LINUX_SLL: u16 = 113;
const WIFI_RADIOTAP: u16 = 127;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const NFLOG: u16 = 239;
const LINUX_SLL2: u16 = 276;

/// Whether [`first_layer`] knows the type.
pub(super) const fn is_decoded(link: LinkType) -> bool {
    matches!(
        link.0,
        NULL | ETHERNET
            | PPP
            | DLT_RAW
            | DLT_RAW_OPENBSD
            | PPP_HDLC
            | PPP_ETHER
            | RAW
            | CISCO_HDLC
            | WIFI
            | LOOP
            | LINUX_SLL
            | WIFI_RADIOTAP
            | IPV4
            | IPV6
            | NFLOG
            | LINUX_SLL2
    )
}

/// What a packet of this link type begins with.
#[inline]
pub(super) fn first_layer(link: LinkType, cursor: Cursor<'_>) -> Step<'_> {
    match link.0 {
        ETHERNET => ethernet(cursor),
        NULL | LOOP => loopback(cursor),
        PPP | PPP_HDLC | CISCO_HDLC => hdlc(cursor),
        PPP_ETHER => ether_type::pppoe(cursor),
        RAW | DLT_RAW | DLT_RAW_OPENBSD => Ok((Layer::Ip, cursor)),
        IPV4 => Ok((Layer::Ipv4, cursor)),
        IPV6 => Ok((Layer::Ipv6, cursor)),
        WIFI => Ok((Layer::Wifi { padded: false }, cursor)),
        WIFI_RADIOTAP => wifi::radiotap(cursor),
        LINUX_SLL => cooked(cursor),
        LINUX_SLL2 => cooked_2(cursor),
        NFLOG => nflog(cursor),
        _ => Err(Stop::LinkTypeUnknown),
    }
}

/// Destination, source, EtherType or length.
#[inline]
pub(super) fn ethernet(cursor: Cursor<'_>) -> Step<'_> {
    let (&[.., high, low], rest) = cursor.take::<14>()?;
    Ok((Layer::EtherType(u16::from_be_bytes([high, low])), rest))
}

/// An address family in the byte order of the capturing host (network order for LOOP): both are tried, as the
/// families are small numbers. IPv6 has the number of the host's system.
fn loopback(cursor: Cursor<'_>) -> Step<'_> {
    let (&family, rest) = cursor.take::<4>()?;
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    match family {
        2 => Ok((Layer::Ipv4, rest)),
        // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        10 | 23 | 24 | 28 | 30 => Ok((Layer::Ipv6, rest)),
        _ => Err(Stop::NotIp),
    }
}

/// PPP with or without its HDLC-like framing (RFC 1662, section 3.1), or Cisco HDLC with an EtherType.
fn hdlc(cursor: Cursor<'_>) -> Step<'_> {
    match *cursor.peek::<2>()? {
        [0xff, 0x03] => Ok((Layer::Ppp, cursor.skip(2)?)),
        [0x0f | 0x8f, _] => {
            let (&[_, _, high, low], rest) = cursor.take::<4>()?;
            Ok((Layer::EtherType(u16::from_be_bytes([high, low])), rest))
        }
        _ => Ok((Layer::Ppp, cursor)),
    }
}

/// Linux cooked capture: packet type, hardware type, address length, address, protocol.
fn cooked(cursor: Cursor<'_>) -> Step<'_> {
    let (&[.., high, low], rest) = cursor.take::<16>()?;
    Ok((cooked_protocol(u16::from_be_bytes([high, low])), rest))
}

/// Linux cooked capture, version 2: protocol first.
fn cooked_2(cursor: Cursor<'_>) -> Step<'_> {
    let (&[high, low, ..], rest) = cursor.take::<20>()?;
    Ok((cooked_protocol(u16::from_be_bytes([high, low])), rest))
}

/// Below the EtherTypes these are Linux's own numbers, of which one is LLC.
const fn cooked_protocol(number: u16) -> Layer {
    const LINUX_802_2: u16 = 4;
    match number {
        LINUX_802_2 => Layer::Llc,
        number => Layer::EtherType(number),
    }
}

/// netfilter's log: address family, version, resource, then attributes in the byte order of the capturing host, one
/// of which is the packet.
fn nflog(cursor: Cursor<'_>) -> Step<'_> {
    let (_, attributes) = cursor.take::<4>()?;
    nflog_payload(attributes, u16::from_le_bytes)
        .or_else(|stop| nflog_payload(attributes, u16::from_be_bytes).map_err(|_| stop))
        .map(|payload| (Layer::Ip, payload))
}

fn nflog_payload(mut cursor: Cursor<'_>, number: fn([u8; 2]) -> u16) -> Result<Cursor<'_>, Stop> {
    const HEADER: u32 = 4;
    const PAYLOAD: u16 = 9;
    /// The upper bits say "nested" and "network byte order".
    const TYPE: u16 = 0x3fff;
    loop {
        let (&[l0, l1, t0, t1], value) = cursor.take::<4>()?;
        let length = u32::from(number([l0, l1])).checked_sub(HEADER).ok_or(Stop::Malformed)?;
        if number([t0, t1]) & TYPE == PAYLOAD {
            return Ok(value.shortened(length));
        }
        cursor = value.skip(length.next_multiple_of(4) as usize)?;
    }
}
