//! Is growth within what is allowed? What a gate for CI decides: dumps -> what grew, how surely -> pass or fail.
//!
//! [`measure`] looks at dumps, [`judge`] compares what it found with [`Limits`]; both are functions of their arguments.

mod amounts;
mod baseline;
mod doubt;
mod judge;
mod limits;
pub mod measure;
mod suppressions;

pub use baseline::Baseline;
pub use doubt::{Apart, Doubt};
pub use judge::judge;
pub use limits::{Bound, Limit, Limits};
pub use suppressions::{
    Suppressed, Suppression, line as suppression_line, parse as parse_suppressions, suppress,
};

use crate::leaks::rounds::Pace;
use crate::leaks::{Estimate, Function, Label};
use crate::series::{LeftOut, Run};

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Two dumps.
    Dumps,
    /// Dumps over time.
    Series,
    /// Dumps after equal rounds of work.
    Rounds,
}

impl Form {
    /// The inverse of [`Form::name`].
    pub fn from_name(name: &str) -> Option<Form> {
        [Form::Dumps, Form::Series, Form::Rounds].into_iter().find(|one| one.name() == name)
    }

    /// What fails where nothing is limited.
    pub(crate) fn fault(self) -> Limit {
        match self {
            Form::Rounds => Limit::EveryRound,
            Form::Dumps | Form::Series => Limit::Leak,
        }
    }

    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Form::Dumps => "dumps",
            Form::Series => "series",
            Form::Rounds => "rounds",
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Within what is allowed.
    Passed,
    /// More than is allowed.
    Failed,
    /// The dumps do not tell.
    Inconclusive,
}

impl Outcome {
    /// As people and programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Inconclusive => "inconclusive",
        }
    }
}

/// What growth is a multiple of where it is compared with that of another check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// All of it.
    Check,
    /// A second.
    Second,
    /// A round of work.
    Round,
    /// An iteration of a round.
    Iteration,
}

impl Per {
    /// The inverse of [`Per::name`].
    pub fn from_name(name: &str) -> Option<Per> {
        [Per::Check, Per::Second, Per::Round, Per::Iteration].into_iter().find(|one| one.name() == name)
    }

    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Per::Check => "check",
            Per::Second => "second",
            Per::Round => "round",
            Per::Iteration => "iteration",
        }
    }
}

/// What dumps show, before it is compared with anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Measured {
    /// What was compared.
    pub form: Form,
    /// True if what leaks was looked for: its functions are faults by themselves. Else they only grew.
    pub looks_for_leaks: bool,
    /// One a process; the one with most captures first, or the one that leaks.
    pub processes: Vec<Process>,
    /// What keeps it from being an answer.
    pub doubts: Vec<Doubt>,
    /// Captures that were of no use.
    pub left_out: Vec<LeftOut>,
    /// What was asked not to be counted.
    pub suppressed: Vec<Suppressed>,
    /// Options that left stacks out (see [`Series::chosen`](crate::series::Series::chosen)): all of it is of the others.
    pub chosen: Vec<String>,
}

/// Growth of one process. Amounts are unsampled bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Process {
    /// The captures that were compared.
    pub run: Run,
    /// Captures of the process's first time, not compared.
    pub warmup: Vec<usize>,
    /// Live bytes of all stacks at the start and at the end.
    pub heap: (f64, f64),
    /// How much they grew.
    pub growth: Growth,
    /// How much the allocator's own count grew, where trailers tell it.
    pub allocated_growth: Option<f64>,
    /// Functions that grew.
    pub functions: Vec<Grown>,
    /// What could have been seen; `None` if there is too little to see anything.
    pub least: Option<Least>,
    /// What its growth is a multiple of where it is compared with a baseline.
    pub per: Per,
    /// How many of these there were.
    pub units: f64,
}

/// How much something grew, with 95 % intervals.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Growth {
    /// From the start to the end.
    pub total: Estimate,
    /// A second, where times are known.
    pub per_second: Option<Estimate>,
    /// A round of work, if there were rounds.
    pub per_round: Option<Estimate>,
    /// An iteration, if their number is known.
    pub per_iteration: Option<Estimate>,
}

impl Growth {
    /// As a multiple of something; of all, if that is not known.
    pub fn per(&self, per: Per) -> Estimate {
        let wanted = match per {
            Per::Check => None,
            Per::Second => self.per_second,
            Per::Round => self.per_round,
            Per::Iteration => self.per_iteration,
        };
        wanted.unwrap_or(self.total)
    }
}

/// A function that grew.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Grown {
    /// Which, and where.
    pub function: Function,
    /// How much.
    pub growth: Growth,
    /// Live bytes at the end.
    pub live: f64,
    /// What it held in each capture.
    pub history: Vec<f64>,
    /// False if its growth may be chance.
    pub is_sure: bool,
    /// What kind of growth it is, if leaks were looked for in a series.
    pub label: Option<Label>,
    /// How it grew from round to round, if there were rounds.
    pub pace: Option<Pace>,
}

/// The smallest growth, in bytes, that would be seen four times of five, beyond what is allowed; 0 where every allocation
/// was counted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Least {
    /// Of the heap as a whole.
    pub heap: f64,
    /// Of a function that held nothing before.
    pub function: f64,
    /// Of a leak, in bytes a second (a capture, if no times are known), if leaks were looked for in a series.
    pub rate: Option<f64>,
}

/// Something that is more than is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The process, by its place.
    pub process: usize,
    /// The function, by its place; `None` for the heap as a whole.
    pub function: Option<usize>,
    /// What was broken.
    pub limit: Limit,
    /// How much it was, in the limit's unit.
    pub measured: Estimate,
    /// How much would be allowed.
    pub allowed: f64,
}

/// What a check found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The answer.
    pub outcome: Outcome,
    /// What is more than is allowed: functions first, those that grew most at the head.
    pub findings: Vec<Finding>,
    /// What was allowed.
    pub limits: Limits,
    /// What it rests on.
    pub measured: Measured,
}
