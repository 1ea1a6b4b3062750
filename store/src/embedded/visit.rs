//! Rows handed over undecoded: of a histogram the bytes as the engine's block holds them.

use super::dictionary::Writers;
use super::engine::View;
use super::keys::{self, SeriesId, WriterId};
use super::values;
use crate::{Raw, StoreError, TimeRange, Visitor};
use model::batch::Gauge;
use model::units::CaptureTime;
use model::window::WindowLength;
use std::ops::ControlFlow;

/// Hands over the rows of some series, in their order; those without a number have none.
pub(super) fn visit(
    view: &View,
    writers: &Writers,
    wanted: &[Option<SeriesId>],
    (range, resolution): (TimeRange, WindowLength),
    visitor: &mut dyn Visitor,
) -> Result<(), StoreError> {
    let mut levels = Levels { writers, waiting: Vec::new(), start: CaptureTime::ZERO };
    for (place, id) in wanted.iter().enumerate() {
        if visitor.series(place).is_break() {
            return Ok(());
        }
        let Some(id) = *id else { continue };
        let at = |time| keys::row(id, resolution, time, WriterId::FIRST);
        for pair in view.range(at(range.start), at(range.end)) {
            let (key, value) = pair?;
            let (start, writer) = keys::read_row(&key)?;
            let flow = match values::raw(&value)? {
                Raw::Gauge(gauge) => levels.take((start, writer, gauge), visitor),
                row => visitor.row(start, row),
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        if levels.hand_over(visitor).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// The levels of one window, which have to come in the order of their writers: keys have that of their numbers.
struct Levels<'a> {
    writers: &'a Writers,
    start: CaptureTime,
    waiting: Vec<(WriterId, Gauge)>,
}

impl Levels<'_> {
    fn take(
        &mut self,
        (start, writer, gauge): (CaptureTime, WriterId, Gauge),
        visitor: &mut dyn Visitor,
    ) -> ControlFlow<()> {
        if start != self.start {
            self.hand_over(visitor)?;
            self.start = start;
        }
        self.waiting.push((writer, gauge));
        ControlFlow::Continue(())
    }

    fn hand_over(&mut self, visitor: &mut dyn Visitor) -> ControlFlow<()> {
        if self.waiting.len() > 1 {
            self.waiting.sort_by_key(|(id, _)| self.writers.writer(*id));
        }
        let start = self.start;
        self.waiting.drain(..).try_for_each(|(_, gauge)| visitor.row(start, Raw::Gauge(gauge)))
    }
}
