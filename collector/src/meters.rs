//! What the collector counts of itself: `GET /metrics`, in Prometheus' text format.

use crate::App;
use crate::refusal::Reason;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Prometheus' text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Meters {
    /// Requests that were acknowledged, by what they came by.
    acknowledged: Mutex<BTreeMap<&'static str, u64>>,
    /// Requests that were not done, by why.
    refused: Mutex<BTreeMap<&'static str, u64>>,
    /// Events that change what is stored of a foreign submission, by name.
    foreign: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) batches_stored: AtomicU64,
    pub(crate) batches_replaced: AtomicU64,
    pub(crate) batches_already_there: AtomicU64,
    /// Older than what is kept: refused, though their request was acknowledged.
    pub(crate) batches_too_late: AtomicU64,
    pub(crate) values: AtomicU64,
    /// Changes on disk: each holds what several requests sent.
    pub(crate) changes: AtomicU64,
    /// Requests that wait to be written.
    pub(crate) waiting: AtomicU64,
}

impl Meters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn acknowledged(&self, by: &'static str) {
        add(&self.acknowledged, by, 1);
    }

    pub(crate) fn foreign(&self, what: &'static str, count: u64) {
        add(&self.foreign, what, count);
    }

    /// In Prometheus' text format.
    pub(crate) fn render(&self, in_flight_bytes: usize) -> String {
        let mut text = String::new();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        family(&mut text, "requests_acknowledged_total", "counter", "by", &self.acknowledged);
        family(&mut text, "requests_refused_total", "counter", "reason", &self.refused);
        family(&mut text, "foreign_events_total", "counter", "event", &self.foreign);
        let became = Mutex::new(BTreeMap::from([
            ("stored", read(&self.batches_stored)),
            ("replaced", read(&self.batches_replaced)),
            ("already_there", read(&self.batches_already_there)),
            ("too_late", read(&self.batches_too_late)),
        ]));
        family(&mut text, "batches_total", "counter", "became", &became);
        for (name, kind, value) in [
            ("values_written_total", "counter", read(&self.values)),
            ("changes_total", "counter", read(&self.changes)),
            ("requests_waiting", "gauge", read(&self.waiting)),
            ("in_flight_bytes", "gauge", in_flight_bytes as u64),
        ] {
            // Writing into a string does not fail.
            let _ = writeln!(text, "# TYPE wirelat_collector_{name} {kind}");
            let _ = writeln!(text, "wirelat_collector_{name} {value}");
        }
        text
    }
}

type Counts = Mutex<BTreeMap<&'static str, u64>>;

fn add(counts: &Counts, name: &'static str, count: u64) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(name).or_default() += count;
}

fn family(text: &mut String, name: &str, kind: &str, label: &str, counts: &Counts) {
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = writeln!(text, "# TYPE wirelat_collector_{name} {kind}");
    for (value, count) in counts.iter() {
        let _ = writeln!(text, "wirelat_collector_{name}{{{label}=\"{value}\"}} {count}");
    }
}

/// Counts what is refused, by its reason.
pub(crate) async fn count_refusals(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if let Some(reason) = response.extensions().get::<Reason>() {
        add(&app.meters.refused, reason.0, 1);
    }
    response
}

/// `GET /metrics`.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let text = app.meters.render(app.ingest.in_flight_bytes());
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}
