//! Which hours are to be rolled up, and from when on windows are kept: held in memory whole.

use super::engine::View;
use super::keys::{self, Hour, Table};
use super::values;
use crate::rollup::Floors;
use crate::{StoreError, TimeRange};
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::BTreeMap;

/// A few dozen bytes per dirty hour; what is kept up has two or three.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// With the number of the change that made each dirty last: one that changes while it is
    /// rolled up stays dirty.
    dirty: BTreeMap<Hour, u64>,
    floors: BTreeMap<WindowLength, Floors>,
}

impl Spans {
    pub(super) fn load(view: &View) -> Result<Self, StoreError> {
        let mut spans = Self::default();
        for pair in view.prefix(&Table::Dirty.start()) {
            spans.dirty.insert(keys::read_hour(&pair?.0)?, 0);
        }
        for pair in view.prefix(&Table::Floors.start()) {
            let (key, floors) = pair?;
            spans.floors.insert(keys::read_floors(&key)?, values::decode_floors(&floors)?);
        }
        Ok(spans)
    }

    pub(super) fn is_dirty(&self, hour: Hour) -> bool {
        self.dirty.contains_key(&hour)
    }

    /// The change that made it dirty last.
    pub(super) fn version(&self, hour: Hour) -> Option<u64> {
        self.dirty.get(&hour).copied()
    }

    pub(super) fn dirty(&mut self, hour: Hour, version: u64) {
        self.dirty.insert(hour, version);
    }

    pub(super) fn clean(&mut self, hour: Hour) {
        self.dirty.remove(&hour);
    }

    /// The dirty hours of one base length that a range meets, ascending.
    pub(super) fn dirty_in(&self, base: WindowLength, range: &TimeRange) -> Vec<Hour> {
        let start = WindowLength::HOUR.window_of(range.start).start;
        let at = |start| Hour { base, start };
        if start >= range.end {
            return Vec::new();
        }
        self.dirty.range(at(start)..at(range.end)).map(|(&hour, _)| hour).collect()
    }

    /// Base lengths that have dirty hours or floors.
    pub(super) fn bases(&self) -> impl Iterator<Item = WindowLength> {
        self.dirty.keys().map(|hour| hour.base).chain(self.floors.keys().copied())
    }

    pub(super) fn floors(&self, base: WindowLength) -> Floors {
        self.floors.get(&base).copied().unwrap_or_default()
    }

    pub(super) fn set_floors(&mut self, base: WindowLength, floors: Floors) {
        self.floors.insert(base, floors);
    }
}

/// Every time there is.
pub(super) const EVER: TimeRange = CaptureTime::ZERO..CaptureTime::MAX;
