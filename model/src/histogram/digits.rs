//! The two leading decimal digits of an integer, without division.

/// How long a `u64` can be in decimal digits.
const DIGITS_MAX: usize = 20;
/// Table length: a power of two, so that a masked index needs no bounds check.
const ROWS: usize = 32;

/// Powers of ten that fit; the unused rows are never reached.
const POWERS: [u64; ROWS] = powers();
/// Multiplier and shift that divide by 10^(magnitude − 1), for magnitudes from 2.
const RECIPROCALS: [Reciprocal; ROWS] = reciprocals();

/// `value / 10^(magnitude - 1)` as `((value / 2) * multiplier) >> (64 + shift)`.
#[derive(Clone, Copy)]
struct Reciprocal {
    multiplier: u64,
    shift: u32,
}

/// An integer seen as `two / 10 · 10^magnitude`, the digits after the second cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leading {
    /// 10..=99.
    pub(super) two: u32,
    /// floor(log10(value)), 0..=19.
    pub(super) magnitude: u32,
}

/// The two leading digits of `value`, `None` for 0.
#[inline]
pub(super) fn leading(value: u64) -> Option<Leading> {
    if value < 100 {
        return leading_small(value);
    }
    // 1233 / 4096 is log10(2), exact enough for 64 bit lengths; it can be one too high.
    let guess = ((u64::BITS - value.leading_zeros()) * 1233) >> 12;
    let magnitude = guess - u32::from(value < power(guess));
    let reciprocal = RECIPROCALS
        .get(magnitude as usize % ROWS)
        .copied()
        .unwrap_or(Reciprocal { multiplier: 0, shift: 0 });
    let high = ((u128::from(value >> 1) * u128::from(reciprocal.multiplier)) >> 64) as u64;
    Some(Leading { two: (high >> reciprocal.shift) as u32, magnitude })
}

fn leading_small(value: u64) -> Option<Leading> {
    match value {
        0 => None,
        1..10 => Some(Leading { two: value as u32 * 10, magnitude: 0 }),
        _ => Some(Leading { two: value as u32, magnitude: 1 }),
    }
}

/// 10^exponent, for exponents up to 19.
#[inline]
pub(super) fn power(exponent: u32) -> u64 {
    POWERS.get(exponent as usize % ROWS).copied().unwrap_or(u64::MAX)
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler: out of bounds cannot build"
)]
const fn powers() -> [u64; ROWS] {
    let mut table = [u64::MAX; ROWS];
    let mut power = 1_u64;
    let mut exponent = 0;
    while exponent < DIGITS_MAX {
        table[exponent] = power;
        power = power.saturating_mul(10);
        exponent += 1;
    }
    table
}

/// Rounded-up reciprocals (Granlund and Montgomery, "Division by invariant integers", 1994).
///
/// Both sides are halved first: the divisor is even, and without that the 20-digit row would need a
/// 65-bit multiplier. The result is exact while `value/2 · divisor/2 < 2^(64 + shift)`, which the
/// assertion proves for every value that has the row's magnitude.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler: out of bounds cannot build"
)]
const fn reciprocals() -> [Reciprocal; ROWS] {
    let mut table = [Reciprocal { multiplier: 0, shift: 0 }; ROWS];
    let mut magnitude = 2;
    while magnitude < DIGITS_MAX {
        let half_divisor = (POWERS[magnitude - 1] / 2) as u128;
        let shift = half_divisor.ilog2();
        let multiplier = (1_u128 << (64 + shift)) / half_divisor + 1;
        let value_max = POWERS[magnitude].saturating_mul(10).saturating_sub(1) as u128;
        assert!(multiplier <= u64::MAX as u128);
        assert!(value_max / 2 * half_divisor < 1_u128 << (64 + shift));
        table[magnitude] = Reciprocal { multiplier: multiplier as u64, shift };
        magnitude += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn divided(value: u64) -> Option<Leading> {
        let magnitude = value.checked_ilog10()?;
        let two = match magnitude {
            0 => value * 10,
            _ => value / 10_u64.pow(magnitude - 1),
        };
        Some(Leading { two: two as u32, magnitude })
    }

    #[test]
    fn every_edge_and_its_neighbours_agree_with_division() {
        for magnitude in 0..20 {
            for two in 10..=99_u128 {
                let edge = two * 10_u128.pow(magnitude) / 10;
                for value in edge.saturating_sub(2)..=edge + 2 {
                    let Ok(value) = u64::try_from(value) else { continue };
                    assert_eq!(leading(value), divided(value), "{value}");
                }
            }
        }
        for value in [u64::MAX, u64::MAX - 1, 17_999_999_999_999_999_999, 1 << 63] {
            assert_eq!(leading(value), divided(value), "{value}");
        }
    }

    #[test]
    fn every_power_of_two_agrees_with_division() {
        for bit in 0..64 {
            for value in [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1] {
                assert_eq!(leading(value), divided(value), "{value}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_value_agrees_with_division(value: u64, shift in 0_u32..64) {
            prop_assert_eq!(leading(value >> shift), divided(value >> shift));
        }
    }
}
