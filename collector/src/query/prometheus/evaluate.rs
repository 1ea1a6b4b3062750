//! From cells to values.

use super::catalog::{Family, Field};
use super::lines::{Distributions, Found, Labels, Line};
use super::operators::{aggregate, arithmetic};
use super::plan::{Moment, Over, Reading, Tree};
use super::read::{Cells, Times};
use super::unsupported;
use crate::query::failure::Failure;
use analyzer::query::{Number, Stream, Values, sliding};
use model::exposition::Kind;
use model::histogram::{CompactHistogram, Distribution, QuantileMethod, Threshold, Unit};
use model::series::unit;
use model::units::NANOS_PER_SECOND;
use std::rc::Rc;

/// Works a tree out.
pub(super) struct Evaluator<'a> {
    pub(super) cells: Option<Cells>,
    pub(super) times: &'a Times,
    pub(super) notes: Vec<String>,
}

impl Evaluator<'_> {
    pub(super) fn tree(&mut self, tree: &Tree) -> Result<Found, Failure> {
        match tree {
            Tree::Number(number) => Ok(Found::Number(*number)),
            Tree::Read(reading) => self.read(reading),
            Tree::Quantile { fraction, input } => {
                let of = self.distributions(input, "histogram_quantile")?;
                let quantile = |histogram: &CompactHistogram| match *fraction {
                    fraction if fraction < 0.0 => Some(f64::NEG_INFINITY),
                    fraction if fraction > 1.0 => Some(f64::INFINITY),
                    fraction => histogram.quantile(fraction, QuantileMethod::Type1).ok(),
                };
                Ok(each(&of, |_, histogram| quantile(histogram)))
            }
            Tree::Fraction { low, high, input } => {
                let of = self.distributions(input, "histogram_fraction")?;
                for threshold in [low, high].into_iter().filter(|threshold| !threshold.is_edge()) {
                    let (below, above) = threshold.nearest_edges();
                    self.note(format!("{threshold} cuts a bin in two: its values count as spread evenly; {below} and {above} are exact"));
                }
                let below = |histogram: &CompactHistogram, threshold: &Threshold| {
                    let fraction = histogram.inverse_quantile(*threshold)?;
                    if fraction.is_exact() {
                        return Some(fraction.lower());
                    }
                    histogram.approx_inverse_quantile(threshold.to_f64())
                };
                Ok(each(&of, |_, histogram| Some(below(histogram, high)? - below(histogram, low)?)))
            }
            Tree::Moment { moment, input } => {
                let of = self.distributions(input, "this function")?;
                Ok(each(&of, |place, histogram| match moment {
                    Moment::Count => Some(histogram.count() as f64 / of.divisor(place)),
                    Moment::Sum => Some(histogram.approx_sum() / of.divisor(place)),
                    Moment::Average => histogram.approx_mean(),
                }))
            }
            Tree::Aggregate { how, grouping, input } => {
                aggregate(*how, grouping, self.tree(input)?)
            }
            Tree::Arithmetic { operator, on, left, right } => {
                arithmetic(*operator, on, self.tree(left)?, self.tree(right)?)
            }
        }
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn distributions(&mut self, tree: &Tree, what: &str) -> Result<Distributions, Failure> {
        match self.tree(tree)? {
            Found::Distributions(of) => Ok(of),
            // Nothing was found, so nobody knows of what kind it would be.
            Found::Numbers(lines) if lines.is_empty() => Ok(Distributions {
                lines: Vec::new(),
                divisors: Rc::from([]),
                is_classic: false,
                unit: Unit::Plain,
            }),
            Found::Number(_) | Found::Numbers(_) => Err(Failure::Asked(format!(
                "{what} needs histograms: write it around rate(NAME[5m]) or sum by (…) (rate(NAME[5m])), with the histogram's own name or its _bucket"
            ))),
        }
    }

    fn read(&mut self, reading: &Reading) -> Result<Found, Failure> {
        let Some(cells) = &mut self.cells else { return Ok(Found::Numbers(Vec::new())) };
        let mut found: Option<Found> = None;
        let families = std::mem::take(&mut cells.families);
        for (family, place) in families.iter().zip(cells.finds.clone()) {
            let Some(place) = place else { continue };
            let (values, observed) = cells.inputs.streams(place);
            let length = cells.inputs.grid().step().0;
            let reader = Reader {
                times: self.times,
                reading,
                family,
                length,
                start: cells.inputs.grid().start().as_nanos(),
                observed,
            };
            for (name, field) in family.names() {
                if reading.selector.matches_name(&name) {
                    join(&mut found, reader.read(&name, field, &values)?)?;
                }
            }
        }
        cells.families = families;
        Ok(found.unwrap_or(Found::Numbers(Vec::new())))
    }
}

/// Joins what several families say.
fn join(found: &mut Option<Found>, more: Found) -> Result<(), Failure> {
    match (found, more) {
        (found @ None, more) => *found = Some(more),
        (Some(Found::Numbers(lines)), Found::Numbers(more)) => lines.extend(more),
        (Some(Found::Distributions(of)), Found::Distributions(more)) if of.unit == more.unit => {
            of.lines.extend(more.lines);
        }
        (_, _) => return Err(unsupported("a selector that means metrics of several kinds")),
    }
    Ok(())
}

fn each(of: &Distributions, value: impl Fn(usize, &CompactHistogram) -> Option<f64>) -> Found {
    let line =
        |line: &Line<CompactHistogram>| line.map(|(place, histogram)| value(place, histogram));
    Found::Numbers(of.lines.iter().map(line).collect())
}

/// Makes one family's values at the times that are asked for.
struct Reader<'a> {
    times: &'a Times,
    reading: &'a Reading,
    family: &'a Family,
    /// Of the cells, in nanoseconds.
    length: u64,
    /// Of the first cell.
    start: u64,
    observed: Vec<u64>,
}

impl Reader<'_> {
    fn read(&self, name: &str, field: Field, values: &Values) -> Result<Found, Failure> {
        match (values, self.reading.over) {
            (Values::Numbers(streams), Over::Now) if self.family.kind == Kind::Level => {
                let lines = self.kept(streams).map(|stream| {
                    let newest = sliding(&stream.values, self.width(), |_, newer: &Number| *newer);
                    let mut line =
                        self.at_times(stream, &newest).map(|(_, number)| Some(number.low));
                    line.labels.insert(super::catalog::NAME.to_owned(), name.to_owned());
                    line
                });
                Ok(Found::Numbers(lines.collect()))
            }
            (_, Over::Now) => Err(Failure::Asked(format!(
                "{name} grows: what is kept is by how much in each window; ask for rate({name}[5m]) or increase({name}[5m])"
            ))),
            (_, _) if self.family.kind == Kind::Level => Err(Failure::Asked(format!(
                "{name} is a level: rate and increase are for counters and histograms"
            ))),
            (Values::Numbers(streams), _) => {
                let divisors = self.divisors();
                let add = |one: &f64, two: &f64| one + two;
                let lines = self.kept(streams).map(|stream| {
                    let counts: Vec<_> =
                        stream.values.iter().map(|value| Some(value.as_ref()?.low)).collect();
                    let line = self.at_times(stream, &sliding(&counts, self.width(), add));
                    line.map(|(place, count)| Some(count / divisors.get(place)?))
                });
                Ok(Found::Numbers(lines.collect()))
            }
            (Values::Histograms(streams), _) => self.distributions(streams, field),
        }
    }

    fn distributions(
        &self,
        streams: &[Stream<CompactHistogram>],
        field: Field,
    ) -> Result<Found, Failure> {
        let lines = self.kept(streams).map(|stream| {
            self.at_times(stream, &sliding(&stream.values, self.width(), CompactHistogram::merged))
        });
        let unit = unit(&self.family.metric).unwrap_or(Unit::Plain);
        let is_classic = field == Field::Buckets;
        let of =
            Distributions { lines: lines.collect(), divisors: self.divisors(), is_classic, unit };
        let edge = self.reading.selector.edge.as_deref();
        Ok(match (field, edge) {
            (Field::Count, _) | (Field::Buckets, Some("+Inf")) => {
                each(&of, |place, histogram| Some(histogram.count() as f64 / of.divisor(place)))
            }
            (Field::Sum, _) => {
                each(&of, |place, histogram| Some(histogram.approx_sum() / of.divisor(place)))
            }
            (Field::Buckets, Some(edge)) => {
                let threshold = Threshold::parse_plain(edge)
                    .map_err(|error| Failure::Asked(format!("le: {error}")))?;
                each(&of, |place, histogram| {
                    Some(histogram.count_below(threshold).lower as f64 / of.divisor(place))
                })
            }
            (Field::Whole | Field::Buckets, _) => Found::Distributions(of),
        })
    }

    /// The streams whose labels fit.
    fn kept<'s, V>(&self, streams: &'s [Stream<V>]) -> impl Iterator<Item = &'s Stream<V>> {
        let fits = |stream: &&Stream<V>| {
            let tag = |name: &str| {
                let own = stream.tags.iter().find(|(own, _)| own == name);
                own.map(|(_, value)| &**value)
            };
            self.reading.selector.matches_tags(tag)
        };
        let kept: Vec<_> = streams.iter().filter(fits).collect();
        kept.into_iter()
    }

    /// Cells that a range reaches over.
    fn width(&self) -> usize {
        usize::try_from(self.reading.over.span().0.div_ceil(self.length)).unwrap_or(usize::MAX)
    }

    /// The cell that ends at each time, or last before it.
    fn places(&self) -> impl Iterator<Item = Option<usize>> {
        let (start, length) = (self.start, self.length);
        self.times.all().map(move |time| {
            let cells = time.as_nanos().checked_sub(start)? / length;
            usize::try_from(cells).ok()?.checked_sub(1)
        })
    }

    fn at_times<V: Clone, W>(&self, stream: &Stream<W>, slid: &[Option<V>]) -> Line<V> {
        let labels: Labels = stream.tags.iter().cloned().collect();
        let values = self.places().map(|place| slid.get(place?).cloned().flatten()).collect();
        Line { labels, values }
    }

    /// Rates are per second of what was observed; increases belong to the range that was asked for.
    fn divisors(&self) -> Rc<[f64]> {
        match self.reading.over {
            Over::Now => self.places().map(|_| 1.0).collect(),
            Over::Increase(span) => {
                let rounded = self.width() as f64 * self.length as f64 / span.0 as f64;
                self.places().map(|_| rounded).collect()
            }
            Over::Rate(_) => {
                let nanos: Vec<Option<u64>> = self.observed.iter().copied().map(Some).collect();
                let slid = sliding(&nanos, self.width(), |one, two| one.saturating_add(*two));
                let seconds = |place: Option<usize>| {
                    let nanos = place.and_then(|place| slid.get(place).copied().flatten());
                    nanos.map_or(1.0, |nanos| nanos as f64 / NANOS_PER_SECOND as f64)
                };
                self.places().map(seconds).collect()
            }
        }
    }
}
