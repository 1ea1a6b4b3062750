//! Whoever takes windows: a store, a collector, Prometheus. Each beside the capture, which waits for nobody.

mod added;
mod open;
mod push;
mod scrape;

use super::watched::Watched;
use crate::failure::say;
use anyhow::Context;
use model::batch::Batch;
use model::units::CaptureTime;
use observer::export::{Export, Registry};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::Store;
use store::embedded::EmbeddedStore;
use tokio::runtime::Builder;

pub use open::prepare;
pub use push::Push;

/// Things that wait for one who takes windows. Beyond it they are lost to him, and that is said.
const WAITING_MAX: usize = 256;

/// What is handed on.
enum Said {
    Window(Batch),
    /// The windows that are not over, as they were at a time.
    Partial(Vec<Batch>, CaptureTime),
}

/// One who takes windows, on a thread of its own.
struct Taker {
    name: &'static str,
    sender: SyncSender<Said>,
    thread: JoinHandle<anyhow::Result<()>>,
    wants_partial: bool,
    lost: u64,
}

impl Taker {
    fn start(
        name: &'static str,
        take: impl FnOnce(Receiver<Said>) -> anyhow::Result<()> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let work = move || {
            let taken = take(receiver);
            if let Err(error) = &taken {
                say(&format!("warning: {name} takes nothing any more: {error:#}"));
            }
            taken
        };
        let thread = std::thread::spawn(work);
        Self { name, sender, thread, wants_partial: false, lost: 0 }
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
    registry: Option<Arc<Mutex<Registry>>>,
}

impl Exports {
    /// Writes every window into a store.
    pub fn keep(&mut self, store: EmbeddedStore, watched: Option<Watched>) {
        let keep = move |said| keep(&store, watched.as_ref(), &said);
        self.takers.push(Taker::start("the store", keep));
    }

    /// Spools every window, and sends it.
    pub fn push(&mut self, push: Push) {
        let spool = Taker::start("the spool", move |said| push.run(&said));
        self.takers.push(Taker { wants_partial: true, ..spool });
    }

    /// Sends every window to somebody who adds them up.
    pub fn send(&mut self, name: &'static str, export: impl Export + 'static) {
        self.takers.push(Taker::start(name, move |said| added::send(name, export, &said)));
    }

    /// Answers scrapes.
    pub fn scraped(&mut self, listener: std::net::TcpListener) -> anyhow::Result<()> {
        self.registry = Some(scrape::serve(listener)?);
        Ok(())
    }

    /// Whether somebody wants windows before they are over.
    pub fn wants_partial(&self) -> bool {
        self.takers.iter().any(|taker| taker.wants_partial)
    }

    /// Hands a window to everybody.
    pub fn hand_on(&mut self, batch: Batch) {
        if let Some(registry) = &self.registry {
            registry.lock().unwrap_or_else(PoisonError::into_inner).update(batch.clone());
        }
        for taker in &mut self.takers {
            taker.hand_on(Said::Window(batch.clone()));
        }
    }

    /// Hands what is known of windows that are not over to those who want it: in other queues it would only take the room
    /// of windows.
    pub fn hand_on_partial(&mut self, batches: &[Batch], at: CaptureTime) {
        for taker in self.takers.iter_mut().filter(|taker| taker.wants_partial) {
            taker.hand_on(Said::Partial(batches.to_vec(), at));
        }
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
