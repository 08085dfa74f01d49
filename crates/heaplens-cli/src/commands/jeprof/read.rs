//! From program and profiles to one profile with names.

use super::linked::Linked;
use super::settings::{Mode, Settings, Skip};
use super::targets;
use crate::args::{CacheArgs, Fetching};
use crate::exit::Usage;
use crate::http::Client;
use crate::notes;
use crate::reading::{self, Reading};
use crate::source::{self, Source};
use anyhow::{Context, bail};
use clap::Parser;
use heaplens::dump::Threads;
use heaplens::filter::{self, Folding};
use heaplens::profile::ModuleKind;
use heaplens::{Profile, symbols};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What jeprof has no options for, by its environment variables and defaults.
#[derive(Debug, Parser)]
pub(super) struct Environment {
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    fetching: Fetching,
}

impl Environment {
    pub(super) fn read() -> Environment {
        Environment::parse_from(["heaplens"])
    }

    pub(super) fn bytes(&self, source: &Source) -> anyhow::Result<Vec<u8>> {
        let client = Client::new(self.fetching.token.as_deref(), self.fetching.timeout);
        source.read(&client, self.fetching.max_size)
    }

    /// Where symbols are looked for.
    pub(super) fn symbols(&self, settings: &Settings, program: Option<PathBuf>) -> symbols::Options {
        let mut options = symbols::Options::default();
        options.binaries.extend(program);
        options.binary_dirs.clone_from(&settings.lib_prefix);
        options.cache = self.cache.cache();
        options
    }
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
    let expanded = |inputs: &[OsString]| -> Result<Vec<OsString>, Usage> {
        let all = inputs.iter().map(|input| targets::expand(input)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.concat())
    };
    if targets::expand(first)?.iter().any(|input| has_own_symbols(input)) {
        return Ok(Named { program: None, profiles: expanded(inputs)? });
    }
    if rest.is_empty() {
        let first = first.to_string_lossy();
        return Err(Usage(format!("jeprof: {first} is the program; name a profile behind it")));
    }
    Ok(Named { program: Some(PathBuf::from(first)), profiles: expanded(rest)? })
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

/// The profile of all inputs, without the base, with names, and where these were looked for; by thread if one is asked
/// for, and then of the first input alone, as in jeprof.
///
/// # Errors
/// Names the input that could not be read.
pub(super) fn profile(settings: &Settings) -> anyhow::Result<(Profile, symbols::Options)> {
    let named = named(&settings.inputs)?;
    let environment = Environment::read();
    let mut sources = source::all(named.profiles.iter().chain(&settings.base))?;
    let base = settings.base.is_some().then(|| sources.pop()).flatten();
    if let Some(program) = &named.program {
        let found = program.metadata().with_context(|| format!("the program {}", program.display()))?;
        if !found.is_file() {
            bail!("{}: expected the program that was profiled", program.display());
        }
    }
    let threads = if settings.thread.is_some() { Threads::Separate } else { Threads::Merged };
    if settings.thread.is_some() {
        sources.truncate(1);
    }
    let base = base.filter(|_| settings.thread.is_none());
    let mut reading = Reading::new(&environment.fetching, threads);
    let mut profile = reading.all(&sources, base.as_ref())?;
    let options = environment.symbols(settings, named.program);
    if reading::lacks_names(&profile) {
        let linked = Linked::new(&options, settings.add_lib.as_deref());
        let mut files = options.clone();
        if !profile.modules().iter().any(|module| module.kind == ModuleKind::File) {
            // It would be said to serve no module, while the linked file is asked.
            files.binaries.clear();
        }
        profile = reading.origin().symbolize_or(&profile, files, Some(&linked));
    }
    notes::warnings(&profile);
    if settings.skip == Skip::All && settings.mode != Mode::Raw {
        profile = filter::fold(&profile, Folding::default());
    }
    Ok((profile, options))
}
