//! The command line of `wirelat store`.

use ::store::rollup::Retention;
use clap::{Args, Subcommand, ValueEnum};
use collector::query::parse_rfc3339;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Read every row, and say what is damaged. Ends with 1 where something is
    Check(CheckArguments),
    /// Roll up, forget what is older than is kept, and give the disk its space back
    Compact(CompactArguments),
    /// Write distributions to a file that DuckDB, pandas, polars and R read
    Export(Box<ExportArguments>),
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
}

#[derive(Debug, Args)]
pub struct CompactArguments {
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    #[command(flatten)]
    pub keep: KeepArguments,
}

/// How long what is kept.
#[derive(Debug, Args)]
pub struct KeepArguments {
    /// Keep windows shorter than a minute for so long before the newest one, as in 14d; without it for ever
    #[arg(long, value_name = "SPAN", value_parser = Nanos::parse)]
    pub keep_windows: Option<Nanos>,
    /// The same of minutes, and of windows shorter than an hour
    #[arg(long, value_name = "SPAN", value_parser = Nanos::parse)]
    pub keep_minutes: Option<Nanos>,
    /// The same of hours, and of longer windows
    #[arg(long, value_name = "SPAN", value_parser = Nanos::parse)]
    pub keep_hours: Option<Nanos>,
}

impl From<&KeepArguments> for Retention {
    fn from(keep: &KeepArguments) -> Self {
        Self { base: keep.keep_windows, minute: keep.keep_minutes, hour: keep.keep_hours }
    }
}

/// Which form the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC file, also known as Feather version 2.
    Arrow,
    /// Comma-separated values.
    Csv,
    /// A JSON object a line.
    Json,
}

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// The file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The file's form; without it the file's name says it: .parquet, .arrow, .csv, .json
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// A row for each bin of each histogram, and for nothing else
    #[arg(long)]
    pub flat: bool,
    /// Only this metric, as in http.total
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    /// Only series with this tag; repeatable
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub tags: Vec<(String, String)>,
    /// Windows that start at this time or later: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub start: Option<CaptureTime>,
    /// Windows that start before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub end: Option<CaptureTime>,
    /// Windows of this length, made of those in the store; without it as they were written
    #[arg(long, value_name = "LENGTH", value_parser = WindowLength::parse)]
    pub resolution: Option<WindowLength>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').ok_or("it must be NAME=VALUE, as in route=/login")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

fn time(text: &str) -> Result<CaptureTime, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(CaptureTime::from_parts(seconds, 0));
    }
    let wrong = "it must be as in 2026-11-22T09:30:00Z, or seconds since 1970";
    parse_rfc3339(text).ok_or_else(|| wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let expected = CaptureTime::from_parts(1_370_816_550, 0);
        for text in ["1370816550", "2013-06-09T22:22:30Z", "2013-06-10T00:22:30+02:00"] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "1969-12-31T00:00:00Z", "-5", "3000-01-01T00:00:00Z"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
