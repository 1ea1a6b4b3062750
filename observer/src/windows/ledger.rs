//! The ledger, window by window: what each entry grew by, and how many requests each window began and ended with.

use super::tags::SeriesTable;
use crate::catalog::Catalog;
use decoders::output::LedgerDelta;
use model::batch::Value;
use model::ledger::{Ledger, Requests};
use model::wire::WireId;
use std::collections::BTreeMap;

/// The metrics of a ledger's accounts.
const METRICS: [&str; 3] = ["ledger.requests", "ledger.streams", "ledger.notices"];
/// Entries that are worked out here; an engine knows them of the whole run only.
const CARRIED: [&str; 2] = ["open_before", "open_after"];

/// The series of a wire's ledger, and its requests that are open.
#[derive(Debug, Default)]
struct WireLedger {
    /// By place in [`entries`].
    series: Vec<Option<u32>>,
    carried: [u32; 2],
    open: u64,
}

/// The ledgers of all wires.
#[derive(Debug, Default)]
pub(super) struct LedgerSeries(BTreeMap<WireId, WireLedger>);

impl LedgerSeries {
    /// The series of what grew, and by how much.
    pub(super) fn grown(
        &mut self,
        delta: &LedgerDelta,
        catalog: &Catalog,
        table: &mut SeriesTable,
    ) -> impl Iterator<Item = (u32, u64)> {
        let wire = catalog.label(delta.wire);
        let tagged = |table: &mut SeriesTable, metric, entry| {
            table.tagged(metric, &[("wire", wire), ("entry", entry)])
        };
        let ledger = self.0.entry(delta.wire).or_insert_with(|| WireLedger {
            series: vec![None; entries(&delta.ledger).count()],
            carried: CARRIED.map(|entry| tagged(table, "ledger.requests", entry)),
            open: 0,
        });
        let places = ledger.series.iter_mut().zip(entries(&delta.ledger));
        places.filter(|(_, (_, entry, grown))| *grown > 0 && !CARRIED.contains(entry)).map(
            move |(id, (metric, entry, grown))| {
                (*id.get_or_insert_with(|| tagged(table, metric, entry)), grown)
            },
        )
    }

    /// What the next window says of open requests, given its other values by ascending series. Windows must come in order.
    pub(super) fn carry(&mut self, values: &[(u32, Value)]) -> Vec<(u32, Value)> {
        let grown = |id: u32| {
            let place = values.binary_search_by_key(&id, |&(id, _)| id).ok()?;
            match values.get(place) {
                Some((_, Value::Delta(grown))) => Some(*grown),
                _ => None,
            }
        };
        let (nothing, mut carried) = (Ledger::default(), Vec::new());
        for ledger in self.0.values_mut() {
            let named = ledger.series.iter().zip(entries(&nothing));
            let account = named.filter_map(|(id, (metric, entry, _))| {
                Some((entry, grown((*id)?)?)).filter(|_| metric == "ledger.requests")
            });
            let account = Requests::from_entries(account);
            let before = ledger.open;
            ledger.open = (before + account.started).saturating_sub(account.decided());
            let counts = ledger.carried.into_iter().zip([before, ledger.open]);
            carried.extend(
                counts.filter(|&(_, count)| count > 0).map(|(id, count)| (id, Value::Delta(count))),
            );
        }
        carried
    }
}

/// Metric, entry and count of everything in a ledger.
fn entries(ledger: &Ledger) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
    let [requests, streams, notices] = METRICS;
    let named = |metric| move |(entry, count)| (metric, entry, count);
    let accounts = ledger.requests.entries().map(named(requests));
    let accounts = accounts.chain(ledger.streams.entries().map(named(streams)));
    accounts.chain(ledger.notices.entries().map(named(notices)))
}
