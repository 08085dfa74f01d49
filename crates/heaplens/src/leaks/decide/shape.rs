//! Growth that is no leak by its shape: one step, or rising and falling.

use super::super::statistics::{Slopes, detrended, mann_kendall, upper_tail};
use super::growth::Growth;
use super::series::{Series, mean};
use crate::sampling::z_of_difference;

/// A step makes this share of the rise,
const STEP: f64 = 0.8;
/// within this share of the captures,
const RAMP: f64 = 0.15;
/// and what follows lasts at least this share of them.
const TAIL: f64 = 0.125;
/// Blocks before it. A start from nothing is a warm-up.
const HEAD: usize = 2;

/// The chance at which what follows a step is growth of its own.
const ALSO_GROWS: f64 = 0.01;

/// One level, then another, with next to nothing in between.
pub(super) fn is_step(series: &Series, growth: &Growth) -> bool {
    let levels = &growth.levels;
    let n = levels.len();
    let widest = ((n as f64 * RAMP) as usize).max(1);
    let tail = ((n as f64 * TAIL).ceil() as usize).max(3);
    // The split of which least of the rise happens on the levels themselves.
    let mut best: Option<(f64, usize)> = None;
    for width in 1..=widest {
        for end in width + HEAD - 1..=n.saturating_sub(tail) {
            let (before, after) = (&levels[..=end - width], &levels[end..]);
            let rise = mean(after) - mean(before);
            if rise <= 0.0 {
                continue;
            }
            let drift = (drift(before) + drift(after)) / rise;
            if best.is_none_or(|(least, _)| drift < least) {
                best = Some((drift, end));
            }
        }
    }
    best.is_some_and(|(drift, end)| drift <= 1.0 - STEP && !grows(series, growth, end))
}

/// Levels leave at most this share of what the best slope, from wherever it begins, leaves.
const BETTER: f64 = 0.5;

/// Three levels, each above the one before, fit far better than growth does. So they do with much that decelerates.
pub(super) fn are_two_steps(series: &Series, growth: &Growth) -> bool {
    let levels = &growth.levels;
    let n = levels.len();
    let tail = ((n as f64 * TAIL).ceil() as usize).max(3);
    let sums = Sums::new(levels);
    let mut best: Option<(f64, usize)> = None;
    for first in HEAD..n.saturating_sub(tail) {
        for second in first + HEAD..=n - tail {
            let parts = [(0, first), (first, second), (second, n)];
            let means = parts.map(|(begin, end)| sums.mean(begin, end));
            if means[0] >= means[1] || means[1] >= means[2] {
                continue;
            }
            let rest = parts.iter().map(|(begin, end)| sums.rest(*begin, *end)).sum();
            if best.is_none_or(|(least, _)| rest < least) {
                best = Some((rest, second));
            }
        }
    }
    best.is_some_and(|(rest, second)| rest < BETTER * growth.bend.rest && !grows(series, growth, second))
}

/// Prefix sums: means and sums of squares about them at once.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn new(values: &[f64]) -> Sums {
        let mut sums = vec![(0.0, 0.0)];
        let (mut sum, mut squares) = (0.0, 0.0);
        for value in values {
            sum += value;
            squares += value * value;
            sums.push((sum, squares));
        }
        Sums(sums)
    }

    fn mean(&self, begin: usize, end: usize) -> f64 {
        (self.0[end].0 - self.0[begin].0) / (end - begin) as f64
    }

    fn rest(&self, begin: usize, end: usize) -> f64 {
        let mean = self.mean(begin, end);
        (self.0[end].1 - self.0[begin].1 - mean * mean * (end - begin) as f64).max(0.0)
    }
}

/// What a level rises or falls from end to end.
fn drift(level: &[f64]) -> f64 {
    let half = level.len() / 2;
    if half == 0 {
        return 0.0;
    }
    2.0 * (mean(&level[level.len() - half..]) - mean(&level[..half])).abs()
}

/// Whether the blocks from `begin` on grow by themselves.
fn grows(series: &Series, growth: &Growth, begin: usize) -> bool {
    let (times, levels) = (&series.block_times[begin..], &growth.levels[begin..]);
    let half = levels.len() / 2;
    if half < 4 {
        return false;
    }
    let noise = z_of_difference(mean(&levels[..half]), mean(&levels[half..]), series.rate);
    let rest = detrended(times, levels, Slopes::new(times, levels).median());
    upper_tail(noise).max(mann_kendall(levels, &rest).p) < ALSO_GROWS
}

/// A fall is one if it takes back this share of the range,
const FALL: f64 = 0.5;
/// and is so many standard errors of a difference deep.
const DEEP: f64 = 2.0;
/// Among the many pairs of a series that does not grow, a fall this deep is no chance.
const SURELY_DEEP: f64 = 4.5;

/// Windows whose minima are the floor.
const WINDOWS: usize = 6;
/// The chance at which the floor rises.
const FLOOR: f64 = 0.1;

/// It falls, and its low points do not rise; or it ends far below where it was.
pub(super) fn is_sawtooth(series: &Series, growth: &Growth) -> bool {
    let levels = &growth.levels;
    falls(levels.iter(), series.rate, DEEP) && (!floor_rises(&growth.bytes) || was_released(levels))
}

/// It rises and falls beyond what sampling can feign, though it does not grow.
pub(super) fn swings(series: &Series, growth: &Growth) -> bool {
    let levels = &growth.levels;
    falls(levels.iter(), series.rate, SURELY_DEEP) && falls(levels.iter().rev(), series.rate, SURELY_DEEP)
}

fn falls<'a>(levels: impl Iterator<Item = &'a f64> + Clone, rate: u64, deep: f64) -> bool {
    let (least, most) = range(levels.clone());
    let (mut peak, mut deepest, mut errors) = (0.0f64, 0.0, 0.0);
    for level in levels {
        peak = peak.max(*level);
        if peak - level > deepest {
            deepest = peak - level;
            errors = z_of_difference(*level, peak, rate);
        }
    }
    deepest > 0.0 && deepest >= FALL * (most - least) && errors >= deep
}

fn was_released(levels: &[f64]) -> bool {
    let (least, most) = range(levels.iter());
    let end = mean(&levels[levels.len().saturating_sub(2)..]);
    most - end > FALL * (most - least)
}

fn range<'a>(values: impl Iterator<Item = &'a f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(least, most), v| (v.min(least), v.max(most)))
}

fn floor_rises(bytes: &[f64]) -> bool {
    let n = bytes.len();
    let floor: Vec<f64> =
        (0..WINDOWS).map(|i| range(bytes[i * n / WINDOWS..(i + 1) * n / WINDOWS].iter()).0).collect();
    // Six values have no autocorrelation to speak of.
    mann_kendall(&floor, &[]).p < FLOOR
}
