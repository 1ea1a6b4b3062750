//! Rows: what the last windows say, wire by wire and route by route.

use super::said::{CONNECTIONS, Own, Route, Said, Wire};
use super::{Subject, over};
use analyzer::digest::Digest;
use model::batch::BatchId;
use model::histogram::{CompactHistogram, Distribution, Histogram, Threshold};
use model::ledger::{Ledger, Packets};
use model::units::{CaptureTime, NANOS_PER_SECOND, Nanos};
use reports::input::OutcomeCounts;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Windows that ended so long ago are sealed, and say how many requests were open at their end.
const SEALED_AFTER: Nanos = Nanos::from_seconds(5);

/// The last windows in numbers.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// From the first window's start until now, in seconds.
    pub seconds: f64,
    /// A row for each wire, and behind it one for each of its routes.
    pub rows: Vec<Row>,
    /// All requests.
    pub all: Row,
    /// What became of requests and bytes.
    pub ledger: Ledger,
    /// What became of packets.
    pub packets: Packets,
    /// The observer itself.
    pub own: Own,
    /// Its CPU time, of one processor's.
    pub cpu_share: Option<f64>,
}

/// The numbers of a wire or a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of what.
    pub subject: Subject,
    /// How many requests; of a wire without a decoder, connections.
    pub count: u64,
    /// So many a second.
    pub rate: f64,
    /// Their latencies.
    pub times: Option<Digest>,
    /// As long as the objective or longer: at least and at most.
    pub over: Option<(u64, u64)>,
    /// Open by now; known of wires only.
    pub open: Option<u64>,
    /// How long the oldest of them had been open at the last window's end, in seconds, at least.
    pub oldest: Option<f64>,
    /// How they ended.
    pub outcomes: OutcomeCounts,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            subject: Subject { wire: "".into(), route: None },
            count: 0,
            rate: 0.0,
            times: None,
            over: None,
            open: None,
            oldest: None,
            outcomes: OutcomeCounts::default(),
        }
    }
}

impl Row {
    /// Answered with an error, or not at all.
    pub const fn errors(&self) -> u64 {
        let OutcomeCounts { client_error, server_error, unanswered, .. } = self.outcomes;
        client_error + server_error + unanswered
    }
}

/// What is added up for a row.
#[derive(Default)]
struct Sum {
    outcomes: OutcomeCounts,
    times: Histogram,
}

impl Sum {
    fn add(&mut self, route: &Route) {
        self.outcomes.merge(&route.outcomes);
        self.times.merge_compact(&route.latencies);
    }

    fn row(self, subject: Subject, seconds: f64, objective: Option<Threshold>) -> Row {
        let Self { outcomes, times } = self;
        // Connections have no outcomes.
        let count = outcomes.total().max(times.count());
        let packed = CompactHistogram::from(&times);
        Row {
            subject,
            count,
            rate: if seconds > 0.0 { count as f64 / seconds } else { 0.0 },
            times: Digest::of(&times),
            over: objective.map(|objective| over(&packed, objective)),
            outcomes,
            ..Row::default()
        }
    }
}

impl Summary {
    /// `recent`: the windows of the span; `all`: these and those before.
    pub(super) fn of(
        recent: &[(&BatchId, &Arc<Said>)],
        all: &BTreeMap<BatchId, Arc<Said>>,
        now: CaptureTime,
        objective: Option<Threshold>,
    ) -> Self {
        let mut summary = Self::default();
        let mut sums: BTreeMap<Subject, Sum> = BTreeMap::new();
        let (mut whole, mut span) = (Sum::default(), None::<(CaptureTime, CaptureTime)>);
        let (mut cpu_ns, mut cpu_span, mut newest) = (0, Nanos(0), CaptureTime::ZERO);
        for &(id, said) in recent {
            let (start, end) = (id.window.start, id.window.end().min(now));
            let (first, last) = span.unwrap_or((start, end));
            span = Some((first.min(start), last.max(end)));
            for (subject, route) in &said.routes {
                sums.entry(subject.clone()).or_default().add(route);
            }
            for (wire, said) in &said.wires {
                let wire = Subject { wire: Arc::clone(wire), route: None };
                sums.entry(wire).or_default().add(&said.all);
                whole.add(&said.all);
                summary.ledger.add(&said.ledger);
            }
            summary.packets.add(&said.packets);
            summary.own.lost_windows += said.own.lost_windows;
            if let Some(cpu) = said.own.cpu_ns {
                cpu_ns += cpu;
                cpu_span = Nanos(cpu_span.0 + id.window.length.span().0);
                if start >= newest {
                    let lost_windows = summary.own.lost_windows;
                    (newest, summary.own) = (start, Own { lost_windows, ..said.own.clone() });
                }
            }
        }
        let seconds = span.and_then(|(first, last)| last.since(first));
        summary.seconds = seconds.unwrap_or_default().0 as f64 / NANOS_PER_SECOND as f64;
        summary.cpu_share = (cpu_span.0 > 0).then(|| cpu_ns as f64 / cpu_span.0 as f64);
        connections(recent, &mut sums);
        let nothing = Row::default().subject;
        summary.all = whole.row(nothing, summary.seconds, objective);
        let row = |(subject, sum): (Subject, Sum)| sum.row(subject, summary.seconds, objective);
        summary.rows = sums.into_iter().map(row).collect();
        summary.open(all, now);
        summary
    }

    /// Requests that are open: of sealed windows what they say, and what began and ended since.
    fn open(&mut self, all: &BTreeMap<BatchId, Arc<Said>>, now: CaptureTime) {
        // What an observer left open that was started again is nobody's any more.
        let mut runs: BTreeMap<&str, (CaptureTime, u64)> = BTreeMap::new();
        for id in all.keys() {
            let newest = runs.entry(&id.source).or_default();
            *newest = (*newest).max((id.window.start, id.run));
        }
        let mut wires: BTreeMap<(&str, &str), (u64, Option<f64>)> = BTreeMap::new();
        let is_newest = |id: &BatchId| runs.get(&*id.source).is_some_and(|&(_, run)| run == id.run);
        for (id, said) in all.iter().filter(|(id, _)| is_newest(id)) {
            let is_sealed = id.window.end().plus(SEALED_AFTER) <= now;
            for (name, Wire { ledger, ages, .. }) in &said.wires {
                let (open, oldest) = wires.entry((name, &id.source)).or_default();
                let requests = &ledger.requests;
                *open = match is_sealed {
                    true => requests.open_after,
                    false => (*open + requests.started).saturating_sub(requests.decided()),
                };
                if id.window.end() <= now {
                    *oldest = ages.highest_bin().map(|bin| bin.lower());
                }
            }
        }
        for row in self.rows.iter_mut().filter(|row| row.subject.route.is_none()) {
            let of_wire = wires.iter().filter(|((wire, _), _)| *wire == &*row.subject.wire);
            let known: Vec<_> = of_wire.map(|(_, known)| *known).collect();
            row.open = Some(known.iter().map(|(open, _)| open).sum());
            let still = known.iter().filter(|(open, _)| *open > 0);
            row.oldest = still.filter_map(|(_, oldest)| *oldest).reduce(f64::max);
        }
        self.all.open = Some(self.rows.iter().filter_map(|row| row.open).sum());
    }
}

/// Wires on which no request was seen have their connections instead.
fn connections(recent: &[(&BatchId, &Arc<Said>)], sums: &mut BTreeMap<Subject, Sum>) {
    let routes = sums.keys().filter(|subject| subject.route.is_some());
    let decoded: BTreeSet<Arc<str>> = routes.map(|subject| Arc::clone(&subject.wire)).collect();
    for (name, wire) in recent.iter().flat_map(|(_, said)| &said.wires) {
        if !wire.connects.is_empty() && !decoded.contains(name) {
            let subject = Subject { wire: Arc::clone(name), route: Some(CONNECTIONS.into()) };
            sums.entry(subject).or_default().times.merge_compact(&wire.connects);
        }
    }
}
