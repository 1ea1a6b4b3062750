//! `wirelat observe --check`: what this host allows, and what would be watched.

use super::arguments::ObserveArguments;
use super::privileges;
use crate::failure::Done;
use crate::replay::wire;
use nix::unistd::Uid;
use observer::capture::live::{self, Interface, LiveOptions, LiveSource};
use std::io::Write;
use std::sync::Arc;

pub fn run(arguments: &ObserveArguments, options: &LiveOptions) -> anyhow::Result<Done> {
    let mut out = std::io::stdout();
    let all = live::interfaces()?;
    let mut all_well = true;
    writeln!(out, "interfaces")?;
    for interface in &all {
        let is_chosen = options.interfaces.contains(&interface.name);
        let verdict = match is_chosen {
            false => format!("not watched: {}", why_not(interface, arguments)),
            true => match try_out(&interface.name, options) {
                Ok(()) => {
                    format!("would be watched, by {}", live::reader(&interface.name, options))
                }
                Err(error) => {
                    all_well = false;
                    format!("cannot be watched: {error}")
                }
            },
        };
        writeln!(out, "  {:<16} {verdict}", interface.name)?;
    }
    for name in &options.interfaces {
        if !all.iter().any(|interface| interface.name == *name) {
            all_well = false;
            writeln!(out, "  {name:<16} cannot be watched: this host has no such interface")?;
        }
    }
    writeln!(out, "wires")?;
    if arguments.wires.is_empty() {
        writeln!(out, "  every protocol that is known, on any port")?;
    }
    for spec in &arguments.wires {
        match wire(spec) {
            Ok(_) => writeln!(out, "  {spec}")?,
            Err(error) => {
                all_well = false;
                writeln!(out, "  {error:#}")?;
            }
        }
    }
    writeln!(out, "capture")?;
    writeln!(out, "  ring             {} MiB for each interface", options.ring_bytes >> 20)?;
    writeln!(out, "  bytes a packet   {}", options.snaplen)?;
    writeln!(out, "  kernel filter    {}", options.filter.as_deref().unwrap_or("none"))?;
    writeln!(out, "rights")?;
    let user = match privileges::find(&arguments.user) {
        Ok(Some(user)) => format!("root; becomes {} once attached", user.name),
        Ok(None) if Uid::effective().is_root() => "root, and stays it".to_owned(),
        Ok(None) => "not root: capturing needs CAP_NET_RAW".to_owned(),
        Err(error) => {
            all_well = false;
            format!("{error:#}")
        }
    };
    writeln!(out, "  user             {user}")?;
    let btf = std::path::Path::new("/sys/kernel/btf/vmlinux").exists();
    writeln!(out, "kernel")?;
    writeln!(
        out,
        "  type information {}",
        if btf { "there" } else { "none: no eBPF probe can attach" }
    )?;
    let clock = std::fs::read_to_string(CLOCK).unwrap_or_default();
    writeln!(out, "  clock            {}", clock.trim())?;
    anyhow::ensure!(all_well, "not everything that was asked for can be watched; see above");
    Ok(Done::Whole)
}

const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

fn why_not(interface: &Interface, arguments: &ObserveArguments) -> &'static str {
    match interface {
        _ if !arguments.interfaces.is_empty() => "it was not asked for",
        Interface { is_up: false, .. } => "it is down",
        _ => "it has no address",
    }
}

/// Attaches, and lets go again.
fn try_out(name: &str, options: &LiveOptions) -> anyhow::Result<()> {
    let options = LiveOptions { interfaces: vec![name.to_owned()], ..options.clone() };
    LiveSource::open(options, &[], Arc::default())?;
    Ok(())
}
