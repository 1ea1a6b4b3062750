//! Looks at the engine's journals before the engine does.
//!
//! The engine truncates a journal at the first entry that does not read, whether a crash tore
//! the last change (right) or a byte went bad in the middle (acknowledged changes would vanish); and
//! it refuses to open when a power cut left a hole in the last change, although nobody was
//! told that it was written. Each change is on disk before the next begins, so the two differ: behind a torn
//! change there is never a whole one.
//!
//! Source: fjall 3.1, `journal/entry.rs` and `journal/batch_reader.rs`; its format is version 3.

use super::damaged;
use crate::StoreError;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// What `version` holds, and what ends each change.
const MAGIC: &[u8] = b"FJL\x03";

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// Mends a torn end, and reports damage before the engine can make it worse.
pub(super) fn check(engine: &Path) -> Result<(), StoreError> {
    let fault = |error: io::Error| StoreError::Engine(format!("{}: {error}", engine.display()));
    // Another format is the engine's to judge.
    if std::fs::read(engine.join("version")).is_ok_and(|version| version != MAGIC) {
        return Ok(());
    }
    let mut journals = journals(engine).map_err(fault)?;
    let active = journals.pop();
    for sealed in journals {
        check_one(&sealed, false)?;
    }
    active.map_or(Ok(()), |active| check_one(&active, true))
}

/// Oldest first; the last is the one that is written to.
fn journals(engine: &Path) -> io::Result<Vec<PathBuf>> {
    let mut journals: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(engine)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(number) = name.strip_suffix(".jnl").and_then(|number| number.parse().ok()) {
            journals.push((number, path));
        }
    }
    journals.sort_unstable();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

fn check_one(path: &Path, active: bool) -> Result<(), StoreError> {
    let name = path.display().to_string();
    let fault = |error: io::Error| StoreError::Engine(format!("{name}: {error}"));
    let bytes = std::fs::read(path).map_err(fault)?;
    let end = whole_changes(&bytes);
    let rest = bytes.get(end..).unwrap_or_default();
    // Journals are allocated ahead, as zeros.
    if rest.iter().all(|&byte| byte == 0) {
        return Ok(());
    }
    if !active || holds_a_change(rest) {
        let detail = format!("from byte {end} of {} it does not read", bytes.len());
        return Err(damaged(&name, &detail));
    }
    let file = OpenOptions::new().write(true).open(path).map_err(fault)?;
    file.set_len(end as u64).and_then(|()| file.sync_all()).map_err(fault)
}

/// Where the last of the whole changes at the beginning ends.
fn whole_changes(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(behind) = change(rest) {
        rest = behind;
    }
    bytes.len().saturating_sub(rest.len())
}

fn holds_a_change(mut bytes: &[u8]) -> bool {
    while let Some((&first, rest)) = bytes.split_first() {
        if first == START && change(bytes).is_some() {
            return true;
        }
        bytes = rest;
    }
    false
}

/// What is behind the whole change at the beginning of `bytes`, if there is one.
fn change(bytes: &[u8]) -> Option<&[u8]> {
    let (&[start], rest) = bytes.split_first_chunk()?;
    let (items, rest) = rest.split_first_chunk()?;
    let (_sequence, body) = rest.split_first_chunk::<8>()?;
    let mut rest = body;
    for _ in 0..u32::from_le_bytes(*items) {
        rest = item(rest)?;
    }
    let body = body.get(..body.len().checked_sub(rest.len())?)?;
    let (&[end], rest) = rest.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let whole = start == START && end == END && xxh3_64(body) == u64::from_le_bytes(*checksum);
    rest.strip_prefix(MAGIC).filter(|_| whole)
}

/// What is behind the item at the beginning of `bytes`.
fn item(bytes: &[u8]) -> Option<&[u8]> {
    let (&tag, rest) = bytes.split_first()?;
    match tag {
        ITEM => {
            let (_kind_and_compression, rest) = rest.split_first_chunk::<2>()?;
            let (_keyspace, rest) = rest.split_first_chunk::<8>()?;
            let (key, rest) = rest.split_first_chunk()?;
            let (_unpacked, rest) = rest.split_first_chunk::<4>()?;
            let (value, rest) = rest.split_first_chunk()?;
            let value = u32::from_le_bytes(*value) as usize;
            rest.get(value.checked_add(u16::from_le_bytes(*key).into())?..)
        }
        CLEAR => rest.get(8..),
        _ => None,
    }
}
