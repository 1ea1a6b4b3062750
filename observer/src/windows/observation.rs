//! What windows need of a transaction: where it is filed, and the bins of its values.

use super::group::GroupKey;
use model::histogram::Bin;
use model::transaction::Transaction;
use model::units::{CaptureTime, Nanos};

/// Latencies of a transaction, in the order of [`Observation::ordinals`].
pub(super) const LATENCIES: [&str; 5] = [
    "http.total",
    "http.first_byte",
    "http.server",
    "http.request_transfer",
    "http.response_transfer",
];
/// Sizes of a transaction, behind its latencies.
pub(super) const SIZES: [&str; 2] = ["http.request_bytes", "http.response_bytes"];

/// Values of a transaction.
pub(super) const VALUES: usize = LATENCIES.len() + SIZES.len();

/// A transaction as it is filed: a fifth of its size, since many are kept before the windows' length is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    pub(super) at: CaptureTime,
    pub(super) key: GroupKey,
    bins: [u16; VALUES],
}

/// No value: no bin has this number.
const NO_VALUE: u16 = u16::MAX;

impl Observation {
    /// Only what was answered has values.
    #[inline]
    pub(super) fn of(transaction: &Transaction) -> Self {
        let mut bins = [NO_VALUE; VALUES];
        if transaction.outcome.is_answered() {
            let moments = &transaction.moments;
            let nanos = |span: Option<Nanos>| {
                span.map_or(NO_VALUE, |Nanos(nanos)| Bin::from_nanos(nanos).ordinal())
            };
            let bytes = |size: Option<u64>| {
                size.map_or(NO_VALUE, |bytes| Bin::from_scaled(bytes, 0).ordinal())
            };
            bins = [
                nanos(moments.total()),
                nanos(moments.first_byte()),
                nanos(moments.server()),
                nanos(moments.request_transfer()),
                nanos(moments.response_transfer()),
                bytes(transaction.request_bytes),
                bytes(transaction.response_bytes),
            ];
        }
        Self { at: transaction.filed_at(), key: GroupKey::of(transaction), bins }
    }

    /// The bin of each value that there is, by ordinal.
    #[inline]
    pub(super) fn ordinals(&self) -> impl Iterator<Item = Option<u16>> {
        self.bins.iter().map(|&ordinal| (ordinal != NO_VALUE).then_some(ordinal))
    }
}
