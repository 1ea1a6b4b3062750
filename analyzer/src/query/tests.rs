//! Queries over a small world whose numbers can be worked out by hand.

mod documented;
mod errors;
mod functions;
mod properties;

use super::{Answer, Entry, Grid, Query, Row, Values};
use model::histogram::{CompactHistogram, Distribution, Histogram};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};

/// A row of the world.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Millis(Vec<u64>),
    Delta(u64),
    Level(f64),
}

/// Windows of 10 s: rows by series, and which windows somebody reported.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) rows: Vec<(Series, Vec<(u64, Held)>)>,
    pub(super) reported: Vec<u64>,
}

pub(super) const fn at(seconds: u64) -> CaptureTime {
    CaptureTime::from_parts(seconds, 0)
}

pub(super) fn packed(millis: &[u64]) -> CompactHistogram {
    let mut histogram = Histogram::new();
    millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
    CompactHistogram::from(&histogram)
}

/// Two routes from 1,000 s to 1,060 s; nobody observed from 1,040 s to 1,050 s.
pub(super) fn world() -> World {
    let tags = |route| [("route", route), ("wire", "http:80")];
    let latencies = |route| Series::new("http.total", &tags(route));
    let requests = |route| Series::new("http.requests", &tags(route));
    let ledger = |metric, entry| Series::new(metric, &[("wire", "http:80"), ("entry", entry)]);
    World {
        rows: vec![
            (
                latencies("/login"),
                vec![
                    (1_000, Held::Millis(vec![10, 20, 1_500])),
                    (1_010, Held::Millis(vec![10, 2_000])),
                    (1_050, Held::Millis(vec![10, 30])),
                ],
            ),
            (
                latencies("/users"),
                vec![(1_000, Held::Millis(vec![5])), (1_020, Held::Millis(vec![1_550]))],
            ),
            (
                requests("/login"),
                vec![(1_000, Held::Delta(3)), (1_010, Held::Delta(2)), (1_050, Held::Delta(2))],
            ),
            (requests("/users"), vec![(1_000, Held::Delta(1)), (1_020, Held::Delta(1))]),
            (
                Series::new("disk.used", &[("host", "a")]),
                vec![
                    (1_000, Held::Level(10.0)),
                    (1_010, Held::Level(20.0)),
                    (1_030, Held::Level(40.0)),
                ],
            ),
            (
                ledger("ledger.streams", "span"),
                vec![(1_000, Held::Delta(800)), (1_010, Held::Delta(200))],
            ),
            (ledger("ledger.streams", "gap"), vec![(1_010, Held::Delta(50))]),
        ],
        reported: vec![1_000, 1_010, 1_020, 1_030, 1_050],
    }
}

/// What somebody with a store does.
pub(super) fn ask(world: &World, text: &str, start: u64, end: u64, step: Nanos) -> Answer {
    let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}:\n{error}"));
    let grid = Grid::new(at(start), at(end), step).unwrap();
    let mut inputs = query.reads(&grid).unwrap();
    read(world, &query, &mut inputs);
    query.evaluate(inputs)
}

pub(super) fn read(world: &World, query: &Query, inputs: &mut super::Inputs) {
    let range = inputs.grid().start()..inputs.grid().end();
    inputs.segment(range.clone(), WindowLength::DEFAULT);
    for (find, wanted) in query.finds().iter().enumerate() {
        let places: Vec<_> = world
            .rows
            .iter()
            .filter(|(series, _)| wanted.matches(series))
            .map(|(series, rows)| (inputs.add(find, series).unwrap(), series, rows))
            .collect();
        for (place, series, rows) in places {
            inputs.open(place, series).unwrap();
            for (start, held) in rows.iter().filter(|(start, _)| range.contains(&at(*start))) {
                let compact;
                let row = match held {
                    Held::Millis(millis) => {
                        compact = packed(millis);
                        Row::Histogram(compact.as_bytes())
                    }
                    Held::Delta(grown) => Row::Delta(*grown),
                    Held::Level(level) => Row::Gauge(model::batch::Gauge::once(*level)),
                };
                let window = Window { start: at(*start), length: WindowLength::DEFAULT };
                inputs.row(window, row).unwrap_or_else(|error| panic!("{error}"));
            }
            inputs.close();
        }
    }
    for (unseen, length) in inputs.unseen() {
        let starts = world.reported.iter().map(|&start| length.window_of(at(start)));
        let starts = starts.filter(|window| unseen.contains(&window.start));
        inputs.reported(starts.map(|window| window.start..window.end()).collect());
    }
    for (metric, entry, what) in Entry::LOSSES.into_iter().chain(Entry::BYTES) {
        let is_own =
            |series: &Series| series.metric() == metric && series.tag("entry") == Some(entry);
        for (_, rows) in world.rows.iter().filter(|(series, _)| is_own(series)) {
            for (start, held) in rows {
                if let Held::Delta(grown) = held {
                    inputs.account(what, at(*start), *grown);
                }
            }
        }
    }
}

#[test]
fn segments_of_several_lengths_add_up() {
    let tags = [("host", "a")];
    let second = WindowLength::new(Nanos::from_seconds(1)).unwrap();
    // Long windows first, as whoever reads does: a row can be older than what is known.
    let said = |start, length: WindowLength, millis: &[u64], level| {
        (Window { start: at(start), length }, packed(millis), level)
    };
    let segments = [
        (WindowLength::DEFAULT, said(1_010, WindowLength::DEFAULT, &[5, 1_500], 7.0)),
        (second, said(1_003, second, &[5], 1.0)),
        (second, said(1_019, second, &[2_000], 2.0)),
        (second, said(1_020, WindowLength::MINUTE, &[9], 3.0)),
    ];
    let answers = [
        (r#"find("http.total") | count()"#, "http.total{host=a}: 4 1"),
        (r#"find("http.total") | merge() | count_above(1.5s)"#, "http.total: 2 0"),
        (r#"find:counter("http.total")"#, "http.total{host=a}: 4 1"),
        (r#"find:gauge("http.total")"#, "http.total{host=a}: 3.333333 3"),
        (r#"find:gauge_last("http.total")"#, "http.total{host=a}: 2 3"),
    ];
    for (text, expected) in answers {
        let query = Query::parse(text).unwrap();
        let grid = Grid::new(at(960), at(1_080), Nanos::from_seconds(60)).unwrap();
        let mut inputs = query.reads(&grid).unwrap();
        let series = Series::new("http.total", &tags);
        let place = inputs.add(0, &series).unwrap();
        for (base, (window, histogram, level)) in &segments {
            inputs.segment(at(960)..at(1_080), *base);
            inputs.open(place, &series).unwrap();
            let row = match text {
                text if text.contains("gauge") => Row::Gauge(model::batch::Gauge::once(*level)),
                text if text.contains("counter") => Row::Delta(histogram.count()),
                _ => Row::Histogram(histogram.as_bytes()),
            };
            inputs.row(*window, row).unwrap();
            inputs.close();
        }
        inputs.reported(vec![at(1_020)..at(1_021)]);
        let answer = query.evaluate(inputs);
        assert_eq!(shown(&answer), [expected], "{text}");
        let observed = answer.coverage.steps.iter().map(|step| step.observed);
        assert_eq!(observed.collect::<Vec<_>>(), [11.0 / 60.0, 1.0 / 60.0], "{text}");
    }
}

/// Each stream's label and values: exact ones as numbers, others as `3..5`, nothing as `–`.
pub(super) fn shown(answer: &Answer) -> Vec<String> {
    let Values::Numbers(streams) = &answer.streams else {
        let Values::Histograms(streams) = &answer.streams else { return Vec::new() };
        return streams
            .iter()
            .map(|stream| format!("{}: {:?}", stream.label(), stream.values))
            .collect();
    };
    let number = |value: &Option<super::Number>| match value {
        None => "–".to_owned(),
        Some(number) if number.is_exact() => format!("{}", round(number.low)),
        Some(number) => format!("{}..{}", round(number.low), round(number.high)),
    };
    let line = |stream: &super::Stream<super::Number>| {
        let values: Vec<_> = stream.values.iter().map(number).collect();
        format!("{}: {}", stream.label(), values.join(" "))
    };
    streams.iter().map(line).collect()
}

fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Steps of 10 s over the whole world.
pub(super) fn tens(text: &str) -> Vec<String> {
    shown(&ask(&world(), text, 1_000, 1_060, Nanos::from_seconds(10)))
}
