//! Keeps every distribution.
//!
//! One trait, one conformance suite, and the stores that pass it.

pub mod conformance;
pub mod embedded;
pub mod memory;
pub mod rollup;
mod visit;

pub use visit::{Raw, Visitor};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use model::batch::{Batch, Value};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::WindowLength;
use rollup::{Kept, Maintained, Retention};
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

/// `start ≤ time < end`.
pub type TimeRange = Range<CaptureTime>;

/// Blocks of rows, series by series in their order, each series' rows in time order.
/// What a stream gives is what the store held when it was asked for.
pub type BlockStream = BoxStream<'static, Result<Block, StoreError>>;

/// Rows in one block at most; a series with more comes in several blocks.
pub const BLOCK_ROWS_MAX: usize = 1_024;

/// Bytes in a series' key, a source's name, or a document's kind and name together, at most.
pub const KEY_BYTES_MAX: usize = 32 * 1_024;

/// Bytes in one value or one document's text at most.
pub const VALUE_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// Rows of one series: what reading merged from every source, run and pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Of which series.
    pub series: Arc<Series>,
    /// The windows' starts and values, ascending.
    pub rows: Vec<(CaptureTime, Value)>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was new.
    Stored,
    /// It replaced an older revision of itself.
    Replaced,
    /// The store holds this revision or a newer one: nothing changed.
    AlreadyThere,
    /// Its window is older than what is kept at its length: it was refused. Sending it again will not
    /// help; who is told this counts it.
    TooLate,
}

/// A document's text and its version, for compare-and-set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Grows by one with each write and each deletion; the first is 1.
    /// A name that was deleted goes on counting, so that an old version never fits again.
    pub version: u64,
    /// What was written.
    pub text: String,
}

/// A document that only one writer changes: it is set, or forgotten, whatever is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The document's kind.
    pub kind: Arc<str>,
    /// Its name.
    pub name: String,
    /// What it says from now on. `None` forgets it, its version too.
    pub text: Option<String>,
}

/// Where windows' values are kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// Durable when it returns; all or nothing per batch. Of two values of one series in a batch,
    /// the batch says both: they are merged.
    async fn write(&self, batch: Batch) -> Result<Written, StoreError> {
        let written = self.write_all(vec![batch], Vec::new()).await?;
        Ok(written.first().copied().unwrap_or(Written::AlreadyThere))
    }

    /// Writes batches as [`Self::write`] does, one after the other, and notes: all of it or
    /// nothing, durable when it returns. Many share what waiting for the disk costs. Says what
    /// became of each batch, in their order.
    async fn write_all(
        &self,
        batches: Vec<Batch>,
        notes: Vec<Note>,
    ) -> Result<Vec<Written>, StoreError>;

    /// The rows of the selected series whose windows start in `range`, at one resolution.
    /// What several batches say of one series and window is merged in the order of
    /// (source, run, pipeline), whatever order they came in.
    async fn scan(
        &self,
        select: &Select,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<BlockStream, StoreError>;

    /// Hands over what [`Self::scan_by`] reads of these series, undecoded and without an allocation for each row, as far as
    /// the store can: for those who join many rows and keep none. Histograms and counters come as they lie there, in windows
    /// of `base`, of `length`, or of what was rolled up between; whoever adds up those that lie in a window of `length` has
    /// what `scan_by` says of it, as long as a series has values of one kind. What a visit sees is what the store held when it began.
    async fn visit(
        &self,
        series: &[Arc<Series>],
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
        visitor: &mut dyn Visitor,
    ) -> Result<(), StoreError> {
        visit::by_scans(self, series, range, (base, length), visitor).await
    }

    /// The selected series that have a row, in their order.
    async fn series(&self, select: &Select) -> Result<Vec<Arc<Series>>, StoreError>;

    /// The starts of the windows that somebody reported, also when nothing happened in them; ascending.
    async fn windows(
        &self,
        range: TimeRange,
        resolution: WindowLength,
    ) -> Result<Vec<CaptureTime>, StoreError>;

    /// The resolutions that the store holds, finest first, each with its first window's start and its last one's.
    async fn resolutions(
        &self,
    ) -> Result<Vec<(WindowLength, CaptureTime, CaptureTime)>, StoreError>;

    /// The rows of the selected series by windows of `length` that start in `range`: each is what the
    /// windows of length `base` in it say, merged in time order by minutes, hours and then `length`,
    /// whatever of that was rolled up before. `length` is a multiple of `base`.
    async fn scan_by(
        &self,
        select: &Select,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<BlockStream, StoreError>;

    /// The windows of `length` that start in `range`, with how many windows of length `base` somebody
    /// reported in each; ascending, those without one left out.
    async fn reported(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<(CaptureTime, u64)>, StoreError>;

    /// The times of which `scan_by` can read windows of `length`, and whose windows of length `base` somebody reported:
    /// ascending, with gaps between them, cut to `range`.
    async fn observed(
        &self,
        range: TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Result<Vec<TimeRange>, StoreError>;

    /// What [`Self::scan_by`] can read: by base length, then finest first.
    async fn kept(&self) -> Result<Vec<Kept>, StoreError>;

    /// Housekeeping: rolls up the hours that are over, forgets what is older than `retention` says, and
    /// refuses such from then on. To be called every minute or so. Works in steps, each of which is one
    /// change: dropping the future between them, or a crash, costs only the step.
    async fn maintain(
        &self,
        retention: &Retention,
        now: CaptureTime,
    ) -> Result<Maintained, StoreError>;

    /// Forgets the windows of a resolution that start before `time`, and whole hours rolled up of such, in
    /// steps: each whole batch is there or gone, but a reader can see some gone before others.
    async fn delete_before(
        &self,
        resolution: WindowLength,
        time: CaptureTime,
    ) -> Result<(), StoreError>;

    /// A small document, by kind and name.
    async fn document(&self, kind: &str, name: &str) -> Result<Option<Document>, StoreError>;

    /// The documents of a kind, by name, ascending.
    async fn documents(&self, kind: &str) -> Result<Vec<(String, Document)>, StoreError>;

    /// Writes a document if its version is still `expected` (0: it must not exist). `false` where it is not.
    async fn put_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
        text: &str,
    ) -> Result<bool, StoreError>;

    /// Deletes a document if its version is still `expected`. `false` where it is not, or there is none.
    async fn delete_document(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
    ) -> Result<bool, StoreError>;
}

/// What can go wrong with a store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The directory cannot be used.
    #[error("store {path}: {reason}")]
    Open {
        /// The store's directory.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("store: {0}")]
    Engine(String),
    /// A row does not read as what was written.
    #[error(
        "store: {what} is damaged ({detail}); restore the directory from a backup, or replay into a new one"
    )]
    Damaged {
        /// Which row.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Too large to be kept; nothing was written. Sending it again will not help.
    #[error("store: {what} takes {bytes} bytes, the limit is {limit}: shorten it")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it can be.
        limit: usize,
    },
    /// Windows of one length are not made of whole windows of the other.
    #[error("store: windows of {length} are not made of windows of {base}: ask for a multiple")]
    NotAMultiple {
        /// The windows that were written.
        base: WindowLength,
        /// What was asked for.
        length: WindowLength,
    },
}

/// Whether a batch is within the limits: one that is not is never written.
///
/// # Errors
/// What of it is too large.
pub fn check(batch: &Batch) -> Result<(), StoreError> {
    within("a source's name", batch.id.source.len(), KEY_BYTES_MAX)?;
    for (series, value) in &batch.values {
        within("a series' name and tags", series.key_bytes(), KEY_BYTES_MAX)?;
        if let Value::Text(text) = value {
            within("a text", text.len(), VALUE_BYTES_MAX)?;
        }
    }
    Ok(())
}

fn notes_within(notes: &[Note]) -> Result<(), StoreError> {
    let within = |note: &Note| {
        document_within(&note.kind, &note.name, note.text.as_deref().unwrap_or_default())
    };
    notes.iter().try_for_each(within)
}

fn document_within(kind: &str, name: &str, text: &str) -> Result<(), StoreError> {
    within("a document's kind and name", kind.len().saturating_add(name.len()), KEY_BYTES_MAX)?;
    within("a document", text.len(), VALUE_BYTES_MAX)
}

fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes <= limit { Ok(()) } else { Err(StoreError::TooLarge { what, bytes, limit }) }
}
