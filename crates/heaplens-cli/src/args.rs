//! What can be typed. Options that several commands share stand here, in groups; a command's own stand with it.

use crate::commands::{
    capture, check, convert, demo, diff, flamegraph, folded, jeprof, leaks, report, symbolize, symbols, top,
    view,
};
use crate::{cache_dir, exit, units};
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use heaplens::profile::{self, SampleType};
use heaplens::symbols::cache::Cache;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Heap profiles of programs that use jemalloc: from a running server to the line that leaks.
#[derive(Debug, Parser)]
#[command(name = "heaplens", version, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Capture(capture::Options),
    Flamegraph(flamegraph::Options),
    Top(top::Options),
    Diff(diff::Options),
    Leaks(leaks::Options),
    Check(Box<check::Options>),
    Report(report::Options),
    View(view::Options),
    Folded(folded::Options),
    Convert(convert::Options),
    Jeprof(jeprof::Options),
    Symbolize(symbolize::Options),
    Symbols(symbols::Options),
    Demo(demo::Options),
}

/// What is read.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// Heap dumps, pprof, folded stacks and others (docs/formats.md): files, `-` for standard input, or http:// and
    /// https:// URLs; plain or gzip. Several are summed
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<OsString>,
    /// Subtract this input: what grew and what shrank since
    #[arg(long, value_name = "BASE")]
    pub(crate) base: Option<OsString>,
}

/// How an input is fetched, and how much of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Fetching {
    /// Bearer token for URLs
    #[arg(long, env = "HEAPLENS_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Longest time for one answer
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = units::parse_duration)]
    pub(crate) timeout: Duration,
    /// Largest input, as it comes and unzipped
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = units::parse_size)]
    pub(crate) max_size: u64,
}

/// Where names come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Symbols")]
pub(crate) struct Symbols {
    /// The profiled program, or one of its libraries, with its symbols; only needed where the path in the dump
    /// does not lead to it
    #[arg(long, value_name = "BIN")]
    pub(crate) binary: Vec<PathBuf>,
    /// A directory to look for binaries in, by the end of their paths
    #[arg(long, value_name = "DIR")]
    pub(crate) binary_dir: Vec<PathBuf>,
    /// The root that the paths in the dump start from, such as a container's file system
    #[arg(long, value_name = "DIR")]
    pub(crate) sysroot: Vec<PathBuf>,
    /// A directory of separate debug information, as debuggers use them; /usr/lib/debug is always looked into
    #[arg(long, value_name = "DIR")]
    pub(crate) debug_dir: Vec<PathBuf>,
    /// A process of this machine that the dump is of, or another one of the same program: its files are read as it has
    /// them, inside its container, and also if they were deleted or replaced since
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Vec<u32>,
    /// A debuginfod server to ask, by build-id, for what is not found here. None is asked unless it is named;
    /// DEBUGINFOD_URLS is not read
    #[arg(long, value_name = "URL")]
    pub(crate) debuginfod: Vec<String>,
    /// Largest file to take from a debuginfod server
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = units::parse_size)]
    pub(crate) max_debuginfo: u64,
    #[command(flatten)]
    pub(crate) memory: SymbolMemory,
    /// Open no binary; frames stay `module+0xoffset`
    #[arg(long)]
    pub(crate) no_symbols: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// What reading symbols may take.
#[derive(Debug, Args)]
pub(crate) struct SymbolMemory {
    /// Most memory that reading one module may take, beside the answers. Compressed debug information is inflated into
    /// it; what does not fit is left out and named
    #[arg(long, value_name = "SIZE", default_value = "384MiB", value_parser = units::parse_size)]
    pub(crate) max_symbol_memory: u64,
}

/// Where answers about symbols are kept.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Keep answers about symbols in this directory; by default in the user's cache directory
    #[arg(long, value_name = "DIR", env = "HEAPLENS_CACHE_DIR", hide_env_values = true)]
    cache_dir: Option<PathBuf>,
    /// Neither use nor keep answers of earlier times
    #[arg(long, env = "HEAPLENS_NO_CACHE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    no_cache: bool,
}

impl CacheArgs {
    /// The cache that is meant, if any: a system without a place for it is no reason to stop.
    pub(crate) fn cache(&self) -> Option<Cache> {
        let dir = self.cache_dir.clone().or_else(cache_dir::symbols);
        dir.filter(|_| !self.no_cache).map(Cache::at)
    }
}

/// How names are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Names")]
pub(crate) struct Names {
    /// Fold what functions are generic over, and C++ arguments: `Vec<…>::push`, `store::index(…)`; patterns still see
    /// the full names
    #[arg(long)]
    pub(crate) short_names: bool,
    /// Keep the hashes that Rust puts into names: `app::run::h0123456789abcdef`
    #[arg(long)]
    pub(crate) hashes: bool,
}

/// Which stacks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Choosing")]
pub(crate) struct Selection {
    /// Keep only stacks with a function or file that matches
    #[arg(long, value_name = "REGEX")]
    pub(crate) focus: Option<String>,
    /// Drop stacks with a function or file that matches
    #[arg(long, value_name = "REGEX")]
    pub(crate) ignore: Option<String>,
    /// Leave out functions that match, or whose file does: what they allocated is their caller's
    #[arg(long, value_name = "REGEX")]
    pub(crate) hide: Option<String>,
    /// Begin each stack at its outermost function that matches, or whose file does; drop stacks without one
    #[arg(long, value_name = "REGEX")]
    pub(crate) show_from: Option<String>,
    /// Keep only what these threads allocated: jemalloc's number of one, or a regular expression for their names
    #[arg(long, value_name = "UID|REGEX")]
    pub(crate) thread: Option<String>,
}

/// What is counted, and what stands for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Choosing")]
pub(crate) struct Presentation {
    /// What to count
    #[arg(long, value_enum, default_value_t = Sample::InuseSpace)]
    pub(crate) sample: Sample,
    /// Put the thread at the root of each stack, threads of a pool together: `worker-1` and `worker-2` are `worker-*`
    #[arg(long)]
    pub(crate) by_thread: bool,
    /// What names stand for, and what is added up under one; `function` unless it is given
    #[arg(long, value_enum)]
    pub(crate) granularity: Option<Granularity>,
    /// Keep the allocator's own frames at the end of each stack
    #[arg(long)]
    pub(crate) show_allocator: bool,
    /// Keep the start-up frames at the root; folded stacks and JSON do so by themselves
    #[arg(long)]
    pub(crate) show_runtime: bool,
}

/// Which stacks, and what is shown of them.
#[derive(Debug, Args)]
pub(crate) struct Choosing {
    #[command(flatten)]
    pub(crate) presentation: Presentation,
    /// Fold the start-up frames at the root (main's callers, thread and task starts) into one; pictures and
    /// tables do so by themselves
    #[arg(long, overrides_with = "show_runtime")]
    pub(crate) fold_runtime: bool,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Granularity {
    /// Functions
    Function,
    /// Source lines, with their function
    Line,
    /// Source files
    File,
    /// Places in the code, with their function
    Address,
    /// Rust crates, and C++ namespaces
    Crate,
    /// Binaries and libraries
    Module,
}

impl From<Granularity> for profile::Granularity {
    fn from(granularity: Granularity) -> profile::Granularity {
        match granularity {
            Granularity::Function => profile::Granularity::Function,
            Granularity::Line => profile::Granularity::Line,
            Granularity::File => profile::Granularity::File,
            Granularity::Address => profile::Granularity::Address,
            Granularity::Crate => profile::Granularity::Crate,
            Granularity::Module => profile::Granularity::Module,
        }
    }
}

/// pprof's four heap values.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sample {
    /// Live bytes
    #[value(name = "inuse_space")]
    InuseSpace,
    /// Live objects
    #[value(name = "inuse_objects")]
    InuseObjects,
    /// Bytes allocated so far, freed ones included (needs `prof_accum:true`)
    #[value(name = "alloc_space")]
    AllocSpace,
    /// Objects allocated so far, freed ones included (needs `prof_accum:true`)
    #[value(name = "alloc_objects")]
    AllocObjects,
}

impl From<Sample> for SampleType {
    fn from(sample: Sample) -> SampleType {
        match sample {
            Sample::InuseSpace => SampleType::InuseSpace,
            Sample::InuseObjects => SampleType::InuseObjects,
            Sample::AllocSpace => SampleType::AllocSpace,
            Sample::AllocObjects => SampleType::AllocObjects,
        }
    }
}

/// Everything that the commands with a profile share.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    pub(crate) choosing: Choosing,
    #[command(flatten)]
    pub(crate) symbols: Symbols,
    #[command(flatten)]
    pub(crate) names: Names,
    #[command(flatten)]
    pub(crate) fetching: Fetching,
}
