//! What is asked beside the query: from when to when, in which steps.

use super::failure::Failure;
use super::held::{Held, reach};
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
    /// Read only what was written in windows of this length.
    pub window: Option<WindowLength>,
}

impl Ask {
    /// The steps of the answer. `held` is not empty.
    pub(super) fn grid(&self, held: &[Held]) -> Result<Grid, Failure> {
        let all = reach(held);
        let end = self.end.map_or(all.end, |end| end.from(all.end));
        let start = self.start.map_or(all.start, |start| start.from(all.end));
        let step = self.step.unwrap_or_else(|| step(start, end, held));
        Ok(Grid::new(start, end, step)?)
    }
}

/// The shortest of the usual lengths that makes few enough steps, and that all windows of that time divide; where there is
/// none, that the shortest ones divide.
fn step(start: CaptureTime, end: CaptureTime, held: &[Held]) -> Nanos {
    let shortest = Nanos(end.since(start).unwrap_or_default().0 / STEPS);
    let lengths: Vec<Nanos> =
        held.iter().filter(|held| held.meets(&(start..end))).map(|held| held.base.span()).collect();
    let finest = lengths.iter().min().copied().unwrap_or(WindowLength::DEFAULT.span());
    let usual = || WindowLength::LADDER.into_iter().map(WindowLength::span);
    let by_all = |step: &Nanos| lengths.iter().all(|length| step.0.is_multiple_of(length.0));
    if let Some(step) = usual().filter(by_all).find(|length| *length >= shortest) {
        return step;
    }
    let mut fitting = usual().filter(|length| length.0.is_multiple_of(finest.0));
    let longest = fitting.clone().next_back();
    fitting.find(|length| *length >= shortest).or(longest).unwrap_or(finest).max(finest)
}
