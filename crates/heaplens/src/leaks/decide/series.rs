//! The captures of a run as the tests take them: clean, and in blocks where there are many.

use super::{History, Run};

/// The tests look at all pairs of values. So many tell a shape as well as more do; beyond, consecutive captures are
/// averaged into blocks.
const MOST_BLOCKS: usize = 96;

/// Far beyond any heap, and far from where sums and products of such values overflow.
const LARGEST: f64 = 1e30;

/// When the captures were taken, and what is the same for all sites.
pub(super) struct Series {
    times: Vec<f64>,
    heap: Vec<f64>,
    /// For each block its captures' `begin..end`.
    blocks: Vec<(usize, usize)>,
    /// The mean time of each block's captures.
    pub(super) block_times: Vec<f64>,
    /// The request counter at each block, if it was given and rises.
    pub(super) requests: Option<Vec<f64>>,
    pub(super) rate: u64,
}

/// From the mean of the first quarter of some captures to the mean of the last.
pub(super) struct Change {
    pub(super) before: f64,
    pub(super) after: f64,
    /// Between the mean times of both.
    pub(super) seconds: f64,
}

impl Change {
    pub(super) fn new(times: &[f64], bytes: &[f64]) -> Change {
        let (before, after) = quarters(bytes);
        let (begin, end) = quarters(times);
        Change { before, after, seconds: end - begin }
    }
}

impl Series {
    pub(super) fn new(run: &Run<'_>) -> Series {
        let n = run.times.len();
        let rises = run.times.windows(2).all(|pair| pair[0] < pair[1]);
        let is_clean = rises && run.times.iter().all(|t| t.abs() < LARGEST);
        let times: Vec<f64> = if is_clean { run.times.to_vec() } else { (0..n).map(|i| i as f64).collect() };
        let count = n.div_ceil(n.div_ceil(MOST_BLOCKS).max(1));
        let blocks: Vec<(usize, usize)> = (0..count).map(|i| (i * n / count, (i + 1) * n / count)).collect();
        let mut series = Series {
            times,
            heap: clean(run.heap, n),
            blocks,
            block_times: Vec::new(),
            requests: None,
            rate: run.rate,
        };
        series.block_times = series.in_blocks(&series.times);
        let requests = run.load.map(|load| series.in_blocks(&clean(load, n)));
        series.requests = requests.filter(|counter| counter.windows(2).all(|pair| pair[0] < pair[1]));
        series
    }

    /// Captures.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn bytes(&self, site: &History) -> Vec<f64> {
        clean(&site.bytes, self.len())
    }

    pub(super) fn objects(&self, site: &History) -> Vec<f64> {
        clean(&site.objects, self.len())
    }

    pub(super) fn mean_heap(&self) -> f64 {
        self.heap.iter().sum::<f64>() / self.len().max(1) as f64
    }

    pub(super) fn in_blocks(&self, values: &[f64]) -> Vec<f64> {
        self.blocks.iter().map(|(begin, end)| mean(&values[*begin..*end])).collect()
    }

    /// The first capture of a block.
    pub(super) fn capture_of(&self, block: usize) -> usize {
        self.blocks.get(block).map_or(0, |(begin, _)| *begin)
    }

    pub(super) fn change(&self, bytes: &[f64]) -> Change {
        Change::new(&self.times, bytes)
    }

    /// The change within the later half of the captures.
    pub(super) fn late_change(&self, bytes: &[f64]) -> Change {
        let half = self.len() / 2;
        Change::new(&self.times[half..], &bytes[half..])
    }

    pub(super) fn times(&self) -> &[f64] {
        &self.times
    }
}

/// As many captures as make up a quarter, two at least.
pub(super) fn quarter(captures: usize) -> usize {
    (captures / 4).max(2).min(captures)
}

/// Mean of the first quarter and of the last.
pub(super) fn quarters(values: &[f64]) -> (f64, f64) {
    let q = quarter(values.len());
    (mean(&values[..q]), mean(&values[values.len() - q..]))
}

/// About the first value, so that the mean of equal values is just that.
pub(super) fn mean(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(0.0);
    first + values.iter().map(|v| v - first).sum::<f64>() / values.len().max(1) as f64
}

/// So many values, from 0 to [`LARGEST`]; what is missing is 0.
fn clean(values: &[f64], n: usize) -> Vec<f64> {
    let clean = |v: &f64| if v.is_nan() { 0.0 } else { v.clamp(0.0, LARGEST) };
    let mut values: Vec<f64> = values.iter().take(n).map(clean).collect();
    values.resize(n, 0.0);
    values
}
