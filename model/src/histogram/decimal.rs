//! Exact decimals: what edges and thresholds are made of.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::digits;

/// Beyond this many decimal places on either side, [`Decimal`] is displayed with an exponent.
const PLAIN_PLACES_MAX: i32 = 24;

/// An exact decimal, ±digits · 10^scale, kept without trailing zeros: equal values are equal bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    digits: u64,
    scale: i16,
}

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing there.
    #[error("the number is missing")]
    Empty,
    /// Something that is not a decimal number.
    #[error("not a decimal number: unexpected character at offset {offset}")]
    Unexpected {
        /// Byte offset in the text.
        offset: usize,
    },
    /// More digits than an exact value can hold.
    #[error("the number has more than 19 significant digits or an exponent beyond ±32767")]
    TooPrecise,
}

/// A decimal read from text, with what did not fit cut off toward zero.
pub(super) struct Truncated {
    pub(super) decimal: Decimal,
    /// Whether something was cut off.
    pub(super) inexact: bool,
}

impl Decimal {
    /// Nought.
    pub const ZERO: Self = Self { negative: false, digits: 0, scale: 0 };

    /// digits · 10^scale.
    #[must_use]
    pub fn new(digits: u64, scale: i16) -> Self {
        Self::signed(false, digits, scale)
    }

    pub(super) fn signed(negative: bool, mut digits: u64, mut scale: i16) -> Self {
        if digits == 0 {
            return Self::ZERO;
        }
        while digits.is_multiple_of(10) && scale < i16::MAX {
            digits /= 10;
            scale += 1;
        }
        Self { negative, digits, scale }
    }

    /// Whether this is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// The significant digits as an integer, without trailing zeros.
    #[must_use]
    pub fn digits(self) -> u64 {
        self.digits
    }

    /// The power of ten that [`Self::digits`] is multiplied with.
    #[must_use]
    pub fn scale(self) -> i16 {
        self.scale
    }

    /// floor(log10(|self|)), `None` for zero.
    pub(super) fn magnitude(self) -> Option<i32> {
        Some(i32::from(self.scale) + self.digits.checked_ilog10()? as i32)
    }

    /// The nearest double, ties to even; out of range gives ±infinity or ±0.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let scale = i32::from(self.scale);
        // Doubles hold powers of ten up to 10^22 exactly, and one operation on two exact operands
        // rounds once.
        let size = if self.digits >> f64::MANTISSA_DIGITS == 0 && scale.abs() <= 19 {
            let power = digits::power(scale.unsigned_abs()) as f64;
            if scale < 0 { self.digits as f64 / power } else { self.digits as f64 * power }
        } else {
            let mut text = NumberText::default();
            let _ = write!(text, "{}e{}", self.digits, scale);
            text.as_str().parse().unwrap_or(f64::NAN)
        };
        if self.negative { -size } else { size }
    }

    /// The shortest decimal that reads back as `value`; `None` for NaN and the infinities.
    pub(super) fn shortest(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let mut text = NumberText::default();
        write!(text, "{value:e}").ok()?;
        Self::parse_truncating(text.as_str()).ok().map(|read| read.decimal)
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]`, cutting off toward zero what does not fit.
    pub(super) fn parse_truncating(text: &str) -> Result<Truncated, DecimalError> {
        Reader::new(text).read()
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let read = Self::parse_truncating(text)?;
        if read.inexact { Err(DecimalError::TooPrecise) } else { Ok(read.decimal) }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => compare_size(*self, *other),
            (true, true) => compare_size(*other, *self),
        }
    }
}

fn compare_size(left: Decimal, right: Decimal) -> Ordering {
    left.magnitude().cmp(&right.magnitude()).then_with(|| {
        // Same magnitude: the scales differ by 19 at most, so both sides fit.
        let shared = left.scale.min(right.scale);
        aligned(left, shared).cmp(&aligned(right, shared))
    })
}

fn aligned(value: Decimal, scale: i16) -> u128 {
    let places = (i32::from(value.scale) - i32::from(scale)).unsigned_abs();
    u128::from(value.digits) * u128::from(digits::power(places))
}

impl fmt::Display for Decimal {
    /// Plain (`0.0015`) where that is short, else with an exponent (`11e-129`). Reads back exactly.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            formatter.write_char('-')?;
        }
        let scale = i32::from(self.scale);
        if scale.abs() > PLAIN_PLACES_MAX {
            return write!(formatter, "{}e{scale}", self.digits);
        }
        if scale >= 0 {
            return write!(formatter, "{}{:0<width$}", self.digits, "", width = scale as usize);
        }
        let places = scale.unsigned_abs();
        let (whole, fraction) = match 10_u64.checked_pow(places) {
            Some(unit) => (self.digits / unit, self.digits % unit),
            None => (0, self.digits),
        };
        write!(formatter, "{whole}.{fraction:0>width$}", width = places as usize)
    }
}

/// Reads a decimal number, byte by byte.
struct Reader<'a> {
    text: &'a [u8],
    offset: usize,
    digits: u64,
    /// Grows by one for each digit that did not fit, shrinks by one for each decimal place that did.
    scale: i64,
    inexact: bool,
    any_digit: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        Self { text, offset: 0, digits: 0, scale: 0, inexact: false, any_digit: false }
    }

    fn read(mut self) -> Result<Truncated, DecimalError> {
        if self.text.is_empty() {
            return Err(DecimalError::Empty);
        }
        let negative = self.sign();
        self.mantissa(0);
        if self.take(b'.') {
            self.mantissa(1);
        }
        if !self.any_digit {
            return Err(DecimalError::Unexpected { offset: self.offset });
        }
        if self.take(b'e') || self.take(b'E') {
            self.exponent()?;
        }
        if self.offset < self.text.len() {
            return Err(DecimalError::Unexpected { offset: self.offset });
        }
        let scale = self.scale.clamp(i16::MIN.into(), i16::MAX.into());
        self.inexact |= scale != self.scale && self.digits != 0;
        let decimal = Decimal::signed(negative, self.digits, scale as i16);
        Ok(Truncated { decimal, inexact: self.inexact })
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.offset += usize::from(found);
        found
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.peek().filter(u8::is_ascii_digit)?;
        self.offset += 1;
        Some(digit - b'0')
    }

    fn sign(&mut self) -> bool {
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        negative
    }

    fn mantissa(&mut self, places_per_digit: i64) {
        while let Some(digit) = self.digit() {
            self.any_digit = true;
            let longer =
                self.digits.checked_mul(10).and_then(|ten| ten.checked_add(u64::from(digit)));
            match longer {
                Some(digits) => {
                    self.digits = digits;
                    self.scale -= places_per_digit;
                }
                None => {
                    self.inexact |= digit != 0;
                    self.scale += 1 - places_per_digit;
                }
            }
        }
    }

    fn exponent(&mut self) -> Result<(), DecimalError> {
        let negative = self.sign();
        let first = self.offset;
        let mut exponent = 0_i64;
        while let Some(digit) = self.digit() {
            exponent = exponent.saturating_mul(10).saturating_add(i64::from(digit)).min(1 << 40);
        }
        if self.offset == first {
            return Err(DecimalError::Unexpected { offset: first });
        }
        self.scale += if negative { -exponent } else { exponent };
        Ok(())
    }
}

/// A number as text, on the stack: the longest is a shortest double with sign and exponent, 24 bytes.
#[derive(Default)]
struct NumberText {
    bytes: [u8; 32],
    len: usize,
}

impl NumberText {
    fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|used| str::from_utf8(used).ok()).unwrap_or_default()
    }
}

impl fmt::Write for NumberText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
