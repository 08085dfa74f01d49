//! When growth began: a level that becomes a slope.

use super::load::Line;
use super::series::mean;

/// A level up to a block, and a slope from there on.
pub(super) struct Bend {
    pub(super) block: usize,
    /// Sum of squares that it leaves.
    pub(super) rest: f64,
}

/// Fewer blocks tell no slope.
const FEWEST_BLOCKS: usize = 4;

impl Bend {
    /// The best; at block 0 unless another fits far better than a slope from the start.
    pub(super) fn of(times: &[f64], levels: &[f64]) -> Bend {
        let rests = bends(times, levels);
        let straight = rests.first().copied().unwrap_or(0.0);
        let bends = rests.len().saturating_sub(FEWEST_BLOCKS - 1);
        // What is left of a straight line is rounding.
        let grain = levels.iter().map(|level| level * level).sum::<f64>() * 1e-12;
        (1..bends)
            .map(|bend| (bend, rests[bend]))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(_, rest)| *rest + grain < 0.5 * straight)
            .map_or(Bend { block: 0, rest: straight }, |(block, rest)| Bend { block, rest })
    }

    /// What is left of the levels.
    pub(super) fn detrended(&self, times: &[f64], levels: &[f64]) -> Vec<f64> {
        let since: Vec<f64> = times.iter().map(|t| (t - times[self.block]).max(0.0)).collect();
        let slope = Line::fit(&since, levels).slope;
        since.iter().zip(levels).map(|(t, level)| level - slope * t).collect()
    }
}

/// For each block b the sum of squares that the best a + c·max(0, t − t_b) leaves.
fn bends(times: &[f64], levels: &[f64]) -> Vec<f64> {
    let n = levels.len() as f64;
    let mean = mean(levels);
    let yy: f64 = levels.iter().map(|y| (y - mean) * (y - mean)).sum();
    let mut rests = vec![yy; levels.len()];
    // Sums over the blocks after b, of x = t − t_b and y = level − mean: moving b back adds to every x.
    let (mut count, mut x, mut xx, mut y, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for b in (0..levels.len().saturating_sub(1)).rev() {
        count += 1.0;
        y += levels[b + 1] - mean;
        let step = times[b + 1] - times[b];
        xx += 2.0 * step * x + step * step * count;
        x += step * count;
        xy += step * y;
        let (spread, common) = (xx - x * x / n, xy);
        if spread > 0.0 {
            rests[b] = (yy - common * common / spread).max(0.0);
        }
    }
    rests
}
