//! Histograms whose bins end on decimals that people write in objectives.
//!
//! Circllhist (OpenHistogram): a bin is a sign, two decimal digits and a power of ten, 90 bins per
//! decade. Merging is exact, counting against a two-digit threshold is exact, and a bin's midpoint
//! is at most 4.76 % away from any value in the bin.
//!
//! Values are in base units: seconds, bytes. Record integers ([`Histogram::record_nanos`],
//! [`Histogram::record_scaled`]); floating point is for foreign input only.
//!
//! Source: OpenHistogram, "Histogram internals" and the header of libcircllhist. Where that library
//! is at fault (NaN counted as slow, moments divided by N^k, bin order unchecked) this one differs.

mod bin;
mod compact;
mod count;
mod decimal;
mod dense;
mod digits;
mod distribution;
mod quantile;
mod serde_forms;
mod threshold;
mod varint;
mod wire_binary;
mod wire_text;

pub use bin::Bin;
pub use compact::{CompactBins, CompactError, CompactHistogram};
pub use count::{CountBounds, FractionBelow};
pub use decimal::{Decimal, DecimalError};
pub use dense::Histogram;
pub use distribution::Distribution;
pub use quantile::{QuantileError, QuantileMethod};
pub use threshold::{Threshold, ThresholdError, Unit};
pub use wire_binary::WireError;
pub use wire_text::TextError;
