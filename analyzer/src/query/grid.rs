//! The steps of an answer.

use model::units::{CaptureTime, Nanos};
use std::ops::Range;
use thiserror::Error;

/// Steps in one answer at most: as many as Prometheus allows.
pub const STEPS_MAX: usize = 11_000;

/// Steps of one length, aligned to the epoch: step `i` is `[start + i·step, start + (i+1)·step)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    start: CaptureTime,
    step: Nanos,
    steps: usize,
}

/// Steps that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GridError {
    /// No step has this length.
    #[error("a step of 0s leads nowhere: ask with a step such as 10s, 1m or 1h")]
    Step,
    /// Nothing lies between.
    #[error("the end is not behind the start: ask for a range that holds something")]
    Empty,
    /// Too many.
    #[error(
        "{steps} steps are too many, the limit is {STEPS_MAX}: ask for a shorter range, or for steps of {enough} or longer"
    )]
    TooMany {
        /// How many there would be.
        steps: u64,
        /// With steps of this length there are few enough.
        enough: Nanos,
    },
}

impl Grid {
    /// The steps that hold `start ≤ time < end`: the first may begin earlier, the last may end later.
    ///
    /// # Errors
    /// No steps, or too many.
    pub fn new(start: CaptureTime, end: CaptureTime, step: Nanos) -> Result<Self, GridError> {
        if step.0 == 0 {
            return Err(GridError::Step);
        }
        if end <= start {
            return Err(GridError::Empty);
        }
        let first = start.as_nanos() / step.0;
        let steps = end.as_nanos().div_ceil(step.0) - first;
        if steps > STEPS_MAX as u64 {
            let span = end.as_nanos() - start.as_nanos();
            let seconds = span.div_ceil(STEPS_MAX as u64 - 1).div_ceil(1_000_000_000);
            return Err(GridError::TooMany { steps, enough: Nanos::from_seconds(seconds) });
        }
        let start = CaptureTime::from_nanos(first * step.0);
        Ok(Self { start, step, steps: steps as usize })
    }

    /// The first step's start.
    pub const fn start(&self) -> CaptureTime {
        self.start
    }

    /// The last step's end; saturates.
    pub const fn end(&self) -> CaptureTime {
        self.start.plus(Nanos(self.step.0.saturating_mul(self.steps as u64)))
    }

    /// How long each step is.
    pub const fn step(&self) -> Nanos {
        self.step
    }

    /// How many there are.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// Each step's start.
    pub fn starts(&self) -> impl Iterator<Item = CaptureTime> {
        let Self { start, step, steps } = *self;
        (0..steps as u64).map(move |place| start.plus(Nanos(step.0.saturating_mul(place))))
    }

    /// The step that holds a time.
    #[inline]
    pub fn place(&self, time: CaptureTime) -> Option<usize> {
        let place = time.as_nanos().checked_sub(self.start.as_nanos())? / self.step.0;
        usize::try_from(place).ok().filter(|&place| place < self.steps)
    }

    /// The same with so many steps more before the first, as far as the epoch; and how many there are.
    pub(super) fn with_lead(&self, lead: usize) -> (Self, usize) {
        let possible = self.start.as_nanos() / self.step.0;
        let lead = lead.min(usize::try_from(possible).unwrap_or(usize::MAX));
        let start = self.start.minus(Nanos(self.step.0.saturating_mul(lead as u64)));
        (Self { start, steps: self.steps.saturating_add(lead), ..*self }, lead)
    }

    /// Some of the steps.
    pub fn part(&self, places: Range<usize>) -> Self {
        let start = self.start.plus(Nanos(self.step.0.saturating_mul(places.start as u64)));
        Self { start, step: self.step, steps: places.len() }
    }
}
