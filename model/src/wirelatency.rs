//! The names that wirelatency's protocol observer gives its metrics, for people who move from it.

use crate::series::Series;

/// The name under which wirelatency would have recorded an HTTP series:
/// ``<method>`<route name>`<1xx…5xx>`<attribute>``. `None` for what it does not record.
pub fn wirelatency_name(series: &Series) -> Option<String> {
    let attribute = match series.metric() {
        "http.first_byte" => "firstbyte_latency",
        "http.total" => "latency",
        "http.request_bytes" => "request_bytes",
        "http.response_bytes" => "response_bytes",
        _ => return None,
    };
    let (method, status) = (series.tag("method")?, series.tag("status")?);
    let route = series.tag("route")?;
    Some(format!("{method}`{route}`{status}`{attribute}"))
}

/// What wirelatency calls a path that no route matches.
pub const UNMATCHED_ROUTE: &str = "unmatched_route";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_wirelatencys() {
        let tags = [("method", "GET"), ("route", "api"), ("status", "2xx"), ("wire", "http:80")];
        let name = |metric| wirelatency_name(&Series::new(metric, &tags));
        assert_eq!(name("http.first_byte").as_deref(), Some("GET`api`2xx`firstbyte_latency"));
        assert_eq!(name("http.total").as_deref(), Some("GET`api`2xx`latency"));
        assert_eq!(name("http.request_bytes").as_deref(), Some("GET`api`2xx`request_bytes"));
        assert_eq!(name("http.server"), None);
    }
}
