//! What the dumps of a leak test's rounds show, in words.

use std::fmt::{self, Write as _};
use std::path::Path;

use heaplens::classify::Owner;
use heaplens::filter::{self, Fold, Folding};
use heaplens::leaks::rounds::{Live, Options, Pace, Place, Report, Rounds, Site};
use heaplens::out::escape;
use heaplens::{input, short};

use super::{LeakTest, LeakTestFailure, unable};
use crate::config::Config;
use crate::render;

/// So many sites beside the first are shown; one leak has several at times.
const MOST_SITES: usize = 8;

/// Judges in an arena of its own, where debug information leaves nothing.
pub(super) fn of(test: LeakTest, dumps: &[Vec<u8>]) -> Result<(), LeakTestFailure> {
    let judged = render::aside(|| judge(test, dumps));
    judged.unwrap_or_else(|| {
        Err(unable("a fault in heaplens, or its drawings wait for each other", "Run the test alone."))
    })
}

fn judge(test: LeakTest, dumps: &[Vec<u8>]) -> Result<(), LeakTestFailure> {
    let unfit = |error: &dyn fmt::Display| unable(error, "Please report it with the test.");
    let mut rounds = Rounds::default();
    for dump in dumps {
        let profile = input::read(dump, &input::Limits::default()).map_err(|error| unfit(&error))?;
        rounds.push(&profile);
    }
    let options = Options {
        warm_up: test.warmup.max(1) as usize,
        iterations: test.iters,
        max_bytes: test.max_per_iter as f64,
    };
    // In a test that passes nothing grows as a rule, and no debug information is read.
    if !rounds.may_leak(&options).map_err(|error| unfit(&error))? {
        return Ok(());
    }
    let config = Config::default().symbol_memory(MOST_SYMBOL_MEMORY);
    rounds.map(|all| {
        let named = render::named(all, &config);
        filter::fold(&named, Folding { allocator: Fold::Away, runtime: Fold::Away })
    });
    let mut report = rounds.test(&options).map_err(|error| unfit(&error))?;
    report.leaks.retain(|site| !is_captured_output(site));
    match report.leaks.as_slice() {
        [] => Ok(()),
        [first, others @ ..] => Err(LeakTestFailure(words(first, others, &report))),
    }
}

/// The harness keeps what a test prints; the test does not leak it.
fn is_captured_output(site: &Site) -> bool {
    site.stack.iter().any(|place| place.name.contains("print_to_buffer_if_capture_used"))
}

/// A test program has memory to spare, unlike a server.
const MOST_SYMBOL_MEMORY: u64 = 1 << 30;

fn words(first: &Site, others: &[Site], report: &Report) -> String {
    let rounds = report.rounds as f64;
    let iterations = report.iterations as f64 * rounds;
    let mut text = format!("heap leak: {} keeps {} an iteration", heading(first), kept(first, iterations));
    let total = first.total();
    // Writing to a String cannot fail.
    let _ = match first.pace {
        Pace::EveryRound => {
            let mut growth: Vec<String> = first.growth().map(|live| live.bytes.round().to_string()).collect();
            let even = growth.iter().all(|one| *one == growth[0]);
            if even {
                growth.truncate(1);
            }
            let each = if even { "each " } else { "" };
            write!(
                text,
                "\n  grown in every one of {} rounds of {} iterations: {each}{} bytes, in all {}",
                report.rounds,
                report.iterations,
                growth.join(", "),
                size(total, 1.0)
            )
        }
        Pace::InSteps => {
            let held: Vec<String> = first.live.iter().map(|live| live.bytes.round().to_string()).collect();
            write!(
                text,
                "\n  grown in steps that keep pace with the {} rounds of {} iterations, as a collection that is never \
                 emptied: {} bytes",
                report.rounds,
                report.iterations,
                held.join(", ")
            )
        }
    };
    text.push_str("\n  allocated at, innermost first:");
    for place in shown_of(&first.stack) {
        let _ = write!(text, "\n    {}", shown(place));
    }
    if !others.is_empty() {
        text.push_str("\n  also grown:");
        for site in others.iter().take(MOST_SITES) {
            let leaf = shown_of(&site.stack).first().map(|place| name(place)).unwrap_or_default();
            let in_steps = if site.pace == Pace::InSteps { ", in steps" } else { "" };
            let _ = write!(
                text,
                "\n    {} in {leaf}: {} an iteration{in_steps}",
                heading(site),
                kept(site, iterations)
            );
        }
        if others.len() > MOST_SITES {
            let _ = write!(text, "\n    and {} more", others.len() - MOST_SITES);
        }
    }
    let allowed = (total.bytes.as_f64() / iterations).ceil();
    let _ = write!(
        text,
        "\n  Free at the end of an iteration what it allocated. What is set up once belongs into the warm-up: more rounds \
         of it (warmup = …). What may stay is allowed: max_per_iter = {allowed}. If the stack is another test's, run leak \
         tests alone: one a file in tests/, or with -- --test-threads=1."
    );
    text
}

/// `app::insert (src/app.rs:7)`.
fn heading(site: &Site) -> String {
    site.culprit().map(shown).unwrap_or_else(|| "an allocation without a stack".to_owned())
}

fn kept(site: &Site, iterations: f64) -> String {
    size(site.total(), iterations)
}

fn size(live: Live, parts: f64) -> String {
    let of = |amount: f64, one: &str| {
        let count = number(amount / parts);
        let plural = if count == "1" { "" } else { "s" };
        format!("{count} {one}{plural}")
    };
    let bytes = of(live.bytes.as_f64(), "byte");
    // A collection that grows stays one object.
    if live.objects.is_zero() { bytes } else { format!("{bytes} in {}", of(live.objects.as_f64(), "object")) }
}

/// With as many digits as tell: 64, 6.4, 0.01.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "0" && value > 0.0 { "less than 0.01".to_owned() } else { text.to_owned() }
}

/// From the allocation to the test's own code. Of the standard library there is what was called of it, and not what that
/// called in turn.
fn shown_of(stack: &[Place]) -> Vec<&Place> {
    let outside = stack.iter().rposition(|place| place.name.contains("heaplens_agent::leak_test::"));
    let inside = outside.map_or(stack, |at| &stack[at + 1..]);
    let is_std = |place: &Place| place.owner == Some(Owner::Std);
    let mut shown: Vec<&Place> = Vec::new();
    for place in if inside.is_empty() { stack } else { inside } {
        if !(is_std(place) && shown.last().is_some_and(|caller| is_std(caller))) {
            shown.push(place);
        }
    }
    shown.reverse();
    shown
}

fn name(place: &Place) -> String {
    escape::terminal(&short::name(&place.name)).into_owned()
}

fn shown(place: &Place) -> String {
    match &place.location {
        Some(location) => format!("{} ({})", name(place), escape::terminal(path(location))),
        None => name(place),
    }
}

/// As the compiler prints paths: from the crate on.
fn path(location: &str) -> &str {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| Path::new(location).strip_prefix(here).ok().and_then(Path::to_str));
    inside.or_else(|| short::library_path(location)).unwrap_or(location)
}
