//! Thresholds: exact decimals with a unit, as people write them in objectives.

use std::fmt;
use std::str::FromStr;

use super::bin::Bin;
use super::decimal::{Decimal, DecimalError};

/// What a threshold is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Durations.
    Seconds,
    /// Sizes.
    Bytes,
    /// Anything else, without a name.
    Plain,
}

/// An exact value to count against: `200ms`, `1.5s`, `64kB`. Zero, or from 1e-128 to 1e128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threshold {
    value: Decimal,
    unit: Unit,
}

/// Why a text or a number is not a [`Threshold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// The number in front of the unit.
    #[error("{0}")]
    Number(#[from] DecimalError),
    /// A bare number could be seconds or milliseconds: nobody shall have to guess.
    #[error("the unit is missing: write for example 200ms, 1.5s, 2m or 64kB")]
    NoUnit,
    /// An unknown unit.
    #[error("unknown unit: use ns, us, ms, s, m, h, d, or B, kB, MB, GB, TB, KiB, MiB, GiB")]
    UnknownUnit,
    /// Nothing is counted below zero here.
    #[error("a threshold cannot be negative")]
    Negative,
    /// No bin there.
    #[error("the threshold is out of range: use 0, or from 1e-128 to 1e128")]
    OutOfRange,
}

/// A unit as it is written: name, what it measures, factor · 10^scale base units.
struct UnitName(&'static str, Unit, u64, i16);

/// Parsed in any order; displayed with the first that keeps the number at 1 or above, so each
/// decimal family goes down in size.
const UNITS: [UnitName; 18] = [
    UnitName("s", Unit::Seconds, 1, 0),
    UnitName("ms", Unit::Seconds, 1, -3),
    UnitName("us", Unit::Seconds, 1, -6),
    UnitName("ns", Unit::Seconds, 1, -9),
    UnitName("TB", Unit::Bytes, 1, 12),
    UnitName("GB", Unit::Bytes, 1, 9),
    UnitName("MB", Unit::Bytes, 1, 6),
    UnitName("kB", Unit::Bytes, 1, 3),
    UnitName("B", Unit::Bytes, 1, 0),
    UnitName("µs", Unit::Seconds, 1, -6),
    UnitName("μs", Unit::Seconds, 1, -6),
    UnitName("m", Unit::Seconds, 60, 0),
    UnitName("min", Unit::Seconds, 60, 0),
    UnitName("h", Unit::Seconds, 3_600, 0),
    UnitName("d", Unit::Seconds, 86_400, 0),
    UnitName("KiB", Unit::Bytes, 1 << 10, 0),
    UnitName("MiB", Unit::Bytes, 1 << 20, 0),
    UnitName("GiB", Unit::Bytes, 1 << 30, 0),
];

impl Threshold {
    /// A duration.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self { value: Decimal::new(nanos, -9), unit: Unit::Seconds }
    }

    /// A size.
    #[must_use]
    pub fn from_bytes(bytes: u64) -> Self {
        Self { value: Decimal::new(bytes, 0), unit: Unit::Bytes }
    }

    /// value · 10^scale of `unit`'s base unit.
    ///
    /// # Errors
    /// Out of range.
    pub fn from_scaled(value: u64, scale: i8, unit: Unit) -> Result<Self, ThresholdError> {
        Self::checked(Decimal::new(value, scale.into()), unit)
    }

    /// A bare number, for metrics without a unit; [`FromStr`] requires one.
    ///
    /// # Errors
    /// Not a number, negative, or out of range.
    pub fn parse_plain(text: &str) -> Result<Self, ThresholdError> {
        Self::checked(text.trim().parse()?, Unit::Plain)
    }

    fn checked(value: Decimal, unit: Unit) -> Result<Self, ThresholdError> {
        if value.is_negative() {
            return Err(ThresholdError::Negative);
        }
        let first_beyond = Decimal::new(1, 128);
        if Bin::from_decimal(value) == Bin::ZERO && value != Decimal::ZERO || value > first_beyond {
            return Err(ThresholdError::OutOfRange);
        }
        Ok(Self { value, unit })
    }

    /// The value in base units: seconds, bytes.
    #[must_use]
    pub fn value(self) -> Decimal {
        self.value
    }

    /// What the value is measured in.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// The nearest double, in base units.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.value.to_f64()
    }

    /// The bin that this value falls into; `None` at 1e128, above every bin.
    #[must_use]
    pub fn bin(self) -> Option<Bin> {
        Some(Bin::from_decimal(self.value)).filter(|bin| !bin.is_nan())
    }

    /// Whether this is a bin edge: at most two significant digits. Edges are counted exactly.
    #[must_use]
    pub fn is_edge(self) -> bool {
        let (below, above) = self.nearest_edges();
        below == above
    }

    /// The nearest edges at or below, and at or above; the same if this is an edge.
    #[must_use]
    pub fn nearest_edges(self) -> (Self, Self) {
        let edges = self.bin().and_then(|bin| bin.lower_edge().zip(bin.upper_edge()));
        match edges {
            Some((lower, upper)) if lower != self.value => {
                (Self { value: lower, unit: self.unit }, Self { value: upper, unit: self.unit })
            }
            _ => (self, self),
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    /// A number and a unit, with or without a blank between: `200ms`, `1.5 s`, `250us`, `2m`, `64kB`.
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let text = text.trim();
        let number = text.trim_end_matches(char::is_alphabetic);
        let name = text.get(number.len()..).unwrap_or_default();
        let number: Decimal = number.trim_end().parse()?;
        if name.is_empty() {
            return Err(ThresholdError::NoUnit);
        }
        let UnitName(_, unit, factor, scale) =
            UNITS.iter().find(|known| known.0 == name).ok_or(ThresholdError::UnknownUnit)?;
        if number.is_negative() {
            return Err(ThresholdError::Negative);
        }
        let digits = number.digits().checked_mul(*factor).ok_or(DecimalError::TooPrecise)?;
        let scale = number.scale().checked_add(*scale).ok_or(ThresholdError::OutOfRange)?;
        Self::checked(Decimal::new(digits, scale), *unit)
    }
}

impl fmt::Display for Threshold {
    /// The exact value in the largest decimal unit that keeps it at 1 or above; reads back the same.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = || UNITS.iter().filter(|known| known.1 == self.unit && known.2 == 1);
        let fits = |known: &&UnitName| self.value >= Decimal::new(1, known.3);
        let smallest = || family().min_by_key(|known| known.3);
        let chosen = if self.value == Decimal::ZERO {
            family().find(|known| known.3 == 0)
        } else {
            family().find(fits).or_else(smallest)
        };
        let Some(UnitName(name, _, _, scale)) = chosen else {
            return write!(formatter, "{}", self.value);
        };
        let number = Decimal::new(self.value.digits(), self.value.scale().saturating_sub(*scale));
        write!(formatter, "{number}{name}")
    }
}
