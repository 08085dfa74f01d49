//! Single sites of every shape, in samples that are few, and that are many.

use crate::detectors::{history, judge, published};
use crate::programs::{Random, kept, turnover};

const CAPTURES: usize = 24;
const RUNS: u64 = 40;
/// Samples that a site gains, or holds.
const SIZES: [f64; 2] = [40.0, 400.0];

/// Gains `size` samples, as many until a share x of the time as `f(x)` says, and keeps them.
fn gains(random: &mut Random, size: f64, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let n = CAPTURES as f64;
    kept(random, CAPTURES, |i| (size * (f((i + 1.0) / n) - f(i / n))).max(0.0))
}

/// Holds at each share of the time what `f` says, of objects that are always others.
fn holds(random: &mut Random, size: f64, f: impl Fn(f64) -> f64) -> Vec<f64> {
    (1..=CAPTURES).map(|i| random.poisson(size * f(i as f64 / CAPTURES as f64))).collect()
}

fn sum(a: Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn late(random: &mut Random, size: f64, begin: f64) -> Vec<f64> {
    gains(random, size, |x| ((x - begin) / (1.0 - begin)).max(0.0))
}

fn fills(random: &mut Random, size: f64, pace: f64) -> Vec<f64> {
    gains(random, size, |x| 1.0 - (-x / pace).exp())
}

fn capped(random: &mut Random, size: f64, cap: f64) -> Vec<f64> {
    gains(random, size, |x| x.min(cap) / cap)
}

type Shape = (&'static str, fn(&mut Random, f64) -> Vec<f64>);

const LEAKS: [Shape; 7] = [
    ("steady", |r, size| gains(r, size, |x| x)),
    ("beside as much that comes and goes", |r, size| {
        sum(gains(r, size, |x| x), turnover(r, CAPTURES, size, 0.8))
    }),
    ("from the half on", |r, size| late(r, size, 0.5)),
    ("from 70 % on", |r, size| late(r, size, 0.7)),
    ("ever faster", |r, size| gains(r, size, |x| x * x)),
    ("every fourth interval", |r, size| gains(r, size, |x| (x * 6.0).floor() / 6.0)),
    ("under a sawtooth", |r, size| sum(gains(r, size, |x| x), holds(r, size / 2.0, |x| (x * 5.0).fract()))),
];

const HEALTHY: [Shape; 14] = [
    ("cache, full at once", |r, size| fills(r, size, 0.1)),
    ("cache, 95 % full", |r, size| fills(r, size, 0.33)),
    ("cache, 86 % full", |r, size| fills(r, size, 0.5)),
    ("cache, 76 % full", |r, size| fills(r, size, 0.7)),
    ("filled steadily until 60 %", |r, size| capped(r, size, 0.6)),
    ("filled steadily until 70 %", |r, size| capped(r, size, 0.7)),
    ("filled steadily until 80 %", |r, size| capped(r, size, 0.8)),
    ("one step", |r, size| {
        let at = r.uniform(0.15, 0.85);
        holds(r, size, |x| if x < at { 0.3 } else { 1.0 })
    }),
    ("two steps", |r, size| {
        let at = r.uniform(0.1, 0.5);
        holds(r, size, |x| {
            0.3 + if x < at {
                0.0
            } else if x < at + 0.4 {
                0.35
            } else {
                0.7
            }
        })
    }),
    ("sawtooth of five", |r, size| {
        let phase = r.uniform(0.0, 1.0);
        holds(r, size, |x| 0.3 + (5.0 * x + phase).fract())
    }),
    ("sawtooth of two", |r, size| {
        let phase = r.uniform(0.0, 1.0);
        holds(r, size, |x| 0.3 + (2.0 * x + phase).fract())
    }),
    ("growth and release", |r, size| {
        let at = r.uniform(0.5, 0.85);
        holds(r, size, |x| if x < at { 0.2 + x } else { 0.3 })
    }),
    ("heavy tails", |r, size| {
        let burst = |r: &mut Random| 0.3 * r.uniform(0.01, 1.0).powf(-0.6);
        (0..CAPTURES).map(|_| r.uniform(0.8, 1.2) * size * burst(r)).map(f64::round).collect()
    }),
    ("comes and goes slowly", |r, size| turnover(r, CAPTURES, size, 0.95)),
];

/// The share of runs in which the first of 21 sites, the others being constant, is reported: as published, and here.
fn reported(shape: &Shape, size: f64) -> (f64, f64) {
    let mut shares = (0.0, 0.0);
    for seed in 0..RUNS {
        let mut random = Random(seed);
        let mut sites = vec![history(&shape.1(&mut random, size))];
        sites.extend((0..20).map(|i| history(&[20.0 + f64::from(i); CAPTURES])));
        shares.0 += f64::from(u8::from(published(&sites).goes_on[0])) / RUNS as f64;
        shares.1 += f64::from(u8::from(judge(&sites)[0].is_suspect)) / RUNS as f64;
    }
    shares
}

/// The shares of every shape: few samples as published and here, many samples as published and here.
fn table(shapes: &[Shape]) -> Vec<[f64; 4]> {
    let row = |shape: &Shape| {
        let [few, many] = SIZES.map(|size| reported(shape, size));
        println!("| {} | {:.2} | {:.2} | {:.2} | {:.2} |", shape.0, few.0, few.1, many.0, many.1);
        [few.0, few.1, many.0, many.1]
    };
    shapes.iter().map(row).collect()
}

fn sums(table: &[[f64; 4]]) -> [f64; 4] {
    [0, 1, 2, 3].map(|column| table.iter().map(|row| row[column]).sum())
}

#[test]
fn leaks_of_every_shape_are_found() {
    let table = table(&LEAKS);
    assert!(table.iter().all(|[_, _, _, many]| *many >= 0.95));
    let [few_published, few, many_published, many] = sums(&table);
    assert!(few > few_published && many > many_published);
}

#[test]
fn what_only_looks_like_a_leak_is_none() {
    let table = table(&HEALTHY);
    assert!(table.iter().all(|[_, few, _, many]| *few <= 0.6 && *many <= 0.2));
    let [few_published, few, many_published, many] = sums(&table);
    assert!(few < 0.7 * few_published && many < 0.2 * many_published);
}
