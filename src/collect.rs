//! `wirelat collect`: receives what observers push, keeps it, and answers questions.

use crate::arguments::CollectArguments;
use crate::failure::{Done, say};
use crate::replay;
use ::store::Store;
use ::store::embedded::EmbeddedStore;
use ::store::rollup::Retention;
use anyhow::Context;
use collector::access::Access;
use collector::{App, Tls, clock};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};

/// The store's place in the data directory.
const STORE: &str = "store";
/// How long the end waits for housekeeping.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often hours are rolled up.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60);
/// How often tokens are looked at: what `wirelat token` changes holds this much later.
const TOKENS_EVERY: Duration = Duration::from_secs(2);

pub fn run(arguments: &CollectArguments) -> anyhow::Result<Done> {
    replay::ensure_directory(&arguments.data)?;
    let runtime = Builder::new_multi_thread().enable_all().build().context("starting")?;
    runtime.block_on(collect(arguments))?;
    // An hour that is half rolled up stays as it was, and is rolled up at the next start.
    runtime.shutdown_timeout(GOODBYE);
    Ok(Done::Whole)
}

async fn collect(arguments: &CollectArguments) -> anyhow::Result<()> {
    // Taken before anything is said, so that no signal finds nobody.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let tls = tls(arguments)?;
    let access = Arc::new(Access::of(&arguments.data)?);
    let (listen, data) = (arguments.listen, arguments.data.display());
    anyhow::ensure!(
        listen.ip().is_loopback() || access.is_closed(),
        "--listen {listen}: whoever reaches this host could push and read; \
         make a token first: wirelat token add --data {data} --scope push NAME"
    );
    if !listen.ip().is_loopback() && tls.is_none() {
        say("warning: tokens go over the network in the clear; give --tls-cert and --tls-key");
    }
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listening on {listen}; choose another with --listen"))?;
    let app = app(&arguments.data, Arc::clone(&access))?;
    let housekeeping = tokio::spawn(keep_house(Arc::clone(&app.store), (&arguments.keep).into()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let running = collector::serve(listener, tls, app)?;
    let watching = tokio::spawn(watch(access));
    say(&format!("collecting on {scheme}://{}", running.address));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    watching.abort();
    housekeeping.abort();
    running.stop().await.context("ending")
}

fn tls(arguments: &CollectArguments) -> anyhow::Result<Option<Tls>> {
    let pair = arguments.tls_cert.as_ref().zip(arguments.tls_key.as_ref());
    Ok(pair.map(|(certificate, key)| Tls::read(certificate, key)).transpose()?)
}

/// Opens what the data directory holds, or makes it.
fn app(data: &Path, access: Arc<Access>) -> anyhow::Result<App> {
    let directory = data.join(STORE);
    let store = EmbeddedStore::open(&directory)?;
    App::start(Arc::new(store), Some(directory), access).context("starting the writer")
}

/// Rolls hours up once they are over, and forgets what is older than is kept, while it runs.
async fn keep_house(store: Arc<dyn Store>, retention: Retention) {
    let mut was_said = String::new();
    loop {
        tokio::time::sleep(HOUSEKEEPING_EVERY).await;
        let store = Arc::clone(&store);
        // It reads and writes much, so it has a thread of its own.
        let runtime = Handle::current();
        let maintained = tokio::task::spawn_blocking(move || {
            runtime.block_on(store.maintain(&retention, clock::now()))
        });
        let fault = match maintained.await {
            Ok(Ok(_)) => String::new(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if !fault.is_empty() && fault != was_said {
            say(&format!("warning: nothing is rolled up or forgotten: {fault}"));
        }
        was_said = fault;
    }
}

/// Takes up what becomes of the tokens while it runs.
async fn watch(access: Arc<Access>) {
    let mut was_said = String::new();
    loop {
        tokio::time::sleep(TOKENS_EVERY).await;
        let fault = access.reload().err().map(|error| error.to_string()).unwrap_or_default();
        if !fault.is_empty() && fault != was_said {
            say(&format!("warning: the tokens stay as they were: {fault}"));
        }
        was_said = fault;
    }
}
