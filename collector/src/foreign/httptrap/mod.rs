//! `PUT` and `POST /module/httptrap/<id>/<secret>`: JSON, as Circonus' clients and curl send it.
//!
//! The id is a token's name, the secret the token, which must let push. Where the collector has no tokens, any will do. Each
//! series has the tag `trap`, the id.
//!
//! Source: Circonus documentation, "JSON Push (HTTPTrap)"; circonus-gometrics 2 and 3.

mod json;
mod name;
mod value;

use super::{Submission, idempotency_key};
use crate::App;
use crate::access::{Scope, let_in};
use crate::clock;
use crate::ingest::{Parse, Work, parsed};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::put;
use axum::{Json, Router};
use json::Entry;
use model::units::CaptureTime;
use serde::Serialize;
use std::sync::Arc;

/// Bytes of a submission once it is unpacked.
const BYTES_MAX: usize = 8 << 20;
/// What reading takes in memory, for each byte of JSON.
const READ_FACTOR: usize = 16;
/// Bytes of a trap's id.
const ID_BYTES_MAX: usize = 64;

pub(super) fn router() -> Router<App> {
    Router::new().route("/module/httptrap/{id}/{secret}", put(submit).post(submit))
}

#[derive(Serialize)]
struct Taken {
    /// Values that were taken: clients read it.
    stats: usize,
}

/// Answers when all of it is on disk.
async fn submit(
    State(app): State<App>,
    Path((id, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>, Refusal> {
    let who = let_in(&app, &headers, Some(&secret), Scope::Push)?;
    if app.access.is_closed() && *who.0 != *id {
        return Err(Refusal::Unknown("the id and the secret do not go together".to_owned()));
    }
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Refusal::Unacceptable(format!("an id has 1 to {ID_BYTES_MAX} bytes")));
    }
    let (key, arrived) = (idempotency_key(&headers), clock::now());
    let parse = move |bytes: &[u8]| Ok((read(bytes, &id, key, arrived)?, 0));
    let (submission, room) =
        parsed(&app, &headers, body, Parse { bytes_max: BYTES_MAX, factor: READ_FACTOR }, parse)
            .await?;
    let stats = submission.points.len();
    app.ingest.write(Work::Foreign(submission), room).await?;
    app.meters.acknowledged("httptrap");
    Ok(Json(Taken { stats }))
}

/// Reads a submission.
fn read(
    bytes: &[u8],
    id: &str,
    key: Option<String>,
    arrived: CaptureTime,
) -> Result<Submission, Refusal> {
    let source: Arc<str> = format!("httptrap/{id}").into();
    let mut points = Vec::new();
    json::read(bytes, |entry: Entry| {
        let name = entry.name.clone();
        let wrong = |detail: String| format!("{name}: {detail}");
        let at = match entry.at_ms {
            Some(millis) => CaptureTime::from_nanos(millis.saturating_mul(1_000_000)),
            None => arrived,
        };
        let (metric, mut tags) = name::split(&entry.name).map_err(wrong)?;
        tags.push(("trap".to_owned(), id.to_owned()));
        let series = Arc::new(name::series(&metric, &tags));
        if let Some(reading) = value::reading(entry, &source, &series).map_err(wrong)? {
            points.push(super::Point { series, at, reading });
        }
        Ok(())
    })
    .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(Submission { source, key, points })
}

#[cfg(test)]
mod tests;
