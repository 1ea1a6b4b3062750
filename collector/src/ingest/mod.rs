//! From a request's body to the disk.
//!
//! A request takes room in memory before it grows ([`admission`]), is unpacked ([`body`]) and read, then waits for the
//! writer's thread ([`writer`]), which writes what many requests sent in one change. It is acknowledged when that change is
//! on disk.

mod admission;
mod batches;
mod body;
mod sources;
mod space;
mod writer;

pub(crate) use admission::Room;
pub(crate) use writer::{Ingest, Work};

use crate::App;
use crate::refusal::Refusal;
use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::routing::post;
use body::Packing;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/api/v1/batches", post(batches::post))
}

/// How a body is read.
#[derive(Clone, Copy)]
pub(crate) struct Parse {
    /// Bytes of it once it is unpacked.
    pub(crate) bytes_max: usize,
    /// What reading takes in memory for each byte, where it is not known better.
    pub(crate) factor: usize,
}

/// Reads and unpacks a body, then reads it with `parse`, which also says what its result takes in memory beside that.
pub(crate) async fn parsed<T: Send + 'static>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    Parse { bytes_max, factor }: Parse,
    parse: impl FnOnce(&[u8]) -> Result<(T, usize), Refusal> + Send + 'static,
) -> Result<(T, Room), Refusal> {
    let mut room = app.ingest.room();
    let packing = Packing::of(headers)?;
    let bytes = body::read(body, bytes_max, &mut room).await?;
    let work = move || {
        let unpacked = body::unpack(bytes, packing, bytes_max, &mut room)?;
        room.take(unpacked.len().saturating_mul(factor))?;
        let (read, read_bytes) = parse(&unpacked)?;
        room.take(read_bytes)?;
        Ok((read, room))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Refusal::Malformed("the body could not be read".to_owned()))?
}
