//! `wirelat query`: asks a store.

use crate::arguments::{QueryArguments, QueryFormat};
use crate::failure::Done;
use anyhow::Context;
use collector::query::{Ask, form, run as answer};
use std::io::Write;
use std::sync::Arc;
use store::embedded::EmbeddedStore;
use tokio::runtime::Builder;

pub fn run(arguments: &QueryArguments) -> anyhow::Result<Done> {
    let directory = &arguments.store;
    anyhow::ensure!(
        directory.is_dir(),
        "no store at {}; write one with `wirelat replay CAPTURE --store {0}`",
        directory.display()
    );
    let store = Arc::new(EmbeddedStore::open(directory)?);
    let ask = Ask {
        text: arguments.query.clone(),
        start: arguments.start,
        end: arguments.end,
        step: arguments.step,
        window: arguments.window,
    };
    let runtime = Builder::new_multi_thread().worker_threads(1).build().context("starting")?;
    let answer = runtime.block_on(answer(store, &ask))?;
    let text = match arguments.format {
        QueryFormat::Text => form::text::lines(&answer),
        QueryFormat::Json => form::json::document(&answer)? + "\n",
        QueryFormat::Csv => form::csv::table(&answer),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Done::Whole)
}
