//! What one window says of one operation, route and status.

use super::tags::SeriesTable;
use crate::catalog::Catalog;
use model::batch::Value;
use model::histogram::Histogram;
use model::names::NameId;
use model::transaction::{Outcome, Transaction};
use model::units::Nanos;
use model::wire::WireId;

/// What is filed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    wire: WireId,
    operation: NameId,
    name: NameId,
    outcome: Outcome,
    /// HTTP's status class; 0 where there is none.
    class: u8,
}

impl GroupKey {
    pub(super) fn of(transaction: &Transaction) -> Self {
        let class = match transaction.outcome.is_answered() {
            true => transaction.code.status_class().unwrap_or(0),
            false => 0,
        };
        Self {
            wire: transaction.wire,
            operation: transaction.operation,
            name: transaction.name,
            outcome: transaction.outcome,
            class,
        }
    }
}

/// The distributions of a group, in the order of [`METRICS`].
#[derive(Debug, Default)]
pub(super) struct Group {
    count: u64,
    latencies: [Histogram; 5],
    sizes: [Histogram; 2],
}

const LATENCIES: [&str; 5] =
    ["http.total", "http.first_byte", "http.server", "http.request_transfer", "http.response_transfer"];
const SIZES: [&str; 2] = ["http.request_bytes", "http.response_bytes"];

impl Group {
    /// Counts a transaction; times it where it was answered.
    #[inline]
    pub(super) fn record(&mut self, transaction: &Transaction) {
        self.count += 1;
        if !transaction.outcome.is_answered() {
            return;
        }
        let moments = &transaction.moments;
        let spans = [
            moments.total(),
            moments.first_byte(),
            moments.server(),
            moments.request_transfer(),
            moments.response_transfer(),
        ];
        for (histogram, span) in self.latencies.iter_mut().zip(spans) {
            if let Some(Nanos(nanos)) = span {
                histogram.record_nanos(nanos);
            }
        }
        let [request, response] = &mut self.sizes;
        request.record_scaled(transaction.request_bytes, 0);
        response.record_scaled(transaction.response_bytes, 0);
    }

    /// Hands its values on and empties itself, but keeps its room.
    pub(super) fn pack(
        &mut self,
        key: &GroupKey,
        catalog: &Catalog,
        series: &mut SeriesTable,
        out: &mut Vec<(u32, Value)>,
    ) {
        let (wire, method) = (catalog.label(key.wire), catalog.operation(key.wire, key.operation));
        let route = catalog.name(key.wire, key.name);
        let status = STATUS.get(usize::from(key.class)).copied().unwrap_or_default();
        let outcome = key.outcome.name();
        let mut tags = vec![("wire", wire), ("method", method), ("route", route)];
        if !status.is_empty() {
            tags.push(("status", status));
        }
        let histograms = self.latencies.iter_mut().chain(&mut self.sizes);
        for (histogram, metric) in histograms.zip(LATENCIES.into_iter().chain(SIZES)) {
            if !histogram.is_empty() {
                out.push((series.tagged(metric, &tags), Value::Histogram((&*histogram).into())));
                histogram.clear();
            }
        }
        tags.push(("outcome", outcome));
        out.push((series.tagged("http.requests", &tags), Value::Delta(self.count)));
        self.count = 0;
    }
}

const STATUS: [&str; 6] = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];
