//! The binary: what it says, where, and how it ends.

mod endings;
mod errors;
mod output;
mod queries;
mod reports;
mod stores;

use crate::common::synthetic::{Synthetic, busy};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use synth::Dirt;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_wirelat");

fn wirelat(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A finished run.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ended {
    #[track_caller]
    fn of(command: &mut Command) -> Self {
        let ended = Self::from(command.output().unwrap());
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended
    }

    /// Without errors and warnings.
    #[track_caller]
    fn well(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self
    }
}

/// `wirelat replay` with these arguments.
#[track_caller]
fn replay(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    let mut command = wirelat(["replay"]);
    Ended::of(command.args(arguments))
}

/// `wirelat replay FILE --transactions -`.
#[track_caller]
fn transactions(capture: &Path) -> String {
    let ended = replay([capture.as_os_str(), "--transactions".as_ref(), "-".as_ref()]);
    ended.well().stdout
}

/// A folder that is gone after the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A capture of many transactions: more lines than a pipe holds.
    fn large(&self) -> PathBuf {
        self.file("large.pcap", Synthetic::new(&busy(10_000, 1, Dirt::default())).capture)
    }
}
