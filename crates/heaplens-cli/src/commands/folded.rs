//! `heaplens folded`: one line a stack, for other programs; what `jeprof --collapse` is for.

use crate::args::{Inputs, Shared};
use crate::output::Kind;
use crate::pipeline::{self, Reader};
use heaplens::out;
use std::path::PathBuf;

/// Print folded stacks: `root;caller;callee COUNT`, one line a stack
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens folded mem.heap > mem.folded
  heaplens folded --binary ./server --base base.heap leak.heap | flamegraph.pl > leak.svg")]
pub(crate) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// Write to this file rather than to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let target = pipeline::target(options.output.as_deref(), &options.inputs)?;
    let profile = pipeline::profile(&options.inputs, &options.shared, Reader::Program)?;
    let mut text = Vec::new();
    out::folded::write(&profile, options.shared.choosing.presentation.sample.into(), &mut text)?;
    target.write(&text, Kind::Report)
}
