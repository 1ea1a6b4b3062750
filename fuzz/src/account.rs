//! Counts what a run says and compares it with the ledgers.

use decoders::output::{Connection, Decided, LedgerDelta, Output, Sample};
use model::ledger::{Ledger, Packets, Streams};
use model::transaction::{Outcome, Transaction};
use model::units::CaptureTime;
use observer::capture::{CaptureWarning, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{Sink, SinkError, Summary};
use observer::windows::{Identity, Length, Windows};

/// Everything that a run said, added up.
#[derive(Debug)]
pub struct Account {
    ledger: Ledger,
    streams: Streams,
    outcomes: [u64; Outcome::ALL.len()],
    windows: Windows,
}

impl Default for Account {
    fn default() -> Self {
        let identity = Identity { source: "fuzz".into(), run: 1, revision_base: 0 };
        Self {
            ledger: Ledger::default(),
            streams: Streams::default(),
            outcomes: Default::default(),
            windows: Windows::new(identity, Length::Auto),
        }
    }
}

impl Account {
    /// Counts what an engine said, and empties it.
    pub fn take(&mut self, output: &mut Output) {
        let output = std::mem::take(output);
        output.decided.iter().for_each(|(_, decided)| self.transaction(&decided.transaction));
        output.connections.iter().for_each(|(_, connection)| self.connection(connection));
        output.ledgers.iter().for_each(|delta| self.ledger(&delta.ledger));
    }

    /// A transaction was decided.
    pub fn transaction(&mut self, transaction: &Transaction) {
        let place = Outcome::ALL.iter().position(|&outcome| outcome == transaction.outcome);
        self.outcomes[place.unwrap()] += 1;
        if transaction.outcome == Outcome::Quarantined {
            assert_eq!(transaction.moments.total(), None, "quarantined ones are never timed");
        }
    }

    /// A connection ended.
    pub fn connection(&mut self, connection: &Connection) {
        for streams in [&connection.to_server, &connection.to_client] {
            assert!(streams.balances(), "{connection:?}");
            if connection.wire.is_some() {
                self.streams.add(streams);
            }
        }
    }

    /// A ledger grew.
    pub fn ledger(&mut self, ledger: &Ledger) {
        self.ledger.add(ledger);
    }

    /// The run is over.
    pub fn check(&self) {
        let Ledger { requests, streams, .. } = &self.ledger;
        assert!(requests.balances(), "{requests:?}");
        assert!(streams.balances(), "{streams:?}");
        assert_eq!(*streams, self.streams, "of the wires, and of their connections");
        let count = |is: fn(Outcome) -> bool| -> u64 {
            let counted = Outcome::ALL.iter().zip(self.outcomes);
            counted.filter(|(outcome, _)| is(**outcome)).map(|(_, count)| count).sum()
        };
        assert_eq!(requests.answered, count(Outcome::is_answered));
        assert_eq!(requests.unanswered, count(|outcome| outcome == Outcome::Unanswered));
        assert_eq!(requests.quarantined, count(|outcome| outcome == Outcome::Quarantined));
        assert_eq!(requests.open_after, count(|outcome| outcome == Outcome::Open));
    }

    /// The run of a pipeline is over.
    pub fn finish(&mut self, summary: &Summary) {
        assert!(summary.packets.balances(), "{:?}", summary.packets);
        self.check();
        let Some(span @ (_, last)) = summary.span else { return };
        self.windows.packets(&summary.packets, span);
        self.windows.finish(last, &summary.catalog);
    }
}

impl Sink for Account {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        self.windows.record(&decided.transaction, catalog);
        Self::transaction(self, &decided.transaction);
        Ok(())
    }

    fn connection(&mut self, connection: &Connection, _: &Catalog) -> Result<(), SinkError> {
        Self::connection(self, connection);
        Ok(())
    }

    fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        self.windows.sample(sample, catalog);
    }

    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        self.windows.ledger(delta, catalog);
        Self::ledger(self, &delta.ledger);
    }

    fn clock(
        &mut self,
        clock: CaptureTime,
        packets: u64,
        catalog: &Catalog,
    ) -> Result<(), SinkError> {
        self.windows.note_packets(packets);
        self.windows.sealed(clock, catalog);
        Ok(())
    }

    fn warning(&mut self, _: CaptureWarning) {}

    fn progress(&mut self, _: Progress, _: &Packets) -> bool {
        true
    }
}
