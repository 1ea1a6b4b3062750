//! What windows need of a transaction: where it is filed, and the bins of its values.

use super::group::GroupKey;
use super::tally::NO_VALUE;
use model::histogram::Bin;
use model::transaction::Transaction;
use model::units::{CaptureTime, Nanos};

/// The values of a transaction, in the order of [`Observation::bins`]; behind the protocol's name they are metrics:
/// `http.total`.
pub(super) const VALUES: [&str; 9] = [
    "total",
    "first_byte",
    "server",
    "request_transfer",
    "response_transfer",
    "request_bytes",
    "response_bytes",
    "response_rows",
    "messages",
];

/// A transaction as it is filed: a fifth of its size, since many are kept before the windows' length is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    pub(super) at: CaptureTime,
    pub(super) key: GroupKey,
    /// The bin of each value, by ordinal.
    pub(super) bins: [u16; VALUES.len()],
}

impl Observation {
    /// Only what was answered has values.
    #[inline]
    pub(super) fn of(transaction: &Transaction) -> Self {
        let mut bins = [NO_VALUE; VALUES.len()];
        if transaction.outcome.is_answered() {
            let moments = &transaction.moments;
            let nanos = |span: Option<Nanos>| {
                span.map_or(NO_VALUE, |Nanos(nanos)| Bin::from_nanos(nanos).ordinal())
            };
            let count = |count: Option<u64>| {
                count.map_or(NO_VALUE, |count| Bin::from_scaled(count, 0).ordinal())
            };
            bins = [
                nanos(moments.total()),
                nanos(moments.first_byte()),
                nanos(moments.server()),
                nanos(moments.request_transfer()),
                nanos(moments.response_transfer()),
                count(transaction.request_bytes),
                count(transaction.response_bytes),
                count(transaction.rows),
                count(transaction.messages),
            ];
        }
        Self { at: transaction.filed_at(), key: GroupKey::of(transaction), bins }
    }
}
