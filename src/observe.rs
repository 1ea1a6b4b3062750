//! `wirelat observe`: the wires of this server, live.

mod arguments;
mod budget;
mod capture;
mod check;
mod config;
mod confine;
mod exports;
mod missed;
mod namespace;
mod own;
mod privileges;
mod reload;
mod sink;
mod watched;

use crate::failure::{Done, say};
use crate::outputs::Files;
use crate::replay::{is_stdout, unwrapped, wires};
use anyhow::Context;
pub use arguments::ObserveArguments;
use budget::Budget;
use capture::Capture;
use decoders::engine::EngineConfig;
pub use exports::SOCKET;
use observer::capture::CaptureError;
use observer::capture::live::{self, LiveOptions};
use observer::pipeline::RunError;
use observer::windows::{Identity, Length, Windows};
use signal_hook::consts::{SIGINT, SIGTERM};
use sink::ObserveSink;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use watched::Watched;

pub fn run(arguments: &ObserveArguments) -> anyhow::Result<Done> {
    let arguments = &config::resolved(arguments)?;
    let netns = arguments.netns.as_deref();
    let options = namespace::within(netns, || options(arguments))?;
    if arguments.check {
        return namespace::within(netns, || check::run(arguments, &options));
    }
    ensure_taken(arguments)?;
    let config = EngineConfig {
        wires: wires(&arguments.wires)?,
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
    let capture = namespace::within(netns, || Ok(Capture::attach(arguments, options, &stop)?))?;
    let files = Files::create(arguments.transactions.as_deref(), arguments.connections.as_deref())?;
    let user = privileges::find(&arguments.user)?;
    let prepared = exports::prepare(arguments, user.as_ref())?;
    if let Some(user) = &user {
        privileges::become_user(user)?;
    }
    let (exports, watched) = prepared.open(arguments)?;
    let mut windows = Windows::new(identity(arguments)?, Length::Fixed(arguments.window));
    windows.watch_from(live::now());
    if let Some(absence) = watched.as_ref().and_then(Watched::absence) {
        missed::tell(absence, live::now(), &mut windows);
    }
    let orders = capture.orders();
    let mut sink = ObserveSink {
        outputs: files.beside(windows),
        exports,
        watched,
        own: own::Own::default(),
        budget: arguments.max_cpu.map(|part| Budget::new(part.0)),
        orders: orders.clone(),
        told: model::ledger::Packets::default(),
        clock: live::now(),
        partial_after: live::now(),
    };
    reload::on_signal(arguments.clone(), orders)?;
    if !arguments.no_seccomp {
        confine::confine()?;
    }
    say(&format!("watching {} on {}", reload::wires_of(arguments), capture.interfaces()));
    let summary = match capture.run(&config, &mut sink) {
        Err(RunError::Sink(error)) => return Err(unwrapped(error)),
        other => other?,
    };
    sink.finish(&summary)?;
    Ok(Done::Whole)
}

/// Somebody must take what is observed, and each line has one place to go.
fn ensure_taken(arguments: &ObserveArguments) -> anyhow::Result<()> {
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
    let to_stdout = |path: &Option<PathBuf>| is_stdout(path.as_deref());
    anyhow::ensure!(
        !(to_stdout(&arguments.transactions) && to_stdout(&arguments.connections)),
        "--transactions and --connections cannot both write to standard output; give one of them a file"
    );
    Ok(())
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
        method: arguments.capture.into(),
    })
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
