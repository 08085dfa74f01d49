//! `heaplens check`: the gate for CI.

mod evidence;
mod form;
mod limits;

use crate::clock;
use crate::exit::{GateFailed, Inconclusive, Usage};
use crate::judging::Judging;
use crate::notes;
use crate::output::{Kind, Target};
use crate::series::Making;
use anyhow::Context;
use clap::ValueEnum;
use form::{Form, Gathered};
use heaplens::check::{self, Check, Outcome, measure};
use heaplens::out;
use heaplens::series::Series;
use limits::Allowed;
use std::path::PathBuf;

/// Fail if memory grew by more than is allowed: two dumps, a series, a server over time, or a command
///
/// Without a limit, a series fails if something leaks, as `heaplens leaks` judges it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens check --base before.heap --new after.heap --max-growth 1MiB
  heaplens check dumps/ --suppress heaplens.supp --format junit -o check.xml
  heaplens check --target http://localhost:4000 --for 30m --every 60s --max-rate 5MiB/h
  heaplens check --run 'cargo test --release --test soak' --rounds 8 --save evidence

Exit codes: 0 passed, 1 failed, 2 usage, 3 inconclusive, 4 not read. docs/check.md says how it is judged.")]
pub(crate) struct Options {
    #[command(flatten)]
    form: Form,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file rather than to stdout; the answer is then said in one line on stderr
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Keep the evidence in this directory: dumps, and the flame graph of what grew
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Exit with 1 rather than 3 where the dumps do not tell
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    making: Making,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs, and for --baseline (docs/json.md)
    Json,
    /// JUnit's XML, for Jenkins and GitLab
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    // What was typed first: a mistake should not cost half an hour.
    let mut asked = measure::Options::default();
    asked.judging = options.judging.options()?;
    asked.judging.every = options.form.every_given();
    asked.limits = options.allowed.limits();
    asked.iterations = options.form.iterations();
    asked.rounds = options.form.rounds();
    options.form.require(&asked)?;
    let suppressions = options.allowed.suppressions()?;
    let baseline = options.allowed.baseline()?;
    let target = Target::new(options.output.as_deref());

    let gathered = options.form.gather(&options.making, &asked, options.save.as_deref())?;
    let Gathered { mut series, files, doubt } = gathered;
    let suppressed = check::suppress(&mut series, suppressions, clock::now_ms(), &asked.judging.owners);
    let mut measured = options.form.measure(&series, suppressed, &asked);
    measured.doubts.splice(0..0, doubt);
    if let Some(baseline) = &baseline {
        baseline.fits(&measured).map_err(|why| Usage(format!("--baseline: {why}")))?;
    }
    let check = check::judge(measured, &asked.limits, baseline.as_ref());

    let mut page = out::check::Options::default();
    page.root = std::env::current_dir().ok().and_then(|dir| dir.into_os_string().into_string().ok());
    page.is_strict = options.strict;
    page.see = evidence::keep(&series, &check, &files, options.save.as_deref())?;
    target.write(&written(options.format, &series, &check, &page)?, Kind::Report)?;
    if target != Target::Stdout {
        notes::line(&out::check::sentence(&check, &page));
    }
    match (check.outcome, options.strict) {
        (Outcome::Passed, _) => Ok(()),
        (Outcome::Inconclusive, false) => Err(Inconclusive.into()),
        (Outcome::Failed, _) | (Outcome::Inconclusive, true) => Err(GateFailed.into()),
    }
}

fn written(
    format: Format,
    series: &Series,
    check: &Check,
    page: &out::check::Options,
) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        Format::Text => out::check::write_text(series, check, page, &mut bytes),
        Format::Json => out::check::write_json(series, check, page, &mut bytes),
        Format::Junit => out::check::write_junit(check, page, &mut bytes),
        Format::Sarif => out::check::write_sarif(check, page, &mut bytes),
        Format::Github => out::check::write_github(check, page, &mut bytes),
    }
    .context("writing the answer")?;
    Ok(bytes)
}
