//! Which jemalloc wrote a dump, and whether it is all there.
//!
//! The header counts what the stacks count, so the two must agree. How they agree tells the writer:
//! - jemalloc before 5.3.0, or with `prof_unbias:false`: raw sums are equal, exactly;
//! - since 5.3.0: each line is printed so that unsampling *it* gives the unbiased figure, so only the
//!   unsampled sums agree, up to the rounding of the printed numbers to whole ones.

use super::{Counts, Dump, Owner};
use crate::error::Warning;
use crate::maps::warn_missing;
use crate::sampling::unsample;
use crate::seeded::SeededMap;
use crate::trailer::Seal;

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
    fn of(counts: Counts, rate: u64) -> Estimate {
        let mut estimate = Estimate::default();
        estimate.add(counts, rate);
        estimate
    }

    fn add(&mut self, counts: Counts, rate: u64) {
        self.raw_objects += u128::from(counts.objects);
        self.raw_bytes += u128::from(counts.bytes);
        let (objects, bytes) = unsample(counts.objects, counts.bytes, rate);
        self.objects += objects;
        self.bytes += bytes;
        let (mut off_bytes, mut off_objects) = (0f64, 0f64);
        if rate > 1 && !is_exact(counts) {
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

/// True if the printed pair needed no rounding: one object of a size class. Several could be of one class too,
/// but sizes that mix can come out at a class by chance: 32 and 7168 bytes print as `2: 128`.
fn is_exact(counts: Counts) -> bool {
    counts.objects == 0 || (counts.objects == 1 && is_size_class(counts.bytes))
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
        let header = Estimate::of(self.total(), self.rate);
        let mut stacks = Estimate::default();
        let mut of_thread: SeededMap<u64, Estimate> = SeededMap::default();
        let mut unequal_stack = None;
        for (number, stack) in self.stacks().enumerate() {
            let mut line = Estimate::default();
            let mut threads = Estimate::default();
            for (owner, counts) in stack.lines() {
                match owner {
                    Owner::All => {
                        stacks.add(counts, self.rate);
                        line.add(counts, self.rate);
                    }
                    Owner::Thread(uid) => {
                        of_thread.entry(uid).or_default().add(counts, self.rate);
                        threads.add(counts, self.rate);
                    }
                }
            }
            let same = match stack.lines().len() {
                // Tools that thin dumps out leave the threads' lines away.
                0 | 1 => true,
                // One thread alone is all threads, to the digit.
                2 => line.same_raw(&threads),
                _ => line.same_raw(&threads) || line.same_unsampled(&threads),
            };
            if !same {
                unequal_stack.get_or_insert((number + 1, line.bytes, threads.bytes));
            }
        }
        let writer = match (header.same_raw(&stacks), header.same_unsampled(&stacks)) {
            // An unbiased writer's raw sums agree only where unsampling the sum is unsampling the parts.
            (true, _) if (header.bytes - stacks.bytes).abs() <= 1e-3 * header.bytes => Writer::Either,
            (true, _) => Writer::Raw,
            (false, true) => Writer::Unbiased,
            (false, false) => Writer::Neither,
        };
        let mut warnings = Vec::new();
        // What a checksum proves to be as it was written needs no estimate to say so.
        let sealed = matches!(self.trailer, Some((_, Seal::Intact)));
        if writer == Writer::Neither && !sealed {
            warnings.push(Warning::new(
                "damaged",
                format!(
                    "the dump is cut or damaged: its header counts {:.0} live bytes, its stacks {:.0}; make a new dump",
                    header.bytes, stacks.bytes
                ),
            ));
        } else if let Some((uid, line, sum)) = self.unequal_thread(writer, &of_thread).filter(|_| !sealed) {
            warnings.push(Warning::new(
                "damaged",
                format!(
                    "the dump is cut or damaged: its header counts {line:.0} live bytes of thread t{uid}, its stacks {sum:.0}; make a new dump",
                ),
            ));
        }
        if let Some((number, line, sum)) = unequal_stack.filter(|_| !sealed) {
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
    fn unequal_thread(&self, writer: Writer, sums: &SeededMap<u64, Estimate>) -> Option<(u64, f64, f64)> {
        self.threads().filter(|_| !sums.is_empty()).find_map(|(uid, counts, _)| {
            let line = Estimate::of(counts, self.rate);
            let sum = sums.get(&uid).copied().unwrap_or_default();
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
        let maps = self.has_maps().then(|| self.maps_text());
        // A checksum that fits proves that the lines are all there.
        if !sealed || maps.is_none_or(<[u8]>::is_empty) {
            warnings.extend(warn_missing(maps));
        }
    }
}

/// True if some stack holds more than one object, whose sizes can then differ.
fn mixes_sizes(dump: &Dump) -> bool {
    dump.stacks().any(|stack| stack.total().objects > 1)
}
