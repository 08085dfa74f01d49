//! `heaplens symbols`: what stands behind names.

use crate::args::CacheArgs;
use crate::exit::Usage;
use crate::output::{self, Kind, Target};
use crate::paths::{self, Expected};
use crate::progress::Progress;
use crate::{notes, units};
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use heaplens::out::units::{amount, count};
use heaplens::symbols::cache::Usage as Held;
use heaplens::symbols::{self, table};
use std::fmt::Write as _;
use std::io::BufWriter;
use std::path::PathBuf;

/// Look after symbols: the cache of answers, tables to publish
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cache(CacheOptions),
    Prefetch(PrefetchOptions),
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

/// Make a table of a program's symbols, to publish beside the stripped program
///
/// The table has all that the debug information says of functions, inlined functions and lines, and nothing else; it
/// is a fraction of its size and is read in milliseconds. heaplens finds it beside the program, and in --binary-dir
/// and --debug-dir, under the program's name or its build-id (`.build-id/ab/cdef….heaplens-symbols`), and believes it
/// if it has the program's build-id or, for a program without one, was made of the same code. The program itself need
/// not be there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  heaplens symbols prefetch target/release/server && strip target/release/server
  heaplens symbols prefetch server -o /srv/symbols/server.heaplens-symbols
  heaplens top --binary-dir /srv/symbols mem.heap")]
struct PrefetchOptions {
    /// The program or library, its debug information in it or where debuggers find it
    #[arg(value_name = "BIN")]
    program: PathBuf,
    /// The file to write; by default BIN.heaplens-symbols
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A directory to look for separate debug information in, as debuggers use them
    #[arg(long, value_name = "DIR")]
    debug_dir: Vec<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match &options.command {
        Command::Prefetch(options) => prefetch(options),
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

fn prefetch(options: &PrefetchOptions) -> anyhow::Result<()> {
    paths::require("--debug-dir", &options.debug_dir, Expected::Directory)?;
    let program = &options.program;
    let target = options.output.clone().unwrap_or_else(|| table::beside(program));
    if target.as_os_str() == "-" {
        return Err(Usage("a table goes to a file; name it with -o".to_owned()).into());
    }
    if target.canonicalize().is_ok_and(|target| program.canonicalize().is_ok_and(|program| program == target))
    {
        let path = target.display();
        return Err(Usage(format!("{path} is the program; choose another name for the table")).into());
    }
    let mut lookup = symbols::Options::default();
    lookup.debug_dirs.splice(0..0, options.debug_dir.iter().cloned());
    let written = {
        let _progress = Progress::start(format!("reading {}", program.display()));
        output::fill(&target, |file| {
            // The table is written in pages; a system call for each would cost more than making it.
            let out = BufWriter::with_capacity(1 << 20, file);
            table::write(program, &lookup, out).map_err(|why| anyhow!("{}: {why}", program.display()))
        })
        .with_context(|| format!("making {}", target.display()))?
    };
    for note in &written.notes {
        notes::line(&format!("warning: {note}"));
    }
    if !written.has_lines {
        notes::line(&format!(
            "warning: {} has no debug information here, so the table has names only; make it before stripping, or \
             give --debug-dir",
            program.display()
        ));
    }
    if written.build_id.is_none() {
        notes::line(&format!(
            "warning: {} has no build-id, so the table serves only where the program itself is found; link it with \
             --build-id",
            program.display()
        ));
    }
    let (functions, bytes) = (count(written.functions as f64), amount(written.bytes as f64, true));
    notes::line(&format!("wrote {}: {functions} functions, {bytes}", target.display()));
    Ok(())
}

fn held(usage: Held) -> String {
    let builds = if usage.files == 1 { "build" } else { "builds" };
    format!("{} {builds}, {}", count(usage.files as f64), amount(usage.bytes as f64, true))
}
