//! What a replay is called in a store, so that replaying a capture again changes nothing.
//!
//! A run is known by its first packet: the same capture, compressed or not, gives the same run, and a capture that has
//! grown since continues it. When the same capture is replayed with other wires or another window, a new generation
//! of the run replaces what the earlier one said.

use crate::arguments::ReplayArguments;
use observer::capture::{CaptureError, CaptureWarning, PacketBatch, Progress, Source};
use observer::windows::Identity;
use std::hash::{DefaultHasher, Hash, Hasher};
use store::{Store, StoreError};

/// The kind of document that says which generation a run is at.
const KIND: &str = "replay";
/// Revisions of one generation lie below this: more packets than a capture can have.
const GENERATION: u64 = 1 << 48;

/// A source whose first packet is known.
pub struct Identified {
    inner: Box<dyn Source>,
    first: Option<PacketBatch>,
}

impl Identified {
    pub fn new(mut inner: Box<dyn Source>) -> Result<Self, CaptureError> {
        let mut first = PacketBatch::default();
        inner.fill(&mut first)?;
        Ok(Self { inner, first: Some(first) })
    }

    fn run(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let batch = self.first.as_ref();
        if let Some(packet) = batch.and_then(|batch| batch.packets().next()) {
            (packet.time.as_nanos(), packet.link.0, packet.wire_length, packet.bytes)
                .hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The identity of this replay in a store.
    pub async fn identity(
        &self,
        arguments: &ReplayArguments,
        store: &dyn Store,
    ) -> Result<Identity, StoreError> {
        let run = self.run();
        let name = format!("{run:016x} {}", arguments.source);
        let options = options(arguments);
        let known = store.document(KIND, &name).await?;
        let (version, before) = known.map_or((0, None), |known| (known.version, Some(known.text)));
        let generation = match &before {
            Some(text) if *text == options => version,
            _ => {
                store.put_document(KIND, &name, version, &options).await?;
                version + 1
            }
        };
        Ok(Identity {
            source: arguments.source.as_str().into(),
            run,
            revision_base: generation.saturating_mul(GENERATION),
        })
    }
}

/// What changes a replay's numbers, beside the packets.
fn options(arguments: &ReplayArguments) -> String {
    let wires: Vec<String> = arguments.wires.iter().map(ToString::to_string).collect();
    let names = arguments.wires.iter().filter_map(|wire| wire.names_file.as_ref());
    let mut hasher = DefaultHasher::new();
    names.for_each(|file| std::fs::read(file).unwrap_or_default().hash(&mut hasher));
    let window = arguments.window.map_or_else(|| "auto".to_owned(), |window| window.to_string());
    format!(
        "version={} wires={} names={:x} window={window}",
        env!("CARGO_PKG_VERSION"),
        wires.join(" "),
        hasher.finish(),
    )
}

impl Source for Identified {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        match self.first.take() {
            Some(first) => {
                *batch = first;
                Ok(!batch.records.is_empty())
            }
            None => self.inner.fill(batch),
        }
    }

    fn progress(&self) -> Progress {
        self.inner.progress()
    }

    fn warnings(&mut self) -> Vec<CaptureWarning> {
        self.inner.warnings()
    }
}
