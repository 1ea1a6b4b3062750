//! `wirelat store`: what is done to a store that nobody has open.

mod arguments;
mod check;
mod compact;
mod export;

pub use arguments::{KeepArguments, StoreCommand};

use crate::failure::Done;
use crate::replay::ensure_directory;
use ::store::embedded::EmbeddedStore;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

/// Times a second that the bar is drawn.
const DRAWS_PER_SECOND: u8 = 10;

pub fn run(command: &StoreCommand) -> anyhow::Result<Done> {
    match command {
        StoreCommand::Check(arguments) => check::run(arguments),
        StoreCommand::Compact(arguments) => compact::run(arguments),
        StoreCommand::Export(arguments) => export::run(arguments),
    }
}

fn open(directory: &Path) -> anyhow::Result<EmbeddedStore> {
    ensure_directory(directory)?;
    anyhow::ensure!(
        directory.is_dir(),
        "no store at {}; write one with `wirelat replay CAPTURE --store {0}`",
        directory.display()
    );
    Ok(EmbeddedStore::open(directory)?)
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().build().context("starting")
}

/// A bar on a terminal; nothing in a pipe.
fn bar(total: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND);
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = format!("{{bar:30}} {{percent:>3}} %  {what}  {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&style) {
        bar.set_style(style);
    }
    bar
}
