//! Several files as one.

use super::build::*;
use super::{Seen, drain};
use crate::capture::{CaptureError, CaptureWarning, Source, open};
use std::path::PathBuf;
use tempfile::TempDir;

struct Files(TempDir, Vec<PathBuf>);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), Vec::new())
    }

    fn add(&mut self, bytes: &[u8]) {
        let path = self.0.path().join(format!("{}.pcap", self.1.len()));
        std::fs::write(&path, bytes).unwrap();
        self.1.push(path);
    }

    fn open(&self) -> Box<dyn Source> {
        open(&self.1).unwrap()
    }
}

/// A pcap file of packets at these seconds, each of which holds the file's name and its number.
fn file(name: u8, seconds: &[u32]) -> Vec<u8> {
    let order = Order::Little;
    let mut file = pcap_header(order, 0xa1b2_c3d4, 1);
    for (number, &second) in (0..).zip(seconds) {
        file.extend(pcap_record(order, second, 0, &[name, number]));
    }
    file
}

fn order_of(seen: &[Seen]) -> Vec<(u64, u8, u8)> {
    seen.iter().map(|(time, _, data, _)| (time / 1_000_000_000, data[0], data[1])).collect()
}

#[test]
fn by_time_and_then_by_the_order_of_the_files() {
    let mut files = Files::new();
    files.add(&file(b'a', &[1, 4, 4, 9]));
    files.add(&file(b'b', &[]));
    files.add(&file(b'c', &[0, 4, 5]));
    files.add(&file(b'd', &[4, 6]));
    let (seen, error) = drain(files.open().as_mut());
    assert!(error.is_none());
    assert_eq!(
        order_of(&seen),
        [
            (0, b'c', 0),
            (1, b'a', 0),
            (4, b'a', 1),
            (4, b'a', 2),
            (4, b'c', 1),
            (4, b'd', 0),
            (5, b'c', 2),
            (6, b'd', 1),
            (9, b'a', 3),
        ]
    );
}

#[test]
fn a_file_that_goes_back_in_time_keeps_its_order() {
    let mut files = Files::new();
    files.add(&file(b'a', &[3, 2, 5]));
    files.add(&file(b'b', &[1, 4]));
    let (seen, _) = drain(files.open().as_mut());
    assert_eq!(
        order_of(&seen),
        [(1, b'b', 0), (3, b'a', 0), (2, b'a', 1), (4, b'b', 1), (5, b'a', 2)]
    );
}

#[test]
fn long_files_across_batches() {
    let mut files = Files::new();
    let order = Order::Little;
    for name in 0..3_u32 {
        let mut file = pcap_header(order, 0xa1b2_c3d4, 1);
        for second in 0..2_000 {
            let length = (second * 37 % 1_500 + 1) as usize;
            file.extend(pcap_record(order, second * 3 + name, 0, &vec![name as u8; length]));
        }
        files.add(&file);
    }
    let mut source = files.open();
    let (seen, _) = drain(source.as_mut());
    assert_eq!(seen.len(), 6_000);
    for (second, (time, _, data, _)) in (0..).zip(&seen) {
        assert_eq!(*time, second * 1_000_000_000);
        assert!(data.iter().all(|&byte| u64::from(byte) == second % 3));
        assert_eq!(data.len() as u64, second / 3 * 37 % 1_500 + 1);
    }
    let progress = source.progress();
    assert_eq!(Some(progress.read), progress.total);
}

#[test]
fn more_files_than_can_be_open_at_once() {
    let mut files = Files::new();
    let many = 2_000;
    for second in 0..many {
        files.add(&file(7, &[second]));
    }
    let (seen, error) = drain(files.open().as_mut());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(seen.len(), many as usize);
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn formats_warnings_and_drops_of_all_files() {
    let order = Order::Big;
    let dropped = option(order, 4, &order.u64(5));
    let pcapng = [
        section(order),
        interface(order, 101, 0, &[]),
        enhanced(order, 0, 2_000_000, &[b'p', 0], 2, &dropped),
    ]
    .concat();
    let mut files = Files::new();
    let cut = file(b'a', &[1, 3, 5]);
    files.add(&cut[..cut.len() - 1]);
    files.add(&pcapng);
    let mut source = files.open();
    let (seen, _) = drain(source.as_mut());
    assert_eq!(order_of(&seen), [(1, b'a', 0), (2, b'p', 0), (3, b'a', 1)]);
    assert_eq!(seen.iter().map(|seen| seen.1).collect::<Vec<_>>(), [1, 101, 1]);
    assert!(matches!(
        &source.warnings()[..],
        [CaptureWarning::Truncated { file, missing: 1, .. }] if file.ends_with("0.pcap")
    ));
    assert_eq!(source.progress().dropped, 5);
}

#[test]
fn what_is_wrong_with_one_file_shows_before_any_is_read() {
    let mut files = Files::new();
    files.add(&file(b'a', &[1]));
    files.add(b"not a capture");
    assert!(matches!(open(&files.1).err(), Some(CaptureError::NotACapture { .. })));
}
