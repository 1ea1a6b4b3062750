//! How fast captures are read, against a bare loop that only walks record headers.
//! `cargo bench -p wirelat-observer --bench capture`
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use decoders::packet::PacketParser;
use observer::capture::{self, PacketBatch};
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const PACKETS: u32 = 400_000;

/// Ethernet, IPv4, TCP with timestamps; payloads of 0 to 255 bytes.
fn frame(number: u32) -> Vec<u8> {
    let payload = (number.wrapping_mul(2_654_435_761) >> 24) as usize;
    let length = (20 + 32 + payload) as u16;
    let mut bytes = vec![2; 12];
    bytes.extend([8, 0, 0x45, 0]);
    bytes.extend(length.to_be_bytes());
    bytes.extend((number as u16).to_be_bytes());
    bytes.extend([0x40, 0, 64, 6, 0, 0, 10, 0, 0, 5, 10, 0, 0, 9]);
    bytes.extend((40_000 + (number % 64) as u16).to_be_bytes());
    bytes.extend([0, 80]);
    bytes.extend(number.to_be_bytes());
    bytes.extend([0, 0, 0, 9, 0x80, 0x18, 1, 0, 0, 0, 0, 0]);
    bytes.extend([1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4]);
    bytes.resize(bytes.len() + payload, b'x');
    bytes
}

fn pcap() -> Vec<u8> {
    let mut file =
        vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    for number in 0..PACKETS {
        let frame = frame(number);
        let length = (frame.len() as u32).to_le_bytes();
        file.extend((1_700_000_000 + number / 100_000).to_le_bytes());
        file.extend((number % 100_000 * 10).to_le_bytes());
        file.extend(length);
        file.extend(length);
        file.extend(frame);
    }
    file
}

fn pcapng() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28] {
        file.extend(word.to_le_bytes());
    }
    for word in [1_u32, 20, 1, 0, 20] {
        file.extend(word.to_le_bytes());
    }
    for number in 0..PACKETS {
        let frame = frame(number);
        let length = frame.len() as u32;
        let block = 32 + length.next_multiple_of(4);
        for word in [6, block, 0, 0x6000, number * 10, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame);
        file.resize(file.len() + (length.next_multiple_of(4) - length) as usize, 0);
        file.extend(block.to_le_bytes());
    }
    file
}

/// Reads into one buffer and adds the captured lengths up; what a reader cannot be faster than.
fn bare_loop(path: &Path) -> u64 {
    let mut file = File::open(path).unwrap();
    let mut buffer = vec![0; capture::BATCH_BYTES];
    let (mut filled, mut sum) = (0, 0);
    let mut at = 24;
    loop {
        let read = file.read(&mut buffer[filled..]).unwrap();
        if read == 0 {
            return sum;
        }
        filled += read;
        while let Some(header) = buffer[..filled].get(at..at + 16) {
            let captured = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
            if at + 16 + captured > filled {
                break;
            }
            sum += captured as u64;
            at += 16 + captured;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        at = 0;
    }
}

fn source(path: &Path) -> u64 {
    let mut source = capture::open(&[path.to_owned()]).unwrap();
    let mut batch = PacketBatch::default();
    let mut sum = 0;
    while source.fill(&mut batch).unwrap() {
        for record in &batch.records {
            sum += u64::from(record.captured);
        }
    }
    sum
}

fn source_and_parser(paths: &[PathBuf]) -> u64 {
    let mut source = capture::open(paths).unwrap();
    let mut parser = PacketParser::new();
    let mut sum = 0;
    capture::read_all(source.as_mut(), &mut parser, |segment, _| {
        sum ^= black_box(segment).fingerprint;
    })
    .unwrap();
    assert_eq!(parser.packets.tcp, u64::from(PACKETS) * paths.len() as u64);
    sum
}

fn read(c: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    };
    let bytes = pcap();
    let pcap = write("capture.pcap", &bytes);
    let pcapng = write("capture.pcapng", &pcapng());
    let zstd = write("capture.zst", &zstd::encode_all(bytes.as_slice(), 3).unwrap());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&bytes).unwrap();
    let gzip = write("capture.gz", &encoder.finish().unwrap());
    assert_eq!(bare_loop(&pcap), source(&pcap));
    assert_eq!(source(&pcapng), source(&pcap));

    let mut group = c.benchmark_group("capture");
    group.throughput(Throughput::Elements(u64::from(PACKETS)));
    group.sample_size(20);
    group.bench_function("bare_loop", |b| b.iter(|| bare_loop(&pcap)));
    group.bench_function("pcap", |b| b.iter(|| source(&pcap)));
    group.bench_function("pcapng", |b| b.iter(|| source(&pcapng)));
    group.bench_function("pcap_gzip", |b| b.iter(|| source(&gzip)));
    group.bench_function("pcap_zstd", |b| b.iter(|| source(&zstd)));
    let one = [pcap.clone()];
    group.bench_function("pcap_and_parser", |b| b.iter(|| source_and_parser(&one)));
    group.throughput(Throughput::Elements(u64::from(PACKETS) * 2));
    let two = [pcap.clone(), pcap];
    group.bench_function("two_merged_and_parser", |b| b.iter(|| source_and_parser(&two)));
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
