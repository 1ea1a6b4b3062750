//! Where an observer's outputs go: lines of JSON, and windows to whoever takes them.

use super::budget::{Budget, Verdict};
use super::capture::Orders;
use super::exports::Exports;
use super::own::{self, Own};
use super::watched::Watched;
use crate::failure::say;
use crate::outputs::Outputs;
use decoders::engine::{Order, Shed};
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use model::batch::{Gauge, Value};
use model::ledger::Packets;
use model::units::{CaptureTime, Nanos};
use observer::capture::{CaptureWarning, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{Sink, SinkError, Summary, TICK};

/// Takes an observer's outputs.
pub struct ObserveSink {
    pub outputs: Outputs,
    pub exports: Exports,
    /// Where it is written down until when everything was watched.
    pub watched: Option<Watched>,
    pub own: Own,
    pub budget: Option<Budget>,
    pub orders: Orders,
    /// What of the packets' account was filed.
    pub told: Packets,
    pub clock: CaptureTime,
    /// When what is known of windows that are not over is handed on next.
    pub partial_after: CaptureTime,
}

/// What a crash can lose.
const PARTIAL_EVERY: Nanos = Nanos::from_seconds(1);

impl ObserveSink {
    /// Seals the last windows and hands everything on.
    pub fn finish(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.outputs.flush()?;
        self.outputs.windows.packets_grown(&summary.packets.since(&self.told), self.clock);
        for batch in self.outputs.windows.finish(self.clock, &summary.catalog) {
            self.exports.hand_on(batch);
        }
        self.exports.finish()?;
        match &self.watched {
            Some(watched) => Ok(watched.ended(self.clock)?),
            None => Ok(()),
        }
    }

    /// Does less, or more again, as the budget allows.
    fn keep_budget(&mut self) {
        let Some(budget) = &mut self.budget else { return };
        let Some(Verdict { shed, part }) = budget.look(self.clock, own::cpu_time) else { return };
        let done_without = match shed {
            Shed::Nothing => "everything is done again",
            Shed::Names => "names are not read",
            Shed::Sizes => "names and sizes are not read",
        };
        say(&format!("{:.0} % of a CPU were used: {done_without}", part * 100.0));
        self.orders.give(&Order::Shed(shed));
    }
}

impl Sink for ObserveSink {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        self.outputs.transaction(decided, catalog)
    }

    fn connection(&mut self, connection: &Connection, catalog: &Catalog) -> Result<(), SinkError> {
        self.outputs.connection(connection, catalog)
    }

    fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        self.outputs.windows.sample(sample, catalog);
    }

    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        self.outputs.windows.ledger(delta, catalog);
    }

    fn clock(
        &mut self,
        clock: CaptureTime,
        packets: u64,
        catalog: &Catalog,
    ) -> Result<(), SinkError> {
        self.clock = self.clock.max(clock);
        self.outputs.windows.note_packets(packets);
        let batches = self.outputs.windows.sealed(self.clock, catalog);
        if !batches.is_empty() {
            // Of the time up to now, so in the window that is open.
            for (metric, value) in self.own.values() {
                self.outputs.windows.say(metric, value, self.clock);
            }
            for (metric, tag, value) in self.exports.levels() {
                self.outputs.windows.say_of(metric, tag.as_slice(), value, self.clock);
            }
            if let Some(budget) = &self.budget {
                let level = Gauge::once(f64::from(budget.shed() as u8));
                self.outputs.windows.say("observer.shed", Value::Gauge(level), self.clock);
            }
            // Whoever reads the lines has those of every window that was handed on.
            self.outputs.flush().map_err(|error| SinkError(error.into()))?;
        }
        batches.into_iter().for_each(|batch| self.exports.hand_on(batch));
        if self.exports.wants_partial() && self.clock >= self.partial_after {
            // Ledgers are told at ticks.
            let told = self.clock.minus(Nanos(self.clock.as_nanos() % TICK.0));
            self.exports.hand_on_partial(&self.outputs.windows.partial(catalog), told);
            self.partial_after = self.clock.plus(PARTIAL_EVERY);
        }
        self.keep_budget();
        Ok(())
    }

    fn warning(&mut self, warning: CaptureWarning) {
        say(&format!("warning: {warning}"));
    }

    fn progress(&mut self, progress: Progress, packets: &Packets) -> bool {
        let mut now = *packets;
        now.dropped += progress.dropped;
        if now != self.told {
            // Nothing of it is older than the newest window but what was told before.
            self.outputs.windows.packets_grown(&now.since(&self.told), self.clock);
            self.told = now;
        }
        // The source knows when it is over.
        true
    }
}
