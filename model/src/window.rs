//! Windows: spans of packet time, aligned to the epoch.

use crate::units::{CaptureTime, NANOS_PER_SECOND, Nanos, SpanError};
use serde::Serialize;
use std::fmt;
use thiserror::Error;

/// A length that divides 60 s, or is whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct WindowLength(Nanos);

const MINUTE: u64 = 60 * NANOS_PER_SECOND;

impl WindowLength {
    /// The observer's default: 10 s.
    pub const DEFAULT: Self = Self(Nanos::from_seconds(10));

    /// One minute.
    pub const MINUTE: Self = Self(Nanos::from_seconds(60));

    /// One hour.
    pub const HOUR: Self = Self(Nanos::from_seconds(3_600));

    /// Each a multiple of the one before, at most five times as long, from 1 ms to 2 days: a length can be
    /// coarsened to the next by merging whole windows.
    pub const LADDER: [Self; 17] = [
        Self(Nanos::from_millis(1)),
        Self(Nanos::from_millis(5)),
        Self(Nanos::from_millis(10)),
        Self(Nanos::from_millis(50)),
        Self(Nanos::from_millis(100)),
        Self(Nanos::from_millis(500)),
        Self(Nanos::from_seconds(1)),
        Self(Nanos::from_seconds(5)),
        Self(Nanos::from_seconds(10)),
        Self(Nanos::from_seconds(30)),
        Self(Nanos::from_seconds(60)),
        Self(Nanos::from_seconds(5 * 60)),
        Self(Nanos::from_seconds(15 * 60)),
        Self(Nanos::from_seconds(3_600)),
        Self(Nanos::from_seconds(4 * 3_600)),
        Self(Nanos::from_seconds(12 * 3_600)),
        Self(Nanos::from_seconds(48 * 3_600)),
    ];

    /// Checks that windows of this length meet the minute.
    pub fn new(length: Nanos) -> Result<Self, WindowError> {
        let whole = length.0 >= MINUTE && length.0.is_multiple_of(MINUTE);
        let part = length.0 != 0 && MINUTE.is_multiple_of(length.0);
        if whole || part { Ok(Self(length)) } else { Err(WindowError::Length(length)) }
    }

    /// Reads `10s`, `1m`, `100ms`.
    pub fn parse(text: &str) -> Result<Self, WindowError> {
        Self::new(Nanos::parse(text)?)
    }

    /// The length.
    pub const fn span(self) -> Nanos {
        self.0
    }

    /// Whether whole windows of a finer length make up windows of this one.
    pub const fn is_multiple_of(self, finer: Self) -> bool {
        self.0.0.is_multiple_of(finer.0.0)
    }

    /// The window that holds a time.
    pub fn window_of(self, time: CaptureTime) -> Window {
        let nanos = time.as_nanos();
        Window { start: CaptureTime::from_nanos(nanos - nanos % self.0.0), length: self }
    }
}

impl fmt::Display for WindowLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One window: `[start, start + length)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Window {
    /// Its first nanosecond, a multiple of its length since the epoch.
    pub start: CaptureTime,
    /// How long it is.
    pub length: WindowLength,
}

impl Window {
    /// The first nanosecond after it.
    pub const fn end(self) -> CaptureTime {
        self.start.plus(self.length.span())
    }
}

/// A window length that cannot be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WindowError {
    /// It does not meet the minute.
    #[error(
        "a window of {0} does not meet the minute: choose one that divides 60s, as 1s, 5s, 10s, or whole minutes"
    )]
    Length(Nanos),
    /// It is not a span.
    #[error(transparent)]
    Span(#[from] SpanError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_meet_the_minute() {
        for text in ["100ms", "1s", "7.5s", "10s", "60s", "5m", "1h", "7m"] {
            assert!(WindowLength::parse(text).is_ok(), "{text}");
        }
        for text in ["0s", "7s", "90s", "61s", "11ms"] {
            assert!(WindowLength::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_ladder_coarsens_by_whole_windows() {
        for pair in WindowLength::LADDER.windows(2) {
            let (fine, coarse) = (pair[0].span().0, pair[1].span().0);
            assert!(coarse % fine == 0 && coarse / fine <= 5, "{fine} {coarse}");
            assert!(WindowLength::new(pair[0].span()).is_ok());
        }
    }

    #[test]
    fn windows_are_aligned_to_the_epoch() {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(1_370_816_555, 14));
        assert_eq!(window.start, CaptureTime::from_parts(1_370_816_550, 0));
        assert_eq!(window.end(), CaptureTime::from_parts(1_370_816_560, 0));
    }
}
