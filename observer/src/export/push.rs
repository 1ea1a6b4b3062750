//! Sends what is spooled to a collector, in order, until it says that it has it.

use super::spool::{Load, Spool};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;

/// At most so many batches a request, of so many bytes.
const BATCHES_MAX: usize = 64;
const BODY_BYTES_MAX: u64 = 4 << 20;
/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first pause after a failure; each is twice as long as the one before.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Where to send.
#[derive(Clone, Debug)]
pub struct Target {
    /// Of the collector, as in `https://collector.example:8443`.
    pub url: String,
    /// What the collector knows this observer by.
    pub token: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing waited.
    Nothing,
    /// So many batches are the collector's now.
    Taken(usize),
    /// Not now: try again after a pause.
    Later {
        /// What the collector asked for, if it did.
        after: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// The collector will never take this batch: it is given up.
    Refused {
        /// What the collector says.
        reason: String,
    },
}

/// Sends a spool's batches.
#[derive(Debug)]
pub struct Pusher {
    spool: Arc<Mutex<Spool>>,
    target: Target,
    agent: Agent,
    /// After a refusal: one batch at a time, to find the one that is refused.
    singly: usize,
    failures: u32,
}

impl Pusher {
    /// Nothing is sent yet.
    pub fn new(spool: Arc<Mutex<Spool>>, target: Target) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .user_agent(concat!("wirelat/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { spool, target, agent: config.into(), singly: 0, failures: 0 }
    }

    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the oldest that waits. The spool can be appended to meanwhile.
    pub fn send(&mut self) -> io::Result<Sent> {
        let batches_max = if self.singly > 0 { 1 } else { BATCHES_MAX };
        let load = self.spool().load(batches_max, BODY_BYTES_MAX)?;
        let Some(load) = load else { return Ok(Sent::Nothing) };
        let sent = self.post(&load);
        match &sent {
            Sent::Taken(_) => {
                self.spool().settle(&load)?;
                (self.failures, self.singly) = (0, self.singly.saturating_sub(1));
            }
            Sent::Refused { .. } if load.batches > 1 => {
                self.singly = load.batches;
                return self.send();
            }
            Sent::Refused { .. } => {
                self.spool().settle(&load)?;
                self.singly = self.singly.saturating_sub(1);
            }
            Sent::Later { .. } => self.failures = self.failures.saturating_add(1),
            Sent::Nothing => {}
        }
        Ok(sent)
    }

    fn post(&self, load: &Load) -> Sent {
        let url = format!("{}/api/v1/batches", self.target.url.trim_end_matches('/'));
        let mut request = self
            .agent
            .post(&url)
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "zstd");
        if let Some(token) = &self.target.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = match request.send(&load.body[..]) {
            Ok(answer) => answer,
            Err(error) => return Sent::Later { after: None, reason: error.to_string() },
        };
        let status = answer.status();
        if status.is_success() {
            return Sent::Taken(load.batches);
        }
        let after = answer
            .headers()
            .get("retry-after")
            .and_then(|after| after.to_str().ok()?.trim().parse().ok().map(Duration::from_secs));
        let said = answer.body_mut().with_config().limit(SAID_MAX).read_to_string();
        let reason = format!("{status}: {}", said.unwrap_or_default().trim());
        match status {
            // What was sent is wrong, and will be wrong the next time.
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Sent::Refused { reason },
            // All else can be mended where the collector is: a token, a path, room.
            _ => Sent::Later { after, reason },
        }
    }

    /// How long to wait after failures: twice as long each time, and not at the same time as other observers.
    pub fn pause(&self, asked: Option<Duration>) -> Duration {
        let doubled = BACKOFF_FIRST.saturating_mul(1 << self.failures.saturating_sub(1).min(16));
        let full = doubled.min(BACKOFF_MAX).max(asked.unwrap_or_default());
        let jitter = RandomState::new().hash_one(0) % 512;
        full.mul_f64(0.75 + jitter as f64 / 1024.0)
    }
}

/// Bytes of what a collector says that are read.
const SAID_MAX: u64 = 1024;
