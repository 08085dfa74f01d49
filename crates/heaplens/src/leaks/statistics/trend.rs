//! Trends without assumptions on their form: Mann and Kendall's test with Hamed and Rao's correction for values that
//! depend on those before them, and Sen's slope.
//!
//! Formulas: pyMannKendall (`hamed_rao_modification_test`, `sens_slope`), there two-sided; Gilbert 1987 for the slope's
//! bounds.

use super::normal::upper_tail;
use crate::sampling::Z95;

/// Whether values rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Pairs that rise less pairs that fall.
    pub s: f64,
    /// Variance of `s` among independent values without a trend, ties considered.
    pub variance: f64,
    /// By what the variance is larger because the values are not independent; at least 1.
    pub correction: f64,
    /// `s` in units of its standard error.
    pub z: f64,
    /// One-sided: the chance of such a `z`, or a larger one, without a trend.
    pub p: f64,
}

/// The slopes of all pairs of captures, in value a unit of time.
#[derive(Clone, Debug)]
pub struct Slopes(Vec<f64>);

impl Slopes {
    /// `times` rise strictly. Both are as long as the shorter of them.
    pub fn new(times: &[f64], values: &[f64]) -> Slopes {
        let n = times.len().min(values.len());
        let mut slopes = Vec::with_capacity(n * n.saturating_sub(1) / 2);
        for j in 1..n {
            for i in 0..j {
                slopes.push((values[j] - values[i]) / (times[j] - times[i]));
            }
        }
        Slopes(slopes)
    }

    /// Sen's slope: their median; 0 of none.
    pub fn median(&mut self) -> f64 {
        let n = self.0.len();
        if n == 0 {
            return 0.0;
        }
        let (below, middle, _) = self.0.select_nth_unstable_by(n / 2, f64::total_cmp);
        let middle = *middle;
        if n % 2 == 1 { middle } else { 0.5 * (below.iter().copied().fold(f64::MIN, f64::max) + middle) }
    }

    /// Bounds of the slope for a test whose `s` has this standard error: those slopes that stand `z` of them from the
    /// middle.
    pub fn bounds(&mut self, standard_error: f64, z: f64) -> (f64, f64) {
        let n = self.0.len();
        if n == 0 {
            return (0.0, 0.0);
        }
        let rank = ((n as f64 - z * standard_error) / 2.0).floor().max(1.0) as usize;
        let rank = rank.min(n.div_ceil(2));
        (self.nth(rank - 1), self.nth(n - rank))
    }

    fn nth(&mut self, index: usize) -> f64 {
        *self.0.select_nth_unstable_by(index, f64::total_cmp).1
    }
}

/// Mann and Kendall's test for a rise, its variance corrected after Hamed and Rao. `rest` is what is left of the values
/// without their trend, [`detrended`] by Sen's slope, or by a fit that suits them better.
pub fn mann_kendall(values: &[f64], rest: &[f64]) -> Trend {
    let n = values.len() as f64;
    let mut s = 0.0;
    for (j, later) in values.iter().enumerate() {
        for earlier in &values[..j] {
            s += f64::from(i8::from(later > earlier) - i8::from(later < earlier));
        }
    }
    let (_, ties) = ranks(values);
    let variance = ((n * (n - 1.0) * (2.0 * n + 5.0)) - ties) / 18.0;
    let correction = hamed_rao(values, rest);
    let z = if s == 0.0 || variance <= 0.0 { 0.0 } else { (s - s.signum()) / (correction * variance).sqrt() };
    Trend { s, variance, correction, z, p: upper_tail(z) }
}

/// Values less a slope.
pub fn detrended(times: &[f64], values: &[f64], slope: f64) -> Vec<f64> {
    times.iter().zip(values).map(|(t, v)| v - slope * (t - times[0])).collect()
}

/// max(1, 1 + 2/(n(n−1)(n−2)) · Σ (n−k)(n−k−1)(n−k−2) ρₖ) over the lags k whose autocorrelation ρₖ, of the ranks of the
/// values without their slope, is significant.
fn hamed_rao(values: &[f64], rest: &[f64]) -> f64 {
    let n = rest.len();
    if n < 3 {
        return 1.0;
    }
    // What is left of a straight line is rounding, whose ranks mean nothing.
    let grain = values.iter().fold(0.0f64, |most, v| most.max(v.abs())) * 1e-9;
    let rounded: Vec<f64> =
        rest.iter().map(|v| if grain > 0.0 { (v / grain).round() } else { 0.0 }).collect();
    let (mut ranks, _) = ranks(&rounded);
    let mean = (n as f64 + 1.0) / 2.0;
    ranks.iter_mut().for_each(|rank| *rank -= mean);
    let spread: f64 = ranks.iter().map(|r| r * r).sum();
    if spread <= 0.0 {
        return 1.0;
    }
    let limit = Z95 / (n as f64).sqrt();
    let mut sum = 0.0;
    for lag in 1..n {
        let rho = ranks.iter().zip(&ranks[lag..]).map(|(a, b)| a * b).sum::<f64>() / spread;
        if rho.abs() > limit {
            let left = (n - lag) as f64;
            sum += left * (left - 1.0) * (left - 2.0) * rho;
        }
    }
    let n = n as f64;
    (1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * sum).max(1.0)
}

/// Ranks from 1, those of equal values their mean; and Σ t(t−1)(2t+5) over the groups of t equal values.
fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let (mut first, mut ties) = (0, 0.0);
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let size = group.len() as f64;
        ties += size * (size - 1.0) * (2.0 * size + 5.0);
        for index in group {
            ranks[*index] = first as f64 + (size + 1.0) / 2.0;
        }
        first += group.len();
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Z95_ONE_SIDED;

    fn steps(n: usize) -> Vec<f64> {
        (0..n).map(|i| i as f64).collect()
    }

    fn test(values: &[f64]) -> (Trend, Slopes) {
        let times = steps(values.len());
        let mut slopes = Slopes::new(&times, values);
        let median = slopes.median();
        (mann_kendall(values, &detrended(&times, values, median)), slopes)
    }

    #[test]
    fn the_published_vector() {
        let (trend, mut slopes) = test(&[0.0, 1.0, 1.0, 3.0, 4.0, 4.0, 6.0, 7.0, 9.0, 10.0, 10.0, 12.0]);
        assert_eq!((trend.s, trend.correction), (63.0, 1.0));
        assert!((trend.variance - 209.667).abs() < 1e-3);
        assert!((trend.z - 4.2818).abs() < 1e-4);
        assert!((trend.p / 9.27e-6 - 1.0).abs() < 1e-3, "{}", trend.p);
        assert!((slopes.median() - 1.0455).abs() < 1e-4);
        let (low, high) = slopes.bounds(trend.variance.sqrt(), Z95_ONE_SIDED);
        assert!(low > 0.9 && low < 1.0455 && high > 1.0455 && high < 1.25, "{low} {high}");
    }

    #[test]
    fn a_straight_line_is_independent_values_around_a_line() {
        let (trend, mut slopes) = test(&steps(24).iter().map(|i| 0.1 * i + 0.3).collect::<Vec<_>>());
        assert_eq!((trend.s, trend.correction), (276.0, 1.0));
        assert!((slopes.median() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn values_that_stay_where_they_were_count_for_less() {
        // A slow wave: each value is near the one before.
        let wave: Vec<f64> = (0..48).map(|i| (f64::from(i) / 6.0).sin() + f64::from(i) * 0.01).collect();
        let (trend, _) = test(&wave);
        assert!(trend.correction > 2.0, "{trend:?}");
    }

    #[test]
    fn a_fall_is_no_rise_and_nothing_is_neither() {
        let (up, _) = test(&steps(9));
        let (down, _) = test(&steps(9).iter().map(|i| -i).collect::<Vec<_>>());
        assert!((up.z + down.z).abs() < 1e-12 && down.p > 0.999);
        for flat in [&[][..], &[1.0], &[5.0; 12]] {
            let (trend, mut slopes) = test(flat);
            assert_eq!((trend.z, trend.p, slopes.median()), (0.0, 0.5, 0.0));
            assert_eq!(slopes.bounds(trend.variance.max(0.0).sqrt(), Z95), (0.0, 0.0));
        }
    }

    #[test]
    fn slopes_are_over_time_not_over_captures() {
        let mut slopes = Slopes::new(&[0.0, 1.0, 10.0], &[0.0, 2.0, 20.0]);
        assert_eq!(slopes.median(), 2.0);
    }
}
