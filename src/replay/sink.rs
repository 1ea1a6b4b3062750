//! Where a replay's outputs go: lines of JSON, and windows into a store.

use super::progress::Bar;
use crate::outputs::Outputs;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use model::batch::Batch;
use model::ledger::Packets;
use model::units::CaptureTime;
use observer::capture::{CaptureWarning, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{Sink, SinkError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Store;
use store::memory::MemoryStore;
use tokio::runtime::Runtime;

/// Takes a replay's outputs.
pub struct ReplaySink<'a> {
    pub outputs: Outputs,
    /// What this replay prints and reports.
    pub printed: Arc<MemoryStore>,
    /// Where it is kept, if anywhere: the store may hold other captures too.
    pub store: Option<Arc<dyn Store>>,
    pub runtime: &'a Runtime,
    pub bar: Bar,
    pub interrupted: Arc<AtomicBool>,
    /// What was wrong with the input.
    pub warnings: Vec<CaptureWarning>,
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
}

impl Sink for ReplaySink<'_> {
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
        self.outputs.windows.note_packets(packets);
        let batches = self.outputs.windows.sealed(clock, catalog);
        batches.into_iter().try_for_each(|batch| self.write(batch))
    }

    fn warning(&mut self, warning: CaptureWarning) {
        self.warnings.push(warning);
    }

    fn progress(&mut self, progress: Progress, packets: &Packets) -> bool {
        self.bar.show(progress, packets);
        !self.interrupted.load(Ordering::Relaxed)
    }
}
