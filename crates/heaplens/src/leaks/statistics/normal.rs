//! The normal distribution.

use std::f64::consts::PI;

/// Φ(z), the chance that a standard normal value is at most `z`.
pub fn cdf(z: f64) -> f64 {
    upper_tail(-z)
}

/// 1 − Φ(z), with a relative error below 10⁻⁸ in the tail too.
pub fn upper_tail(z: f64) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    if z < 4.0 { 0.5 - density(z) * odd_series(z) } else { density(z) / continued_fraction(z) }
}

fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// z + z³/3 + z⁵/(3·5) + …: times the density, Φ(z) − 1/2.
fn odd_series(z: f64) -> f64 {
    let (mut term, mut sum, mut k) = (z, z, 1.0);
    while term > sum * 1e-17 {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    sum
}

/// z + 1/(z + 2/(z + 3/(z + …))): the density over it is the tail. 40 terms are plenty from z = 4 on.
fn continued_fraction(z: f64) -> f64 {
    (1..=40).rev().fold(z, |rest, k| z + f64::from(k) / rest)
}

/// The z with Φ(z) = `p`. Infinite at 0 and 1.
///
/// By bisection: it is asked a few times in a run, and needs no table of coefficients.
pub fn quantile(p: f64) -> f64 {
    if p.is_nan() || p <= 0.0 {
        return if p.is_nan() { f64::NAN } else { f64::NEG_INFINITY };
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // No double that is not 0 has a smaller tail than that of 39.
    let (mut low, mut high) = (-39.0, 39.0);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if cdf(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::{Z80, Z95, Z95_ONE_SIDED};

    #[test]
    fn tails_are_those_of_the_tables() {
        for (z, tail) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_05),
            (1.959_963_984_540_054, 0.025),
            (3.999, 3.180_534_005e-5),
            (4.0, 3.167_124_183_311_986e-5),
            (6.0, 9.865_876_450_376_946e-10),
            (10.0, 7.619_853_024_160_495e-24),
        ] {
            assert!((upper_tail(z) / tail - 1.0).abs() < 1e-7, "{z}: {}", upper_tail(z));
            assert!((upper_tail(-z) + tail - 1.0).abs() < 1e-12);
        }
        assert_eq!((upper_tail(f64::INFINITY), upper_tail(f64::NEG_INFINITY)), (0.0, 1.0));
        assert_eq!((upper_tail(1e200), cdf(1e200)), (0.0, 1.0));
    }

    #[test]
    fn quantiles_undo_the_distribution() {
        for (p, z) in [(0.975, Z95), (0.95, Z95_ONE_SIDED), (0.8, Z80), (0.5, 0.0), (1e-9, -5.997_807_015)] {
            assert!((quantile(p) - z).abs() < 1e-8, "{p}: {}", quantile(p));
        }
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(f64::NAN).is_nan());
    }
}
