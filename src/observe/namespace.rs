//! Other network namespaces: containers, test beds.

use anyhow::Context;
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::path::PathBuf;

/// Does something in a network namespace, and comes back: what is opened there stays there, what is started later is
/// here. `name`: as `ip netns` lists them, or a path as `/proc/PID/ns/net`.
pub fn within<T>(name: Option<&str>, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let Some(name) = name else { return run() };
    let path: PathBuf = match name.contains('/') {
        true => name.into(),
        false => PathBuf::from("/run/netns").join(name),
    };
    let there = File::open(&path).with_context(|| {
        format!(
            "network namespace {name}: cannot open {}; `ip netns` lists those with names",
            path.display()
        )
    })?;
    let here = File::open("/proc/self/ns/net").context("opening this network namespace")?;
    setns(&there, CloneFlags::CLONE_NEWNET)
        .with_context(|| format!("entering the network namespace {name}; that needs root"))?;
    let result = run();
    setns(&here, CloneFlags::CLONE_NEWNET).context("coming back from the network namespace")?;
    result
}
