//! The window that is being filled.

use super::group::{Group, GroupKey};
use super::observation::Observation;
use super::sampled::{self, SampleKey};
use super::tally::Tally;
use decoders::output::Sample;
use foldhash::fast::FixedState;
use model::units::CaptureTime;
use model::window::Window;
use std::collections::HashMap;

/// A window's values while they still change often.
#[derive(Clone, Debug, Default)]
pub(super) struct Filling {
    pub(super) start: CaptureTime,
    /// The first nanosecond behind it.
    pub(super) end: CaptureTime,
    pub(super) groups: HashMap<GroupKey, Group, FixedState>,
    pub(super) samples: HashMap<SampleKey, Tally<1>, FixedState>,
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
        self.samples.entry(SampleKey::of(sample)).or_default().record([sampled::ordinal(sample)]);
    }

    /// Lets go of what this window did not use; the rest keeps its room for the next one.
    pub(super) fn retain_used(&mut self) {
        self.groups.retain(|_, group| !group.is_empty());
        self.samples.retain(|_, tally| !tally.is_empty());
    }
}
