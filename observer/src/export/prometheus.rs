//! Everything since the start, as Prometheus scrapes it: as text, or as Protocol Buffers with native histograms.
//!
//! Counters and histograms only grow. A window that is revised replaces what it said before, so what the windows said
//! that can still be revised is remembered, and only what they grew by is added.

mod form;
mod native;
mod protobuf;
mod text;

pub use form::Form;

use super::growth::{self, Growth};
use model::batch::{Batch, Value};
use model::exposition::{self, Kind};
use model::histogram::{Histogram, Unit};
use model::series::{self, Series};
use model::units::CaptureTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Series that are kept; each histogram takes some kilobytes. Beyond it values are left out, and counted.
const SERIES_MAX: usize = 20_000;
/// What counts values that were left out.
const OVER_LIMIT: &str = "observer.series_over_limit";
/// What is said of every histogram.
const HELP: &str =
    "Buckets count values less than their edge; the sum is that of the bins' middles.";

/// What was said so far.
#[derive(Debug, Default)]
pub struct Registry {
    totals: BTreeMap<Arc<Series>, Total>,
    said: Growth,
}

/// What a series came to.
#[derive(Clone, Debug)]
enum Total {
    Histogram(Box<Histogram>),
    Counter(u64),
    Level { level: f64, at: CaptureTime },
}

/// All series of one metric.
struct Family<'r> {
    name: String,
    unit: Unit,
    kind: Kind,
    metrics: Vec<(&'r Series, &'r Total)>,
}

impl Registry {
    /// Takes in what a window says; a revision replaces what it said before, and a lower one changes nothing.
    pub fn update(&mut self, batch: Batch) {
        if self.said.revision(&batch).is_some_and(|said| said >= batch.revision) {
            return;
        }
        let mut left_out = 0;
        for (series, value) in &batch.values {
            let is_full = self.totals.len() >= SERIES_MAX;
            let total = match self.totals.get_mut(series) {
                Some(total) => total,
                None if is_full => {
                    left_out += 1;
                    continue;
                }
                None => {
                    let Some(nothing) = Total::nothing_like(value) else { continue };
                    self.totals.entry(Arc::clone(series)).or_insert(nothing)
                }
            };
            let before = self.said.before(&batch, series);
            if let Some(grown) = growth::since(value, before) {
                total.add(&grown, batch.id.window.start);
            }
        }
        let over = self.totals.entry(Arc::new(Series::new(OVER_LIMIT, &[])));
        over.or_insert(Total::Counter(0)).add(&Value::Delta(left_out), batch.id.window.start);
        self.said.settle(batch);
    }

    /// What a scrape gets.
    pub fn render(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Text => text::render(self.families()).into_bytes(),
            Form::Protobuf => protobuf::render(self.families()),
        }
    }

    fn families(&self) -> impl Iterator<Item = Family<'_>> {
        let mut all = self.totals.iter().peekable();
        std::iter::from_fn(move || {
            let (first, total) = all.next()?;
            let mut family = Family::of(first, total);
            let is_same = |(series, _): &(&Arc<Series>, _)| series.metric() == first.metric();
            while let Some((series, total)) = all.next_if(is_same) {
                family.metrics.push((series, total));
            }
            Some(family)
        })
    }
}

impl Total {
    fn nothing_like(value: &Value) -> Option<Self> {
        match value {
            Value::Histogram(_) => Some(Self::Histogram(Box::default())),
            Value::Delta(_) => Some(Self::Counter(0)),
            Value::Gauge(_) => Some(Self::Level { level: 0.0, at: CaptureTime::ZERO }),
            Value::Text(_) => None,
        }
    }

    fn add(&mut self, grown: &Value, start: CaptureTime) {
        match (self, grown) {
            (Self::Histogram(total), Value::Histogram(grown)) => total.merge_compact(grown),
            (Self::Counter(total), Value::Delta(grown)) => *total = total.saturating_add(*grown),
            // An older window that is revised says nothing of now.
            (Self::Level { level, at }, Value::Gauge(gauge)) if start >= *at => {
                (*level, *at) = (gauge.last, start);
            }
            (_, _) => {}
        }
    }
}

impl<'r> Family<'r> {
    fn of(series: &'r Series, total: &'r Total) -> Self {
        let unit = series::unit(series.metric()).unwrap_or(Unit::Seconds);
        let kind = match total {
            Total::Histogram(_) => Kind::Histogram,
            Total::Counter(_) => Kind::Counter,
            Total::Level { .. } => Kind::Level,
        };
        let name = exposition::family(series.metric(), kind);
        Self { name, unit, kind, metrics: vec![(series, total)] }
    }

    fn help(&self) -> Option<&'static str> {
        (self.kind == Kind::Histogram).then_some(HELP)
    }
}

#[cfg(test)]
mod tests;
