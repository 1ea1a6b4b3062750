//! `GET /api/v1/query`.

use super::ask::Ask;
use super::failure::Failure;
use super::form::{self, arrow, csv};
use super::prometheus;
use super::reading::run;
use super::time::parse_moment;
use crate::App;
use analyzer::query::Answer;
use axum::extract::{Query as Parameters, State};
use axum::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use model::units::Nanos;
use model::window::WindowLength;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Queries that run at a time; those beyond it wait.
const RUNNING_MAX: usize = 4;
/// Queries that wait at a time; those beyond it are refused.
const WAITING_MAX: usize = 64;
/// Seconds after which to ask again.
const RETRY_AFTER_S: &str = "1";
/// Notes, as a JSON list.
const NOTES: HeaderName = HeaderName::from_static("wirelat-notes");

/// The routes of queries.
pub(crate) fn router() -> Router<App> {
    let desk = Extension(Arc::new(Desk::default()));
    Router::new().route("/api/v1/query", get(query)).merge(prometheus::router()).layer(desk)
}

/// Who runs and who waits.
pub(super) struct Desk {
    running: Semaphore,
    waiting: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        let [running, waiting] = [RUNNING_MAX, RUNNING_MAX + WAITING_MAX].map(Semaphore::new);
        Self { running, waiting }
    }
}

impl Desk {
    /// Does the work when its turn comes; `None` where too many wait.
    pub(super) async fn turn<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let _place = self.waiting.try_acquire().ok()?;
        let _turn = self.running.acquire().await.ok()?;
        Some(work.await)
    }
}

#[derive(Deserialize)]
struct Asked {
    q: Option<String>,
    start: Option<String>,
    end: Option<String>,
    step: Option<String>,
    window: Option<String>,
    #[serde(default)]
    format: Format,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
    Arrow,
}

impl Asked {
    fn ask(&self) -> Result<Ask, String> {
        let moment = |text: &Option<String>| text.as_deref().map(parse_moment).transpose();
        let text = self.q.clone().filter(|text| !text.is_empty());
        let step = self.step.as_deref().map(Nanos::parse).transpose();
        let window = self.window.as_deref().map(WindowLength::parse).transpose();
        Ok(Ask {
            text: text
                .ok_or("q is missing: it holds the query, as in q=find(\"http.total\")|count()")?,
            start: moment(&self.start)?,
            end: moment(&self.end)?,
            step: step.map_err(|error| format!("step: {error}"))?,
            window: window.map_err(|error| format!("window: {error}"))?,
        })
    }
}

async fn query(
    State(app): State<App>,
    Extension(desk): Extension<Arc<Desk>>,
    Parameters(asked): Parameters<Asked>,
) -> Response {
    let ask = match asked.ask() {
        Ok(ask) => ask,
        Err(message) => return Refused::plain(message).into_response(),
    };
    match desk.turn(run(Arc::clone(&app.store), &ask)).await {
        Some(Ok(answer)) => noted(&answer, asked.format),
        Some(Err(failure)) => Refused::from(failure).into_response(),
        None => busy(),
    }
}

/// The answer; its notes in a header where its form has no place for them.
fn noted(answer: &Answer, format: Format) -> Response {
    let mut response = formed(answer, format);
    if !matches!(format, Format::Json) && !answer.notes.is_empty() {
        let list = ascii(&json!(answer.notes).to_string());
        if let Ok(notes) = HeaderValue::try_from(list) {
            response.headers_mut().insert(NOTES, notes);
        }
    }
    response
}

/// JSON in the bytes that a header takes: other characters only stand within texts.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let mut ascii = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            ascii.extend(
                letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")),
            );
        }
    }
    ascii
}

fn formed(answer: &Answer, format: Format) -> Response {
    match format {
        Format::Json => match form::json::document(answer) {
            Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Format::Arrow => match arrow::stream(answer) {
            Ok(bytes) => {
                let kind = "application/vnd.apache.arrow.stream";
                ([(CONTENT_TYPE, kind)], bytes).into_response()
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Format::Csv => {
            let kind = "text/csv; charset=utf-8; header=present";
            ([(CONTENT_TYPE, kind)], csv::table(answer)).into_response()
        }
    }
}

fn busy() -> Response {
    let refused =
        Refused { error: "too many queries wait: ask again".to_owned(), ..Refused::default() };
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_S)], Json(refused)).into_response()
}

/// Why there is no answer, as JSON.
#[derive(Default, Serialize)]
struct Refused {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// The same with the query's line and a caret, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    #[serde(skip)]
    status: StatusCode,
}

impl Refused {
    fn plain(error: String) -> Self {
        Self { error, status: StatusCode::BAD_REQUEST, ..Self::default() }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Query(error) => Self {
                shown: Some(error.to_string()),
                error: error.message,
                line: Some(error.line),
                column: Some(error.column),
                expected: error.expected,
                status: StatusCode::BAD_REQUEST,
            },
            Failure::Asked(error) => Self::plain(error),
            Failure::TooMuch(error) => {
                Self { error, status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::default() }
            }
            Failure::Store(_) | Failure::GivenUp => Self {
                error: failure.to_string(),
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..Self::default()
            },
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
