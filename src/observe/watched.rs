//! Until when everything was watched and kept: written beside what is kept, so that the next start knows what it missed.

use model::units::CaptureTime;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file, in the spool's directory or the store's.
const FILE: &str = "watched";
const ENDED: &str = "ended";
const WATCHING: &str = "watching";

/// Where it is written down.
#[derive(Clone, Debug)]
pub struct Watched(PathBuf);

/// A time that nobody watched: from the end of what was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub since: CaptureTime,
    /// The observer did not end by itself.
    pub crashed: bool,
}

impl Watched {
    /// In a directory of this observer.
    pub fn in_directory(directory: &Path) -> Self {
        Self(directory.join(FILE))
    }

    /// What the run before left; nothing where there was none.
    pub fn absence(&self) -> Option<Absence> {
        let text = fs::read_to_string(&self.0).ok()?;
        let mut words = text.split_whitespace();
        let (state, since) = (words.next()?, words.next()?.parse().ok()?);
        Some(Absence { since: CaptureTime::from_nanos(since), crashed: state != ENDED })
    }

    /// All that happened before `time` is kept.
    pub fn until(&self, time: CaptureTime) -> io::Result<()> {
        self.write(WATCHING, time)
    }

    /// And nothing will be watched after it.
    pub fn ended(&self, time: CaptureTime) -> io::Result<()> {
        self.write(ENDED, time)
    }

    fn write(&self, state: &str, time: CaptureTime) -> io::Result<()> {
        let unfinished = self.0.with_extension("unfinished");
        fs::write(&unfinished, format!("{state} {}\n", time.as_nanos()))?;
        fs::rename(unfinished, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_start_knows() {
        let folder = tempfile::tempdir().unwrap();
        let watched = Watched::in_directory(folder.path());
        assert_eq!(watched.absence(), None);
        let at = CaptureTime::from_nanos;
        watched.until(at(7)).unwrap();
        watched.until(at(8)).unwrap();
        assert_eq!(watched.absence(), Some(Absence { since: at(8), crashed: true }));
        watched.ended(at(9)).unwrap();
        assert_eq!(watched.absence(), Some(Absence { since: at(9), crashed: false }));
        fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert_eq!(watched.absence(), None);
    }
}
