//! `wirelat store export`.

use super::arguments::{ExportArguments, ExportFormat};
use super::{bar, open, runtime};
use crate::failure::{Done, say};
use crate::outputs::cannot_write;
use ::store::rollup::Kept;
use ::store::{Store, TimeRange};
use anyhow::Context;
use futures_util::TryStreamExt;
use model::series::Select;
use model::units::CaptureTime;
use model::window::WindowLength;
use reports::export::{Exporter, Format, Row, Shape, exporter, tag_names};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes written at a time.
const OUTPUT_BYTES: usize = 256 << 10;

pub fn run(arguments: &ExportArguments) -> anyhow::Result<Done> {
    let format = format(arguments)?;
    let store = open(&arguments.store)?;
    runtime()?.block_on(export(&store, arguments, format))?;
    Ok(Done::Whole)
}

async fn export(
    store: &dyn Store,
    arguments: &ExportArguments,
    format: Format,
) -> anyhow::Result<()> {
    let (base, length) = lengths(&store.kept().await?, arguments.resolution)?;
    let select = Select { metric: arguments.metric.clone(), tags: arguments.tags.clone() };
    let series = store.series(&select).await?;
    let tags = tag_names(series.iter().map(AsRef::as_ref));
    let shape = if arguments.flat { Shape::Flat } else { Shape::Nested };
    let range =
        arguments.start.unwrap_or(CaptureTime::ZERO)..arguments.end.unwrap_or(CaptureTime::MAX);
    let output = Output::create(&arguments.output)?;
    let what = Exported { select, range, base, length, series: series.len() as u64 };
    let rows = match &output {
        Output::Standard => {
            what.write(store, exporter(format, shape, tags, std::io::stdout())?).await?
        }
        Output::File { file, .. } => {
            let file = BufWriter::with_capacity(OUTPUT_BYTES, file);
            what.write(store, exporter(format, shape, tags, file)?).await?
        }
    };
    output.done(&arguments.output)?;
    say(&format!(
        "{rows} rows of {} series, windows of {length}: {}",
        series.len(),
        arguments.output.display()
    ));
    Ok(())
}

/// What of a store.
struct Exported {
    select: Select,
    range: TimeRange,
    base: WindowLength,
    length: WindowLength,
    series: u64,
}

impl Exported {
    /// How many windows of series were written.
    async fn write(
        self,
        store: &dyn Store,
        mut exporter: Box<dyn Exporter + '_>,
    ) -> anyhow::Result<u64> {
        let Self { select, range, base, length, series } = self;
        let bar = bar(series, "{pos} of {len} series");
        let (mut rows, mut last) = (0_u64, None);
        let mut blocks = store.scan_by(&select, range, base, length).await?;
        while let Some(block) = blocks.try_next().await? {
            for (start, value) in &block.rows {
                exporter.row(&Row { series: &block.series, start: *start, length, value })?;
                rows = rows.saturating_add(1);
            }
            if last.as_ref() != Some(&block.series) {
                bar.inc(1);
                last = Some(block.series);
            }
        }
        bar.finish_and_clear();
        exporter.finish()?;
        Ok(rows)
    }
}

/// The windows to read, and the length that they are to have.
fn lengths(
    kept: &[Kept],
    asked: Option<WindowLength>,
) -> anyhow::Result<(WindowLength, WindowLength)> {
    let readable = |kept: &&Kept| match asked {
        Some(length) => length.is_multiple_of(kept.base) && length.is_multiple_of(kept.length),
        None => kept.base == kept.length,
    };
    // The finest of those that cover most.
    let covered = |kept: &&Kept| kept.last.plus(kept.length.span()).since(kept.first);
    let chosen = kept.iter().filter(readable).rev().max_by_key(covered);
    match (chosen, asked) {
        (Some(kept), _) => Ok((kept.base, asked.unwrap_or(kept.base))),
        (None, Some(length)) if !kept.is_empty() => {
            let mut bases: Vec<_> = kept.iter().map(|kept| kept.base.to_string()).collect();
            bases.dedup();
            anyhow::bail!(
                "windows of {length} are not made of those in the store, which are {}: ask for a multiple",
                bases.join(", ")
            )
        }
        (None, _) => {
            let length = asked.unwrap_or(WindowLength::DEFAULT);
            Ok((length, length))
        }
    }
}

fn format(arguments: &ExportArguments) -> anyhow::Result<Format> {
    let path = &arguments.output;
    let name = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    Ok(match (arguments.format, name) {
        (Some(ExportFormat::Parquet), _) | (None, "parquet") => Format::Parquet,
        (Some(ExportFormat::Arrow), _) | (None, "arrow" | "feather" | "ipc") => Format::Arrow,
        (Some(ExportFormat::Csv), _) | (None, "csv") => Format::Csv,
        (Some(ExportFormat::Json), _) | (None, "json" | "jsonl" | "ndjson") => Format::Json,
        (None, _) => anyhow::bail!(
            "{}: name it .parquet, .arrow, .csv or .json, or say --format",
            path.display()
        ),
    })
}

/// A file has another name until it is whole.
enum Output {
    Standard,
    File { file: File, path: PathBuf },
}

impl Output {
    fn create(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard);
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let file = File::create(&path).with_context(|| cannot_write(&path))?;
        Ok(Self::File { file, path })
    }

    fn done(self, path: &Path) -> anyhow::Result<()> {
        match self {
            Self::Standard => Ok(std::io::stdout().flush()?),
            Self::File { path: part, .. } => {
                std::fs::rename(part, path).with_context(|| cannot_write(path))
            }
        }
    }
}
