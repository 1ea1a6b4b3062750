//! Whoever takes windows: a store, Prometheus. Each beside the capture, which waits for nobody.

use crate::failure::say;
use anyhow::Context;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use model::batch::Batch;
use observer::export::Registry;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::Store;
use store::embedded::EmbeddedStore;
use tokio::runtime::Builder;

/// Windows that wait for the store. Beyond it they are lost, and that is said.
const WAITING_MAX: usize = 256;

/// Prometheus' text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All who take windows.
pub struct Exports {
    store: Option<(SyncSender<Batch>, JoinHandle<anyhow::Result<()>>)>,
    registry: Option<Arc<Mutex<Registry>>>,
    lost: u64,
}

/// Takes a port for scrapes, while that is still allowed.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("listening on {address}; choose another with --prometheus"))
}

impl Exports {
    /// Starts their threads.
    pub fn start(
        store: Option<EmbeddedStore>,
        listener: Option<TcpListener>,
    ) -> anyhow::Result<Self> {
        let store = store.map(|store| {
            let (sender, receiver) = sync_channel(WAITING_MAX);
            (sender, std::thread::spawn(move || keep(&store, &receiver)))
        });
        let registry = listener.map(serve).transpose()?;
        Ok(Self { store, registry, lost: 0 })
    }

    /// Hands a window to everybody.
    pub fn hand_on(&mut self, batch: Batch) {
        if let Some(registry) = &self.registry {
            registry.lock().unwrap_or_else(PoisonError::into_inner).update(batch.clone());
        }
        let Some((store, _)) = &self.store else { return };
        match store.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.lost += 1;
                say(&format!(
                    "warning: the store is too slow; {} windows were not kept",
                    self.lost
                ));
            }
            // It said why when it ended.
            Err(TrySendError::Disconnected(_)) => self.lost += 1,
        }
    }

    /// Waits until everything is kept.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        let Some((sender, thread)) = self.store.take() else { return Ok(()) };
        drop(sender);
        thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the store's thread ended early")))?;
        anyhow::ensure!(self.lost == 0, "{} windows were not kept", self.lost);
        Ok(())
    }
}

/// Writes windows as they come.
fn keep(store: &EmbeddedStore, batches: &Receiver<Batch>) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().build().context("starting")?;
    for batch in batches {
        if let Err(error) = runtime.block_on(store.write(batch)) {
            say(&format!("warning: the store cannot be written any more: {error}"));
            return Err(error.into());
        }
    }
    Ok(())
}

/// Answers scrapes on a thread of its own.
fn serve(listener: TcpListener) -> anyhow::Result<Arc<Mutex<Registry>>> {
    listener.set_nonblocking(true).context("preparing to be scraped")?;
    let registry = Arc::new(Mutex::new(Registry::default()));
    let shared = Arc::clone(&registry);
    let runtime = Builder::new_current_thread().enable_io().build().context("starting")?;
    std::thread::spawn(move || {
        let scraped = move || {
            let text = shared.lock().unwrap_or_else(PoisonError::into_inner).render();
            std::future::ready(([(CONTENT_TYPE, TEXT)], text))
        };
        let router = Router::new().route("/metrics", get(scraped));
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        if let Err(error) = served {
            say(&format!("warning: nobody can scrape any more: {error}"));
        }
    });
    Ok(registry)
}
