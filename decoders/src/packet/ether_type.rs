//! What EtherTypes name between the link and IP: tags, labels, PPP, LLC.
//!
//! Numbers: <https://www.iana.org/assignments/ieee-802-numbers>.

use super::cursor::{Cursor, Stop};
use super::walk::{Layer, Step};

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
const VLAN: u16 = 0x8100;
const PROVIDER_VLAN: u16 = 0x88a8;
/// Outer tags of switches older than IEEE 802.1ad.
const OLD_PROVIDER_VLANS: std::ops::RangeInclusive<u16> = 0x9100..=0x9300;
const MPLS: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;
const TRANSPARENT_ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;
/// Up to here an EtherType is a length, and LLC follows (IEEE 802.3, section 3.2.6).
const LENGTH_MAX: u16 = 1_500;

/// What `number` says comes next; IP itself is the caller's.
pub(super) fn step(number: u16, cursor: Cursor<'_>) -> Step<'_> {
    match number {
        VLAN | PROVIDER_VLAN => vlan(cursor),
        number if OLD_PROVIDER_VLANS.contains(&number) && number & 0xff == 0 => vlan(cursor),
        MPLS | MPLS_MULTICAST => Ok((Layer::Mpls, cursor)),
        PPPOE_SESSION => pppoe(cursor),
        TRANSPARENT_ETHERNET => Ok((Layer::Ethernet, cursor)),
        PPP => Ok((Layer::Ppp, cursor)),
        0..=LENGTH_MAX => Ok((Layer::Llc, cursor.shortened(u32::from(number)))),
        _ => Err(Stop::NotIp),
    }
}

/// Priority and VLAN number, then the next EtherType (IEEE 802.1Q, section 9.6).
fn vlan(cursor: Cursor<'_>) -> Step<'_> {
    let (&[_, _, high, low], rest) = cursor.take::<4>()?;
    Ok((Layer::EtherType(u16::from_be_bytes([high, low])), rest))
}

/// A label stack (RFC 3032, section 2.1). Labels don't say what they carry: the first nibble does, and zero is the
/// control word of an Ethernet pseudowire (RFC 4385, section 3).
pub(super) fn mpls(cursor: Cursor<'_>) -> Step<'_> {
    const BOTTOM: u8 = 1;
    let (&[_, _, label, _], rest) = cursor.take::<4>()?;
    if label & BOTTOM == 0 {
        return Ok((Layer::Mpls, rest));
    }
    let &[first] = rest.peek::<1>()?;
    match first >> 4 {
        4 => Ok((Layer::Ipv4, rest)),
        6 => Ok((Layer::Ipv6, rest)),
        0 => Ok((Layer::Ethernet, rest.skip(4)?)),
        _ => Err(Stop::NotIp),
    }
}

/// Version and type, code, session, length (RFC 2516, section 4).
pub(super) fn pppoe(cursor: Cursor<'_>) -> Step<'_> {
    let (&[_, code, _, _, high, low], rest) = cursor.take::<6>()?;
    if code != 0 {
        return Err(Stop::NotIp);
    }
    Ok((Layer::Ppp, rest.shortened(u32::from(u16::from_be_bytes([high, low])))))
}

/// A protocol number (RFC 1661, section 2) of two bytes, or of one where the peers agreed to compress it, behind
/// address and control bytes that some tunnels keep.
pub(super) fn ppp(cursor: Cursor<'_>) -> Step<'_> {
    let cursor = match *cursor.peek::<2>()? {
        [0xff, 0x03] => cursor.skip(2)?,
        _ => cursor,
    };
    let &[high, low] = cursor.peek::<2>()?;
    let (number, length) =
        if high & 1 == 1 { (u16::from(high), 1) } else { (u16::from_be_bytes([high, low]), 2) };
    let rest = cursor.skip(length)?;
    match number {
        0x0021 => Ok((Layer::Ipv4, rest)),
        0x0057 => Ok((Layer::Ipv6, rest)),
        0x0281 | 0x0283 => Ok((Layer::Mpls, rest)),
        _ => Err(Stop::NotIp),
    }
}

/// LLC with SNAP: an organization of zero (RFC 1042), or that of bridged Ethernet (IEEE 802.1H), then an EtherType.
pub(super) fn llc(cursor: Cursor<'_>) -> Step<'_> {
    let &[destination, source, control] = cursor.peek::<3>()?;
    if [destination, source, control] != [0xaa, 0xaa, 0x03] {
        return Err(Stop::NotIp);
    }
    match *cursor.peek::<8>()? {
        [_, _, _, 0, 0, 0 | 0xf8, high, low] => {
            Ok((Layer::EtherType(u16::from_be_bytes([high, low])), cursor.skip(8)?))
        }
        _ => Err(Stop::NotIp),
    }
}
