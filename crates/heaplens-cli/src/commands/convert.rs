//! `heaplens convert`: a profile in another tool's form.

use crate::args::{Inputs, Shared};
use crate::commands::flamegraph;
use crate::exit::Usage;
use crate::notes;
use crate::output::{Kind, Target};
use crate::pipeline::{self, Reader};
use clap::ValueEnum;
use heaplens::error::Error;
use heaplens::out::figures::Unit;
use heaplens::out::pprof::Packing;
use heaplens::out::{self, callgrind, dot, svg};
use heaplens::profile::SampleType;
use heaplens::view::CallGraph;
use heaplens::view::graph::Limits;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Write a profile in the form that another tool reads
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens convert mem.heap -o mem.pb.gz
  heaplens convert --to symbolized --binary ./server mem.heap -o mem.symbolized
  heaplens convert --base base.heap leak.heap -o grown.speedscope.json")]
pub(crate) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// The file to write; stdout if that is not a terminal
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What to write; told by the end of OUT if it is left out. --sample chooses for folded, callgrind, dot, json
    /// and svg, the others hold all that was measured
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<Format>,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// profile.proto for `go tool pprof`, Pyroscope, Parca, compressed with gzip (.pb.gz, .pb, .pprof)
    Pprof,
    /// Names and a heap profile in one file, for jeprof without the program (.symbolized); not of differences
    Symbolized,
    /// Folded stacks for flamegraph.pl and inferno (.folded, .collapsed)
    Folded,
    /// For speedscope.app (.speedscope.json); a difference as what grew and what shrank
    Speedscope,
    /// Calls and source lines for KCachegrind and callgrind_annotate (.callgrind); not of differences
    Callgrind,
    /// The graph of the heaviest calls for graphviz, as jeprof draws it (.dot, .gv)
    Dot,
    /// One line a stack, for spreadsheets and data frames (.csv)
    Csv,
    /// The stacks as JSON, as documented in docs/json.md
    Json,
    /// The flame graph (.svg)
    Svg,
}

impl Format {
    /// The format that the end of a name means.
    ///
    /// # Errors
    /// [`Usage`] if it means none, or several.
    fn of(output: Option<&Path>) -> Result<Format, Usage> {
        const ENDS: &[(&str, Format)] = &[
            (".speedscope.json", Format::Speedscope),
            (".pb.gz", Format::Pprof),
            (".pb", Format::Pprof),
            (".pprof", Format::Pprof),
            (".symbolized", Format::Symbolized),
            (".folded", Format::Folded),
            (".collapsed", Format::Folded),
            (".callgrind", Format::Callgrind),
            (".dot", Format::Dot),
            (".gv", Format::Dot),
            (".csv", Format::Csv),
            (".svg", Format::Svg),
        ];
        let Some(output) = output.filter(|path| *path != Path::new("-")) else {
            return Err(Usage("say what to write with --to, or where with -o".to_owned()));
        };
        let name = output.to_string_lossy();
        if let Some((_, format)) = ENDS.iter().find(|(end, _)| name.ends_with(end)) {
            return Ok(*format);
        }
        let why = match name.ends_with(".json") {
            true => "may be JSON of several forms; add --to json or --to speedscope",
            false => "does not tell what to write; add --to FORMAT",
        };
        Err(Usage(format!("{name} {why}")))
    }

    /// Who reads it.
    fn reader(self) -> Reader {
        match self {
            Format::Svg | Format::Dot => Reader::Person,
            Format::Pprof | Format::Symbolized => Reader::Tool,
            Format::Speedscope | Format::Csv => Reader::Table,
            Format::Folded | Format::Callgrind | Format::Json => Reader::Program,
        }
    }

    /// Refuses a difference where the form has no place for what shrank, before it is read.
    fn require_place(self, inputs: &Inputs) -> Result<(), Usage> {
        let hint = match self {
            Format::Symbolized => "give jeprof one with --base",
            Format::Callgrind => "compare them in KCachegrind",
            _ => return Ok(()),
        };
        if inputs.base.is_none() {
            return Ok(());
        }
        let form = self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        Err(Usage(format!("a {form} file cannot hold a difference; write one of each input, and {hint}")))
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let format = options.to.map_or_else(|| Format::of(options.output.as_deref()), Ok)?;
    let target = pipeline::target(options.output.as_deref(), &options.inputs)?;
    format.require_place(&options.inputs)?;
    let on_terminal = target == Target::Stdout && std::io::stdout().is_terminal();
    if matches!(format, Format::Pprof | Format::Svg) && on_terminal {
        return Err(Usage("this is of no use on a terminal; add -o OUT".to_owned()).into());
    }
    let profile = pipeline::profile(&options.inputs, &options.shared, format.reader())?;
    let sample: SampleType = options.shared.choosing.presentation.sample.into();
    let mut bytes = Vec::new();
    match format {
        Format::Pprof => out::pprof::write(&profile, Packing::Gzip, &mut bytes)?,
        Format::Symbolized => out::symbolized::write(&profile, &mut bytes)?,
        Format::Folded => out::folded::write(&profile, sample, &mut bytes)?,
        Format::Speedscope => out::speedscope::write(&profile, &mut bytes)?,
        // jeprof writes costs below zero, which no reader of the form takes.
        Format::Callgrind if profile.meta.is_diff => {
            return Err(Error::CannotHold {
                format: "a callgrind file",
                what: "a difference",
                hint: "write one of each input, or write dot, pprof, folded stacks, JSON or SVG",
            }
            .into());
        }
        Format::Callgrind => {
            let mut options = callgrind::Options::default();
            options.sample_type = sample;
            options.totals = true;
            callgrind::write(&profile, &options, &mut bytes)?;
        }
        Format::Dot => {
            let graph = CallGraph::new(&profile, sample, &Limits::default());
            let mut drawing = dot::Options::default();
            drawing.title = pipeline::heading(&options.inputs);
            drawing.unit = if sample.is_bytes() { Unit::Megabytes } else { Unit::Objects };
            dot::write(&graph, &drawing, &mut bytes)?;
        }
        Format::Csv => out::csv::write_profile(&profile, &mut bytes)?,
        Format::Json => out::json::write_profile(&profile, sample, &mut bytes)?,
        Format::Svg => {
            let drawing = svg::Options::new().subtitle(pipeline::heading(&options.inputs));
            bytes = flamegraph::picture(&profile, sample, drawing)?;
        }
    }
    target.write(&bytes, Kind::Report)?;
    if let Target::File(path) = &target {
        notes::line(&format!("wrote {}", path.display()));
    }
    Ok(())
}
