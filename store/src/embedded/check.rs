//! Reads everything, and says what is not as it was written.

use super::EmbeddedStore;
use super::engine::View;
use super::keys::{self, Hour, SeriesId, Table};
use super::rolled::base_rows;
use super::rolling::{self, Row};
use super::state::State;
use super::values::{self, Filed, Head, HourHead};
use crate::StoreError;
use model::series::Series;
use std::collections::HashSet;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Series.
    pub series: u64,
    /// Batches.
    pub batches: u64,
    /// Rows of batches.
    pub rows: u64,
    /// Hours whose rollups were compared with what they are made of.
    pub hours: u64,
    /// Rows of rollups.
    pub rolled: u64,
    /// Documents.
    pub documents: u64,
}

/// Who is told while a store is checked.
pub trait Watch {
    /// A step is done, of so many.
    fn step(&mut self, done: u64, of: u64);

    /// Something is damaged: one line.
    fn damage(&mut self, what: String);
}

/// A set of keys, so that two can be compared without being held: how many, and the sum of their digests.
#[derive(Default, PartialEq, Eq)]
struct Digest {
    keys: u64,
    sum: u64,
}

impl Digest {
    fn add(&mut self, key: &[u8]) {
        self.keys = self.keys.saturating_add(1);
        self.sum = self.sum.wrapping_add(xxh3_64(key));
    }
}

impl EmbeddedStore {
    /// Reads every row and tells `watch` what is damaged. What was found damaged on opening never gets here.
    pub fn check(&self, watch: &mut dyn Watch) -> Checked {
        let state = self.state();
        let check = Check { state: &state, view: self.engine.view() };
        check.run(watch)
    }
}

struct Check<'a> {
    state: &'a State,
    view: View,
}

impl Check<'_> {
    fn run(&self, watch: &mut dyn Watch) -> Checked {
        let mut checked = Checked::default();
        let hours = self.hours(watch);
        let all = self.state.series.selected(&model::series::Select::default());
        let steps = (all.len() as u64).saturating_add(hours.len() as u64).saturating_add(2);
        let (mut said, mut found) = (Digest::default(), Digest::default());
        self.heads(&mut checked, &mut said, watch);
        watch.step(1, steps);
        for (id, series) in all {
            self.series(id, &series, &mut checked, &mut found, watch);
            checked.series = checked.series.saturating_add(1);
            watch.step(checked.series.saturating_add(1), steps);
        }
        if said != found {
            let line = format!(
                "batches name {} rows, the series have {}; or not the same ones",
                said.keys, found.keys
            );
            watch.damage(line);
        }
        for (hour, head) in hours {
            self.hour(hour, &head, watch);
            checked.hours = checked.hours.saturating_add(1);
            watch.step(checked.series.saturating_add(checked.hours).saturating_add(1), steps);
        }
        self.documents(&mut checked, watch);
        watch.step(steps, steps);
        checked
    }

    fn heads(&self, checked: &mut Checked, said: &mut Digest, watch: &mut dyn Watch) {
        for pair in self.view.prefix(&Table::Head.start()) {
            let read = pair.and_then(|(key, head)| {
                let (window, writer) = keys::read_head(&key)?;
                Ok((window, writer, Head::decode(&head)?))
            });
            match read {
                Ok((window, writer, head)) => {
                    for id in head.series {
                        said.add(&keys::row(id, window.length, window.start, writer));
                    }
                    if self.state.writers.writer(writer).is_none() {
                        watch.damage(format!("a batch of {:?} has no writer", window.start));
                    }
                    checked.batches = checked.batches.saturating_add(1);
                }
                Err(error) => watch.damage(format!("a batch: {error}")),
            }
        }
    }

    /// All rows of one series: when one does not read, the next series still does.
    fn series(
        &self,
        id: SeriesId,
        series: &Series,
        checked: &mut Checked,
        found: &mut Digest,
        watch: &mut dyn Watch,
    ) {
        let before = found.keys;
        for pair in self.view.prefix(&keys::rows_of(id)) {
            match pair.and_then(|(key, value)| values::decode(&value).map(|_| key)) {
                Ok(key) => found.add(&key),
                Err(error) => watch.damage(format!("{series}: {error}")),
            }
        }
        let rows = found.keys.saturating_sub(before);
        checked.rows = checked.rows.saturating_add(rows);
        let mut rolled = 0_u64;
        for pair in self.view.prefix(&keys::rolled_of(id)) {
            let read = pair.and_then(|(key, value)| {
                keys::read_rolled(&key)?;
                values::decode(&value)
            });
            match read {
                Ok(_) => rolled = rolled.saturating_add(1),
                Err(error) => watch.damage(format!("{series}, rolled up: {error}")),
            }
        }
        checked.rolled = checked.rolled.saturating_add(rolled);
        if rows == 0 && rolled == 0 {
            watch.damage(format!("{series}: it has no rows"));
        }
    }

    /// The hours that are clean.
    fn hours(&self, watch: &mut dyn Watch) -> Vec<(Hour, HourHead)> {
        let mut hours = Vec::new();
        for pair in self.view.prefix(&Table::Hour.start()) {
            let read =
                pair.and_then(|(key, head)| Ok((keys::read_hour(&key)?, HourHead::decode(&head)?)));
            match read {
                Ok((hour, head)) if !self.state.spans.is_dirty(hour) => hours.push((hour, head)),
                Ok(_) => {}
                Err(error) => watch.damage(format!("an hour that was rolled up: {error}")),
            }
        }
        hours
    }

    /// Whether an hour says what its base rows say, as long as these are kept.
    fn hour(&self, hour: Hour, head: &HourHead, watch: &mut dyn Watch) {
        let floors = self.state.spans.floors(hour.base);
        if hour.start < floors.base {
            return;
        }
        let listed: HashSet<_> = head.series.iter().copied().collect();
        for id in head.series.iter().copied() {
            let Some(series) = self.state.series.series(id) else {
                watch.damage(format!("{}: a series in it is unknown", name(hour)));
                continue;
            };
            match self.compare(hour, id, series) {
                Ok(true) => {}
                Ok(false) => {
                    let line =
                        format!("{series}: {} does not say what its windows say", name(hour));
                    watch.damage(line);
                }
                Err(error) => watch.damage(format!("{series}, {}: {error}", name(hour))),
            }
        }
        match rolling::base_heads(&self.view, hour) {
            Ok((reported, series)) => {
                if reported != head.reported || series.into_iter().any(|id| !listed.contains(&id)) {
                    watch.damage(format!("{}: it leaves out what was written", name(hour)));
                }
            }
            Err(error) => watch.damage(format!("{}: {error}", name(hour))),
        }
    }

    fn compare(&self, hour: Hour, id: SeriesId, series: &Arc<Series>) -> Result<bool, StoreError> {
        let writers = &self.state.writers;
        let rows = base_rows(&self.view, writers, (id, series), hour.range(), hour.base);
        let expected: Vec<Row> = rolling::fold(hour.base, rows.collect::<Result<_, _>>()?);
        let mut found = Vec::new();
        for key in rolling::rolled_rows(&self.view, hour, id)? {
            let value = self.view.get(&key)?;
            let (_, window) = keys::read_rolled(&key)?;
            let value = value.map(|value| values::decode(&value)).transpose()?;
            found.extend(value.map(|value| (window.length, window.start, value)));
        }
        let same = |(one, other)| is_same(one, other);
        Ok(expected.len() == found.len() && expected.iter().zip(&found).all(same))
    }

    fn documents(&self, checked: &mut Checked, watch: &mut dyn Watch) {
        for pair in self.view.prefix(&Table::Document.start()) {
            match pair.and_then(|(_, filed)| Filed::decode(&filed)) {
                Ok(_) => checked.documents = checked.documents.saturating_add(1),
                Err(error) => watch.damage(error.to_string()),
            }
        }
    }
}

/// By what is stored: a gauge's NaN is the same as itself.
fn is_same(one: &Row, other: &Row) -> bool {
    (one.0, one.1) == (other.0, other.1) && values::encode(&one.2) == values::encode(&other.2)
}

fn name(hour: Hour) -> String {
    format!("the hour from {} s of windows of {}", hour.start.as_seconds(), hour.base)
}
