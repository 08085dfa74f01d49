//! The sentences of a check. Names are raw: escape them for where they go.

use super::Options;
use super::doubt::doubt;
use crate::check::{Bound, Check, Finding, Grown, Limit, Per as Unit, Process, Suppressed, suppression_line};
use crate::leaks::Estimate;
use crate::leaks::rounds::Pace;
use crate::out::leaks::{Per, dumps, span};
use crate::out::units;
use crate::sampling::Interval;
use crate::trailer::program_name;

/// Functions of a stack that are shown.
const MOST_FUNCTIONS: usize = 12;

/// All that is said of one finding.
pub(super) struct Message {
    /// Culprit first, then how much, and how much is allowed.
    pub(super) headline: String,
    /// How much it grew by in each round.
    pub(super) rounds: Option<String>,
    /// The stack that grew most, outermost function first.
    pub(super) stack: Option<String>,
    /// The line that suppresses it.
    pub(super) suppression: Option<String>,
    /// File, relative where possible, and line.
    pub(super) place: Option<(String, u32)>,
}

impl Message {
    pub(super) fn new(check: &Check, finding: &Finding, options: &Options) -> Message {
        let process = &check.measured.processes[finding.process];
        let culprit = process.functions.get(finding.function.unwrap_or(0));
        Message {
            headline: headline(check, process, finding, culprit, options),
            rounds: culprit.and_then(rounds),
            stack: culprit.map(|grown| stack(&grown.function.stack)).filter(|stack| !stack.is_empty()),
            suppression: culprit.map(|grown| suppression_line(&grown.function.name)),
            place: culprit.and_then(|grown| place(grown.function.location.as_deref()?, options)),
        }
    }

    /// What stands below the headline, a line each.
    pub(super) fn details(&self, options: &Options) -> Vec<String> {
        let lines = [
            self.rounds.clone(),
            self.stack.as_ref().map(|stack| format!("stack: {stack}")),
            options.see.as_ref().map(|see| format!("to see it: {see}")),
            self.suppression.as_ref().map(|line| format!("to suppress it: {line}")),
        ];
        lines.into_iter().flatten().collect()
    }
}

fn headline(
    check: &Check,
    process: &Process,
    finding: &Finding,
    culprit: Option<&Grown>,
    options: &Options,
) -> String {
    let broken = broken(check, process, finding);
    let Some(grown) = culprit else {
        return format!("the heap {broken}");
    };
    let name = match grown.function.location.as_deref().and_then(|location| place(location, options)) {
        Some((file, line)) => format!("{} ({file}:{line})", grown.function.name),
        None => grown.function.name.clone(),
    };
    match finding.function {
        Some(_) => format!("{name} {broken}"),
        None => format!("{name} grew most, by {}: the heap {broken}", estimate(&grown.growth.total)),
    }
}

/// What it did, and what is allowed.
fn broken(check: &Check, process: &Process, finding: &Finding) -> String {
    let Finding { measured, allowed, limit, .. } = finding;
    let (grown, amount) = told_apart(measured, *allowed, check.limits.bound);
    let option = limit.name();
    match limit {
        Limit::Leak => {
            let share =
                share(process, finding).map_or_else(String::new, |share| format!(", {share} of all growth"));
            match process.run.has_times() {
                true => format!("leaks: it grows by {}{share}", rate(measured, process)),
                false => format!("leaks: it grew by {}{share}", estimate(measured)),
            }
        }
        Limit::EveryRound => {
            let rounds = process.run.captures.len().saturating_sub(1);
            let pace = match finding.function.and_then(|at| process.functions[at].pace) {
                Some(Pace::InSteps) => format!("grew in steps over {}", rounds_of(rounds)),
                _ if rounds == 1 => "grew in the only round".to_owned(),
                _ => format!("grew in every one of {rounds} rounds"),
            };
            format!("{pace}, by {} a round", estimate(measured))
        }
        Limit::SiteGrowth | Limit::Growth => {
            format!("grew by {grown}; --{option} allows {amount}")
        }
        Limit::PerIteration => {
            format!("grew by {grown} an iteration; --{option} allows {amount}")
        }
        Limit::Rate => {
            let allowed = Per::of(*allowed, &process.run).amount(*allowed);
            format!("grows by {}; --{option} allows {allowed}", rate(measured, process))
        }
        Limit::Increase => {
            let part = 100.0 * check.limits.increase.unwrap_or(0.0);
            let unit = match process.per {
                Unit::Check => "",
                Unit::Second => " a second",
                Unit::Round => " a round",
                Unit::Iteration => " an iteration",
            };
            format!("grew by {grown}{unit}; the baseline with --{option} {part}% allows {amount}{unit}")
        }
    }
}

/// An amount and what is allowed, to the byte if they would else read the same.
fn told_apart(measured: &Estimate, allowed: f64, bound: Bound) -> (String, String) {
    let amount = units::amount(allowed, true);
    if units::amount(bound.of(measured), true) != amount || measured.low < measured.high {
        return (estimate(measured), amount);
    }
    let bytes = |value: f64| format!("{} B", units::count(value));
    (format!("+{}", bytes(measured.value)), bytes(allowed))
}

fn share(process: &Process, finding: &Finding) -> Option<String> {
    let part = process.functions[finding.function?].growth.total.value / process.growth.total.value;
    (process.growth.total.value > 0.0 && part <= 1.0).then(|| format!("{:.0} %", 100.0 * part))
}

/// `+3.1 MiB (95 %: +2.2 to +4.0 MiB)`.
fn estimate(estimate: &Estimate) -> String {
    let interval = Interval { low: estimate.low, high: estimate.high };
    format!("{}{}", units::signed(estimate.value, true), units::interval(Some(interval), true))
}

/// `6.1 MiB/h (95 %: 5.2–7.0 MiB/h)`.
fn rate(measured: &Estimate, process: &Process) -> String {
    let per = Per::of(measured.value, &process.run);
    let range = per.range(measured).map_or_else(String::new, |range| format!(" (95 %: {range})"));
    format!("{}{range}", per.amount(measured.value))
}

fn rounds(grown: &Grown) -> Option<String> {
    grown.growth.per_round?;
    let steps = grown.history.windows(2).map(|pair| units::signed(pair[1] - pair[0], true));
    Some(format!("rounds: {}", steps.collect::<Vec<_>>().join(", ")))
}

/// Of a long stack its inner end.
fn stack(functions: &[String]) -> String {
    let shown = &functions[functions.len().saturating_sub(MOST_FUNCTIONS)..];
    let cut = if shown.len() < functions.len() { "… → " } else { "" };
    format!("{cut}{}", shown.join(" → "))
}

/// File and line of `file:line`, without the directory of the sources.
fn place(location: &str, options: &Options) -> Option<(String, u32)> {
    let (file, line) = location.rsplit_once(':')?;
    let line: u32 = line.parse().ok().filter(|line| *line > 0)?;
    let root = options.root.as_deref().map(|root| root.trim_end_matches('/'));
    let inside = root.and_then(|root| file.strip_prefix(root)?.strip_prefix('/'));
    Some((inside.unwrap_or(file).to_owned(), line))
}

/// The answer in one line.
pub fn sentence(check: &Check, options: &Options) -> String {
    let answer = answer(check, options);
    match check.measured.chosen.as_slice() {
        [] => answer,
        chosen => format!("{answer} (only stacks of {})", chosen.join(" ")),
    }
}

fn answer(check: &Check, options: &Options) -> String {
    let outcome = check.outcome.name();
    match (check.findings.first(), check.measured.doubts.first()) {
        (Some(first), _) => {
            let more = match check.findings.len() - 1 {
                0 => String::new(),
                1 => "; 1 more finding".to_owned(),
                more => format!("; {more} more findings"),
            };
            format!("{outcome}: {}{more}", Message::new(check, first, options).headline)
        }
        (None, Some(first)) => format!("{outcome}: {}", doubt(first)),
        (None, None) => {
            let what = match check.limits.is_empty() {
                true => "nothing leaks",
                false => "nothing grew by more than is allowed",
            };
            let first = check.measured.processes.first();
            let over = first.map_or_else(String::new, |process| format!(", in {}", compared(process)));
            format!("{outcome}: {what}{over}")
        }
    }
}

/// `24 dumps over 2 h`, or `8 rounds`.
fn compared(process: &Process) -> String {
    match process.growth.per_round {
        Some(_) => rounds_of(process.run.captures.len().saturating_sub(1)),
        None => span(&process.run),
    }
}

pub(super) fn rounds_of(count: usize) -> String {
    format!("{count} round{}", if count == 1 { "" } else { "s" })
}

/// How the heap grew, and what could have been seen.
pub(super) fn facts(process: &Process) -> Vec<String> {
    let (before, after) = process.heap;
    let program = process.run.exe.as_deref().map(program_name);
    let of = program.map_or_else(String::new, |program| format!(" of {program}"));
    let pid = process.run.pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    let own = process.allocated_growth.map_or_else(String::new, |bytes| {
        format!("; by the allocator's own count {}", units::signed(bytes, true))
    });
    let warmup = match (process.warmup.len(), process.growth.per_round) {
        (0, _) => String::new(),
        (count, Some(_)) => format!("; {} before them to warm up", rounds_of(count + 1)),
        (1, None) => "; the first dump not judged (warm-up)".to_owned(),
        (count, None) => format!("; the first {} not judged (warm-up)", dumps(count)),
    };
    let heap = format!(
        "the heap{of}{pid}: {} → {}, {}{own}; {}{warmup}",
        units::amount(before, true),
        units::amount(after, true),
        estimate(&process.growth.total),
        compared(process)
    );
    std::iter::once(heap).chain(least(process)).collect()
}

fn least(process: &Process) -> Option<String> {
    let least = process.least.as_ref()?;
    Some(match least.rate {
        _ if process.run.rate <= 1 => "every allocation was counted: no growth goes unseen".to_owned(),
        Some(rate) => {
            let amount = Per::of(rate, &process.run).amount(rate);
            format!("the smallest leak that would have been seen: {amount}")
        }
        None if process.growth.per_round.is_some() => format!(
            "the smallest growth of a new function that would have been seen in all rounds, four times of five: {} a round",
            units::amount(least.function / process.run.captures.len().saturating_sub(1).max(1) as f64, true)
        ),
        None => format!(
            "the smallest growth that would have been seen, four times of five: {} by a new function, {} by the heap",
            units::amount(least.function, true),
            units::amount(least.heap, true)
        ),
    })
}

/// What lines of the suppression file did.
pub(super) fn suppressions(check: &Check) -> Vec<String> {
    let said = |one: &Suppressed| {
        let suppression = &one.suppression;
        let reason = suppression.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        let what = format!("{} in line {}{reason}", suppression.text, suppression.line);
        match &suppression.until {
            Some(day) if one.is_expired => format!("no longer suppressed, since {day} is over: {what}"),
            _ if one.is_used() => format!("suppressed, {}: {what}", units::signed(one.growth, true)),
            _ => format!("unused suppression, since nothing that it matches grew: {what}"),
        }
    };
    check.measured.suppressed.iter().map(said).collect()
}
