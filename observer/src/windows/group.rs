//! What one window says of one operation, name and status.

use super::observation::{Observation, VALUES};
use super::tags::SeriesTable;
use super::tally::Tally;
use crate::catalog::Catalog;
use foldhash::fast::FixedState;
use model::batch::Value;
use model::names::NameId;
use model::protocol::Protocol;
use model::transaction::{Outcome, Transaction};
use model::wire::WireId;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// What is filed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupKey {
    pub(super) wire: WireId,
    operation: NameId,
    name: NameId,
    outcome: Outcome,
    protocol: Protocol,
    /// HTTP's status class; 0 where there is none.
    class: u8,
}

impl GroupKey {
    pub(super) fn of(transaction: &Transaction) -> Self {
        let has_class = transaction.outcome.is_answered()
            && matches!(transaction.protocol, Protocol::Http | Protocol::Http2);
        let class = if has_class { transaction.code.status_class().unwrap_or(0) } else { 0 };
        Self {
            wire: transaction.wire,
            operation: transaction.operation,
            name: transaction.name,
            outcome: transaction.outcome,
            protocol: transaction.protocol,
            class,
        }
    }
}

impl GroupKey {
    /// The status that its series are tagged with: HTTP's class, or whether the answer was an error.
    fn status(&self) -> Option<&'static str> {
        match (self.class, self.outcome) {
            (1, _) => Some("1xx"),
            (2, _) => Some("2xx"),
            (3, _) => Some("3xx"),
            (4, _) => Some("4xx"),
            (5, _) => Some("5xx"),
            (_, Outcome::Ok | Outcome::ClientError | Outcome::ServerError)
                if !matches!(self.protocol, Protocol::Http | Protocol::Http2) =>
            {
                Some(self.outcome.name())
            }
            (_, _) => None,
        }
    }
}

impl Hash for GroupKey {
    /// Whole words: this is done for every transaction.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { wire, outcome, protocol, class, .. } = self;
        let small = [u64::from(wire.0), *outcome as u64, *protocol as u64, u64::from(*class)];
        state.write_u64(small.into_iter().fold(0, |word, part| word << 16 | part));
        state.write_u64((self.operation.index() as u64) << 32 | self.name.index() as u64);
    }
}

/// How many there were of a group, and the distributions of their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    count: u64,
    values: Tally<{ VALUES.len() }>,
}

impl Group {
    /// Counts a transaction, and its values.
    #[inline]
    pub(super) fn record(&mut self, observation: &Observation) {
        self.count += 1;
        if observation.key.outcome.is_answered() {
            self.values.record(observation.bins);
        }
    }

    /// Hands its values on and empties itself, but keeps its room.
    pub(super) fn pack(
        &mut self,
        series: &[u32; SERIES],
        scratch: &mut Vec<u16>,
        out: &mut Vec<(u32, Value)>,
    ) {
        let [requests, distributions @ ..] = series;
        if !self.values.is_empty() {
            self.values.pack(scratch, |place, packed| {
                if let Some(&id) = distributions.get(place).filter(|_| !packed.is_empty()) {
                    out.push((id, Value::Histogram(packed)));
                }
            });
        }
        out.push((*requests, Value::Delta(std::mem::take(&mut self.count))));
    }

    /// Nothing was counted since it was last packed.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Series of a group: the count of its requests, then its distributions.
const SERIES: usize = 1 + VALUES.len();

/// The series of every group that was seen.
#[derive(Debug, Default)]
pub(super) struct GroupSeries(HashMap<GroupKey, [u32; SERIES], FixedState>);

impl GroupSeries {
    /// The numbers of a group's series.
    pub(super) fn of(
        &mut self,
        key: &GroupKey,
        catalog: &Catalog,
        table: &mut SeriesTable,
    ) -> &[u32; SERIES] {
        self.0.entry(*key).or_insert_with(|| {
            let [operation, name] = key.protocol.tags();
            let mut tags = vec![
                ("wire", catalog.label(key.wire)),
                (operation, catalog.operation(key.wire, key.operation)),
                (name, catalog.name(key.wire, key.name)),
            ];
            tags.extend(key.status().map(|status| ("status", status)));
            let mut ids = [0; SERIES];
            let [requests, distributions @ ..] = &mut ids;
            for (id, value) in distributions.iter_mut().zip(VALUES) {
                *id = table.tagged(&format!("{}.{value}", key.protocol), &tags);
            }
            tags.push(("outcome", key.outcome.name()));
            *requests = table.tagged(&format!("{}.requests", key.protocol), &tags);
            ids
        })
    }
}
