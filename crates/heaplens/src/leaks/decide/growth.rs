//! The tests of one site: does it grow beyond sampling's noise, throughout, and still? And how fast?

use super::super::statistics::{Slopes, Trend, detrended, mann_kendall, upper_tail};
use super::bend::Bend;
use super::series::{Change, Series};
use super::{Estimate, pace};
use crate::sampling::{Z95, Z95_ONE_SIDED, error_of_difference};
use std::f64::consts::SQRT_2;

/// In the later half, growth may be as improbable as this to count as going on.
const LATE: f64 = 0.3;

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
    pub(super) p_trend: f64,
    /// The trend of the whole series.
    pub(super) trend: Trend,
    /// Where growth begins, if it is growth.
    pub(super) bend: Bend,
    /// Bytes a second from there on.
    pub(super) slope: Estimate,
    pub(super) score: f64,
    /// The chance of the later half's growth by sampling alone.
    p_late: f64,
    /// The later half's slope over the earlier one's, 0 to 1.
    keeps: f64,
    slows: bool,
}

impl Growth {
    pub(super) fn new(series: &Series, bytes: Vec<f64>) -> Growth {
        let levels = series.in_blocks(&bytes);
        let times = &series.block_times;
        let change = series.change(&bytes);
        let bend = Bend::of(times, &levels);
        let (slopes, straight) = trend(times, &levels);
        let (whole, rate) = if bend.block == 0 {
            (straight, Rate::new(slopes, &straight, &Change::new(times, &levels), series.rate))
        } else {
            let (times, since) = (&times[bend.block..], &levels[bend.block..]);
            let (slopes, trend) = trend(times, since);
            let rate = Rate::new(slopes, &trend, &Change::new(times, since), series.rate);
            (bent_trend(&series.block_times, &levels, &bend), rate)
        };
        let keeps = pace::keeps(series, &levels);
        Growth {
            p_noise: p_noise(&change, series.rate),
            // A leak that began late has a long level before it, which leaves the whole series undecided.
            p_trend: whole.p.min(2.0 * late_p(times, &levels)),
            p_late: p_noise(&series.late_change(&bytes), series.rate),
            slope: rate.slope,
            score: rate.at_least * keeps,
            slows: pace::slows(series, &levels),
            bend,
            keeps,
            trend: whole,
            change,
            levels,
            bytes,
        }
    }

    /// Both have to be improbable (intersection–union test).
    pub(super) fn p(&self) -> f64 {
        self.p_noise.max(self.p_trend)
    }

    /// Whether the later half grows, and not at a fraction of the earlier half's pace.
    pub(super) fn goes_on(&self) -> bool {
        self.p_late < LATE && !self.decelerates()
    }

    pub(super) fn decelerates(&self) -> bool {
        self.keeps < KEEPS || self.slows
    }
}

/// How fast it grows.
struct Rate {
    slope: Estimate,
    /// With a confidence of 95 %; not below 0.
    at_least: f64,
}

impl Rate {
    /// The values scatter around a line, and sampling errs by the same objects in all of them: the slope is bounded by
    /// both.
    fn new(mut slopes: Slopes, trend: &Trend, change: &Change, rate: u64) -> Rate {
        let error = (trend.correction * trend.variance.max(0.0)).sqrt();
        let noise = error_of_difference(change.before, change.after, rate);
        let grown = change.after - change.before;
        let (least, _) = slopes.bounds(error, Z95_ONE_SIDED);
        let (low, high) = slopes.bounds(error, Z95);
        Rate {
            slope: Estimate {
                value: slopes.median(),
                low: low.min((grown - Z95 * noise) / change.seconds),
                high: high.max((grown + Z95 * noise) / change.seconds),
            },
            at_least: least.min((grown - Z95_ONE_SIDED * noise) / change.seconds).max(0.0),
        }
    }
}

/// Exact counts grow or do not.
pub(super) fn p_noise(change: &Change, rate: u64) -> f64 {
    if rate <= 1 {
        return if change.after > change.before { 0.0 } else { 1.0 };
    }
    upper_tail(z_of_growth(change.before, change.after, rate))
}

/// `after − before` in standard errors, as `z_of_difference`, but of the square roots of the samples with Anscombe's
/// 3/8: the plain quotient finds hardly anything where samples are few (at a mean of 5, a tenth of what a level of 1 in
/// 4000 allows), this one keeps its level there.
pub(super) fn z_of_growth(before: f64, after: f64, rate: u64) -> f64 {
    let root = |bytes: f64| (bytes / rate.max(1) as f64 + 0.375).sqrt();
    SQRT_2 * (root(after) - root(before))
}

/// The trend test around Sen's slope.
fn trend(times: &[f64], levels: &[f64]) -> (Slopes, Trend) {
    let mut slopes = Slopes::new(times, levels);
    let rest = detrended(times, levels, slopes.median());
    (slopes, mann_kendall(levels, &rest))
}

/// The trend test around growth that begins at some block, whose bend would otherwise count as autocorrelation.
fn bent_trend(times: &[f64], levels: &[f64], bend: &Bend) -> Trend {
    mann_kendall(levels, &bend.detrended(times, levels))
}

/// The trend test's p in the later half alone.
fn late_p(times: &[f64], levels: &[f64]) -> f64 {
    let half = levels.len() / 2;
    let (times, levels) = (&times[half..], &levels[half..]);
    let bend = Bend::of(times, levels);
    if bend.block == 0 { trend(times, levels).1.p } else { bent_trend(times, levels, &bend).p }
}
