//! What clients of others send: HTTPTraps ([`httptrap`]) and OpenTelemetry ([`otlp`]).
//!
//! They say values and times, not windows, and a submission has no identity. Each is filed into windows of 10 s, by its own
//! times or by when it came ([`filing`]). What counts from the start of a process is kept, and its growth is filed
//! ([`cumulative`]).

mod buckets;
mod cumulative;
mod filing;
mod httptrap;
mod idempotency;
mod otlp;

pub(crate) use filing::{Filed, Filing, Pending};

use crate::App;
use axum::Router;
use axum::http::HeaderMap;
use buckets::Buckets;
use model::batch::Value;
use model::series::Series;
use model::units::CaptureTime;
use std::sync::Arc;

/// The routes that know who asks by themselves.
pub(crate) fn trap_router() -> Router<App> {
    httptrap::router()
}

/// The routes that need a token of scope push.
pub(crate) fn router() -> Router<App> {
    otlp::router()
}

/// What a client sent.
#[derive(Debug)]
pub(crate) struct Submission {
    /// What its batches' source is.
    pub(crate) source: Arc<str>,
    /// What its client knows it by, if it said so: a second one with the same changes nothing.
    pub(crate) key: Option<String>,
    pub(crate) points: Vec<Point>,
}

/// A value and its time.
#[derive(Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) series: Arc<Series>,
    pub(crate) at: CaptureTime,
    pub(crate) reading: Reading,
}

/// What is said of a series.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    /// What happened since the last time, or a level.
    Said(Value),
    /// All that happened since a process began.
    Total {
        /// Which process' series: what is added up is kept by it.
        stream: String,
        /// When it began, where that is known.
        began: Option<CaptureTime>,
        total: Total,
    },
}

/// What has come together since a beginning.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Total {
    Count(u64),
    /// Not a whole number; bits of a double.
    Amount(u64),
    Buckets(Buckets),
}

/// What a client knows its submission by.
fn idempotency_key(headers: &HeaderMap) -> Option<String> {
    const BYTES_MAX: usize = 256;
    let key = headers.get("idempotency-key")?.to_str().ok()?.trim();
    (!key.is_empty() && key.len() <= BYTES_MAX).then(|| key.to_owned())
}
