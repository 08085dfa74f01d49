//! What a person reads: the verdict, the culprits, what was dismissed, what was left out.

use super::sentence::{dumps, rate, sentence, share, span};
use crate::error::Error;
use crate::leaks::{Caller, Culprit, Dismissed, Inconclusive, Judged, Label, Leaks, Verdict};
use crate::out::text::short_path;
use crate::out::{escape, units};
use crate::series::{LeftOut, Series, Why};
use crate::short;
use crate::trailer::program_name;
use std::io::Write;

/// How it is cut to size.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Most culprits shown; 0 for all.
    pub limit: usize,
    /// Columns of the terminal; longer lines are cut. `None` leaves them whole.
    pub width: Option<usize>,
}

impl Default for Options {
    fn default() -> Options {
        Options { limit: 10, width: None }
    }
}

/// Captures left out for one reason that are named.
const MOST_NAMES: usize = 3;
/// Columns of a history.
const SPARKS: usize = 24;

/// Writes the verdict in one line, then what it rests on. Amounts are unsampled estimates.
///
/// # Errors
/// Those of `out`.
pub fn write(series: &Series, leaks: &Leaks, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let mut page = Page { width: options.width, out };
    page.whole(&sentence(leaks))?;
    if !series.chosen().is_empty() {
        page.line(&format!("only stacks of {}", series.chosen().join(" ")))?;
    }
    for (place, run) in leaks.runs.iter().enumerate() {
        if place > 0 {
            page.line("")?;
            page.line(&other_run(run))?;
        }
        page.line(&heading(run))?;
        culprits(run, options.limit, &mut page)?;
        if place == 0 && !run.dismissed.is_empty() {
            page.line("")?;
            page.line("looked at and dismissed:")?;
            for group in &run.dismissed {
                page.line(&dismissed(group))?;
            }
        }
    }
    let left_out = left_out(series, &leaks.left_out);
    if !left_out.is_empty() {
        page.line("")?;
    }
    left_out.iter().try_for_each(|said| page.line(said))
}

struct Page<'a> {
    width: Option<usize>,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn line(&mut self, text: &str) -> Result<(), Error> {
        let text = escape::terminal(text);
        match self.width {
            Some(width) if text.chars().count() > width => {
                let start: String = text.chars().take(width.saturating_sub(1)).collect();
                writeln!(self.out, "{start}…")?;
            }
            _ => writeln!(self.out, "{text}")?,
        }
        Ok(())
    }

    /// A line that is meant to be copied.
    fn whole(&mut self, text: &str) -> Result<(), Error> {
        writeln!(self.out, "{}", escape::terminal(text))?;
        Ok(())
    }
}

fn heading(run: &Judged) -> String {
    let facts = &run.run;
    let program = facts.exe.as_deref().map(program_name);
    let of = match (program, facts.pid) {
        (Some(program), Some(pid)) => format!(" of {program} (pid {pid})"),
        (None, Some(pid)) => format!(" of pid {pid}"),
        (Some(program), None) => format!(" of {program}"),
        (None, None) => String::new(),
    };
    let rate = match facts.rate {
        0 | 1 => "every allocation counted".to_owned(),
        rate if facts.rate_is_assumed => {
            format!(
                "one sample in {} assumed, since the inputs do not tell",
                units::amount(rate as f64, true)
            )
        }
        rate => format!("one sample in {}", units::amount(rate as f64, true)),
    };
    let warmup = match run.warmup.len() {
        0 => String::new(),
        1 => "; the first dump not judged (warm-up)".to_owned(),
        count => format!("; the first {} not judged (warm-up)", dumps(count)),
    };
    format!("{}{of}, {rate}; {}{warmup}", span(&run.run), facts.clock.description())
}

fn other_run(run: &Judged) -> String {
    let verdict = match run.verdict {
        Verdict::Leak => "leaks as well",
        Verdict::NoLeak => "no leak",
        Verdict::Inconclusive => match run.inconclusive {
            Some(Inconclusive::NoneChosen { .. }) => "no stack of it is left after the filters",
            _ => "too little to judge",
        },
    };
    format!("another run: {verdict}")
}

fn culprits(run: &Judged, limit: usize, page: &mut Page<'_>) -> Result<(), Error> {
    let shown = if limit == 0 { run.culprits.len() } else { limit.min(run.culprits.len()) };
    for (rank, culprit) in run.culprits[..shown].iter().enumerate() {
        page.line("")?;
        let krate = culprit
            .krate
            .as_ref()
            .and_then(|krate| Some(format!(" [{} {}]", krate.name, krate.version.as_ref()?)));
        let place =
            culprit.location.as_deref().map_or_else(String::new, |place| format!("  {}", short_path(place)));
        page.line(&format!("{}. {}{}{place}", rank + 1, culprit.name, krate.unwrap_or_default()))?;
        page.line(&format!("   {}  {}", spark(&culprit.history), figures(culprit, run)))?;
        if !culprit.path.is_empty() {
            page.line(&format!("   allocates through {}", path(&culprit.path)))?;
        }
        if !culprit.callers.is_empty() {
            let one = |caller: &Caller| match culprit.callers.len() {
                1 => short::name(&caller.name).into_owned(),
                _ => format!("{} ({:.0} %)", short::name(&caller.name), 100.0 * caller.share),
            };
            let list: Vec<String> = culprit.callers.iter().map(one).collect();
            page.line(&format!("   called by {}", list.join(", ")))?;
        }
    }
    if shown < run.culprits.len() {
        page.line(&format!("… {} more; show them with -n 0", run.culprits.len() - shown))?;
    }
    Ok(())
}

fn figures(culprit: &Culprit, run: &Judged) -> String {
    let live = units::amount(culprit.live, true);
    let interval = units::interval(Some(culprit.live_interval), false);
    let objects = match culprit.objects >= 0.5 {
        true => format!(", {}", units::amount(culprit.objects, false)),
        false => String::new(),
    };
    let share = share(culprit, run).map_or_else(String::new, |share| format!(", {share} of all growth"));
    format!(
        "{}: {}{share}; live {live}{interval}{objects}; since {}",
        culprit.label.name(),
        rate(culprit, run),
        since(culprit, run)
    )
}

fn since(culprit: &Culprit, run: &Judged) -> String {
    match (culprit.since, run.run.first_ms) {
        (0, _) => "the first dump".to_owned(),
        (at, Some(first)) => units::utc(first + (run.run.times[at] * 1000.0) as u64),
        (at, None) => format!("dump {} of {}", at + 1, run.run.captures.len()),
    }
}

/// Names without arguments; of a long path its ends.
fn path(functions: &[String]) -> String {
    let name = |function: &String| short::name(function).into_owned();
    match functions {
        [first, .., last] if functions.len() > 4 => {
            format!("{} → … → {}", name(first), name(last))
        }
        few => few.iter().map(name).collect::<Vec<_>>().join(" → "),
    }
}

fn dismissed(group: &Dismissed) -> String {
    let most = match group.examples.first() {
        Some((name, growth)) => format!("; most {} ({})", short::name(name), units::signed(*growth, true)),
        None => String::new(),
    };
    let stacks = if group.count == 1 { "stack" } else { "stacks" };
    format!(
        "  {} {stacks}, {}: {}{most}",
        units::count(group.count as f64),
        units::amount(group.live, true),
        description(group.label)
    )
}

/// Why a kind of growth is no leak.
fn description(label: Label) -> &'static str {
    match label {
        Label::Leak | Label::GrowingContainer => "a part of what leaks, too small to be named",
        Label::WarmUp => "grew, but ever less (a cache or a start)",
        Label::Sawtooth => "rises and falls",
        Label::Step => "grew once and stayed",
        Label::Load => "follows the load",
        Label::Noise => "no growth beyond noise",
        Label::Inconclusive => "may grow; more dumps would tell",
    }
}

/// Captures that were left out, a line for each reason.
pub(in crate::out) fn left_out(series: &Series, left_out: &[LeftOut]) -> Vec<String> {
    let name = |capture: usize| series.captures()[capture].source.name.as_str();
    let said = |(why, captures): (&Why, Vec<usize>)| {
        let names: Vec<&str> = captures.into_iter().map(name).collect();
        format!("left out: {}: {}", listed(&names), why.description())
    };
    LeftOut::by_reason(left_out).into_iter().map(said).collect()
}

/// The first of many names, and how many more there are.
pub(in crate::out) fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(MOST_NAMES)].join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A history in blocks, from its least to its largest value.
fn spark(history: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = history.len().min(SPARKS);
    let mean = |column: usize| {
        let part = &history[column * history.len() / columns..(column + 1) * history.len() / columns];
        part.iter().sum::<f64>() / part.len() as f64
    };
    let values: Vec<f64> = (0..columns).map(mean).collect();
    let (low, high) =
        values.iter().fold((f64::MAX, 0.0f64), |(low, high), &value| (low.min(value), high.max(value)));
    let block = |value: &f64| match high > low {
        true => BLOCKS[((value - low) / (high - low) * 7.0).round() as usize % 8],
        false => BLOCKS[0],
    };
    values.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_fits_its_columns() {
        assert_eq!(spark(&[0.0, 7.0]), "▁█");
        assert_eq!(spark(&[5.0, 5.0]), "▁▁");
        assert_eq!(spark(&(0..1000).map(f64::from).collect::<Vec<_>>()).chars().count(), SPARKS);
        assert_eq!(spark(&[]), "");
    }
}
