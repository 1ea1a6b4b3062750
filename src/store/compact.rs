//! `wirelat store compact`.

use super::arguments::CompactArguments;
use super::{open, runtime};
use crate::failure::{Done, say};
use ::store::Store;
use ::store::rollup::Retention;
use anyhow::Context;
use indicatif::ProgressBar;
use model::units::CaptureTime;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

pub fn run(arguments: &CompactArguments) -> anyhow::Result<Done> {
    let before = bytes(&arguments.store)?;
    let store = open(&arguments.store)?;
    let retention = Retention::from(&arguments.keep);
    let spinner = spinner();
    spinner.set_message("rolling up and forgetting");
    let done = runtime()?.block_on(async {
        // By the store's own time: of an old capture no less is kept than of a new one.
        let ends = store.kept().await?.into_iter().map(|kept| kept.last.plus(kept.length.span()));
        let newest = ends.max().unwrap_or(CaptureTime::ZERO);
        // The last hour is over, too: nobody writes into it now.
        let now = newest.plus(::store::rollup::SETTLES_AFTER);
        store.maintain(&retention, now).await
    })?;
    spinner.set_message("packing");
    store.compact()?;
    drop(store);
    spinner.finish_and_clear();
    let after = bytes(&arguments.store)?;
    say(&format!(
        "{} hours rolled up, {} rows forgotten; {before} bytes before, {after} after",
        done.rolled, done.forgotten
    ));
    Ok(Done::Whole)
}

fn spinner() -> ProgressBar {
    let spinner = match std::io::stderr().is_terminal() {
        true => ProgressBar::new_spinner(),
        false => ProgressBar::hidden(),
    };
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// What a directory takes on the disk; what is not there takes nothing.
fn bytes(directory: &Path) -> anyhow::Result<u64> {
    if !directory.is_dir() {
        return Ok(0);
    }
    let fault = || format!("reading {}", directory.display());
    let mut sum = 0_u64;
    for entry in std::fs::read_dir(directory).with_context(fault)? {
        let entry = entry.with_context(fault)?;
        let bytes = match entry.file_type().with_context(fault)?.is_dir() {
            true => bytes(&entry.path())?,
            false => entry.metadata().with_context(fault)?.blocks().saturating_mul(512),
        };
        sum = sum.saturating_add(bytes);
    }
    Ok(sum)
}
