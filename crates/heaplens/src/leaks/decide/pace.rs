//! Whether growth goes on, or ever less.

use super::super::statistics::Slopes;
use super::load::Line;
use super::series::{Series, mean};

/// The later half's slope over the earlier one's, from 0 to 1: a second, or a request where those are counted, since
/// a leak by the request grows less when fewer come. 1 if growth began inside the series.
pub(super) fn keeps(series: &Series, levels: &[f64]) -> f64 {
    let clock = clock(series);
    let half = levels.len() / 2;
    let early = Slopes::new(&clock[..half], &levels[..half]).median();
    let late = Slopes::new(&clock[half..], &levels[half..]).median();
    match (early > 0.0, late > 0.0) {
        (_, false) => 0.0,
        (false, true) => 1.0,
        (true, true) => (late / early).min(1.0),
    }
}

fn clock(series: &Series) -> &[f64] {
    series.requests.as_ref().unwrap_or(&series.block_times)
}

/// The last third grows at less than this share of the first one's pace,
const SLOWS: f64 = 0.5;
/// and of the second one's: what grows steadily after a quick start does not slow down.
const STILL_SLOWS: f64 = 0.8;
/// Standard errors by which the first is faster.
const SURELY: f64 = 2.0;

/// Whether it grows ever less, so plainly that its scatter does not explain it. A cache that will be as good as full in
/// the time of another series still grows at 40 % of its early pace, so the halves do not tell.
pub(super) fn slows(series: &Series, levels: &[f64]) -> bool {
    let clock = clock(series);
    let n = levels.len();
    let part = |i: usize| i * n / 3..(i + 1) * n / 3;
    let pace = |i: usize| Line::fit(&clock[part(i)], &levels[part(i)]).slope;
    let (first, second, last) = (pace(0), pace(1), pace(2));
    if first <= 0.0 || last >= SLOWS * first || last >= STILL_SLOWS * second {
        return false;
    }
    // Over a third of the time.
    let span = (clock[n - 1] - clock[0]) / 3.0;
    (first - last) * span > SURELY * error(levels)
}

/// Standard error of the difference between what two thirds grew, from the increments about the mean of their third:
/// these vary independently if what comes stays, and oppositely if each level is drawn anew.
fn error(levels: &[f64]) -> f64 {
    let n = levels.len();
    let increments: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rest: Vec<f64> = (0..3)
        .flat_map(|i| {
            let third = &increments[i * (n - 1) / 3..(i + 1) * (n - 1) / 3];
            let usual = mean(third);
            third.iter().map(move |increment| increment - usual)
        })
        .collect();
    let degrees = (rest.len() as f64 - 3.0).max(1.0);
    let square = rest.iter().map(|r| r * r).sum::<f64>() / degrees;
    let neighbours = rest.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / degrees;
    let m = n as f64 / 3.0;
    (2.0 * (m * square + 2.0 * (m - 1.0) * neighbours).max(square)).sqrt()
}
