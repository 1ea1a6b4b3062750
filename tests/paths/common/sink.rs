//! A sink that keeps all that a run says.

use super::Found;
use decoders::engine::EngineConfig;
use decoders::naming::Naming;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use decoders::wires::WireConfig;
use model::batch::{Batch, Value};
use model::ledger::{Ledger, Packets, Requests, Streams};
use model::transaction::Outcome;
use model::units::CaptureTime;
use model::wire::{WireId, WireSpec};
use observer::capture::{CaptureWarning, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{Sink, SinkError, Summary};
use observer::windows::{Identity, Length, Windows};
use std::collections::BTreeMap;

/// How to replay.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `PROTOCOL:PORT`; none: detected.
    pub(crate) wires: Vec<String>,
    pub(crate) engines: usize,
    pub(crate) window: Option<Length>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { wires: Vec::new(), engines: 1, window: None }
    }
}

impl Settings {
    pub(crate) fn with_wires(wires: &[String]) -> Self {
        Self { wires: wires.to_vec(), ..Self::default() }
    }

    pub(super) fn config(&self) -> EngineConfig {
        let wire = |text: &String| {
            let spec = WireSpec::parse(text).unwrap();
            WireConfig { naming: Naming::by_default(spec.protocol), spec }
        };
        EngineConfig {
            wires: self.wires.iter().map(wire).collect(),
            keep_targets: true,
            report_connections: true,
            ..EngineConfig::default()
        }
    }

    pub(super) fn sink(&self) -> Keeper {
        let identity = Identity { source: "test".into(), run: 1, revision_base: 0 };
        let windows = self.window.map(|length| Windows::new(identity, length));
        Keeper { windows, ..Keeper::default() }
    }
}

/// Something of a wire, which has a name instead of the number that depends on the engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnWire<T>(pub(crate) Option<String>, pub(crate) T);

/// Keeps all.
#[derive(Default)]
pub(crate) struct Keeper {
    found: Vec<Found>,
    connections: Vec<OnWire<Connection>>,
    samples: Vec<OnWire<Sample>>,
    ledgers: BTreeMap<String, Ledger>,
    windows: Option<Windows>,
    batches: Vec<Batch>,
    warnings: Vec<CaptureWarning>,
}

impl Keeper {
    pub(super) fn finish(mut self, summary: Summary) -> Run {
        if let (Some(windows), Some(span)) = (&mut self.windows, summary.span) {
            let (_, last) = span;
            windows.note_packets(summary.packets.packets);
            windows.packets(&summary.packets, span);
            self.batches.extend(windows.finish(last, &summary.catalog));
        }
        Run {
            found: self.found,
            connections: self.connections,
            samples: self.samples,
            ledgers: self.ledgers,
            batches: self.batches,
            packets: summary.packets,
            span: summary.span,
            warnings: self.warnings,
        }
    }
}

impl Sink for Keeper {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        if let Some(windows) = &mut self.windows {
            windows.record(&decided.transaction, catalog);
        }
        self.found.push(Found::new(decided, catalog));
        Ok(())
    }

    fn connection(&mut self, connection: &Connection, catalog: &Catalog) -> Result<(), SinkError> {
        let label = connection.wire.map(|wire| catalog.label(wire).to_owned());
        self.connections.push(OnWire(label, Connection { wire: None, ..connection.clone() }));
        Ok(())
    }

    fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        if let Some(windows) = &mut self.windows {
            windows.sample(sample, catalog);
        }
        let label = Some(catalog.label(sample.wire).to_owned());
        self.samples.push(OnWire(label, Sample { wire: WireId(0), ..*sample }));
    }

    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        if let Some(windows) = &mut self.windows {
            windows.ledger(delta, catalog);
        }
        let label = catalog.label(delta.wire).to_owned();
        self.ledgers.entry(label).or_default().add(&delta.ledger);
    }

    fn clock(
        &mut self,
        clock: CaptureTime,
        packets: u64,
        catalog: &Catalog,
    ) -> Result<(), SinkError> {
        if let Some(windows) = &mut self.windows {
            windows.note_packets(packets);
            self.batches.extend(windows.sealed(clock, catalog));
        }
        Ok(())
    }

    fn warning(&mut self, warning: CaptureWarning) {
        self.warnings.push(warning);
    }

    fn progress(&mut self, _: Progress, _: &Packets) -> bool {
        true
    }
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) found: Vec<Found>,
    pub(crate) connections: Vec<OnWire<Connection>>,
    pub(crate) samples: Vec<OnWire<Sample>>,
    pub(crate) ledgers: BTreeMap<String, Ledger>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) packets: Packets,
    pub(crate) span: Option<(CaptureTime, CaptureTime)>,
    pub(crate) warnings: Vec<CaptureWarning>,
}

impl Run {
    /// The first packet's time.
    pub(crate) fn start(&self) -> u64 {
        self.span.map_or(0, |(first, _)| first.as_nanos())
    }

    /// Everything that was lost or kept is accounted for, and the accounts agree with what was reported.
    pub(crate) fn assert_balanced(&self, what: &str) {
        if let Err(fault) = self.balance() {
            panic!("{what}: {fault}");
        }
    }

    /// As [`Self::assert_balanced`]; the fault in words.
    pub(crate) fn balance(&self) -> Result<(), String> {
        if !self.packets.balances() {
            return Err(format!("the packets do not balance: {:?}", self.packets));
        }
        for (wire, ledger) in &self.ledgers {
            if !ledger.requests.balances() {
                return Err(format!("{wire}: requests do not balance: {:?}", ledger.requests));
            }
            if !ledger.streams.balances() {
                return Err(format!("{wire}: bytes do not balance: {:?}", ledger.streams));
            }
            self.reported_as_counted(wire, ledger)?;
        }
        let reported = self.found.iter().map(|found| &found.wire);
        if let Some(wire) = reported.into_iter().find(|wire| !self.ledgers.contains_key(*wire)) {
            return Err(format!("{wire} has transactions and no ledger"));
        }
        self.windows_balance()?;
        self.connections_agree()
    }

    /// Every window's account adds up, and each begins with what the one before ended with.
    fn windows_balance(&self) -> Result<(), String> {
        // Of each window the last revision counts.
        let last: BTreeMap<CaptureTime, &Batch> =
            self.batches.iter().map(|batch| (batch.id.window.start, batch)).collect();
        let mut open: BTreeMap<&str, u64> = BTreeMap::new();
        for (start, batch) in last {
            for wire in self.ledgers.keys() {
                let requests = requests_of(batch, wire);
                let before = open.entry(wire).or_default();
                if !requests.balances() || requests.open_before != *before {
                    return Err(format!("{wire} at {start:?}: {before} open, then {requests:?}"));
                }
                *before = requests.open_after;
            }
        }
        let ended = |wire: &String| self.ledgers.get(wire).map(|ledger| ledger.requests.open_after);
        match open.into_iter().find(|(wire, open)| ended(&(*wire).to_owned()) != Some(*open)) {
            Some((wire, open)) => Err(format!("{wire}: the last window ends with {open} open")),
            None => Ok(()),
        }
    }

    /// Every outcome was reported as often as it was counted.
    fn reported_as_counted(&self, wire: &str, ledger: &Ledger) -> Result<(), String> {
        let reported = |is: fn(Outcome) -> bool| {
            let of_wire = self.found.iter().filter(|found| found.wire == wire);
            of_wire.filter(|found| is(found.outcome)).count() as u64
        };
        let requests = &ledger.requests;
        let pairs = [
            ("answered", requests.answered, reported(Outcome::is_answered)),
            ("unanswered", requests.unanswered, reported(|o| o == Outcome::Unanswered)),
            ("quarantined", requests.quarantined, reported(|o| o == Outcome::Quarantined)),
            ("open", requests.open_after, reported(|o| o == Outcome::Open)),
        ];
        match pairs.into_iter().find(|(_, counted, reported)| counted != reported) {
            Some((outcome, counted, reported)) => {
                Err(format!("{wire}: {counted} {outcome} counted, {reported} reported"))
            }
            None => Ok(()),
        }
    }

    /// Every connection's bytes balance, and together they are what the wires counted.
    fn connections_agree(&self) -> Result<(), String> {
        let mut sum = Streams::default();
        for OnWire(wire, connection) in &self.connections {
            for streams in [&connection.to_server, &connection.to_client] {
                if !streams.balances() {
                    return Err(format!("a connection's bytes do not balance: {connection:?}"));
                }
                if wire.is_some() {
                    sum.add(streams);
                }
            }
        }
        let mut counted = Streams::default();
        self.ledgers.values().for_each(|ledger| counted.add(&ledger.streams));
        if sum != counted {
            return Err(format!("the connections have {sum:?}, their wires {counted:?}"));
        }
        Ok(())
    }

    /// The account of all wires, without what is zero.
    pub(crate) fn ledger_text(&self) -> String {
        let mut text = String::new();
        for (wire, ledger) in &self.ledgers {
            let accounts = [
                ("requests", ledger.requests.entries().collect::<Vec<_>>()),
                ("streams", ledger.streams.entries().collect()),
                ("notices", ledger.notices.entries().collect()),
            ];
            for (account, entries) in accounts {
                text.push_str(&format!("{wire} {account}:{}\n", non_zero(&entries)));
            }
        }
        let packets: Vec<_> = self.packets.entries().collect();
        text.push_str(&format!("packets:{}\n", non_zero(&packets)));
        text
    }
}

/// What a batch says of a wire's requests.
fn requests_of(batch: &Batch, wire: &str) -> Requests {
    let of_wire = batch.values.iter().filter(|(series, _)| {
        series.metric() == "ledger.requests" && series.tag("wire") == Some(wire)
    });
    Requests::from_entries(of_wire.filter_map(|(series, value)| match value {
        Value::Delta(count) => Some((series.tag("entry")?, *count)),
        _ => None,
    }))
}

fn non_zero(entries: &[(&'static str, u64)]) -> String {
    let shown = entries.iter().filter(|(_, count)| *count > 0);
    shown.map(|(name, count)| format!(" {name} {count}")).collect::<Vec<_>>().join(",")
}
