//! `/api/v1/tokens`: what `wirelat token` does, for who is not on this host. Always needs an admin's token.

use super::{Guard, Scope, TokenError, TokenFile, TokenSummary, Who, guard};
use crate::App;
use crate::refusal::Refusal;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Extension, Json, Router, middleware};
use serde::{Deserialize, Serialize};

pub(crate) fn router(app: &App) -> Router<App> {
    let guarded = Guard { app: app.clone(), scope: Scope::Admin };
    Router::new()
        .route("/api/v1/tokens", get(list).post(add))
        .route("/api/v1/tokens/{name}", delete(remove))
        .route_layer(middleware::from_fn_with_state(guarded, guard))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    scopes: Vec<Scope>,
}

#[derive(Serialize)]
struct Made {
    name: String,
    /// Not said again.
    token: String,
}

async fn list(State(app): State<App>) -> Result<Json<Vec<TokenSummary>>, Refusal> {
    file(&app)?.list().map(Json).map_err(refusal)
}

async fn add(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Result<(StatusCode, Json<Made>), Refusal> {
    let wanted = wanted.map_err(|error| Refusal::Malformed(error.body_text()))?;
    let Json(Wanted { name, scopes }) = wanted;
    let made = audited(&app, &who, "token add", &name, |file| file.add(&name, &scopes))?;
    Ok((StatusCode::CREATED, Json(Made { name, token: made })))
}

async fn remove(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    audited(&app, &who, "token remove", &name, |file| file.remove(&name))?;
    Ok(StatusCode::NO_CONTENT)
}

fn file(app: &App) -> Result<&TokenFile, Refusal> {
    let file = app.access.file.as_ref();
    file.ok_or_else(|| Refusal::Forbidden("this collector keeps no tokens".to_owned()))
}

/// Does it, notes it, and lets it take effect.
fn audited<T>(
    app: &App,
    who: &Who,
    action: &str,
    on: &str,
    run: impl FnOnce(&TokenFile) -> Result<T, TokenError>,
) -> Result<T, Refusal> {
    let done = run(file(app)?);
    let outcome = done.as_ref().err().map_or("done".to_owned(), ToString::to_string);
    if let Some(audit) = &app.access.audit {
        let noted = audit.note(&who.0, action, on, &outcome);
        noted.map_err(|error| Refusal::Failing(format!("the audit log: {error}")))?;
    }
    let done = done.map_err(refusal)?;
    app.access.reload().map_err(refusal)?;
    Ok(done)
}

fn refusal(error: TokenError) -> Refusal {
    let text = error.to_string();
    match error {
        TokenError::File { .. } | TokenError::Damaged { .. } | TokenError::Random(_) => {
            Refusal::Failing(text)
        }
        _ => Refusal::Unacceptable(text),
    }
}
