//! TCP headers become segments, and get a fingerprint.

use super::cursor::{Cursor, Stop};
use super::walk::Walk;
use super::{Segment, TcpFlags};
use etherparse::TcpHeaderSlice;
use etherparse::err::tcp::HeaderSliceError;
use model::flow::{Address, End, Endpoint, FlowKey};

/// A TCP header without and with as many options as fit (RFC 9293, section 3.1).
const HEADER_MIN: usize = 20;
const HEADER_MAX: usize = 60;

/// The end of the walk. The checksum is not looked at: cards fill it in after the capture.
#[inline]
pub(super) fn segment(walk: &Walk<'_>, cursor: Cursor<'_>) -> Result<Segment, Stop> {
    match TcpHeaderSlice::from_slice(cursor.rest) {
        Ok(header) => Ok(of_header(walk, cursor, &header)),
        Err(HeaderSliceError::Content(_)) => Err(Stop::Malformed),
        Err(HeaderSliceError::Len(error)) => options_cut(walk, cursor, error.required_len),
    }
}

/// The snap length fell into the options: the payload is known, although none of it was captured.
#[cold]
fn options_cut(walk: &Walk<'_>, cursor: Cursor<'_>, length: usize) -> Result<Segment, Stop> {
    let mut padded = [0; HEADER_MAX];
    match padded.get_mut(..cursor.rest.len()) {
        Some(head) if head.len() >= HEADER_MIN && length <= cursor.wire as usize => {
            head.copy_from_slice(cursor.rest);
        }
        _ => return Err(cursor.shortage(length)),
    }
    let header = TcpHeaderSlice::from_slice(&padded).map_err(|_| Stop::Malformed)?;
    Ok(of_header(walk, cursor, &header))
}

#[inline]
fn of_header(walk: &Walk<'_>, cursor: Cursor<'_>, header: &TcpHeaderSlice<'_>) -> Segment {
    let bytes = header.slice();
    let header_length = bytes.len() as u32;
    let captured = cursor.rest.len() as u32;
    let header_captured = header_length.min(captured);
    let payload_length = captured - header_captured;
    let payload_wire = cursor.wire - header_length;
    let (key, from) = flow_key(
        (walk.network.source, header.source_port()),
        (walk.network.destination, header.destination_port()),
    );
    Segment {
        time: walk.time,
        key,
        from,
        flags: TcpFlags(bytes.get(13).copied().unwrap_or_default()),
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        payload_start: cursor.start + header_captured,
        payload_length,
        payload_missing: payload_wire - payload_length,
        fingerprint: fingerprint(bytes, walk.network.identification, payload_wire),
    }
}

/// What `FlowKey::of` gives, for addresses that are numbers: comparing those is several times faster.
#[inline]
fn flow_key(source: (u128, u16), destination: (u128, u16)) -> (FlowKey, End) {
    let endpoint = |(address, port): (u128, u16)| Endpoint {
        address: Address::v6(address.to_be_bytes()),
        port,
    };
    if source <= destination {
        (FlowKey { low: endpoint(source), high: endpoint(destination) }, End::Low)
    } else {
        (FlowKey { low: endpoint(destination), high: endpoint(source) }, End::High)
    }
}

/// Mixes what every copy of a packet has and a retransmission rarely has: IPv4's identification, the payload's length
/// on the wire, and the TCP header with its options (timestamps!), but not the checksum. Its own copies differ:
/// a sender's capture holds the partial sum that its card completes, the receiver's the whole one; and it says nothing
/// of the header that the header does not. What bridges and routers change (MAC, VLAN, TTL, tunnels) is not in it.
#[inline]
fn fingerprint(header: &[u8], identification: u16, payload_wire: u32) -> u64 {
    let mut hash = mix(u64::from(identification) << 32 | u64::from(payload_wire));
    // Sequence, acknowledgment; then offset, flags, window.
    if let Some(&numbers) = header.get(4..).and_then(|bytes| bytes.first_chunk::<8>()) {
        hash = mix(hash ^ u64::from_le_bytes(numbers));
    }
    if let Some(&rest) = header.get(12..).and_then(|bytes| bytes.first_chunk::<4>()) {
        hash = mix(hash ^ u64::from(u32::from_le_bytes(rest)));
    }
    let (words, _) = header.get(HEADER_MIN..).unwrap_or_default().as_chunks::<4>();
    for &word in words {
        hash = mix(hash ^ u64::from(u32::from_le_bytes(word)));
    }
    hash
}

/// Multiplies and folds: each bit of the input reaches each bit of the output.
#[inline]
const fn mix(value: u64) -> u64 {
    // The golden ratio, and an odd number that no header is likely to equal.
    let product = (value ^ 0x9e37_79b9_7f4a_7c15) as u128 * 0xd6e8_feb8_6659_fd93_u128;
    (product as u64) ^ (product >> 64) as u64
}
