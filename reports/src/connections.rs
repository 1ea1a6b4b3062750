//! How long connections took to be made and to be answered, by wire.

use crate::figures::p99s;
use crate::input::{Cell, ConnectionTime, WireData};
use analyzer::digest::Digest;
use analyzer::timeline::merged;
use model::histogram::CompactHistogram;
use model::units::CaptureTime;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A wire's connections.
#[derive(Clone, Debug)]
pub struct Connections {
    /// The wire.
    pub wire: String,
    /// Its times, those without a value left out. A server that speaks first has no first byte, for example.
    pub times: Vec<Time>,
}

/// One time of a wire's connections.
#[derive(Clone, Debug)]
pub struct Time {
    /// Which.
    pub which: ConnectionTime,
    /// In a few numbers.
    pub digest: Digest,
    /// Its p99 in each window of the span, in seconds; `None` where there was none.
    pub p99: Vec<Option<f64>>,
}

impl Connections {
    /// Connections of which a time is known.
    pub fn count(&self) -> u64 {
        self.times.iter().map(|time| time.digest.count).max().unwrap_or_default()
    }

    /// One of the times.
    pub fn digest(&self, which: ConnectionTime) -> Option<Digest> {
        self.times.iter().find(|time| time.which == which).map(|time| time.digest)
    }
}

/// The wires that have connection times, the one with the most first.
pub(crate) fn by_wire(wires: &[WireData], places: &[CaptureTime]) -> Vec<Connections> {
    let of = |wire: &WireData| Connections {
        wire: wire.name.clone(),
        times: ConnectionTime::ALL.into_iter().filter_map(|one| time(wire, one, places)).collect(),
    };
    let mut all: Vec<Connections> =
        wires.iter().map(of).filter(|connections| !connections.times.is_empty()).collect();
    all.sort_by_key(|connections| Reverse(connections.count()));
    all
}

fn time(wire: &WireData, which: ConnectionTime, places: &[CaptureTime]) -> Option<Time> {
    let mut windows: BTreeMap<CaptureTime, Vec<&CompactHistogram>> = BTreeMap::new();
    for (start, cell) in cells(wire, which) {
        windows.entry(*start).or_default().push(cell);
    }
    let digest = Digest::of(&merged(windows.values().flatten().copied()))?;
    Some(Time { which, digest, p99: p99s(&windows, places) })
}

fn cells(wire: &WireData, which: ConnectionTime) -> impl Iterator<Item = &Cell> {
    wire.connections.iter().filter(move |(time, _)| *time == which).flat_map(|(_, cells)| cells)
}
