//! What a PromQL expression asks for, or why it is refused.

use super::catalog::Selector;
use super::unsupported;
use crate::query::failure::Failure;
use model::histogram::Threshold;
use model::units::Nanos;
use promql_parser::label::Labels;
use promql_parser::parser::token::{
    T_ADD, T_AVG, T_BOTTOMK, T_COUNT, T_DIV, T_MAX, T_MIN, T_MUL, T_SUB, T_SUM, T_TOPK,
};
use promql_parser::parser::{
    self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, MatrixSelector,
    VectorMatchCardinality, VectorSelector,
};

/// Bytes of an expression at most.
const TEXT_BYTES_MAX: usize = 4 * 1_024;
/// Expressions inside each other at most.
const DEPTH_MAX: usize = 64;
/// How old a level's last reading may be: as Prometheus has it.
pub(super) const LOOKBACK: Nanos = Nanos::from_seconds(300);

#[derive(Debug)]
pub(super) enum Tree {
    Number(f64),
    Read(Reading),
    Quantile { fraction: f64, input: Box<Self> },
    Fraction { low: Threshold, high: Threshold, input: Box<Self> },
    Moment { moment: Moment, input: Box<Self> },
    Aggregate { how: Aggregate, grouping: Grouping, input: Box<Self> },
    Arithmetic { operator: Operator, on: Grouping, left: Box<Self>, right: Box<Self> },
}

/// A selector and what is done with it over time.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) selector: Selector,
    pub(super) over: Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The newest value.
    Now,
    Rate(Nanos),
    Increase(Nanos),
}

impl Over {
    pub(super) const fn span(self) -> Nanos {
        match self {
            Self::Now => LOOKBACK,
            Self::Rate(span) | Self::Increase(span) => span,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Count,
    Sum,
    Average,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
    Count,
    Top(usize),
    Bottom(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Which labels tell groups apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// Reads an expression.
pub(super) fn plan(text: &str) -> Result<Tree, Failure> {
    tree(&expression(text)?, DEPTH_MAX)
}

/// Reads a selector, as of `match[]`.
pub(super) fn selector(text: &str) -> Result<Selector, Failure> {
    match expression(text)? {
        Expr::VectorSelector(VectorSelector { name, matchers, .. }) => {
            Selector::new(name.as_deref(), &matchers)
        }
        _ => Err(Failure::Asked(format!("`{text}` is no selector: write name{{label=\"value\"}}"))),
    }
}

fn expression(text: &str) -> Result<Expr, Failure> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!(
            "the expression has {} bytes, the limit is {TEXT_BYTES_MAX}: shorten it",
            text.len()
        );
        return Err(Failure::TooMuch(message));
    }
    parser::parse(text).map_err(|error| Failure::Asked(format!("`{text}` does not parse: {error}")))
}

fn tree(expression: &Expr, depth: usize) -> Result<Tree, Failure> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Failure::TooMuch(format!(
            "more than {DEPTH_MAX} expressions inside each other"
        )));
    };
    match expression {
        Expr::Paren(paren) => tree(&paren.expr, depth),
        Expr::NumberLiteral(number) => Ok(Tree::Number(number.val)),
        Expr::VectorSelector(selector) => read(selector, Over::Now),
        Expr::Call(call) => called(call, depth),
        Expr::Aggregate(aggregate) => aggregated(aggregate, depth),
        Expr::Binary(binary) => arithmetic(binary, depth),
        Expr::Unary(unary) => Ok(Tree::Arithmetic {
            operator: Operator::Multiply,
            on: Grouping::Without(Vec::new()),
            left: Box::new(Tree::Number(-1.0)),
            right: Box::new(tree(&unary.expr, depth)?),
        }),
        Expr::MatrixSelector(_) => Err(unsupported("a range without rate or increase around it")),
        Expr::Subquery(_) => Err(unsupported("a subquery")),
        Expr::StringLiteral(_) => Err(unsupported("a text")),
        Expr::Extension(_) => Err(unsupported("an extension")),
    }
}

fn read(selector: &VectorSelector, over: Over) -> Result<Tree, Failure> {
    if selector.offset.is_some() || selector.at.is_some() {
        return Err(unsupported("`offset` or `@`"));
    }
    let selector = Selector::new(selector.name.as_deref(), &selector.matchers)?;
    Ok(Tree::Read(Reading { selector, over }))
}

fn called(call: &Call, depth: usize) -> Result<Tree, Failure> {
    let arguments: Vec<&Expr> = call.args.args.iter().map(|argument| &**argument).collect();
    let input = |argument: &Expr| tree(argument, depth).map(Box::new);
    let moment = |moment, argument| Ok(Tree::Moment { moment, input: input(argument)? });
    match (call.func.name, &*arguments) {
        ("rate", [Expr::MatrixSelector(MatrixSelector { vs, range })]) => {
            read(vs, Over::Rate(span(*range)?))
        }
        ("increase", [Expr::MatrixSelector(MatrixSelector { vs, range })]) => {
            read(vs, Over::Increase(span(*range)?))
        }
        ("histogram_quantile", [fraction, of]) => {
            let fraction = number(fraction, depth)?;
            Ok(Tree::Quantile { fraction, input: input(of)? })
        }
        ("histogram_fraction", [low, high, of]) => {
            let (low, high) = (threshold(low, depth)?, threshold(high, depth)?);
            Ok(Tree::Fraction { low, high, input: input(of)? })
        }
        ("histogram_count", [of]) => moment(Moment::Count, of),
        ("histogram_sum", [of]) => moment(Moment::Sum, of),
        ("histogram_avg", [of]) => moment(Moment::Average, of),
        (name, _) => Err(unsupported(&format!("{name}, as it is called here,"))),
    }
}

fn span(range: std::time::Duration) -> Result<Nanos, Failure> {
    let nanos = u64::try_from(range.as_nanos()).ok().filter(|&nanos| nanos > 0);
    nanos.map(Nanos).ok_or_else(|| Failure::Asked("a range must be longer than nothing".to_owned()))
}

/// A number that the expression itself says.
fn number(expression: &Expr, depth: usize) -> Result<f64, Failure> {
    match tree(expression, depth)? {
        Tree::Number(number) => Ok(number),
        Tree::Arithmetic { operator: Operator::Multiply, left, right, .. } => match (*left, *right)
        {
            (Tree::Number(sign), Tree::Number(number)) => Ok(sign * number),
            (_, _) => Err(unsupported("an expression in place of a number")),
        },
        _ => Err(unsupported("an expression in place of a number")),
    }
}

/// The decimal that was written. Nothing is counted below 0 here.
fn threshold(expression: &Expr, depth: usize) -> Result<Threshold, Failure> {
    let value = number(expression, depth)?;
    let text = if value == f64::INFINITY { "1e128".to_owned() } else { value.max(0.0).to_string() };
    Threshold::parse_plain(&text).map_err(|error| Failure::Asked(format!("{value}: {error}")))
}

fn aggregated(aggregate: &AggregateExpr, depth: usize) -> Result<Tree, Failure> {
    let count = || {
        let parameter = aggregate.param.as_deref();
        let count = parameter.map_or(Ok(0.0), |parameter| number(parameter, depth))?;
        Ok::<_, Failure>(count.clamp(0.0, 1e6) as usize)
    };
    let how = match aggregate.op.id() {
        T_SUM => Aggregate::Sum,
        T_AVG => Aggregate::Average,
        T_MIN => Aggregate::Min,
        T_MAX => Aggregate::Max,
        T_COUNT => Aggregate::Count,
        T_TOPK => Aggregate::Top(count()?),
        T_BOTTOMK => Aggregate::Bottom(count()?),
        _ => return Err(unsupported(&aggregate.op.to_string())),
    };
    let grouping = match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => Grouping::By(names(labels)),
        Some(LabelModifier::Exclude(labels)) => Grouping::Without(names(labels)),
        None => Grouping::By(Vec::new()),
    };
    Ok(Tree::Aggregate { how, grouping, input: Box::new(tree(&aggregate.expr, depth)?) })
}

fn names(labels: &Labels) -> Vec<String> {
    labels.labels.clone()
}

fn arithmetic(binary: &BinaryExpr, depth: usize) -> Result<Tree, Failure> {
    let operator = match binary.op.id() {
        T_ADD => Operator::Add,
        T_SUB => Operator::Subtract,
        T_MUL => Operator::Multiply,
        T_DIV => Operator::Divide,
        _ => return Err(unsupported(&format!("the operator {}", binary.op))),
    };
    let mut on = Grouping::Without(Vec::new());
    if let Some(modifier) = &binary.modifier {
        if modifier.card != VectorMatchCardinality::OneToOne {
            return Err(unsupported("group_left or group_right"));
        }
        match &modifier.matching {
            Some(LabelModifier::Include(labels)) => on = Grouping::By(names(labels)),
            Some(LabelModifier::Exclude(labels)) => on = Grouping::Without(names(labels)),
            None => {}
        }
    }
    let (left, right) = (tree(&binary.lhs, depth)?, tree(&binary.rhs, depth)?);
    Ok(Tree::Arithmetic { operator, on, left: Box::new(left), right: Box::new(right) })
}

impl Tree {
    /// Everything that it reads, in the order of the expression.
    pub(super) fn readings(&self) -> Vec<&Reading> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Read(reading) => vec![reading],
            Self::Quantile { input, .. }
            | Self::Fraction { input, .. }
            | Self::Moment { input, .. }
            | Self::Aggregate { input, .. } => input.readings(),
            Self::Arithmetic { left, right, .. } => {
                let mut readings = left.readings();
                readings.extend(right.readings());
                readings
            }
        }
    }
}
