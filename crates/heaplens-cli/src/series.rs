//! Many inputs to one series, named once.

use crate::args::{Fetching, Names, Patterns, Symbols};
use crate::chosen::Chosen;
use crate::notes;
use crate::pipeline;
use crate::reading::Reading;
use crate::source::{self, Source};
use anyhow::{Context, bail};
use heaplens::dump::Threads;
use heaplens::filter::{self, Fold, Folding};
use heaplens::series::{self, Series};
use heaplens::short;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// How inputs become a series.
pub(crate) struct Making<'a> {
    pub(crate) patterns: &'a Patterns,
    pub(crate) symbols: &'a Symbols,
    pub(crate) names: &'a Names,
    pub(crate) fetching: &'a Fetching,
}

impl Making<'_> {
    /// Reads files, directories of them, and URLs. One that cannot be read is said and left out.
    ///
    /// # Errors
    /// If no input is left, or a pattern is none.
    pub(crate) fn series(&self, typed: &[OsString]) -> anyhow::Result<Series> {
        let chosen = Chosen::compile(self.patterns, None)?;
        pipeline::require_places(self.symbols)?;
        let fetch = pipeline::fetch(self.symbols, self.fetching)?;
        let mut reading = Reading::new(self.fetching, Threads::Merged);
        let mut series = Series::new();
        let sources = sources(typed)?;
        for source in &sources {
            match reading.one(source) {
                Ok(profile) => series.push(origin(source), &profile),
                Err(error) if sources.len() == 1 => return Err(error),
                Err(error) => notes::line(&format!("warning: left out: {error:#}")),
            }
        }
        if series.captures().is_empty() {
            bail!("none of the {} inputs could be read", sources.len());
        }
        series.change(|code| {
            let code = pipeline::named(code, self.symbols, self.names, reading.origin(), fetch);
            let shown = Folding { allocator: Fold::Away, runtime: Fold::Show };
            let code = chosen.apply(filter::fold(&code, shown))?;
            let code = filter::fold(&code, Folding { allocator: Fold::Show, runtime: Fold::Away });
            Ok::<_, anyhow::Error>(if self.names.short_names { short::names(&code) } else { code })
        })?;
        warnings(&series);
        Ok(series)
    }
}

/// What was typed, directories as the files in them.
fn sources(typed: &[OsString]) -> anyhow::Result<Vec<Source>> {
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
