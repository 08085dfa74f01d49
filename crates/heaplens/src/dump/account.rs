//! Which jemalloc wrote a dump, and whether it is all there.
//!
//! The header counts what the stacks count, so the two must agree. How they agree tells the writer:
//! - jemalloc before 5.3.0, or with `prof_unbias:false`: raw sums are equal, exactly;
//! - since 5.3.0: each line is printed so that unsampling *it* gives the unbiased figure, so only the
//!   unsampled sums agree, up to the rounding of the printed numbers to whole ones.

use super::{Counts, Dump, Owner};
use crate::error::Warning;
use crate::sampling::unsample;
use crate::trailer::Seal;
use rustc_hash::FxHashMap;

/// Who wrote the numbers of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// jemalloc before 5.3.0 or `prof_unbias:false`: stacks that mix sizes are estimated with a bias.
    Raw,
    /// jemalloc since 5.3.0: estimates are unbiased.
    Unbiased,
    /// Both fit (few stacks, or one size only); then the difference does not matter either.
    Either,
    /// Neither fits: the dump is damaged.
    Neither,
}

/// The result of checking a dump against itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Accounting {
    /// Who wrote it.
    pub writer: Writer,
    /// Live bytes that the header counts, unsampled.
    pub header_bytes: f64,
    /// Live bytes of all stacks, unsampled.
    pub stacks_bytes: f64,
    /// What is missing or doubtful; empty for a dump that is whole.
    pub warnings: Vec<Warning>,
}

/// An unsampled sum and how far the rounding of its lines can have moved it.
#[derive(Clone, Copy, Default)]
struct Estimate {
    raw_objects: u128,
    raw_bytes: u128,
    objects: f64,
    bytes: f64,
    byte_rounding: Rounding,
    object_rounding: Rounding,
    sizes: Sizes,
}

/// What the average sizes of summed lines tell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sizes {
    /// No line counts anything.
    #[default]
    None,
    /// All lines are exact and of this size class.
    One(u64),
    /// Sizes differ, or some line was rounded.
    Mixed,
}

/// How far rounded numbers can be off: each by at most so much, independently.
#[derive(Clone, Copy, Default)]
struct Rounding {
    sum: f64,
    sum_of_squares: f64,
    largest: f64,
}

impl Rounding {
    fn add(&mut self, off: f64) {
        self.sum += off;
        self.sum_of_squares += off * off;
        self.largest = self.largest.max(off);
    }

    /// All at their worst, or four standard deviations (roundings are even: off²/3) and the largest, if less.
    fn tolerance(&self, other: &Rounding) -> f64 {
        let likely = 4.0 * ((self.sum_of_squares + other.sum_of_squares) / 3.0).sqrt();
        (self.sum + other.sum).min(likely + self.largest.max(other.largest))
    }
}

impl Estimate {
    /// A line that totals other lines. If their sizes differ it was rounded, also where it looks exact: objects of
    /// 32 and 96 bytes are printed as `2: 96`, as two of 48 would be.
    fn of_total(counts: Counts, parts: &Estimate, rate: u64) -> Estimate {
        let mut estimate = Estimate::default();
        estimate.add_if(counts, rate, parts.sizes != Sizes::Mixed && is_exact(counts));
        estimate
    }

    fn add(&mut self, counts: Counts, rate: u64) {
        self.add_if(counts, rate, is_exact(counts));
    }

    fn add_if(&mut self, counts: Counts, rate: u64, exact: bool) {
        if let Some(size) = counts.bytes.checked_div(counts.objects) {
            self.sizes = match self.sizes {
                Sizes::None if exact => Sizes::One(size),
                Sizes::One(other) if exact && other == size => self.sizes,
                _ => Sizes::Mixed,
            };
        }
        self.raw_objects += u128::from(counts.objects);
        self.raw_bytes += u128::from(counts.bytes);
        let (objects, bytes) = unsample(counts.objects, counts.bytes, rate);
        self.objects += objects;
        self.bytes += bytes;
        let (mut off_bytes, mut off_objects) = (0f64, 0f64);
        if rate > 1 && counts.objects > 0 && !exact {
            let (n, s, r) = (counts.objects as f64, counts.bytes as f64, rate as f64);
            for (n, s) in [(n - 0.5, s - 0.5), (n - 0.5, s + 0.5), (n + 0.5, s - 0.5), (n + 0.5, s + 0.5)] {
                let p = -(-(s / n) / r).exp_m1();
                if p > 0.0 {
                    off_bytes = off_bytes.max((s / p - bytes).abs());
                    off_objects = off_objects.max((n / p - objects).abs());
                }
            }
        }
        self.byte_rounding.add(off_bytes);
        self.object_rounding.add(off_objects);
    }

    fn same_raw(&self, other: &Estimate) -> bool {
        (self.raw_objects, self.raw_bytes) == (other.raw_objects, other.raw_bytes)
    }

    fn same_unsampled(&self, other: &Estimate) -> bool {
        let within = |a: f64, b: f64, x: &Rounding, y: &Rounding| {
            (a - b).abs() <= x.tolerance(y) + 1e-9 * a.abs().max(b.abs())
        };
        within(self.bytes, other.bytes, &self.byte_rounding, &other.byte_rounding)
            && within(self.objects, other.objects, &self.object_rounding, &other.object_rounding)
    }
}

/// True if the printed pair needed no rounding: one sampled object, or several of one size class, give whole
/// numbers. Only sizes that mix give fractions, and a pair that comes out at another size than any class.
fn is_exact(counts: Counts) -> bool {
    let Counts { objects, bytes, .. } = counts;
    objects <= 1 || (bytes % objects == 0 && is_size_class(bytes / objects))
}

/// jemalloc's size classes: 8, multiples of 16 up to 128, then four to each doubling.
fn is_size_class(size: u64) -> bool {
    match size {
        0 => false,
        1..=128 => size == 8 || size.is_multiple_of(16),
        _ => size.is_multiple_of(1 << ((size - 1).ilog2() - 2)),
    }
}

impl Dump {
    /// Checks the dump against itself; a cut or damaged one has warnings.
    pub fn accounting(&self) -> Accounting {
        let mut stacks = Estimate::default();
        let mut of_thread: FxHashMap<u64, Estimate> = FxHashMap::default();
        let mut unequal_stack = None;
        for (number, stack) in self.stacks().enumerate() {
            let mut threads = Estimate::default();
            for (owner, counts) in stack.lines() {
                match owner {
                    Owner::All => {
                        stacks.add(counts, self.rate);
                    }
                    Owner::Thread(uid) => {
                        of_thread.entry(uid).or_default().add(counts, self.rate);
                        threads.add(counts, self.rate);
                    }
                }
            }
            let line = Estimate::of_total(stack.total(), &threads, self.rate);
            // Tools that thin dumps out leave the threads' lines away.
            if stack.lines().len() > 1 && !line.same_raw(&threads) && !line.same_unsampled(&threads) {
                unequal_stack.get_or_insert((number + 1, line.bytes, threads.bytes));
            }
        }
        let header = Estimate::of_total(self.total(), &stacks, self.rate);
        let writer = match (header.same_raw(&stacks), header.same_unsampled(&stacks)) {
            // An unbiased writer's raw sums agree only where unsampling the sum is unsampling the parts.
            (true, _) if (header.bytes - stacks.bytes).abs() <= 1e-3 * header.bytes => Writer::Either,
            (true, _) => Writer::Raw,
            (false, true) => Writer::Unbiased,
            (false, false) => Writer::Neither,
        };
        let mut warnings = Vec::new();
        if writer == Writer::Neither {
            warnings.push(Warning::new(
                "damaged",
                format!(
                    "the dump is cut or damaged: its header counts {:.0} live bytes, its stacks {:.0}; make a new dump",
                    header.bytes, stacks.bytes
                ),
            ));
        } else if let Some((uid, line, sum)) = self.unequal_thread(writer, &of_thread) {
            warnings.push(Warning::new(
                "damaged",
                format!(
                    "the dump is cut or damaged: its header counts {line:.0} live bytes of thread t{uid}, its stacks {sum:.0}; make a new dump",
                ),
            ));
        }
        if let Some((number, line, sum)) = unequal_stack {
            warnings.push(Warning::new(
                "damaged",
                format!(
                    "the dump is damaged: stack {number} counts {line:.0} live bytes, its threads {sum:.0}; make a new dump",
                ),
            ));
        }
        if writer == Writer::Raw && self.rate > 1 && mixes_sizes(self) {
            warnings.push(Warning::new(
                "biased",
                "written by jemalloc before 5.3.0 or with prof_unbias:false: stacks that allocate very different sizes are estimated too low",
            ));
        }
        self.structure(&mut warnings);
        Accounting { writer, header_bytes: header.bytes, stacks_bytes: stacks.bytes, warnings }
    }

    /// A thread whose header line and stacks disagree: `(uid, header's bytes, stacks' bytes)`.
    fn unequal_thread(&self, writer: Writer, sums: &FxHashMap<u64, Estimate>) -> Option<(u64, f64, f64)> {
        self.threads().filter(|_| !sums.is_empty()).find_map(|(uid, counts, _)| {
            let sum = sums.get(&uid).copied().unwrap_or_default();
            let line = Estimate::of_total(counts, &sum, self.rate);
            let same = line.same_raw(&sum) || (writer != Writer::Raw && line.same_unsampled(&sum));
            (!same).then_some((uid, line.bytes, sum.bytes))
        })
    }

    /// What is missing at the end, and what was odd on the way.
    fn structure(&self, warnings: &mut Vec<Warning>) {
        for fault in &self.faults {
            warnings.push(Warning::new("damaged", format!("line {}: {}", fault.line, fault.what)));
        }
        if self.rate == 0 {
            warnings.push(Warning::new(
                "rate",
                "the sampling rate is 0: values are shown as printed, not unsampled",
            ));
        }
        let sealed = match self.trailer.as_ref().map(|(_, seal)| seal) {
            Some(Seal::Intact) => true,
            Some(Seal::Missing) => {
                warnings.push(Warning::new(
                    "truncated",
                    "the file was cut inside the last lines (`# heaplens …`): facts about the process are missing",
                ));
                false
            }
            Some(Seal::Broken) => {
                warnings.push(Warning::new(
                    "damaged",
                    "the checksum at the end does not fit the dump: it was changed or damaged after it was made",
                ));
                false
            }
            None => false,
        };
        let maps_text = self.maps_text();
        if !self.has_maps() || maps_text.is_empty() {
            warnings.push(Warning::new(
                "no-maps",
                "the dump has no mapping lines (MAPPED_LIBRARIES): it was cut, or the program could not read /proc; addresses cannot be named",
            ));
        } else if !sealed {
            let maps = crate::maps::Maps::parse(maps_text);
            if !maps_text.ends_with(b"\n") {
                warnings.push(Warning::new("truncated", "the file ends in the middle of its mapping lines"));
            } else if maps.is_linux && !maps.reaches_stack {
                warnings.push(Warning::new(
                    "truncated",
                    "the mapping lines end before [stack]: the file was cut, some libraries may be missing",
                ));
            }
        }
    }
}

/// True if some stack holds more than one object, whose sizes can then differ.
fn mixes_sizes(dump: &Dump) -> bool {
    dump.stacks().any(|stack| stack.total().objects > 1)
}
