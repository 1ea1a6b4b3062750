//! The histogram through its public interface: published tables, oracles, properties.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod bins;
mod compact;
mod counting;
mod dense;
mod quantiles;
mod support;
mod thresholds;
mod wire;
