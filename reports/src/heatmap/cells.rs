//! The heatmap's cells, and the rectangles that they make.

use super::colours::STEPS;
use crate::figures::{Figures, places};
use analyzer::density::{self, LogGrid};
use model::histogram::Distribution;

/// A column for each window, rows from the lowest latency up.
pub(super) struct Cells {
    pub(super) grid: LogGrid,
    /// `None` where nobody reported the window.
    pub(super) columns: Vec<Option<Vec<f64>>>,
    /// Requests per window and decade at which the scale ends.
    pub(super) top: f64,
}

/// Cells of one colour that stand on each other.
pub(super) struct Run {
    pub(super) column: usize,
    /// First row, one past the last.
    pub(super) rows: (usize, usize),
    pub(super) step: usize,
}

impl Cells {
    /// Spreads every window's counts over `rows` rows; `None` where nothing was timed.
    pub(super) fn new(figures: &Figures<'_>, rows: usize) -> Option<Self> {
        let whole = figures.timeline.whole();
        let lowest = whole.bins().map(|(bin, _)| bin).find(|bin| bin.mantissa() > 0)?;
        let grid = LogGrid::covering(lowest, whole.highest_bin()?, rows)?;
        let column = |start| {
            let slice = figures.timeline.slice(start)?;
            let mut cells = vec![0.0; rows];
            grid.spread(&slice.latencies, &mut cells);
            Some(cells)
        };
        let columns: Vec<Option<Vec<f64>>> = places(&figures.timeline).map(column).collect();
        let windows: Vec<_> =
            figures.timeline.slices().map(|(_, slice)| &slice.latencies).collect();
        Some(Self { grid, columns, top: density::scale_top(&windows)? })
    }

    /// The step of the scale: by the root, which shows few beside many.
    fn step(&self, count: f64) -> usize {
        let decades = (self.grid.high - self.grid.low) / self.grid.cells as f64;
        let step = (count / decades / self.top).sqrt() * (STEPS - 1) as f64;
        (step.round() as usize).min(STEPS - 1)
    }

    /// Neighbours of one colour as one rectangle. `coarseness` steps count as one colour: fewer rectangles.
    pub(super) fn runs(&self, coarseness: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (column, cells) in self.columns.iter().enumerate() {
            let Some(cells) = cells else { continue };
            for (row, &count) in cells.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                let step = self.step(count) / coarseness * coarseness;
                match runs.last_mut() {
                    Some(last)
                        if last.column == column && last.rows.1 == row && last.step == step =>
                    {
                        last.rows.1 = row + 1;
                    }
                    _ => runs.push(Run { column, rows: (row, row + 1), step }),
                }
            }
        }
        runs
    }

    /// Runs of windows that nobody reported: first, one past the last.
    pub(super) fn holes(&self) -> Vec<(usize, usize)> {
        let mut holes: Vec<(usize, usize)> = Vec::new();
        for (column, _) in self.columns.iter().enumerate().filter(|(_, cells)| cells.is_none()) {
            match holes.last_mut() {
                Some(last) if last.1 == column => last.1 = column + 1,
                _ => holes.push((column, column + 1)),
            }
        }
        holes
    }
}
