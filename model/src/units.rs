//! Units are types: capture time and spans of it, in integer nanoseconds.

use serde::Serialize;
use std::fmt;
use thiserror::Error;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Capture-clock time, nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CaptureTime(u64);

impl CaptureTime {
    /// The epoch itself; also what captures without a clock carry.
    pub const ZERO: Self = Self(0);
    /// Later than every packet.
    pub const MAX: Self = Self(u64::MAX);

    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From whole seconds and a fraction in nanoseconds; saturates at [`Self::MAX`].
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_seconds(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// `None` where the capture clock stepped back; the caller counts it.
    pub const fn since(self, earlier: Self) -> Option<Nanos> {
        match self.0.checked_sub(earlier.0) {
            Some(nanos) => Some(Nanos(nanos)),
            None => None,
        }
    }

    /// This time and a span later; saturates.
    pub const fn plus(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This time and a span earlier; saturates at the epoch.
    pub const fn minus(self, span: Nanos) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A span of capture time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// From whole seconds; saturates.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// From whole milliseconds; saturates.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From whole microseconds; saturates.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// As seconds, for people and formulas; the integer stays the truth.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// Reads `250us`, `200ms`, `1.5s`, `2m`, `1h`: a decimal and its unit.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let wrong = || SpanError(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
        let scale = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOS_PER_SECOND,
            "m" | "min" => 60 * NANOS_PER_SECOND,
            "h" => 3_600 * NANOS_PER_SECOND,
            "d" => 86_400 * NANOS_PER_SECOND,
            _ => return Err(wrong()),
        };
        parse_decimal(number, scale).map(Self).ok_or_else(wrong)
    }
}

/// `number × scale` as an integer, or `None` where it is not one or does not fit.
fn parse_decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole.checked_mul(scale)?;
    let mut place = scale;
    for digit in fraction.chars() {
        let digit = u64::from(digit.to_digit(10)?);
        if !place.is_multiple_of(10) {
            return if digit == 0 { Some(nanos) } else { None };
        }
        place /= 10;
        nanos = nanos.checked_add(digit * place)?;
    }
    Some(nanos)
}

impl fmt::Display for Nanos {
    /// The shortest exact form: `200ms`, `1.5s`, `250us`, `2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 7] = [
            (86_400 * NANOS_PER_SECOND, "d"),
            (3_600 * NANOS_PER_SECOND, "h"),
            (60 * NANOS_PER_SECOND, "m"),
            (NANOS_PER_SECOND, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        for (scale, unit) in UNITS {
            // Minutes and longer only when whole: "1.5m" reads as metres.
            if self.0 >= scale && (scale <= NANOS_PER_SECOND || self.0.is_multiple_of(scale)) {
                let (whole, rest) = (self.0 / scale, self.0 % scale);
                if rest == 0 {
                    return write!(f, "{whole}{unit}");
                }
                let width = scale.ilog10() as usize;
                let fraction = format!("{rest:0width$}");
                return write!(f, "{whole}.{}{unit}", fraction.trim_end_matches('0'));
            }
        }
        write!(f, "0s")
    }
}

/// A span that could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a span of time: write a number and a unit, as in 250us, 200ms, 1.5s, 5m, 1h")]
pub struct SpanError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print_exactly() {
        for (text, nanos) in [
            ("250us", 250_000),
            ("200ms", 200_000_000),
            ("1.5s", 1_500_000_000),
            ("5m", 300 * NANOS_PER_SECOND),
            ("1h", 3_600 * NANOS_PER_SECOND),
            ("90s", 90 * NANOS_PER_SECOND),
            ("1.000000001s", 1_000_000_001),
        ] {
            assert_eq!(Nanos::parse(text), Ok(Nanos(nanos)), "{text}");
            assert_eq!(Nanos::parse(&Nanos(nanos).to_string()), Ok(Nanos(nanos)), "{text}");
        }
        assert_eq!(Nanos(1_500_000_000).to_string(), "1.5s");
        assert_eq!(Nanos(90 * NANOS_PER_SECOND).to_string(), "90s");
    }

    #[test]
    fn spans_that_are_not() {
        for text in ["", "5", "ms", ".s", "1.5", "1,5s", "-1s", "1.5ns", "99999999999999h", "1..5s"]
        {
            assert!(Nanos::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_span() {
        let (early, late) = (CaptureTime::from_nanos(5), CaptureTime::from_nanos(9));
        assert_eq!(late.since(early), Some(Nanos(4)));
        assert_eq!(early.since(late), None);
    }
}
