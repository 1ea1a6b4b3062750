//! What stands before each route.

use super::Scope;
use crate::App;
use crate::refusal::Refusal;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;
use std::sync::Arc;

/// Who asks: a token's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who(pub(crate) Arc<str>);

/// What a route needs.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) app: App,
    pub(crate) scope: Scope,
}

/// Lets a request through, with [`Who`] asks, or refuses it.
pub(crate) async fn guard(
    State(Guard { app, scope }): State<Guard>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let who = let_in(&app, request.headers(), bearer(request.headers()), scope)?;
    request.extensions_mut().insert(who);
    Ok(next.run(request).await)
}

/// Who has this token, if he may do that here.
pub(crate) fn let_in(
    app: &App,
    headers: &HeaderMap,
    token: Option<&str>,
    scope: Scope,
) -> Result<Who, Refusal> {
    let who = app.access.authorize(token, scope)?;
    if !app.access.is_closed() {
        own_host(headers)?;
    }
    Ok(who)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Where no token is needed, a page in a browser on this host must not be able to ask under a name of its own (DNS rebinding).
fn own_host(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(said) = headers.get(HOST) else { return Ok(()) };
    let host = said.to_str().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(Refusal::Forbidden(
        "without tokens only 127.0.0.1 and localhost are answered: make one with `wirelat token add`"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_this_hosts_own_names_pass() {
        let asked = |host: &'static str| {
            own_host(&HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))])).is_ok()
        };
        assert!(
            ["127.0.0.1", "127.0.0.1:8480", "[::1]:8480", "LOCALHOST:1"].into_iter().all(asked)
        );
        assert!(
            !["evil.example:8480", "127.0.0.1.evil.example", "10.0.0.1", ""].into_iter().any(asked)
        );
    }

    #[test]
    fn tokens_are_bearers() {
        let of = |said: &'static str| {
            HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(said))])
        };
        assert_eq!(bearer(&of("Bearer x")), Some("x"));
        assert_eq!(bearer(&of("bearer  x ")), Some("x"));
        assert_eq!(bearer(&of("Basic x")), None);
        assert_eq!(bearer(&of("Bearer")), None);
    }
}
