use super::app::Wish;
use super::*;
use model::batch::{Batch, BatchId, Gauge, Value};
use model::histogram::{CompactHistogram, Histogram, Threshold};
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::sync::Arc;

pub(super) const HISTOGRAM: &str = "http.total";

/// A metric, its tags, what is said of it.
pub(super) type Entry = (&'static str, Vec<(&'static str, String)>, Value);

pub(super) fn delta(metric: &'static str, tags: &[(&'static str, &str)], count: u64) -> Entry {
    (metric, owned(tags), Value::Delta(count))
}

fn owned(tags: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    tags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

pub(super) fn histogram(millis: &[u64]) -> Value {
    let mut histogram = Histogram::new();
    millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
    Value::Histogram(CompactHistogram::from(&histogram))
}

/// A window of 10 s.
pub(super) fn batch(start: u64, revision: u64, said: impl IntoIterator<Item = Entry>) -> Batch {
    let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(start, 0));
    let values = said.into_iter().map(|(metric, tags, value)| {
        let tags: Vec<(&str, &str)> = tags.iter().map(|(name, value)| (*name, &**value)).collect();
        (Arc::new(Series::new(metric, &tags)), value)
    });
    Batch {
        id: BatchId { source: "web-1".into(), run: 1, pipeline: 0, window },
        revision,
        values: values.collect(),
    }
}

/// Noon, and some windows after it.
const NOON: u64 = 1_773_316_800;

/// Ten minutes of two wires: a slow minute in the middle, a route that fails, one that hangs.
fn app(objective: Option<Threshold>) -> App {
    let mut app = App::new(objective);
    for window in 0..60_u64 {
        let slow = if (30..36).contains(&window) { 12 } else { 1 };
        let mut said = Vec::new();
        let routes = [("GET", "/login", 12), ("GET", "/users/{id}", 4), ("POST", "/reports", 90)];
        for (place, (method, route, millis)) in (1_u64..).zip(routes) {
            let tags = [("wire", "http:8080"), ("method", method), ("route", route)];
            let of = |outcome| [&tags[..], &[("outcome", outcome)]].concat();
            let count = 60 / place + window % 7;
            let times: Vec<u64> =
                (0..count).map(|number| (millis + number * number % 23) * slow).collect();
            said.push(delta("http.requests", &of("ok"), count - 1));
            said.push(delta("http.requests", &of("server_error"), 1));
            said.push((HISTOGRAM, owned(&tags), histogram(&times)));
        }
        let redis = [("wire", "redis:6379"), ("command", "GET"), ("name", "")];
        said.push(delta("redis.requests", &[&redis[..], &[("outcome", "ok")]].concat(), 500));
        said.push(("redis.total", owned(&redis), histogram(&[1; 500])));
        let streams = |entry, bytes| {
            delta("ledger.streams", &[("wire", "http:8080"), ("entry", entry)], bytes)
        };
        said.extend([streams("span", 90_000), streams("decoded", 89_990), streams("gap", 10)]);
        let requests = |entry, count| {
            delta("ledger.requests", &[("wire", "http:8080"), ("entry", entry)], count)
        };
        said.extend([
            requests("started", 100),
            requests("answered", 100),
            requests("open_after", 2),
        ]);
        said.push((
            "http.open_age",
            vec![("wire", "http:8080".to_owned())],
            histogram(&[41_000, 3]),
        ));
        said.push(delta("ledger.packets", &[("entry", "dropped")], u64::from(window == 58) * 120));
        said.push(delta("observer.cpu_ns", &[], 310_000_000));
        said.push(("observer.memory_bytes", Vec::new(), Value::Gauge(Gauge::once(24_300_000.0))));
        let start = NOON + 10 * window;
        // One window was never reported.
        if window != 20 {
            app.take(vec![batch(start, 1, said)], CaptureTime::from_parts(start + 10, 0));
        }
    }
    app
}

fn frame(app: &mut App, width: u16, height: u16) -> String {
    let palette = Palette::new(Depth::True);
    let look = Look { palette: &palette, keys: true };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(frame, app, look)).unwrap();
    lines(terminal.backend().buffer())
}

fn press(app: &mut App, keys: &str) -> Wish {
    let press = |key: char| {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '⌫' => KeyCode::Backspace,
            key => KeyCode::Char(key),
        };
        app.press(KeyEvent::new(code, KeyModifiers::NONE), 70)
    };
    keys.chars().map(press).last().unwrap_or(Wish::GoOn)
}

#[test]
fn a_small_terminal_has_all_that_matters() {
    let mut app = app("100ms".parse().ok());
    press(&mut app, "↓↓↓↓↓");
    insta::assert_snapshot!(frame(&mut app, 80, 24));
}

#[test]
fn a_wide_terminal_has_more_of_it() {
    let mut app = app(None);
    press(&mut app, "↓↓t");
    insta::assert_snapshot!(frame(&mut app, 140, 40));
}

#[test]
fn a_picture_for_a_file_has_no_keys() {
    let mut app = app("1.5s".parse().ok());
    press(&mut app, "ss");
    insta::assert_snapshot!(picture(&mut app, 100, 30).unwrap());
}

#[test]
fn nothing_is_known_yet() {
    insta::assert_snapshot!(frame(&mut App::new(None), 80, 24));
}

#[test]
fn help_lies_over_the_rest() {
    let mut app = app(None);
    press(&mut app, "?");
    insta::assert_snapshot!(frame(&mut app, 80, 24));
}

#[test]
fn every_size_can_be_drawn() {
    let mut app = app("200ms".parse().ok());
    app.gone = Some("the observer ended".to_owned());
    for keys in ["", "?", "/x"] {
        press(&mut app, keys);
        for width in [0, 1, 2, 3, 9, 10, 21, 40, 79, 300] {
            for height in [0, 1, 2, 3, 4, 5, 17, 18, 19, 100] {
                frame(&mut app, width, height);
            }
        }
    }
}

/// The first column of the table.
fn names(app: &App) -> Vec<String> {
    let rows = app.rows(&app.summary()).into_iter();
    rows.map(|row| row.subject.route.unwrap_or(row.subject.wire).to_string()).collect()
}

#[test]
fn keys_sort_filter_select_and_pause() {
    let mut app = app(None);
    assert_eq!(
        names(&app),
        ["redis:6379", "GET", "http:8080", "GET /login", "GET /users/{id}", "POST /reports"]
    );
    press(&mut app, "ss");
    let by_p99 =
        ["http:8080", "POST /reports", "GET /login", "GET /users/{id}", "redis:6379", "GET"];
    assert_eq!(names(&app), by_p99);
    press(&mut app, "r");
    assert_eq!(
        names(&app),
        ["redis:6379", "GET", "http:8080", "GET /users/{id}", "GET /login", "POST /reports"]
    );
    press(&mut app, "S");
    press(&mut app, "/REPORTq⌫\n");
    assert_eq!(names(&app), ["http:8080", "POST /reports"], "a route with its wire");
    press(&mut app, "\u{1b}r/login\u{1b}");
    assert_eq!(names(&app).len(), 6, "Esc drops it");

    press(&mut app, "↓↓↓↓↓↓↓↓↑");
    let rows = app.rows(&app.summary());
    assert_eq!(app.selected(&rows), Some(rows.len() - 2));
    let selected = rows[rows.len() - 2].subject.clone();
    press(&mut app, "r");
    let rows = app.rows(&app.summary());
    assert_eq!(rows[app.selected(&rows).unwrap()].subject, selected, "it keeps its row");

    press(&mut app, " ");
    let before = frame(&mut app, 80, 24);
    app.take(vec![batch(NOON + 700, 1, [])], CaptureTime::from_parts(NOON + 705, 0));
    assert_eq!(frame(&mut app, 80, 24), before);
    assert!(before.contains("PAUSED"));
    press(&mut app, " ");
    assert_ne!(frame(&mut app, 80, 24), before);

    assert_eq!(press(&mut app, "q"), Wish::Quit);
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(app.press(control_c, 70), Wish::Quit);
}

#[test]
fn columns_are_as_long_as_the_strip_needs_until_somebody_chooses() {
    let mut app = app(None);
    let seconds = |app: &App, columns| app.column(columns).0 / 1_000_000_000;
    assert_eq!([70, 20, 2, 0].map(|columns| seconds(&app, columns)), [10, 20, 300, 3_600]);
    press(&mut app, "--");
    assert_eq!(seconds(&app, 70), 50);
    press(&mut app, "+++++");
    assert_eq!(seconds(&app, 70), 10);
}

#[test]
fn wide_letters_take_their_room() {
    let mut app = App::new(None);
    let tags = [("wire", "http:80"), ("method", "GET"), ("route", "/寿司"), ("outcome", "ok")];
    app.take(
        vec![batch(NOON, 1, [delta("http.requests", &tags, 3)])],
        CaptureTime::from_parts(NOON + 10, 0),
    );
    let shown = frame(&mut app, 80, 12);
    assert!(shown.contains("  GET /寿司              0.3/s"), "{shown}");
}
