//! gzip and zstd.

use super::build::*;
use super::{Trickle, read, read_from};
use crate::capture::{CaptureError, CaptureWarning, Damage, FileSource, PacketBatch, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Cursor, Write};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKERS: [Pack; 2] = [gzip, zstd];

#[test]
fn one_member_and_several() {
    for pack in PACKERS {
        for file in [pcap(Order::Little), pcapng(Order::Big)] {
            let (first, second) = file.split_at(70);
            let members = [pack(first), pack(second)].concat();
            for packed in [pack(&file), members] {
                assert_eq!(read(&packed).seen, expected());
                let trickle = Trickle(Cursor::new(packed), 3);
                assert_eq!(read_from(Box::new(trickle)).seen, expected());
            }
        }
    }
}

#[test]
fn every_cut_of_a_packed_file() {
    for pack in PACKERS {
        let packed = pack(&pcap(Order::Little));
        for length in 0..packed.len() {
            let outcome = read(&packed[..length]);
            let whole = outcome.seen.len();
            assert_eq!(outcome.seen, expected()[..whole], "cut at {length}");
            assert!(
                outcome.error.is_some() || !outcome.warnings.is_empty() || whole == packets().len(),
                "cut at {length}: not a word"
            );
        }
    }
}

#[test]
fn a_packed_file_that_is_broken_later_counts_until_there() {
    let order = Order::Little;
    let mut file = pcap_header(order, 0xa1b2_c3d4, 1);
    let mut noise = 1_u32;
    for second in 0..2_000 {
        let data: Vec<u8> = (0..200)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        file.extend(pcap_record(order, second, 0, &data));
    }
    for pack in PACKERS {
        let packed = pack(&file);
        let outcome = read(&packed[..packed.len() / 2]);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert!(outcome.seen.len() > 500, "{}", outcome.seen.len());
        assert!(matches!(
            &outcome.warnings[..],
            [CaptureWarning::Damaged { damage: Damage::Compression(_), .. }]
        ));
    }
}

#[test]
fn what_is_not_a_capture_inside() {
    for pack in PACKERS {
        let error = read(&pack(b"<html><body>404</body></html>")).error.unwrap();
        assert!(matches!(error, CaptureError::NotACapture { .. }));
        assert!(error.to_string().contains("what is inside looks like a web page"), "{error}");
    }
}

#[test]
fn progress_is_that_of_the_file_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in [("plain", pcap(Order::Little)), ("packed", gzip(&pcap(Order::Little)))] {
        let path = directory.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let mut source = FileSource::open(&path).unwrap();
        assert_eq!(source.progress().total, Some(bytes.len() as u64));
        let mut batch = PacketBatch::default();
        while source.fill(&mut batch).unwrap() {}
        assert_eq!(source.progress().read, bytes.len() as u64, "{name}");
    }
}
