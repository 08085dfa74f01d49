//! Which functions leak: series of captures -> ranked culprits, with what speaks for it and how sure it is.
//!
//! Each stack of functions is judged by its history (see [`decide`]), and so are all stacks together that end in one
//! function of the program, since a leak that many callers share is small in each. What grows is then charged to the
//! functions that hold it.

pub(crate) mod between;
mod blame;
pub mod decide;
mod find;
mod function;
pub mod rounds;
mod sites;
pub mod statistics;
mod warmup;

pub use decide::{Decision, Estimate, History, Label};
pub(crate) use find::allocated;
pub use find::find;
pub use function::Function;
pub(crate) use warmup::drop_warmup;

use crate::classify::{Crate, Owner, Owners};
use crate::sampling::Interval;
use crate::series::{LeftOut, Run};

/// What a user can say about a series.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Captures of the process's first time, which are not judged. By default those within 5 minutes and the first tenth of
    /// its life, but never more than every eighth capture, and never so many that fewer are left than it takes.
    pub warmup: Option<Warmup>,
    /// The captures are so many seconds apart, in their order, whatever times they tell.
    pub every: Option<f64>,
    /// Requests served so far, as `(Unix milliseconds, count)`, rising.
    pub load: Option<Vec<(u64, f64)>>,
    /// Whose code is whose.
    pub owners: Owners,
}

/// How long a process warms up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warmup {
    /// So many seconds from its start, or from the first capture if nothing tells that.
    Seconds(f64),
    /// So many captures.
    Captures(usize),
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something leaks.
    Leak,
    /// Nothing grows that does not explain itself.
    NoLeak,
    /// The captures do not tell.
    Inconclusive,
}

impl Verdict {
    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Leak => "leak",
            Verdict::NoLeak => "no-leak",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// What a series tells about leaks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Leaks {
    /// `Leak` if a run has one; else that of the longest run.
    pub verdict: Verdict,
    /// All runs: the one that the verdict is from first, then the longest.
    pub runs: Vec<Judged>,
    /// Captures that belong to no run.
    pub left_out: Vec<LeftOut>,
}

/// What one run tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Judged {
    /// The captures that were judged.
    pub run: Run,
    /// Captures of the process's first time, not judged.
    pub warmup: Vec<usize>,
    /// The answer.
    pub verdict: Verdict,
    /// Why there is no answer.
    pub inconclusive: Option<Inconclusive>,
    /// Functions that leak, the fastest first.
    pub culprits: Vec<Culprit>,
    /// What was looked at and is no leak.
    pub dismissed: Vec<Dismissed>,
    /// Live bytes of all stacks, one value a capture; unsampled.
    pub heap: Vec<f64>,
    /// Growth of all stacks between the first and the last quarter, in bytes.
    pub growth: f64,
    /// Growth of `stats.allocated` in the same time, in bytes, where trailers tell it.
    pub allocated_growth: Option<f64>,
    /// The slowest leak that would be found nine times of ten, in bytes a second (a capture, if the run has no times): one
    /// sample between two captures. Zero if values are exact.
    pub least_rate: f64,
}

/// Why a run gives no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Inconclusive {
    /// There are fewer captures than it takes.
    TooFew {
        /// How many there are, without those of the warm-up.
        found: usize,
        /// How many it takes.
        needed: usize,
        /// How many the warm-up took.
        warmup: usize,
    },
    /// Filters left none of the stacks in any capture: a name that is gone leaks as little as one that was never there.
    NoneChosen {
        /// What captures held before the filters, at most, in unsampled bytes.
        before: f64,
    },
    /// Something seems to grow, but could be chance.
    Unsure {
        /// What would decide it.
        needs: decide::Needs,
        /// The function that seems to grow most.
        name: String,
    },
}

/// A function that leaks. Amounts are unsampled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Culprit {
    /// Its name (raw: escape it for where it goes).
    pub name: String,
    /// `file:line` of the call that allocates most.
    pub location: Option<String>,
    /// The crate and its version, where names or files tell.
    pub krate: Option<Crate>,
    /// Whose code it is.
    pub owner: Owner,
    /// What kind of growth it is.
    pub label: Label,
    /// Bytes a second (a capture, if the run has no times), with its 95 % interval.
    pub rate: Estimate,
    /// A rate that it surely has, in the same unit: what culprits are ranked by.
    pub score: f64,
    /// Bytes that it grew between the first and the last quarter.
    pub growth: f64,
    /// Live bytes in the last capture.
    pub live: f64,
    /// The 95 % interval of `live`.
    pub live_interval: Interval,
    /// Live objects in the last capture.
    pub objects: f64,
    /// The capture, by its place in the run, from which on it grows.
    pub since: usize,
    /// Live bytes in each capture of the run.
    pub history: Vec<f64>,
    /// The stack that grows most, outermost function first.
    pub stack: Vec<String>,
    /// From the culprit to the allocation: what it calls, innermost last. The end of `stack`.
    pub path: Vec<String>,
    /// Who calls it, by their part of the growth, largest first.
    pub callers: Vec<Caller>,
    /// Numbers of the stacks in the series that are charged to it.
    pub stacks: Vec<u32>,
}

impl Culprit {
    /// Which function it is.
    pub(crate) fn function(&self) -> Function {
        let Culprit { name, location, krate, owner, stack, path, callers, stacks, .. } = self.clone();
        Function { name, location, krate, owner, stack, path, callers, stacks }
    }
}

/// A function that calls a culprit.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// Its name.
    pub name: String,
    /// Its part of the culprit's growth, from 0 to 1.
    pub share: f64,
}

/// Sites of one kind that are no leak.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dismissed {
    /// The kind.
    pub label: Label,
    /// How many stacks of functions.
    pub count: usize,
    /// What they held in the last capture, in unsampled bytes.
    pub live: f64,
    /// The functions that grew most among them, at most three, with bytes that they grew.
    pub examples: Vec<(String, f64)>,
}
