//! How long requests have been open: at the end of each window, so that what hangs shows before it is answered.

use super::Engine;
use crate::output::{Sample, SampleKind};
use model::names::NameId;
use model::units::{CaptureTime, Nanos};

/// Ends of windows that are caught up on where no packet came for long. Requests are given up earlier.
const BOUNDARIES_MAX: u64 = 64;

impl Engine {
    /// Tells the ages at each end of a window since this was last asked, up to `now`.
    pub(super) fn tell_ages(&mut self, now: CaptureTime) {
        let Some(Nanos(every)) = self.open_ages_every.filter(|every| every.0 > 0) else { return };
        let newest = now.as_nanos() / every;
        let Some(known) = self.ages_told.replace(newest) else { return };
        if self.context.exchanges.len() == 0 {
            return;
        }
        let first = (known + 1).max(newest.saturating_sub(BOUNDARIES_MAX - 1));
        for boundary in first..=newest {
            self.tell_ages_at(CaptureTime::from_nanos(boundary * every));
        }
    }

    fn tell_ages_at(&mut self, boundary: CaptureTime) {
        for slot in 0..self.flows.bound() {
            let Some(flow) = self.flows.get(slot) else { continue };
            if flow.pairing.open == 0 || flow.over || flow.generation == 0 {
                continue;
            }
            self.context.deadline = Some((boundary, flow.key));
            let kind = SampleKind::OpenAge(self.context.wires.protocol(flow.wire));
            for since in flow.pairing.open_since(&self.context, boundary) {
                let place = self.context.next_place();
                let Some(Nanos(value)) = boundary.since(since) else { continue };
                // The window that ends here has it.
                let at = boundary.minus(Nanos(1));
                let sample = Sample { wire: flow.wire, kind, name: NameId::UNKNOWN, at, value };
                self.context.output.samples.push((place, sample));
            }
        }
    }
}
