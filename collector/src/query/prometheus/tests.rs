//! What Grafana sends, by Prometheus' documentation of its HTTP API and the data source's documented calls.

use super::plan::plan;
use crate::query::tests::{START, Stage};
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::Value;

const API: &str = "/prometheus/api/v1";

async fn get(stage: &Stage, path: &str, parameters: &[(&str, &str)]) -> Value {
    let (status, body) = stage.get(&format!("{API}{path}"), parameters).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// The lines of a range query: labels, then time and value.
async fn lines(stage: &Stage, query: &str, start: u64, end: u64, step: &str) -> Vec<String> {
    let (start, end) = (start.to_string(), end.to_string());
    let asked = [("query", query), ("start", &start), ("end", &end), ("step", step)];
    let (status, body) = stage.post(&format!("{API}/query_range"), &asked).await;
    assert_eq!(status, StatusCode::OK, "{query}: {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["data"]["resultType"], "matrix");
    let line = |line: &Value| {
        let values: Vec<_> = line["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| pair[1].as_str().unwrap())
            .collect();
        format!("{} {}", line["metric"], values.join(" "))
    };
    answer["data"]["result"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn a_data_source_is_saved_and_browsed() {
    let stage = Stage::new().await;
    // Save and test; then what the query editor asks for.
    insta::assert_json_snapshot!([
        get(&stage, "/query", &[("query", "1+1"), ("time", "1795133000")]).await,
        get(&stage, "/labels", &[("start", "1795132800"), ("end", "1795133400")]).await,
        get(&stage, "/labels", &[("match[]", "wirelat_http_total_seconds")]).await,
        get(&stage, "/label/__name__/values", &[]).await,
        get(
            &stage,
            "/label/route/values",
            &[("match[]", r#"{__name__=~"wirelat_http.*",route!="/users"}"#)]
        )
        .await,
        get(
            &stage,
            "/series",
            &[
                ("match[]", "wirelat_http_requests_total"),
                ("match[]", "wirelat_observer_memory_bytes")
            ]
        )
        .await,
        get(&stage, "/metadata", &[("limit", "100")]).await,
    ]);
    assert_eq!(stage.get("/prometheus/", &[]).await.0, StatusCode::OK);
    let build = get(&stage, "/status/buildinfo", &[]).await;
    assert_eq!(build["data"]["version"], super::handlers::SPOKEN);
}

#[tokio::test]
async fn panels_are_drawn() {
    let stage = Stage::new().await;
    let (start, end) = (START + 120, START + 240);
    let query = "histogram_quantile(0.99, sum by (le, route) (rate(wirelat_http_total_seconds_bucket[1m])))";
    let native = "histogram_quantile(0.99, sum by (route) (rate(wirelat_http_total_seconds[1m])))";
    let quantiles = lines(&stage, query, start, end, "60").await;
    assert_eq!(quantiles, lines(&stage, native, start, end, "60").await);
    insta::assert_json_snapshot!(quantiles);
    let requests = "sum(rate(wirelat_http_requests_total[1m]))";
    assert_eq!(lines(&stage, requests, start, end, "60").await, ["{} 1.6 1.6 1.6"]);
    let slow = "histogram_fraction(0, 1.5, sum(rate(wirelat_http_total_seconds[1m])))";
    assert_eq!(lines(&stage, slow, start, start, "60").await, ["{} 0.9375"]);
    let count = "sum by (route) (increase(wirelat_http_total_seconds_count[5m]))";
    assert_eq!(
        lines(&stage, count, START + 300, START + 300, "15s").await,
        [r#"{"route":"/login"} 330"#, r#"{"route":"/users"} 150"#]
    );
    let below = r#"sum(increase(wirelat_http_total_seconds_bucket{le="0.025"}[1m])) / sum(increase(wirelat_http_total_seconds_bucket{le="+Inf"}[1m]))"#;
    assert_eq!(lines(&stage, below, start, start, "60").await, ["{} 0.625"]);
    let top = "topk(1, rate(wirelat_http_requests_total[1m]) * 60)";
    assert_eq!(
        lines(&stage, top, start, start, "60").await,
        [r#"{"method":"GET","route":"/login","wire":"http:80"} 66"#]
    );
    let mean = "histogram_avg(rate(wirelat_http_total_seconds{route=\"/users\"}[1m])) + histogram_sum(rate(wirelat_http_total_seconds{route=\"/users\"}[1m])) * 0";
    assert_eq!(lines(&stage, mean, start, start, "60").await.len(), 1);
    let heat = "sum by (le) (increase(wirelat_http_total_seconds_bucket[1m]))";
    insta::assert_json_snapshot!(lines(&stage, heat, start, start, "60").await);
    let both = r#"sum without (method, wire) (rate(wirelat_http_requests_total[1m])) - on (route) sum by (route) (rate(wirelat_http_total_seconds_count[1m]))"#;
    assert_eq!(
        lines(&stage, both, start, start, "60").await,
        [r#"{"route":"/login"} 0"#, r#"{"route":"/users"} 0"#]
    );
}

#[tokio::test]
async fn rates_are_of_what_was_observed_and_levels_are_the_newest() {
    let stage = Stage::new().await;
    // 10 s of the last minute were not observed.
    let end = START + 600;
    assert_eq!(
        lines(&stage, "sum(rate(wirelat_http_requests_total[1m]))", end, end, "60").await,
        ["{} 1.6"]
    );
    assert_eq!(
        lines(&stage, "sum(increase(wirelat_http_requests_total[1m]))", end, end, "60").await,
        ["{} 80"]
    );
    let level = lines(&stage, "wirelat_observer_memory_bytes", end, end + 600, "300").await;
    assert_eq!(level, [r#"{"__name__":"wirelat_observer_memory_bytes"} 1000059"#]);
    let instant = get(&stage, "/query", &[("query", "-wirelat_observer_memory_bytes / 1e6")]).await;
    insta::assert_json_snapshot!(instant);
    let native =
        get(&stage, "/query", &[("query", "sum(increase(wirelat_http_total_seconds[10m]))")]).await;
    insta::assert_json_snapshot!(native);
    // Ranges that are no whole windows are rounded up, and increases are scaled back.
    let odd =
        [("query", "sum(increase(wirelat_http_requests_total[15s]))"), ("time", "1795132905")];
    let odd = get(&stage, "/query", &odd).await;
    assert_eq!(odd["data"]["result"][0]["value"][1], "24");
    assert!(odd["warnings"][0].as_str().unwrap().contains("10s"), "{odd}");
}

#[tokio::test]
async fn nothing_found_is_nothing() {
    let stage = Stage::new().await;
    for query in [
        "rate(nobody[5m])",
        "histogram_quantile(0.9, rate(nobody[5m]))",
        "sum(rate(nobody[5m])) / 2",
        "nobody",
    ] {
        let answer = get(&stage, "/query", &[("query", query)]).await;
        assert_eq!(answer["data"]["result"], Value::Array(Vec::new()), "{query}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let stage = Stage::new().await;
    let mut said = String::new();
    for query in [
        "rate(",
        "wirelat_http_requests_total",
        "rate(wirelat_observer_memory_bytes[5m])",
        "wirelat_http_requests_total[5m]",
        "rate(wirelat_http_requests_total[5m] offset 1h)",
        "rate(wirelat_http_requests_total[5m]) > 3",
        "histogram_quantile(0.9, rate(wirelat_http_requests_total[5m]))",
        "rate(wirelat_http_total_seconds[5m]) * 2",
        "avg(rate(wirelat_http_total_seconds[5m]))",
        "predict_linear(wirelat_observer_memory_bytes[5m], 3600)",
        "rate(wirelat_http_requests_total[5m]) * on (wire) rate(wirelat_http_requests_total[5m])",
        r#"rate(wirelat_http_total_seconds_bucket{le=~".*"}[5m])"#,
    ] {
        let (status, body) = stage.get(&format!("{API}/query"), &[("query", query)]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {body}");
        said.push_str(&format!("{query}\n  {body}\n"));
    }
    insta::assert_snapshot!(said);
    let missing = stage.get(&format!("{API}/query_range"), &[("query", "1")]).await;
    assert_eq!(missing.0, StatusCode::BAD_REQUEST);
    let deep = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    let (status, _) = stage.get(&format!("{API}/query"), &[("query", &deep)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let many = [("query", "1"), ("start", "0"), ("end", "1795132905"), ("step", "1")];
    let (status, _) = stage.get(&format!("{API}/query_range"), &many).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

proptest! {
    /// The parser is not ours: no text may bring it down.
    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = plan(&text);
    }

    #[test]
    fn no_words_panic(words in prop::collection::vec(prop::sample::select(vec![
        "rate", "sum", "by", "(", ")", "{", "}", "[5m]", "[", "]", "5m", "a", "\"b\"", "=", "=~", "!=", ",", "+", "-", "/",
        "1", "0x1", "Inf", "NaN", "offset", "@", "on", "ignoring", "group_left", "histogram_quantile", "topk", "le", "or",
        "and", "unless", "bool", "without", "'", "`", "\\", ":", "start()", "#",
    ]), 0..16)) {
        let _ = plan(&words.join(" "));
        let _ = plan(&words.concat());
    }
}
