//! How many changes have been acknowledged, kept beside the engine.
//!
//! The engine drops the end of a journal that it cannot read, without a word: it takes it for
//! what a crash left. This count tells the two apart. It is written after a change is on disk and
//! never waits for the disk itself: after a power cut it can be behind, so it never cries wolf.

use super::damaged;
use crate::StoreError;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The count and its checksum, both little-endian.
const BYTES: usize = 16;

#[derive(Debug)]
pub(super) struct Acknowledged {
    file: File,
}

impl Acknowledged {
    /// Opens the file and reads its count; 0 if there is no file, which is how a loss is accepted.
    pub(super) fn open(path: &Path) -> Result<(Self, u64), StoreError> {
        let name = path.display();
        let fault = |error: io::Error| StoreError::Engine(format!("{name}: {error}"));
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let this = Self { file: options.open(path).map_err(fault)? };
        if this.file.metadata().map_err(fault)?.len() == 0 {
            this.record(0)?;
            this.file.sync_all().map_err(fault)?;
        }
        let count = this.read().ok_or_else(|| damaged(&name.to_string(), "it does not read"))?;
        Ok((this, count))
    }

    fn read(&self) -> Option<u64> {
        let mut bytes = [0; BYTES];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (count, checksum) = bytes.split_first_chunk::<8>()?;
        (xxh3_64(count).to_le_bytes() == checksum).then(|| u64::from_le_bytes(*count))
    }

    /// Notes that `count` changes are on disk.
    pub(super) fn record(&self, count: u64) -> Result<(), StoreError> {
        let count = count.to_le_bytes();
        let bytes = [count, xxh3_64(&count).to_le_bytes()].concat();
        self.file
            .write_all_at(&bytes, 0)
            .map_err(|error| StoreError::Engine(format!("the count of changes: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_back_and_a_wrong_one_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("acknowledged");
        let (acknowledged, count) = Acknowledged::open(&path).unwrap();
        assert_eq!(count, 0);
        acknowledged.record(7).unwrap();
        assert_eq!(Acknowledged::open(&path).unwrap().1, 7);
        std::fs::write(&path, [7; BYTES]).unwrap();
        assert!(matches!(Acknowledged::open(&path), Err(StoreError::Damaged { .. })));
    }
}
