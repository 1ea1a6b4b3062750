//! What a query came to.

use super::Number;
use super::grid::Grid;
use super::inputs::Coverage;
use super::stream::Stream;
use model::histogram::CompactHistogram;

/// Streams with one value a step, and what they are worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The steps.
    pub grid: Grid,
    /// The values.
    pub streams: Values,
    /// What was seen of the time, the bytes and the requests.
    pub coverage: Coverage,
    /// What a reader should know beside the numbers.
    pub notes: Vec<String>,
}

/// Streams of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Distributions.
    Histograms(Vec<Stream<CompactHistogram>>),
    /// Numbers, exact or with bounds.
    Numbers(Vec<Stream<Number>>),
}

impl Values {
    /// Whether there are no streams.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many streams there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Histograms(streams) => streams.len(),
            Self::Numbers(streams) => streams.len(),
        }
    }
}
