//! The time, for what carries none of its own.

use model::units::CaptureTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
pub fn now() -> CaptureTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    CaptureTime::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
