//! What came before the windows' length was guessed.

use super::observation::Observation;
use decoders::output::{LedgerDelta, Sample};
use model::units::CaptureTime;

/// So many things are kept before a first guess (20 MiB of transactions): windows that are made finer than they stay
/// cost more than these.
const EARLY_MAX: usize = 1 << 19;

/// Everything that is to be filed, in order.
#[derive(Debug, Default)]
pub(super) struct Early {
    pub(super) observations: Vec<Observation>,
    pub(super) samples: Vec<Sample>,
    pub(super) ledgers: Vec<LedgerDelta>,
}

impl Early {
    pub(super) const fn is_enough(&self) -> bool {
        self.observations.len() >= EARLY_MAX
            || self.samples.len() >= EARLY_MAX
            || self.ledgers.len() >= EARLY_MAX / 8
    }

    /// The earliest and the latest time of anything.
    pub(super) fn span(&self) -> Option<(CaptureTime, CaptureTime)> {
        let times = || {
            let observations = self.observations.iter().map(|observation| observation.at);
            let samples = self.samples.iter().map(|sample| sample.at);
            observations.chain(samples).chain(self.ledgers.iter().map(|delta| delta.at))
        };
        Some((times().min()?, times().max()?))
    }
}
