//! What a query means: typed nodes. What does not fit together is found here, before anything is read.

use super::arguments::Arguments;
use super::error::Fault;
use super::functions;
use super::select::{Find, ValueKind};
use super::syntax::{Call, Expression, Operator};
use model::histogram::{Threshold, Unit};
use model::series;
use model::units::Nanos;

/// What flows between two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A single number that the query itself says.
    Constant,
    /// Streams of distributions; of what, where the metric's name tells.
    Histograms(Option<Unit>),
    /// Streams of numbers.
    Numbers(Sense),
}

/// What numbers are, as far as it matters for what can be done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// How many in each step: can be made a rate.
    Counts,
    /// How many per second: can be integrated over time.
    Rates,
    Other,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(f64),
    Find(Find),
    Merge {
        input: Box<Self>,
        by: Vec<String>,
    },
    Quantiles {
        input: Box<Self>,
        percents: Vec<Percent>,
    },
    Against {
        input: Box<Self>,
        question: Question,
        limits: Vec<Limit>,
    },
    Moment {
        input: Box<Self>,
        moment: Moment,
    },
    Rate(Box<Self>),
    /// The numbers of one step joined, by tags; by none of them: all.
    Across {
        input: Box<Self>,
        how: Across,
        by: Vec<String>,
    },
    /// `at` is where the query says so.
    Window {
        input: Box<Self>,
        how: Window,
        span: Nanos,
        at: usize,
    },
    Integrate {
        input: Box<Self>,
        is_rate: bool,
    },
    Rank {
        input: Box<Self>,
        count: usize,
        is_top: bool,
    },
    Forecast {
        input: Box<Self>,
        ahead: Nanos,
    },
    Outlier(Box<Self>),
    Arithmetic {
        operator: Operator,
        left: Box<Self>,
        right: Box<Self>,
    },
}

/// A percentile as it was written, and as a fraction.
#[derive(Clone, Debug)]
pub(super) struct Percent {
    pub(super) written: String,
    pub(super) fraction: f64,
}

/// A threshold as it was written, and exactly.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) written: String,
    pub(super) threshold: Threshold,
}

/// What is asked about a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    CountAbove,
    CountBelow,
    RatioAbove,
    RatioBelow,
    /// The percentage below.
    InversePercentile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Count,
    Sum,
    Mean,
    Stddev,
}

/// How the streams of one step become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Across {
    Sum,
    Mean,
    Min,
    Max,
    Stddev,
}

/// How neighbouring steps become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    Merge,
    Sum,
    Mean,
    Min,
    Max,
}

pub(super) type Typed = (Node, Type);

/// The meaning of a whole query.
pub(super) fn plan(expression: &Expression) -> Result<Node, Fault> {
    match node(expression)? {
        (_, Type::Constant) => {
            Err(Fault::new(0, "this query reads nothing").expecting("find(…) in it"))
        }
        (node, _) => Ok(node),
    }
}

fn node(expression: &Expression) -> Result<Typed, Fault> {
    match expression {
        Expression::Number(value) => Ok((Node::Constant(value.to_f64()), Type::Constant)),
        Expression::Source(call) => source(call),
        Expression::Pipe { input, call } => apply(call, node(input)?),
        Expression::Arithmetic { operator, at, left, right } => {
            arithmetic(*operator, *at, node(left)?, node(right)?)
        }
    }
}

fn source(call: &Call) -> Result<Typed, Fault> {
    if functions::is_known(&call.name) {
        let message = format!("{} has no input here: it stands behind a `|`", call.name);
        return Err(Fault::new(call.at, message).expecting("find(…), a number or `(`"));
    }
    let find = Find::new(call)?;
    let kind = match find.kind {
        ValueKind::Histograms => Type::Histograms(find.metric().and_then(series::unit)),
        ValueKind::Counters => Type::Numbers(Sense::Counts),
        ValueKind::Gauges(_) => Type::Numbers(Sense::Other),
    };
    Ok((Node::Find(find), kind))
}

/// A function behind a `|`.
fn apply(call: &Call, (input, kind): Typed) -> Result<Typed, Fault> {
    if kind == Type::Constant {
        let message = format!("{} cannot work on a single number", call.name);
        return Err(Fault::new(call.at, message).expecting("streams in front of it, as of find(…)"));
    }
    let function = functions::resolve(call, kind)?;
    (function.build)(&Arguments::new(call, function), input, kind)
}

fn arithmetic(
    operator: Operator,
    at: usize,
    (left, left_type): Typed,
    (right, right_type): Typed,
) -> Result<Typed, Fault> {
    use Operator::{Divide, Multiply};
    let is_scaling = matches!(operator, Multiply | Divide);
    let kind = match (left_type, right_type) {
        (Type::Histograms(_), _) | (_, Type::Histograms(_)) => {
            let symbol = operator.symbol();
            return Err(Fault::new(
                at,
                format!("`{symbol}` needs numbers, and one side is histograms"),
            )
            .expecting("numbers, as of (… | histogram:count())"));
        }
        (Type::Constant, Type::Constant) => Type::Constant,
        (Type::Numbers(sense), Type::Constant) if is_scaling => Type::Numbers(sense),
        (Type::Constant, Type::Numbers(sense)) if operator == Multiply => Type::Numbers(sense),
        (Type::Numbers(one), Type::Numbers(two)) if one == two && !is_scaling => Type::Numbers(one),
        (_, _) => Type::Numbers(Sense::Other),
    };
    Ok((Node::Arithmetic { operator, left: Box::new(left), right: Box::new(right) }, kind))
}

impl Node {
    /// What goes into this node.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Self> {
        let (first, second) = match self {
            Self::Constant(_) | Self::Find(_) => (None, None),
            Self::Arithmetic { left, right, .. } => (Some(left), Some(right)),
            Self::Merge { input, .. }
            | Self::Quantiles { input, .. }
            | Self::Against { input, .. }
            | Self::Moment { input, .. }
            | Self::Rate(input)
            | Self::Across { input, .. }
            | Self::Window { input, .. }
            | Self::Integrate { input, .. }
            | Self::Rank { input, .. }
            | Self::Forecast { input, .. }
            | Self::Outlier(input) => (Some(input), None),
        };
        first.into_iter().chain(second).map(|input| &**input)
    }

    /// Everything that this node reads, each once.
    pub(super) fn finds(&self) -> Vec<Find> {
        let mut finds = Vec::new();
        let mut waiting = vec![self];
        while let Some(node) = waiting.pop() {
            if let Self::Find(find) = node
                && !finds.contains(find)
            {
                finds.push(find.clone());
            }
            waiting.extend(node.inputs());
        }
        finds
    }

    /// How many streams it makes of one, at most.
    pub(super) fn fan_out(&self) -> usize {
        let own = match self {
            Self::Quantiles { percents, .. } => percents.len(),
            Self::Against { limits, .. } => limits.len(),
            _ => 1,
        };
        self.inputs().map(Self::fan_out).max().unwrap_or(1).saturating_mul(own)
    }

    /// How many steps before its first one a node needs, with steps of this length.
    pub(super) fn lead(&self, step: Nanos) -> Result<usize, Fault> {
        let below = self.inputs().try_fold(0, |most, input| Ok(input.lead(step)?.max(most)))?;
        let own = match self {
            Self::Window { span, at, .. } => window_steps(*span, step, *at)? - 1,
            _ => 0,
        };
        Ok(own.saturating_add(below))
    }
}

/// How many steps a window has; at least one.
fn window_steps(span: Nanos, step: Nanos, at: usize) -> Result<usize, Fault> {
    if span.0 == 0 || !span.0.is_multiple_of(step.0) {
        let message = format!("a window of {span} has no whole number of steps of {step}");
        return Err(Fault::new(at, message).expecting("a multiple of the step"));
    }
    Ok(usize::try_from(span.0 / step.0).unwrap_or(usize::MAX))
}
