//! Rows handed over where they lie: for those who join many and keep none.

use crate::{Store, StoreError, TimeRange};
use futures_util::StreamExt;
use model::batch::{Gauge, Value};
use model::series::{Select, Series};
use model::window::{Window, WindowLength};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a row says, borrowed for a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// The bytes of a compact histogram. They are checked where they are merged.
    Histogram(&'a [u8]),
    /// How much a counter grew.
    Delta(u64),
    /// A level.
    Gauge(Gauge),
    /// A text; what it says has to be scanned.
    Text,
}

/// Takes the rows of several series.
pub trait Visitor: Send {
    /// The rows that follow are of the series at this place among those that were asked for.
    fn series(&mut self, place: usize) -> ControlFlow<()>;

    /// A row of a window, which is one that was written, one rolled up of such, or one of the length that was asked for;
    /// windows ascend and do not overlap. A window can have several histograms and counters, one for each source, run and
    /// pipeline, in any order; of levels there is one for each window of the length that was asked for.
    /// [`ControlFlow::Break`] ends the visit.
    fn row(&mut self, window: Window, row: Raw<'_>) -> ControlFlow<()>;
}

/// A visit by scans, one for each series.
pub(crate) async fn by_scans<S: Store + ?Sized>(
    store: &S,
    series: &[Arc<Series>],
    range: TimeRange,
    (base, length): (WindowLength, WindowLength),
    visitor: &mut dyn Visitor,
) -> Result<(), StoreError> {
    for (place, wanted) in series.iter().enumerate() {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let tags = wanted.tags().map(owned).collect();
        let select = Select { metric: Some(wanted.metric().to_owned()), tags };
        let mut blocks = store.scan_by(&select, range.clone(), base, length).await?;
        let mut flow = visitor.series(place);
        while let Some(block) = blocks.next().await {
            let block = block?;
            // Others can have these tags and more.
            for &(start, ref value) in block.rows.iter().filter(|_| block.series == *wanted) {
                flow = match flow {
                    ControlFlow::Continue(()) => visitor.row(Window { start, length }, raw(value)),
                    ControlFlow::Break(()) => return Ok(()),
                };
            }
        }
        if flow.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn raw(value: &Value) -> Raw<'_> {
    match value {
        Value::Histogram(histogram) => Raw::Histogram(histogram.as_bytes()),
        Value::Delta(grown) => Raw::Delta(*grown),
        Value::Gauge(gauge) => Raw::Gauge(*gauge),
        Value::Text(_) => Raw::Text,
    }
}
