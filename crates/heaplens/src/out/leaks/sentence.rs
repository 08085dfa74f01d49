//! The verdict in one line, to be pasted into a ticket.

use super::rate::{Per, duration};
use crate::leaks::decide::Needs;
use crate::leaks::{Culprit, Inconclusive, Judged, Leaks, Verdict};
use crate::out::units;
use crate::series::Run;

/// `leak: app::sessions::insert (src/sessions.rs:42) grows by 6.1 MiB/h (95 %: 5.2–7.0 MiB/h), 93 % of all growth, in 24
/// dumps over 2 h`. Names are raw: escape it for where it goes.
pub fn sentence(leaks: &Leaks) -> String {
    let Some(run) = leaks.runs.first() else {
        return "inconclusive: no dump is left to judge".to_owned();
    };
    match leaks.verdict {
        Verdict::Leak => leak(run),
        Verdict::NoLeak => no_leak(run),
        Verdict::Inconclusive => match &run.inconclusive {
            Some(why) => format!("inconclusive: {}", inconclusive(why)),
            None => "inconclusive".to_owned(),
        },
    }
}

/// Why there is no answer, and what would give one.
pub(in crate::out) fn inconclusive(why: &Inconclusive) -> String {
    match why {
        Inconclusive::TooFew { found, needed, warmup: 0 } => format!(
            "{} of one process; {needed} are needed, spread over the time in which memory grows",
            dumps(*found)
        ),
        Inconclusive::TooFew { found, needed, warmup } => too_few(*found, *needed, *warmup),
        Inconclusive::NoneChosen { before } => format!(
            "no stack is left after the filters (there were {} before); choose functions or threads that there are",
            units::amount(*before, true)
        ),
        Inconclusive::Unsure { needs, name } => {
            format!("{name} may grow, but it could be chance; {}", advice(needs))
        }
    }
}

/// That a warm-up which was asked for left too few.
pub(in crate::out) fn too_few(found: usize, needed: usize, warmup: usize) -> String {
    let missing = needed.saturating_sub(found);
    let way = match missing.saturating_sub(warmup) {
        0 => format!("judge the others too (--warmup 0), or take {missing} more"),
        rest => format!("take {missing} more, or {rest} more and judge all (--warmup 0)"),
    };
    format!("{} of one process beside {warmup} of its warm-up; {needed} are needed: {way}", dumps(found))
}

fn leak(run: &Judged) -> String {
    let Some(first) = run.culprits.first() else {
        return "leak".to_owned();
    };
    let more = match run.culprits.len() - 1 {
        0 => String::new(),
        1 => "; 1 more suspect".to_owned(),
        more => format!("; {more} more suspects"),
    };
    let place = first.location.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
    let share = share(first, run).map_or_else(String::new, |share| format!(", {share} of all growth"));
    format!("leak: {}{place} grows by {}{share}, in {}{more}", first.name, rate(first, run), span(&run.run))
}

fn no_leak(run: &Judged) -> String {
    let least = match run.least_rate {
        rate if rate > 0.0 => {
            format!("; a leak slower than {} could go unseen", Per::of(rate, &run.run).amount(rate))
        }
        _ => String::new(),
    };
    format!("no leak found: nothing grows that does not explain itself, in {}{least}", span(&run.run))
}

/// `6.1 MiB/h (95 %: 5.2–7.0 MiB/h)`.
pub(super) fn rate(culprit: &Culprit, run: &Judged) -> String {
    let per = Per::of(culprit.rate.value, &run.run);
    let range = per.range(&culprit.rate).map_or_else(String::new, |range| format!(" (95 %: {range})"));
    format!("{}{range}", per.amount(culprit.rate.value))
}

/// A culprit's part of all growth, `93 %`; nothing where all together did not grow.
pub(super) fn share(culprit: &Culprit, run: &Judged) -> Option<String> {
    let part = culprit.growth / run.growth;
    (run.growth > 0.0 && part <= 1.0).then(|| format!("{:.0} %", 100.0 * part))
}

/// `24 dumps over 2 h`.
pub(in crate::out) fn span(run: &Run) -> String {
    let count = dumps(run.captures.len());
    match run.times.last() {
        Some(&last) if run.has_times() => format!("{count} over {}", duration(last)),
        _ => count,
    }
}

pub(in crate::out) fn dumps(count: usize) -> String {
    format!("{count} dump{}", if count == 1 { "" } else { "s" })
}

/// What would decide it.
fn advice(needs: &Needs) -> String {
    let more = needs
        .captures
        .map(|more| format!("take about {} more at the same distance", units::count(more as f64)));
    let finer = needs.lg_prof_sample.map(|lg| format!("sample finer (lg_prof_sample:{lg})"));
    match (more, finer) {
        (Some(more), Some(finer)) => format!("{more}, or {finer}"),
        (one, other) => one.or(other).unwrap_or_else(|| "take more dumps".to_owned()),
    }
}
