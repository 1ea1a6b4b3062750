//! IEEE 802.11: data frames, with or without a radiotap header.

use super::cursor::{Cursor, Stop};
use super::walk::{Layer, Step};

/// The radiotap header (<https://www.radiotap.org>): version, padding, length, and bitmaps of which fields follow.
pub(super) fn radiotap(cursor: Cursor<'_>) -> Step<'_> {
    let &[version, _, l0, l1, ..] = cursor.peek::<8>()?;
    if version != 0 {
        return Err(Stop::NotIp);
    }
    let frame = cursor.skip(usize::from(u16::from_le_bytes([l0, l1])))?;
    let padded = radiotap_flags(cursor.rest) & FLAG_DATA_PAD != 0;
    Ok((Layer::Wifi { padded }, frame))
}

/// The 802.11 header is padded to a multiple of four bytes.
const FLAG_DATA_PAD: u8 = 0x20;

/// The flags field, zero where there is none. Before it lies at most the TSFT field.
fn radiotap_flags(header: &[u8]) -> u8 {
    const FIRST_BITMAP: usize = 4;
    const TSFT: u32 = 1 << 0;
    const FLAGS: u32 = 1 << 1;
    const MORE_BITMAPS: u32 = 1 << 31;
    let bitmap = |at: usize| {
        header.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b))
    };
    let present = bitmap(FIRST_BITMAP);
    if present & FLAGS == 0 {
        return 0;
    }
    let mut at = FIRST_BITMAP;
    while bitmap(at) & MORE_BITMAPS != 0 {
        at += 4;
    }
    at += 4;
    if present & TSFT != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    header.get(at).copied().unwrap_or(0)
}

/// The MAC header (IEEE 802.11, section 9.2). Frames that carry no readable packet (management, control, null data,
/// encrypted, A-MSDU aggregates) are not IP.
pub(super) fn ieee80211(cursor: Cursor<'_>, padded: bool) -> Step<'_> {
    const KIND: u8 = 0b0000_1111;
    const DATA: u8 = 0b0000_1000;
    const NO_DATA: u8 = 0x40;
    const QOS: u8 = 0x80;
    const BOTH_WAYS: u8 = 0x03;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    let &[kind, flags] = cursor.peek::<2>()?;
    if kind & KIND != DATA || kind & NO_DATA != 0 || flags & PROTECTED != 0 {
        return Err(Stop::NotIp);
    }
    // A frame between access points has a fourth address.
    let mut length = if flags & BOTH_WAYS == BOTH_WAYS { 30 } else { 24 };
    if kind & QOS != 0 {
        if is_aggregate(cursor.skip(length)?)? {
            return Err(Stop::NotIp);
        }
        length += if flags & ORDER != 0 { 6 } else { 2 };
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    Ok((Layer::Llc, cursor.skip(length)?))
}

/// The A-MSDU bit of the QoS control field.
fn is_aggregate(qos_control: Cursor<'_>) -> Result<bool, Stop> {
    let &[low, _] = qos_control.peek::<2>()?;
    Ok(low & 0x80 != 0)
}
