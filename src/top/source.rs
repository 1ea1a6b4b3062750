//! Where windows come from.

use anyhow::Context;
use model::batch::{Batch, stream};
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An observer says something every second; one that is silent for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// One who tells of windows as they come: an observer, a collector.
pub trait Source: Send {
    /// Waits for what is said next. The first answer is all that is known of windows before; those that follow come each
    /// second, and may be empty. `None`: nothing more will come.
    fn next(&mut self) -> anyhow::Result<Option<Vec<Batch>>>;
}

/// An observer on this host.
pub struct Observer {
    stream: UnixStream,
    path: PathBuf,
    /// What came of messages that are not whole yet.
    buffer: Vec<u8>,
    /// So many bytes of it were read.
    used: usize,
}

impl Observer {
    pub fn connect(path: &Path) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(path).map_err(|error| advice(path, &error))?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        Ok(Self { stream, path: path.to_owned(), buffer: Vec::new(), used: 0 })
    }
}

/// What to do where nobody can be reached.
fn advice(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => anyhow::anyhow!(
            "no observer at {path}; start `wirelat observe`, or name its socket with --socket"
        ),
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "the observer at {path} shows itself to root and to the user it became; try with sudo"
        ),
        _ => anyhow::anyhow!("the observer at {path} cannot be reached: {error}"),
    }
}

impl Source for Observer {
    fn next(&mut self) -> anyhow::Result<Option<Vec<Batch>>> {
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            let read = stream::read(rest).with_context(|| self.path.display().to_string())?;
            if let Some((batches, used)) = read {
                self.used += used;
                return Ok(Some(batches));
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            // The buffer grows with what comes, not with what a length promises.
            let before = self.buffer.len();
            self.buffer.resize(before + READ_BYTES, 0);
            let room = self.buffer.get_mut(before..).unwrap_or_default();
            let read = match self.stream.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => 0,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    anyhow::bail!("the observer says nothing any more")
                }
                Ok(0) => return Ok(None),
                read => read.with_context(|| self.path.display().to_string())?,
            };
            self.buffer.truncate(before + read);
        }
    }
}
