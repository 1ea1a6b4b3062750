//! From what was read to the answer.

mod arithmetic;
mod histograms;
mod joining;
mod judge;
mod window;

pub use window::sliding;

use super::inputs::Inputs;
use super::plan::{Node, Window};
use super::stream::{Computed, Streams};
use super::{Answer, Number, Values};
use model::histogram::CompactHistogram;
use std::rc::Rc;

/// Works the nodes out, from the leaves up.
pub(super) struct Evaluator<'a> {
    inputs: &'a Inputs,
    observed: Rc<[u64]>,
    notes: Vec<String>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(inputs: &'a Inputs) -> Self {
        Self { inputs, observed: inputs.observed().into(), notes: Vec::new() }
    }

    pub(super) fn answer(mut self, root: &Node) -> Answer {
        let (grid, lead) = (self.inputs.grid(), self.inputs.lead());
        let streams = match self.node(root) {
            Computed::Histograms(all) => Values::Histograms(cut(all, lead)),
            Computed::Numbers(all) => Values::Numbers(cut(all, lead)),
            // A plan that is a number is refused before.
            Computed::Constant(_) => Values::Numbers(Vec::new()),
        };
        if streams.is_empty() {
            self.note("no series matches: check the metric's name and the tags");
        }
        Answer {
            grid: grid.part(lead..grid.steps()),
            streams,
            coverage: self.inputs.coverage(&self.observed),
            notes: self.notes,
        }
    }

    fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn node(&mut self, node: &Node) -> Computed {
        let observed = Rc::clone(&self.observed);
        match node {
            Node::Constant(value) => Computed::Constant(*value),
            Node::Find(find) if find.is_histograms() => {
                let streams = self.inputs.histograms(find, &observed);
                Computed::Histograms(Streams { streams, observed })
            }
            Node::Find(find) => {
                let streams = self.inputs.numbers(find, &observed);
                Computed::Numbers(Streams { streams, observed })
            }
            Node::Merge { input, by } => {
                Computed::Histograms(joining::merged(&self.histograms(input), by))
            }
            Node::Quantiles { input, percents } => {
                Computed::Numbers(histograms::quantiles(&self.histograms(input), percents))
            }
            Node::Against { input, question, limits } => {
                let input = self.histograms(input);
                let (numbers, inexact) = histograms::against(&input, *question, limits);
                inexact.into_iter().for_each(|note| self.note(note));
                Computed::Numbers(numbers)
            }
            Node::Moment { input, moment } => {
                Computed::Numbers(histograms::moment(&self.histograms(input), *moment))
            }
            Node::Rate(input) => Computed::Numbers(window::rate(&self.numbers(input))),
            Node::Across { input, how, by } => {
                Computed::Numbers(joining::across(&self.numbers(input), *how, by))
            }
            Node::Window { input, how: Window::Merge, span, .. } => {
                Computed::Histograms(window::merged(&self.histograms(input), self.width(span.0)))
            }
            Node::Window { input, how, span, .. } => {
                Computed::Numbers(window::slid(&self.numbers(input), *how, self.width(span.0)))
            }
            Node::Integrate { input, is_rate } => {
                let (input, lead) = (self.numbers(input), self.inputs.lead());
                Computed::Numbers(window::integrated(&input, *is_rate, &observed, lead))
            }
            Node::Rank { input, count, is_top } => {
                let (input, lead) = (self.numbers(input), self.inputs.lead());
                Computed::Numbers(judge::ranked(input, *count, *is_top, lead))
            }
            Node::Forecast { input, ahead } => {
                let (input, lead) = (self.numbers(input), self.inputs.lead());
                let step = self.inputs.grid().step();
                Computed::Numbers(judge::forecast(&input, *ahead, step, lead))
            }
            Node::Outlier(input) => Computed::Numbers(judge::outliers(&self.numbers(input))),
            Node::Arithmetic { operator, left, right } => {
                let (left, right) = (self.node(left), self.node(right));
                let (result, note) = arithmetic::apply(*operator, left, right);
                note.into_iter().for_each(|note| self.note(note));
                result
            }
        }
    }

    /// Steps of a window.
    fn width(&self, span: u64) -> usize {
        usize::try_from(span / self.inputs.grid().step().0).unwrap_or(usize::MAX).max(1)
    }

    /// The plan's types say that it is histograms.
    fn histograms(&mut self, node: &Node) -> Streams<CompactHistogram> {
        match self.node(node) {
            Computed::Histograms(streams) => streams,
            _ => Streams { streams: Vec::new(), observed: Rc::clone(&self.observed) },
        }
    }

    /// The plan's types say that it is numbers.
    fn numbers(&mut self, node: &Node) -> Streams<Number> {
        match self.node(node) {
            Computed::Numbers(streams) => streams,
            _ => Streams { streams: Vec::new(), observed: Rc::clone(&self.observed) },
        }
    }
}

/// Without the steps before the answer's first.
fn cut<V>(all: Streams<V>, lead: usize) -> Vec<super::Stream<V>> {
    let mut streams = all.streams;
    for stream in &mut streams {
        stream.values.drain(..lead.min(stream.values.len()));
    }
    streams
}
