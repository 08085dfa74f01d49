//! `heaplens top`: the table of functions.

use crate::args::{Inputs, Shared};
use crate::culprit;
use crate::output::Kind;
use crate::pipeline::{self, Reader};
use clap::ValueEnum;
use heaplens::out::{self, escape};
use heaplens::profile::Granularity;
use heaplens::view::{Order, Top};
use std::io::Write as _;
use std::path::PathBuf;

/// Show which functions hold the memory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens top mem.heap
  heaplens top --cum --limit 20 http://localhost:4000/debug/prof/mem
  heaplens top --base base.heap leak.heap
  heaplens top --pid 4242 mem.heap")]
pub(crate) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    table: Table,
    #[command(flatten)]
    shared: Shared,
}

/// How the table looks.
#[derive(Debug, clap::Args)]
pub(crate) struct Table {
    /// Most functions shown; 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30)]
    limit: usize,
    /// Sort by what functions allocated together with their callees
    #[arg(long)]
    cum: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write to this file rather than to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// The table for programs
    Json,
    /// The table for spreadsheets and data frames
    Csv,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    show(&options.inputs, &options.table, &options.shared)
}

/// Prints the table of some inputs.
pub(crate) fn show(inputs: &Inputs, table: &Table, shared: &Shared) -> anyhow::Result<()> {
    let target = pipeline::target(table.output.as_deref(), inputs)?;
    let reader = if table.format == Format::Text { Reader::Person } else { Reader::Program };
    let profile = pipeline::profile(inputs, shared, reader)?;
    let mut top = Top::new(&profile, shared.choosing.presentation.sample.into());
    if table.cum {
        top.sort(Order::Cumulative);
    }
    let mut text = Vec::new();
    match table.format {
        Format::Text => {
            let mut options = out::text::Options::default();
            options.limit = table.limit;
            options.width = target.width();
            out::text::write_top(&top, &options, &mut text)?;
            let of_functions = top.granularity == Granularity::Function;
            let culprit = (top.is_diff && of_functions).then(|| culprit::find(&profile, top.sample_type));
            if let Some(culprit) = culprit.flatten() {
                let growth = out::units::signed(culprit.growth.as_f64(), top.sample_type.is_bytes());
                let place =
                    culprit.location.map_or_else(String::new, |l| format!(" ({})", escape::terminal(&l)));
                let name = escape::terminal(&culprit.name);
                writeln!(text, "of the program's own functions, {name} grew most: {growth}{place}")?;
            }
        }
        Format::Json => out::json::write_top(&profile, &top, table.limit, &mut text)?,
        Format::Csv => out::csv::write_top(&top, table.limit, &mut text)?,
    }
    target.write(&text, Kind::Report)
}
