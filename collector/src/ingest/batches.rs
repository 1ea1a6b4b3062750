//! `POST /api/v1/batches`: what observers push (`model::batch::wire_form`).

use super::{Parse, Work, parsed};
use crate::App;
use crate::limits::{READ_BYTES_MAX, SOURCE_BYTES_MAX, UNPACKED_BYTES_MAX, VALUES_MAX};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use model::batch::Batch;
use model::batch::wire_form::{self, Bounds, WireError};

/// What reading takes is told by reading.
const PARSE: Parse = Parse { bytes_max: UNPACKED_BYTES_MAX, factor: 0 };

/// Answers 204 when all batches are on disk. Nothing of a request is written that holds one bad batch.
pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    if !matches!(kind, Some(b"application/x-protobuf" | b"application/protobuf")) {
        return Err(Refusal::Unsupported(
            "batches are Protocol Buffers: send content-type application/x-protobuf".to_owned(),
        ));
    }
    let (batches, room) = parsed(&app, &headers, body, PARSE, read).await?;
    app.ingest.write(Work::Batches(batches), room).await?;
    app.meters.acknowledged("batches");
    Ok(StatusCode::NO_CONTENT)
}

fn read(bytes: &[u8]) -> Result<(Vec<Batch>, usize), Refusal> {
    let bounds = Bounds { values: VALUES_MAX, bytes: READ_BYTES_MAX };
    let (batches, read_bytes) = wire_form::decode_within(bytes, bounds).map_err(unread)?;
    batches.iter().try_for_each(check)?;
    Ok((batches, read_bytes))
}

fn unread(error: WireError) -> Refusal {
    match error {
        WireError::TooMuch { .. } => Refusal::TooLarge(error.to_string()),
        error => Refusal::Malformed(error.to_string()),
    }
}

fn check(batch: &Batch) -> Result<(), Refusal> {
    let source = &batch.id.source;
    if source.is_empty() || source.len() > SOURCE_BYTES_MAX {
        return Err(Refusal::Unacceptable(format!(
            "a source's name has 1 to {SOURCE_BYTES_MAX} bytes: give another with --source"
        )));
    }
    Ok(())
}
