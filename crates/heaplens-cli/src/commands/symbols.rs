//! `heaplens symbols`: what stands behind names.

use crate::args::CacheArgs;
use crate::exit::Usage;
use crate::output::{Kind, Target};
use crate::units;
use anyhow::Context;
use clap::{Args, Subcommand};
use heaplens::out::units::{amount, count};
use heaplens::symbols::cache::Usage as Held;
use std::fmt::Write as _;

/// Look after symbols: the cache of answers
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cache(CacheOptions),
}

/// Show where the cache of symbol answers is and what it holds, or make it smaller
///
/// What was read from a binary's debug information is kept by build-id (for files without one by path, size and time
/// of change), so that the second time is instant, and so that a dump has names after its binary is gone. Only the
/// owner may read it. Processes may share it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  heaplens symbols cache
  heaplens symbols cache --prune 50MiB
  heaplens symbols cache --clear")]
struct CacheOptions {
    /// Remove everything
    #[arg(long, conflicts_with = "prune")]
    clear: bool,
    /// Remove the builds that were not used for longest until this much is left
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    prune: Option<u64>,
    #[command(flatten)]
    place: CacheArgs,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match &options.command {
        Command::Cache(options) => cache(options),
    }
}

fn cache(options: &CacheOptions) -> anyhow::Result<()> {
    let Some(cache) = options.place.cache() else {
        let why = "there is no cache: name a directory with --cache-dir, and leave out --no-cache";
        return Err(Usage(why.to_owned()).into());
    };
    let place = || format!("the cache in {}", cache.dir().display());
    let mut text = String::new();
    if let Some(left) = options.prune.or(options.clear.then_some(0)) {
        let removed = cache.shrink(left).with_context(place)?;
        writeln!(text, "removed    {}", held(removed))?;
    }
    let usage = cache.usage().with_context(place)?;
    writeln!(text, "directory  {}", heaplens::out::escape::terminal(&cache.dir().display().to_string()))?;
    writeln!(text, "holds      {}", held(usage))?;
    writeln!(text, "limit      {}", amount(cache.limit() as f64, true))?;
    Target::Stdout.write(text.as_bytes(), Kind::Report)
}

fn held(usage: Held) -> String {
    let builds = if usage.files == 1 { "build" } else { "builds" };
    format!("{} {builds}, {}", count(usage.files as f64), amount(usage.bytes as f64, true))
}
