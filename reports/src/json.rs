//! The same numbers for programs. Counts and times are integers; latencies are seconds.

use crate::figures::{Figures, Row};
use crate::input::{ConnectionTime, OutcomeCounts};
use crate::sentence;
use analyzer::bounds::Bounds;
use analyzer::customary::Customary;
use analyzer::digest::Digest;
use analyzer::incidents::Incident;
use analyzer::parts::Part;
use analyzer::sla::{Sla, WindowSla};
use analyzer::target::Target;
use model::ledger::{Ledger, Packets};
use serde::Serialize;

/// Windows that are named as the worst.
const WORST_MAX: usize = 10;

/// A whole report.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    title: &'a str,
    sources: &'a [String],
    generator: &'a str,
    notes: &'a [String],
    /// Time of the first packet and of the last.
    first_ns: Option<u64>,
    last_ns: Option<u64>,
    window_ns: u64,
    windows_reported: usize,
    windows_missing: u64,
    requests: u64,
    requests_per_second: Option<f64>,
    outcomes: OutcomeCounts,
    latency: Option<Digest>,
    coverage: f64,
    objectives: Vec<Objective<'a>>,
    routes: Vec<Route<'a>>,
    wires: Vec<Wire<'a>>,
    packets: Packets,
}

#[derive(Debug, Serialize)]
struct Objective<'a> {
    objective: String,
    objective_seconds: f64,
    /// Whether counts against it are always exact.
    is_edge: bool,
    nearest_edges: [String; 2],
    target_percent: Target,
    summary: String,
    requests: u64,
    timed: u64,
    over: Bounds,
    unanswered: u64,
    budget_allowed: u64,
    budget_used: Bounds,
    /// Negative where it is overspent.
    budget_left_at_least: i128,
    budget_left_at_most: i128,
    incidents: &'a [Incident],
    worst_windows: Vec<&'a WindowSla>,
    parts: Vec<Part>,
    customary: Customary,
    windows: &'a [WindowSla],
}

#[derive(Debug, Serialize)]
struct Route<'a> {
    wire: &'a str,
    method: &'a str,
    route: &'a str,
    requests: u64,
    requests_per_second: Option<f64>,
    outcomes: OutcomeCounts,
    latency: Option<Digest>,
    /// At or over each objective, in the order of `objectives`.
    over: &'a [Bounds],
}

#[derive(Debug, Serialize)]
struct Wire<'a> {
    wire: &'a str,
    coverage: f64,
    balances: bool,
    ledger: Ledger,
    connections: Connections,
}

/// How long a wire's connections took; null where no value was seen.
#[derive(Debug, Serialize)]
struct Connections {
    connect: Option<Digest>,
    rtt: Option<Digest>,
    tcp_first_byte: Option<Digest>,
}

impl<'a> Report<'a> {
    /// The report of these figures.
    pub fn new(figures: &'a Figures<'a>) -> Self {
        let input = figures.input;
        let reported = figures.timeline.slices().count();
        Self {
            title: &input.title,
            sources: &input.sources,
            generator: &input.generator,
            notes: &input.notes,
            first_ns: input.span.map(|(first, _)| first.as_nanos()),
            last_ns: input.span.map(|(_, last)| last.as_nanos()),
            window_ns: input.window.span().0,
            windows_reported: reported,
            windows_missing: figures.timeline.places().saturating_sub(reported as u64),
            requests: figures.requests(),
            requests_per_second: figures.rate(figures.requests()),
            outcomes: figures.outcomes,
            latency: figures.digest,
            coverage: figures.coverage(),
            objectives: figures.slas.iter().map(objective).collect(),
            routes: figures.rows.iter().map(|row| route(figures, row)).collect(),
            wires: input
                .wires
                .iter()
                .map(|wire| Wire {
                    wire: &wire.name,
                    coverage: wire.ledger.streams.coverage(),
                    balances: wire.ledger.balances(),
                    ledger: wire.ledger,
                    connections: connections(figures, &wire.name),
                })
                .collect(),
            packets: input.packets,
        }
    }
}

/// The report as one line-broken JSON object.
pub fn render(figures: &Figures<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Report::new(figures))
}

fn connections(figures: &Figures<'_>, wire: &str) -> Connections {
    let found = figures.connections.iter().find(|connections| connections.wire == wire);
    let of = |which| found.and_then(|connections| connections.digest(which));
    Connections {
        connect: of(ConnectionTime::Connect),
        rtt: of(ConnectionTime::RoundTrip),
        tcp_first_byte: of(ConnectionTime::FirstByte),
    }
}

fn objective(sla: &Sla) -> Objective<'_> {
    let (edge_below, edge_above) = sla.threshold.nearest_edges();
    let budget = sla.budget();
    let (left_at_least, left_at_most) = budget.left();
    Objective {
        objective: sla.threshold.to_string(),
        objective_seconds: sla.threshold.to_f64(),
        is_edge: sla.threshold.is_edge(),
        nearest_edges: [edge_below.to_string(), edge_above.to_string()],
        target_percent: sla.target,
        summary: sentence::summary(sla),
        requests: sla.requests(),
        timed: sla.timed(),
        over: sla.over(),
        unanswered: sla.unanswered(),
        budget_allowed: budget.allowed,
        budget_used: budget.used,
        budget_left_at_least: left_at_least,
        budget_left_at_most: left_at_most,
        incidents: &sla.incidents,
        worst_windows: sla.worst(WORST_MAX),
        parts: sla.parts(sla.natural_parts()),
        customary: sla.customary,
        windows: &sla.windows,
    }
}

fn route<'a>(figures: &Figures<'_>, row: &'a Row) -> Route<'a> {
    Route {
        wire: &row.wire,
        method: &row.method,
        route: &row.route,
        requests: row.requests(),
        requests_per_second: figures.rate(row.requests()),
        outcomes: row.outcomes,
        latency: row.digest,
        over: &row.over,
    }
}
