//! From a store's rows to a report's input.

mod notes;

use crate::arguments::ObjectiveArguments;
use futures_util::TryStreamExt;
use model::batch::Value;
use model::ledger::{Ledger, Notices, Packets, Requests, Streams};
use model::protocol::Protocol;
use model::series::{Select, Series};
use model::transaction::Outcome;
use model::units::CaptureTime;
use model::window::WindowLength;
use observer::windows::SPAN_METRIC;
use reports::input::{
    Cell, ConnectionTime, Metric, OutcomeCounts, ReportInput, RouteData, WireData,
};
use std::collections::BTreeMap;
use store::{Block, Store};

/// What a report is to be about.
pub struct Asked<'a> {
    pub title: String,
    pub sources: Vec<String>,
    /// The windows' length; the one that covers most where it is not given.
    pub window: Option<WindowLength>,
    /// Times of the first packet and the last one, where they are known; else the windows tell.
    pub range: Option<(CaptureTime, CaptureTime)>,
    pub objectives: &'a ObjectiveArguments,
}

/// Reads what a report needs.
pub async fn gather(store: &dyn Store, asked: &Asked<'_>) -> anyhow::Result<ReportInput> {
    let mut input = ReportInput {
        title: asked.title.clone(),
        sources: asked.sources.clone(),
        generator: concat!("wirelat ", env!("CARGO_PKG_VERSION")).to_owned(),
        span: asked.range,
        window: asked.window.unwrap_or(WindowLength::DEFAULT),
        windows: Vec::new(),
        wires: Vec::new(),
        routes: Vec::new(),
        objectives: asked.objectives.objectives.clone(),
        target: asked.objectives.target,
        packets: Packets::default(),
        notes: Vec::new(),
    };
    let held = store.resolutions().await?;
    let Some((window, first, end)) = resolution(&held, asked)? else { return Ok(input) };
    input.window = window;
    if asked.window.is_none() {
        input.notes.extend(notes::other_windows(&held, window));
    }
    input.span = Some(asked.range.unwrap_or((first, end)));
    let range = first..end;
    input.windows = store.windows(range.clone(), window).await?;
    if asked.range.is_none() {
        let told = span(store, range.clone(), window).await?;
        input.span = told.or(input.span);
    }
    let mut gathered = Gathered { first, ..Gathered::default() };
    for about in About::all() {
        let metric = about.metric();
        let mut blocks = store.scan(&Select::metric(&metric), range.clone(), window).await?;
        while let Some(block) = blocks.try_next().await? {
            gathered.take(about, block);
        }
    }
    input.packets =
        Packets::from_entries(gathered.packets.iter().map(|(entry, count)| (&**entry, *count)));
    input.wires = gathered.wires.into_iter().map(|(name, said)| wire(name, said)).collect();
    input.routes = gathered.routes.into_values().collect();
    input.notes.extend(notes::not_judged(&input));
    Ok(input)
}

/// What a metric is about.
#[derive(Clone, Copy)]
enum About {
    Requests(Protocol),
    Latency(Protocol, Metric),
    Connections(ConnectionTime),
    Ledger(&'static str),
    Packets,
}

impl About {
    fn all() -> impl Iterator<Item = Self> {
        let of = |protocol| {
            let latencies = Metric::ALL.map(|metric| Self::Latency(protocol, metric));
            std::iter::once(Self::Requests(protocol)).chain(latencies)
        };
        let ledgers = [REQUESTS, STREAMS, NOTICES].map(Self::Ledger);
        let connections = ConnectionTime::ALL.map(Self::Connections);
        let wires = connections.into_iter().chain(ledgers);
        // Without a decoder there are no requests: `tcp.first_byte` is a connection's.
        let decoded = Protocol::ALL.into_iter().filter(|protocol| *protocol != Protocol::Tcp);
        decoded.flat_map(of).chain(wires).chain([Self::Packets])
    }

    fn metric(self) -> String {
        match self {
            Self::Requests(protocol) => format!("{protocol}.requests"),
            Self::Latency(protocol, metric) => format!("{protocol}.{}", metric.name()),
            Self::Connections(time) => time.metric().to_owned(),
            Self::Ledger(account) => account.to_owned(),
            Self::Packets => "ledger.packets".to_owned(),
        }
    }
}

const REQUESTS: &str = "ledger.requests";
const STREAMS: &str = "ledger.streams";
const NOTICES: &str = "ledger.notices";
const OPEN_BEFORE: &str = "open_before";
/// What all windows together began with.
const CARRIED_IN: &str = "carried_in";

/// A length, and the starts of the first and the last window that has it.
type Held = (WindowLength, CaptureTime, CaptureTime);

/// The windows to read: their length, the first one's start, the last one's end.
fn resolution(
    held: &[Held],
    asked: &Asked<'_>,
) -> anyhow::Result<Option<(WindowLength, CaptureTime, CaptureTime)>> {
    let covered = |&&(_, first, last): &&Held| last.since(first);
    let chosen = match asked.window {
        Some(length) => {
            let found = held.iter().find(|(held, ..)| *held == length);
            if found.is_none() && !held.is_empty() && asked.range.is_none() {
                let all: Vec<String> = held.iter().map(|(length, ..)| length.to_string()).collect();
                anyhow::bail!("no windows of {length} in the store; it has {}", all.join(", "));
            }
            found
        }
        // The finest of those that cover most.
        None => held.iter().rev().max_by_key(covered),
    };
    Ok(chosen.map(|&(length, first, last)| (length, first, last.plus(length.span()))))
}

/// From the first packet to the last one, where the runs that wrote the store said so.
async fn span(
    store: &dyn Store,
    range: store::TimeRange,
    window: WindowLength,
) -> anyhow::Result<Option<(CaptureTime, CaptureTime)>> {
    let mut blocks = store.scan(&Select::metric(SPAN_METRIC), range, window).await?;
    let mut whole: Option<(CaptureTime, CaptureTime)> = None;
    while let Some(block) = blocks.try_next().await? {
        for (_, value) in &block.rows {
            let Value::Text(text) = value else { continue };
            let Some((first, last)) = text.split_once(' ') else { continue };
            let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { continue };
            let (first, last) = (CaptureTime::from_nanos(first), CaptureTime::from_nanos(last));
            let (before, after) = whole.unwrap_or((first, last));
            whole = Some((before.min(first), after.max(last)));
        }
    }
    Ok(whole)
}

/// Rows by what they are about.
#[derive(Default)]
struct Gathered {
    routes: BTreeMap<[String; 4], RouteData>,
    wires: BTreeMap<String, Wire>,
    packets: BTreeMap<String, u64>,
    /// The first window.
    first: CaptureTime,
}

/// What was said of a wire.
#[derive(Default)]
struct Wire {
    /// By account and entry.
    ledger: BTreeMap<(&'static str, String), u64>,
    connections: Vec<(ConnectionTime, Vec<Cell>)>,
}

impl Gathered {
    fn take(&mut self, about: About, block: Block) {
        match about {
            About::Requests(protocol) => self.outcomes(protocol, &block),
            About::Latency(protocol, metric) => self.latencies(protocol, metric, block),
            About::Packets => {
                let entry = tag(&block.series, "entry");
                *self.packets.entry(entry).or_default() += sum(&block);
            }
            About::Connections(time) => {
                let wire = self.wires.entry(tag(&block.series, "wire")).or_default();
                add_cells(&mut wire.connections, time, block);
            }
            About::Ledger(account) => {
                let wire = &mut self.wires.entry(tag(&block.series, "wire")).or_default().ledger;
                let entry = tag(&block.series, "entry");
                let counted = match &*entry {
                    OPEN_BEFORE => {
                        *wire.entry((account, CARRIED_IN.to_owned())).or_default() += sum(&block);
                        let first = block.rows.iter().filter(|(start, _)| *start == self.first);
                        first.map(|(_, value)| delta(value)).sum()
                    }
                    _ => sum(&block),
                };
                *wire.entry((account, entry)).or_default() += counted;
            }
        }
    }

    fn route(&mut self, protocol: Protocol, series: &Series) -> &mut RouteData {
        let [operation, name] = protocol.tags();
        let [wire, method, route, status] =
            ["wire", operation, name, "status"].map(|name| tag(series, name));
        let key = [wire.clone(), method.clone(), route.clone(), status.clone()];
        let empty = RouteData { wire, method, route, status, ..RouteData::default() };
        self.routes.entry(key).or_insert(empty)
    }

    fn outcomes(&mut self, protocol: Protocol, block: &Block) {
        let name = tag(&block.series, "outcome");
        let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| outcome.name() == name) else {
            return;
        };
        let route = self.route(protocol, &block.series);
        for (start, value) in &block.rows {
            let Value::Delta(count) = value else { continue };
            match route.outcomes.iter_mut().find(|(window, _)| window == start) {
                Some((_, counts)) => counts.add(outcome, *count),
                None => {
                    let mut counts = OutcomeCounts::default();
                    counts.add(outcome, *count);
                    route.outcomes.push((*start, counts));
                }
            }
        }
    }

    fn latencies(&mut self, protocol: Protocol, metric: Metric, block: Block) {
        let route = self.route(protocol, &block.series);
        add_cells(&mut route.latencies, metric, block);
    }
}

/// Adds a block's distributions to those that are known of the same metric.
fn add_cells<M: PartialEq>(all: &mut Vec<(M, Vec<Cell>)>, metric: M, block: Block) {
    let cells = block.rows.into_iter().filter_map(|(start, value)| match value {
        Value::Histogram(histogram) => Some((start, histogram)),
        _ => None,
    });
    match all.iter_mut().find(|(known, _)| *known == metric) {
        Some((_, known)) => known.extend(cells),
        None => all.push((metric, cells.collect())),
    }
}

fn tag(series: &Series, name: &str) -> String {
    series.tag(name).unwrap_or_default().to_owned()
}

fn sum(block: &Block) -> u64 {
    block.rows.iter().map(|(_, value)| delta(value)).sum()
}

const fn delta(value: &Value) -> u64 {
    if let Value::Delta(grown) = value { *grown } else { 0 }
}

fn wire(name: String, Wire { ledger: entries, connections }: Wire) -> WireData {
    let of = |account: &'static str| {
        let wanted = entries.iter().filter(move |((metric, _), _)| *metric == account);
        wanted.map(|((_, entry), count)| (&**entry, *count))
    };
    let mut requests = Requests::from_entries(of(REQUESTS));
    // Each window says what it began and ended with; the span ends with what it began with and what the windows added.
    let carried_in = entries.get(&(REQUESTS, CARRIED_IN.to_owned())).copied().unwrap_or_default();
    requests.open_after = (requests.open_before + requests.open_after).saturating_sub(carried_in);
    let ledger = Ledger {
        requests,
        streams: Streams::from_entries(of(STREAMS)),
        notices: Notices::from_entries(of(NOTICES)),
    };
    WireData { name, ledger, connections }
}
