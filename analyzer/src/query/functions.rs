//! Every function: its name, what it takes, and the node that it becomes.

use super::arguments::Arguments;
use super::error::Fault;
use super::plan::{Across, Moment, Node, Question, Sense, Type, Typed, Window};
use super::select::ValueKind;
use super::syntax::Call;

/// A function behind a `|`.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) form: &'static str,
    takes: Takes,
    pub(super) build: fn(&Arguments<'_>, Node, Type) -> Result<Typed, Fault>,
}

/// The input that a function works on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Histograms,
    Numbers,
    Either,
}

impl Takes {
    const fn accepts(self, kind: Type) -> bool {
        match self {
            Self::Histograms => matches!(kind, Type::Histograms(_)),
            Self::Numbers => matches!(kind, Type::Numbers(_)),
            Self::Either => true,
        }
    }
}

type Build = fn(&Arguments<'_>, Node, Type) -> Result<Typed, Fault>;

const fn of_histograms(name: &'static str, form: &'static str, build: Build) -> Function {
    Function { name, form, takes: Takes::Histograms, build }
}

const fn of_numbers(name: &'static str, form: &'static str, build: Build) -> Function {
    Function { name, form, takes: Takes::Numbers, build }
}

const COUNTS: Type = Type::Numbers(Sense::Counts);
const OTHER: Type = Type::Numbers(Sense::Other);

static FUNCTIONS: [Function; 33] = [
    of_histograms("histogram:merge", "histogram:merge()", |arguments, input, kind| {
        arguments.none()?;
        Ok((merged(input, Vec::new()), kind))
    }),
    of_histograms("histogram:percentile", "histogram:percentile(50, 99)", |arguments, input, _| {
        let percents = arguments.percents()?;
        Ok((Node::Quantiles { input: Box::new(input), percents }, OTHER))
    }),
    of_histograms(
        "histogram:inverse_percentile",
        "histogram:inverse_percentile(1.5s)",
        |arguments, input, kind| {
            against(arguments, input, kind, Question::InversePercentile, OTHER)
        },
    ),
    of_histograms(
        "histogram:count_above",
        "histogram:count_above(1.5s)",
        |arguments, input, kind| against(arguments, input, kind, Question::CountAbove, COUNTS),
    ),
    of_histograms(
        "histogram:count_below",
        "histogram:count_below(1.5s)",
        |arguments, input, kind| against(arguments, input, kind, Question::CountBelow, COUNTS),
    ),
    of_histograms(
        "histogram:ratio_above",
        "histogram:ratio_above(1.5s)",
        |arguments, input, kind| against(arguments, input, kind, Question::RatioAbove, OTHER),
    ),
    of_histograms(
        "histogram:ratio_below",
        "histogram:ratio_below(1.5s)",
        |arguments, input, kind| against(arguments, input, kind, Question::RatioBelow, OTHER),
    ),
    of_histograms("histogram:count", "histogram:count()", |arguments, input, _| {
        moment(arguments, input, Moment::Count, COUNTS)
    }),
    of_histograms("histogram:sum", "histogram:sum()", |arguments, input, _| {
        moment(arguments, input, Moment::Sum, COUNTS)
    }),
    of_histograms("histogram:mean", "histogram:mean()", |arguments, input, _| {
        moment(arguments, input, Moment::Mean, OTHER)
    }),
    of_histograms("histogram:stddev", "histogram:stddev()", |arguments, input, _| {
        moment(arguments, input, Moment::Stddev, OTHER)
    }),
    of_histograms("histogram:rate", "histogram:rate()", |arguments, input, _| {
        let (counts, _) = moment(arguments, input, Moment::Count, COUNTS)?;
        Ok((Node::Rate(Box::new(counts)), Type::Numbers(Sense::Rates)))
    }),
    of_numbers("rate", "rate()", rate),
    of_numbers("stats:sum", "stats:sum()", |arguments, input, kind| {
        across(arguments, input, kind, Across::Sum)
    }),
    of_numbers("stats:mean", "stats:mean()", |arguments, input, kind| {
        across(arguments, input, kind, Across::Mean)
    }),
    of_numbers("stats:min", "stats:min()", |arguments, input, kind| {
        across(arguments, input, kind, Across::Min)
    }),
    of_numbers("stats:max", "stats:max()", |arguments, input, kind| {
        across(arguments, input, kind, Across::Max)
    }),
    of_numbers("stats:stddev", "stats:stddev()", |arguments, input, kind| {
        across(arguments, input, kind, Across::Stddev)
    }),
    Function {
        name: "group_by",
        form: "group_by(\"route\")",
        takes: Takes::Either,
        build: |arguments, input, kind| match kind {
            Type::Histograms(_) => Ok((merged(input, arguments.tags()?), kind)),
            _ => grouped(arguments, input, kind, Across::Sum),
        },
    },
    of_numbers("group_by:mean", "group_by:mean(\"route\")", |arguments, input, kind| {
        grouped(arguments, input, kind, Across::Mean)
    }),
    of_numbers("group_by:min", "group_by:min(\"route\")", |arguments, input, kind| {
        grouped(arguments, input, kind, Across::Min)
    }),
    of_numbers("group_by:max", "group_by:max(\"route\")", |arguments, input, kind| {
        grouped(arguments, input, kind, Across::Max)
    }),
    of_numbers("group_by:stddev", "group_by:stddev(\"route\")", |arguments, input, kind| {
        grouped(arguments, input, kind, Across::Stddev)
    }),
    of_histograms("window:merge", "window:merge(1h)", |arguments, input, kind| {
        window(arguments, input, kind, Window::Merge)
    }),
    of_numbers("window:sum", "window:sum(1h)", |arguments, input, kind| {
        window(arguments, input, kind, Window::Sum)
    }),
    of_numbers("window:mean", "window:mean(1h)", |arguments, input, kind| {
        window(arguments, input, kind, Window::Mean)
    }),
    of_numbers("window:min", "window:min(1h)", |arguments, input, kind| {
        window(arguments, input, kind, Window::Min)
    }),
    of_numbers("window:max", "window:max(1h)", |arguments, input, kind| {
        window(arguments, input, kind, Window::Max)
    }),
    of_numbers("integrate", "integrate()", |arguments, input, kind| {
        arguments.none()?;
        let is_rate = kind == Type::Numbers(Sense::Rates);
        Ok((Node::Integrate { input: Box::new(input), is_rate }, OTHER))
    }),
    of_numbers("top", "top(10)", |arguments, input, kind| {
        let count = arguments.count()?;
        Ok((Node::Rank { input: Box::new(input), count, is_top: true }, kind))
    }),
    of_numbers("bottom", "bottom(10)", |arguments, input, kind| {
        let count = arguments.count()?;
        Ok((Node::Rank { input: Box::new(input), count, is_top: false }, kind))
    }),
    of_numbers("forecast:linear", "forecast:linear(30d)", |arguments, input, _| {
        let ahead = arguments.span()?;
        Ok((Node::Forecast { input: Box::new(input), ahead }, OTHER))
    }),
    of_numbers("outlier", "outlier()", |arguments, input, _| {
        arguments.none()?;
        Ok((Node::Outlier(Box::new(input)), OTHER))
    }),
];

/// How every function is written, for documents and their tests.
pub fn forms() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.form)
}

/// Whether there is a function of this name, whatever it works on.
pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.iter().any(|function| is_named(function, name))
}

/// `histogram:` and `stats:` may be left out: the input tells them.
fn is_named(function: &Function, name: &str) -> bool {
    let short = function.name.strip_prefix("histogram:").or(function.name.strip_prefix("stats:"));
    function.name == name || short == Some(name)
}

/// The function that a call means.
pub(super) fn resolve(call: &Call, kind: Type) -> Result<&'static Function, Fault> {
    let mut named = FUNCTIONS.iter().filter(|function| is_named(function, &call.name));
    if let Some(function) = named.clone().find(|function| function.takes.accepts(kind)) {
        return Ok(function);
    }
    let message = match named.next() {
        Some(function) if function.takes == Takes::Histograms => {
            format!("{} needs histograms, and its input is numbers", call.name)
        }
        Some(_) => format!("{} needs numbers, and its input is histograms", call.name),
        None => format!("there is no function `{}`", call.name),
    };
    let fitting = FUNCTIONS.iter().filter(|function| function.takes.accepts(kind));
    let names: Vec<_> = fitting.map(|function| function.name).collect();
    Err(Fault::new(call.at, message).expecting(format!("one of {}", names.join(", "))))
}

/// Joining histograms; where nothing was done to them yet, while they are read.
fn merged(input: Node, by: Vec<String>) -> Node {
    match input {
        Node::Find(find) if find.is_ungrouped() => Node::Find(find.grouped(by)),
        input => Node::Merge { input: Box::new(input), by },
    }
}

fn against(
    arguments: &Arguments<'_>,
    input: Node,
    kind: Type,
    question: Question,
    result: Type,
) -> Result<Typed, Fault> {
    let unit = if let Type::Histograms(unit) = kind { unit } else { None };
    let limits = arguments.limits(unit)?;
    Ok((Node::Against { input: Box::new(input), question, limits }, result))
}

fn moment(
    arguments: &Arguments<'_>,
    input: Node,
    moment: Moment,
    result: Type,
) -> Result<Typed, Fault> {
    arguments.none()?;
    Ok((Node::Moment { input: Box::new(input), moment }, result))
}

fn rate(arguments: &Arguments<'_>, input: Node, kind: Type) -> Result<Typed, Fault> {
    arguments.none()?;
    if kind != COUNTS {
        let message = "rate needs counts of each step, and its input is not that";
        return Err(Fault::new(arguments.at(), message)
            .expecting("rate() right behind a counter or a count"));
    }
    Ok((Node::Rate(Box::new(input)), Type::Numbers(Sense::Rates)))
}

fn across(arguments: &Arguments<'_>, input: Node, kind: Type, how: Across) -> Result<Typed, Fault> {
    arguments.none()?;
    Ok(joined(input, kind, how, Vec::new()))
}

fn grouped(
    arguments: &Arguments<'_>,
    input: Node,
    kind: Type,
    how: Across,
) -> Result<Typed, Fault> {
    Ok(joined(input, kind, how, arguments.tags()?))
}

fn joined(input: Node, kind: Type, how: Across, by: Vec<String>) -> Typed {
    let kind = if how == Across::Stddev { OTHER } else { kind };
    match input {
        Node::Find(find)
            if how == Across::Sum && find.is_ungrouped() && find.kind == ValueKind::Counters =>
        {
            (Node::Find(find.grouped(by)), kind)
        }
        input => (Node::Across { input: Box::new(input), how, by }, kind),
    }
}

fn window(arguments: &Arguments<'_>, input: Node, kind: Type, how: Window) -> Result<Typed, Fault> {
    let (span, at) = (arguments.span()?, arguments.at());
    let kind = match how {
        Window::Merge | Window::Sum => kind,
        Window::Mean | Window::Min | Window::Max if kind == COUNTS => OTHER,
        Window::Mean | Window::Min | Window::Max => kind,
    };
    Ok((Node::Window { input: Box::new(input), how, span, at }, kind))
}
