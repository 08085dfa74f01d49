//! From what was typed to the profile that a view is made of: read, sum, subtract, name, filter.

use crate::args::{Choosing, Fetching, Inputs, Names, Presentation, Shared, Symbols};
use crate::chosen::Chosen;
use crate::debuginfod::Debuginfod;
use crate::exit::Usage;
use crate::notes;
use crate::output::Target;
use crate::paths::{self, Expected};
use crate::reading::{self, Origin, Reading};
use crate::source::{self, Source};
use anyhow::{anyhow, bail};
use heaplens::dump::Threads;
use heaplens::error::Warning;
use heaplens::filter::{self, Fold, Folding};
use heaplens::profile::{Granularity, SampleType};
use heaplens::symbols::Fetch;
use heaplens::{Profile, group, short, symbols};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// Who reads the result. People look for their own functions below dozens of frames that every stack starts
/// with; programs want stacks whole, tables take every sample type at once, and other profilers' tools tell threads apart as
/// well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Person,
    Program,
    Table,
    Tool,
}

impl Reader {
    fn threads(self) -> Threads {
        match self {
            Reader::Person | Reader::Program | Reader::Table => Threads::Merged,
            Reader::Tool => Threads::Separate,
        }
    }

    fn takes_one_sample_type(self) -> bool {
        matches!(self, Reader::Person | Reader::Program)
    }
}

/// The profile that the inputs and options describe, its warnings and the symbols used said on stderr.
///
/// # Errors
/// Names the input that could not be read, or the pattern that is none.
pub(crate) fn profile(inputs: &Inputs, shared: &Shared, reader: Reader) -> anyhow::Result<Profile> {
    let choosing = &shared.choosing;
    // Patterns first: a mistyped one should not cost a minute of reading.
    let chosen = Chosen::compile(&choosing.selection)?;
    require_places(&shared.symbols)?;
    let fetch = fetch(&shared.symbols, &shared.fetching)?;

    let (mut profile, origin) = read(inputs, shared, reader)?;
    if reader.takes_one_sample_type() {
        require_measured(
            choosing.presentation.sample.into(),
            &profile.meta.sample_types(),
            &profile.warnings,
        )?;
    }
    require_threads(&profile, choosing)?;
    profile = named(profile, &shared.symbols, &shared.names, origin, fetch);
    // Who says where stacks begin has said enough.
    let shown = &choosing.presentation;
    let by_itself = reader == Reader::Person && choosing.selection.show_from.is_none() && !shown.show_runtime;
    let away = |is_folded| if is_folded { Fold::Away } else { Fold::Show };
    let folding =
        Folding { allocator: away(!shown.show_allocator), runtime: away(choosing.fold_runtime || by_itself) };
    if chosen.is_everything() {
        profile = filter::fold(&profile, folding);
    } else {
        profile = filter::fold(&profile, Folding { runtime: Fold::Show, ..folding });
        profile = chosen.apply(profile)?;
        // After the patterns, so that they see what is folded here, and before names become something else.
        if folding.runtime == Fold::Away {
            profile = filter::fold(&profile, Folding { allocator: Fold::Show, ..folding });
        }
    }
    if shared.names.short_names {
        profile = short::names(&profile);
    }
    if let Some(granularity) = granularity(&profile, shown, reader) {
        profile = group::by(&profile, granularity);
    }
    if shown.by_thread {
        profile = group::by_thread(&profile);
    }
    notes::warnings(&profile);
    Ok(profile)
}

/// What frames are to become, if not what they are.
fn granularity(profile: &Profile, shown: &Presentation, reader: Reader) -> Option<Granularity> {
    // Places of two builds have only their names in common.
    let rebuilt = || profile.warnings.iter().any(|w| w.code == "rebuilt");
    let wanted = shown.granularity.map(Granularity::from).or(rebuilt().then_some(Granularity::Function))?;
    // What people look at merges functions by itself, and knows where each is.
    (reader != Reader::Person || wanted != Granularity::Function).then_some(wanted)
}

/// Refuses places to look for symbols that are not there.
pub(crate) fn require_places(symbols: &Symbols) -> anyhow::Result<()> {
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
pub(crate) fn fetch(symbols: &Symbols, fetching: &Fetching) -> anyhow::Result<Option<Arc<dyn Fetch>>> {
    let Symbols { debuginfod, max_debuginfo, .. } = symbols;
    if debuginfod.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Debuginfod::new(debuginfod, fetching.timeout, *max_debuginfo)?)))
}

/// Refuses threads to choose from in a profile that tells of none.
fn require_threads(profile: &Profile, choosing: &Choosing) -> anyhow::Result<()> {
    let option = match (&choosing.selection.thread, choosing.presentation.by_thread) {
        (Some(_), _) => "--thread",
        (None, true) => "--by-thread",
        (None, false) => return Ok(()),
    };
    if profile.threads().is_empty() && !profile.samples().is_empty() {
        return Err(no_threads(option));
    }
    Ok(())
}

/// Folded stacks tell of no threads.
pub(crate) fn no_threads(option: &str) -> anyhow::Error {
    anyhow!("{option}: the input does not say which thread allocated what; jemalloc's dumps do")
}

/// Zeros for what was never measured would look like a program without allocations.
pub(crate) fn require_measured(
    sample: SampleType,
    measured: &[SampleType],
    warnings: &[Warning],
) -> anyhow::Result<()> {
    // pprof can have any of the four alone.
    if warnings.iter().any(|warning| warning.code == sample.code_if_absent()) {
        bail!("{} was not recorded; choose what was with --sample", sample.name());
    }
    match sample {
        _ if measured.contains(&sample) => Ok(()),
        SampleType::AllocSpace | SampleType::AllocObjects => bail!(
            "{} was not recorded; start the program with prof_accum:true added to MALLOC_CONF",
            sample.name()
        ),
        SampleType::InuseObjects | SampleType::InuseSpace => {
            bail!("objects were not recorded: folded stacks, and pprof of some writers, have bytes alone")
        }
    }
}

/// Puts names to addresses, unless there are none or they are not wanted, and says where the names came from.
pub(crate) fn named(
    profile: Profile,
    options: &Symbols,
    names: &Names,
    origin: Origin,
    fetch: Option<Arc<dyn Fetch>>,
) -> Profile {
    if options.no_symbols || !reading::lacks_names(&profile) {
        return profile;
    }
    let mut lookup = symbols::Options::default();
    lookup.binaries.clone_from(&options.binary);
    lookup.binary_dirs.clone_from(&options.binary_dir);
    lookup.sysroots.clone_from(&options.sysroot);
    lookup.debug_dirs.splice(0..0, options.debug_dir.iter().cloned());
    lookup.processes.clone_from(&options.pid);
    lookup.fetch = fetch;
    lookup.max_memory = options.memory.max_symbol_memory;
    lookup.cache = options.cache.cache();
    lookup.hash_suffixes = names.hashes;
    origin.symbolize(&profile, lookup)
}

/// The inputs' profile, and where they come from.
fn read(inputs: &Inputs, shared: &Shared, reader: Reader) -> anyhow::Result<(Profile, Origin)> {
    let choosing = &shared.choosing;
    let asked = choosing.selection.thread.is_some() || choosing.presentation.by_thread;
    let threads = if asked { Threads::Separate } else { reader.threads() };
    let mut sources = source::all(inputs.inputs.iter().chain(&inputs.base))?;
    let base = inputs.base.is_some().then(|| sources.pop()).flatten();
    let mut reading = Reading::new(&shared.fetching, threads);
    let profile = reading.all(&sources, base.as_ref())?;
    Ok((profile, reading.origin()))
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
