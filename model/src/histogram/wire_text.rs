//! The strings that circonus clients send: `["H[1.2e-03]=4", …]`.

use super::bin::Bin;
use super::decimal::{Decimal, DecimalError};
use super::dense::Histogram;

/// Why a string is no histogram entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Neither `H[value]=count` nor a number.
    #[error("histogram entry {entry:?} is neither H[value]=count nor a number")]
    Shape {
        /// The entry, shortened.
        entry: String,
    },
    /// The value is not a number.
    #[error("histogram entry {entry:?}: {error}")]
    Value {
        /// The entry, shortened.
        entry: String,
        /// What is wrong with its value.
        error: DecimalError,
    },
    /// The count is not an integer of 64 bits.
    #[error("histogram entry {entry:?} has no count from 0 to 18446744073709551615")]
    Count {
        /// The entry, shortened.
        entry: String,
    },
}

/// Characters of a bad entry that an error repeats.
const ENTRY_SHOWN_MAX: usize = 40;

impl Histogram {
    /// One string per bin, ascending: `H[1.2e-03]=4`, the value being the edge nearer to zero.
    #[must_use]
    pub fn to_strings(&self) -> Vec<String> {
        self.iter().map(|(bin, count)| format!("H[{bin}]={count}")).collect()
    }

    /// Reads such strings, in any order; a bin that comes twice is added up. A number alone, as
    /// HTTPTrap takes it, is one value.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn from_strings<T: AsRef<str>>(
        entries: impl IntoIterator<Item = T>,
    ) -> Result<Self, TextError> {
        entries.into_iter().map(|entry| parse_entry(entry.as_ref())).collect()
    }
}

/// Reads `H[value]=count` or a number.
fn parse_entry(entry: &str) -> Result<(Bin, u64), TextError> {
    let shown = || entry.chars().take(ENTRY_SHOWN_MAX).collect::<String>();
    let text = entry.trim_ascii();
    let (value, count) = match text.strip_prefix("H[") {
        Some(rest) => {
            let (value, count) =
                rest.split_once("]=").ok_or_else(|| TextError::Shape { entry: shown() })?;
            let count = count.trim_ascii().parse();
            (value.trim_ascii(), count.map_err(|_| TextError::Count { entry: shown() })?)
        }
        None if text
            .starts_with(|first: char| first.is_ascii_digit() || "+-.nN".contains(first)) =>
        {
            (text, 1)
        }
        None => return Err(TextError::Shape { entry: shown() }),
    };
    let bin = parse_bin(value).map_err(|error| TextError::Value { entry: shown(), error })?;
    Ok((bin, count))
}

/// The bin of a value in text, without a detour over floating point.
fn parse_bin(value: &str) -> Result<Bin, DecimalError> {
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    if ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name)) {
        return Ok(Bin::NAN);
    }
    // Cutting off toward zero is what binning does anyway.
    Decimal::parse_truncating(value).map(|read| Bin::from_decimal(read.decimal))
}
