//! Which submissions were taken, by what their clients know them by.

use sha2::{Digest, Sha256};
use std::collections::{HashSet, VecDeque};
use std::fmt::Write;

/// How long a key is remembered, in seconds.
const REMEMBERED_SECONDS: u64 = 24 * 3_600;
/// Keys remembered at a time; beyond it the oldest are forgotten.
const KEYS_MAX: usize = 200_000;

/// The keys of a day.
#[derive(Debug, Default)]
pub(super) struct Taken {
    known: HashSet<String>,
    /// As they came: seconds since the Unix epoch.
    by_age: VecDeque<(u64, String)>,
}

/// What a key is kept by: it can hold anything, and belongs to its source.
pub(super) fn fingerprint(source: &str, key: &str) -> String {
    digest([source.as_bytes(), key.as_bytes()])
}

/// 128 bits of SHA-256 over the parts, in hexadecimal digits.
pub(super) fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let hash: [u8; 32] = hasher.finalize().into();
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Taken {
    /// Those that were taken before the start.
    pub(super) fn load(mut kept: Vec<(u64, String)>) -> Self {
        kept.sort_unstable();
        let known = kept.iter().map(|(_, key)| key.clone()).collect();
        Self { known, by_age: kept.into() }
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.known.contains(key)
    }

    pub(super) fn insert(&mut self, key: String, now_seconds: u64) {
        if self.known.insert(key.clone()) {
            self.by_age.push_back((now_seconds, key));
        }
    }

    /// Forgets the oldest, and says which.
    pub(super) fn forget(&mut self, now_seconds: u64) -> Vec<String> {
        let mut gone = Vec::new();
        while let Some((at, _)) = self.by_age.front() {
            let is_old = now_seconds.saturating_sub(*at) > REMEMBERED_SECONDS;
            if !is_old && self.by_age.len() <= KEYS_MAX {
                break;
            }
            if let Some((_, key)) = self.by_age.pop_front() {
                self.known.remove(&key);
                gone.push(key);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_belong_to_their_sources_and_are_forgotten_after_a_day() {
        assert_ne!(fingerprint("ab", "c"), fingerprint("a", "bc"));
        assert_eq!(fingerprint("a", "b").len(), 32);
        let mut taken = Taken::load(vec![(50, "b".to_owned()), (10, "a".to_owned())]);
        taken.insert("c".to_owned(), 60);
        taken.insert("a".to_owned(), 70);
        assert!(["a", "b", "c"].iter().all(|key| taken.contains(key)));
        assert!(taken.forget(10 + REMEMBERED_SECONDS).is_empty());
        assert_eq!(taken.forget(51 + REMEMBERED_SECONDS), ["a", "b"]);
        assert!(taken.contains("c") && !taken.contains("a"));
        assert!(taken.forget(0).is_empty(), "a clock that was set back forgets nothing");
    }
}
