//! What is allowed.

use crate::leaks::Estimate;

/// Which end of an interval is compared with what is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// The lower: only what surely exceeds fails.
    #[default]
    Lower,
    /// The estimate itself.
    Estimate,
    /// The upper: what may exceed fails.
    Upper,
}

impl Bound {
    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Lower => "lower",
            Bound::Estimate => "estimate",
            Bound::Upper => "upper",
        }
    }

    pub(crate) fn of(self, estimate: &Estimate) -> f64 {
        match self {
            Bound::Lower => estimate.low,
            Bound::Estimate => estimate.value,
            Bound::Upper => estimate.high,
        }
    }

    /// What a new estimate is compared with that is judged by the other end.
    pub(super) fn opposite(self, estimate: &Estimate) -> f64 {
        match self {
            Bound::Lower => estimate.high,
            Bound::Estimate => estimate.value,
            Bound::Upper => estimate.low,
        }
    }
}

/// What is allowed; nothing is limited unless it is given.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes by which the heap may grow.
    pub growth: Option<f64>,
    /// Bytes by which what one function holds may grow.
    pub site_growth: Option<f64>,
    /// Bytes a second by which the heap, and what one function holds, may grow.
    pub rate: Option<f64>,
    /// Bytes by which the heap, and what one function holds, may grow an iteration.
    pub per_iteration: Option<f64>,
    /// The part by which growth may be more than the baseline's: 0.05 for 5 %.
    pub increase: Option<f64>,
    /// What is compared.
    pub bound: Bound,
}

impl Limits {
    /// True if nothing is limited.
    pub fn is_empty(&self) -> bool {
        let Limits { growth, site_growth, rate, per_iteration, increase, bound: _ } = self;
        [growth, site_growth, rate, per_iteration, increase].iter().all(|limit| limit.is_none())
    }
}

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Nothing may leak.
    Leak,
    /// Nothing may grow in every round.
    EveryRound,
    /// [`Limits::site_growth`].
    SiteGrowth,
    /// [`Limits::per_iteration`].
    PerIteration,
    /// [`Limits::rate`].
    Rate,
    /// [`Limits::increase`].
    Increase,
    /// [`Limits::growth`].
    Growth,
}

impl Limit {
    /// As programs read it; those that can be typed are options by this name.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Leak => "leak",
            Limit::EveryRound => "every-round",
            Limit::SiteGrowth => "max-site-growth",
            Limit::PerIteration => "max-per-iteration",
            Limit::Rate => "max-rate",
            Limit::Increase => "fail-on-increase",
            Limit::Growth => "max-growth",
        }
    }

    /// What it says, as a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Limit::Leak => "No function leaks.",
            Limit::EveryRound => "No function holds more memory after every round of the same work.",
            Limit::SiteGrowth => "What one function holds grows by no more than is allowed.",
            Limit::PerIteration => "An iteration leaves no more memory behind than is allowed.",
            Limit::Rate => "Memory grows no faster than is allowed.",
            Limit::Increase => "Memory grows no more than in the baseline.",
            Limit::Growth => "The heap grows by no more than is allowed.",
        }
    }

    /// All of them.
    pub const ALL: [Limit; 7] = [
        Limit::Leak,
        Limit::EveryRound,
        Limit::SiteGrowth,
        Limit::PerIteration,
        Limit::Rate,
        Limit::Increase,
        Limit::Growth,
    ];
}
