//! `wirelat replay`.

mod identity;
mod interrupt;
mod pipe;
mod progress;
mod sink;

use crate::arguments::ReplayArguments;
use crate::failure::{Done, say};
use crate::gather::{self, Asked};
use crate::outputs::{Files, cannot_write};
use crate::report;
use anyhow::Context;
use decoders::engine::EngineConfig;
use decoders::http1;
use decoders::naming::Naming;
use decoders::statements::{self, Dialect, Queries};
use decoders::wires::WireConfig;
use identity::Identified;
use model::protocol::Protocol;
use model::window::WindowLength;
use model::wire::WireSpec;
use observer::capture::{CaptureError, FileSource, Source};
use observer::pipeline::{self, RunError, SinkError, Summary};
use observer::windows::{Length, Windows};
use pipe::Pipe;
use progress::Bar;
use sink::ReplaySink;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Store;
use store::embedded::EmbeddedStore;
use store::memory::MemoryStore;
use tokio::runtime::{Builder, Runtime};

pub fn run(arguments: &ReplayArguments) -> anyhow::Result<Done> {
    anyhow::ensure!(
        !(is_stdout(arguments.transactions.as_deref())
            && is_stdout(arguments.connections.as_deref())),
        "--transactions and --connections cannot both go to standard output; name a file for one of them"
    );
    if let Some(path) = &arguments.report {
        // Better now than after hours of reading.
        let opened = File::options().create(true).append(true).open(path);
        opened.with_context(|| cannot_write(path))?;
    }
    let config = EngineConfig {
        wires: wires(&arguments.wires)?,
        keep_targets: arguments.raw,
        report_connections: arguments.connections.is_some(),
        open_ages_every: arguments.window.map(WindowLength::span),
    };
    let runtime = Builder::new_current_thread().build().context("starting")?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let reading = interrupt::watch(&interrupted).context("watching for Ctrl-C")?;
    let mut source = Identified::new(open(&arguments.files, &interrupted)?)?;
    let printed = Arc::new(MemoryStore::default());
    let store = arguments.store.as_deref().map(open_store).transpose()?;
    let store = store.map(|store| Arc::new(store) as Arc<dyn Store>);
    let named_by: &dyn Store = store.as_deref().unwrap_or(&*printed);
    let identity = runtime.block_on(source.identity(arguments, named_by))?;
    let windows = Windows::new(identity, arguments.window.map_or(Length::Auto, Length::Fixed));
    let files = Files::create(arguments.transactions.as_deref(), arguments.connections.as_deref())?;
    let mut sink = ReplaySink {
        outputs: files.beside(windows),
        printed: Arc::clone(&printed),
        store,
        runtime: &runtime,
        bar: Bar::new(),
        interrupted,
        warnings: Vec::new(),
    };
    let summary = pipeline::run(&mut source, &config, usize::from(arguments.pipelines), &mut sink);
    reading.store(false, Ordering::Relaxed);
    sink.bar.finish();
    let is_interrupted = sink.interrupted.load(Ordering::Relaxed);
    let mut summary = match summary {
        Err(RunError::Sink(error)) => return Err(unwrapped(error)),
        other => other?,
    };
    summary.stopped |= is_interrupted;
    finish(&mut sink, &summary)?;
    for warning in &sink.warnings {
        say(&format!("warning: {warning}"));
    }
    publish(arguments, &runtime, &sink, &summary)?;
    Ok(if summary.stopped { Done::Interrupted } else { Done::Whole })
}

/// Opens the captures; standard input, where it is the only one, so that Ctrl-C can end it.
fn open(files: &[PathBuf], interrupted: &Arc<AtomicBool>) -> Result<Box<dyn Source>, CaptureError> {
    match files {
        [only] if only.as_path() == Path::new("-") => {
            let pipe = Box::new(Pipe::open(interrupted));
            Ok(Box::new(FileSource::from_reader("standard input", pipe)?))
        }
        files => observer::capture::open(files),
    }
}

/// Opens the store, or makes one.
pub fn open_store(path: &Path) -> anyhow::Result<EmbeddedStore> {
    ensure_directory(path)?;
    std::fs::create_dir_all(path).with_context(|| cannot_write(path))?;
    Ok(EmbeddedStore::open(path)?)
}

/// What is there but is no directory cannot be a store.
pub fn ensure_directory(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !path.exists() || path.is_dir(),
        "store {}: not a directory; name a store's, or one that is empty or not there yet",
        path.display()
    );
    Ok(())
}

/// Seals the last windows and writes what is buffered.
fn finish(sink: &mut ReplaySink<'_>, summary: &Summary) -> anyhow::Result<()> {
    sink.outputs.flush()?;
    let Some(span) = summary.span else { return Ok(()) };
    let (_, last) = span;
    sink.outputs.windows.note_packets(summary.packets.packets);
    sink.outputs.windows.packets(&summary.packets, span);
    let batches = sink.outputs.windows.finish(last, &summary.catalog);
    let written = batches.into_iter().try_for_each(|batch| sink.write(batch));
    written.map_err(unwrapped)
}

/// The error as it was, so that a closed pipe is known for what it is.
pub fn unwrapped(error: SinkError) -> anyhow::Error {
    match error.0.downcast::<std::io::Error>() {
        Ok(error) => anyhow::Error::new(*error),
        Err(error) => anyhow::Error::from_boxed(error),
    }
}

/// Prints what was found, and writes the report.
fn publish(
    arguments: &ReplayArguments,
    runtime: &Runtime,
    sink: &ReplaySink<'_>,
    summary: &Summary,
) -> anyhow::Result<()> {
    let names: Vec<String> =
        arguments.files.iter().map(|file| file.display().to_string()).collect();
    let asked = Asked {
        title: arguments.title.clone().unwrap_or_else(|| names.join(", ")),
        sources: names,
        window: Some(sink.outputs.windows.length()),
        range: summary.span,
        objectives: &arguments.objectives,
    };
    let mut input = runtime.block_on(gather::gather(&*sink.printed, &asked))?;
    input.packets = summary.packets;
    input.notes.extend(sink.warnings.iter().map(ToString::to_string));
    if summary.stopped {
        input.notes.push(
            "the replay was interrupted: what follows is what had been read by then".to_owned(),
        );
    }
    if let Some(path) = &arguments.report {
        report::write_html(&input, path)?;
        say(&format!("report: {}", path.display()));
    }
    if is_stdout(arguments.transactions.as_deref()) || is_stdout(arguments.connections.as_deref()) {
        return Ok(());
    }
    report::print(&input, arguments.format)
}

/// The wires that were asked for, with the names of their files.
pub fn wires(specs: &[WireSpec]) -> anyhow::Result<Vec<WireConfig>> {
    specs.iter().map(wire).collect()
}

/// Reads a wire's names file.
pub fn wire(spec: &WireSpec) -> anyhow::Result<WireConfig> {
    let naming = match (&spec.names_file, Dialect::of(spec.protocol)) {
        (None, _) => Naming::by_default(spec.protocol),
        (Some(file), None) if spec.protocol == Protocol::Http => {
            let routes = std::fs::read_to_string(file).with_context(|| {
                format!("wire {spec}: cannot read {file}; name a routes file, or leave it out to have routes found")
            })?;
            Naming::Http(http1::Naming::from_routes(&routes).with_context(|| file.clone())?)
        }
        (Some(file), Some(dialect)) => {
            let queries = std::fs::read_to_string(file).with_context(|| {
                format!("wire {spec}: cannot read {file}; name a queries file, or leave it out to have statements named by their fingerprints")
            })?;
            let queries = Queries::parse(&queries).with_context(|| file.clone())?;
            Naming::Statements(statements::Naming::of_file(dialect, queries))
        }
        (Some(file), None) => {
            anyhow::bail!("wire {spec}: {} has no names to give; leave out `{file}`", spec.protocol)
        }
    };
    Ok(WireConfig { spec: spec.clone(), naming })
}

/// Whether a path means standard output.
pub fn is_stdout(path: Option<&Path>) -> bool {
    path == Some(Path::new("-"))
}
