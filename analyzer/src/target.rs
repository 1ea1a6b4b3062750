//! The share of requests that must meet the objective, as an exact decimal.

use serde::{Serialize, Serializer};
use std::fmt;
use thiserror::Error;

/// Decimal places that a percentage may have.
const PLACES_MAX: usize = 7;

/// A hundred percent, in the unit of [`Target::share`].
const WHOLE: u32 = 1_000_000_000;

/// A percentage such as 99.9, kept as an integer: a budget in requests must not depend on rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Requests that must meet the objective, of 10⁹.
    share: u32,
}

/// A target that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a target: write a percentage above 0 and below 100 with at most 7 decimal places, as in 99.9"
)]
pub struct TargetError(pub String);

impl Target {
    /// Three nines.
    pub const DEFAULT: Self = Self { share: 999_000_000 };

    /// Reads `99.9` or `99.9%`.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let number = text.strip_suffix('%').unwrap_or(text);
        let share = parse_share(number).filter(|&share| share > 0 && share < WHOLE);
        share.map(|share| Self { share }).ok_or_else(|| TargetError(text.to_owned()))
    }

    /// How many of `requests` may miss the objective: the budget, rounded down.
    pub fn allowed(self, requests: u64) -> u64 {
        let missing = u128::from(WHOLE - self.share);
        u64::try_from(u128::from(requests) * missing / u128::from(WHOLE)).unwrap_or(u64::MAX)
    }

    /// The share that may miss the objective: 0.001 for 99.9 %.
    pub fn allowed_share(self) -> f64 {
        f64::from(WHOLE - self.share) / f64::from(WHOLE)
    }

    /// Requests that must meet the objective, of 10⁹.
    pub const fn per_billion(self) -> u32 {
        self.share
    }
}

/// `99.9` → 999,000,000.
fn parse_share(number: &str) -> Option<u32> {
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(places) || places.len() > PLACES_MAX {
        return None;
    }
    format!("{whole}{places:0<PLACES_MAX$}").parse().ok()
}

impl fmt::Display for Target {
    /// The shortest exact form, without the percent sign: `99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u32.pow(PLACES_MAX as u32);
        let (whole, places) = (self.share / unit, self.share % unit);
        let places = format!("{places:0PLACES_MAX$}");
        match places.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            places => write!(f, "{whole}.{places}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_read_and_print_exactly() {
        for text in ["99.9", "99", "99.99999", "50", "0.5", "99.9999999"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Target::parse("99.90%").unwrap(), Target::DEFAULT);
        for text in ["", "100", "0", "101", "-1", "99,9", "99.99999999", ".5", "9e1", "+9"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn budgets_are_exact() {
        assert_eq!(Target::DEFAULT.allowed(1_204_551), 1_204);
        assert_eq!(Target::DEFAULT.allowed(999), 0);
        assert_eq!(Target::DEFAULT.allowed(1_000), 1, "0.001 × 1000 is one, not 0.9999…");
        assert_eq!(Target::DEFAULT.allowed(u64::MAX), u64::MAX / 1_000);
    }
}
