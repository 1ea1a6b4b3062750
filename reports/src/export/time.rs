//! Times as other programs write them.

use super::ExportError;
use chrono::{DateTime, SecondsFormat, Utc};
use model::units::CaptureTime;

/// Nanoseconds since the epoch, signed: what Arrow's times are.
pub(super) fn nanos(time: CaptureTime) -> Result<i64, ExportError> {
    i64::try_from(time.as_nanos()).map_err(|_| ExportError::Time)
}

/// RFC 3339, in UTC, with as much of a second as it needs.
pub(super) fn text(time: CaptureTime) -> Result<String, ExportError> {
    let time: DateTime<Utc> = DateTime::from_timestamp_nanos(nanos(time)?);
    Ok(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
