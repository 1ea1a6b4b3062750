//! What the page's script reads: a head in JSON, and the bins as packed bytes.

use super::HtmlError;
use crate::connections;
use crate::figures::{Figures, Row};
use crate::format;
use crate::input::{Metric, OutcomeCounts, ReportInput, RouteData};
use crate::sentence;
use analyzer::digest::Digest;
use analyzer::sparkline;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use model::histogram::Threshold;
use model::ledger::{Ledger, Packets};
use model::transaction::Outcome;
use model::units::CaptureTime;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Both parts, ready to stand in a page.
pub(super) struct Payload {
    /// JSON without a `<`.
    pub(super) head: String,
    /// Base64 of the deflated bytes of all series.
    pub(super) bins: String,
}

#[derive(Serialize)]
struct Head<'a> {
    title: &'a str,
    sources: &'a [String],
    generator: &'a str,
    notes: &'a [String],
    /// Times are microseconds: a double holds those exactly for centuries, nanoseconds it does not.
    first_us: Option<f64>,
    last_us: Option<f64>,
    start_us: f64,
    length_us: f64,
    places: u64,
    /// Runs of windows that nobody reported: place, length.
    missing: Vec<(u64, u64)>,
    observed_seconds: f64,
    target_percent: String,
    target_per_billion: u32,
    objectives: Vec<Objective>,
    metrics: Vec<Metric>,
    wires: Vec<Wire<'a>>,
    packets: Packets,
    routes: Vec<Route<'a>>,
    connections: Vec<Connections<'a>>,
    /// Wires with connections that are not among them.
    connections_left_out: usize,
    series: Vec<SeriesHead<'a>>,
}

#[derive(Serialize)]
struct Objective {
    text: String,
    nanos: f64,
    summary: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    name: &'a str,
    coverage: f64,
    coverage_text: String,
    balances: bool,
    ledger: Ledger,
}

#[derive(Serialize)]
struct Route<'a> {
    wire: &'a str,
    method: &'a str,
    route: &'a str,
    outcomes: OutcomeCounts,
    /// Place, count, place, count…
    unanswered: Vec<u64>,
}

#[derive(Serialize)]
struct Connections<'a> {
    wire: &'a str,
    times: Vec<Time>,
}

#[derive(Serialize)]
struct Time {
    name: &'static str,
    digest: Digest,
    /// In nanoseconds, as many as a small picture has columns.
    p99: Vec<Option<u64>>,
}

#[derive(Serialize)]
struct SeriesHead<'a> {
    route: usize,
    status: &'a str,
    metric: usize,
    bytes: usize,
}

pub(super) fn payload(figures: &Figures<'_>, metrics: &[Metric]) -> Result<Payload, HtmlError> {
    let input = figures.input;
    let grid = Grid::new(figures);
    let mut bytes = Vec::new();
    let mut series = Vec::new();
    for route in &input.routes {
        let key = |row: &Row| {
            (row.wire == route.wire, row.method == route.method, row.route == route.route)
        };
        let Some(place) = figures.rows.iter().position(|row| key(row) == (true, true, true)) else {
            continue;
        };
        for (metric, cells) in &route.latencies {
            let Some(metric) = metrics.iter().position(|shown| shown == metric) else { continue };
            let before = bytes.len();
            write_cells(cells, &grid, &mut bytes);
            series.push(SeriesHead {
                route: place,
                status: &route.status,
                metric,
                bytes: bytes.len() - before,
            });
        }
    }
    let head = head(figures, &grid, metrics, series);
    // `<` never appears, so no name can end the script element (`</script>`) or open a comment (`<!--`).
    let head = serde_json::to_string(&head)?.replace('<', "\\u003c");
    Ok(Payload { head, bins: STANDARD.encode(deflated(&bytes)?) })
}

/// Windows as numbers from 0.
struct Grid {
    start: CaptureTime,
    length: u64,
    places: u64,
}

impl Grid {
    fn new(figures: &Figures<'_>) -> Self {
        let start = figures.timeline.span().map_or(CaptureTime::ZERO, |(from, _)| from);
        Self {
            start,
            length: figures.input.window.span().0.max(1),
            places: figures.timeline.places(),
        }
    }

    fn place(&self, start: CaptureTime) -> u64 {
        start.since(self.start).unwrap_or_default().0 / self.length
    }
}

/// Per cell: how many places were passed over, the length of the histogram, the histogram as it is at rest.
fn write_cells(
    cells: &[(CaptureTime, model::histogram::CompactHistogram)],
    grid: &Grid,
    into: &mut Vec<u8>,
) {
    let by_place: BTreeMap<u64, _> =
        cells.iter().map(|(start, cell)| (grid.place(*start), cell)).collect();
    let mut next = 0;
    for (place, cell) in by_place {
        write_varint(place - next, into);
        write_varint(cell.as_bytes().len() as u64, into);
        into.extend_from_slice(cell.as_bytes());
        next = place + 1;
    }
}

/// LEB128.
fn write_varint(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>, HtmlError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn head<'a>(
    figures: &'a Figures<'a>,
    grid: &Grid,
    metrics: &[Metric],
    series: Vec<SeriesHead<'a>>,
) -> Head<'a> {
    let input = figures.input;
    let micros = |time: CaptureTime| time.as_nanos() as f64 / 1e3;
    Head {
        title: &input.title,
        sources: &input.sources,
        generator: &input.generator,
        notes: &input.notes,
        first_us: input.span.map(|(first, _)| micros(first)),
        last_us: input.span.map(|(_, last)| micros(last)),
        start_us: micros(grid.start),
        length_us: grid.length as f64 / 1e3,
        places: grid.places,
        missing: missing(figures, grid),
        observed_seconds: figures.observed().as_seconds_f64(),
        target_percent: input.target.to_string(),
        target_per_billion: input.target.per_billion(),
        objectives: figures
            .slas
            .iter()
            .map(|sla| Objective {
                text: sentence::objective(sla.threshold),
                nanos: nanos(sla.threshold),
                summary: sentence::summary(sla),
            })
            .collect(),
        metrics: metrics.to_vec(),
        wires: wires(input),
        packets: input.packets,
        routes: figures.rows.iter().map(|row| route(row, input, grid)).collect(),
        connections: figures.connections.iter().take(WIRES_MAX).map(connections).collect(),
        connections_left_out: figures.connections.len().saturating_sub(WIRES_MAX),
        series,
    }
}

/// Wires whose connections are shown: with detection there can be hundreds.
const WIRES_MAX: usize = 40;
/// Columns of the picture beside a time.
const SPARK_COLUMNS: usize = 52;

fn connections(of: &connections::Connections) -> Connections<'_> {
    let nanos = |seconds: f64| (seconds * 1e9).round() as u64;
    let time = |time: &connections::Time| Time {
        name: time.which.label(),
        digest: time.digest,
        p99: sparkline::fit(&time.p99, SPARK_COLUMNS)
            .into_iter()
            .map(|p99| p99.map(nanos))
            .collect(),
    };
    Connections { wire: &of.wire, times: of.times.iter().map(time).collect() }
}

fn nanos(threshold: Threshold) -> f64 {
    (threshold.to_f64() * 1e9).round()
}

fn wires(input: &ReportInput) -> Vec<Wire<'_>> {
    let wire =
        |wire: &'_ crate::input::WireData| (wire.ledger.streams.coverage(), wire.ledger.balances());
    input
        .wires
        .iter()
        .map(|data| {
            let (coverage, balances) = wire(data);
            let coverage_text = format::coverage(&data.ledger.streams);
            Wire { name: &data.name, coverage, coverage_text, balances, ledger: data.ledger }
        })
        .collect()
}

fn route<'a>(row: &'a Row, input: &ReportInput, grid: &Grid) -> Route<'a> {
    let ours = |route: &&RouteData| {
        route.wire == row.wire && route.method == row.method && route.route == row.route
    };
    let mut unanswered: BTreeMap<u64, u64> = BTreeMap::new();
    for (start, counts) in input.routes.iter().filter(ours).flat_map(|route| &route.outcomes) {
        if counts.get(Outcome::Unanswered) > 0 {
            *unanswered.entry(grid.place(*start)).or_default() += counts.get(Outcome::Unanswered);
        }
    }
    Route {
        wire: &row.wire,
        method: &row.method,
        route: &row.route,
        outcomes: row.outcomes,
        unanswered: unanswered.into_iter().flat_map(|(place, count)| [place, count]).collect(),
    }
}

fn missing(figures: &Figures<'_>, grid: &Grid) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let mut next = 0;
    for (start, _) in figures.timeline.slices() {
        let place = grid.place(start);
        if place > next {
            runs.push((next, place - next));
        }
        next = place + 1;
    }
    runs
}
