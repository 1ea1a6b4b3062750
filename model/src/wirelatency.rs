//! The names that wirelatency's protocol observer gives its metrics, for people who move from it.

use crate::names::Names;
use crate::series::Series;

/// The names under which wirelatency would have recorded a series; none for what it does not record. Several series can
/// have a name in common: it is then that of all of them together.
///
/// - HTTP: ``<method>`<route name>`<1xx…5xx>`<attribute>``
/// - PostgreSQL: ``<Query or Execute>`<attribute>``; the same with the command tag's first word, where the tag counts rows;
///   and the same with the statement's name, where it has one. Of the tag our series know what the statement begins with:
///   a SELECT that begins with WITH is not among ``Query`SELECT`…``.
pub fn wirelatency_names(series: &Series) -> Vec<String> {
    let names = match series.metric().split_once('.') {
        Some(("http", value)) => http(series, value).map(|name| vec![name]),
        Some(("postgres", value)) => postgres(series, value),
        _ => None,
    };
    names.unwrap_or_default()
}

fn http(series: &Series, value: &str) -> Option<String> {
    let attribute = match value {
        "first_byte" => "firstbyte_latency",
        "total" => "latency",
        "request_bytes" => "request_bytes",
        "response_bytes" => "response_bytes",
        _ => return None,
    };
    let (method, status) = (series.tag("method")?, series.tag("status")?);
    let route = series.tag("route")?;
    Some(format!("{method}`{route}`{status}`{attribute}"))
}

/// First words of the command tags that count rows.
const COUNTING_TAGS: [&str; 8] =
    ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "FETCH", "MOVE"];

fn postgres(series: &Series, value: &str) -> Option<Vec<String>> {
    let attribute = match value {
        "total" => "latency",
        "request_bytes" | "response_bytes" | "response_rows" => value,
        _ => return None,
    };
    let operation = series.tag("operation").filter(|it| matches!(*it, "Query" | "Execute"))?;
    let statement = series.tag("statement").unwrap_or_default();
    let first = statement.split(' ').next().unwrap_or_default();
    let is_tag = series.tag("status") == Some("ok") && COUNTING_TAGS.contains(&first);
    let has_name = !["", Names::UNKNOWN, Names::OTHER].contains(&statement);
    let between = [Some(""), is_tag.then_some(first), has_name.then_some(statement)];
    let name = |between: &str| match between {
        "" => format!("{operation}`{attribute}"),
        between => format!("{operation}`{between}`{attribute}"),
    };
    let mut names: Vec<String> = between.into_iter().flatten().map(name).collect();
    names.dedup();
    Some(names)
}

/// What wirelatency calls a path that no route matches.
pub const UNMATCHED_ROUTE: &str = "unmatched_route";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_wirelatencys() {
        let tags = [("method", "GET"), ("route", "api"), ("status", "2xx"), ("wire", "http:80")];
        let names = |metric| wirelatency_names(&Series::new(metric, &tags));
        assert_eq!(names("http.first_byte"), ["GET`api`2xx`firstbyte_latency"]);
        assert_eq!(names("http.total"), ["GET`api`2xx`latency"]);
        assert_eq!(names("http.request_bytes"), ["GET`api`2xx`request_bytes"]);
        assert!(names("http.server").is_empty());
        assert!(names("tcp.connect").is_empty());
    }

    #[test]
    fn statements_have_wirelatencys_names() {
        let names = |metric, operation, statement, status| {
            let tags = [("operation", operation), ("statement", statement), ("status", status)];
            wirelatency_names(&Series::new(metric, &tags))
        };
        assert_eq!(
            names("postgres.total", "Query", "SELECT ?", "ok"),
            ["Query`latency", "Query`SELECT`latency", "Query`SELECT ?`latency"]
        );
        assert_eq!(
            names("postgres.response_rows", "Execute", "logins", "ok"),
            ["Execute`response_rows", "Execute`logins`response_rows"]
        );
        assert_eq!(
            names("postgres.request_bytes", "Execute", "INSERT INTO t", "client_error"),
            ["Execute`request_bytes", "Execute`INSERT INTO t`request_bytes"]
        );
        assert_eq!(names("postgres.total", "Execute", "unknown", "ok"), ["Execute`latency"]);
        assert_eq!(names("postgres.total", "Execute", "", "ok"), ["Execute`latency"]);
        assert_eq!(
            names("postgres.total", "Query", "COPY", "ok"),
            ["Query`latency", "Query`COPY`latency"]
        );
        assert!(names("postgres.total", "Sync", "", "ok").is_empty());
        assert!(names("postgres.server", "Query", "SELECT ?", "ok").is_empty());
    }
}
