//! From a store's rows to a report's input.

use crate::arguments::ObjectiveArguments;
use futures_util::TryStreamExt;
use model::batch::Value;
use model::ledger::{Ledger, Notices, Packets, Requests, Streams};
use model::series::{Select, Series};
use model::transaction::Outcome;
use model::units::CaptureTime;
use model::window::WindowLength;
use observer::windows::SPAN_METRIC;
use reports::input::{Metric, OutcomeCounts, ReportInput, RouteData, WireData};
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
    let Some((window, first, end)) = resolution(store, asked).await? else { return Ok(input) };
    input.window = window;
    input.span = Some(asked.range.unwrap_or((first, end)));
    let range = first..end;
    input.windows = store.windows(range.clone(), window).await?;
    if asked.range.is_none() {
        let told = span(store, range.clone(), window).await?;
        input.span = told.or(input.span);
    }
    let mut gathered = Gathered::default();
    for metric in METRICS {
        let mut blocks = store.scan(&Select::metric(metric), range.clone(), window).await?;
        while let Some(block) = blocks.try_next().await? {
            gathered.take(metric, block);
        }
    }
    input.packets =
        Packets::from_entries(gathered.packets.iter().map(|(entry, count)| (&**entry, *count)));
    input.wires = gathered.wires.into_iter().map(|(name, entries)| wire(name, &entries)).collect();
    input.routes = gathered.routes.into_values().collect();
    Ok(input)
}

const METRICS: [&str; 8] = [
    "http.requests",
    "http.total",
    "http.first_byte",
    "http.server",
    "ledger.requests",
    "ledger.streams",
    "ledger.notices",
    "ledger.packets",
];

/// The windows to read: their length, the first one's start, the last one's end.
async fn resolution(
    store: &dyn Store,
    asked: &Asked<'_>,
) -> anyhow::Result<Option<(WindowLength, CaptureTime, CaptureTime)>> {
    let held = store.resolutions().await?;
    let all: Vec<String> = held.iter().map(|(length, ..)| length.to_string()).collect();
    let covered =
        |&&(_, first, last): &&(WindowLength, CaptureTime, CaptureTime)| last.since(first);
    let chosen = match asked.window {
        Some(length) => {
            let found = held.iter().find(|(held, ..)| *held == length);
            if found.is_none() && !held.is_empty() && asked.range.is_none() {
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
    wires: BTreeMap<String, BTreeMap<(&'static str, String), u64>>,
    packets: BTreeMap<String, u64>,
}

impl Gathered {
    fn take(&mut self, metric: &'static str, block: Block) {
        match metric {
            "http.requests" => self.outcomes(&block),
            "ledger.packets" => {
                let entry = tag(&block.series, "entry");
                *self.packets.entry(entry).or_default() += sum(&block);
            }
            _ if metric.starts_with("ledger.") => {
                let wire = self.wires.entry(tag(&block.series, "wire")).or_default();
                *wire.entry((metric, tag(&block.series, "entry"))).or_default() += sum(&block);
            }
            _ => self.latencies(metric, block),
        }
    }

    fn route(&mut self, series: &Series) -> &mut RouteData {
        let [wire, method, route, status] =
            ["wire", "method", "route", "status"].map(|name| tag(series, name));
        let key = [wire.clone(), method.clone(), route.clone(), status.clone()];
        let empty = RouteData { wire, method, route, status, ..RouteData::default() };
        self.routes.entry(key).or_insert(empty)
    }

    fn outcomes(&mut self, block: &Block) {
        let name = tag(&block.series, "outcome");
        let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| outcome.name() == name) else {
            return;
        };
        let route = self.route(&block.series);
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

    fn latencies(&mut self, metric: &str, block: Block) {
        let Some(metric) = metric.strip_prefix("http.").and_then(Metric::from_name) else { return };
        let route = self.route(&block.series);
        let cells = block.rows.into_iter().filter_map(|(start, value)| match value {
            Value::Histogram(histogram) => Some((start, histogram)),
            _ => None,
        });
        match route.latencies.iter_mut().find(|(known, _)| *known == metric) {
            Some((_, known)) => known.extend(cells),
            None => route.latencies.push((metric, cells.collect())),
        }
    }
}

fn tag(series: &Series, name: &str) -> String {
    series.tag(name).unwrap_or_default().to_owned()
}

fn sum(block: &Block) -> u64 {
    let deltas = block
        .rows
        .iter()
        .map(|(_, value)| if let Value::Delta(grown) = value { *grown } else { 0 });
    deltas.sum()
}

fn wire(name: String, entries: &BTreeMap<(&'static str, String), u64>) -> WireData {
    let of = |account: &'static str| {
        let wanted = entries.iter().filter(move |((metric, _), _)| *metric == account);
        wanted.map(|((_, entry), count)| (&**entry, *count))
    };
    let ledger = Ledger {
        requests: Requests::from_entries(of("ledger.requests")),
        streams: Streams::from_entries(of("ledger.streams")),
        notices: Notices::from_entries(of("ledger.notices")),
    };
    WireData { name, ledger }
}
