//! Times as people and programs write them.

use chrono::DateTime;
use model::units::{CaptureTime, Nanos};

/// A time, or a span before the end of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time.
    At(CaptureTime),
    /// So long before.
    Ago(Nanos),
}

impl Moment {
    /// The time, where `now` is known.
    pub const fn from(self, now: CaptureTime) -> CaptureTime {
        match self {
            Self::At(time) => time,
            Self::Ago(span) => now.minus(span),
        }
    }
}

/// Reads `2026-11-22T10:00:00Z` (RFC 3339), `1795340400`, `1795340400.5` (seconds since the Unix epoch), or `-1h`.
///
/// # Errors
/// Anything else, with what to write.
pub fn parse_moment(text: &str) -> Result<Moment, String> {
    let wrong = || {
        format!(
            "`{text}` is no time: write 2026-11-22T10:00:00Z, seconds since 1970 as 1795340400, or -1h for an hour ago"
        )
    };
    if let Some(span) = text.strip_prefix('-') {
        return Nanos::parse(span).map(Moment::Ago).map_err(|_| wrong());
    }
    if let Ok(Nanos(nanos)) = Nanos::parse(&format!("{}s", to_nanos(text))) {
        return Ok(Moment::At(CaptureTime::from_nanos(nanos)));
    }
    parse_rfc3339(text).map(Moment::At).ok_or_else(wrong)
}

/// Reads `2026-11-22T10:00:00Z`; `None` where it is something else, or a time before 1970.
pub fn parse_rfc3339(text: &str) -> Option<CaptureTime> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let nanos = time.timestamp_nanos_opt().and_then(|nanos| u64::try_from(nanos).ok());
    nanos.map(CaptureTime::from_nanos)
}

/// Decimal places beyond nanoseconds are cut: programs write floating point.
fn to_nanos(seconds: &str) -> &str {
    let end = seconds.find('.').map_or(seconds.len(), |point| (point + 10).min(seconds.len()));
    seconds.get(..end).unwrap_or(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read() {
        let at = |nanos| Ok(Moment::At(CaptureTime::from_nanos(nanos)));
        assert_eq!(parse_moment("1795340400"), at(1_795_340_400_000_000_000));
        assert_eq!(parse_moment("1795340400.5"), at(1_795_340_400_500_000_000));
        assert_eq!(parse_moment("1.00000000099999"), at(1_000_000_000));
        assert_eq!(parse_moment("1970-01-01T00:00:01.25Z"), at(1_250_000_000));
        assert_eq!(parse_moment("1970-01-01T02:00:00+02:00"), at(0));
        assert_eq!(parse_moment("-1h"), Ok(Moment::Ago(Nanos::from_seconds(3_600))));
        for text in
            ["", "now", "-", "-1", "1e9", "1969-12-31T23:59:59Z", "2026-11-22", "1.5.5", "é"]
        {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }
}
