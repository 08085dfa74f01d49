//! The decision judged by made-up programs of which it is known what leaks: how many sites that do not leak are
//! reported, and how many leaks are. Seeds are fixed. `--nocapture` prints the table of `docs/leaks.md`.

use heaplens::leaks::statistics::{Slopes, benjamini_hochberg, mann_kendall, upper_tail};
use heaplens::leaks::{Decision, History, Label, Options, Run, decide};

const RATE: u64 = 524_288;
const NULLS: usize = 200;
const RUNS: u64 = 60;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }

    fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform(-0.5, 0.5)).sum()
    }

    fn poisson(&mut self, mean: f64) -> f64 {
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
fn turnover(random: &mut Random, n: usize, mean: f64, share: f64) -> Vec<f64> {
    let mut alive = random.poisson(mean);
    (0..n)
        .map(|_| {
            alive = random.survivors(alive, share) + random.poisson(mean * (1.0 - share));
            alive
        })
        .collect()
}

/// Live samples that only ever grow: `rate(i)` new ones in interval i.
fn kept(random: &mut Random, n: usize, rate: impl Fn(f64) -> f64) -> Vec<f64> {
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
fn healthy(random: &mut Random, kind: usize, n: usize) -> Vec<f64> {
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
fn leak(random: &mut Random, n: usize, rate: f64, base: f64) -> Vec<f64> {
    let leaked = kept(random, n, |_| rate);
    let share = random.uniform(0.5, 0.95);
    turnover(random, n, base, share).iter().zip(leaked).map(|(base, leaked)| base + leaked).collect()
}

const LEAKS: [(f64, f64); 3] = [(1.0, 0.0), (2.0, 20.0), (4.0, 20.0)];

fn history(samples: &[f64]) -> History {
    let bytes: Vec<f64> = samples.iter().map(|k| k * RATE as f64).collect();
    let objects = bytes.iter().map(|b| b / 64.0).collect();
    History { bytes, objects }
}

/// One program: its healthy sites, then its leaks.
fn program(seed: u64, n: usize) -> Vec<History> {
    let mut random = Random(seed);
    let mut sites: Vec<History> = (0..NULLS).map(|kind| history(&healthy(&mut random, kind, n))).collect();
    sites.extend(LEAKS.map(|(rate, base)| history(&leak(&mut random, n, rate, base))));
    sites
}

fn times(n: usize) -> Vec<f64> {
    (0..n).map(|i| 300.0 * i as f64).collect()
}

fn judge(sites: &[History], n: usize) -> Vec<Decision> {
    let heap: Vec<f64> = (0..n).map(|t| sites.iter().map(|site| site.bytes[t]).sum()).collect();
    let times = times(n);
    decide(&Run { times: &times, rate: RATE, heap: &heap, load: None }, sites, &Options::default())
}

/// What a detector reports: healthy sites in a program, and the share of each kind of leak.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    false_positives: f64,
    power: [f64; LEAKS.len()],
}

impl Score {
    fn add(&mut self, reported: &[bool]) {
        self.false_positives += reported[..NULLS].iter().filter(|r| **r).count() as f64 / RUNS as f64;
        for (power, reported) in self.power.iter_mut().zip(&reported[NULLS..]) {
            *power += f64::from(u8::from(*reported)) / RUNS as f64;
        }
    }
}

/// Mann and Kendall's p of each site, without and with Hamed and Rao's correction.
fn trends(sites: &[History], n: usize) -> (Vec<f64>, Vec<f64>) {
    let times = times(n);
    sites
        .iter()
        .map(|site| {
            let trend = mann_kendall(&times, &site.bytes, Slopes::new(&times, &site.bytes).median());
            (upper_tail(trend.z * trend.correction.sqrt()), trend.p)
        })
        .unzip()
}

/// The detectors of the table.
const NAMES: [&str; 6] = [
    "Mann-Kendall, p < 0.05",
    "with Benjamini-Hochberg",
    "and Hamed-Rao",
    "and the noise test",
    "suspects",
    "undecided",
];

fn simulate(n: usize) -> [Score; 6] {
    let mut scores = [Score::default(); 6];
    for seed in 0..RUNS {
        let sites = program(seed + 1, n);
        let (plain, corrected) = trends(&sites, n);
        let decisions = judge(&sites, n);
        // Sites that are too small are no hypotheses.
        let p: Vec<f64> = decisions.iter().map(|d| if d.p < 1.0 { d.p } else { f64::NAN }).collect();
        let tested: Vec<f64> = p.iter().copied().filter(|p| !p.is_nan()).collect();
        let mut found = benjamini_hochberg(&tested, 0.05).into_iter();
        let found: Vec<bool> = p.iter().map(|p| !p.is_nan() && found.next().unwrap()).collect();
        scores[0].add(&plain.iter().map(|p| *p < 0.05).collect::<Vec<_>>());
        scores[1].add(&benjamini_hochberg(&plain, 0.05));
        scores[2].add(&benjamini_hochberg(&corrected, 0.05));
        scores[3].add(&found);
        scores[4].add(&decisions.iter().map(|d| d.is_suspect).collect::<Vec<_>>());
        scores[5].add(&decisions.iter().map(|d| d.label == Label::Inconclusive).collect::<Vec<_>>());
    }
    for (name, score) in NAMES.iter().zip(&scores) {
        let [a, b, c] = score.power;
        println!("{n} captures | {name:24} | {:5.2} | {a:.2} | {b:.2} | {c:.2}", score.false_positives);
    }
    scores
}

#[test]
fn table() {
    for n in [12, 24, 48] {
        simulate(n);
    }
    let mut kinds = std::collections::BTreeMap::new();
    for seed in 0..RUNS {
        for (i, d) in judge(&program(seed + 1, 24), 24).iter().enumerate() {
            let kind = if i < NULLS { i % 6 } else { 10 + i - NULLS };
            *kinds.entry((kind, d.label)).or_insert(0) += 1;
        }
    }
    println!("{kinds:?}");
}
