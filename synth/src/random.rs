//! Random numbers whose values never change with a library's version: a seed names a capture for good.

use model::units::Nanos;

/// xoshiro256++ 1.0 (Blackman and Vigna, <https://prng.di.unimi.it/>), seeded by SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The numbered stream of a seed: streams are independent of each other.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut mix = seed ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03).rotate_left(17);
        Self { state: std::array::from_fn(|_| split_mix(&mut mix)) }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        let [mut a, mut b, mut c, mut d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        self.state = [a, b, c, d];
        result
    }

    /// Below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        (product >> 64) as u64
    }

    /// From `low` up to and without `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low))
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with that probability. Draws nothing at 0, so that a rate that is off changes nothing.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// Lognormal around a median.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// A lognormal span around a median.
    pub(crate) fn span(&mut self, median: Nanos, sigma: f64) -> Nanos {
        Nanos(self.lognormal(median.0 as f64, sigma) as u64)
    }

    /// Exponential around a mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// A uniform span.
    pub(crate) fn span_between(&mut self, low: Nanos, high: Nanos) -> Nanos {
        Nanos(self.between(low.0, high.0))
    }

    /// One of the choices; `None` where there are none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = self.below(choices.len() as u64);
        choices.get(usize::try_from(index).ok()?)
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_its_numbers_for_good() {
        let mut random = Random { state: [1, 2, 3, 4] };
        let first: [u64; 4] = std::array::from_fn(|_| random.next_u64());
        // Of the authors' reference implementation.
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
        assert_ne!(Random::new(1, 2).next_u64(), Random::new(2, 1).next_u64());
    }

    #[test]
    fn medians_and_means_come_out() {
        let mut random = Random::new(7, 0);
        let below =
            (0..100_000).filter(|_| random.span(Nanos::from_millis(5), 0.8).0 < 5_000_000).count();
        assert!((49_000..51_000).contains(&below), "{below}");
        let sum: f64 = (0..100_000).map(|_| random.exponential(3.0)).sum();
        assert!((2.95e5..3.05e5).contains(&sum), "{sum}");
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::new(7, 1);
        assert_eq!(random.below(0), 0);
        assert!((0..10_000).all(|_| (3..7).contains(&random.between(3, 7))));
        assert!(random.pick::<u8>(&[]).is_none());
    }
}
