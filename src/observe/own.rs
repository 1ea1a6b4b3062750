//! What the observer costs: its own series, in every window.

use model::batch::{Gauge, Value};
use model::units::Nanos;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use std::fs;

/// CPU time so far, to say by how much it grew.
#[derive(Debug, Default)]
pub struct Own {
    cpu_ns: u64,
}

impl Own {
    /// What there is to say since this was last asked: metrics and values.
    pub fn values(&mut self) -> Vec<(&'static str, Value)> {
        let mut values = Vec::new();
        if let Some(Nanos(cpu_ns)) = cpu_time() {
            let grown = cpu_ns.saturating_sub(std::mem::replace(&mut self.cpu_ns, cpu_ns));
            values.push(("observer.cpu_ns", Value::Delta(grown)));
        }
        if let Some(bytes) = memory_bytes() {
            values.push(("observer.memory_bytes", Value::Gauge(Gauge::once(bytes as f64))));
        }
        values
    }
}

/// CPU time of all threads so far.
pub fn cpu_time() -> Option<Nanos> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let nanos = |time: TimeVal| u64::try_from(time.num_nanoseconds()).ok();
    Some(Nanos(nanos(usage.user_time())?.saturating_add(nanos(usage.system_time())?)))
}

/// Memory that is its own (/proc/pid/statm: pages, resident and shared).
fn memory_bytes() -> Option<u64> {
    const PAGE_BYTES: u64 = 4096;
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = statm.split_whitespace().skip(1).map(|field| field.parse::<u64>().ok());
    let (resident, shared) = (pages.next()??, pages.next()??);
    Some(resident.saturating_sub(shared) * PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something() {
        let mut own = Own::default();
        let spent = std::time::Instant::now();
        while spent.elapsed() < std::time::Duration::from_millis(50) {}
        let values = own.values();
        let [
            ("observer.cpu_ns", Value::Delta(cpu)),
            ("observer.memory_bytes", Value::Gauge(memory)),
        ] = &values[..]
        else {
            panic!("{values:?}")
        };
        assert!(*cpu > 0 && memory.last > 100_000.0, "{values:?}");
        let Some((_, Value::Delta(more))) = own.values().into_iter().next() else { panic!() };
        assert!(more < *cpu, "only what is new: {more}");
    }
}
