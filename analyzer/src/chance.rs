//! What chance alone would do.

/// The probability that a Poisson process which makes `expected` on average makes `count` or more.
///
/// Summed from `count` upward where the terms fall, else as what is left of 1: either way by products,
/// without a gamma function, so that the report's script can say the same.
pub fn at_least(count: u64, expected: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if expected <= 0.0 {
        return 0.0;
    }
    let sigma = expected.sqrt();
    let distance = count as f64 - expected;
    // Far out the answer is known, and the products below would take long or leave the range of a double.
    if distance > 12.0 * sigma + 50.0 {
        return 0.0;
    }
    if distance < -12.0 * sigma - 50.0 {
        return 1.0;
    }
    let term = (count as f64).mul_add(expected.ln(), -expected) - log_factorial(count);
    if distance >= 0.0 {
        rising(term.exp(), count, expected)
    } else {
        1.0 - falling(term.exp(), count, expected)
    }
}

/// term(count) + term(count + 1) + …
fn rising(first: f64, count: u64, expected: f64) -> f64 {
    let (mut sum, mut term, mut at) = (0.0, first, count as f64);
    while term > sum * 1e-15 {
        sum += term;
        at += 1.0;
        term *= expected / at;
    }
    sum.min(1.0)
}

/// term(count − 1) + term(count − 2) + … + term(0)
fn falling(first: f64, count: u64, expected: f64) -> f64 {
    let (mut sum, mut at) = (0.0, count as f64);
    let mut term = first * at / expected;
    while at >= 1.0 && term > sum * 1e-15 {
        sum += term;
        at -= 1.0;
        term *= at / expected;
    }
    sum.min(1.0)
}

/// ln(n!): the sum below 32, Stirling's series from there (error below 1e-11).
fn log_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|k| (k as f64).ln()).sum();
    }
    let n = n as f64;
    let correction = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1260.0 * n.powi(5));
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + correction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-9 * right.abs().max(1e-12)
    }

    #[test]
    fn small_cases_by_hand() {
        assert!(close(at_least(1, 0.05), 1.0 - (-0.05_f64).exp()));
        assert!(close(at_least(2, 1.0), 1.0 - 2.0 * (-1.0_f64).exp()));
        assert_eq!(at_least(0, 3.0), 1.0);
        assert_eq!(at_least(1, 0.0), 0.0);
    }

    #[test]
    fn it_falls_with_the_count_and_stays_a_probability() {
        for expected in [0.001, 0.5, 7.0, 100.0, 5_000.0] {
            let mut before = 1.0;
            for count in 0..6_000 {
                let p = at_least(count, expected);
                assert!(
                    (0.0..=before + 1e-9).contains(&p),
                    "{count} {expected}: {p} after {before}"
                );
                before = p;
            }
        }
    }
}
