//! What a query says, before anything is known of what it means.

use model::histogram::Threshold;

#[derive(Debug)]
pub(super) enum Expression {
    Number(Threshold),
    /// What a pipeline begins with.
    Source(Call),
    Pipe {
        input: Box<Self>,
        call: Call,
    },
    /// `at` is the operator's place.
    Arithmetic {
        operator: Operator,
        at: usize,
        left: Box<Self>,
        right: Box<Self>,
    },
}

/// A name and what stands in its parentheses.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) arguments: Vec<Argument>,
    /// Where the closing parenthesis is.
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) struct Argument {
    pub(super) at: usize,
    pub(super) kind: ArgumentKind,
}

#[derive(Debug)]
pub(super) enum ArgumentKind {
    Text(String),
    /// As it was written, and exactly.
    Number(String, Threshold),
    Tag {
        name: String,
        comparison: Comparison,
        value: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }
}
