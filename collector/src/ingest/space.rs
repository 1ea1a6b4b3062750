//! Room on the disk: nothing is taken where it gets scarce, so that the store never meets a full disk, and goes on by
//! itself when there is room again.

use crate::limits::FREE_BYTES_MIN;
use crate::refusal::Refusal;
use nix::sys::statvfs::statvfs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long an answer holds.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Looks at the file system that a directory is on.
#[derive(Debug)]
pub(super) struct Space {
    directory: Option<PathBuf>,
    looked: Option<(Instant, Result<(), Refusal>)>,
}

impl Space {
    /// `None`: what is written does not go to a disk.
    pub(super) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, looked: None }
    }

    /// Whether there is room.
    pub(super) fn check(&mut self) -> Result<(), Refusal> {
        let Some(directory) = &self.directory else { return Ok(()) };
        if let Some((at, found)) = &self.looked
            && at.elapsed() < LOOK_EVERY
        {
            return found.clone();
        }
        let found = look(directory);
        self.looked = Some((Instant::now(), found.clone()));
        found
    }
}

fn look(directory: &std::path::Path) -> Result<(), Refusal> {
    let place = directory.display();
    let about = statvfs(directory)
        .map_err(|error| Refusal::Failing(format!("{place}: the disk does not answer: {error}")))?;
    let free = about.blocks_available().saturating_mul(about.fragment_size());
    if free >= FREE_BYTES_MIN {
        return Ok(());
    }
    Err(Refusal::DiskFull(format!(
        "the disk of {place} has {} MiB left, and nothing is taken below {} MiB: make room there",
        free >> 20,
        FREE_BYTES_MIN >> 20
    )))
}
