//! How long a packet takes on the plain path and on the longest usual one. `cargo bench -p wirelat-decoders --bench packet`
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use decoders::packet::{LinkType, Packet, PacketParser, Parsed};
use model::units::CaptureTime;
use std::hint::black_box;

/// Packets of one run: enough that headers are not all in the first-level cache, as in a capture buffer.
const PACKETS: usize = 1_024;

fn tcp(payload: usize, sequence: u32) -> Vec<u8> {
    let mut bytes = vec![0x9c, 0x40, 0x00, 0x50];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend([0, 0, 0, 9, 0x80, 0x18, 1, 0, 0xab, 0xcd, 0, 0]);
    // No operation twice, timestamps.
    bytes.extend([1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4]);
    bytes.resize(bytes.len() + payload, b'x');
    bytes
}

fn ipv4(protocol: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + body.len()).unwrap_or(0).to_be_bytes();
    let mut bytes = vec![0x45, 0, length[0], length[1], 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0];
    bytes.extend([10, 0, 0, 5, 10, 0, 0, 9]);
    bytes.extend(body);
    bytes
}

fn ipv6(next: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend([0x20; 16]);
    bytes.extend([0x21; 16]);
    bytes.extend(body);
    bytes
}

fn ethernet(ether_type: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn vxlan(frame: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0];
    bytes.extend([8, 0, 0, 0, 0, 0, 1, 0]);
    bytes.extend(frame);
    ethernet(0x0800, &ipv4(17, &bytes))
}

fn packets(make: impl Fn(u32) -> Vec<u8>) -> Vec<Vec<u8>> {
    (0..PACKETS as u32).map(|i| make(i * 1_000)).collect()
}

fn parse(c: &mut Criterion) {
    let cases = [
        ("ethernet_ipv4_tcp_64", packets(|s| ethernet(0x0800, &ipv4(6, &tcp(64, s))))),
        ("ethernet_ipv4_tcp_1448", packets(|s| ethernet(0x0800, &ipv4(6, &tcp(1_448, s))))),
        ("ethernet_ipv6_tcp_64", packets(|s| ethernet(0x86dd, &ipv6(6, &tcp(64, s))))),
        (
            "vxlan_ethernet_ipv4_tcp_64",
            packets(|s| vxlan(&ethernet(0x0800, &ipv4(6, &tcp(64, s))))),
        ),
    ];
    let mut group = c.benchmark_group("packet");
    group.throughput(Throughput::Elements(PACKETS as u64));
    for (name, packets) in &cases {
        let mut parser = PacketParser::new();
        group.bench_function(*name, |b| {
            b.iter(|| {
                let mut time = 0;
                let mut sum = 0;
                for bytes in packets {
                    time += 1_000;
                    let packet = Packet {
                        time: CaptureTime::from_nanos(time),
                        link: LinkType::ETHERNET,
                        bytes,
                        wire_length: bytes.len() as u32,
                    };
                    if let Parsed::Segment(segment) = parser.parse(black_box(packet)) {
                        sum ^= black_box(segment).fingerprint;
                    }
                }
                sum
            });
        });
        assert!(parser.packets.tcp == parser.packets.packets, "{name} is not read as TCP");
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
