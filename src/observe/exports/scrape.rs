//! Prometheus asks, and gets everything since the start.

use crate::failure::say;
use anyhow::Context;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use observer::export::Registry;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Builder;

/// Prometheus' text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Takes a port for scrapes, while that is still allowed.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("listening on {address}; choose another with --prometheus"))
}

/// Answers scrapes on a thread of its own.
pub(super) fn serve(listener: TcpListener) -> anyhow::Result<Arc<Mutex<Registry>>> {
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
