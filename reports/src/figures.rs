//! The numbers, worked out once for every form of report.

use crate::connections::{self, Connections};
use crate::input::{Metric, OutcomeCounts, ReportInput, RouteData};
use analyzer::bounds::Bounds;
use analyzer::digest::Digest;
use analyzer::sla::Sla;
use analyzer::timeline::{Timeline, merged};
use model::histogram::{CompactHistogram, Distribution, QuantileMethod, Threshold};
use model::ledger::Ledger;
use model::transaction::Outcome;
use model::units::{CaptureTime, Nanos};
use std::collections::BTreeMap;

/// What the reports say.
#[derive(Debug)]
pub struct Figures<'a> {
    /// What it was made of.
    pub input: &'a ReportInput,
    /// All requests, window by window, by their total latency.
    pub timeline: Timeline,
    /// All requests in a few numbers; `None` where none was timed.
    pub digest: Option<Digest>,
    /// How all requests ended.
    pub outcomes: OutcomeCounts,
    /// By wire, then the most asked first.
    pub rows: Vec<Row>,
    /// Each objective against all requests, in the order given.
    pub slas: Vec<Sla>,
    /// Connections by wire, the most first; wires without any timed one are left out.
    pub connections: Vec<Connections>,
    /// All wires' accounts in one.
    pub ledger: Ledger,
}

/// One line of the table: a wire's route, by operation.
#[derive(Clone, Debug)]
pub struct Row {
    /// The wire.
    pub wire: String,
    /// The verb.
    pub method: String,
    /// The route.
    pub route: String,
    /// How its requests ended.
    pub outcomes: OutcomeCounts,
    /// Its latencies in a few numbers; `None` where none was timed.
    pub digest: Option<Digest>,
    /// At or over each objective, in the order given.
    pub over: Vec<Bounds>,
    /// Its p99 in each window of the span, in seconds; `None` where it had none.
    pub p99: Vec<Option<f64>>,
}

impl Row {
    /// Requests, however they ended.
    pub fn requests(&self) -> u64 {
        self.outcomes.total().max(self.timed())
    }

    /// Requests that were answered and timed.
    pub fn timed(&self) -> u64 {
        self.digest.map_or(0, |digest| digest.count)
    }
}

impl<'a> Figures<'a> {
    /// Works out everything.
    pub fn new(input: &'a ReportInput) -> Self {
        let timeline = timeline(input, |_| true, Metric::Total);
        let places: Vec<CaptureTime> = places(&timeline).collect();
        let rows = rows(input, &places);
        let mut outcomes = OutcomeCounts::default();
        rows.iter().for_each(|row| outcomes.merge(&row.outcomes));
        let slas = input.objectives.iter();
        let slas = slas.map(|&objective| Sla::new(&timeline, objective, input.target)).collect();
        let mut ledger = Ledger::default();
        input.wires.iter().for_each(|wire| ledger.add(&wire.ledger));
        Self {
            input,
            digest: Digest::of(&timeline.whole()),
            timeline,
            outcomes,
            rows,
            slas,
            connections: connections::by_wire(&input.wires, &places),
            ledger,
        }
    }

    /// Requests, however they ended.
    pub fn requests(&self) -> u64 {
        self.rows.iter().map(Row::requests).sum()
    }

    /// Connections whose handshake was seen.
    pub fn timed_connections(&self) -> u64 {
        self.connections.iter().map(Connections::count).sum()
    }

    /// The time that rates are taken over: the capture's span, less the windows that nobody reported.
    pub fn observed(&self) -> Nanos {
        let span = self.input.span.and_then(|(first, last)| last.since(first));
        span.unwrap_or_default().min(self.timeline.reported())
    }

    /// Requests per second; `None` where no time passed.
    pub fn rate(&self, requests: u64) -> Option<f64> {
        let seconds = self.observed().as_seconds_f64();
        (seconds > 0.0).then(|| requests as f64 / seconds)
    }

    /// How much of the readable bytes could be read, over all wires.
    pub fn coverage(&self) -> f64 {
        self.ledger.streams.coverage()
    }
}

/// The requests of the chosen routes, window by window.
pub fn timeline(
    input: &ReportInput,
    chosen: impl Fn(&RouteData) -> bool,
    metric: Metric,
) -> Timeline {
    let mut timeline = Timeline::new(input.window, &input.windows);
    let mut windows: BTreeMap<CaptureTime, Vec<&CompactHistogram>> = BTreeMap::new();
    for route in input.routes.iter().filter(|route| chosen(route)) {
        for (start, cell) in cells(route, metric) {
            windows.entry(*start).or_default().push(cell);
        }
        for (start, outcomes) in &route.outcomes {
            timeline.add_unanswered(*start, outcomes.get(Outcome::Unanswered));
        }
    }
    for (start, cells) in windows {
        timeline.add(start, &merged(cells.into_iter()));
    }
    timeline
}

fn cells(
    route: &RouteData,
    metric: Metric,
) -> impl Iterator<Item = &(CaptureTime, CompactHistogram)> {
    route.latencies.iter().filter(move |(name, _)| *name == metric).flat_map(|(_, cells)| cells)
}

/// Every window's start from the first to the last, reported or not.
pub(crate) fn places(timeline: &Timeline) -> impl Iterator<Item = CaptureTime> {
    let first = timeline.span().map_or(CaptureTime::ZERO, |(from, _)| from);
    let length = timeline.length().span().0;
    (0..timeline.places()).map(move |place| first.plus(Nanos(length.saturating_mul(place))))
}

fn rows(input: &ReportInput, places: &[CaptureTime]) -> Vec<Row> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<&RouteData>> = BTreeMap::new();
    for route in &input.routes {
        groups.entry((&route.wire, &route.method, &route.route)).or_default().push(route);
    }
    let mut rows: Vec<Row> =
        groups.values().filter_map(|group| row(group, &input.objectives, places)).collect();
    let wire_place =
        |name: &str| input.wires.iter().position(|wire| wire.name == name).unwrap_or(usize::MAX);
    rows.sort_by(|left, right| {
        let place = wire_place(&left.wire).cmp(&wire_place(&right.wire));
        place.then(left.wire.cmp(&right.wire)).then(right.requests().cmp(&left.requests()))
    });
    rows
}

fn row(group: &[&RouteData], objectives: &[Threshold], places: &[CaptureTime]) -> Option<Row> {
    let first = group.first()?;
    let mut outcomes = OutcomeCounts::default();
    let mut windows: BTreeMap<CaptureTime, Vec<&CompactHistogram>> = BTreeMap::new();
    for route in group {
        route.outcomes.iter().for_each(|(_, counts)| outcomes.merge(counts));
        for (start, cell) in cells(route, Metric::Total) {
            windows.entry(*start).or_default().push(cell);
        }
    }
    let whole = merged(windows.values().flatten().copied());
    Some(Row {
        wire: first.wire.clone(),
        method: first.method.clone(),
        route: first.route.clone(),
        outcomes,
        digest: Digest::of(&whole),
        over: objectives.iter().map(|&limit| whole.count_at_or_above(limit).into()).collect(),
        p99: p99s(&windows, places),
    })
}

/// The p99 at each place; `None` where there was no value.
pub(crate) fn p99s(
    windows: &BTreeMap<CaptureTime, Vec<&CompactHistogram>>,
    places: &[CaptureTime],
) -> Vec<Option<f64>> {
    let p99 = |start: &CaptureTime| {
        let cells = windows.get(start)?;
        merged(cells.iter().copied()).quantile(0.99, QuantileMethod::Type1).ok()
    };
    places.iter().map(p99).collect()
}
