//! Rows handed over undecoded: of a histogram the bytes as the engine's block holds them.

use super::dictionary::Writers;
use super::engine::View;
use super::keys::{self, SeriesId, WriterId};
use super::rolled::{Piece, pieces_of, stage_of};
use super::state::State;
use super::values;
use crate::rollup::{Fold, steps};
use crate::{Raw, StoreError, TimeRange, Visitor};
use model::batch::{Gauge, Value};
use model::units::CaptureTime;
use model::window::{Window, WindowLength};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is read, of whichever series.
pub(super) struct Visit {
    view: View,
    writers: Arc<Writers>,
    base: WindowLength,
    length: WindowLength,
    /// In time order.
    pieces: Vec<Piece>,
}

impl Visit {
    pub(super) fn new(
        state: &State,
        view: View,
        range: &TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Self {
        let pieces = pieces_of(state, range, base, length);
        Self { view, writers: Arc::clone(&state.writers), base, length, pieces }
    }

    /// Hands over the rows of some series, in their order; those without a number have none.
    pub(super) fn each(
        &self,
        wanted: &[Option<SeriesId>],
        visitor: &mut dyn Visitor,
    ) -> Result<(), StoreError> {
        let mut levels = Levels::new(&self.writers, self.base, self.length);
        for (place, id) in wanted.iter().enumerate() {
            let mut flow = visitor.series(place);
            for piece in id.iter().flat_map(|_| &self.pieces) {
                let Some(id) = *id else { continue };
                flow = match flow {
                    ControlFlow::Break(()) => return Ok(()),
                    ControlFlow::Continue(()) if piece.from == self.base => {
                        self.base_rows(id, piece, &mut levels, visitor)?
                    }
                    ControlFlow::Continue(()) => self.rolled(id, piece, &mut levels, visitor)?,
                };
            }
            if flow.is_break() || levels.finish(visitor).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn base_rows(
        &self,
        id: SeriesId,
        piece: &Piece,
        levels: &mut Levels<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<ControlFlow<()>, StoreError> {
        let length = self.base;
        let at = |time| keys::row(id, length, time, WriterId::FIRST);
        for pair in self.view.range(at(piece.range.start), at(piece.range.end)) {
            let (key, value) = pair?;
            let (start, writer) = keys::read_row(&key)?;
            let flow = match values::raw(&value)? {
                Raw::Gauge(gauge) => levels.take((start, writer, gauge), visitor),
                row => visitor.row(Window { start, length }, row),
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn rolled(
        &self,
        id: SeriesId,
        piece: &Piece,
        levels: &mut Levels<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<ControlFlow<()>, StoreError> {
        let at = |time| keys::rolled(id, self.base, piece.from, time);
        for pair in self.view.range(at(piece.range.start), at(piece.range.end)) {
            let (key, value) = pair?;
            let (_, window) = keys::read_rolled(&key)?;
            let flow = match values::raw(&value)? {
                Raw::Gauge(gauge) => levels.take_rolled(window, gauge, visitor),
                row => visitor.row(window, row),
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Levels on their way into windows of the length that was asked for. Their sums are of floats, so they are folded along the
/// same tree wherever they come from; those of one window in the order of their writers: keys have that of their numbers.
struct Levels<'a> {
    writers: &'a Writers,
    length: WindowLength,
    steps: Vec<WindowLength>,
    fold: Fold,
    /// Those of the base window that starts here.
    start: CaptureTime,
    waiting: Vec<(WriterId, Gauge)>,
    whole: Vec<(CaptureTime, Value)>,
}

impl<'a> Levels<'a> {
    fn new(writers: &'a Writers, base: WindowLength, length: WindowLength) -> Self {
        let steps = steps(base, length);
        let fold = Fold::through(&steps);
        let (waiting, whole) = (Vec::new(), Vec::new());
        Self { writers, length, steps, fold, start: CaptureTime::ZERO, waiting, whole }
    }

    fn take(
        &mut self,
        (start, writer, gauge): (CaptureTime, WriterId, Gauge),
        visitor: &mut dyn Visitor,
    ) -> ControlFlow<()> {
        if start != self.start {
            self.join();
            self.start = start;
        }
        self.waiting.push((writer, gauge));
        self.hand_over(visitor)
    }

    fn take_rolled(
        &mut self,
        window: Window,
        gauge: Gauge,
        visitor: &mut dyn Visitor,
    ) -> ControlFlow<()> {
        self.join();
        let stage = stage_of(&self.steps, window.length);
        self.fold.take(stage, window.start, Value::Gauge(gauge), &mut self.whole);
        self.hand_over(visitor)
    }

    /// The base window is over.
    fn join(&mut self) {
        if self.waiting.len() > 1 {
            self.waiting.sort_by_key(|(id, _)| self.writers.writer(*id));
        }
        let mut gauges = self.waiting.drain(..).map(|(_, gauge)| gauge);
        let Some(mut joined) = gauges.next() else { return };
        gauges.for_each(|gauge| joined.merge(&gauge));
        self.fold.take(0, self.start, Value::Gauge(joined), &mut self.whole);
    }

    /// The series is over.
    fn finish(&mut self, visitor: &mut dyn Visitor) -> ControlFlow<()> {
        self.join();
        self.fold.finish(&mut self.whole);
        self.hand_over(visitor)
    }

    fn hand_over(&mut self, visitor: &mut dyn Visitor) -> ControlFlow<()> {
        let length = self.length;
        self.whole.drain(..).try_for_each(|(start, value)| match value {
            Value::Gauge(gauge) => visitor.row(Window { start, length }, Raw::Gauge(gauge)),
            _ => ControlFlow::Continue(()),
        })
    }
}
