//! Captures of one process belong together; no trend goes across a restart, another rate, or sampling that was off.

use super::clock::{self, Clock};
use super::{Capture, Series};
use crate::profile::{ModuleKind, Profile};
use crate::sampling;
use std::collections::{BTreeMap, BTreeSet};

/// jemalloc's default rate, taken for inputs whose writers do not tell theirs.
const DEFAULT_RATE: u64 = 1 << 19;

/// Captures of one process between two changes of how it was sampled, in the order of time.
#[derive(Clone, Debug)]
pub struct Run {
    /// Process id, where a trailer or jemalloc's file names tell it.
    pub pid: Option<u64>,
    /// When the process started, in Unix milliseconds.
    pub start_ms: Option<u64>,
    /// When it was switched on, if sampling was not on from the start.
    pub active_since_ms: Option<u64>,
    /// Host name.
    pub host: Option<String>,
    /// Path of the executable.
    pub exe: Option<String>,
    /// Average bytes between two samples; 1 if values are exact.
    pub rate: u64,
    /// True if the inputs do not tell their rate, and jemalloc's default is taken.
    pub rate_is_assumed: bool,
    /// Numbers of captures.
    pub captures: Vec<usize>,
    /// When each was made, in seconds since the first, rising; in captures if `clock` knows no times.
    pub times: Vec<f64>,
    /// When the first was made, in Unix milliseconds.
    pub first_ms: Option<u64>,
    /// Where the times are from.
    pub clock: Clock,
}

impl Run {
    /// True if times are seconds, not numbers of captures.
    pub fn has_times(&self) -> bool {
        self.clock != Clock::Order
    }

    /// Takes the captures in the order in which they were given.
    pub(crate) fn forget_times(&mut self) {
        self.captures.sort_unstable();
        self.times = (0..self.captures.len()).map(|place| place as f64).collect();
        self.first_ms = None;
        self.clock = Clock::Order;
    }
}

/// A capture that no run has.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Its number.
    pub capture: usize,
    /// Why.
    pub why: Why,
}

impl LeftOut {
    /// Captures by why they were left out, those for which the same would be said together.
    pub(crate) fn by_reason(all: &[LeftOut]) -> Vec<(&Why, Vec<usize>)> {
        let mut reasons: Vec<(String, &Why, Vec<usize>)> = Vec::new();
        for left in all {
            let said = left.why.description();
            match reasons.iter_mut().find(|(known, ..)| *known == said) {
                Some((.., captures)) => captures.push(left.capture),
                None => reasons.push((said, &left.why, vec![left.capture])),
            }
        }
        reasons.into_iter().map(|(_, why, captures)| (why, captures)).collect()
    }
}

/// Why a capture is not used for trends.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A part of it is missing or was changed.
    Damaged(String),
    /// Sampling was off when it was made.
    Inactive,
    /// The stacks hold so small a share of what the allocator says is allocated: sampling was switched on late, was off
    /// for a while, or was reset.
    LowCoverage(f64),
    /// Another one is the same.
    Twice,
    /// It is a difference, not a state.
    Difference,
}

impl Why {
    /// As a sentence without its subject.
    pub fn description(&self) -> String {
        match self {
            Why::Damaged(what) => format!("damaged: {what}"),
            Why::Inactive => {
                "made while sampling was off; switch it on with POST /debug/prof/mem/activate, or start the program with \
                 prof_active:true"
                    .to_owned()
            }
            Why::LowCoverage(ratio) => format!(
                "its stacks hold {:.0} % of what the allocator counts: sampling was switched on late, was off for a while, or was reset",
                100.0 * ratio
            ),
            Why::Twice => "the same as another one".to_owned(),
            Why::Difference => "a difference of two profiles, not one".to_owned(),
        }
    }
}

/// How a series falls apart.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The one with the most captures first; of equal ones the latest.
    pub runs: Vec<Run>,
    /// In the order of the captures.
    pub left_out: Vec<LeftOut>,
}

/// Where a profile's files were in memory.
pub(super) fn loaded(profile: &Profile) -> Vec<(String, u64)> {
    let files = profile.modules().iter().filter(|module| module.kind == ModuleKind::File);
    files
        .filter_map(|module| Some((module.path.clone(), module.mapped.iter().map(|m| m.start).min()?)))
        .collect()
}

/// What must be equal within a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pid: Option<u64>,
    start_ms: Option<u64>,
    host: Option<String>,
    rate: u64,
    active_since_ms: Option<u64>,
}

impl Series {
    /// Puts the captures into runs. With `every` they are taken in their order, so many seconds apart, whatever times
    /// they tell.
    pub fn runs(&self, every: Option<f64>) -> Runs {
        let mut result = Runs::default();
        let mut groups: Vec<(Key, BTreeMap<&str, u64>, Vec<usize>)> = Vec::new();
        for (number, capture) in self.captures.iter().enumerate() {
            if let Some(why) = unusable(capture) {
                result.left_out.push(LeftOut { capture: number, why });
                continue;
            }
            let key = key(capture);
            let places: BTreeMap<&str, u64> =
                capture.loaded.iter().map(|(p, start)| (p.as_str(), *start)).collect();
            let is_one = |(other, known, _): &&mut (Key, BTreeMap<&str, u64>, Vec<usize>)| {
                // A process is known by its number and start, else by where its code was.
                *other == key && (key.start_ms.is_some() || agree(known, &places))
            };
            match groups.iter_mut().find(is_one) {
                Some((_, known, members)) => {
                    known.extend(places);
                    members.push(number);
                }
                None => groups.push((key, places, vec![number])),
            }
        }
        for (key, _, members) in groups {
            self.in_order(key, members, every, &mut result);
        }
        result.left_out.sort_by_key(|left| left.capture);
        result.runs.sort_by_key(|run| {
            (
                std::cmp::Reverse(run.captures.len()),
                std::cmp::Reverse((run.first_ms, run.captures.first().copied())),
            )
        });
        result
    }

    /// Sorts a group by time, leaves out what is of no use, and ends a run where sampling did not see everything.
    fn in_order(&self, key: Key, members: Vec<usize>, every: Option<f64>, result: &mut Runs) {
        let (clock, timed) = match every {
            Some(_) => (Clock::Order, in_sequence(self, members)),
            None => self.by_clock(members, &mut result.left_out),
        };
        let seconds = |at: Option<u64>, first: Option<u64>, place: usize| match (clock, at.zip(first)) {
            (Clock::Order, _) | (_, None) => place as f64 * every.unwrap_or(1.0),
            (_, Some((at, first))) => (at - first) as f64 / 1000.0,
        };
        let mut run: Vec<(usize, Option<u64>)> = Vec::new();
        let finish = |run: &mut Vec<(usize, Option<u64>)>, runs: &mut Vec<Run>| {
            let Some(&(first, first_ms)) = run.first() else { return };
            let trailer = self.captures[first].trailer.as_ref();
            let has_times = clock != Clock::Order || every.is_some();
            runs.push(Run {
                pid: key.pid,
                start_ms: key.start_ms,
                active_since_ms: key.active_since_ms,
                host: key.host.clone(),
                exe: trailer.and_then(|trailer| trailer.exe.clone()),
                rate: key.rate,
                rate_is_assumed: is_rate_unknown(&self.captures[first]),
                captures: run.iter().map(|(number, _)| *number).collect(),
                times: run.iter().enumerate().map(|(i, (_, at))| seconds(*at, first_ms, i)).collect(),
                first_ms: first_ms.filter(|_| clock != Clock::Order),
                clock: if has_times && clock == Clock::Order { Clock::Given } else { clock },
            });
            run.clear();
        };
        for (number, at) in timed {
            match low_coverage(&self.captures[number], key.rate) {
                Some(ratio) => {
                    result.left_out.push(LeftOut { capture: number, why: Why::LowCoverage(ratio) });
                    finish(&mut run, &mut result.runs);
                }
                None => run.push((number, at)),
            }
        }
        finish(&mut run, &mut result.runs);
    }

    /// The best clock that tells all these captures apart, and the captures in its order.
    fn by_clock(
        &self,
        members: Vec<usize>,
        left_out: &mut Vec<LeftOut>,
    ) -> (Clock, Vec<(usize, Option<u64>)>) {
        let members: Vec<usize> = in_sequence(self, members).into_iter().map(|(number, _)| number).collect();
        let has_sequence = members.iter().all(|&n| clock::sequence(&self.captures[n].source.name).is_some());
        for clock in Clock::TELLING {
            let read = |&number: &usize| clock.read(&self.captures[number]).map(|at| (at, number));
            let Some(mut timed) = members.iter().map(read).collect::<Option<Vec<_>>>() else { continue };
            let mut twice = BTreeSet::new();
            // A copy of files can give them any times, but jemalloc numbers its dumps.
            if clock == Clock::File && has_sequence && !timed.is_sorted() {
                continue;
            }
            timed.sort_by_key(|(at, _)| *at);
            for pair in timed.windows(2) {
                let [(at, one), (next_at, next)] = *pair else { continue };
                if at == next_at && (clock == Clock::Trailer || self.is_same(one, next)) {
                    twice.insert(next);
                }
            }
            timed.retain(|(_, number)| !twice.contains(number));
            if timed.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                continue;
            }
            left_out.extend(twice.into_iter().map(|capture| LeftOut { capture, why: Why::Twice }));
            return (clock, timed.into_iter().map(|(at, number)| (number, Some(at))).collect());
        }
        (Clock::Order, members.into_iter().map(|number| (number, None)).collect())
    }

    fn is_same(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.captures[one], &self.captures[other]);
        one.points == other.points && one.measured() == other.measured()
    }
}

/// Members as they were given, or as jemalloc numbered them.
fn in_sequence(series: &Series, mut members: Vec<usize>) -> Vec<(usize, Option<u64>)> {
    let place = |&number: &usize| clock::sequence(&series.captures[number].source.name);
    if members.iter().all(|number| place(number).is_some()) {
        members.sort_by_key(|number| place(number));
    }
    members.into_iter().map(|number| (number, None)).collect()
}

/// Codes of warnings that say that a part of the stacks may be missing.
const DAMAGE: [&str; 2] = ["damaged", "truncated"];

fn unusable(capture: &Capture) -> Option<Why> {
    if capture.is_diff {
        return Some(Why::Difference);
    }
    if capture.trailer.as_ref().is_some_and(|trailer| trailer.active == Some(false)) {
        return Some(Why::Inactive);
    }
    let damage = capture.warnings.iter().find(|warning| DAMAGE.contains(&warning.code))?;
    Some(Why::Damaged(damage.message.clone()))
}

fn key(capture: &Capture) -> Key {
    let trailer = capture.trailer.as_ref();
    let rate = if is_rate_unknown(capture) { DEFAULT_RATE } else { capture.rate.unwrap_or(1) };
    let by_name = clock::sequence(&capture.source.name).map(|(pid, _)| pid);
    Key {
        pid: trailer.and_then(|trailer| trailer.pid).or(by_name),
        start_ms: trailer.and_then(|trailer| trailer.start_ms),
        host: trailer.and_then(|trailer| trailer.host.clone()),
        rate,
        active_since_ms: trailer.and_then(|trailer| trailer.active_since_ms),
    }
}

/// Exact values come with objects; what has none (folded stacks) comes from a writer that tells no rate either.
fn is_rate_unknown(capture: &Capture) -> bool {
    capture.rate.is_none() && !capture.has_objects
}

/// Modules that both know stand at one place; libraries may be loaded later.
fn agree(known: &BTreeMap<&str, u64>, other: &BTreeMap<&str, u64>) -> bool {
    let mut shared = other.iter().filter_map(|(path, start)| Some((known.get(path)?, start))).peekable();
    match shared.peek() {
        None => known.is_empty() && other.is_empty(),
        Some(_) => shared.all(|(a, b)| a == b),
    }
}

fn low_coverage(capture: &Capture, rate: u64) -> Option<f64> {
    let allocated = *capture.trailer.as_ref()?.stats.get("allocated")?;
    let coverage = sampling::coverage(capture.measured(), allocated as f64, rate)?;
    coverage.is_low.then_some(coverage.ratio)
}
