//! Windows go to terminals on this host: `wirelat top`. Whoever connects gets what is known of the last windows, then every
//! window as it is sealed, and each second what is known of those that are not over.

use super::Said;
use crate::failure::say;
use anyhow::Context;
use crossbeam_channel::{Receiver, Sender, bounded};
use model::batch::{stream, wire_form};
use model::units::CaptureTime;
use nix::sys::stat::{Mode, umask};
use nix::unistd::User;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::lchown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where a terminal looks for the observer.
pub const SOCKET: &str = "/run/wirelat/observe.sock";

/// Terminals at a time.
const READERS_MAX: usize = 8;
/// Messages that wait for one of them. Beyond it he is too slow, and is let go.
const WAITING_MAX: usize = 64;
/// How long one may take to read what waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// Windows that are kept for those who come later, and their bytes.
const KEPT_MAX: usize = 360;
const KEPT_BYTES_MAX: usize = 8 << 20;

/// A place where terminals find this observer.
pub struct Socket {
    listener: UnixListener,
    path: Bound,
}

struct Bound(PathBuf);

impl Drop for Bound {
    fn drop(&mut self) {
        // Where the user it became may not, the next start does it.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Socket {
    /// Listens where asked. Where nothing was asked, it is no failure that the usual place cannot be had.
    pub fn open(asked: Option<&Path>, user: Option<&User>) -> anyhow::Result<Option<Self>> {
        let path = asked.unwrap_or(Path::new(SOCKET));
        let opened = listen(path, user).with_context(|| {
            format!(
                "`wirelat top` cannot find this observer at {}; name another place with --socket",
                path.display()
            )
        });
        match opened {
            Err(error) if asked.is_none() => {
                say(&format!("warning: {error:#}"));
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }
}

fn listen(path: &Path, user: Option<&User>) -> anyhow::Result<Socket> {
    match UnixStream::connect(path) {
        Ok(_) => anyhow::bail!("another observer is there"),
        // Left behind by one that is not there any more.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
        Err(_) => {}
    }
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)?;
    }
    // Nobody else may connect, from the first moment on: names of routes and statements are told here.
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    if let Some(user) = user {
        // The directory stays root's: who owns it could put something else in the socket's place.
        lchown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(Socket { listener, path: Bound(path.to_owned()) })
}

/// What goes to a terminal at a time, its length before it.
type Frame = Arc<[u8]>;

/// Who reads, and what those get who come later.
#[derive(Default)]
struct Shared {
    readers: Vec<Sender<Frame>>,
    /// Windows in their wire form, by start.
    kept: BTreeMap<CaptureTime, Vec<u8>>,
    kept_bytes: usize,
}

/// So many read.
#[derive(Clone, Default)]
pub(super) struct Readers(Arc<AtomicUsize>);

impl Readers {
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Lets terminals connect. The second one takes windows.
pub(super) fn serve(
    socket: Socket,
) -> (Readers, impl FnOnce(Receiver<Said>) -> anyhow::Result<()> + Send + 'static) {
    let Socket { listener, path } = socket;
    let (shared, readers) = (Arc::new(Mutex::new(Shared::default())), Readers::default());
    let (joined, counted) = (Arc::clone(&shared), readers.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => join(stream, &joined, &counted),
                // No descriptor is free: one may be later.
                Err(_) => std::thread::sleep(PATIENCE),
            }
        }
    });
    let counted = readers.clone();
    let take = move |said: Receiver<Said>| {
        let _removed_at_the_end = path;
        for said in said {
            tell(&mut lock(&shared), &said);
            counted.0.store(lock(&shared).readers.len(), Ordering::Relaxed);
        }
        lock(&shared).readers.clear();
        Ok(())
    };
    (readers, take)
}

/// One more reads, if there is room for him; his thread ends when he goes, or when he is let go.
fn join(mut stream: UnixStream, shared: &Mutex<Shared>, readers: &Readers) {
    let mut shared = lock(shared);
    if shared.readers.len() >= READERS_MAX || stream.set_write_timeout(Some(PATIENCE)).is_err() {
        return;
    }
    let messages: Vec<&[u8]> = shared.kept.values().map(Vec::as_slice).collect();
    let known = stream::frame(&messages);
    let (sender, receiver) = bounded::<Frame>(WAITING_MAX);
    shared.readers.push(sender);
    readers.0.store(shared.readers.len(), Ordering::Relaxed);
    drop(shared);
    std::thread::spawn(move || -> io::Result<()> {
        stream.write_all(&known)?;
        receiver.into_iter().try_for_each(|frame| stream.write_all(&frame))
    });
}

/// Hands a message to all who read. Who is gone, or too slow, is forgotten.
fn tell(shared: &mut Shared, said: &Said) {
    let frame: Frame = match said {
        Said::Window(batch) => {
            let message = wire_form::encode([batch]);
            let frame = stream::frame(&[&message]);
            shared.keep(batch.id.window.start, message);
            frame.into()
        }
        Said::Partial(batches, _) => stream::frame(&[&wire_form::encode(batches)]).into(),
    };
    shared.readers.retain(|reader| reader.try_send(Arc::clone(&frame)).is_ok());
}

impl Shared {
    fn keep(&mut self, start: CaptureTime, message: Vec<u8>) {
        self.kept_bytes += message.len();
        let replaced = self.kept.insert(start, message);
        self.kept_bytes -= replaced.map_or(0, |replaced| replaced.len());
        while self.kept.len() > KEPT_MAX || self.kept_bytes > KEPT_BYTES_MAX {
            let Some((_, oldest)) = self.kept.pop_first() else { break };
            self.kept_bytes -= oldest.len();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::{Batch, BatchId, Value};
    use model::series::Series;
    use model::window::WindowLength;
    use std::io::Read;

    fn batch(number: u64, bytes: usize) -> Batch {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(10 * number, 0));
        Batch {
            id: BatchId { source: "host".into(), run: 1, pipeline: 0, window },
            revision: 1,
            values: vec![(
                Arc::new(Series::new("text", &[])),
                Value::Text("x".repeat(bytes).into()),
            )],
        }
    }

    fn starts(batches: &[Batch]) -> Vec<u64> {
        batches.iter().map(|batch| batch.id.window.start.as_seconds()).collect()
    }

    #[test]
    fn who_reads_too_slowly_is_let_go_and_the_others_go_on() {
        let (shared, readers) = (Mutex::new(Shared::default()), Readers::default());
        let (slow, far) = UnixStream::pair().unwrap();
        join(far, &shared, &readers);
        assert!(readers.any());
        let mut told = 0;
        while !lock(&shared).readers.is_empty() {
            // More than the kernel keeps for one who does not read.
            tell(&mut lock(&shared), &Said::Partial(vec![batch(told, 1 << 20)], CaptureTime::ZERO));
            told += 1;
            assert!(told <= WAITING_MAX as u64 + 2, "nobody waits for him");
        }
        assert!(told > WAITING_MAX as u64, "he had his time");
        drop(slow);
    }

    #[test]
    fn who_comes_later_gets_the_last_windows_as_one_message() {
        let (shared, readers) = (Mutex::new(Shared::default()), Readers::default());
        for number in 0..KEPT_MAX as u64 + 5 {
            tell(&mut lock(&shared), &Said::Window(batch(number, 1)));
            tell(&mut lock(&shared), &Said::Partial(vec![batch(number + 1, 1)], CaptureTime::ZERO));
        }
        let (mut near, far) = UnixStream::pair().unwrap();
        join(far, &shared, &readers);
        tell(&mut lock(&shared), &Said::Window(batch(9_000, 1)));
        lock(&shared).readers.clear();
        let mut bytes = Vec::new();
        near.read_to_end(&mut bytes).unwrap();
        let (first, used) = stream::read(&bytes).unwrap().unwrap();
        assert_eq!(
            starts(&first),
            (5..KEPT_MAX as u64 + 5).map(|number| 10 * number).collect::<Vec<_>>()
        );
        let (second, _) = stream::read(&bytes[used..]).unwrap().unwrap();
        assert_eq!(starts(&second), [90_000]);

        tell(&mut lock(&shared), &Said::Window(batch(9_001, KEPT_BYTES_MAX - 1_000)));
        let kept = lock(&shared);
        assert!(kept.kept_bytes <= KEPT_BYTES_MAX && kept.kept.len() < 30, "{}", kept.kept.len());
        assert_eq!(kept.kept_bytes, kept.kept.values().map(Vec::len).sum::<usize>());
    }

    #[test]
    fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/observe.sock");
        drop(UnixListener::bind(folder.path().join("left")).unwrap());
        assert!(Socket::open(Some(&folder.path().join("left")), None).unwrap().is_some());
        let socket = Socket::open(Some(&path), None).unwrap().unwrap();
        let said = format!("{:#}", Socket::open(Some(&path), None).map(|_| ()).unwrap_err());
        assert!(said.contains("another observer is there") && said.contains("--socket"), "{said}");
        drop(socket);
        assert!(!path.exists());
    }
}
