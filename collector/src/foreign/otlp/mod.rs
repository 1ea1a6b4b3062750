//! `POST /v1/metrics`: what OpenTelemetry's SDKs and collectors send, in Protocol Buffers.
//!
//! Source: OTLP specification 1, "OTLP/HTTP"; `opentelemetry/proto/metrics/v1/metrics.proto`.

mod names;
mod points;

use super::{Submission, idempotency_key};
use crate::App;
use crate::clock;
use crate::ingest::{Parse, Work, parsed};
use crate::refusal::Refusal;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use model::otlp::{PartialSuccess, Request, Response as Answer, Status};
use points::Reader;
use prost::Message;

/// Bytes of a request once it is unpacked.
const BYTES_MAX: usize = 8 << 20;
/// What reading takes in memory, for each byte of a request.
const READ_FACTOR: usize = 16;
const PROTOBUF: &str = "application/x-protobuf";

pub(super) fn router() -> Router<App> {
    Router::new().route("/v1/metrics", post(metrics))
}

/// What a request holds.
struct Read {
    submission: Submission,
    /// What was not taken of it, and why.
    rejected: Option<PartialSuccess>,
    /// What was changed, by name, to be counted.
    events: Vec<(&'static str, u64)>,
}

/// Answers when all of it is on disk.
async fn metrics(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    match take(&app, &headers, body).await {
        Ok(answer) => protobuf(&answer, Response::default()),
        Err(refusal) => {
            let message = refusal.to_string();
            // The specification wants a status for people; the code is HTTP's.
            protobuf(&Status { code: 0, message }, refusal.into_response())
        }
    }
}

fn protobuf(message: &impl Message, mut response: Response) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
    response.headers_mut().remove("content-length");
    *response.body_mut() = message.encode_to_vec().into();
    response
}

async fn take(app: &App, headers: &HeaderMap, body: Body) -> Result<Answer, Refusal> {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    if kind != Some(PROTOBUF.as_bytes()) {
        return Err(Refusal::Unsupported(format!(
            "metrics are read as {PROTOBUF}: set the exporter's protocol to http/protobuf"
        )));
    }
    let (key, arrived) = (idempotency_key(headers), clock::now());
    let parse = move |bytes: &[u8]| {
        let request = Request::decode(bytes)
            .map_err(|error| Refusal::Malformed(format!("no metrics: {error}")))?;
        Ok((Reader::new(arrived).read(request, key)?, 0))
    };
    let how = Parse { bytes_max: BYTES_MAX, factor: READ_FACTOR };
    let (read, room) = parsed(app, headers, body, how, parse).await?;
    app.ingest.write(Work::Foreign(read.submission), room).await?;
    app.meters.acknowledged("otlp");
    read.events.into_iter().for_each(|(event, count)| app.meters.foreign(event, count));
    Ok(Answer { partial_success: read.rejected })
}

#[cfg(test)]
mod tests;
