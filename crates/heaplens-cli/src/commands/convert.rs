//! `heaplens convert`: a profile in another tool's form.

use crate::args::{Inputs, Shared};
use crate::commands::flamegraph;
use crate::exit::Usage;
use crate::notes;
use crate::output::{Kind, Target};
use crate::pipeline::{self, Reader};
use clap::ValueEnum;
use heaplens::out::pprof::Packing;
use heaplens::out::{self, svg};
use heaplens::profile::SampleType;
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
    /// What to write; told by the end of OUT if it is left out. --sample chooses for folded, json and svg, the others
    /// hold all that was measured
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
            Format::Svg => Reader::Person,
            Format::Pprof | Format::Symbolized => Reader::Tool,
            Format::Folded | Format::Speedscope | Format::Csv | Format::Json => Reader::Program,
        }
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let format = options.to.map_or_else(|| Format::of(options.output.as_deref()), Ok)?;
    let target = pipeline::target(options.output.as_deref(), &options.inputs)?;
    if format == Format::Symbolized && options.inputs.base.is_some() {
        return Err(Usage(
            "a symbolized file cannot hold a difference; write one of each input, and give jeprof one with --base"
                .to_owned(),
        )
        .into());
    }
    let on_terminal = target == Target::Stdout && std::io::stdout().is_terminal();
    if matches!(format, Format::Pprof | Format::Svg) && on_terminal {
        return Err(Usage("this is of no use on a terminal; add -o OUT".to_owned()).into());
    }
    let profile = pipeline::profile(&options.inputs, &options.shared, format.reader())?;
    let sample: SampleType = options.shared.choosing.sample.into();
    let mut bytes = Vec::new();
    match format {
        Format::Pprof => out::pprof::write(&profile, Packing::Gzip, &mut bytes)?,
        Format::Symbolized => out::symbolized::write(&profile, &mut bytes)?,
        Format::Folded => out::folded::write(&profile, sample, &mut bytes)?,
        Format::Speedscope => out::speedscope::write(&profile, &mut bytes)?,
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
