//! The round test: what keeps growing while a program does the same work again and again?
//!
//! A profile is taken after each of several equal rounds. A site is a stack, by the names of its functions; it leaks if
//! its live bytes grew in every round after the warm-up (the rule of BLeak and LeakCanary), or in steps that keep pace
//! with the rounds, as those of a collection do whose capacity doubles. Where each allocation was sampled that needs no
//! statistics. Elsewhere what grew from the first profile to the last must also exceed the noise of sampling.
//!
//! ```
//! use heaplens::leaks::rounds::{Options, Rounds};
//! use heaplens::{filter, input};
//!
//! let mut rounds = Rounds::default();
//! for round in 1..=6 {
//!     let text = format!("main;app::work 4096\nmain;app::work;app::insert {}\n", 64 * round);
//!     rounds.push(&input::read(text.as_bytes(), &input::Limits::default())?);
//! }
//! // Where names come from binaries: rounds.map(|profile| symbols::symbolize(profile, &options));
//! rounds.map(|profile| filter::fold(profile, filter::Folding::default()));
//! let report = rounds.test(&Options::default()).unwrap();
//! let leak = &report.leaks[0];
//! assert_eq!(leak.culprit().unwrap().name, "app::insert");
//! assert_eq!(leak.total().bytes.round(), 4 * 64); // two of the six rounds warm up
//! # Ok::<(), heaplens::Error>(())
//! ```

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::classify::{Owner, owner};
use crate::group;
use crate::profile::{Amount, FrameId, Profile, StackId};
use crate::sampling;

/// How far bytes a round may swing for growth in steps: a doubled capacity, and a little for headers and size classes.
const DOUBLED: f64 = 2.25;

/// How many times the rounds of the warm-up all rounds must be before steps tell: in so many, a capacity doubles twice.
const STEPS_NEED: f64 = 4.0;

/// The least growth that is looked for is seen with this probability where memory was sampled.
const POWER: f64 = 0.8;
/// The normal quantile of that probability, and that of a two-sided interval of 95 %.
const Z_SUM: f64 = 0.841_621_233_572_914 + 1.959_963_984_540_054;

/// What counts as a leak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Rounds of warm-up: growth is measured from the profile after the last of them. 0 is taken as 1, since before
    /// the first profile nothing is known.
    pub warm_up: usize,
    /// How often the work was done in each round.
    pub iterations: u64,
    /// How many bytes a site may keep for each iteration, on the average of the rounds.
    pub max_bytes: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options { warm_up: 2, iterations: 1, max_bytes: 0.0 }
    }
}

/// The profiles after each round.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    /// All rounds' samples, one round behind the other: what they share is kept once and named once.
    all: Profile,
    /// How many samples there were after each round.
    ends: Vec<usize>,
    rates: Vec<Option<u64>>,
}

impl Rounds {
    /// Adds the profile after the next round.
    pub fn push(&mut self, after: &Profile) {
        self.all.absorb(after);
        self.ends.push(self.all.samples().len());
        self.rates.push(after.meta.rate);
    }

    /// How many rounds there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Changes all profiles at once: names their places, folds frames. What `change` returns must have the same samples
    /// in the same order; [`symbolize`](crate::symbols::symbolize) and [`fold`](crate::filter::fold) keep to that.
    pub fn map(&mut self, change: impl FnOnce(&Profile) -> Profile) {
        self.all = change(&self.all);
    }

    /// False if no site can have grown, whatever names its places have: then names need not be looked up.
    ///
    /// # Errors
    /// As [`Rounds::test`].
    pub fn may_leak(&self, options: &Options) -> Result<bool, Unfit> {
        let compared = self.compared(options)?;
        let sites = self.sites(&self.all, compared)?;
        Ok(sites.values().any(|site| site.total().bytes > Amount::ZERO))
    }

    /// Looks for sites that leak.
    ///
    /// # Errors
    /// Where the profiles cannot be compared.
    pub fn test(&self, options: &Options) -> Result<Report, Unfit> {
        let compared = self.compared(options)?;
        let (from, rounds) = (compared.start, compared.len() - 1);
        let rate = self.rates.first().copied().flatten();
        let by_name = group::by_function(&self.all);
        let sites = self.sites(&by_name, compared)?;
        let looked_at = sites.len();
        let allowed = options.max_bytes * options.iterations as f64 * rounds as f64;
        let mut leaks: Vec<Site> = Vec::new();
        for series in sites.into_values() {
            let (before, after) = (series.live[0].bytes.as_f64(), series.live[rounds].bytes.as_f64());
            let surely = sampling::interval_of_difference(before, after, rate.unwrap_or(1)).low;
            if surely > allowed
                && let Some(pace) = pace(&series.live, from)
            {
                leaks.push(Site { stack: self.places(series.heaviest), pace, live: series.live });
            }
        }
        leaks.sort_by(|a, b| {
            let key = |site: &Site| (site.pace, -site.total().bytes);
            let names = |site: &Site| site.stack.iter().map(|place| place.name.clone()).collect::<Vec<_>>();
            key(a).cmp(&key(b)).then_with(|| names(a).cmp(&names(b)))
        });
        let iterations = options.iterations;
        let least = least(rate, rounds, allowed);
        Ok(Report { leaks, looked_at, rounds, iterations, rate, least })
    }

    /// Which profiles are compared: that after the warm-up, and all that follow.
    fn compared(&self, options: &Options) -> Result<Range<usize>, Unfit> {
        let from = options.warm_up.max(1) - 1;
        let needed = from + 1 + MIN_ROUNDS;
        if self.len() < needed {
            return Err(Unfit::TooFew { found: self.len(), needed });
        }
        let rate = |at: usize| self.rates[at].unwrap_or(1);
        match (1..self.len()).find(|&at| rate(at) != rate(0)) {
            Some(at) => Err(Unfit::RatesDiffer { round: at + 1, rate: rate(at), first: rate(0) }),
            None => Ok(from..self.len()),
        }
    }

    /// The stacks of a profile with these samples, and what each held after the compared rounds.
    fn sites(
        &self,
        profile: &Profile,
        compared: Range<usize>,
    ) -> Result<FxHashMap<Option<StackId>, Series>, Unfit> {
        let samples = profile.samples();
        if samples.len() != self.ends.last().copied().unwrap_or(0) {
            return Err(Unfit::SamplesLost);
        }
        let mut sites: FxHashMap<Option<StackId>, Series> = FxHashMap::default();
        for (at, round) in compared.clone().enumerate() {
            let start = if round == 0 { 0 } else { self.ends[round - 1] };
            for (index, sample) in samples.iter().enumerate().take(self.ends[round]).skip(start) {
                let site = sites.entry(sample.stack).or_insert_with(|| Series::new(compared.len()));
                site.live[at].bytes += sample.values.inuse_space;
                site.live[at].objects += sample.values.inuse_objects;
                if at + 1 == compared.len() && sample.values.inuse_space > site.most {
                    site.most = sample.values.inuse_space;
                    site.heaviest = self.all.samples()[index].stack;
                }
            }
        }
        Ok(sites)
    }

    /// A stack of all rounds from its root.
    fn places(&self, stack: Option<StackId>) -> Vec<Place> {
        let place = |id: FrameId| {
            let function = self.all.frame(id).function.map(|function| self.all.function(function));
            let file = function.and_then(|function| function.file).map(|file| self.all.string(file));
            let name = self.all.frame_name(id).into_owned();
            let owner = function.map(|_| owner(&name, file));
            Place { location: self.all.frame_location(id), owner, name }
        };
        self.all.stack_from_root(stack).into_iter().map(place).collect()
    }
}

/// Growth in a single round is no series.
const MIN_ROUNDS: usize = 2;

/// Profiles that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// Too few to see growth in.
    #[error("{found} rounds, and at least {needed} are needed: the warm-up, and two to see growth in")]
    TooFew {
        /// Rounds that there are.
        found: usize,
        /// Rounds that there must be.
        needed: usize,
    },
    /// The sampling was changed in between.
    #[error(
        "round {round} was sampled once in {rate} bytes and the first once in {first}: take all rounds at one rate"
    )]
    RatesDiffer {
        /// The first that differs, from 1.
        round: usize,
        /// Its average bytes between samples.
        rate: u64,
        /// Those of the first.
        first: u64,
    },
    /// What [`Rounds::map`] was given left samples out.
    #[error("samples of the rounds were left out, so that it is not known which round the others are of")]
    SamplesLost,
}

/// Live memory of a site, or how much it grew. Unsampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Bytes.
    pub bytes: Amount,
    /// Objects; zero where they were not counted.
    pub objects: Amount,
}

impl Live {
    fn since(self, before: Live) -> Live {
        Live { bytes: self.bytes - before.bytes, objects: self.objects - before.objects }
    }
}

/// A stack's figures.
struct Series {
    live: Vec<Live>,
    /// Of the stacks with these names, the one with most bytes after the last round.
    heaviest: Option<StackId>,
    most: Amount,
}

impl Series {
    fn new(rounds: usize) -> Series {
        Series { live: vec![Live::default(); rounds], heaviest: None, most: Amount::ZERO }
    }

    fn total(&self) -> Live {
        total(&self.live)
    }
}

fn total(live: &[Live]) -> Live {
    match live {
        [first, .., last] => last.since(*first),
        _ => Live::default(),
    }
}

/// How a site grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pace {
    /// In every round.
    EveryRound,
    /// In some rounds, never shrinking, and as much in all as the number of rounds grew: so a collection grows whose
    /// capacity doubles, or one that keeps something now and then.
    InSteps,
}

/// How these figures grow, if they do; the first is that after round `from`, counted from 0.
pub(super) fn pace(live: &[Live], from: usize) -> Option<Pace> {
    let steps = || live.windows(2).map(|pair| pair[0].bytes.cmp(&pair[1].bytes));
    if steps().all(|step| step.is_lt()) {
        return Some(Pace::EveryRound);
    }
    let last = from + live.len();
    let span = last as f64 / (from + 1) as f64;
    if span < STEPS_NEED
        || steps().any(|step| step.is_gt())
        || steps().filter(|step| step.is_lt()).count() < 2
    {
        return None;
    }
    let a_round = |at: usize| live[at].bytes.as_f64() / (from + 1 + at) as f64;
    let (least, most) = (0..live.len())
        .map(a_round)
        .fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), value| (least.min(value), most.max(value)));
    (most <= DOUBLED * least).then_some(Pace::InSteps)
}

/// The growth in bytes a round that a site without any memory at first must exceed to be seen.
pub(crate) fn least(rate: Option<u64>, rounds: usize, allowed: f64) -> f64 {
    let Some(rate) = rate.map(|rate| rate as f64) else {
        return allowed / rounds as f64;
    };
    // A sample in each round …
    let in_each = -rate * (1.0 - POWER.powf(1.0 / rounds as f64)).ln();
    // … and in all G − z √(R G) = allowed, solved for G.
    let noise = Z_SUM * rate.sqrt();
    let total = ((noise + (noise * noise + 4.0 * allowed).sqrt()) / 2.0).powi(2);
    in_each.max(total / rounds as f64)
}

/// What the rounds show.
#[derive(Clone, Debug)]
pub struct Report {
    /// What leaks: first what grew in every round, then what grew in steps; each by its growth.
    pub leaks: Vec<Site>,
    /// How many sites there are.
    pub looked_at: usize,
    /// Rounds after the warm-up.
    pub rounds: usize,
    /// How often the work was done in each.
    pub iterations: u64,
    /// Average bytes between samples; `None` if every allocation was seen.
    pub rate: Option<u64>,
    /// What could have been seen: growth of a site by more than so many bytes a round; where memory was sampled, with a
    /// probability of 80 %, of small objects at a site that held none before.
    pub least: f64,
}

/// A site that leaks.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its stack from the root. Of several with the same names, that with most memory.
    pub stack: Vec<Place>,
    /// How it grew.
    pub pace: Pace,
    /// What it held after the warm-up and after each round behind it.
    pub live: Vec<Live>,
}

impl Site {
    /// Growth from the warm-up to the end.
    pub fn total(&self) -> Live {
        total(&self.live)
    }

    /// Growth in each round.
    pub fn growth(&self) -> impl ExactSizeIterator<Item = Live> + '_ {
        self.live.windows(2).map(|pair| pair[1].since(pair[0]))
    }

    /// The innermost function of the program's own; without any, of a dependency; without any, the innermost of all.
    pub fn culprit(&self) -> Option<&Place> {
        let of = |owner| self.stack.iter().rev().find(|place| place.owner == Some(owner));
        of(Owner::FirstParty).or_else(|| of(Owner::ThirdParty)).or(self.stack.last())
    }
}

/// A frame of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its function, else `module+0xoffset` (raw: escape it for where it goes).
    pub name: String,
    /// `file:line`, where known.
    pub location: Option<String>,
    /// Whose code it is; `None` without a function.
    pub owner: Option<Owner>,
}

#[cfg(test)]
mod tests;
