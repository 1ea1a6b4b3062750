//! Windows go to disk, and from there to the collector.

use super::Said;
use crate::failure::say;
use crate::observe::watched::Watched;
use anyhow::Context;
use crossbeam_channel::Receiver;
use observer::export::{Pusher, Sent, Spool, SpoolLevel, Target};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the end waits for the collector. What it has not taken by then stays on disk, for the next start.
const GOODBYE: Duration = Duration::from_secs(3);

/// Without news nothing is to be done.
const LONG: Duration = Duration::from_secs(3_600);

/// A spool and where it goes.
pub struct Push {
    spool: Arc<Mutex<Spool>>,
    target: Target,
    watched: Option<Watched>,
}

/// What the sender is told.
#[derive(Default)]
struct Told {
    news: bool,
    ends: bool,
    /// Nothing is left, or nothing will be taken before the end.
    idle: bool,
}

impl Push {
    /// Opens the spool. What an earlier run left in it goes first.
    pub fn open(
        directory: &Path,
        bytes_max: u64,
        target: Target,
        watched: Option<Watched>,
    ) -> anyhow::Result<Self> {
        let spool = Spool::open(directory, bytes_max)
            .with_context(|| format!("spool {}: name another with --spool", directory.display()))?;
        if !spool.is_empty() {
            say(&format!("{} windows of an earlier run wait to be sent", spool.len()));
        }
        Ok(Self { spool: Arc::new(Mutex::new(spool)), target, watched })
    }

    /// What lies in the spool.
    pub(super) fn level(&self) -> Arc<SpoolLevel> {
        lock(&self.spool).level()
    }

    /// Spools until there is nothing more to spool.
    pub(super) fn run(self, said: &Receiver<Said>) -> anyhow::Result<()> {
        let signal = Arc::new((Mutex::new(Told::default()), Condvar::new()));
        let (spool, target) = (Arc::clone(&self.spool), self.target);
        let heard = Arc::clone(&signal);
        std::thread::spawn(move || send_all(Pusher::new(spool, target), &heard));
        let level = lock(&self.spool).level();
        let mut dropped = level.dropped();
        tell(&signal, |told| told.news = true);
        for said in said {
            let mut spool = lock(&self.spool);
            match said {
                Said::Window(batch) => spool.append(&batch).context("writing the spool")?,
                Said::Partial(batches, at) => {
                    spool.keep_partial(&batches).context("writing the spool")?;
                    if let Some(watched) = &self.watched {
                        watched.until(at).context("writing the spool")?;
                    }
                }
            }
            if level.dropped() > dropped {
                dropped = level.dropped();
                say(&format!("warning: the spool is full; {dropped} windows gave way unsent"));
            }
            drop(spool);
            tell(&signal, |told| told.news = true);
        }
        lock(&self.spool).drop_partial().context("writing the spool")?;
        tell(&signal, |told| told.ends = true);
        let (told, changed) = &*signal;
        let ended = changed.wait_timeout_while(lock(told), GOODBYE, |told| !told.idle);
        drop(ended);
        let left = lock(&self.spool).len();
        if left > 0 {
            say(&format!("{left} windows wait in the spool until the next start"));
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(signal: &(Mutex<Told>, Condvar), change: impl FnOnce(&mut Told)) {
    change(&mut lock(&signal.0));
    signal.1.notify_all();
}

/// Sends whenever there is something to send.
fn send_all(mut pusher: Pusher, signal: &(Mutex<Told>, Condvar)) {
    let mut was_said = String::new();
    loop {
        let sent = pusher.send();
        let is_idle = !matches!(sent, Ok(Sent::Taken(_) | Sent::Refused { .. }));
        let pause = match sent {
            Ok(Sent::Taken(_)) => {
                if !was_said.is_empty() {
                    say("the collector takes windows again");
                    was_said.clear();
                }
                continue;
            }
            Ok(Sent::Refused { reason }) => {
                say(&format!("warning: the collector refuses a window for good: {reason}"));
                continue;
            }
            Ok(Sent::Nothing) => None,
            Ok(Sent::Later { after, reason }) => {
                if was_said != reason {
                    say(&format!(
                        "warning: the collector takes nothing now, and is asked again: {reason}"
                    ));
                    was_said = reason;
                }
                Some(pusher.pause(after))
            }
            Err(error) => {
                say(&format!("warning: the spool cannot be read: {error}"));
                Some(pusher.pause(None))
            }
        };
        let (told, changed) = signal;
        let mut told = lock(told);
        if told.ends && is_idle && !told.news {
            told.idle = true;
            changed.notify_all();
            return;
        }
        if let Some(pause) = pause {
            // The end does not wait for it.
            let until = Instant::now() + pause;
            let waited = |told: &mut Told| !told.ends && Instant::now() < until;
            told = wait(changed, told, pause, waited);
        } else if !told.news {
            told = wait(changed, told, LONG, |told| !told.news && !told.ends);
        }
        told.news = false;
    }
}

fn wait<'t>(
    changed: &Condvar,
    told: MutexGuard<'t, Told>,
    pause: Duration,
    goes_on: impl FnMut(&mut Told) -> bool,
) -> MutexGuard<'t, Told> {
    let waited = changed.wait_timeout_while(told, pause, goes_on);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
