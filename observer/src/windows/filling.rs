//! The window that is being filled: dense histograms.

use super::group::{Group, GroupKey};
use super::observation::Observation;
use decoders::output::{Sample, SampleKind};
use foldhash::fast::FixedState;
use model::histogram::Histogram;
use model::names::NameId;
use model::units::CaptureTime;
use model::window::Window;
use model::wire::WireId;
use std::collections::HashMap;

/// A window's values while they still change often.
#[derive(Debug, Default)]
pub(super) struct Filling {
    pub(super) start: CaptureTime,
    /// The first nanosecond behind it.
    pub(super) end: CaptureTime,
    pub(super) groups: HashMap<GroupKey, Group, FixedState>,
    pub(super) samples: HashMap<(WireId, SampleKind, NameId), Histogram, FixedState>,
}

impl Filling {
    /// The same room for another window.
    pub(super) fn over(self, window: Window) -> Self {
        Self { start: window.start, end: window.end(), ..self }
    }

    #[inline]
    pub(super) fn holds(&self, time: CaptureTime) -> bool {
        self.start <= time && time < self.end
    }

    #[inline]
    pub(super) fn record(&mut self, observation: &Observation) {
        self.groups.entry(observation.key).or_default().record(observation);
    }

    pub(super) fn sample(&mut self, sample: &Sample) {
        let key = (sample.wire, sample.kind, sample.name);
        let histogram = self.samples.entry(key).or_default();
        histogram.record_scaled(sample.value, sample.kind.scale());
    }
}
