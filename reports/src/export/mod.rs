//! A store's rows for other programs: Parquet, Arrow IPC, CSV and lines of JSON.
//!
//! Two shapes. *Nested*: a row for each series and window, its bins in a list. *Flat*: a row for each bin of
//! each histogram, tags in columns of their own; what is no histogram is left out. `docs/formats.md` has the columns.
//! Memory is bounded, whatever is exported: rows are written on when some thousands have come together.

mod columns;
mod delimited;
mod lines;
mod time;

mod arrow;

use model::batch::Value;
use model::series::Series;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::BTreeSet;
use std::io::Write;
use thiserror::Error;

/// Which form a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet, packed with Snappy.
    Parquet,
    /// Apache Arrow's IPC file (Feather version 2).
    Arrow,
    /// Comma-separated values, with a head (RFC 4180).
    Csv,
    /// One JSON object a line.
    Json,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A series in a window.
    Nested,
    /// A bin of a histogram.
    Flat,
}

/// What is exported: a row of a store.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Of which series.
    pub series: &'a Series,
    /// The window's start.
    pub start: CaptureTime,
    /// How long the window is.
    pub length: WindowLength,
    /// What was said.
    pub value: &'a Value,
}

/// Writes rows.
pub trait Exporter {
    /// Takes a row.
    ///
    /// # Errors
    /// The file cannot be written, or the row not be said in this format.
    fn row(&mut self, row: &Row<'_>) -> Result<(), ExportError>;

    /// Writes what is left, and the file's end. Without it the file does not read.
    ///
    /// # Errors
    /// The file cannot be written.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Why rows cannot be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The file cannot be written.
    #[error("writing: {0}; check the disk's space and its rights")]
    Io(#[from] std::io::Error),
    /// The format's library refused.
    #[error("writing: {0}")]
    Library(String),
    /// Beyond what the format's times hold.
    #[error("a window begins after the year 2262: leave it out with --end")]
    Time,
}

/// An exporter into `output`. `tags` names the columns of what has tags in columns: the tags of the series that will come.
///
/// # Errors
/// The file's beginning cannot be written.
pub fn exporter<'a>(
    format: Format,
    shape: Shape,
    tags: BTreeSet<String>,
    output: impl Write + Send + 'a,
) -> Result<Box<dyn Exporter + 'a>, ExportError> {
    let tags: Vec<String> = tags.into_iter().collect();
    Ok(match format {
        Format::Parquet => Box::new(arrow::parquet(shape, tags, output)?),
        Format::Arrow => Box::new(arrow::ipc(shape, tags, output)?),
        Format::Csv => Box::new(delimited::Csv::new(shape, tags, output)?),
        Format::Json => Box::new(lines::Lines::new(shape, output)),
    })
}

/// The tags that some series have.
pub fn tag_names<'a>(series: impl IntoIterator<Item = &'a Series>) -> BTreeSet<String> {
    series.into_iter().flat_map(Series::tags).map(|(name, _)| name.to_owned()).collect()
}

/// What a value is called in the column `kind`.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Histogram(_) => "histogram",
        Value::Delta(_) => "counter",
        Value::Gauge(_) => "gauge",
        Value::Text(_) => "text",
    }
}

/// A tag's column.
fn tag_column(name: &str) -> String {
    format!("tag_{name}")
}

#[cfg(test)]
mod tests;
