//! `wirelat observe`: the wires of this server, live.

mod check;
mod config;
mod exports;
mod namespace;
mod own;
mod privileges;
mod sink;

use crate::arguments::{Arguments, Command, ObserveArguments};
use crate::failure::{Done, say};
use crate::outputs::Files;
use crate::replay::{self, unwrapped, wire};
use anyhow::Context;
use clap::Parser;
use decoders::engine::EngineConfig;
pub use exports::SOCKET;
use exports::{Exports, Push, Socket};
use observer::capture::CaptureError;
use observer::capture::live::{self, LiveOptions, LiveSource};
use observer::export::{HttpTrap, Otlp, Target};
use observer::pipeline::{self, RunError};
use observer::windows::{Identity, Length, Windows};
use signal_hook::consts::{SIGINT, SIGTERM};
use sink::ObserveSink;
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub fn run(arguments: &ObserveArguments) -> anyhow::Result<Done> {
    if let Some(file) = &arguments.config {
        return run(&with_file(file)?);
    }
    let netns = arguments.netns.as_deref();
    let options = namespace::within(netns, || options(arguments))?;
    if arguments.check {
        return namespace::within(netns, || check::run(arguments, &options));
    }
    anyhow::ensure!(
        arguments.store.is_some()
            || arguments.push.is_some()
            || arguments.httptrap.is_some()
            || arguments.otlp.is_some()
            || arguments.prometheus.is_some()
            || arguments.transactions.is_some()
            || arguments.connections.is_some()
            || arguments.socket.is_some(),
        "nothing would get what is observed: give --push URL, --store DIR, --prometheus ADDRESS:PORT or --transactions FILE"
    );
    let config = EngineConfig {
        wires: arguments.wires.iter().map(wire).collect::<anyhow::Result<_>>()?,
        keep_targets: arguments.raw,
        report_connections: arguments.connections.is_some(),
        open_ages_every: Some(arguments.window.span()),
    };
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The second one ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let mut source =
        namespace::within(netns, || Ok(LiveSource::open(options, Arc::clone(&stop))?))?;
    let files = Files::create(arguments.transactions.as_deref(), arguments.connections.as_deref())?;
    let user = privileges::find(&arguments.user)?;
    let spool = arguments.push.as_ref().map(|_| &arguments.spool);
    for directory in arguments.store.iter().chain(spool) {
        replay::ensure_directory(directory)?;
        if let Some(user) = &user {
            privileges::hand_over(directory, user)?;
        }
    }
    let target = target(arguments)?;
    let listener = arguments.prometheus.map(exports::listen).transpose()?;
    let socket = Socket::open(arguments.socket.as_deref(), user.as_ref())?;
    if let Some(user) = &user {
        privileges::become_user(user)?;
    }
    let mut exports = Exports::default();
    if let Some(directory) = &arguments.store {
        exports.keep(replay::open_store(directory)?);
    }
    if let Some(target) = target {
        let bytes_max = u64::from(arguments.spool_max) << 20;
        exports.push(Push::open(&arguments.spool, bytes_max, target)?);
    }
    if let Some(url) = &arguments.httptrap {
        exports.send(("the trap", "httptrap"), HttpTrap::new(url));
    }
    if let Some(url) = &arguments.otlp {
        exports.send(("OpenTelemetry's receiver", "otlp"), Otlp::new(url));
    }
    if let Some(listener) = listener {
        exports.scraped(listener)?;
    }
    if let Some(socket) = socket {
        exports.shown(socket);
    }
    let mut windows = Windows::new(identity(arguments)?, Length::Fixed(arguments.window));
    windows.watch_from(live::now());
    let mut sink = ObserveSink {
        outputs: files.beside(windows),
        exports,
        own: own::Own::default(),
        told: model::ledger::Packets::default(),
        clock: live::now(),
        partial_after: live::now(),
    };
    say(&format!("watching {}", watched(arguments, &source)));
    let summary = pipeline::run(&mut source, &config, usize::from(arguments.pipelines), &mut sink);
    let summary = match summary {
        Err(RunError::Sink(error)) => return Err(unwrapped(error)),
        other => other?,
    };
    sink.finish(&summary)?;
    Ok(Done::Whole)
}

/// The file's options, with the command line's behind them.
fn with_file(file: &Path) -> anyhow::Result<ObserveArguments> {
    let mut own: Vec<OsString> = std::env::args_os().collect();
    let behind = own.split_off(own.len().min(2));
    own.extend(config::arguments(file)?.into_iter().map(OsString::from));
    own.extend(behind);
    let arguments = Arguments::try_parse_from(own);
    let arguments = arguments.map_err(|error| {
        // The first line says it; the rest is how the program is used.
        let said = error.to_string();
        anyhow::anyhow!("{}: {}", file.display(), said.lines().next().unwrap_or_default())
    })?;
    match arguments.command {
        Command::Observe(arguments) => Ok(ObserveArguments { config: None, ..*arguments }),
        _ => anyhow::bail!("{}: it holds options of `observe`", file.display()),
    }
}

/// What is captured, and how.
fn options(arguments: &ObserveArguments) -> anyhow::Result<LiveOptions> {
    let interfaces = match arguments.interfaces.is_empty() {
        true => live::automatic(&live::interfaces().context("listing the interfaces")?),
        false => arguments.interfaces.clone(),
    };
    anyhow::ensure!(!interfaces.is_empty(), CaptureError::NoInterface);
    Ok(LiveOptions {
        interfaces,
        filter: Some(live::of_wires(&arguments.wires)),
        snaplen: arguments.snaplen,
        ring_bytes: arguments.ring << 20,
    })
}

/// Where windows are pushed. The token is read while that is still allowed.
fn target(arguments: &ObserveArguments) -> anyhow::Result<Option<Target>> {
    let Some(url) = &arguments.push else { return Ok(None) };
    anyhow::ensure!(
        url.starts_with("http://") || url.starts_with("https://"),
        "--push {url}: a URL begins with http:// or https://"
    );
    let token = arguments.token_file.as_deref().map(|file| {
        let token = std::fs::read_to_string(file);
        token.with_context(|| format!("reading the token in {}", file.display()))
    });
    let token = token.transpose()?.map(|token| token.trim().to_owned());
    Ok(Some(Target { url: url.clone(), token }))
}

/// Who observes: `run` is another at each start.
fn identity(arguments: &ObserveArguments) -> anyhow::Result<Identity> {
    let source = match &arguments.source {
        Some(source) => source.clone(),
        None => nix::unistd::gethostname()
            .context("reading this host's name; give one with --source")?
            .to_string_lossy()
            .into_owned(),
    };
    Ok(Identity { source: source.into(), run: RandomState::new().hash_one(0), revision_base: 0 })
}

/// For people: what is watched, and where.
fn watched(arguments: &ObserveArguments, source: &LiveSource) -> String {
    let wires: Vec<String> = arguments.wires.iter().map(ToString::to_string).collect();
    let wires = if wires.is_empty() { "every protocol it knows".into() } else { wires.join(", ") };
    let interfaces: Vec<&str> = source.interfaces().collect();
    format!("{wires} on {}", interfaces.join(", "))
}
