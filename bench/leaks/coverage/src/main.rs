//! How often the 95 % interval of an estimate holds the truth: objects of known sizes from one call site, on the real
//! jemalloc, dumped and read with the library.
//!
//! `coverage TRIALS FILE` dumps to FILE, again and again, and prints one line of JSON for each case. Wants
//! `MALLOC_CONF=prof:true`.

mod jemalloc;

use std::ffi::{CStr, CString};

use heaplens::sampling::{Interval, interval, unsample};

heaplens_agent::jemalloc!();

#[derive(Clone, Copy)]
enum Sizes {
    Small,
    Large,
    Mixed,
}

const RATES: std::ops::RangeInclusive<u32> = 12..=19;
/// Live bytes in units of the average bytes between samples: that many samples, if the objects are small.
const VOLUMES: [u64; 3] = [2, 8, 40];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [trials, file] = &args[..] else { panic!("usage: coverage TRIALS FILE") };
    let trials: u32 = trials.parse().expect("TRIALS is a number");
    let file = CString::new(file.as_str()).expect("FILE is a path");
    let mut random = Random(1);
    for lg in RATES {
        settle(lg);
        for sizes in [Sizes::Small, Sizes::Large, Sizes::Mixed] {
            for volume in VOLUMES {
                let mut held = Held::default();
                for _ in 0..trials {
                    held.count(trial(lg, sizes, volume << lg, &mut random, &file));
                }
                println!(
                    "{{\"sizes\": \"{}\", \"lg\": {lg}, \"volume\": {volume}, \"trials\": {trials}, \
                     \"held\": {}, \"held_usable\": {}}}",
                    sizes.name(),
                    held.counted,
                    held.usable,
                );
            }
        }
    }
}

/// Changes the rate. The distance to a thread's next sample was drawn at the rate before, so it is passed first.
fn settle(lg: u32) {
    jemalloc::reset(lg as usize);
    for _ in 0..64 {
        drop(std::hint::black_box(hold(1 << RATES.end())));
    }
}

/// What a trial found, and the two sums that may be called the truth.
struct Trial {
    interval: Interval,
    /// What the profile counts, in size classes.
    counted: usize,
    /// What is usable. Since jemalloc 5.3.1 large objects take whole pages, while the profile counts their classes.
    usable: usize,
}

/// In how many trials the interval held the truth.
#[derive(Default)]
struct Held {
    counted: u32,
    usable: u32,
}

impl Held {
    fn count(&mut self, trial: Trial) {
        let holds = |truth: usize| (trial.interval.low..=trial.interval.high).contains(&(truth as f64));
        self.counted += u32::from(holds(trial.counted));
        self.usable += u32::from(holds(trial.usable));
    }
}

fn trial(lg: u32, sizes: Sizes, bytes: u64, random: &mut Random, file: &CStr) -> Trial {
    let drawn = draw(sizes, bytes, random);
    let mut held = Vec::with_capacity(drawn.len());
    jemalloc::reset(lg as usize);
    held.extend(drawn.iter().map(|&size| hold(size)));
    jemalloc::dump(file);
    drop(held);
    Trial {
        interval: interval(estimate(file), 1 << lg),
        counted: drawn.iter().map(|&size| size_class(size)).sum(),
        usable: drawn.iter().map(|&size| jemalloc::usable_size(size)).sum(),
    }
}

/// jemalloc's manual, "Implementation notes": multiples of 16 up to 128, then four classes for every doubling.
fn size_class(bytes: usize) -> usize {
    match bytes {
        0..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        _ => bytes.next_multiple_of(bytes.next_power_of_two() / 8),
    }
}

/// Sizes whose sum is about `bytes`; one at least.
fn draw(sizes: Sizes, bytes: u64, random: &mut Random) -> Vec<usize> {
    let (mut drawn, mut sum) = (Vec::new(), 0);
    while drawn.is_empty() || sum < bytes {
        let size = sizes.draw(random);
        drawn.push(size);
        sum += size as u64;
    }
    drawn
}

/// The call site. Its memory is not touched.
#[inline(never)]
fn hold(size: usize) -> Vec<u8> {
    Vec::with_capacity(size)
}

/// The site's unsampled bytes.
fn estimate(file: &CStr) -> f64 {
    let bytes = std::fs::read(file.to_str().expect("a path")).expect("the dump was written");
    let dump = heaplens::Dump::parse(&bytes).expect("jemalloc's dump is read");
    assert!(dump.stacks().len() <= 1, "something else was sampled as well");
    dump.stacks().map(|stack| unsample(stack.total().objects, stack.total().bytes, dump.rate).1).sum()
}

impl Sizes {
    fn name(self) -> &'static str {
        match self {
            Sizes::Small => "small",
            Sizes::Large => "large",
            Sizes::Mixed => "mixed",
        }
    }

    fn draw(self, random: &mut Random) -> usize {
        match self {
            Sizes::Small => 16 + (240.0 * random.share()) as usize,
            Sizes::Large => random.logarithmic(64 << 10, 4 << 20),
            Sizes::Mixed => random.logarithmic(16, 4 << 20),
        }
    }
}

/// The generator SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    /// `0.0..1.0`.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Each power of two is as likely as the next.
    fn logarithmic(&mut self, low: usize, high: usize) -> usize {
        (low as f64 * (high as f64 / low as f64).powf(self.share())) as usize
    }
}
