//! Live samples of sites whose nature is known, one value a capture. Chance comes from a seed.

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }

    pub(crate) fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform(-0.5, 0.5)).sum()
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 16.0 {
            return self.poisson(mean / 2.0) + self.poisson(mean / 2.0);
        }
        let (mut product, mut count) = (self.uniform(0.0, 1.0), 0.0);
        while product > (-mean).exp() {
            product *= self.uniform(0.0, 1.0);
            count += 1.0;
        }
        count
    }

    /// How many of so many survive.
    fn survivors(&mut self, count: f64, share: f64) -> f64 {
        (0..count as usize).filter(|_| self.uniform(0.0, 1.0) < share).count() as f64
    }
}

/// Samples alive at each capture, of a site that holds `mean` of them, a share of which is the same in the next capture.
pub(crate) fn turnover(random: &mut Random, n: usize, mean: f64, share: f64) -> Vec<f64> {
    let mut alive = random.poisson(mean);
    (0..n)
        .map(|_| {
            alive = random.survivors(alive, share) + random.poisson(mean * (1.0 - share));
            alive
        })
        .collect()
}

/// Live samples that only ever grow: `rate(i)` new ones in interval i.
pub(crate) fn kept(random: &mut Random, n: usize, rate: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut alive = 0.0;
    (0..n)
        .map(|i| {
            alive += random.poisson(rate(i as f64));
            alive
        })
        .collect()
}

/// A cache that holds `size` at last, and 63 % of it after `pace` intervals.
fn cache(random: &mut Random, n: usize, size: f64, pace: f64) -> Vec<f64> {
    kept(random, n, |i| size * ((-i / pace).exp() - (-(i + 1.0) / pace).exp()))
}

/// What does not leak, one kind after the other.
pub(crate) fn healthy(random: &mut Random, kind: usize, n: usize) -> Vec<f64> {
    let mean = random.magnitude(2.0, 100.0);
    match kind % 6 {
        0 => (0..n).map(|_| random.poisson(mean)).collect(),
        1 => {
            let share = random.uniform(0.8, 0.98);
            turnover(random, n, mean, share)
        }
        2 => vec![random.poisson(mean); n],
        3 => {
            let pace = random.magnitude(1.0, n as f64 / 3.0);
            cache(random, n, mean, pace)
        }
        4 => {
            let (period, phase) = (random.uniform(3.0, n as f64 / 2.0), random.uniform(0.0, 1.0));
            (0..n).map(|i| random.poisson(0.3 * mean + mean * (i as f64 / period + phase).fract())).collect()
        }
        _ => {
            let (share, mut load) = (random.uniform(0.5, 0.95), 0.0);
            (0..n)
                .map(|_| {
                    load = share * load + (1.0f64 - share * share).sqrt() * 0.3 * random.normal();
                    random.poisson(mean * load.exp())
                })
                .collect()
        }
    }
}

/// Leaks so many samples an interval, and holds others that come and go.
pub(crate) fn leak(random: &mut Random, n: usize, rate: f64, base: f64) -> Vec<f64> {
    let leaked = kept(random, n, |_| rate);
    let share = random.uniform(0.5, 0.95);
    turnover(random, n, base, share).iter().zip(leaked).map(|(base, leaked)| base + leaked).collect()
}
