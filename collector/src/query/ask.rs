//! What is asked beside the query: from when to when, in which steps.

use super::failure::Failure;
use super::time::Moment;
use analyzer::query::Grid;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;

/// Steps that an answer has about, where nobody says how long they are.
const STEPS: u64 = 300;

/// A question. What is `None` follows from what the store holds.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The query.
    pub text: String,
    /// From when; the beginning of what there is.
    pub start: Option<Moment>,
    /// To when; the end of what there is.
    pub end: Option<Moment>,
    /// The steps' length; one that makes about 300 steps.
    pub step: Option<Nanos>,
    /// Read windows of this length only.
    pub window: Option<WindowLength>,
}

/// A length, and the starts of the first and the last window that has it.
pub(super) type Held = (WindowLength, CaptureTime, CaptureTime);

impl Ask {
    /// The steps of the answer. `held` is not empty.
    pub(super) fn grid(&self, held: &[Held]) -> Result<Grid, Failure> {
        let last = held.iter().map(|(length, _, last)| last.plus(length.span())).max();
        let first = held.iter().map(|(_, first, _)| *first).min();
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let end = self.end.map_or(last, |end| end.from(last));
        let start = self.start.map_or(first, |start| start.from(last));
        let step = self.step.unwrap_or_else(|| step(start, end, held));
        Ok(Grid::new(start, end, step)?)
    }
}

/// The shortest of the usual lengths that makes few enough steps, and that some windows divide.
fn step(start: CaptureTime, end: CaptureTime, held: &[Held]) -> Nanos {
    let shortest = Nanos(end.since(start).unwrap_or_default().0 / STEPS);
    let finest = held.iter().map(|(length, ..)| length.span()).min();
    let finest = finest.unwrap_or(WindowLength::DEFAULT.span());
    let usual = WindowLength::LADDER.into_iter().map(WindowLength::span);
    let mut fitting = usual.filter(|length| length.0.is_multiple_of(finest.0));
    let longest = fitting.clone().next_back();
    fitting.find(|length| *length >= shortest).or(longest).unwrap_or(finest).max(finest)
}
