//! From program and profiles to one profile with names.

use super::settings::{Settings, Skip};
use crate::args::{CacheArgs, Fetching};
use crate::exit::Usage;
use crate::http::Client;
use crate::progress::Progress;
use crate::source::{self, Source};
use crate::{notes, running};
use anyhow::{Context, bail};
use clap::Parser;
use heaplens::dump::Threads;
use heaplens::filter::{self, Folding};
use heaplens::symbols::{self, RecordedPaths};
use heaplens::{Profile, diff, input};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What jeprof has no options for, by its environment variables and defaults.
#[derive(Debug, Parser)]
struct Environment {
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    fetching: Fetching,
}

/// What the arguments name.
#[derive(Debug)]
pub(super) struct Named {
    /// Symbolized profiles need none.
    pub(super) program: Option<PathBuf>,
    pub(super) profiles: Vec<OsString>,
}

/// Tells the program from the profiles.
///
/// # Errors
/// [`Usage`]: what is missing.
pub(super) fn named(inputs: &[OsString]) -> Result<Named, Usage> {
    let Some((first, rest)) = inputs.split_first() else {
        return Err(Usage("jeprof: name the program and its profiles; see --help".to_owned()));
    };
    if has_own_symbols(first) {
        return Ok(Named { program: None, profiles: inputs.to_vec() });
    }
    if rest.is_empty() {
        let first = first.to_string_lossy();
        return Err(Usage(format!("jeprof: {first} is the program; name a profile behind it")));
    }
    Ok(Named { program: Some(PathBuf::from(first)), profiles: rest.to_vec() })
}

/// Servers and symbolized profiles.
fn has_own_symbols(input: &OsStr) -> bool {
    match Source::new(input) {
        Source::Url(_) => true,
        Source::Stdin => false,
        Source::File(path) => is_symbolized(&path),
    }
}

fn is_symbolized(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    let mut lines = head.split(|&b| b == b'\n').filter(|line| !line.starts_with(b"%"));
    let first = lines.next().and_then(|line| line.strip_prefix(b"---")).unwrap_or_default();
    read.is_ok() && first.trim_ascii_start().starts_with(b"symbol")
}

/// The profile of all inputs, without the base, with names; by thread if one is asked for, and then of the first input
/// alone, as in jeprof.
///
/// # Errors
/// Names the input that could not be read.
pub(super) fn profile(settings: &Settings) -> anyhow::Result<Profile> {
    let named = named(&settings.inputs)?;
    let environment = Environment::parse_from(["heaplens"]);
    let mut sources = source::all(named.profiles.iter().chain(&settings.base))?;
    let base = settings.base.is_some().then(|| sources.pop()).flatten();
    if let Some(program) = &named.program {
        let found = program.metadata().with_context(|| format!("the program {}", program.display()))?;
        if !found.is_file() {
            bail!("{}: expected the program that was profiled", program.display());
        }
    }
    let mut inputs = Inputs::new(&environment, settings);
    let mut sum: Option<Profile> = None;
    let by_thread = settings.thread.is_some();
    for source in sources.iter().take(if by_thread { 1 } else { sources.len() }) {
        let next = inputs.read(source)?;
        match &mut sum {
            Some(sum) => sum.absorb(&next),
            None => sum = Some(next),
        }
    }
    let mut profile = sum.unwrap_or_default();
    if let Some(base) = base.filter(|_| !by_thread) {
        profile = diff::diff(&inputs.read(&base)?, &profile);
    }
    profile = inputs.symbolize(profile, settings, named.program);
    notes::symbols(&profile);
    notes::warnings(&profile);
    Ok(match settings.skip {
        Skip::All => filter::fold(&profile, Folding::default()),
        Skip::Jeprofs => profile,
    })
}

/// What reading needs, and what is learnt from one input for all.
struct Inputs<'a> {
    environment: &'a Environment,
    client: Client,
    limits: input::Limits,
    running: Vec<u32>,
    paths: RecordedPaths,
}

impl Inputs<'_> {
    fn new<'a>(environment: &'a Environment, settings: &Settings) -> Inputs<'a> {
        let fetching = &environment.fetching;
        let mut limits = input::Limits::default();
        limits.unpacked = fetching.max_size;
        limits.threads = if settings.thread.is_some() { Threads::Separate } else { Threads::Merged };
        let client = Client::new(fetching.token.as_deref(), fetching.timeout);
        Inputs { environment, client, limits, running: Vec::new(), paths: RecordedPaths::default() }
    }

    fn read(&mut self, source: &Source) -> anyhow::Result<Profile> {
        let bytes = source.read(&self.client, self.environment.fetching.max_size)?;
        let _progress = Progress::start(format!("reading {source}"));
        refuse(&bytes).with_context(|| source.to_string())?;
        let mut profile = input::read(&bytes, &self.limits).with_context(|| source.to_string())?;
        for warning in &mut profile.warnings {
            warning.message = format!("{source}: {}", warning.message);
        }
        let trailer = profile.meta.trailer.as_ref();
        let process = trailer.and_then(running::process);
        self.running.extend(process.filter(|pid| !self.running.contains(pid)));
        if source.is_remote() && !trailer.is_some_and(running::is_here) {
            self.paths = RecordedPaths::Proven;
        }
        Ok(profile)
    }

    fn symbolize(&self, profile: Profile, settings: &Settings, program: Option<PathBuf>) -> Profile {
        let nameless = profile.frame_ids().any(|id| profile.frame(id).function.is_none());
        if !nameless {
            return profile;
        }
        let mut options = symbols::Options::default();
        options.binaries.extend(program);
        options.binary_dirs.clone_from(&settings.lib_prefix);
        options.processes.clone_from(&self.running);
        options.recorded_paths = self.paths;
        options.cache = self.environment.cache.cache();
        let _progress = Progress::start("reading symbols");
        symbols::symbolize(&profile, &options)
    }
}

/// Profiles of gperftools that are none of a heap are told by their first bytes.
fn refuse(bytes: &[u8]) -> anyhow::Result<()> {
    let header = bytes.split(|&b| b == b'\n').find(|line| !line.starts_with(b"%")).unwrap_or_default();
    let section = header.strip_prefix(b"---").map(|rest| rest.trim_ascii_start());
    let what = match section {
        // A count of 0, then the number of words that follow in the header: 3.
        None if bytes.starts_with(&[0; 8]) && bytes.get(8) == Some(&3) => "a CPU profile",
        None if bytes.starts_with(&[0; 4]) && bytes.get(4) == Some(&3) => "a CPU profile",
        Some(section) if section.starts_with(b"profile") => "a CPU profile",
        Some(section) if section.starts_with(b"contention") || section.starts_with(b"Stacks:") => {
            "a contention profile"
        }
        _ => return Ok(()),
    };
    bail!("this is {what} of gperftools, and heaplens reads heap profiles only; use pprof or jeprof for it")
}
