//! What administrators did: a line of JSON each, on disk before the answer.

use crate::clock;
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Beyond it the log is set aside as `audit.log.1`, in place of the one before.
const BYTES_MAX: u64 = 8 << 20;
const FILE: &str = "audit.log";

/// The log of a data directory.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
}

#[derive(Serialize)]
struct Line<'l> {
    at_seconds: u64,
    who: &'l str,
    action: &'l str,
    on: &'l str,
    outcome: &'l str,
}

impl Audit {
    /// In a data directory.
    pub fn of(data: &Path) -> Self {
        Self { path: data.join(FILE) }
    }

    /// Notes that `who` did `action` on something, and what became of it.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn note(&self, who: &str, action: &str, on: &str, outcome: &str) -> io::Result<()> {
        let line = Line { at_seconds: clock::now().as_seconds(), who, action, on, outcome };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        if fs::metadata(&self.path).is_ok_and(|about| about.len() > BYTES_MAX) {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).mode(0o600).open(&self.path)?;
        // One call: lines of two processes do not mix.
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_on_lines() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::of(folder.path());
        audit.note("root", "token add", "a\n\"b\"", "done").unwrap();
        audit.note("x", "token remove", "a", "there is no token a").unwrap();
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["who"], &lines[0]["on"]), (&"root".into(), &"a\n\"b\"".into()));
    }
}
