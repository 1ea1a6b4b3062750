use super::*;
use crate::top::tests::{Entry, HISTOGRAM, batch, delta, histogram};
use model::batch::Value;

fn seconds(seconds: u64) -> CaptureTime {
    CaptureTime::from_parts(seconds, 0)
}

fn requests(count: u64, route: &str) -> [Entry; 2] {
    let tags = || {
        vec![
            ("wire", "http:80".to_owned()),
            ("method", "GET".to_owned()),
            ("route", route.to_owned()),
        ]
    };
    let outcome = [tags(), vec![("outcome", "ok".to_owned())]].concat();
    [
        ("http.requests", outcome, Value::Delta(count)),
        (HISTOGRAM, tags(), histogram(&vec![5; count as usize])),
    ]
}

#[test]
fn the_latest_revision_of_a_window_counts() {
    let mut state = State::default();
    state.take(vec![batch(100, 1, requests(3, "/a"))], seconds(103));
    state.take(vec![batch(100, 3, requests(7, "/a"))], seconds(105));
    state.take(vec![batch(100, 2, requests(5, "/a"))], seconds(105));
    let summary = state.summary(Nanos::from_seconds(60), None);
    assert_eq!(summary.all.count, 7);
    assert!((summary.seconds - 5.0).abs() < 1e-9, "the window is not over: {}", summary.seconds);
    assert!((summary.all.rate - 1.4).abs() < 1e-9);
}

#[test]
fn a_wire_is_the_sum_of_its_routes_and_old_windows_are_left_out() {
    let mut state = State::default();
    let both = |a, b| [requests(a, "/a"), requests(b, "/b")].concat();
    state.take(vec![batch(100, 1, both(1, 2)), batch(110, 1, both(3, 4))], seconds(120));
    let objective = "5ms".parse().ok();
    let summary = state.summary(Nanos::from_seconds(10), objective);
    let counts: Vec<_> =
        summary.rows.iter().map(|row| (row.subject.route.as_deref(), row.count)).collect();
    assert_eq!(counts, [(None, 7), (Some("GET /a"), 3), (Some("GET /b"), 4)]);
    assert_eq!(summary.rows[0].over, Some((7, 7)), "exact: 5 ms is an edge");
    let summary = state.summary(Nanos::from_seconds(60), None);
    assert_eq!((summary.all.count, summary.rows[0].over), (10, None));
}

#[test]
fn columns_are_aligned_and_say_what_is_not_known() {
    let mut state = State::default();
    let said =
        [batch(100, 1, requests(1, "/a")), batch(130, 1, requests(2, "/a")), batch(140, 1, [])];
    state.take(said.into(), seconds(149));
    let wire = Subject { wire: "http:80".into(), route: None };
    let counts = |length: u64| -> Vec<Option<u64>> {
        let columns = state.columns(&wire, 6, Nanos::from_seconds(length));
        columns.iter().map(|times| times.as_ref().map(Distribution::count)).collect()
    };
    assert_eq!(counts(10), [None, Some(1), None, None, Some(2), Some(0)]);
    assert_eq!(counts(20), [None, None, None, Some(1), Some(2), Some(0)]);
    assert!(state.columns(&wire, 0, Nanos(0)).is_empty());
}

#[test]
fn open_requests_are_those_of_the_last_sealed_window_and_what_happened_since() {
    let mut state = State::default();
    let entry = |entry: &str, count| {
        delta("ledger.requests", &[("wire", "http:80"), ("entry", entry)], count)
    };
    let age = ("http.open_age", vec![("wire", "http:80".to_owned())], histogram(&[4_000]));
    let sealed = vec![entry("started", 9), entry("answered", 4), entry("open_after", 5), age];
    state.take(vec![batch(100, 1, sealed)], seconds(116));
    let open = |state: &State| {
        let summary = state.summary(Nanos::from_seconds(60), None);
        (summary.all.open, summary.rows[0].oldest)
    };
    assert_eq!(open(&state), (Some(5), Some(4.0)));
    state.take(vec![batch(110, 1, [entry("started", 1), entry("answered", 3)])], seconds(118));
    assert_eq!(open(&state).0, Some(3));
    // The observer was started again: what it had open then is nobody's.
    let mut other = batch(110, 1, [entry("started", 1)]);
    other.id.run = 2;
    state.take(vec![other.clone()], seconds(119));
    other.id.window = other.id.window.length.window_of(seconds(120));
    state.take(vec![other], seconds(120));
    assert_eq!(open(&state).0, Some(2));
}

#[test]
fn a_wire_without_requests_has_its_connections() {
    let mut state = State::default();
    let connects = ("tcp.connect", vec![("wire", "tcp:6379".to_owned())], histogram(&[1, 2, 3]));
    state.take(vec![batch(100, 1, [connects])], seconds(110));
    let summary = state.summary(Nanos::from_seconds(60), None);
    let counts: Vec<_> =
        summary.rows.iter().map(|row| (row.subject.route.as_deref(), row.count)).collect();
    assert_eq!(counts, [(None, 0), (Some("connections"), 3)]);
    let columns = state.columns(&summary.rows[1].subject, 2, Nanos::from_seconds(10));
    assert_eq!(columns[0].as_ref().map(Distribution::count), Some(3));
}

#[test]
fn windows_and_names_are_bounded_and_names_cannot_steer_the_terminal() {
    let mut state = State::default();
    for window in 0..WINDOWS_MAX as u64 + 9 {
        state.take(vec![batch(window * 10, 1, requests(1, "/a\u{1b}[2J"))], seconds(window * 10));
    }
    assert_eq!(state.windows.len(), WINDOWS_MAX);
    let summary = state.summary(Nanos::from_seconds(10), None);
    assert_eq!(summary.rows[1].subject.route.as_deref(), Some("GET /a\u{fffd}[2J"));
    let many = (0..9_000).flat_map(|number| requests(1, &format!("/{number}")));
    state.take(vec![batch(90_000, 1, many)], seconds(90_010));
    let summary = state.summary(Nanos::from_seconds(5), None);
    assert!(summary.rows.len() < 8_300, "{}", summary.rows.len());
    let other = |row: &&Row| row.subject.route.as_deref() == Some("other names");
    assert!(summary.rows.iter().find(other).is_some_and(|row| row.count > 700));
    assert_eq!(summary.all.count, 9_000, "none is lost");
    for window in 10_000..10_045 {
        let many = (0..5_000).flat_map(|number| requests(1, &format!("/{number}")));
        state.take(vec![batch(window * 10, 1, many)], seconds(window * 10));
    }
    assert!(state.routes() <= ROUTES_MAX && state.windows.len() == 40, "{}", state.windows.len());
}
