//! From dumps to what grew.

use super::amounts::{growth, least, least_of_round, unit};
use super::{Apart, Bound, Doubt, Form, Grown, Least, Limits, Measured, Process, Suppressed};
use crate::leaks::between::{Between, Charged, Wanted, between, ends, pace};
use crate::leaks::decide::FEWEST_CAPTURES;
use crate::leaks::{self, Inconclusive, Judged, Warmup, allocated, drop_warmup};
use crate::sampling::Z95;
use crate::series::{LeftOut, Run, Runs, Series, Why};

/// What a user says of the dumps.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// How series are judged.
    pub judging: leaks::Options,
    /// What is allowed: it decides which functions are of interest, and what could have been seen.
    pub limits: Limits,
    /// How often the work was done between two dumps, or in each round.
    pub iterations: Option<f64>,
    /// How many rounds there should be after the warm-up.
    pub rounds: usize,
}

/// Rounds that warm a program up, if the user does not say.
pub const WARMUP_ROUNDS: usize = 2;

/// Growth in a single round is no series.
const FEWEST_ROUNDS: usize = 2;

/// Limits on growth need a start and an end.
const FEWEST_DUMPS: usize = 2;

/// Compares the first capture of a series with the second.
pub fn dumps(series: &Series, suppressed: Vec<Suppressed>, options: &Options) -> Measured {
    let Runs { runs, left_out } = series.runs(options.judging.every);
    let mut doubts = unusable(series, &left_out, |_| true);
    let mut processes = Vec::new();
    match runs.as_slice() {
        [run] if run.captures.len() == 2 => {
            let mut run = run.clone();
            let none_chosen = none_chosen(series, &run);
            let is_empty = run.captures.iter().all(|&at| series.captures()[at].measured() == 0.0);
            let is_swapped = run.captures[0] > run.captures[1];
            if let Some(doubt) = none_chosen {
                doubts.push(doubt);
            } else if is_swapped && run.clock.is_certain() {
                doubts.push(Doubt::Swapped);
            } else {
                if is_swapped {
                    run.forget_times();
                }
                let process = process(series, run, Vec::new(), Form::Dumps, options);
                if process.run.rate > 1 && is_empty {
                    doubts.push(Doubt::NoSamples { rate: process.run.rate });
                }
                processes.push(process);
            }
        }
        [base, new] => doubts.push(Doubt::Apart(apart(base, new))),
        _ => {}
    }
    finish(
        series,
        Measured {
            form: Form::Dumps,
            looks_for_leaks: false,
            processes,
            doubts,
            left_out,
            suppressed,
            chosen: series.chosen().to_vec(),
        },
    )
}

/// Captures that were left out for one of these reasons, each reason once.
fn unusable(series: &Series, left_out: &[LeftOut], is_told: impl Fn(&Why) -> bool) -> Vec<Doubt> {
    let name = |capture: usize| series.captures()[capture].source.name.clone();
    let told = LeftOut::by_reason(left_out).into_iter().filter(|(why, _)| is_told(why));
    told.map(|(why, captures)| Doubt::LeftOut {
        names: captures.into_iter().map(name).collect(),
        why: why.clone(),
    })
    .collect()
}

/// That filters left nothing of a process, in its warm-up neither.
fn none_chosen(series: &Series, run: &Run) -> Option<Doubt> {
    series.all_left_out(&run.captures).map(|before| Doubt::Leaks(Inconclusive::NoneChosen { before }))
}

fn apart(one: &Run, other: &Run) -> Apart {
    let (base, new) = if one.captures < other.captures { (one, other) } else { (other, one) };
    let process = |run: &Run| (run.pid, run.start_ms, run.host.clone());
    if process(base) != process(new) {
        Apart::Processes(base.pid, new.pid)
    } else if base.rate != new.rate {
        Apart::Rates(base.rate, new.rate)
    } else if base.active_since_ms != new.active_since_ms {
        Apart::Sampling
    } else {
        Apart::Mappings
    }
}

/// Judges all captures of a series: by limits if there are any, else by what [`leaks::find`] says.
pub fn series(series: &Series, suppressed: Vec<Suppressed>, options: &Options) -> Measured {
    let looks_for_leaks = options.limits.is_empty();
    let (processes, mut doubts, left_out) =
        if looks_for_leaks { by_leaks(series, options) } else { by_limits(series, options) };
    let blind = unusable(series, &left_out, |why| matches!(why, Why::LowCoverage(_) | Why::Inactive));
    if processes.is_empty() && doubts.is_empty() && blind.is_empty() {
        doubts.push(match looks_for_leaks {
            true => Doubt::Leaks(Inconclusive::TooFew { found: 0, needed: FEWEST_CAPTURES, warmup: 0 }),
            false => Doubt::TooFew { found: 0, needed: FEWEST_DUMPS, warmup: 0 },
        });
    }
    doubts.extend(blind);
    finish(
        series,
        Measured {
            form: Form::Series,
            looks_for_leaks,
            processes,
            doubts,
            left_out,
            suppressed,
            chosen: series.chosen().to_vec(),
        },
    )
}

fn by_leaks(series: &Series, options: &Options) -> (Vec<Process>, Vec<Doubt>, Vec<LeftOut>) {
    let found = leaks::find(series, &options.judging);
    let doubts = found.runs.iter().filter_map(|run| run.inconclusive.clone()).map(Doubt::Leaks).collect();
    let is_chosen = |run: &Judged| !matches!(run.inconclusive, Some(Inconclusive::NoneChosen { .. }));
    let processes = found.runs.into_iter().filter(is_chosen).map(|run| leaking(series, run)).collect();
    (processes, doubts, found.left_out)
}

fn leaking(series: &Series, judged: Judged) -> Process {
    let part = Form::Series.part(&judged.run);
    let (before, after) = ends(&judged.heap, part);
    let least =
        Least { rate: Some(judged.least_rate), ..least(&judged.run, before, after, Z95, &Limits::default()) };
    let is_enough = !matches!(judged.inconclusive, Some(Inconclusive::TooFew { .. }));
    let functions = judged
        .culprits
        .into_iter()
        .map(|culprit| {
            let (before, after) = ends(&culprit.history, part);
            let mut growth = growth(before, after, &judged.run, Form::Series, None);
            growth.per_second = Some(culprit.rate).filter(|_| judged.run.has_times());
            Grown {
                growth,
                live: culprit.live,
                is_sure: true,
                label: Some(culprit.label),
                pace: None,
                function: culprit.function(),
                history: culprit.history,
            }
        })
        .collect();
    let (per, units) = unit(&judged.run, Form::Series, None);
    Process {
        per,
        units,
        growth: growth(before, after, &judged.run, Form::Series, None),
        warmup: judged.warmup,
        heap: (before, after),
        allocated_growth: allocated_growth(series, &judged.run, part),
        functions,
        least: is_enough.then_some(least),
        run: judged.run,
    }
}

fn by_limits(series: &Series, options: &Options) -> (Vec<Process>, Vec<Doubt>, Vec<LeftOut>) {
    let Runs { runs, left_out } = series.runs(options.judging.every);
    let mut processes = Vec::new();
    let mut doubts = Vec::new();
    for mut run in runs {
        let none_chosen = none_chosen(series, &run);
        let warmup = drop_warmup(&mut run, options.judging.warmup);
        match (none_chosen, run.captures.len()) {
            (Some(doubt), _) => doubts.push(doubt),
            (None, found) if found < FEWEST_DUMPS => {
                doubts.push(Doubt::TooFew { found, needed: FEWEST_DUMPS, warmup: warmup.len() });
            }
            _ => processes.push(process(series, run, warmup, Form::Series, options)),
        }
    }
    (processes, doubts, left_out)
}

/// Judges captures after equal rounds of work, in their order: what grew in every round after the warm-up.
pub fn rounds(series: &Series, suppressed: Vec<Suppressed>, options: &Options) -> Measured {
    // They are as far apart as rounds are, whatever time that took.
    let Runs { runs, left_out } = series.runs(Some(1.0));
    let mut doubts = unusable(series, &left_out, |_| true);
    let warmup = match options.judging.warmup {
        Some(Warmup::Captures(rounds)) => rounds,
        _ => WARMUP_ROUNDS,
    };
    let mut processes = Vec::new();
    match runs.as_slice() {
        [run] => {
            let mut run = run.clone();
            // Growth is measured from the end of the warm-up; before the first capture nothing is known.
            let from = warmup.max(1) - 1;
            let found = run.captures.len().saturating_sub(from + 1);
            let needed = options.rounds.max(FEWEST_ROUNDS);
            if found < needed {
                doubts.push(Doubt::TooFewRounds { found, needed });
            }
            let none_chosen = none_chosen(series, &run);
            let is_chosen = none_chosen.is_none();
            doubts.extend(none_chosen);
            if found >= FEWEST_ROUNDS && is_chosen {
                let warmup = drop_warmup(&mut run, Some(Warmup::Captures(from)));
                processes.push(process(series, run, warmup, Form::Rounds, options));
            }
        }
        [one, other, ..] => doubts.push(Doubt::Apart(apart(one, other))),
        [] => doubts.push(Doubt::TooFewRounds { found: 0, needed: options.rounds.max(FEWEST_ROUNDS) }),
    }
    finish(
        series,
        Measured {
            form: Form::Rounds,
            looks_for_leaks: true,
            processes,
            doubts,
            left_out,
            suppressed,
            chosen: series.chosen().to_vec(),
        },
    )
}

fn process(series: &Series, run: Run, warmup: Vec<usize>, form: Form, options: &Options) -> Process {
    let wanted = match (form, options.limits.bound) {
        (Form::Rounds, _) => Wanted::EveryRound { before: warmup.len() },
        (_, Bound::Lower) => Wanted::Sure,
        (_, Bound::Estimate | Bound::Upper) => Wanted::Any,
    };
    let part = form.part(&run);
    let Between { before, after, functions, quantile } =
        between(series, &run, &options.judging.owners, wanted, part);
    let iterations = options.iterations;
    let functions =
        functions.into_iter().map(|charged| grown(charged, &run, form, iterations, warmup.len())).collect();
    let (per, units) = unit(&run, form, iterations);
    let least = least(&run, before, after, quantile, &options.limits);
    Process {
        per,
        units,
        heap: (before, after),
        growth: growth(before, after, &run, form, iterations),
        warmup,
        allocated_growth: allocated_growth(series, &run, part),
        functions,
        least: Some(match form {
            Form::Rounds => Least { function: least_of_round(&run, options), ..least },
            Form::Dumps | Form::Series => least,
        }),
        run,
    }
}

fn allocated_growth(series: &Series, run: &Run, part: usize) -> Option<f64> {
    let (before, after) = ends(&allocated(series, run)?, part);
    Some(after - before)
}

fn grown(charged: Charged, run: &Run, form: Form, iterations: Option<f64>, before: usize) -> Grown {
    Grown {
        pace: (form == Form::Rounds).then(|| pace(&charged.history, before)).flatten(),
        growth: growth(charged.before, charged.after, run, form, iterations),
        live: charged.after,
        history: charged.history,
        is_sure: charged.is_sure,
        label: None,
        function: charged.function,
    }
}

/// Fills in what was suppressed.
fn finish(series: &Series, mut measured: Measured) -> Measured {
    for one in &mut measured.suppressed {
        let of_process = |process: &Process| {
            let held = |&capture: &usize| {
                let points = series.captures()[capture].points().iter();
                points
                    .filter(|point| one.stacks.binary_search(&point.stack).is_ok())
                    .map(|point| point.bytes)
                    .sum()
            };
            let history: Vec<f64> = process.run.captures.iter().map(held).collect();
            let (before, after) = ends(&history, measured.form.part(&process.run));
            after - before
        };
        one.growth = measured.processes.iter().map(of_process).sum();
    }
    measured
}
