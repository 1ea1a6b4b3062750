use super::*;
use model::batch::{BatchId, Gauge};
use model::histogram::CompactHistogram;
use model::window::WindowLength;

const TAGS: [(&str, &str); 2] = [("wire", "http:80"), ("route", "/a\"b")];

fn said(start: u64, revision: u64, mut values: Vec<(Arc<Series>, Value)>) -> Batch {
    values.sort_by(|(one, _), (other, _)| one.cmp(other));
    let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(start, 0));
    let id = BatchId { source: "test".into(), run: 1, pipeline: 0, window };
    Batch { id, revision, values }
}

fn batch(start: u64, revision: u64, millis: &[u64]) -> Batch {
    let mut histogram = Histogram::new();
    millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
    let requests = Value::Delta(millis.len() as u64);
    let total = Value::Histogram(CompactHistogram::from(&histogram));
    let open = Value::Gauge(Gauge::once(start as f64));
    let values = [("http.requests", requests), ("http.total", total), ("observer.open", open)];
    let values = values.map(|(metric, value)| (Arc::new(Series::new(metric, &TAGS)), value)).into();
    said(start, revision, values)
}

fn text(registry: &Registry) -> String {
    String::from_utf8(registry.render(Form::Text)).unwrap()
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|own| own == line), "{line}\n{text}");
}

#[test]
fn a_revision_replaces_and_old_windows_stay_counted() {
    let mut registry = Registry::default();
    registry.update(batch(1_000, 1, &[3]));
    registry.update(batch(1_000, 2, &[3, 4, 30]));
    registry.update(batch(1_000, 2, &[3, 4, 30, 50]));
    registry.update(batch(1_000, 1, &[3]));
    registry.update(batch(8_200, 1, &[300]));
    let text = text(&registry);
    has(&text, "# TYPE wirelat_http_requests_total counter");
    has(&text, "wirelat_http_requests_total{route=\"/a\\\"b\",wire=\"http:80\"} 4");
    has(&text, "# TYPE wirelat_http_total_seconds histogram");
    for (edge, count) in
        [("0.0025", 0), ("0.005", 2), ("0.05", 3), ("0.25", 3), ("0.5", 4), ("+Inf", 4)]
    {
        has(
            &text,
            &format!(
                "wirelat_http_total_seconds_bucket{{route=\"/a\\\"b\",wire=\"http:80\",le=\"{edge}\"}} {count}"
            ),
        );
    }
    has(&text, "wirelat_http_total_seconds_count{route=\"/a\\\"b\",wire=\"http:80\"} 4");
}

#[test]
fn a_level_is_that_of_the_newest_window() {
    let mut registry = Registry::default();
    registry.update(batch(1_000, 1, &[3]));
    registry.update(batch(1_010, 1, &[3]));
    registry.update(batch(1_000, 2, &[3, 4]));
    let text = text(&registry);
    has(&text, "wirelat_observer_open{route=\"/a\\\"b\",wire=\"http:80\"} 1010");
    has(&text, "wirelat_http_requests_total{route=\"/a\\\"b\",wire=\"http:80\"} 3");
}

#[test]
fn series_are_bounded_and_what_is_left_out_is_counted() {
    let mut registry = Registry::default();
    let values = |count: usize| -> Vec<_> {
        let series = |number: usize| Series::new("n", &[("number", &number.to_string())]);
        (0..count).map(|number| (Arc::new(series(number)), Value::Delta(1))).collect()
    };
    registry.update(said(1_000, 1, values(SERIES_MAX + 5)));
    registry.update(said(1_010, 1, values(SERIES_MAX + 5)));
    let text = text(&registry);
    assert_eq!(
        text.lines().filter(|line| line.starts_with("wirelat_n_total{")).count(),
        SERIES_MAX
    );
    has(&text, "wirelat_observer_series_over_limit_total 10");
    assert!(text.contains("} 2\n"), "those that are known go on");
}

#[test]
fn what_can_still_be_revised_is_all_that_is_remembered() {
    let mut registry = Registry::default();
    (0..500).for_each(|window| registry.update(batch(window * 10, 1, &[3])));
    // The oldest that may come again changes by what it grew.
    registry.update(batch(4_390, 2, &[3, 3]));
    has(&text(&registry), "wirelat_http_requests_total{route=\"/a\\\"b\",wire=\"http:80\"} 501");
}
