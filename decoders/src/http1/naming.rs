//! Routes: those of a file, or templates found in paths. Query strings are never kept.

use super::template;
use model::wirelatency::UNMATCHED_ROUTE;
use regex::Regex;
use serde::Deserialize;
use thiserror::Error;

/// How HTTP requests are named.
#[derive(Clone, Debug)]
pub enum Naming {
    /// Templates found in paths: `/users/42` is `/users/{id}`.
    Templates,
    /// Named routes, first match wins.
    Routes(Vec<Route>),
}

/// A route of wirelatency's `routes.json`.
#[derive(Clone, Debug)]
pub struct Route {
    path: Regex,
    name: Box<str>,
}

#[derive(Deserialize)]
struct RoutesFile {
    routes: Vec<RouteEntry>,
}

#[derive(Deserialize)]
struct RouteEntry {
    path: String,
    name: String,
}

/// A routes file that cannot be used.
#[derive(Debug, Error)]
pub enum RoutesError {
    /// It is not JSON of the right shape.
    #[error(
        "not a routes file: {0}; it looks like {{\"routes\":[{{\"path\":\"^/api\",\"name\":\"api\"}}]}}"
    )]
    Shape(#[from] serde_json::Error),
    /// A path is not a regular expression.
    #[error("the path of route `{name}` is not a regular expression: {reason}")]
    Path {
        /// The route.
        name: String,
        /// What is wrong with its path, on one line.
        reason: String,
    },
}

impl Naming {
    /// Reads wirelatency's `{"routes":[{"path":"^/api","name":"api"}]}`.
    pub fn from_routes(json: &str) -> Result<Self, RoutesError> {
        let file: RoutesFile = serde_json::from_str(json)?;
        let routes = file.routes.into_iter().map(|entry| {
            let path = Regex::new(&entry.path).map_err(|error| RoutesError::Path {
                name: entry.name.clone(),
                reason: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
            })?;
            Ok(Route { path, name: entry.name.into() })
        });
        routes.collect::<Result<_, RoutesError>>().map(Self::Routes)
    }

    /// Appends the name of a request target to `out`, as UTF-8.
    pub fn name(&self, target: &[u8], out: &mut Vec<u8>) {
        let path = path_of(target);
        match self {
            Self::Templates => template::append(path, out),
            Self::Routes(routes) => {
                let path = String::from_utf8_lossy(path);
                let route = routes.iter().find(|route| route.path.is_match(&path));
                out.extend_from_slice(
                    route.map_or(UNMATCHED_ROUTE, |route| &route.name).as_bytes(),
                );
            }
        }
    }
}

/// The path of a request target in any of its forms (RFC 9112, section 3.2), without its query.
/// An authority (CONNECT) and the asterisk are returned as they are.
fn path_of(target: &[u8]) -> &[u8] {
    let target = match scheme_end(target) {
        Some(scheme) => {
            let authority = target.get(scheme + 3..).unwrap_or_default();
            match memchr::memchr2(b'/', b'?', authority) {
                Some(path) => authority.get(path..).unwrap_or_default(),
                None => b"/",
            }
        }
        None => target,
    };
    let end = memchr::memchr3(b'?', b'#', b';', target).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}

/// Where the scheme of a target in absolute form ends. Most targets are paths, and are not searched for one.
fn scheme_end(target: &[u8]) -> Option<usize> {
    if target.starts_with(b"/") { None } else { memchr::memmem::find(target, b"://") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(naming: &Naming, target: &str) -> String {
        let mut out = Vec::new();
        naming.name(target.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn targets_in_every_form() {
        for (target, expected) in [
            ("/users/42?token=secret", "/users/{id}"),
            ("http://example.com/users/42?x", "/users/{id}"),
            ("http://example.com", "/"),
            ("http://example.com?q=1", "/"),
            ("/redirect?to=http://example.com/x", "/redirect"),
            ("/go/http://example.com", "/go/http://example.com"),
            ("*", "*"),
            ("example.com:443", "{authority}"),
            ("/a;jsessionid=1234", "/a"),
            ("", "/"),
        ] {
            assert_eq!(name(&Naming::Templates, target), expected, "{target}");
        }
    }

    #[test]
    fn wirelatencys_routes_file_works_unchanged() {
        let json = r#"{"routes":[{"path":"^/api","name":"api"},{"path":"^/a","name":"a"}]}"#;
        let routes = Naming::from_routes(json).unwrap();
        assert_eq!(name(&routes, "/api/v1/users?x=1"), "api");
        assert_eq!(name(&routes, "/about"), "a");
        assert_eq!(name(&routes, "/"), "unmatched_route");
    }

    #[test]
    fn routes_files_that_are_not() {
        assert!(matches!(Naming::from_routes("[]"), Err(RoutesError::Shape(_))));
        let error =
            Naming::from_routes(r#"{"routes":[{"path":"(","name":"broken"}]}"#).unwrap_err();
        assert!(error.to_string().contains("`broken`"), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}
