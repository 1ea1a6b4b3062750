//! Batches on disk until the collector has them.
//!
//! One file a batch, in the order in which they were made: compressed batches in their wire form, so that files put one
//! behind the other are a body to send. Beside them one file of the windows that are not over yet, replaced every second:
//! what a crash leaves of them is sent when the observer starts again.

use model::batch::{Batch, wire_form};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a file of a sealed window is called behind its number.
const SEALED: &str = "batch";
/// The windows that are not over.
const PARTIAL: &str = "partial";
/// A file that is being written.
const UNFINISHED: &str = "unfinished";
/// zstd's level: spooling must cost little.
const COMPRESSION: i32 = 1;

/// Batches that wait to be sent, oldest first. Bounded: the oldest give way, and are counted.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    bytes_max: u64,
    /// Numbers of files, and their bytes.
    waiting: VecDeque<(u64, u64)>,
    level: Arc<SpoolLevel>,
    next: u64,
}

/// What lies in a spool, for those who may not wait for its disk.
#[derive(Debug, Default)]
pub struct SpoolLevel {
    batches: AtomicU64,
    bytes: AtomicU64,
    dropped: AtomicU64,
    /// So many of the dropped were told.
    dropped_told: AtomicU64,
}

impl SpoolLevel {
    fn grow(&self, bytes: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shrink(&self, bytes: u64) {
        self.batches.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Batches that wait.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Their bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Batches that gave way so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Batches that gave way since this was last asked.
    pub fn newly_dropped(&self) -> u64 {
        let dropped = self.dropped();
        dropped.saturating_sub(self.dropped_told.swap(dropped, Ordering::Relaxed))
    }
}

/// Some of what waits: a body to send.
#[derive(Debug)]
pub struct Load {
    /// Compressed batches.
    pub body: Vec<u8>,
    /// How many files it is made of.
    pub batches: usize,
    newest: u64,
}

impl Spool {
    /// Opens a directory, or makes one. What an earlier run left in it waits to be sent.
    pub fn open(directory: &Path, bytes_max: u64) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut spool = Self {
            directory: directory.to_owned(),
            bytes_max,
            waiting: VecDeque::new(),
            level: Arc::default(),
            next: 0,
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            match (path.extension().and_then(|extension| extension.to_str()), number) {
                (Some(SEALED), Some(number)) => found.push((number, entry.metadata()?.len())),
                (Some(UNFINISHED), _) => fs::remove_file(path)?,
                (_, _) => {}
            }
        }
        found.sort_unstable();
        spool.next = found.last().map_or(0, |&(number, _)| number + 1);
        found.iter().for_each(|&(_, bytes)| spool.level.grow(bytes));
        spool.waiting = found.into();
        let partial = directory.join(PARTIAL);
        if let Ok(left) = fs::metadata(&partial) {
            fs::rename(&partial, spool.path(spool.next))?;
            spool.file(left.len());
        }
        spool.keep_bound()?;
        Ok(spool)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:020}.{SEALED}"))
    }

    fn file(&mut self, bytes: u64) {
        self.waiting.push_back((self.next, bytes));
        self.level.grow(bytes);
        self.next += 1;
    }

    /// Keeps a batch; it is on disk when this returns.
    pub fn append(&mut self, batch: &Batch) -> io::Result<()> {
        let bytes = self.put(&self.path(self.next), [batch])?;
        self.file(bytes);
        self.keep_bound()
    }

    /// Keeps what is known of windows that are not over, in place of what was known before.
    pub fn keep_partial(&mut self, batches: &[Batch]) -> io::Result<()> {
        self.put(&self.directory.join(PARTIAL), batches).map(|_| ())
    }

    /// No window is under way: everything was sealed and appended.
    pub fn drop_partial(&mut self) -> io::Result<()> {
        match fs::remove_file(self.directory.join(PARTIAL)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes a file as a whole or not at all.
    fn put<'b>(
        &self,
        path: &Path,
        batches: impl IntoIterator<Item = &'b Batch>,
    ) -> io::Result<u64> {
        let bytes = zstd::encode_all(&*wire_form::encode(batches), COMPRESSION)?;
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.directory)?.sync_data()?;
        Ok(bytes.len() as u64)
    }

    fn keep_bound(&mut self) -> io::Result<()> {
        while self.level.bytes() > self.bytes_max && self.waiting.len() > 1 {
            self.remove_oldest()?;
            self.level.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> io::Result<()> {
        let Some(&(number, bytes)) = self.waiting.front() else { return Ok(()) };
        fs::remove_file(self.path(number))?;
        self.waiting.pop_front();
        self.level.shrink(bytes);
        Ok(())
    }

    /// The oldest that wait, up to so many and so many bytes; one at least, `None` where none waits.
    pub fn load(&self, batches_max: usize, bytes_max: u64) -> io::Result<Option<Load>> {
        let mut load = Load { body: Vec::new(), batches: 0, newest: 0 };
        for &(number, bytes) in self.waiting.iter().take(batches_max.max(1)) {
            if load.batches > 0 && load.body.len() as u64 + bytes > bytes_max {
                break;
            }
            load.body.extend_from_slice(&fs::read(self.path(number))?);
            (load.batches, load.newest) = (load.batches + 1, number);
        }
        Ok((load.batches > 0).then_some(load))
    }

    /// The collector has it, or will never take it.
    pub fn settle(&mut self, load: &Load) -> io::Result<()> {
        while self.waiting.front().is_some_and(|&(number, _)| number <= load.newest) {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// Batches that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What lies here, and what gave way.
    pub fn level(&self) -> Arc<SpoolLevel> {
        Arc::clone(&self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::{BatchId, Value};
    use model::series::Series;
    use model::units::CaptureTime;
    use model::window::WindowLength;

    fn batch(number: u64) -> Batch {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(10 * number, 0));
        Batch {
            id: BatchId { source: "host".into(), run: 1, pipeline: 0, window },
            revision: 1,
            values: vec![(Arc::new(Series::new("requests", &[])), Value::Delta(number))],
        }
    }

    fn read(load: &Load) -> Vec<Batch> {
        wire_form::decode(&zstd::decode_all(&*load.body).unwrap()).unwrap()
    }

    #[test]
    fn batches_come_out_in_order_and_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        (0..5).for_each(|number| spool.append(&batch(number)).unwrap());
        let load = spool.load(2, 1 << 20).unwrap().unwrap();
        assert_eq!(read(&load), [batch(0), batch(1)]);
        spool.settle(&load).unwrap();
        drop(spool);
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&batch(5)).unwrap();
        let load = spool.load(100, 1 << 20).unwrap().unwrap();
        assert_eq!(read(&load), [2, 3, 4, 5].map(batch));
        assert_eq!(spool.load(100, 1).unwrap().unwrap().batches, 1, "one at least");
        spool.settle(&load).unwrap();
        assert!(
            spool.is_empty() && spool.load(9, 9).unwrap().is_none() && spool.level().bytes() == 0
        );
    }

    #[test]
    fn what_was_under_way_is_sent_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&batch(0)).unwrap();
        spool.keep_partial(&[batch(1)]).unwrap();
        spool.keep_partial(&[batch(2), batch(3)]).unwrap();
        fs::write(folder.path().join("7.unfinished"), "half").unwrap();
        drop(spool);
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(read(&spool.load(9, 1 << 20).unwrap().unwrap()), [0, 2, 3].map(batch));
        spool.keep_partial(&[batch(4)]).unwrap();
        spool.drop_partial().unwrap();
        spool.drop_partial().unwrap();
        assert_eq!(Spool::open(folder.path(), 1 << 20).unwrap().len(), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing unfinished is left");
    }

    #[test]
    fn the_oldest_give_way_and_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 200).unwrap();
        (0..50).for_each(|number| spool.append(&batch(number)).unwrap());
        let level = spool.level();
        assert!(level.bytes() <= 200 && spool.len() > 1, "{spool:?}");
        assert_eq!(level.batches(), spool.len() as u64);
        assert_eq!(level.newly_dropped(), 50 - spool.len() as u64);
        assert_eq!(level.newly_dropped(), 0);
        let left = read(&spool.load(99, 1 << 20).unwrap().unwrap());
        assert_eq!(left.last(), Some(&batch(49)));
    }
}
