//! What is known of the last windows: windows in, rows and columns out. No clock and no terminal: times come with what is
//! said.

mod said;
mod summary;

pub use summary::{Row, Summary};

use analyzer::timeline::merged;
use model::batch::{Batch, BatchId};
use model::histogram::{CompactHistogram, Distribution, Threshold};
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use said::{Names, Said};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Windows that are kept: two hours of 10 s. Older ones are forgotten.
const WINDOWS_MAX: usize = 720;
/// Routes in all of them together, each with its distribution.
const ROUTES_MAX: usize = 200_000;

/// What a row is about: a route of a wire, or all of the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// As in `http:8080`.
    pub wire: Arc<str>,
    /// Operation and name, as in `GET /login`; `None` for all of the wire.
    pub route: Option<Arc<str>>,
}

/// The last windows.
#[derive(Clone, Default)]
pub struct State {
    windows: BTreeMap<BatchId, Arc<Said>>,
    names: Names,
    now: CaptureTime,
}

impl State {
    /// Takes in what was said until `at`. A higher revision replaces what was said of a window before.
    pub fn take(&mut self, batches: Vec<Batch>, at: CaptureTime) {
        self.now = self.now.max(at);
        for batch in batches {
            let known = self.windows.get(&batch.id).map(|said| said.revision);
            if known.is_none_or(|known| known < batch.revision) {
                let said = Said::of(&batch, &mut self.names);
                self.windows.insert(batch.id, Arc::new(said));
            }
        }
        while self.windows.len() > WINDOWS_MAX || self.routes() > ROUTES_MAX {
            let oldest = self.windows.keys().min_by_key(|id| id.window.start).cloned();
            let Some(oldest) = oldest else { break };
            self.windows.remove(&oldest);
        }
    }

    fn routes(&self) -> usize {
        self.windows.values().map(|said| said.routes.len()).sum()
    }

    /// Until when something was said.
    pub const fn now(&self) -> CaptureTime {
        self.now
    }

    /// The length of the newest window.
    pub fn length(&self) -> Option<WindowLength> {
        let newest = self.windows.keys().max_by_key(|id| id.window.start);
        newest.map(|id| id.window.length)
    }

    /// Who is heard.
    pub fn sources(&self) -> Vec<String> {
        let mut sources: Vec<&str> = self.windows.keys().map(|id| &*id.source).collect();
        sources.dedup();
        sources.into_iter().map(said::printable).collect()
    }

    /// All rows over the last `span`, by wire and route.
    pub fn summary(&self, span: Nanos, objective: Option<Threshold>) -> Summary {
        let since = self.now.minus(span);
        let recent = self.windows.iter().filter(|(id, _)| id.window.end() > since);
        Summary::of(&recent.collect::<Vec<_>>(), &self.windows, self.now, objective)
    }

    /// Latencies of a subject in `columns` columns of `length` each, the last one with now in it; `None` where no window is
    /// known.
    pub fn columns(
        &self,
        subject: &Subject,
        columns: usize,
        length: Nanos,
    ) -> Vec<Option<CompactHistogram>> {
        let length = length.0.max(1);
        let last = self.now.as_nanos() / length;
        let mut all: Vec<Option<Vec<&CompactHistogram>>> = vec![None; columns];
        for (BatchId { window: Window { start, .. }, .. }, said) in &self.windows {
            let Some(back) = last.checked_sub(start.as_nanos() / length) else { continue };
            let place = usize::try_from(back).ok().and_then(|back| columns.checked_sub(back + 1));
            let Some(column) = place.and_then(|place| all.get_mut(place)) else { continue };
            column.get_or_insert_default().extend(said.latencies(subject));
        }
        all.into_iter().map(|column| Some(merged(column?.into_iter()))).collect()
    }
}

/// How many took as long as the objective or longer: at least and at most.
fn over(times: &CompactHistogram, objective: Threshold) -> (u64, u64) {
    let bounds = times.count_at_or_above(objective);
    (bounds.lower, bounds.upper)
}

#[cfg(test)]
mod tests;
