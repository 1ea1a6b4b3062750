//! The routers together, and the socket that they answer on.

use crate::access::{self, Guard, Scope};
use crate::limits::{CONNECTIONS_MAX, HEAD_PATIENCE, STOP_PATIENCE};
use crate::tls::Tls;
use crate::{App, foreign, health, ingest, listing, meters, query};
use axum::routing::get;
use axum::{Router, middleware};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long accepting rests when the system has no file descriptors left.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// Requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;

/// Every route of the collector.
pub fn router(app: App) -> Router {
    let scope = |scope| Guard { app: app.clone(), scope };
    let read = Router::new()
        .route("/metrics", get(meters::metrics))
        .merge(listing::router())
        .merge(query::router())
        .route_layer(middleware::from_fn_with_state(scope(Scope::Read), access::guard));
    let push = ingest::router()
        .merge(foreign::router())
        .route_layer(middleware::from_fn_with_state(scope(Scope::Push), access::guard));
    Router::new()
        .merge(health::router())
        .merge(read)
        .merge(push)
        .merge(foreign::trap_router())
        .merge(access::admin_router(&app))
        .layer(middleware::from_fn_with_state(app.clone(), meters::count_refusals))
        .with_state(app)
}

/// A collector that answers until it is told to stop.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Answers on a socket that listens, in TLS if there is a certificate.
///
/// # Errors
/// The socket has no address.
pub fn serve(listener: TcpListener, tls: Option<Tls>, app: App) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let server = Server { listener, tls, router: router(app) };
    let served = tokio::spawn(server.run(stopped));
    Ok(Running { address, stop, served })
}

impl Running {
    /// Takes no new connection, ends the requests that are under way, and returns.
    ///
    /// # Errors
    /// The server broke.
    pub async fn stop(self) -> io::Result<()> {
        // Nobody listens where it has ended by itself.
        let _ = self.stop.send(());
        self.served.await.map_err(io::Error::other)
    }
}

struct Server {
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
}

impl Server {
    async fn run(self, mut stopped: oneshot::Receiver<()>) {
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                _ = &mut stopped => break,
                accepted = self.accept(&slots) => accepted,
            };
            let Some((stream, slot)) = accepted else { continue };
            let connection = Connection {
                router: self.router.clone(),
                watcher: graceful.watcher(),
                _slot: slot,
            };
            tokio::spawn(connection.secured(stream, self.tls.clone()));
        }
        drop(self.listener);
        // Whoever is not done by then was not acknowledged.
        let _ = timeout(STOP_PATIENCE, graceful.shutdown()).await;
    }

    /// A connection, and its place among those there may be.
    async fn accept(&self, slots: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small, and waited for.
                let _ = stream.set_nodelay(true);
                Some((stream, slot))
            }
            Err(_) => {
                tokio::time::sleep(ACCEPT_REST).await;
                None
            }
        }
    }
}

struct Connection {
    router: Router,
    watcher: Watcher,
    _slot: OwnedSemaphorePermit,
}

impl Connection {
    async fn secured(self, stream: TcpStream, tls: Option<Tls>) {
        match tls {
            None => self.answer(stream).await,
            Some(tls) => {
                // Who fails at the handshake is told by it.
                if let Ok(Ok(stream)) = timeout(HEAD_PATIENCE, tls.accept(stream)).await {
                    self.answer(stream).await;
                }
            }
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
        let service = TowerToHyperService::new(self.router);
        let answered = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        // A connection that breaks is its client's to notice.
        let _ = self.watcher.watch(answered).await;
    }
}
