//! Whoever takes windows: a store, a collector, Prometheus. Each beside the capture, which waits for nobody.

mod added;
mod open;
mod push;
mod scrape;
mod socket;

use super::watched::Watched;
use crate::failure::say;
use anyhow::Context;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use model::batch::{Batch, Gauge, Value};
use model::units::CaptureTime;
use observer::export::{Export, SpoolLevel};
use socket::Readers;
use std::sync::Arc;
use std::thread::JoinHandle;
use store::Store;
use store::embedded::EmbeddedStore;
use tokio::runtime::Builder;

pub use open::prepare;
pub use push::Push;
pub use socket::{SOCKET, Socket};

/// Things that wait for one who takes windows. Beyond it they are lost to him, and that is said.
const WAITING_MAX: usize = 256;

/// What is handed on.
enum Said {
    Window(Batch),
    /// The windows that are not over, as they were at a time.
    Partial(Vec<Batch>, CaptureTime),
}

/// When somebody wants windows that are not over.
enum Wants {
    Never,
    Always,
    /// While anybody reads.
    Read(Readers),
}

/// A tag's name and value.
type Tag = (&'static str, &'static str);

/// One who takes windows, on a thread of its own.
struct Taker {
    /// What people are told of it, and what its series are tagged with.
    name: &'static str,
    tag: &'static str,
    sender: Sender<Said>,
    thread: JoinHandle<anyhow::Result<()>>,
    wants_partial: Wants,
    lost: u64,
    /// So many of them are in its series.
    lost_told: u64,
}

impl Taker {
    fn start(
        (name, tag): (&'static str, &'static str),
        take: impl FnOnce(Receiver<Said>) -> anyhow::Result<()> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = bounded(WAITING_MAX);
        let work = move || {
            let taken = take(receiver);
            if let Err(error) = &taken {
                say(&format!("warning: {name} takes nothing any more: {error:#}"));
            }
            taken
        };
        let thread = std::thread::spawn(work);
        Self { name, tag, sender, thread, wants_partial: Wants::Never, lost: 0, lost_told: 0 }
    }

    fn hand_on(&mut self, said: Said) {
        let is_window = matches!(said, Said::Window(_));
        match self.sender.try_send(said) {
            Err(TrySendError::Full(_)) if is_window => {
                self.lost += 1;
                say(&format!(
                    "warning: {} is too slow; {} windows were lost",
                    self.name, self.lost
                ));
            }
            // It said why when it ended.
            Err(TrySendError::Disconnected(_)) if is_window => self.lost += 1,
            _ => {}
        }
    }

    fn wants_partial(&self) -> bool {
        match &self.wants_partial {
            Wants::Never => false,
            Wants::Always => true,
            Wants::Read(readers) => readers.any(),
        }
    }

    /// Waits until it is done.
    fn finish(self) -> anyhow::Result<()> {
        let Self { name, sender, thread, lost, .. } = self;
        drop(sender);
        let ended = thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("its thread broke")));
        ended.with_context(|| name)?;
        anyhow::ensure!(lost == 0, "{name}: {lost} windows were lost");
        Ok(())
    }
}

/// All who take windows.
#[derive(Default)]
pub struct Exports {
    takers: Vec<Taker>,
    spool: Option<Arc<SpoolLevel>>,
}

impl Exports {
    /// Writes every window into a store.
    pub fn keep(&mut self, store: EmbeddedStore, watched: Option<Watched>) {
        let keep = move |said| keep(&store, watched.as_ref(), &said);
        self.takers.push(Taker::start(("the store", "store"), keep));
    }

    /// Spools every window, and sends it.
    pub fn push(&mut self, push: Push) {
        self.spool = Some(push.level());
        let spool = Taker::start(("the spool", "spool"), move |said| push.run(&said));
        self.takers.push(Taker { wants_partial: Wants::Always, ..spool });
    }

    /// Sends every window to somebody who adds them up.
    pub fn send(
        &mut self,
        (name, tag): (&'static str, &'static str),
        export: impl Export + 'static,
    ) {
        self.takers.push(Taker::start((name, tag), move |said| added::send(name, export, &said)));
    }

    /// Answers scrapes.
    pub fn scraped(&mut self, listener: std::net::TcpListener) -> anyhow::Result<()> {
        let registry = scrape::serve(listener)?;
        let take = move |said| {
            scrape::keep(&registry, &said);
            Ok(())
        };
        self.takers.push(Taker::start(("Prometheus' registry", "prometheus"), take));
        Ok(())
    }

    /// Shows every window to terminals.
    pub fn shown(&mut self, socket: Socket) {
        let (readers, take) = socket::serve(socket);
        let socket = Taker::start(("the socket", "socket"), take);
        self.takers.push(Taker { wants_partial: Wants::Read(readers), ..socket });
    }

    /// Whether somebody wants windows before they are over.
    pub fn wants_partial(&self) -> bool {
        self.takers.iter().any(Taker::wants_partial)
    }

    /// Hands a window to everybody.
    pub fn hand_on(&mut self, batch: Batch) {
        for taker in &mut self.takers {
            taker.hand_on(Said::Window(batch.clone()));
        }
    }

    /// Hands what is known of windows that are not over to those who want it: in other queues it would only take the room
    /// of windows.
    pub fn hand_on_partial(&mut self, batches: &[Batch], at: CaptureTime) {
        for taker in self.takers.iter_mut().filter(|taker| taker.wants_partial()) {
            taker.hand_on(Said::Partial(batches.to_vec(), at));
        }
    }

    /// What waits, and what was lost since this was last asked: metrics, a tag and values.
    pub fn levels(&mut self) -> Vec<(&'static str, Option<Tag>, Value)> {
        let level = |count: u64| Value::Gauge(Gauge::once(count as f64));
        let mut values = Vec::new();
        for taker in &mut self.takers {
            let tag = Some(("taker", taker.tag));
            let lost = taker.lost - std::mem::replace(&mut taker.lost_told, taker.lost);
            values.push(("observer.waiting_windows", tag, level(taker.sender.len() as u64)));
            values.push(("observer.lost_windows", tag, Value::Delta(lost)));
        }
        if let Some(spool) = &self.spool {
            values.push(("observer.spool_batches", None, level(spool.batches())));
            values.push(("observer.spool_bytes", None, level(spool.bytes())));
            values.push(("observer.spool_dropped", None, Value::Delta(spool.newly_dropped())));
        }
        values
    }

    /// Waits until everybody is done.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.takers.drain(..).try_for_each(Taker::finish)
    }
}

/// Writes windows as they come.
fn keep(
    store: &EmbeddedStore,
    watched: Option<&Watched>,
    said: &Receiver<Said>,
) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().build().context("starting")?;
    for said in said {
        if let Said::Window(batch) = said {
            let end = batch.id.window.end();
            runtime.block_on(store.write(batch))?;
            if let Some(watched) = watched {
                watched.until(end).context("writing down until when everything was watched")?;
            }
        }
    }
    Ok(())
}
