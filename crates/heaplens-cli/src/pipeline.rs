//! From what was typed to the profile that a view is made of: read, sum, subtract, name, filter.

use crate::args::{Inputs, Shared, Symbols};
use crate::debuginfod::Debuginfod;
use crate::exit::Usage;
use crate::http::Client;
use crate::notes;
use crate::output::Target;
use crate::paths::{self, Expected};
use crate::progress::Progress;
use crate::running;
use crate::source::{self, Source};
use anyhow::{Context, bail};
use heaplens::dump::Threads;
use heaplens::filter::{self, Fold, Folding};
use heaplens::profile::SampleType;
use heaplens::symbols::{Fetch, RecordedPaths};
use heaplens::{Profile, diff, group, input, short, symbols};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// Who reads the result. People look for their own functions below dozens of frames that every stack starts
/// with; programs want stacks whole, and other profilers' tools tell threads apart as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Person,
    Program,
    Tool,
}

impl Reader {
    fn threads(self) -> Threads {
        match self {
            Reader::Person | Reader::Program => Threads::Merged,
            Reader::Tool => Threads::Separate,
        }
    }
}

/// The profile that the inputs and options describe, its warnings and the symbols used said on stderr.
///
/// # Errors
/// Names the input that could not be read, or the pattern that is none.
pub(crate) fn profile(inputs: &Inputs, shared: &Shared, reader: Reader) -> anyhow::Result<Profile> {
    let choosing = &shared.choosing;
    let pattern = |option: &str, typed: &Option<String>| {
        let compiled = typed.as_deref().map(filter::pattern).transpose();
        compiled.map_err(|error| Usage(format!("{option}: {error}")))
    };
    // Patterns first: a mistyped one should not cost a minute of reading.
    let focus = pattern("--focus", &choosing.focus)?;
    let ignore = pattern("--ignore", &choosing.ignore)?;

    require_places(&shared.symbols)?;

    let fetch = fetch(shared)?;

    let (mut profile, origin) = read(inputs, shared, reader.threads())?;
    require_measured(&profile, choosing.sample.into())?;
    profile = named(profile, shared, origin, fetch);
    let allocator = if choosing.show_allocator { Fold::Show } else { Fold::Away };
    profile = filter::fold(&profile, Folding { allocator, runtime: Fold::Show });
    let before = profile.samples().len();
    if let Some(pattern) = focus {
        profile = filter::focus(&profile, &pattern);
    }
    if let Some(pattern) = ignore {
        profile = filter::ignore(&profile, &pattern);
    }
    if profile.samples().is_empty() && before > 0 {
        notes::line("warning: no stack is left after --focus and --ignore");
    }
    if reader != Reader::Person && profile.warnings.iter().any(|w| w.code == "rebuilt") {
        // Places of two builds have only their names in common.
        profile = group::by_function(&profile);
    }
    // Last, so that patterns see what is folded here.
    let fold_runtime = choosing.fold_runtime || (reader == Reader::Person && !choosing.show_runtime);
    if fold_runtime {
        profile = filter::fold(&profile, Folding { allocator: Fold::Show, runtime: Fold::Away });
    }
    if shared.names.short_names {
        profile = short::names(&profile);
    }
    notes::warnings(&profile);
    Ok(profile)
}

/// Refuses places to look for symbols that are not there.
fn require_places(symbols: &Symbols) -> anyhow::Result<()> {
    paths::require("--binary", &symbols.binary, Expected::File)?;
    paths::require("--binary-dir", &symbols.binary_dir, Expected::Directory)?;
    paths::require("--sysroot", &symbols.sysroot, Expected::Directory)?;
    paths::require("--debug-dir", &symbols.debug_dir, Expected::Directory)?;
    for pid in &symbols.pid {
        if cfg!(target_os = "linux") && !Path::new(&format!("/proc/{pid}")).is_dir() {
            bail!("--pid {pid}: there is no such process");
        }
    }
    Ok(())
}

/// Servers to ask for what is not found here, if any were named.
fn fetch(shared: &Shared) -> anyhow::Result<Option<Arc<dyn Fetch>>> {
    let Symbols { debuginfod, max_debuginfo, .. } = &shared.symbols;
    if debuginfod.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Debuginfod::new(debuginfod, shared.fetching.timeout, *max_debuginfo)?)))
}

/// Zeros for what was never measured would look like a program without allocations.
fn require_measured(profile: &Profile, sample: SampleType) -> anyhow::Result<()> {
    match sample {
        SampleType::AllocSpace | SampleType::AllocObjects if !profile.meta.has_alloc => bail!(
            "{} was not recorded; start the program with prof_accum:true added to MALLOC_CONF",
            sample.name()
        ),
        SampleType::InuseObjects if !profile.meta.has_objects => {
            bail!("objects were not recorded: folded stacks carry one number only")
        }
        _ => Ok(()),
    }
}

/// Puts names to addresses, unless there are none or they are not wanted, and says where the names came from.
fn named(profile: Profile, shared: &Shared, origin: Origin, fetch: Option<Arc<dyn Fetch>>) -> Profile {
    let options = &shared.symbols;
    let nameless = profile.frame_ids().any(|id| profile.frame(id).function.is_none());
    if options.no_symbols || !nameless {
        return profile;
    }
    let mut lookup = symbols::Options::default();
    lookup.binaries.clone_from(&options.binary);
    lookup.binary_dirs.clone_from(&options.binary_dir);
    lookup.sysroots.clone_from(&options.sysroot);
    lookup.debug_dirs.splice(0..0, options.debug_dir.iter().cloned());
    lookup.processes.clone_from(&options.pid);
    lookup.processes.extend(origin.running.into_iter().filter(|pid| !options.pid.contains(pid)));
    lookup.recorded_paths = origin.paths;
    lookup.fetch = fetch;
    lookup.max_memory = options.memory.max_symbol_memory;
    lookup.cache = options.cache.cache();
    lookup.hash_suffixes = shared.names.hashes;
    let named = {
        let _progress = Progress::start("reading symbols");
        symbols::symbolize(&profile, &lookup)
    };
    notes::symbols(&named);
    named
}

/// What the inputs have to do with this machine.
#[derive(Debug, Default)]
struct Origin {
    /// The processes that they are dumps of, as far as they still run here.
    running: Vec<u32>,
    /// Whether their paths mean files of this machine. They are read together, so one of another machine decides for all.
    paths: RecordedPaths,
}

/// The inputs' profile, and where they come from.
fn read(inputs: &Inputs, shared: &Shared, threads: Threads) -> anyhow::Result<(Profile, Origin)> {
    let fetching = &shared.fetching;
    let client = Client::new(fetching.token.as_deref(), fetching.timeout);
    let mut sources = source::all(inputs.inputs.iter().chain(&inputs.base))?;
    let base = inputs.base.is_some().then(|| sources.pop()).flatten();
    let mut origin = Origin::default();
    let mut one = |source: &Source| {
        let bytes = source.read(&client, fetching.max_size)?;
        let _progress = Progress::start(format!("reading {source}"));
        let profile = parse_threads(&bytes, source, fetching.max_size, threads)?;
        let trailer = profile.meta.trailer.as_ref();
        let process = trailer.and_then(running::process);
        origin.running.extend(process.filter(|pid| !origin.running.contains(pid)));
        if source.is_remote() && !trailer.is_some_and(running::is_here) {
            origin.paths = RecordedPaths::Proven;
        }
        anyhow::Ok(profile)
    };
    let mut sum: Option<Profile> = None;
    for source in &sources {
        let next = one(source)?;
        match &mut sum {
            Some(sum) => sum.absorb(&next),
            None => sum = Some(next),
        }
    }
    let sum = sum.unwrap_or_default();
    let profile = match &base {
        Some(base) => diff::diff(&one(base)?, &sum),
        None => sum,
    };
    Ok((profile, origin))
}

/// The target that `-o` names, refused if it is one of the inputs.
///
/// # Errors
/// [`Usage`] if the result would replace an input.
pub(crate) fn target(output: Option<&Path>, inputs: &Inputs) -> anyhow::Result<Target> {
    let target = Target::new(output);
    if let Target::File(path) = &target
        && let Ok(path) = path.canonicalize()
        && path.is_file()
        && inputs
            .inputs
            .iter()
            .chain(&inputs.base)
            .any(|i| Path::new(i).canonicalize().is_ok_and(|i| i == path))
    {
        let path = path.display();
        return Err(Usage(format!("{path} is an input; choose another name for the result")).into());
    }
    Ok(target)
}

/// The inputs' names for a heading, without their directories.
pub(crate) fn heading(inputs: &Inputs) -> String {
    let short = |typed: &OsString| match Source::new(typed) {
        Source::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        other => other.to_string(),
    };
    let names: Vec<String> = inputs.inputs.iter().map(short).collect();
    match &inputs.base {
        Some(base) => format!("{} → {}", short(base), names.join(" + ")),
        None => names.join(" + "),
    }
}

/// Reads one input's bytes; its warnings then begin with its name.
pub(crate) fn parse(bytes: &[u8], source: &Source, max_size: u64) -> anyhow::Result<Profile> {
    parse_threads(bytes, source, max_size, Threads::default())
}

fn parse_threads(bytes: &[u8], source: &Source, max_size: u64, threads: Threads) -> anyhow::Result<Profile> {
    let mut limits = input::Limits::default();
    limits.threads = threads;
    limits.unpacked = max_size;
    let mut profile = input::read(bytes, &limits).with_context(|| source.to_string())?;
    for warning in &mut profile.warnings {
        warning.message = format!("{source}: {}", warning.message);
    }
    Ok(profile)
}
