//! Inputs to profiles, and what each tells of where names are to be found.

use crate::args::Fetching;
use crate::http::Client;
use crate::notes;
use crate::progress::Progress;
use crate::running;
use crate::source::Source;
use crate::symbol_server::SymbolServers;
use anyhow::Context;
use heaplens::dump::Threads;
use heaplens::profile::Module;
use heaplens::symbols::{self, RecordedPaths, Resolution, Resolve};
use heaplens::{Profile, diff, input};

/// Reads the inputs of one command.
pub(crate) struct Reading {
    client: Client,
    max_size: u64,
    threads: Threads,
    origin: Origin,
}

impl Reading {
    pub(crate) fn new(fetching: &Fetching, threads: Threads) -> Reading {
        let client = Client::new(fetching.token.as_deref(), fetching.timeout);
        let servers = SymbolServers::new(client.clone());
        let origin = Origin { running: Vec::new(), paths: RecordedPaths::default(), servers };
        Reading { client, max_size: fetching.max_size, threads, origin }
    }

    /// The sum of all, without the base.
    ///
    /// # Errors
    /// Names the input that could not be read.
    pub(crate) fn all(&mut self, sources: &[Source], base: Option<&Source>) -> anyhow::Result<Profile> {
        let mut sum: Option<Profile> = None;
        for source in sources {
            let next = self.one(source)?;
            match &mut sum {
                Some(sum) => sum.absorb(&next),
                None => sum = Some(next),
            }
        }
        let sum = sum.unwrap_or_default();
        match base {
            Some(base) => Ok(diff::diff(&self.one(base)?, &sum)),
            None => Ok(sum),
        }
    }

    /// One input by itself.
    ///
    /// # Errors
    /// Names it, what was found, and what to do.
    pub(crate) fn one(&mut self, source: &Source) -> anyhow::Result<Profile> {
        let bytes = self.bytes(source)?;
        Ok(with_source(self.of_bytes(source, &bytes)?, source))
    }

    /// The bytes of an input.
    ///
    /// # Errors
    /// As [`Reading::one`].
    pub(crate) fn bytes(&self, source: &Source) -> anyhow::Result<Vec<u8>> {
        source.read(&self.client, self.max_size)
    }

    /// An input whose bytes are known.
    ///
    /// # Errors
    /// As [`Reading::one`].
    pub(crate) fn of_bytes(&mut self, source: &Source, bytes: &[u8]) -> anyhow::Result<Profile> {
        let _progress = Progress::start(format!("reading {source}"));
        let profile = parse(bytes, source, self.max_size, self.threads)?;
        self.origin.learn(source, &profile);
        Ok(profile)
    }

    /// The same input once more, its threads kept apart.
    ///
    /// # Errors
    /// As [`Reading::one`].
    pub(crate) fn threads_of(&self, source: &Source, bytes: &[u8]) -> anyhow::Result<Profile> {
        parse(bytes, source, self.max_size, Threads::Separate)
    }

    /// What was learnt of all that was read.
    pub(crate) fn origin(self) -> Origin {
        self.origin
    }
}

/// What inputs have to do with this machine, and with servers.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The processes that they are dumps of, as far as they still run here.
    running: Vec<u32>,
    /// Whether their paths mean files of this machine. They are read together, so one of another machine decides for all.
    paths: RecordedPaths,
    /// Those that the inputs were fetched from, for names.
    servers: SymbolServers,
}

impl Origin {
    fn learn(&mut self, source: &Source, profile: &Profile) {
        let trailer = profile.meta.trailer.as_ref();
        let process = trailer.and_then(running::process);
        self.running.extend(process.filter(|pid| !self.running.contains(pid)));
        if source.is_remote() && !trailer.is_some_and(running::is_here) {
            self.paths = RecordedPaths::Proven;
        }
        if let Source::Url(url) = source {
            self.servers.add(url, profile);
        }
    }

    /// Puts names to addresses, and says on stderr where they came from. `options` is what the user gave; what the inputs
    /// tell comes after it.
    pub(crate) fn symbolize(self, profile: &Profile, options: symbols::Options) -> Profile {
        self.symbolize_or(profile, options, None)
    }

    /// As [`Self::symbolize`]; `other` is asked for what is in none of the profile's files, before servers are.
    pub(crate) fn symbolize_or(
        self,
        profile: &Profile,
        mut options: symbols::Options,
        other: Option<&dyn Resolve>,
    ) -> Profile {
        let new = self.running.into_iter().filter(|pid| !options.processes.contains(pid)).collect::<Vec<_>>();
        options.processes.extend(new);
        options.recorded_paths = self.paths;
        let named = {
            let _progress = Progress::start("reading symbols");
            symbols::symbolize_or(profile, &options, &Either { other, servers: &self.servers })
        };
        notes::symbols(&named);
        named
    }
}

/// Asks servers for what the other one knows nothing of.
struct Either<'a> {
    other: Option<&'a dyn Resolve>,
    servers: &'a SymbolServers,
}

impl Resolve for Either<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let found = self.other.map(|other| other.resolve(module, lookups));
        let is_known = |found: &Resolution| !found.places.iter().all(Vec::is_empty);
        found.filter(is_known).unwrap_or_else(|| self.servers.resolve(module, lookups))
    }
}

/// True if some frame still waits for a name.
pub(crate) fn lacks_names(profile: &Profile) -> bool {
    profile.frame_ids().any(|id| profile.frame(id).function.is_none())
}

/// Reads one input's bytes.
pub(crate) fn parse(
    bytes: &[u8],
    source: &Source,
    max_size: u64,
    threads: Threads,
) -> anyhow::Result<Profile> {
    let mut limits = input::Limits::default();
    limits.unpacked = max_size;
    limits.threads = threads;
    input::read(bytes, &limits).with_context(|| source.to_string())
}

/// The same, its warnings beginning with the input's name: what several inputs become has the warnings of all.
pub(crate) fn with_source(mut profile: Profile, source: &Source) -> Profile {
    // One that a file tells of its own input names that.
    for warning in profile.warnings.iter_mut().filter(|warning| warning.code != "recorded") {
        warning.message = format!("{source}: {}", warning.message);
    }
    profile
}
