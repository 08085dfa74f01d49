//! Many inputs to one series, named once.

use crate::args::{Fetching, Names, Patterns, Symbols};
use crate::chosen::Chosen;
use crate::notes;
use crate::pipeline;
use crate::reading::Reading;
use crate::source::{self, Source};
use anyhow::{Context, bail};
use heaplens::Profile;
use heaplens::dump::Threads;
use heaplens::filter::{self, Fold, Folding};
use heaplens::series::{self, Series};
use heaplens::short;
use heaplens::symbols::Fetch;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// How inputs become a series.
#[derive(Debug, clap::Args)]
pub(crate) struct Making {
    #[command(flatten)]
    patterns: Patterns,
    #[command(flatten)]
    symbols: Symbols,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    pub(crate) fetching: Fetching,
}

impl Making {
    /// Reads files, directories of them, and URLs. One that cannot be read is said and left out.
    ///
    /// # Errors
    /// If no input is left, or a pattern is none.
    pub(crate) fn series(&self, typed: &[OsString]) -> anyhow::Result<Series> {
        let (gathering, asked) = self.gathered(self.start()?, typed)?;
        gathering.finish(asked)
    }

    /// The same for those who fold by themselves, who get threads, too: every frame, and folded.
    ///
    /// # Errors
    /// As [`Making::series`].
    pub(crate) fn both(&self, typed: &[OsString]) -> anyhow::Result<(Series, Series)> {
        let (gathering, asked) = self.gathered(self.start()?.with_threads(), typed)?;
        gathering.finish_both(asked)
    }

    /// What was typed, read, and how much that is.
    fn gathered<'a>(
        &self,
        mut gathering: Gathering<'a>,
        typed: &[OsString],
    ) -> anyhow::Result<(Gathering<'a>, usize)> {
        let sources = sources(typed)?;
        for source in &sources {
            match gathering.read(source) {
                Ok(()) => {}
                Err(error) if sources.len() == 1 => return Err(error),
                Err(error) => left_out(&error),
            }
        }
        Ok((gathering, sources.len()))
    }

    /// Looks at the options first: a mistyped one should not cost a minute of reading.
    ///
    /// # Errors
    /// Names the option.
    pub(crate) fn start(&self) -> anyhow::Result<Gathering<'_>> {
        let chosen = Chosen::compile(&self.patterns, None)?;
        pipeline::require_places(&self.symbols)?;
        Ok(Gathering {
            fetch: pipeline::fetch(&self.symbols, &self.fetching)?,
            reading: Reading::new(&self.fetching, Threads::Merged),
            symbols: &self.symbols,
            names: &self.names,
            series: Series::new(),
            keeps_threads: false,
            chosen,
        })
    }
}

/// A series that is being read.
pub(crate) struct Gathering<'a> {
    chosen: Chosen,
    fetch: Option<Arc<dyn Fetch>>,
    reading: Reading,
    series: Series,
    symbols: &'a Symbols,
    names: &'a Names,
    keeps_threads: bool,
}

impl Gathering<'_> {
    /// # Errors
    /// Names the input that cannot be read.
    pub(crate) fn read(&mut self, source: &Source) -> anyhow::Result<()> {
        let bytes = self.reading.bytes(source)?;
        self.push(source, origin(source), &bytes)
    }

    /// The bytes of an input.
    ///
    /// # Errors
    /// As [`Gathering::read`].
    pub(crate) fn bytes(&self, source: &Source) -> anyhow::Result<Vec<u8>> {
        self.reading.bytes(source)
    }

    /// Takes an input whose bytes are known; `name` is what people call it.
    ///
    /// # Errors
    /// As [`Gathering::read`].
    pub(crate) fn take(&mut self, source: &Source, name: String, bytes: &[u8]) -> anyhow::Result<()> {
        self.push(source, series::Source { name, ..origin(source) }, bytes)
    }

    /// Keeps the threads of what is read apart as well.
    pub(crate) fn with_threads(mut self) -> Self {
        self.keeps_threads = true;
        self
    }

    /// Puts names to all that was read, and folds what is not the program's.
    ///
    /// # Errors
    /// If none of so many inputs was read.
    pub(crate) fn finish(self, asked: usize) -> anyhow::Result<Series> {
        let Named { mut series, chosen, names } = self.named(asked)?;
        series.change(|code| {
            let shown = Folding { allocator: Fold::Away, runtime: Fold::Show };
            let code = chosen.apply(filter::fold(&code, shown))?;
            let code = filter::fold(&code, Folding { allocator: Fold::Show, runtime: Fold::Away });
            Ok::<_, anyhow::Error>(shortened(code, names))
        })?;
        warnings(&series);
        Ok(series)
    }

    /// As [`Gathering::finish`], and before it the same with every frame; numbers of stacks are the same in both.
    ///
    /// # Errors
    /// As [`Gathering::finish`].
    pub(crate) fn finish_both(self, asked: usize) -> anyhow::Result<(Series, Series)> {
        let Named { mut series, chosen, names } = self.named(asked)?;
        series.change(|code| chosen.apply(code))?;
        let mut folded = series.clone();
        let folding = Folding { allocator: Fold::Away, runtime: Fold::Away };
        folded.change(|code| Ok::<_, anyhow::Error>(shortened(filter::fold(&code, folding), names)))?;
        series.change(|code| Ok::<_, anyhow::Error>(shortened(code, names)))?;
        warnings(&series);
        Ok((series, folded))
    }

    fn named(self, asked: usize) -> anyhow::Result<Named> {
        let Gathering { chosen, fetch, reading, mut series, symbols, names, .. } = self;
        if series.captures().is_empty() {
            bail!("none of the {asked} inputs could be read");
        }
        let origin = reading.origin();
        series.change(|code| Ok::<_, anyhow::Error>(pipeline::named(code, symbols, names, origin, fetch)))?;
        Ok(Named { series, chosen, names: names.short_names })
    }

    fn push(&mut self, source: &Source, origin: series::Source, bytes: &[u8]) -> anyhow::Result<()> {
        let profile = self.reading.of_bytes(source, bytes)?;
        let apart = self.keeps_threads.then(|| self.reading.threads_of(source, bytes)).transpose()?;
        self.series.push(origin, &profile);
        if let Some(apart) = apart.filter(|apart| !apart.threads().is_empty()) {
            self.series.push_threads(&apart);
        }
        Ok(())
    }
}

/// A series that waits for its folding.
struct Named {
    series: Series,
    chosen: Chosen,
    /// True if names are to be short.
    names: bool,
}

fn shortened(code: Profile, is_wanted: bool) -> Profile {
    if is_wanted { short::names(&code) } else { code }
}

/// Says which input is not used, and why.
pub(crate) fn left_out(error: &anyhow::Error) {
    notes::line(&format!("warning: left out: {error:#}"));
}

/// What was typed, directories as the files in them.
pub(crate) fn sources(typed: &[OsString]) -> anyhow::Result<Vec<Source>> {
    let mut all = Vec::new();
    for source in source::all(typed)? {
        match source {
            Source::File(path) if path.is_dir() => {
                let files = files(&path).with_context(|| path.display().to_string())?;
                if files.is_empty() {
                    bail!("{}: there is no file in this directory", path.display());
                }
                all.extend(files.into_iter().map(Source::File));
            }
            other => all.push(other),
        }
    }
    Ok(all)
}

/// Files that are not hidden, by name.
fn files(directory: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in directory.read_dir()? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_file() && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn origin(source: &Source) -> series::Source {
    let changed = match source {
        Source::File(path) => path.metadata().and_then(|found| found.modified()).ok(),
        Source::Stdin | Source::Url(_) => None,
    };
    let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    series::Source {
        name: source.to_string(),
        file_time_ms: since.and_then(|since| u64::try_from(since.as_millis()).ok()),
    }
}

/// Says each kind of warning once, with the number of inputs that have it.
fn warnings(series: &Series) {
    notes::warnings(series.code());
    let mut kinds: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    for capture in series.captures() {
        for warning in &capture.warnings {
            kinds.entry(warning.code).or_insert_with(|| (warning.to_string(), 0)).1 += 1;
        }
    }
    for (first, count) in kinds.into_values() {
        let more = match count {
            1 => String::new(),
            _ => format!(" (and so {} more)", count - 1),
        };
        notes::line(&format!("warning: {first}{more}"));
    }
}
