//! The tests of one site: does it grow beyond sampling's noise, throughout, and still?

use super::super::statistics::{Slopes, Trend, mann_kendall, upper_tail};
use super::Estimate;
use super::series::{Change, Series};
use crate::sampling::{Z95, Z95_ONE_SIDED, error_of_difference, z_of_difference};

/// In the later half, growth may be as improbable as this to count as going on.
const LATE: f64 = 0.2;

/// And the later half has to grow at this share of the earlier half's slope.
const KEEPS: f64 = 0.4;

/// What the tests found.
pub(super) struct Growth {
    /// One value a capture.
    pub(super) bytes: Vec<f64>,
    /// One value a block.
    pub(super) levels: Vec<f64>,
    pub(super) change: Change,
    pub(super) p_noise: f64,
    pub(super) trend: Trend,
    pub(super) slope: Estimate,
    pub(super) score: f64,
    /// The chance of the later half's growth by sampling alone.
    p_late: f64,
    /// The later half's slope over the earlier one's, 0 to 1.
    keeps: f64,
}

impl Growth {
    pub(super) fn new(series: &Series, bytes: Vec<f64>) -> Growth {
        let levels = series.in_blocks(&bytes);
        let times = &series.block_times;
        let change = series.change(&bytes);
        let mut slopes = Slopes::new(times, &levels);
        let median = slopes.median();
        let trend = mann_kendall(times, &levels, median);
        let error = (trend.correction * trend.variance.max(0.0)).sqrt();
        let (least, _) = slopes.bounds(error, Z95_ONE_SIDED);
        let (low, high) = slopes.bounds(error, Z95);
        let noise = error_of_difference(change.before, change.after, series.rate);
        let grown = change.after - change.before;
        let keeps = keeps(series, &levels);
        Growth {
            p_noise: p_noise(&change, series.rate),
            p_late: p_noise(&series.late_change(&bytes), series.rate),
            slope: Estimate {
                value: median,
                low: low.min((grown - Z95 * noise) / change.seconds),
                high: high.max((grown + Z95 * noise) / change.seconds),
            },
            score: least.min((grown - Z95_ONE_SIDED * noise) / change.seconds).max(0.0) * keeps,
            keeps,
            trend,
            change,
            levels,
            bytes,
        }
    }

    /// Both have to be improbable (intersection–union test).
    pub(super) fn p(&self) -> f64 {
        self.p_noise.max(self.trend.p)
    }

    /// Whether the later half grows, and not at a fraction of the earlier half's pace.
    pub(super) fn goes_on(&self) -> bool {
        self.p_late < LATE && self.keeps >= KEEPS
    }

    /// The block at which growth begins: 0 unless a level followed by a slope fits far better than a slope.
    pub(super) fn begin(&self, series: &Series) -> usize {
        let n = self.levels.len();
        let best = (0..n.saturating_sub(2))
            .map(|bend| (bend, misfit(&series.block_times, &self.levels, bend)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((bend, rest)) if rest < 0.5 * misfit(&series.block_times, &self.levels, 0) => bend,
            _ => 0,
        }
    }
}

/// Exact counts grow or do not.
pub(super) fn p_noise(change: &Change, rate: u64) -> f64 {
    if rate <= 1 {
        return if change.after > change.before { 0.0 } else { 1.0 };
    }
    upper_tail(z_of_difference(change.before, change.after, rate))
}

/// The later half's slope over the earlier one's, from 0 to 1: a second, or a request where those are counted, since
/// a leak by the request grows less when fewer come. 1 if growth began inside the series.
fn keeps(series: &Series, levels: &[f64]) -> f64 {
    let clock = series.requests.as_ref().unwrap_or(&series.block_times);
    let half = levels.len() / 2;
    let early = Slopes::new(&clock[..half], &levels[..half]).median();
    let late = Slopes::new(&clock[half..], &levels[half..]).median();
    match (early > 0.0, late > 0.0) {
        (_, false) => 0.0,
        (false, true) => 1.0,
        (true, true) => (late / early).min(1.0),
    }
}

/// Sum of squares that a + b·max(0, t − t_bend) leaves.
fn misfit(times: &[f64], levels: &[f64], bend: usize) -> f64 {
    let x: Vec<f64> = times.iter().map(|t| (t - times[bend]).max(0.0)).collect();
    super::load::Line::fit(&x, levels).rest
}
