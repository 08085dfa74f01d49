//! What would decide a series that is undecided.

use super::super::statistics::quantile;
use super::growth::Growth;
use super::series::{Series, quarter};
use crate::sampling::{Z80, z_of_difference};

/// What would decide it, with a chance of about four in five if it goes on as it did: either of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// So many more captures at the same spacing. None if not even ten times as many would.
    pub captures: Option<usize>,
    /// The same captures of a program sampled as fine as this. None if sampling is not what hides it.
    pub lg_prof_sample: Option<u32>,
}

/// Among how many tests it has to stand out.
pub(super) struct Field {
    pub(super) tests: usize,
    pub(super) false_discoveries: f64,
}

/// More than so many times the captures are not asked for.
const MOST: usize = 10;

pub(super) fn needs(series: &Series, growth: &Growth, field: &Field) -> Needs {
    // As if it were the only one: others that are found lower the bar.
    let p = field.false_discoveries / field.tests.max(1) as f64;
    let bar = -quantile(p.clamp(1e-12, 0.5));
    let (n, trend) = (series.len(), growth.trend.z);
    let noise = z_of_difference(growth.change.before, growth.change.after, series.rate);
    let is_enough = |captures: &usize| {
        noise_after(series, growth, *captures) >= bar + Z80
            && largest_z(*captures) >= bar
            && (trend >= bar || trend * (*captures as f64 / n as f64) >= bar + Z80)
    };
    let captures = (n + 1..=MOST * n).find(is_enough).map(|captures| captures - n);
    let lg_prof_sample =
        (noise < bar && trend >= bar).then(|| finer(series.rate, noise, bar + Z80)).flatten();
    Needs { captures, lg_prof_sample }
}

/// The noise test's z if it grows on at its slope until there are so many captures.
fn noise_after(series: &Series, growth: &Growth, captures: usize) -> f64 {
    let before = growth.change.before;
    let n = series.len();
    // Captures between the middles of the first and the last quarter.
    let span = |captures: usize| (captures - quarter(captures)) as f64;
    let grown = (growth.change.after - before) * span(captures) / span(n);
    z_of_difference(before, before + grown, series.rate)
}

/// The trend test's z if every capture is above the one before.
fn largest_z(captures: usize) -> f64 {
    let n = captures as f64;
    let pairs = n * (n - 1.0) / 2.0;
    (pairs - 1.0) / (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt()
}

/// The z of the noise test grows as the square root of the samples.
fn finer(rate: u64, noise: f64, wanted: f64) -> Option<u32> {
    if noise <= 0.0 || rate <= 1 {
        return None;
    }
    let share = (noise / wanted) * (noise / wanted);
    Some((rate as f64 * share).log2().floor().max(0.0) as u32)
}
