//! Packets as bytes: Ethernet, IPv4 (RFC 791) or IPv6 (RFC 8200), TCP (RFC 9293), all with correct
//! checksums (RFC 1071).

use crate::connection::Connection;
use crate::tcp::{Flags, Packet, Segment, Side};
use model::flow::Endpoint;
use std::net::IpAddr;

/// Locally administered addresses: the router on the clients' side, and the server.
const ROUTER: [u8; 6] = [0x02, 0, 0, 0, 0, 0xfe];
const SERVER: [u8; 5] = [0x02, 0, 0, 0, 1];
const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const TCP: u8 = 6;
const TTL_SERVER: u8 = 64;
const TTL_CLIENT: u8 = 53;
const WINDOW: u16 = 64_240;
const TCP_HEADER: usize = 20;

/// Replaces `out` by the whole frame; gives the length of its headers.
pub(crate) fn render(connection: &Connection, packet: &Packet, out: &mut Vec<u8>) -> usize {
    let (from, to) = match packet.from {
        Side::Client => (connection.client, connection.server),
        Side::Server => (connection.server, connection.client),
    };
    let options = Options::new(connection, packet);
    let tcp_len = TCP_HEADER + options.len + usize::from(packet.segment.len);
    out.clear();
    ethernet(connection, packet.from, out);
    let pseudo = match (from.address.to_ip(), to.address.to_ip()) {
        (IpAddr::V4(source), IpAddr::V4(target)) => {
            out.extend_from_slice(&ETHERTYPE_IPV4);
            ipv4(packet, source.octets(), target.octets(), tcp_len, out);
            sum(&source.octets()) + sum(&target.octets())
        }
        _ => {
            out.extend_from_slice(&ETHERTYPE_IPV6);
            ipv6(packet.from, &from, &to, tcp_len, out);
            sum(from.address.octets()) + sum(to.address.octets())
        }
    };
    let tcp_at = out.len();
    tcp(connection, packet, (from.port, to.port), &options, out);
    let headers = out.len();
    connection.payload(packet, out);
    let pseudo = pseudo + sum(&[0, TCP]) + sum(&(tcp_len as u16).to_be_bytes());
    let total = pseudo + sum(out.get(tcp_at..).unwrap_or_default());
    put(out, tcp_at + 16, checksum(total));
    headers
}

fn ethernet(connection: &Connection, from: Side, out: &mut Vec<u8>) {
    let [.., last] = *connection.server.address.octets();
    let server = |out: &mut Vec<u8>| {
        out.extend_from_slice(&SERVER);
        out.push(last);
    };
    match from {
        Side::Client => {
            server(out);
            out.extend_from_slice(&ROUTER);
        }
        Side::Server => {
            out.extend_from_slice(&ROUTER);
            server(out);
        }
    }
}

const fn ttl(from: Side) -> u8 {
    match from {
        Side::Client => TTL_CLIENT,
        Side::Server => TTL_SERVER,
    }
}

fn ipv4(packet: &Packet, source: [u8; 4], target: [u8; 4], tcp_len: usize, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend_from_slice(&[0x45, 0]);
    out.extend_from_slice(&(tcp_len as u16 + 20).to_be_bytes());
    out.extend_from_slice(&packet.id.to_be_bytes());
    // Don't fragment.
    out.extend_from_slice(&[0x40, 0, ttl(packet.from), TCP, 0, 0]);
    out.extend_from_slice(&source);
    out.extend_from_slice(&target);
    let total = sum(out.get(at..).unwrap_or_default());
    put(out, at + 10, checksum(total));
}

fn ipv6(side: Side, from: &Endpoint, to: &Endpoint, tcp_len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x60, 0, 0, 0]);
    out.extend_from_slice(&(tcp_len as u16).to_be_bytes());
    out.extend_from_slice(&[TCP, ttl(side)]);
    out.extend_from_slice(from.address.octets());
    out.extend_from_slice(to.address.octets());
}

fn tcp(
    connection: &Connection,
    packet: &Packet,
    (source, target): (u16, u16),
    options: &Options,
    out: &mut Vec<u8>,
) {
    let Segment { offset, flags, .. } = packet.segment;
    let first = flags.has(Flags::SYN) && packet.from == Side::Client;
    let flags = if first { flags } else { flags.with(Flags::ACK) };
    let sequence = connection.isn(packet.from).wrapping_add(offset as u32);
    let ack = connection.isn(packet.from.peer()).wrapping_add(packet.ack as u32);
    out.extend_from_slice(&source.to_be_bytes());
    out.extend_from_slice(&target.to_be_bytes());
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&(if first { 0 } else { ack }).to_be_bytes());
    let words = ((TCP_HEADER + options.len) / 4) as u8;
    out.extend_from_slice(&[words << 4, flags.0]);
    out.extend_from_slice(&WINDOW.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(options.bytes.get(..options.len).unwrap_or_default());
}

/// TCP options as Linux orders them, padded to whole words.
struct Options {
    bytes: [u8; 20],
    len: usize,
}

impl Options {
    fn new(connection: &Connection, packet: &Packet) -> Self {
        let [a, b, c, d] = packet.stamp.to_be_bytes();
        let [e, f, g, h] = packet.echo.to_be_bytes();
        let syn = packet.segment.flags.has(Flags::SYN);
        let [high, low] = connection.mss_announced().to_be_bytes();
        let (bytes, len) = match (syn, connection.timestamps) {
            // MSS, SACK permitted, timestamps, window scale 7.
            (true, true) => {
                ([2, 4, high, low, 4, 2, 8, 10, a, b, c, d, e, f, g, h, 1, 3, 3, 7], 20)
            }
            (true, false) => {
                ([2, 4, high, low, 1, 1, 4, 2, 1, 3, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0], 12)
            }
            (false, true) => ([1, 1, 8, 10, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0], 12),
            (false, false) => ([0; 20], 0),
        };
        Self { bytes, len }
    }
}

fn put(out: &mut [u8], at: usize, value: u16) {
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

/// The sum of 16-bit words, not folded yet.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut sum: u64 = words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let mut last = [0; 4];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    sum += u64::from(u32::from_be_bytes(last));
    sum
}

fn checksum(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_follow_the_rfc() {
        // RFC 1071, section 3.
        assert_eq!(checksum(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), !0xddf2);
        assert_eq!(checksum(sum(&[0x01])), !0x0100);
    }
}
