//! How much a run grew, of what that is a multiple, and how little would have been seen.

use super::measure::Options;
use super::{Form, Growth, Least, Limits, Per};
use crate::leaks::between::{ends, least_of_function, least_of_heap};
use crate::leaks::{self, Estimate};
use crate::sampling;
use crate::series::Run;

impl Form {
    /// How many captures at each end of a run are taken together.
    pub(super) fn part(self, run: &Run) -> usize {
        match self {
            Form::Dumps | Form::Rounds => 1,
            Form::Series => (run.captures.len() / 4).max(1),
        }
    }
}

pub(super) fn growth(before: f64, after: f64, run: &Run, form: Form, iterations: Option<f64>) -> Growth {
    let interval = sampling::interval_of_difference(before, after, run.rate);
    let total = Estimate { value: after - before, low: interval.low, high: interval.high };
    let per = |number: f64| Estimate {
        value: total.value / number,
        low: total.low / number,
        high: total.high / number,
    };
    Growth {
        total,
        per_second: seconds(run, form).map(per),
        per_round: (form == Form::Rounds).then(|| per(rounds_of(run))),
        per_iteration: iterations.map(|number| per(iterations_in_all(run, form, number))),
    }
}

fn rounds_of(run: &Run) -> f64 {
    run.captures.len().saturating_sub(1).max(1) as f64
}

/// `number` is that of each round, if there are rounds.
fn iterations_in_all(run: &Run, form: Form, number: f64) -> f64 {
    if form == Form::Rounds { number * rounds_of(run) } else { number }
}

/// How far apart the ends are. Rounds are not measured by time.
fn seconds(run: &Run, form: Form) -> Option<f64> {
    let (first, last) = ends(&run.times, form.part(run));
    Some(last - first).filter(|seconds| run.has_times() && *seconds > 0.0 && form != Form::Rounds)
}

/// What growth is compared by, and how many of these there were.
pub(super) fn unit(run: &Run, form: Form, iterations: Option<f64>) -> (Per, f64) {
    match (iterations, form, seconds(run, form)) {
        (Some(number), ..) => (Per::Iteration, iterations_in_all(run, form, number)),
        (None, Form::Rounds, _) => (Per::Round, rounds_of(run)),
        (None, Form::Series, Some(seconds)) => (Per::Second, seconds),
        _ => (Per::Check, 1.0),
    }
}

pub(super) fn least(run: &Run, before: f64, after: f64, quantile: f64, limits: &Limits) -> Least {
    Least {
        heap: least_of_heap(run.rate, before, after, limits.growth.unwrap_or(0.0)),
        function: least_of_function(run.rate, quantile, limits.site_growth.unwrap_or(0.0)),
        rate: None,
    }
}

/// What a function would have to grow by in all rounds to be seen in each.
pub(super) fn least_of_round(run: &Run, options: &Options) -> f64 {
    let rate = Some(run.rate).filter(|rate| *rate > 1);
    let in_iterations =
        options.limits.per_iteration.unwrap_or(0.0) * options.iterations.unwrap_or(0.0) * rounds_of(run);
    let allowed = options.limits.site_growth.unwrap_or(0.0).max(in_iterations);
    leaks::rounds::least(rate, rounds_of(run) as usize, allowed) * rounds_of(run)
}
