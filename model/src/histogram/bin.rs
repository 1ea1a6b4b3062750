//! One bin: what it holds, where it ends, which value falls into it.

use std::fmt;

use super::decimal::Decimal;
use super::digits;

/// Bins per decade: mantissas 10..=99.
pub(super) const PER_DECADE: u16 = 90;
/// The smallest exponent of a bin.
const EXPONENT_MIN: i32 = i8::MIN as i32;
/// The largest exponent of a bin.
const EXPONENT_MAX: i32 = i8::MAX as i32;
/// Bins of one sign.
const PER_SIGN: u16 = PER_DECADE * 256;
/// Place of the zero bin: after the NaN bin and all negative bins.
const ZERO_ORDINAL: u16 = 1 + PER_SIGN;
/// Place of the last bin, 9.9e127.
pub(super) const ORDINAL_MAX: u16 = ZERO_ORDINAL + PER_SIGN;

/// A circllhist bin.
///
/// A positive bin holds [lo, hi) with lo = mantissa/10 · 10^exponent, mantissa 10..=99, and hi one
/// tenth of the decade further; a negative bin is its mirror (hi, lo]. The zero bin holds 0 and
/// everything closer to it than 1e-128. The NaN bin holds what is not a number or 1e128 and beyond:
/// it is never counted as slow or fast.
///
/// Ordered by value, the NaN bin first, as libcircllhist writes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bin(u16);

/// A bin that is neither zero nor NaN, taken apart.
#[derive(Clone, Copy)]
struct Parts {
    negative: bool,
    /// 10..=99.
    two: u16,
    exponent: i32,
}

impl Bin {
    /// The bin of NaN, of infinities and of what is too large for any other bin.
    pub const NAN: Self = Self(0);
    /// The bin of 0.
    pub const ZERO: Self = Self(ZERO_ORDINAL);
    /// The bin furthest below zero.
    pub const MIN: Self = Self(1);
    /// The bin furthest above zero, [9.9e127, 1e128).
    pub const MAX: Self = Self(ORDINAL_MAX);

    /// The bin with this mantissa and exponent, as they are written on the wire; `None` if the pair
    /// names no bin. NaN is (-1, 0), zero is (0, 0).
    #[must_use]
    pub fn new(mantissa: i8, exponent: i8) -> Option<Self> {
        match (mantissa, exponent) {
            (0, 0) => Some(Self::ZERO),
            (-1, 0) => Some(Self::NAN),
            _ => {
                let two = u16::from(mantissa.unsigned_abs());
                (10..=99).contains(&two).then(|| {
                    Self::assemble(Parts { negative: mantissa < 0, two, exponent: exponent.into() })
                })
            }
        }
    }

    /// The bin of a duration in nanoseconds, as seconds.
    #[must_use]
    #[inline]
    pub fn from_nanos(nanos: u64) -> Self {
        Self::from_scaled(nanos, -9)
    }

    /// The bin of value · 10^scale: scale −9 for nanoseconds, 0 for bytes. Exact.
    #[must_use]
    #[inline]
    pub fn from_scaled(value: u64, scale: i8) -> Self {
        Self::from_signed(false, value, scale.into())
    }

    /// The bin of an exact decimal.
    #[must_use]
    pub fn from_decimal(value: Decimal) -> Self {
        Self::from_signed(value.is_negative(), value.digits(), value.scale().into())
    }

    /// The bin of a double, read as the shortest decimal that stands for it: 0.29 lands in
    /// [0.29, 0.30) although the double is a little less. NaN and infinities give [`Bin::NAN`].
    #[must_use]
    pub fn from_f64(value: f64) -> Self {
        Self::from_f64_between_edges(value).unwrap_or_else(|| Self::from_f64_exact(value))
    }

    fn from_f64_exact(value: f64) -> Self {
        Decimal::shortest(value).map_or(Self::NAN, Self::from_decimal)
    }

    /// By floating point, where that is certain: not near an edge.
    fn from_f64_between_edges(value: f64) -> Option<Self> {
        let size = value.abs();
        if !(1e-127..1e127).contains(&size) {
            return None;
        }
        let binary_exponent = (size.to_bits() >> (f64::MANTISSA_DIGITS - 1)) as i32 - 1023;
        // At most one too low: the rest of the double is less than a factor of two.
        let mut exponent = (f64::from(binary_exponent) * std::f64::consts::LOG10_2).floor() as i32;
        let mut scaled = size / unit(exponent);
        if scaled >= 100.0 {
            exponent += 1;
            scaled /= 10.0;
        }
        let from_edge = (scaled - scaled.round()).abs();
        // Three roundings of numbers up to 200 err by less than 1e-13.
        let certain = from_edge > 1e-9 && scaled > 10.0 && scaled < 100.0;
        let parts = Parts { negative: value < 0.0, two: scaled as u16, exponent };
        certain.then(|| Self::assemble(parts))
    }

    #[inline]
    fn from_signed(negative: bool, value: u64, scale: i32) -> Self {
        let Some(leading) = digits::leading(value) else { return Self::ZERO };
        let exponent = leading.magnitude as i32 + scale;
        match exponent {
            ..EXPONENT_MIN => Self::ZERO,
            EXPONENT_MIN..=EXPONENT_MAX => {
                Self::assemble(Parts { negative, two: leading.two as u16, exponent })
            }
            _ => Self::NAN,
        }
    }

    #[inline]
    fn assemble(parts: Parts) -> Self {
        let rank = (parts.exponent - EXPONENT_MIN) as u16 * PER_DECADE + parts.two - 10;
        Self(if parts.negative { ZERO_ORDINAL - 1 - rank } else { ZERO_ORDINAL + 1 + rank })
    }

    fn parts(self) -> Option<Parts> {
        if self == Self::ZERO || self == Self::NAN {
            return None;
        }
        let negative = self < Self::ZERO;
        let rank = self.0.abs_diff(ZERO_ORDINAL) - 1;
        let exponent = i32::from(rank / PER_DECADE) + EXPONENT_MIN;
        Some(Parts { negative, two: rank % PER_DECADE + 10, exponent })
    }

    /// The bin's place in the order of all bins: NaN is 0, [`Bin::MAX`] is 46,081.
    #[must_use]
    pub const fn ordinal(self) -> u16 {
        self.0
    }

    /// The bin at this place, if there is one.
    #[must_use]
    pub const fn from_ordinal(ordinal: u16) -> Option<Self> {
        if ordinal <= ORDINAL_MAX { Some(Self(ordinal)) } else { None }
    }

    /// The two leading digits with their sign, ±10..=±99; 0 for the zero bin, −1 for NaN.
    #[must_use]
    pub fn mantissa(self) -> i8 {
        match self.parts() {
            Some(parts) if parts.negative => -(parts.two as i8),
            Some(parts) => parts.two as i8,
            None if self.is_nan() => -1,
            None => 0,
        }
    }

    /// The power of ten that mantissa/10 is multiplied with; 0 for zero and NaN.
    #[must_use]
    pub fn exponent(self) -> i8 {
        self.parts().map_or(0, |parts| parts.exponent as i8)
    }

    /// Whether this is the NaN bin.
    #[must_use]
    pub fn is_nan(self) -> bool {
        self == Self::NAN
    }

    /// The exact edge toward −∞: inside a positive bin, outside a negative one. `None` for NaN.
    #[must_use]
    pub fn lower_edge(self) -> Option<Decimal> {
        self.edge(0, 1)
    }

    /// The exact edge toward +∞: outside a positive bin, inside a negative one. `None` for NaN.
    #[must_use]
    pub fn upper_edge(self) -> Option<Decimal> {
        self.edge(1, 0)
    }

    fn edge(self, positive_step: u16, negative_step: u16) -> Option<Decimal> {
        let Some(parts) = self.parts() else {
            return (!self.is_nan()).then_some(Decimal::ZERO);
        };
        let step = if parts.negative { negative_step } else { positive_step };
        let scale = (parts.exponent - 1) as i16;
        Some(Decimal::signed(parts.negative, u64::from(parts.two + step), scale))
    }

    /// The edge toward −∞ as a double, correctly rounded; NaN for the NaN bin.
    #[must_use]
    pub fn lower(self) -> f64 {
        self.lower_edge().map_or(f64::NAN, Decimal::to_f64)
    }

    /// The edge toward +∞ as a double, correctly rounded; NaN for the NaN bin.
    #[must_use]
    pub fn upper(self) -> f64 {
        self.upper_edge().map_or(f64::NAN, Decimal::to_f64)
    }

    /// The value that stands for the bin: the harmonic mean 2ab/(a+b) of its edges, from which no
    /// value in the bin is more than 1/21 away (libcircllhist: minimal relative error).
    #[must_use]
    pub fn midpoint(self) -> f64 {
        let Some(parts) = self.parts() else {
            return if self.is_nan() { f64::NAN } else { 0.0 };
        };
        let (near, far) = (f64::from(parts.two), f64::from(parts.two + 1));
        let size = 2.0 * near * far / (near + far) * unit(parts.exponent);
        if parts.negative { -size } else { size }
    }

    /// How far apart the edges are: a tenth of the decade. 0 for the zero bin, NaN for NaN.
    #[must_use]
    pub fn width(self) -> f64 {
        match self.parts() {
            Some(parts) => unit(parts.exponent),
            None if self.is_nan() => f64::NAN,
            None => 0.0,
        }
    }
}

/// A tenth of 10^exponent.
fn unit(exponent: i32) -> f64 {
    Decimal::new(1, (exponent - 1) as i16).to_f64()
}

impl fmt::Debug for Bin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bin({self})")
    }
}

impl fmt::Display for Bin {
    /// `1.2e-03`: the edge nearer to zero, as in libcircllhist's text form; `NaN`, `0.0e+00`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nan() {
            return formatter.write_str("NaN");
        }
        let parts = self.parts().unwrap_or(Parts { negative: false, two: 0, exponent: 0 });
        let sign = if parts.negative { "-" } else { "" };
        let exponent_sign = if parts.exponent < 0 { '-' } else { '+' };
        let (whole, tenth, size) = (parts.two / 10, parts.two % 10, parts.exponent.unsigned_abs());
        write!(formatter, "{sign}{whole}.{tenth}e{exponent_sign}{size:02}")
    }
}
