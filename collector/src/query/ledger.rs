//! What was lost: read where something was, and what it is measured against only then.

use super::failure::Failure;
use super::segments::Segment;
use analyzer::query::{Entry, Inputs};
use model::series::{Select, Series};
use model::window::Window;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::{Raw, Store, Visitor};

/// Adds the ledgers of the wires that were read.
pub(super) async fn read(
    store: &dyn Store,
    segments: &[Segment],
    inputs: &mut Inputs,
) -> Result<(), Failure> {
    entries(store, segments, inputs, &Entry::LOSSES).await?;
    let (bytes, requests) = inputs.losses();
    if bytes {
        entries(store, segments, inputs, &Entry::BYTES).await?;
    }
    if requests {
        entries(store, segments, inputs, &Entry::REQUESTS).await?;
    }
    Ok(())
}

async fn entries(
    store: &dyn Store,
    segments: &[Segment],
    inputs: &mut Inputs,
    wanted: &[(&str, &str, Entry)],
) -> Result<(), Failure> {
    for (metric, entry, what) in wanted {
        let all = store.series(&Select::metric(metric).with("entry", entry)).await?;
        let is_own = |series: &Arc<Series>| {
            series.tag("wire").is_some_and(|wire| inputs.wires().contains(wire))
        };
        let series: Vec<_> = all.into_iter().filter(is_own).collect();
        for Segment { range, base, length } in segments {
            let mut accounts = Accounts { inputs, what: *what };
            store.visit(&series, range.clone(), *base, *length, &mut accounts).await?;
        }
    }
    Ok(())
}

struct Accounts<'a> {
    inputs: &'a mut Inputs,
    what: Entry,
}

impl Visitor for Accounts<'_> {
    fn series(&mut self, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn row(&mut self, Window { start, .. }: Window, row: Raw<'_>) -> ControlFlow<()> {
        if let Raw::Delta(grown) = row {
            self.inputs.account(self.what, start, grown);
        }
        ControlFlow::Continue(())
    }
}
