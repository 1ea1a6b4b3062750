//! Prometheus asks, and gets everything since the start.

use super::Said;
use crate::failure::say;
use anyhow::Context;
use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::routing::get;
use crossbeam_channel::Receiver;
use observer::export::{Form, Registry};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Builder;

/// Takes a port for scrapes, while that is still allowed.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("listening on {address}; choose another with --prometheus"))
}

/// Takes windows in, beside a thread that answers scrapes.
pub(super) fn keep(registry: &Mutex<Registry>, said: &Receiver<Said>) {
    for said in said {
        if let Said::Window(batch) = said {
            registry.lock().unwrap_or_else(PoisonError::into_inner).update(batch);
        }
    }
}

/// Answers scrapes on a thread of its own.
pub(super) fn serve(listener: TcpListener) -> anyhow::Result<Arc<Mutex<Registry>>> {
    listener.set_nonblocking(true).context("preparing to be scraped")?;
    let registry = Arc::new(Mutex::new(Registry::default()));
    let shared = Arc::clone(&registry);
    let runtime = Builder::new_current_thread().enable_io().build().context("starting")?;
    std::thread::spawn(move || {
        let scraped = move |headers: HeaderMap| {
            let accepts = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
            let form = Form::accepted(&accepts.collect::<Vec<_>>().join(","));
            let body = shared.lock().unwrap_or_else(PoisonError::into_inner).render(form);
            let headers = [(CONTENT_TYPE, form.content_type()), (VARY, "Accept")];
            std::future::ready((headers, body))
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
