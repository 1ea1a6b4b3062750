//! Where a replay's outputs go: lines of JSON, and windows into a store.

use super::lines::{ConnectionLine, TransactionLine};
use super::progress::Bar;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use model::batch::Batch;
use model::ledger::Packets;
use model::units::CaptureTime;
use observer::capture::Progress;
use observer::catalog::Catalog;
use observer::pipeline::{Sink, SinkError};
use observer::windows::Windows;
use serde::Serialize;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Store;
use store::memory::MemoryStore;
use tokio::runtime::Runtime;

/// A place for lines.
pub type Lines = Box<dyn Write>;

/// Takes a replay's outputs.
pub struct ReplaySink<'a> {
    pub windows: Windows,
    pub transactions: Option<Lines>,
    pub connections: Option<Lines>,
    /// What this replay prints and reports.
    pub printed: Arc<MemoryStore>,
    /// Where it is kept, if anywhere: the store may hold other captures too.
    pub store: Option<Arc<dyn Store>>,
    pub runtime: &'a Runtime,
    pub bar: Bar,
    pub interrupted: Arc<AtomicBool>,
}

impl ReplaySink<'_> {
    pub fn write(&self, batch: Batch) -> Result<(), SinkError> {
        let written = self.runtime.block_on(async {
            if let Some(store) = &self.store {
                store.write(batch.clone()).await?;
            }
            self.printed.write(batch).await
        });
        written.map(|_| ()).map_err(|error| SinkError(error.into()))
    }

    /// Writes what the readers of lines have not got yet.
    pub fn flush(&mut self) -> std::io::Result<()> {
        for lines in [&mut self.transactions, &mut self.connections].into_iter().flatten() {
            lines.flush()?;
        }
        Ok(())
    }
}

pub fn put(lines: &mut Lines, line: &impl Serialize) -> Result<(), SinkError> {
    serde_json::to_writer(&mut *lines, line)
        .map_err(|error| SinkError(std::io::Error::from(error).into()))?;
    lines.write_all(b"\n").map_err(|error| SinkError(error.into()))
}

impl Sink for ReplaySink<'_> {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        self.windows.record(&decided.transaction, catalog);
        match &mut self.transactions {
            Some(lines) => put(lines, &TransactionLine::new(decided, catalog)),
            None => Ok(()),
        }
    }

    fn connection(&mut self, connection: &Connection, catalog: &Catalog) -> Result<(), SinkError> {
        match &mut self.connections {
            Some(lines) => put(lines, &ConnectionLine::new(connection, catalog)),
            None => Ok(()),
        }
    }

    fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        self.windows.sample(sample, catalog);
    }

    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        self.windows.ledger(delta, catalog);
    }

    fn clock(
        &mut self,
        clock: CaptureTime,
        packets: u64,
        catalog: &Catalog,
    ) -> Result<(), SinkError> {
        self.windows.note_packets(packets);
        let batches = self.windows.sealed(clock, catalog);
        batches.into_iter().try_for_each(|batch| self.write(batch))
    }

    fn progress(&mut self, progress: Progress, packets: &Packets) -> bool {
        self.bar.show(progress, packets);
        !self.interrupted.load(Ordering::Relaxed)
    }
}
