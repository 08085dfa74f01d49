//! `heaplens leaks`: which function leaks, over a series of inputs.

use crate::commands::flamegraph;
use crate::exit::Inconclusive;
use crate::judging::Judging;
use crate::notes;
use crate::output::{Kind, Target};
use crate::series::Making;
use crate::units;
use clap::ValueEnum;
use heaplens::Profile;
use heaplens::leaks::{self, Leaks, Verdict};
use heaplens::out::{self, svg};
use heaplens::profile::SampleType;
use heaplens::series::Series;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Tell which functions leak, how fast and how surely, from a series of dumps of one program
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens leaks dumps/*.heap
  heaplens leaks dumps/ --svg leak.svg
  heaplens leaks --load requests.csv --format json dumps/*.heap

Eight dumps are the least, about 24 see most; docs/leaks.md says how it is decided.")]
pub(crate) struct Options {
    /// Dumps and other inputs, or directories of them; they are put in order of their times
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<OsString>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file rather than to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Draw the flame graph of what the culprits grew between the first and the last dump
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The same as folded stacks
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
    /// Most culprits shown; 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Take the inputs in their order, so far apart, whatever times they tell
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    every: Option<Duration>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    making: Making,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs (docs/json.md)
    Json,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut judging = options.judging.options()?;
    judging.every = options.every.map(|time| time.as_secs_f64());
    let target = Target::new(options.output.as_deref());
    let series = options.making.series(&options.inputs)?;
    let leaks = leaks::find(&series, &judging);
    let mut text = Vec::new();
    match options.format {
        Format::Text => {
            let mut page = out::leaks::Options::default();
            page.limit = options.limit;
            page.width = target.width();
            out::leaks::write_text(&series, &leaks, &page, &mut text)?;
        }
        Format::Json => out::leaks::write_json(&series, &leaks, &mut text)?,
    }
    target.write(&text, Kind::Report)?;
    pictures(options, &series, &leaks)?;
    match leaks.verdict {
        Verdict::Inconclusive => Err(Inconclusive.into()),
        Verdict::Leak | Verdict::NoLeak => Ok(()),
    }
}

/// The growth of the culprits alone, as pictures.
fn pictures(options: &Options, series: &Series, leaks: &Leaks) -> anyhow::Result<()> {
    let files = [(&options.svg, true), (&options.folded, false)];
    if files.iter().all(|(file, _)| file.is_none()) {
        return Ok(());
    }
    let Some(growth) = growth(series, leaks) else {
        notes::line("nothing was drawn, since nothing leaks");
        return Ok(());
    };
    let sample = SampleType::InuseSpace;
    for (file, is_svg) in files {
        let Some(file) = file else { continue };
        let bytes = if is_svg {
            let title = Some("Growth of what leaks".to_owned());
            let mut drawing = svg::Options::new().subtitle(out::leaks::sentence(leaks));
            drawing.title = title;
            flamegraph::picture(&growth, sample, drawing)?
        } else {
            let mut text = Vec::new();
            out::folded::write(&growth, sample, &mut text)?;
            text
        };
        let target = Target::new(Some(file));
        target.write(&bytes, Kind::Report)?;
        if let Target::File(path) = &target {
            notes::line(&format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

fn growth(series: &Series, leaks: &Leaks) -> Option<Profile> {
    let run = leaks.runs.first().filter(|run| !run.culprits.is_empty())?;
    let stacks: BTreeSet<u32> =
        run.culprits.iter().flat_map(|culprit| culprit.stacks.iter().copied()).collect();
    let (first, last) = (*run.run.captures.first()?, *run.run.captures.last()?);
    Some(series.difference(first, last, |stack| stacks.contains(&stack)))
}
