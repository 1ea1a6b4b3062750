//! `wirelat report`, and what `replay` prints.

use crate::arguments::{Format, HeatmapArguments, ReportCommand, SlaArguments, StoreArguments};
use crate::failure::{Done, say};
use crate::gather::{self, Asked};
use crate::outputs::cannot_write;
use crate::replay::ensure_directory;
use anyhow::Context;
use reports::figures::Figures;
use reports::heatmap::{self, Size};
use reports::input::ReportInput;
use reports::{html, json, text};
use std::io::{IsTerminal, Write};
use std::path::Path;
use store::embedded::EmbeddedStore;
use tokio::runtime::Builder;

pub fn run(command: &ReportCommand) -> anyhow::Result<Done> {
    match command {
        ReportCommand::Heatmap(arguments) => picture(arguments)?,
        ReportCommand::Sla(arguments) => sla(arguments)?,
    }
    Ok(Done::Whole)
}

fn read(arguments: &StoreArguments) -> anyhow::Result<ReportInput> {
    let directory = &arguments.store;
    ensure_directory(directory)?;
    anyhow::ensure!(
        directory.is_dir(),
        "no store at {}; write one with `wirelat replay CAPTURE --store {0}`",
        directory.display()
    );
    let store = EmbeddedStore::open(directory)?;
    let asked = Asked {
        title: arguments.title.clone().unwrap_or_else(|| directory.display().to_string()),
        sources: vec![directory.display().to_string()],
        window: arguments.window,
        range: None,
        objectives: &arguments.objectives,
    };
    let runtime = Builder::new_current_thread().build().context("starting")?;
    runtime.block_on(gather::gather(&store, &asked))
}

fn picture(arguments: &HeatmapArguments) -> anyhow::Result<()> {
    let input = read(&arguments.input)?;
    let figures = Figures::new(&input);
    let size = Size { width: arguments.width, height: arguments.height, ..Size::default() };
    let path = &arguments.output;
    let kind =
        path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let bytes = match kind.as_deref() {
        Some("png") => heatmap::png(&figures, size)?,
        Some("svg") => heatmap::svg(&figures, size)?.into_bytes(),
        _ => anyhow::bail!(
            "{}: name it .png or .svg, that says which picture to make",
            path.display()
        ),
    };
    write(path, &bytes)?;
    // A picture has no room for them.
    input.notes.iter().for_each(|note| say(&format!("note: {note}")));
    say(&format!("heatmap: {}", path.display()));
    Ok(())
}

fn sla(arguments: &SlaArguments) -> anyhow::Result<()> {
    let input = read(&arguments.input)?;
    match &arguments.output {
        Some(path) => {
            write_html(&input, path)?;
            say(&format!("report: {}", path.display()));
            Ok(())
        }
        None => print(&input, arguments.format),
    }
}

/// Writes the report as one HTML file.
pub fn write_html(input: &ReportInput, path: &Path) -> anyhow::Result<()> {
    write(path, html::render(input)?.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| cannot_write(path))
}

/// Prints the report.
pub fn print(input: &ReportInput, format: Format) -> anyhow::Result<()> {
    let figures = Figures::new(input);
    let text = match format {
        Format::Text => text::render(&figures, options()),
        Format::Json => json::render(&figures)? + "\n",
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// What the terminal can show; a file or a pipe shows all.
fn options() -> text::Options {
    let is_utf8 = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
    text::Options {
        unicode: is_utf8 || !std::io::stdout().is_terminal(),
        ..text::Options::default()
    }
}
