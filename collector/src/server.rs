//! The routers together, and the socket that they answer on.

use crate::{App, health, query};
use axum::Router;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Every route of the collector.
pub fn router(app: App) -> Router {
    Router::new().merge(health::router()).merge(query::router()).with_state(app)
}

/// A collector that answers until it is told to stop.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

/// Answers on a socket that listens.
pub fn serve(listener: TcpListener, app: App) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let until = async { drop(stopped.await) };
    let served = tokio::spawn(answer(listener, app, until));
    Ok(Running { address, stop, served })
}

async fn answer(
    listener: TcpListener,
    app: App,
    until: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(until).await
}

impl Running {
    /// Takes no new connection, ends the requests that are under way, and returns.
    pub async fn stop(self) -> io::Result<()> {
        // Nobody listens where it has ended by itself.
        let _ = self.stop.send(());
        self.served.await.map_err(io::Error::other)?
    }
}
