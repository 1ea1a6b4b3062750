//! The words that all of Wirelat shares, in the order in which a packet meets them.
//!
//! No I/O, no clock, no async: bytes and times come in as arguments, values go out.

pub mod flow;
pub mod histogram;
pub mod ledger;
pub mod names;
pub mod protocol;
pub mod series;
pub mod transaction;
pub mod units;

pub mod batch;
pub mod exposition;
pub mod otlp;
pub mod window;
pub mod wire;
pub mod wirelatency;
