//! Housekeeping: hours are rolled up, old windows forgotten, a bounded number of rows at a time.

use super::keys::{self, Hour, SeriesId, Table, WriterId};
use super::rolling::{Progress, rolled_rows};
use super::spans::EVER;
use super::values::{self, Head, HourHead};
use super::{EmbeddedStore, let_others_run, windows};
use crate::StoreError;
use crate::rollup::{Floors, Maintained, Retention, SETTLES_AFTER, levels};
use model::units::CaptureTime;
use model::window::WindowLength;
use std::collections::{BTreeSet, HashSet};

/// Rows and heads deleted in one change; the last batch of a step is deleted whole even so.
const DELETED_PER_STEP: usize = 4_096;

/// Attempts at an hour that is written into all the time; the next round tries again.
const ATTEMPTS: u32 = 3;

/// Whether the hours that lose rows are to be rolled up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rollups {
    Stay,
    Follow,
}

/// A resolution's windows that start before a time.
struct Old {
    resolution: WindowLength,
    before: CaptureTime,
    rollups: Rollups,
}

impl EmbeddedStore {
    pub(super) async fn keep_house(
        &self,
        retention: &Retention,
        now: CaptureTime,
    ) -> Result<Maintained, StoreError> {
        let mut done = Maintained::default();
        let held = windows::resolutions(&self.engine.view())?.into_iter().map(|(base, ..)| base);
        let bases: BTreeSet<_> = held.chain(self.state().spans.bases()).collect();
        for base in bases {
            self.roll_up_before(base, now.minus(SETTLES_AFTER), &mut done).await?;
            let floors = self.move_floors(base, retention, now, &mut done).await?;
            let old = Old { resolution: base, before: floors.base, rollups: Rollups::Stay };
            done.forgotten = done.forgotten.saturating_add(self.forget(&old).await?);
            self.forget_minutes(base, floors, &mut done).await?;
            self.forget_hours(base, floors.hour, &mut done).await?;
        }
        Ok(done)
    }

    /// Rolls up the dirty hours that end at `time` or before.
    async fn roll_up_before(
        &self,
        base: WindowLength,
        time: CaptureTime,
        done: &mut Maintained,
    ) -> Result<(), StoreError> {
        let dirty = self.state().spans.dirty_in(base, &EVER);
        for hour in dirty.into_iter().filter(|hour| hour.end() <= time) {
            if self.roll_up(hour).await? {
                done.rolled = done.rolled.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Whether it was rolled up; not where others write into it all the time.
    async fn roll_up(&self, hour: Hour) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(mut rolling) = self.begin_rolling(hour)? else { return Ok(false) };
            loop {
                let_others_run().await;
                match self.roll_on(&mut rolling)? {
                    Progress::More => {}
                    Progress::Done => return Ok(true),
                    Progress::Changed => break,
                }
            }
        }
        Ok(false)
    }

    /// From the new floors on, what is older is refused. They stay where something is dirty below.
    async fn move_floors(
        &self,
        base: WindowLength,
        retention: &Retention,
        now: CaptureTime,
        done: &mut Maintained,
    ) -> Result<Floors, StoreError> {
        for _ in 0..ATTEMPTS {
            let floors = self.state().spans.floors(base).moved(base, retention, now);
            if self.set_floors(base, floors)? {
                return Ok(floors);
            }
            self.roll_up_before(base, floors.base, done).await?;
        }
        Ok(self.state().spans.floors(base))
    }

    fn set_floors(&self, base: WindowLength, floors: Floors) -> Result<bool, StoreError> {
        let mut state = self.state_mut();
        if state.spans.floors(base) == floors {
            return Ok(true);
        }
        let below = CaptureTime::ZERO..floors.base;
        if !state.spans.dirty_in(base, &below).is_empty() {
            return Ok(false);
        }
        let mut draft = self.draft(&state);
        draft.changes.put(keys::floors(base), values::encode_floors(floors));
        draft.floors = Some((base, floors));
        state.commit(draft)?;
        Ok(true)
    }

    /// See [`crate::Store::delete_before`].
    pub(super) async fn forget_all_before(
        &self,
        resolution: WindowLength,
        before: CaptureTime,
    ) -> Result<(), StoreError> {
        self.forget(&Old { resolution, before, rollups: Rollups::Follow }).await?;
        // What only rollups are left of.
        let hours = WindowLength::HOUR.window_of(before).start;
        let floor = self.state().spans.floors(resolution).base;
        self.forget_hours(resolution, hours.min(floor), &mut Maintained::default()).await
    }

    /// How many rows and heads were forgotten.
    async fn forget(&self, old: &Old) -> Result<u64, StoreError> {
        let mut forgotten = 0_u64;
        let mut from = Some(keys::head(old.resolution, CaptureTime::ZERO, WriterId::FIRST));
        while let Some(key) = from {
            let rows;
            (from, rows) = self.delete_step(old, key)?;
            forgotten = forgotten.saturating_add(rows);
            let_others_run().await;
        }
        Ok(forgotten)
    }

    /// One step, from a head's key on. Gives the key to go on from, `None` at the end.
    fn delete_step(&self, old: &Old, from: Vec<u8>) -> Result<(Option<Vec<u8>>, u64), StoreError> {
        let mut state = self.state_mut();
        let view = self.engine.view();
        let mut draft = self.draft(&state);
        let (mut rows, mut series): (HashSet<_>, BTreeSet<SeriesId>) = Default::default();
        let mut next = None;
        for pair in view.range(from, keys::head(old.resolution, old.before, WriterId::FIRST)) {
            let (key, head) = pair?;
            if draft.changes.len() >= DELETED_PER_STEP {
                next = Some(key.to_vec());
                break;
            }
            let (window, writer) = keys::read_head(&key)?;
            for id in Head::decode(&head)?.series {
                let row = keys::row(id, window.length, window.start, writer);
                draft.changes.delete(row.clone());
                rows.insert(row);
                series.insert(id);
            }
            draft.changes.delete(key.to_vec());
            if old.rollups == Rollups::Follow {
                draft.mark_dirty(&state, window);
            }
        }
        let forgotten = rows.len() as u64;
        if draft.changes.len() > 0 {
            // Whose hours stay has rows of these: looking costs more than deleting.
            if old.rollups == Rollups::Follow || levels(old.resolution).is_empty() {
                draft.forget_rowless(&state, &view, series, &rows)?;
            }
            state.commit(draft)?;
        }
        Ok((next, forgotten))
    }

    /// The rows of minutes that are not kept any more; nobody reads them since the floor moved.
    async fn forget_minutes(
        &self,
        base: WindowLength,
        mut floors: Floors,
        done: &mut Maintained,
    ) -> Result<(), StoreError> {
        if !levels(base).contains(&WindowLength::MINUTE) || floors.minutes_gone >= floors.minute {
            return Ok(());
        }
        let view = self.engine.view();
        let key = |start| Hour { base, start }.key(Table::Hour);
        for pair in view.range(key(floors.minutes_gone), key(floors.minute)) {
            let (key, head) = pair?;
            let hour = keys::read_hour(&key)?;
            let mut minutes = Vec::new();
            for id in HourHead::decode(&head)?.series {
                let rows = rolled_rows(&view, hour, id)?.into_iter();
                let hourly = keys::rolled(id, base, WindowLength::HOUR, hour.start);
                minutes.extend(rows.filter(|row| *row != hourly));
                if minutes.len() >= DELETED_PER_STEP {
                    done.forgotten = done.forgotten.saturating_add(minutes.len() as u64);
                    self.delete_rows(std::mem::take(&mut minutes))?;
                    let_others_run().await;
                }
            }
            done.forgotten = done.forgotten.saturating_add(minutes.len() as u64);
            self.delete_rows(minutes)?;
        }
        floors.minutes_gone = floors.minute;
        self.set_floors(base, floors)?;
        Ok(())
    }

    /// Rows of which the series have others: those of the hour.
    fn delete_rows(&self, rows: Vec<Vec<u8>>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut state = self.state_mut();
        let mut draft = self.draft(&state);
        rows.into_iter().for_each(|row| draft.changes.delete(row));
        state.commit(draft)
    }

    /// Hours before `time` that have no base rows: rolled up again, nothing is left of them.
    async fn forget_hours(
        &self,
        base: WindowLength,
        time: CaptureTime,
        done: &mut Maintained,
    ) -> Result<(), StoreError> {
        let key = |start| Hour { base, start }.key(Table::Hour);
        let mut hours = Vec::new();
        for pair in self.engine.view().range(key(CaptureTime::ZERO), key(time)) {
            hours.push(keys::read_hour(&pair?.0)?);
        }
        for hour in hours {
            {
                let mut state = self.state_mut();
                let mut draft = self.draft(&state);
                draft.mark_hour_dirty(&state, hour);
                state.commit(draft)?;
            }
            self.roll_up(hour).await?;
            done.forgotten = done.forgotten.saturating_add(1);
        }
        Ok(())
    }

    /// What was written before there were rollups is to be rolled up.
    pub(super) fn mark_all_dirty(&self) -> Result<(), StoreError> {
        let view = self.engine.view();
        let mut state = self.state_mut();
        let mut draft = self.draft(&state);
        for (base, first, last) in windows::resolutions(&view)? {
            let range = first..last.plus(base.span());
            for start in windows::windows(&view, range, base)? {
                draft.mark_dirty(&state, base.window_of(start));
            }
        }
        state.commit(draft)
    }
}
