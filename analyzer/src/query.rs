//! A pipeline language over streams of histograms and of numbers; docs/query.md says what each function means.
//!
//! ```text
//! find("http.total", route="/login") | histogram:merge() | histogram:percentile(50, 99)
//! ```
//!
//! Text → [`lexer`] → [`parser`] → [`plan`], where types are checked; then whoever has the rows puts them into
//! [`Inputs`], which joins them by step and stream, and [`Query::evaluate`] makes the [`Answer`].

mod answer;
mod arguments;
mod error;
mod evaluate;
mod functions;
mod grid;
mod inputs;
mod lexer;
mod number;
mod parser;
mod plan;
mod select;
mod stream;
mod syntax;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Values};
pub use error::QueryError;
pub use evaluate::sliding;
pub use functions::forms;
pub use grid::{Grid, GridError, STEPS_MAX};
pub use inputs::{CELLS_MAX, Coverage, Entry, HELD_BYTES_MAX, InputError, Inputs, Place, Row};
pub use number::Number;
pub use parser::{ARGUMENTS_MAX, DEPTH_MAX, PARTS_MAX, TEXT_BYTES_MAX};
pub use select::{Find, GaugePart, ValueKind};
pub use stream::Stream;

use evaluate::Evaluator;
use plan::Node;

/// A query that makes sense.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    root: Node,
    finds: Vec<Find>,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// A text that is none, or that asks for what does not fit together; the error says where.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let root = parser::parse(text).and_then(|expression| plan::plan(&expression));
        let root = root.map_err(|fault| fault.in_text(text))?;
        Ok(Self { text: text.to_owned(), finds: root.finds(), root })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it reads; inputs know each by its place here.
    pub fn finds(&self) -> &[Find] {
        &self.finds
    }

    /// Room for what it reads; [`Inputs::grid`] says of which time, [`Self::finds`] of which series. Windows may be of
    /// any length that divides the step.
    ///
    /// # Errors
    /// A window that is no whole number of steps.
    pub fn reads(&self, grid: &Grid) -> Result<Inputs, QueryError> {
        Inputs::new(self, grid)
    }

    /// The answer from what was read.
    pub fn evaluate(&self, mut inputs: Inputs) -> Answer {
        inputs.close();
        Evaluator::new(&inputs).answer(&self.root)
    }

    /// Steps before the first that windows reach back to.
    fn lead(&self, grid: &Grid) -> Result<usize, QueryError> {
        let lead = self.root.lead(grid.step()).map_err(|fault| fault.in_text(&self.text))?;
        if lead > STEPS_MAX {
            let message =
                format!("its windows reach back over {lead} steps, the limit is {STEPS_MAX}");
            let fault = error::Fault::new(0, message).expecting("longer steps, or shorter windows");
            return Err(fault.in_text(&self.text));
        }
        Ok(lead)
    }
}
