//! `GET /health`: whether this collector does its work. Needs no token.

use crate::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/health", get(health))
}

#[derive(Serialize)]
struct Health {
    /// `ok`, or `failing` where the store cannot be read or written.
    status: &'static str,
    version: &'static str,
    /// Why it is failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let version = env!("CARGO_PKG_VERSION");
    let read = app.store.resolutions().await.map_err(|error| error.to_string());
    match read.and_then(|_| app.ingest.fault().map_or(Ok(()), Err)) {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", version, reason: None })),
        Err(error) => {
            let reason = Some(error);
            (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "failing", version, reason }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Access;
    use axum::body::Body;
    use axum::http::Request;
    use futures_util::FutureExt;
    use std::sync::Arc;
    use store::memory::MemoryStore;
    use tower::ServiceExt;

    #[test]
    fn a_store_that_reads_is_healthy() {
        let router = crate::router(
            App::start(Arc::new(MemoryStore::default()), None, Arc::new(Access::open())).unwrap(),
        );
        let request = Request::get("/health").body(Body::empty()).unwrap();
        let answer = router.oneshot(request).now_or_never().unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
