//! Why a request is not done: a status, one line that says what to do, and a name to count it by.

use crate::limits::RETRY_AFTER;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER as RETRY_AFTER_HEADER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use thiserror::Error;

/// A request that is not done. Nothing was changed by it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It does not read as what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It is beyond a limit on size.
    #[error("{0}")]
    TooLarge(String),
    /// It is in a form that nobody here reads.
    #[error("{0}")]
    Unsupported(String),
    /// It reads, and cannot be taken: it never will.
    #[error("{0}")]
    Unacceptable(String),
    /// Nobody knows who asks.
    #[error("{0}")]
    Unknown(String),
    /// Who asks may not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The body did not come in time.
    #[error("the body did not come within {} s", crate::limits::BODY_PATIENCE.as_secs())]
    Slow,
    /// Too much is under way.
    #[error("too much is waiting to be written: send it again later")]
    Busy,
    /// The disk has no room left.
    #[error("{0}")]
    DiskFull(String),
    /// The store does not work.
    #[error("{0}")]
    Failing(String),
}

/// What a refusal is counted by, kept with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub &'static str);

impl Refusal {
    /// What it is counted by.
    pub const fn reason(&self) -> Reason {
        Reason(match self {
            Self::Malformed(_) => "malformed",
            Self::TooLarge(_) => "too_large",
            Self::Unsupported(_) => "unsupported",
            Self::Unacceptable(_) => "unacceptable",
            Self::Unknown(_) => "unknown",
            Self::Forbidden(_) => "forbidden",
            Self::Slow => "slow",
            Self::Busy => "busy",
            Self::DiskFull(_) => "disk_full",
            Self::Failing(_) => "store_failing",
        })
    }

    /// As HTTP says it.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unacceptable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unknown(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::DiskFull(_) | Self::Failing(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER_HEADER, RETRY_AFTER.as_secs().into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self.reason());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_for_now_is_told_when_to_come_back() {
        let response = Refusal::Busy.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER_HEADER], "2");
        assert_eq!(response.extensions().get::<Reason>(), Some(&Reason("busy")));
        let response = Refusal::Malformed("no".to_owned()).into_response();
        assert!(!response.headers().contains_key(RETRY_AFTER_HEADER));
    }
}
