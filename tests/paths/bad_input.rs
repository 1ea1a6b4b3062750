//! Captures that are cut off or damaged: no panic, the account balances, and nothing is answered that is not.

use crate::common::{Found, Settings, fixture, fixtures, replay_bytes, replay_file};
use observer::pipeline::RunError;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Far longer than any of these captures takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Up to here a capture is cut at every byte.
const EVERY_BYTE_TO: usize = 4 * 1024;
/// Further cuts of a larger one, about.
const CUTS_BEYOND: usize = 200;

/// Whether what a part of a capture says of a transaction is what the whole says, but for what came later.
fn agrees(whole: &BTreeMap<Key, Vec<Found>>, found: &Found) -> bool {
    let is_or_unknown = |(own, of): (Option<u64>, Option<u64>)| own.is_none() || own == of;
    let candidates = whole.get(&key(found)).into_iter().flatten();
    candidates.filter(|of| of.is_answered() && of.code == found.code).any(|of| {
        found.moments.into_iter().zip(of.moments).all(is_or_unknown)
            && is_or_unknown((found.request_bytes, of.request_bytes))
            && is_or_unknown((found.response_bytes, of.response_bytes))
            && found.target == of.target
    })
}

/// Client, server, method and the request's first moment.
type Key = (String, String, String, Option<u64>);

fn key(found: &Found) -> Key {
    let Found { client, server, operation, moments, .. } = found;
    (client.clone(), server.clone(), operation.clone(), moments[0])
}

/// What a capture gives, or `None` where it is none any more. What must not be is kept for a person to look at.
fn replay(bytes: &[u8]) -> Result<Option<Vec<Found>>, String> {
    let (sender, receiver) = channel();
    let capture = bytes.to_vec();
    let replaying = std::thread::spawn(move || {
        let _ = sender.send(replay_at_once(&capture));
    });
    let result = match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err("it does not end".into()),
        Err(RecvTimeoutError::Disconnected) => {
            Err(format!("it panics: {:?}", replaying.join().unwrap_err().downcast_ref::<&str>()))
        }
    };
    result.map_err(|fault| format!("{fault}; see {}", keep(bytes).display()))
}

fn replay_at_once(bytes: &[u8]) -> Result<Option<Vec<Found>>, String> {
    match replay_bytes(bytes, &Settings::default()) {
        Ok(run) => {
            run.balance()?;
            Ok(Some(run.found))
        }
        Err(RunError::Capture(_)) => Ok(None),
        Err(RunError::Sink(error)) => Err(error.to_string()),
    }
}

fn keep(bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad_input.capture");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Every length of the first part, then ever further ones, with neighbours.
fn lengths(whole: usize) -> Vec<usize> {
    let every = (0..whole.min(EVERY_BYTE_TO)).chain([whole]);
    let stride = (whole.saturating_sub(EVERY_BYTE_TO) / CUTS_BEYOND).max(1) | 1;
    let beyond = (EVERY_BYTE_TO..whole).step_by(stride);
    every.chain(beyond).collect()
}

fn cut_off(name: &str, path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let mut whole: BTreeMap<Key, Vec<Found>> = BTreeMap::new();
    for found in replay_file(path, &Settings::default()).unwrap().found {
        whole.entry(key(&found)).or_default().push(found);
    }
    let mut read = 0;
    for length in lengths(bytes.len()) {
        let found = replay(&bytes[..length]);
        let found = found.unwrap_or_else(|fault| panic!("{name} cut at {length}: {fault}"));
        read += usize::from(found.is_some());
        for found in found.iter().flatten().filter(|found| found.is_answered()) {
            assert!(agrees(&whole, found), "{name} cut at {length} invents {found:?}");
        }
    }
    assert!(read > 0, "no part of {name} could be read");
}

#[test]
fn every_capture_cut_off_anywhere() {
    let cases = fixtures();
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(2)) {
            scope.spawn(move || part.iter().for_each(|(name, path)| cut_off(name, path)));
        }
    });
}

#[test]
fn record_boundaries() {
    let path = fixture("pipelined");
    let bytes = std::fs::read(&path).unwrap();
    let mut at = 24;
    let mut records = 0;
    while at < bytes.len() {
        for length in [at - 1, at, at + 1] {
            replay(&bytes[..length]).unwrap();
        }
        let captured = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap());
        at += 16 + captured as usize;
        records += 1;
    }
    assert!(records > 10);
}

/// Some cases, small ones, of every container and of dirt.
const DAMAGED: [&str; 10] = [
    "chunked_trailers",
    "interim_answers",
    "keepalive_gz",
    "keepalive_zst",
    "mid_answer",
    "nanosecond",
    "pcapng",
    "pipelined",
    "snaplen_256",
    "websocket",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn flipped_bytes(
        case in prop::sample::select(&DAMAGED[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = std::fs::read(fixture(case)).unwrap();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= byte;
        }
        prop_assert_eq!(replay(&bytes).err(), None);
    }

    #[test]
    fn parts_that_swap_places(
        case in prop::sample::select(&DAMAGED[..]),
        moves in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..200), 1..6),
    ) {
        let mut bytes = std::fs::read(fixture(case)).unwrap();
        for (from, to, length) in moves {
            let from = from.index(bytes.len());
            let part: Vec<u8> = bytes.iter().skip(from).take(length).copied().collect();
            let to = to.index(bytes.len());
            bytes.splice(to..to, part);
        }
        prop_assert_eq!(replay(&bytes).err(), None);
    }
}

/// What was found by damaging captures at random.
#[test]
fn regressions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions/replay");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let result = replay(&std::fs::read(&path).unwrap());
        assert_eq!(result.err(), None, "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "nothing in {}", folder.display());
}
