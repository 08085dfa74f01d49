//! `heaplens flamegraph`: the picture.

use crate::args::{Inputs, Shared};
use crate::exit::Usage;
use crate::notes;
use crate::output::{Kind, Target};
use crate::pipeline::{self, Reader};
use clap::ValueEnum;
use heaplens::Profile;
use heaplens::out::{self, svg};
use heaplens::profile::SampleType;
use heaplens::view::Tree;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Draw a flame graph as one SVG file; with --base, what grew and what shrank
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens flamegraph http://localhost:4000/debug/prof/mem -o mem.svg
  heaplens flamegraph --base base.heap leak.heap -o diff.svg
  jeprof --collapsed ./server mem.heap | heaplens flamegraph - > mem.svg")]
pub(crate) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// The file to write; stdout if that is not a terminal
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Grow upwards from the root
    #[arg(long, conflicts_with = "icicle")]
    flame: bool,
    /// Hang downwards from the root (the default)
    #[arg(long)]
    icicle: bool,
    /// The heading
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The picture
    Svg,
    /// Folded stacks, for other renderers
    Folded,
    /// The stacks as JSON
    Json,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = pipeline::target(options.output.as_deref(), &options.inputs)?;
    let on_terminal = options.output.is_none() && std::io::stdout().is_terminal();
    if options.format == Format::Svg && on_terminal {
        return Err(Usage("an SVG is of no use on a terminal; add -o mem.svg".to_owned()).into());
    }
    let reader = if options.format == Format::Svg { Reader::Person } else { Reader::Program };
    let profile = pipeline::profile(&options.inputs, &options.shared, reader)?;
    let sample: SampleType = options.shared.choosing.presentation.sample.into();
    let mut bytes = Vec::new();
    match options.format {
        Format::Svg => {
            let mut drawing = svg::Options::new().subtitle(pipeline::heading(&options.inputs));
            drawing.title.clone_from(&options.title);
            drawing.shape = match (options.flame, options.icicle) {
                (true, _) => svg::Shape::Flame,
                (_, true) => svg::Shape::Icicle,
                _ => svg::Shape::default(),
            };
            bytes = picture(&profile, sample, drawing)?;
        }
        Format::Folded => out::folded::write(&profile, sample, &mut bytes)?,
        Format::Json => out::json::write_profile(&profile, sample, &mut bytes)?,
    }
    target.write(&bytes, Kind::Report)?;
    if let Target::File(path) = &target {
        notes::line(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Draws a profile, its warnings in the picture.
pub(crate) fn picture(
    profile: &Profile,
    sample: SampleType,
    options: svg::Options,
) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let tree = Tree::new(profile, sample);
    svg::write(&tree, &options.warnings(&profile.warnings).symbols(profile), &mut bytes)?;
    Ok(bytes)
}
