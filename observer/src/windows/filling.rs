//! The window that is being filled: dense histograms.

use super::group::{Group, GroupKey};
use decoders::output::{Sample, SampleKind};
use foldhash::fast::FixedState;
use model::histogram::Histogram;
use model::transaction::Transaction;
use model::units::CaptureTime;
use model::wire::WireId;
use std::collections::HashMap;

/// A window's values while they still change often.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) start: CaptureTime,
    pub(super) groups: HashMap<GroupKey, Group, FixedState>,
    pub(super) samples: HashMap<(WireId, SampleKind), Histogram, FixedState>,
}

impl Filling {
    pub(super) fn new(start: CaptureTime) -> Self {
        Self { start, groups: HashMap::default(), samples: HashMap::default() }
    }

    #[inline]
    pub(super) fn record(&mut self, transaction: &Transaction) {
        self.groups.entry(GroupKey::of(transaction)).or_default().record(transaction);
    }

    pub(super) fn sample(&mut self, sample: &Sample) {
        self.samples.entry((sample.wire, sample.kind)).or_default().record_nanos(sample.span.0);
    }
}
