//! Many inputs to one series, named once.

use crate::args::{Fetching, Names, Selection, Symbols};
use crate::chosen::{self, Chosen};
use crate::notes;
use crate::pipeline;
use crate::reading::Reading;
use crate::source::{self, Source};
use anyhow::{Context, bail};
use heaplens::dump::Threads;
use heaplens::filter::{self, Fold, Folding};
use heaplens::series::{self, Series};
use heaplens::short;
use heaplens::symbols::Fetch;
use heaplens::{Profile, diff};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// How inputs become a series.
#[derive(Debug, clap::Args)]
pub(crate) struct Making {
    #[command(flatten)]
    selection: Selection,
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

    /// The same for those who fold by themselves, who get threads, too: every frame, and folded. One difference alone is
    /// its two sides.
    ///
    /// # Errors
    /// As [`Making::series`].
    pub(crate) fn both(&self, typed: &[OsString]) -> anyhow::Result<Both> {
        let (gathering, asked) = self.gathered(self.start()?.of_states(), typed)?;
        gathering.finish_both(asked)
    }

    /// What was typed, read, and how much that is.
    fn gathered<'a>(
        &self,
        mut gathering: Gathering<'a>,
        typed: &[OsString],
    ) -> anyhow::Result<(Gathering<'a>, usize)> {
        let sources = sources(typed)?;
        gathering.is_alone = sources.len() == 1;
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
        let chosen = Chosen::compile(&self.selection)?;
        pipeline::require_places(&self.symbols)?;
        let threads = if chosen.threads().is_some() { Threads::Separate } else { Threads::Merged };
        Ok(Gathering {
            fetch: pipeline::fetch(&self.symbols, &self.fetching)?,
            reading: Reading::new(&self.fetching, threads),
            symbols: &self.symbols,
            names: &self.names,
            series: Series::new(),
            is_of_states: false,
            is_alone: false,
            has_chosen_thread: false,
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
    /// True if captures are shown as they are: threads are kept, and differences have no place among them.
    is_of_states: bool,
    /// True if there is one input.
    is_alone: bool,
    /// True once an input has a thread that was asked for.
    has_chosen_thread: bool,
}

/// A series in two forms, in which numbers of stacks are the same.
pub(crate) struct Both {
    /// With every frame.
    pub(crate) series: Series,
    pub(crate) folded: Series,
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

    fn of_states(mut self) -> Self {
        self.is_of_states = true;
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
            let code = chosen.match_names(filter::fold(&code, shown));
            let code = filter::fold(&code, Folding { allocator: Fold::Show, runtime: Fold::Away });
            Ok::<_, anyhow::Error>(shortened(code, names))
        })?;
        warnings(&series);
        Ok(series)
    }

    fn finish_both(self, asked: usize) -> anyhow::Result<Both> {
        let Named { mut series, chosen, names } = self.named(asked)?;
        series.change(|code| Ok::<_, anyhow::Error>(chosen.match_names(code)))?;
        let mut folded = series.clone();
        let folding = Folding { allocator: Fold::Away, runtime: Fold::Away };
        folded.change(|code| Ok::<_, anyhow::Error>(shortened(filter::fold(&code, folding), names)))?;
        series.change(|code| Ok::<_, anyhow::Error>(shortened(code, names)))?;
        warnings(&series);
        Ok(Both { series, folded })
    }

    fn named(self, asked: usize) -> anyhow::Result<Named> {
        let Gathering { chosen, fetch, reading, mut series, symbols, names, has_chosen_thread, .. } = self;
        if series.captures().is_empty() {
            bail!("none of the {asked} inputs could be read");
        }
        let is_empty = series.captures().iter().all(|capture| capture.measured() == 0.0);
        if chosen.threads().is_some() && !has_chosen_thread && !is_empty {
            return Err(chosen::no_thread(series.threads()));
        }
        series.set_chosen(chosen.described());
        let origin = reading.origin();
        series.change(|code| Ok::<_, anyhow::Error>(pipeline::named(code, symbols, names, origin, fetch)))?;
        Ok(Named { series, chosen, names: names.short_names })
    }

    fn push(&mut self, source: &Source, origin: series::Source, bytes: &[u8]) -> anyhow::Result<()> {
        let whole = self.reading.of_bytes(source, bytes)?;
        let part = self.of_chosen_threads(&whole)?;
        let shown = part.as_ref().unwrap_or(&whole);
        if !self.is_of_states {
            self.series.push_part(origin, shown, &whole);
            return Ok(());
        }
        if whole.meta.is_diff && !self.is_alone {
            bail!("{source}: this is a difference of two profiles; give the two, or it alone");
        }
        let all_threads = match part {
            Some(_) => None,
            None => Some(self.reading.threads_of(source, bytes)?),
        };
        let threads = all_threads.as_ref().unwrap_or(shown);
        if whole.meta.is_diff {
            let named =
                |side| series::Source { name: format!("{} ({side})", origin.name), file_time_ms: None };
            let [shown, threads, whole] = [shown, threads, &whole].map(diff::sides);
            self.push_state(named("before"), &shown.0, &threads.0, &whole.0);
            self.push_state(named("after"), &shown.1, &threads.1, &whole.1);
        } else {
            self.push_state(origin, shown, threads, &whole);
        }
        Ok(())
    }

    fn push_state(&mut self, origin: series::Source, shown: &Profile, threads: &Profile, whole: &Profile) {
        self.series.push_part(origin, shown, whole);
        if !threads.threads().is_empty() {
            self.series.push_threads(threads);
        }
    }

    /// What the threads that were asked for allocated, `None` if none were. One that an input does not have allocated
    /// nothing in it: it may start later.
    fn of_chosen_threads(&mut self, whole: &Profile) -> anyhow::Result<Option<Profile>> {
        let Some(choice) = self.chosen.threads() else { return Ok(None) };
        if whole.threads().is_empty() && !whole.samples().is_empty() {
            return Err(pipeline::no_threads("--thread"));
        }
        self.has_chosen_thread |= whole.threads().iter().any(|thread| choice.includes(thread));
        Ok(Some(filter::thread(whole, choice)))
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
                    bail!(
                        "{}: there is no file in this directory; `heaplens capture URL --every 1m --out-dir DIR` fills one",
                        path.display()
                    );
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
            let first = || (format!("{}: {warning}", capture.source.name), 0);
            kinds.entry(warning.code).or_insert_with(first).1 += 1;
        }
    }
    for (first, count) in kinds.into_values() {
        let more = match count {
            1 => String::new(),
            _ => format!(" (and {} more of this kind)", count - 1),
        };
        notes::line(&format!("warning: {first}{more}"));
    }
}
