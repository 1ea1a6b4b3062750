//! What one batch says, as far as it is shown.

use super::Subject;
use model::batch::{Batch, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::ledger::{Ledger, Notices, Packets, Requests, Streams};
use model::protocol::Protocol;
use model::series::Series;
use model::transaction::Outcome;
use reports::input::OutcomeCounts;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names that are told apart. What comes after is shown as one.
const NAMES_MAX: usize = 8_192;
/// What it is shown as.
const OTHER: &str = "other names";
/// The row of a wire's connections.
pub(super) const CONNECTIONS: &str = "connections";

/// Names, each kept once.
#[derive(Clone, Default)]
pub(super) struct Names(BTreeSet<Arc<str>>);

impl Names {
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let text = if self.0.len() < NAMES_MAX { text } else { OTHER };
        let name: Arc<str> = text.into();
        self.0.insert(Arc::clone(&name));
        name
    }
}

/// What a batch says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) revision: u64,
    pub(super) routes: BTreeMap<Subject, Route>,
    pub(super) wires: BTreeMap<Arc<str>, Wire>,
    pub(super) packets: Packets,
    pub(super) own: Own,
}

/// What it says of a route.
#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) outcomes: OutcomeCounts,
    pub(super) latencies: CompactHistogram,
}

/// What it says of a wire.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) ledger: Ledger,
    /// All its routes.
    pub(super) all: Route,
    /// How long requests had been open at the window's end.
    pub(super) ages: CompactHistogram,
    /// Times of handshakes.
    pub(super) connects: CompactHistogram,
}

/// What it says of the observer itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// Its CPU time in nanoseconds, since it was last told.
    pub cpu_ns: Option<u64>,
    /// Its memory.
    pub memory_bytes: Option<f64>,
    /// Windows that wait for whoever takes them.
    pub waiting_windows: f64,
    /// Windows that were lost, because somebody took them too slowly, or gave way in the spool.
    pub lost_windows: u64,
    /// Bytes that wait on disk for the collector.
    pub spool_bytes: Option<f64>,
}

impl Said {
    pub(super) fn of(batch: &Batch, names: &mut Names) -> Self {
        let mut said = Self { revision: batch.revision, ..Self::default() };
        for (series, value) in &batch.values {
            said.take(series, value, names);
        }
        said.sum();
        said
    }

    /// Adds the routes of each wire up: once, since every frame asks for it.
    fn sum(&mut self) {
        let mut sums: BTreeMap<Arc<str>, Histogram> = BTreeMap::new();
        for (subject, route) in &self.routes {
            let sum = sums.entry(Arc::clone(&subject.wire)).or_default();
            sum.merge_compact(&route.latencies);
            let wire = self.wires.entry(Arc::clone(&subject.wire)).or_default();
            wire.all.outcomes.merge(&route.outcomes);
        }
        for (wire, sum) in sums {
            self.wires.entry(wire).or_default().all.latencies = CompactHistogram::from(&sum);
        }
    }

    fn take(&mut self, series: &Series, value: &Value, names: &mut Names) {
        let Some((about, what)) = series.metric().split_once('.') else { return };
        match (about, what, value) {
            ("ledger", "packets", Value::Delta(count)) => {
                let entry = series.tag("entry").unwrap_or_default();
                self.packets.add(&Packets::from_entries([(entry, *count)]));
            }
            ("ledger", account, Value::Delta(count)) => {
                let entry = [(series.tag("entry").unwrap_or_default(), *count)];
                let ledger = &mut self.wire(series, names).ledger;
                match account {
                    "requests" => ledger.requests.add(&Requests::from_entries(entry)),
                    "streams" => ledger.streams.add(&Streams::from_entries(entry)),
                    "notices" => ledger.notices.add(&Notices::from_entries(entry)),
                    _ => {}
                }
            }
            ("observer", what, value) => self.own.take(what, value),
            ("tcp", "connect", Value::Histogram(times)) => {
                let connects = &mut self.wire(series, names).connects;
                *connects = connects.merged(times);
            }
            (_, "open_age", Value::Histogram(ages)) => {
                let known = &mut self.wire(series, names).ages;
                *known = known.merged(ages);
            }
            (protocol, "requests", Value::Delta(count)) => {
                let outcome = series.tag("outcome").unwrap_or_default();
                let outcome = Outcome::ALL.into_iter().find(|known| known.name() == outcome);
                if let Some((route, outcome)) = self.route(protocol, series, names).zip(outcome) {
                    route.outcomes.add(outcome, *count);
                }
            }
            (protocol, "total", Value::Histogram(times)) => {
                if let Some(route) = self.route(protocol, series, names) {
                    route.latencies = route.latencies.merged(times);
                }
            }
            (_, _, _) => {}
        }
    }

    fn wire(&mut self, series: &Series, names: &mut Names) -> &mut Wire {
        let wire = names.name(&printable(series.tag("wire").unwrap_or_default()));
        self.wires.entry(wire).or_default()
    }

    fn route(&mut self, protocol: &str, series: &Series, names: &mut Names) -> Option<&mut Route> {
        let [operation, name] = Protocol::from_name(protocol)?.tags();
        let [wire, operation, name] =
            ["wire", operation, name].map(|tag| printable(series.tag(tag).unwrap_or_default()));
        let title = format!("{operation} {name}");
        let subject = Subject { wire: names.name(&wire), route: Some(names.name(title.trim())) };
        Some(self.routes.entry(subject).or_default())
    }

    /// The latencies of a subject; `None` where nothing is said of it.
    pub(super) fn latencies(&self, subject: &Subject) -> Option<&CompactHistogram> {
        let wire = || self.wires.get(&subject.wire);
        match subject.route.as_deref() {
            None => wire().map(|wire| &wire.all.latencies),
            Some(CONNECTIONS) => wire().map(|wire| &wire.connects),
            Some(_) => self.routes.get(subject).map(|route| &route.latencies),
        }
    }
}

impl Own {
    fn take(&mut self, what: &str, value: &Value) {
        match (what, value) {
            ("cpu_ns", Value::Delta(cpu)) => self.cpu_ns = Some(*cpu),
            ("memory_bytes", Value::Gauge(bytes)) => self.memory_bytes = Some(bytes.last),
            ("spool_bytes", Value::Gauge(bytes)) => self.spool_bytes = Some(bytes.last),
            ("waiting_windows", Value::Gauge(waiting)) => self.waiting_windows += waiting.last,
            ("lost_windows" | "spool_dropped", Value::Delta(lost)) => self.lost_windows += lost,
            (_, _) => {}
        }
    }
}

/// Names come from the network: control characters must not reach the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
