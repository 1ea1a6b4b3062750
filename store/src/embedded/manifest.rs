//! Looks at the engine's manifests before the engine does.
//!
//! The engine believes what it reads there: a flipped bit can make it allocate without bound, or
//! hide rows; and a keyspace whose `current` is missing it takes for one that was never finished, and
//! deletes it. It writes the checksums that tell, but does not compare them. Blocks of rows it does check.
//!
//! Source: lsm-tree 3.1, `version/persist.rs` and `version/recovery.rs`; sfa 1.0 (archives).

use super::damaged;
use crate::StoreError;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// The magic, version, kind of checksum, then the contents' checksum, place and length.
const TRAILER_BYTES: u64 = 4 + 1 + 1 + 16 + 8 + 8;
const TRAILER_START: &[u8] = b"SFA!\x01\x00";
const CONTENTS_START: &[u8] = b"TOC!";
/// A table of contents has some ten entries of some dozens of bytes.
const CONTENTS_BYTES_MAX: u64 = 64 * 1_024;
const MANIFEST_BYTES_MAX: u64 = 256 * 1_024 * 1_024;

/// Checks all keyspaces' manifests, and the contents of the tables that they name.
pub(super) fn check(engine: &Path) -> Result<(), StoreError> {
    let keyspaces = engine.join("keyspaces");
    let fault = |error: io::Error| spoilt(&keyspaces, &error.to_string());
    for keyspace in fs::read_dir(&keyspaces).map_err(fault)? {
        check_keyspace(&keyspace.map_err(fault)?.path())?;
    }
    Ok(())
}

fn check_keyspace(keyspace: &Path) -> Result<(), StoreError> {
    let current = keyspace.join("current");
    let bytes = fs::read(&current).map_err(|error| spoilt(&current, &error.to_string()))?;
    let (version, checksum) =
        read_current(&bytes).ok_or_else(|| spoilt(&current, "it does not read"))?;
    let manifest = keyspace.join(format!("v{version}"));
    let fault = |error: io::Error| spoilt(&manifest, &error.to_string());
    if fs::metadata(&manifest).map_err(fault)?.len() > MANIFEST_BYTES_MAX {
        return Err(spoilt(&manifest, "it is too long"));
    }
    let bytes = fs::read(&manifest).map_err(fault)?;
    if xxh3_128(&bytes) != checksum {
        return Err(spoilt(&manifest, "its checksum is wrong"));
    }
    let tables = tables(&bytes).ok_or_else(|| spoilt(&manifest, "it does not read"))?;
    // Only these: a crash can leave half a table behind, which the engine clears away.
    for table in tables {
        check_table(&keyspace.join("tables").join(table.to_string()))?;
    }
    Ok(())
}

/// The number of the manifest and its checksum.
fn read_current(bytes: &[u8]) -> Option<(u64, u128)> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    (rest == [0]).then(|| (u64::from_le_bytes(*version), u128::from_le_bytes(*checksum)))
}

/// The numbers of the tables that a whole manifest names.
fn tables(manifest: &[u8]) -> Option<Vec<u64>> {
    let split = manifest.len().checked_sub(usize::try_from(TRAILER_BYTES).ok()?)?;
    let (archive, trailer) = manifest.split_at_checked(split)?;
    let (_, at, length) = read_trailer(trailer)?;
    let at = usize::try_from(at).ok()?;
    let contents = archive.get(at..at.checked_add(usize::try_from(length).ok()?)?)?;
    let (at, length) = section(contents, b"tables")?;
    let mut rest = archive.get(at..at.checked_add(length)?)?;
    let mut tables = Vec::new();
    for _level in 0..take::<1>(&mut rest).map(u8::from_le_bytes)? {
        for _run in 0..take::<1>(&mut rest).map(u8::from_le_bytes)? {
            for _table in 0..take::<4>(&mut rest).map(u32::from_le_bytes)? {
                tables.push(take::<8>(&mut rest).map(u64::from_le_bytes)?);
                let _checksum_and_sequence = take::<25>(&mut rest)?;
            }
        }
    }
    Some(tables)
}

/// The place and length of a section, from a table of contents.
fn section(contents: &[u8], wanted: &[u8]) -> Option<(usize, usize)> {
    let mut rest = contents.strip_prefix(CONTENTS_START)?;
    for _ in 0..take::<4>(&mut rest).map(u32::from_le_bytes)? {
        let at = take::<8>(&mut rest).map(u64::from_le_bytes)?;
        let length = take::<8>(&mut rest).map(u64::from_le_bytes)?;
        let name = take::<2>(&mut rest).map(u16::from_le_bytes)?;
        let (name, behind) = rest.split_at_checked(name.into())?;
        if name == wanted {
            return Some((usize::try_from(at).ok()?, usize::try_from(length).ok()?));
        }
        rest = behind;
    }
    None
}

/// A table's contents are what finds its blocks; these have checksums of their own.
fn check_table(path: &Path) -> Result<(), StoreError> {
    let read = || -> io::Result<Option<bool>> {
        let file = File::open(path)?;
        let Some(at) = file.metadata()?.len().checked_sub(TRAILER_BYTES) else { return Ok(None) };
        let mut trailer = [0; TRAILER_BYTES as usize];
        file.read_exact_at(&mut trailer, at)?;
        let Some((checksum, start, length)) = read_trailer(&trailer) else { return Ok(None) };
        if start.checked_add(length) != Some(at) || length > CONTENTS_BYTES_MAX {
            return Ok(None);
        }
        let mut contents = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut contents, start)?;
        Ok(Some(xxh3_128(&contents) == checksum))
    };
    match read() {
        Ok(Some(true)) => Ok(()),
        Ok(_) => Err(spoilt(path, "its table of contents is wrong")),
        Err(error) => Err(spoilt(path, &error.to_string())),
    }
}

/// The contents' checksum, place and length.
fn read_trailer(trailer: &[u8]) -> Option<(u128, u64, u64)> {
    let mut rest = trailer.strip_prefix(TRAILER_START)?;
    let checksum = take::<16>(&mut rest).map(u128::from_le_bytes)?;
    let at = take::<8>(&mut rest).map(u64::from_le_bytes)?;
    let length = take::<8>(&mut rest).map(u64::from_le_bytes)?;
    Some((checksum, at, length))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn spoilt(path: &Path, detail: &str) -> StoreError {
    damaged(&path.display().to_string(), detail)
}
