//! Quantiles as libcircllhist defines them: a rank, and a place in the bin that holds it.

use super::bin::Bin;

/// How a fraction becomes a rank. Source: Hyndman and Fan, "Sample Quantiles in Statistical
/// Packages", The American Statistician 50 (1996).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QuantileMethod {
    /// Type 1: rank ⌈q·N⌉, at least 1: always one of the values.
    #[default]
    Type1,
    /// Type 7 without interpolation between values: rank ⌊q·(N − 1) + 1⌋, as libcircllhist has it.
    Type7,
}

/// Why there is no quantile.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum QuantileError {
    /// Nothing has been counted.
    #[error("no values: an empty histogram has no quantiles")]
    Empty,
    /// Not a fraction.
    #[error("{fraction} is not a quantile: give a fraction from 0 to 1")]
    OutOfRange {
        /// What was asked for.
        fraction: f64,
    },
}

/// A quantile that was asked for.
pub(super) struct Rank {
    /// Which value in ascending order, 1..=N.
    rank: u64,
    /// Which of the questions this answers.
    position: usize,
}

/// Where a rank was found.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub(super) bin: Bin,
    /// Which of the bin's values, from 1.
    nth: u64,
    /// The bin's values.
    count: u64,
}

impl Placed {
    /// The expected place of the n-th smallest of `count` values spread evenly over the bin.
    pub(super) fn value(self) -> f64 {
        let along = self.nth as f64 / (self.count as f64 + 1.0);
        self.bin.lower() + along * self.bin.width()
    }
}

/// The ranks of `fractions` among `total` values, ascending.
pub(super) fn ranks(
    fractions: &[f64],
    total: u64,
    method: QuantileMethod,
) -> Result<Vec<Rank>, QuantileError> {
    if total == 0 {
        return Err(QuantileError::Empty);
    }
    let mut ranks = Vec::with_capacity(fractions.len());
    for (position, &fraction) in fractions.iter().enumerate() {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(QuantileError::OutOfRange { fraction });
        }
        let rank = match method {
            QuantileMethod::Type1 => unfuzzed(fraction * total as f64).ceil() as u64,
            QuantileMethod::Type7 => {
                (unfuzzed(fraction * (total - 1) as f64).floor() as u64).saturating_add(1)
            }
        };
        ranks.push(Rank { rank: rank.clamp(1, total), position });
    }
    ranks.sort_unstable_by_key(|asked| asked.rank);
    Ok(ranks)
}

/// `product`, or the integer that it is but for rounding: 0.07 · 100 means 7, not the 8th value.
///
/// A decimal fraction is off by half an ulp as a double, and the product by another half.
fn unfuzzed(product: f64) -> f64 {
    let whole = product.round();
    if (product - whole).abs() <= product * f64::EPSILON { whole } else { product }
}

/// Walks the bins once and answers every rank, in the order of the questions.
pub(super) fn place<T: Clone>(
    mut bins: impl Iterator<Item = (Bin, u64)>,
    ranks: Vec<Rank>,
    answer: impl Fn(Placed) -> T,
) -> Vec<T> {
    let mut answers: Vec<(usize, T)> = Vec::with_capacity(ranks.len());
    let mut pending = ranks.iter().peekable();
    let mut below = 0_u64;
    // `try_for_each`, not a loop: chained iterators are several times faster from the inside.
    let _ = bins.try_for_each(|(bin, count)| {
        let through = below.saturating_add(count);
        while let Some(asked) = pending.next_if(|asked| asked.rank <= through) {
            let placed = Placed { bin, nth: asked.rank - below, count };
            answers.push((asked.position, answer(placed)));
        }
        below = through;
        pending.peek().map(|_| ())
    });
    answers.sort_unstable_by_key(|(position, _)| *position);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
