//! Synthesizes captures of known latencies: TCP connections that speak HTTP/1, any number of them,
//! clean or dirty, with the truth about every request beside them.
//!
//! The same [`Options`] give the same bytes on every machine. Memory grows with the connections that
//! are open at a time, not with the capture.
//!
//! In the order in which things happen: a `workload` plans a request and its answer, the
//! `application` writes them into a `connection`'s `tcp` ends, the `network` carries the
//! segments past the `tap`, which writes them as `frame`s, and the `truth` notes what was
//! captured, and when.
//!
//! The truth is JSON Lines with the fields of `wirelat replay --transactions --raw`. Where the
//! options ask for dirt, each line has `lost`: which of the transaction's bytes are not in the
//! capture. A moment is null where no captured packet carried its byte. Transactions that were over
//! before the capture began have no line.

mod application;
mod connection;
mod exchange;
mod frame;
mod network;
mod options;
mod random;
mod ranges;
mod schedule;
mod simulation;
mod tap;
mod tcp;
mod truth;
mod workload;

pub use options::{BodySizes, Dirt, Options, Precision, Profile};

use model::units::CaptureTime;
use std::io::{self, Write};
use thiserror::Error;

/// Writes a capture and, where asked for, the truth about it. Give buffered writers.
pub fn generate(
    options: &Options,
    capture: impl Write,
    truth: Option<impl Write>,
) -> Result<Summary, SynthError> {
    options.check()?;
    simulation::Simulation::new(options, capture, truth)?.run()
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Packets in the capture.
    pub packets: u64,
    /// Bytes of the capture file.
    pub bytes: u64,
    /// Lines of the truth, asked for or not.
    pub transactions: u64,
    /// Connections, captured or not.
    pub connections: u64,
    /// Time of the first captured packet.
    pub first: Option<CaptureTime>,
    /// Time of the last captured packet.
    pub last: Option<CaptureTime>,
}

/// Why nothing was synthesized.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SynthError {
    /// An option that makes no sense.
    #[error("{option}: {why}")]
    Option {
        /// Which.
        option: &'static str,
        /// What it should be.
        why: &'static str,
    },
    /// The capture could not be written.
    #[error("writing the capture: {0}")]
    Capture(#[source] io::Error),
    /// The truth could not be written.
    #[error("writing the truth: {0}")]
    Truth(#[source] io::Error),
    /// A line of the truth could not be made.
    #[error("writing the truth: {0}")]
    Line(#[from] serde_json::Error),
}
