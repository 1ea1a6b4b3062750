//! Synthetic captures, and what is true of them.

mod judge;
mod tally;

pub(crate) use judge::Judge;
pub(crate) use tally::{Fate, Tally};

use serde::Deserialize;
use std::path::{Path, PathBuf};
use synth::{Dirt, Options};

use super::found::Moments;

/// A line of the truth.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Truth {
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) operation: String,
    pub(crate) target: String,
    pub(crate) outcome: String,
    pub(crate) code: Option<String>,
    request_first_ns: Option<u64>,
    request_last_ns: Option<u64>,
    response_first_ns: Option<u64>,
    response_last_ns: Option<u64>,
    pub(crate) first_byte_ns: Option<u64>,
    pub(crate) total_ns: Option<u64>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    #[serde(default)]
    pub(crate) lost: Lost,
}

/// What of a transaction is not in the capture.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Lost {
    pub(crate) request_head: bool,
    pub(crate) response_head: bool,
    pub(crate) any: bool,
    /// Of a head, a chunk's length or a trailer.
    pub(crate) framing: bool,
    pub(crate) truncated: bool,
    pub(crate) close: bool,
}

impl Truth {
    pub(crate) fn moments(&self) -> Moments {
        [self.request_first_ns, self.request_last_ns, self.response_first_ns, self.response_last_ns]
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.outcome != "unanswered"
    }
}

impl Lost {
    /// Bytes of it are not in the file.
    pub(crate) fn something(&self) -> bool {
        self.any || self.truncated || self.close
    }
}

/// A capture and its truth.
pub(crate) struct Synthetic {
    pub(crate) capture: Vec<u8>,
    pub(crate) truth: Vec<Truth>,
}

impl Synthetic {
    pub(crate) fn new(options: &Options) -> Self {
        let (mut capture, mut truth) = (Vec::new(), Vec::new());
        synth::generate(options, &mut capture, Some(&mut truth)).unwrap();
        let lines = truth.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let truth = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        Self { capture, truth }
    }

    /// Writes the capture to where a person can look at it.
    pub(crate) fn keep(&self, name: &str) -> PathBuf {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace(' ', "_") + ".pcap");
        std::fs::write(&path, &self.capture).unwrap();
        path
    }
}

/// Busy enough for surprises, on few connections.
pub(crate) fn busy(transactions: u64, seed: u64, dirt: Dirt) -> Options {
    Options {
        transactions,
        seed,
        connections: 100,
        unanswered_share: 0.01,
        decoys: true,
        dirt,
        ..Options::default()
    }
}
