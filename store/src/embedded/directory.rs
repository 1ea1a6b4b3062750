//! The store's directory: whose it is, which format it has, and that only one process uses it.
//!
//! ```text
//! WIRELAT        says what this is: "wirelat store\nformat 2\n"
//! lock           locked while a process has the store open
//! acknowledged   how many changes were acknowledged, see acknowledged.rs
//! data/          the engine's files
//! data.new/      the engine's files while a new store is being made; never holds anything
//! ```

use crate::StoreError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What this code writes, and the newest that it reads.
const FORMAT: u32 = 2;
/// Nothing was rolled up, and nothing marked dirty.
const FORMAT_WITHOUT_ROLLUPS: u32 = 1;
const MARKER: &str = "WIRELAT";
const MARKER_NEW: &str = "WIRELAT.new";
const LOCK: &str = "lock";

/// A store's directory, locked while this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Which it had when it was claimed.
    format: u32,
    _lock: File,
}

impl Directory {
    /// Takes the directory, and makes it a store's if it is empty or not there.
    pub(super) fn claim(path: &Path) -> Result<Self, StoreError> {
        let fault = |error: io::Error| refused(path, format!("{error}"));
        fs::create_dir_all(path).map_err(fault)?;
        if check_marker(path)?.is_none() {
            check_empty(path)?;
        }
        let lock = lock(path)?;
        // Again: another process can have made it a store, and left, before the lock was ours.
        let format = check_marker(path)?;
        if format.is_none() {
            write_marker(path).map_err(fault)?;
        }
        Ok(Self { path: path.to_owned(), format: format.unwrap_or(FORMAT), _lock: lock })
    }

    /// Whether it was written by a wirelat that knew no rollups.
    pub(super) fn is_older(&self) -> bool {
        self.format < FORMAT
    }

    /// Says that it has the newest format now.
    pub(super) fn upgraded(&self) -> Result<(), StoreError> {
        write_marker(&self.path).map_err(|error| refused(&self.path, format!("{error}")))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn acknowledged(&self) -> PathBuf {
        self.path.join("acknowledged")
    }

    /// Makes the engine's files with `make`, so that they are there whole or not at all.
    pub(super) fn make_data(
        &self,
        make: impl FnOnce(&Path) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (made, data) = (self.path.join("data.new"), self.data());
        let fault = |error: io::Error| refused(&self.path, format!("{error}"));
        if data.try_exists().map_err(fault)? {
            return Ok(());
        }
        if made.try_exists().map_err(fault)? {
            fs::remove_dir_all(&made).map_err(fault)?;
        }
        make(&made)?;
        fs::rename(&made, &data).map_err(fault)?;
        sync_directory(&self.path).map_err(fault)
    }
}

pub(super) fn refused(path: &Path, reason: impl Into<String>) -> StoreError {
    StoreError::Open { path: path.display().to_string(), reason: reason.into() }
}

/// The format, if the directory is a store's that this code can read.
fn check_marker(path: &Path) -> Result<Option<u32>, StoreError> {
    let text = match fs::read(path.join(MARKER)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(path, format!("{MARKER}: {error}"))),
    };
    let format = std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.strip_prefix("wirelat store\nformat "))
        .and_then(|text| text.strip_suffix('\n'))
        .and_then(|format| format.parse::<u32>().ok());
    match format {
        Some(format @ FORMAT_WITHOUT_ROLLUPS..=FORMAT) => Ok(Some(format)),
        Some(newer) => Err(refused(
            path,
            format!(
                "it has format {newer}, this wirelat reads formats up to {FORMAT}: \
                 use the wirelat that wrote it, or a newer one"
            ),
        )),
        None => Err(refused(
            path,
            format!(
                "its file {MARKER} does not say which format it has: \
                 restore the directory from a backup, or choose another"
            ),
        )),
    }
}

/// Anything but what a crash while making a store can leave.
fn check_empty(path: &Path) -> Result<(), StoreError> {
    let fault = |error: io::Error| refused(path, format!("{error}"));
    for entry in fs::read_dir(path).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        if name != LOCK && name != MARKER_NEW {
            return Err(refused(
                path,
                format!(
                    "it is not a wirelat store, and not empty (it holds {}): choose another directory",
                    name.display()
                ),
            ));
        }
    }
    Ok(())
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let fault = |error: io::Error| refused(path, format!("{LOCK}: {error}"));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(path.join(LOCK)).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(refused(
            path,
            "another process has it open: stop that one, or give this one a directory of its own",
        )),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}

fn write_marker(path: &Path) -> io::Result<()> {
    let new = path.join(MARKER_NEW);
    let mut file = File::create(&new)?;
    file.write_all(format!("wirelat store\nformat {FORMAT}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path.join(MARKER))?;
    sync_directory(path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(path: &Path) -> String {
        Directory::claim(path).unwrap_err().to_string()
    }

    #[test]
    fn only_an_empty_directory_or_a_store_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("a/b");
        drop(Directory::claim(&store).unwrap());
        drop(Directory::claim(&store).unwrap());
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        assert!(reason(dir.path()).contains("choose another directory"));
        assert!(!dir.path().join(LOCK).exists(), "foreign directories are left alone");
    }

    #[test]
    fn a_newer_format_and_a_spoilt_marker_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(Directory::claim(dir.path()).unwrap());
        fs::write(dir.path().join(MARKER), "wirelat store\nformat 3\n").unwrap();
        assert!(reason(dir.path()).contains("format 3"));
        for spoilt in ["", "wirelat store\n", "wirelat store\nformat x\n"] {
            fs::write(dir.path().join(MARKER), spoilt).unwrap();
            assert!(reason(dir.path()).contains("does not say"));
        }
    }

    #[test]
    fn one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = Directory::claim(dir.path()).unwrap();
        assert!(reason(dir.path()).contains("another process"));
        drop(held);
        assert!(Directory::claim(dir.path()).is_ok());
    }

    #[test]
    fn making_is_begun_again_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MARKER_NEW), "wirelat st").unwrap();
        let directory = Directory::claim(dir.path()).unwrap();
        fs::create_dir(dir.path().join("data.new")).unwrap();
        fs::write(dir.path().join("data.new/half"), "").unwrap();
        let make =
            |path: &Path| fs::create_dir(path).map_err(|error| refused(path, format!("{error}")));
        directory.make_data(make).unwrap();
        assert!(directory.data().exists() && !directory.data().join("half").exists());
    }
}
