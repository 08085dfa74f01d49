//! Growth that requests explain.
//!
//! The counter is cumulative. Memory that serves requests follows their number a second: its increments. A leak by the
//! request follows the counter itself. So both are fitted, and it is load if the increments fit better and leave
//! nothing that grows.

use super::growth::Growth;
use super::series::{Series, mean, quarters};

/// Load has to explain all but this share of what was grown.
const UNEXPLAINED: f64 = 0.25;

/// A straight line through points, by least squares.
pub(super) struct Line {
    pub(super) slope: f64,
    /// Sum of squares that it leaves.
    pub(super) rest: f64,
}

impl Line {
    pub(super) fn fit(x: &[f64], y: &[f64]) -> Line {
        let (mean_x, mean_y) = (mean(x), mean(y));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(y) {
            xx += (x - mean_x) * (x - mean_x);
            xy += (x - mean_x) * (y - mean_y);
            yy += (y - mean_y) * (y - mean_y);
        }
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        Line { slope, rest: (yy - slope * xy).max(0.0) }
    }
}

pub(super) fn explains(series: &Series, growth: &Growth) -> bool {
    let Some(counter) = &series.requests else { return false };
    let times = &series.block_times;
    let increments = |pair: (&[f64], &[f64])| (pair.0[1] - pair.0[0]) / (pair.1[1] - pair.1[0]);
    // Each capture sees the requests since the one before it.
    let per_second: Vec<f64> = counter.windows(2).zip(times.windows(2)).map(increments).collect();
    let levels = &growth.levels[1..];
    let by_load = Line::fit(&per_second, levels);
    let by_counter = Line::fit(&counter[1..], levels);
    if by_load.slope <= 0.0 || by_load.rest >= by_counter.rest {
        return false;
    }
    let (before, after) = quarters(levels);
    let (calm, busy) = quarters(&per_second);
    let grown = after - before;
    grown - by_load.slope * (busy - calm) <= UNEXPLAINED * grown
}
