//! What was read so far, stream by stream and step by step.

use super::{InputError, Place};
use crate::query::select::{Find, Group, ValueKind};
use model::batch::Gauge;
use model::histogram::{CompactError, CompactHistogram, Histogram};
use model::series::Series;
use model::units::CaptureTime;
use model::window::Window;
use std::collections::BTreeMap;

/// What one `find` reads.
#[derive(Clone)]
pub(super) struct Read {
    pub(super) find: Find,
    pub(super) by_name: BTreeMap<Named, usize>,
    pub(super) streams: Vec<Cells>,
}

/// A stream's name and tags.
pub(super) type Named = (String, Vec<(String, String)>);

/// What was read so far of a stream, by step.
#[derive(Clone)]
pub(super) enum Cells {
    /// Of one series: packed as soon as a step is over.
    Own(Vec<CompactHistogram>),
    /// Of several series, which come one after the other.
    Shared(Vec<Histogram>),
    Counters(Vec<u64>),
    Gauges(Vec<Option<Level>>),
}

/// The readings of a step, and the end of the newest window that has one.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub(super) gauge: Gauge,
    until: CaptureTime,
}

/// The series that is being read.
pub(super) struct Open {
    pub(super) place: Place,
    pub(super) series: String,
    /// The step that `scratch` holds.
    pub(super) step: usize,
    pub(super) scratch: Histogram,
}

impl Level {
    pub(super) fn of(window: Window, gauge: Gauge) -> Self {
        Self { gauge, until: window.end() }
    }

    /// Segments come one after the other, so a row can be older than what is known.
    pub(super) fn add(&mut self, window: Window, gauge: &Gauge) {
        let last = self.gauge.last;
        self.gauge.merge(gauge);
        if window.end() < self.until {
            self.gauge.last = last;
        }
        self.until = self.until.max(window.end());
    }
}

impl Find {
    /// The name and tags of the stream that a series belongs to.
    pub(super) fn named(&self, series: &Series) -> Named {
        match &self.group {
            Group::Each => {
                let tags = series.tags().map(|(name, value)| (name.to_owned(), value.to_owned()));
                (series.metric().to_owned(), tags.collect())
            }
            Group::By(names) => {
                let tag = |name: &String| Some((name.clone(), series.tag(name)?.to_owned()));
                (self.pattern().to_owned(), names.iter().filter_map(tag).collect())
            }
        }
    }
}

impl Read {
    pub(super) fn cells(&mut self, place: Place) -> Option<&mut Cells> {
        self.streams.get_mut(place.stream)
    }

    /// The same streams over other steps, with nothing in them.
    pub(super) fn emptied(&self, steps: usize) -> Self {
        let Self { find, by_name, streams } = self;
        let streams = streams.iter().map(|_| Cells::new(find, steps)).collect();
        Self { find: find.clone(), by_name: by_name.clone(), streams }
    }
}

impl Cells {
    pub(super) fn new(find: &Find, steps: usize) -> Self {
        match (find.kind, &find.group) {
            (ValueKind::Histograms, Group::Each) => {
                Self::Own(vec![CompactHistogram::default(); steps])
            }
            (ValueKind::Histograms, Group::By(_)) => Self::Shared(vec![Histogram::new(); steps]),
            (ValueKind::Counters, _) => Self::Counters(vec![0; steps]),
            (ValueKind::Gauges(_), _) => Self::Gauges(vec![None; steps]),
        }
    }

    /// Bytes of distributions; the cells themselves are bounded by their number.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Own(steps) => steps.iter().map(|packed| packed.as_bytes().len()).sum(),
            Self::Shared(steps) => steps.iter().map(Histogram::allocated_bytes).sum(),
            Self::Counters(_) | Self::Gauges(_) => 0,
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Own(steps), Self::Own(more)) => steps.extend(more),
            (Self::Shared(steps), Self::Shared(more)) => steps.extend(more),
            (Self::Counters(steps), Self::Counters(more)) => steps.extend(more),
            (Self::Gauges(steps), Self::Gauges(more)) => steps.extend(more),
            (_, _) => {}
        }
    }
}

impl Open {
    /// Hands the step that is over on.
    pub(super) fn pack(&mut self, steps: &mut [CompactHistogram]) {
        let Some(cell) = steps.get_mut(self.step) else { return };
        let packed = CompactHistogram::from(&self.scratch);
        *cell = if cell.is_empty() { packed } else { cell.merged(&packed) };
        self.scratch.clear();
    }

    #[cold]
    pub(super) fn damaged(&self, error: CompactError) -> InputError {
        InputError::Damaged { series: self.series.clone(), error }
    }
}
