//! From what was typed to the page.

use crate::args::Presentation;
use crate::exit::Usage;
use crate::judging::Judging;
use crate::notes;
use crate::pipeline;
use crate::series::{self, Both, Making};
use crate::source_files;
use crate::units;
use anyhow::Context;
use heaplens::classify::Owners;
use heaplens::filter::{self, Fold, Folding};
use heaplens::group;
use heaplens::leaks;
use heaplens::out::page::{self, Page};
use heaplens::profile::{Granularity, Module, ModuleKind, SampleType};
use heaplens::series::Series;
use heaplens::trailer::program_name;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

/// Lines shown before and after one that leads to allocations.
const AROUND: u32 = 5;
/// More lines are not shown: a page is no repository.
const MOST_LINES: usize = 50_000;
/// Nobody reads what is further to the right.
const LONGEST_LINE: usize = 500;
/// A series, in which leaks are looked for.
const SERIES: usize = 3;

/// What `report` and `view` share.
#[derive(Debug, clap::Args)]
pub(crate) struct Showing {
    /// Dumps and other inputs, or directories of them: one, two to compare, or a series; they are put in order of their
    /// times
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<OsString>,
    /// What the others are compared with at first
    #[arg(long, value_name = "BASE")]
    base: Option<OsString>,
    /// The heading; by default the program's name
    #[arg(long)]
    title: Option<String>,
    /// Take the inputs in their order, so far apart, whatever times they tell
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    every: Option<Duration>,
    /// Let flame graphs grow upwards from the root
    #[arg(long)]
    flame: bool,
    #[command(flatten)]
    presentation: Presentation,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    making: Making,
}

/// What else goes into the page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contents {
    /// Directories and hosts are left out.
    pub(crate) is_redacted: bool,
    /// Lines of source files.
    pub(crate) has_sources: bool,
}

/// A page and its title.
pub(crate) struct Shown {
    pub(crate) page: Page,
    pub(crate) title: String,
    pub(crate) has_sources: bool,
}

impl Showing {
    /// Reads, names and judges.
    ///
    /// # Errors
    /// Names the input that could not be read, or the option that cannot be used.
    pub(crate) fn page(&self, contents: Contents) -> anyhow::Result<Shown> {
        let mut judging = self.judging.options()?;
        judging.every = self.every.map(|time| time.as_secs_f64());
        let base = self.base.as_ref().map(base).transpose()?;
        // One that is among the inputs, too, is not there twice.
        let is_input = |base: &String| {
            series::sources(&self.inputs).is_ok_and(|all| all.iter().any(|s| s.to_string() == *base))
        };
        let added = self.base.iter().filter(|_| !base.as_ref().is_some_and(is_input));
        let inputs: Vec<OsString> = added.chain(&self.inputs).cloned().collect();
        let Both { mut series, folded } = self.making.both(&inputs)?;
        self.require_measured(&series)?;
        let leaks = (series.captures().len() >= SERIES).then(|| leaks::find(&folded, &judging));
        // What a page merges is functions, and it knows where each is.
        let granularity = self.presentation.granularity.map(Granularity::from);
        if let Some(granularity) = granularity.filter(|&wanted| wanted != Granularity::Function) {
            // Whose frame one was is not known afterwards, so that the page could not fold.
            let away = |is_shown| if is_shown { Fold::Show } else { Fold::Away };
            let Presentation { show_allocator, show_runtime, .. } = self.presentation;
            let folding = Folding { allocator: away(show_allocator), runtime: away(show_runtime) };
            series.change(|code| {
                Ok::<_, anyhow::Error>(group::by(&filter::fold(&code, folding), granularity))
            })?;
        }
        let mut options = page::Options::default();
        options.title = self.title.clone().unwrap_or_else(|| title(&series));
        options.program = format!("heaplens {}", env!("CARGO_PKG_VERSION"));
        options.start = self.start();
        options.is_redacted = contents.is_redacted;
        options.owners = judging.owners.clone();
        if let Some(base) = base {
            let place = series.captures().iter().position(|capture| capture.source.name == base);
            options.base = Some(place.with_context(|| {
                format!("{base}: the base could not be read, or is a difference, which has one of its own")
            })?);
        }
        if contents.has_sources {
            options.sources = sources(&series, &options.owners);
        }
        let (title, has_sources) = (options.title.clone(), !options.sources.is_empty());
        Ok(Shown { page: Page::new(series, leaks.as_ref(), &options)?, title, has_sources })
    }

    /// Refuses to open with what the page cannot show: live bytes that no input has, other values that one has not.
    fn require_measured(&self, series: &Series) -> anyhow::Result<()> {
        let sample = SampleType::from(self.presentation.sample);
        let captures = series.captures();
        let mut lacking: Vec<anyhow::Error> = captures
            .iter()
            .filter_map(|capture| {
                let measured = capture.sample_types();
                let lacks = pipeline::require_measured(sample, &measured, &capture.warnings).err();
                lacks.map(|error| error.context(capture.source.name.clone()))
            })
            .collect();
        let is_enough = lacking.len() < captures.len() && sample == SampleType::InuseSpace;
        if let Some(error) = lacking.pop().filter(|_| !is_enough) {
            return Err(error);
        }
        let is_empty = captures.iter().all(|capture| capture.measured() == 0.0);
        let has_no_threads = captures.iter().all(|capture| capture.by_thread().is_empty());
        if self.presentation.by_thread && has_no_threads && !is_empty {
            return Err(pipeline::no_threads("--by-thread"));
        }
        Ok(())
    }

    /// What the page opens with, as its links say it.
    fn start(&self) -> String {
        let Presentation { sample, by_thread, show_allocator, show_runtime, .. } = self.presentation;
        let sample = SampleType::from(sample);
        let choices = [
            (sample != SampleType::InuseSpace, format!("sample={}", sample.name())),
            (by_thread, "threads=1".to_owned()),
            (show_allocator, "allocator=1".to_owned()),
            (show_runtime, "runtime=1".to_owned()),
            (self.flame, "shape=flame".to_owned()),
        ];
        let chosen = choices.into_iter().filter_map(|(is_chosen, text)| is_chosen.then_some(text));
        chosen.collect::<Vec<_>>().join("&")
    }
}

/// The program's name, as far as an input tells it: the agent says it, and of modules it is the one that is no library.
fn title(series: &Series) -> String {
    let mut trailers = series.captures().iter().filter_map(|capture| capture.trailer.as_ref());
    let exe = trailers.find_map(|trailer| trailer.exe.as_deref());
    let name = exe.map(program_name).filter(|name| !name.is_empty());
    let is_program =
        |module: &&Module| module.kind == ModuleKind::File && !module.short_name().contains(".so");
    let name = name.or_else(|| series.code().modules().iter().find(is_program).map(Module::short_name));
    name.map_or_else(|| "Heap".to_owned(), |name| format!("Heap of {name}"))
}

/// The name of the one input that a base is.
fn base(typed: &OsString) -> anyhow::Result<String> {
    match &series::sources(std::slice::from_ref(typed))?[..] {
        [one] => Ok(one.to_string()),
        all => Err(Usage(format!("--base takes one input; this is a directory of {}", all.len())).into()),
    }
}

/// Lines around those that the program's own frames are at, of files that are there.
fn sources(series: &Series, owners: &Owners) -> Vec<page::Source> {
    let mut sources = Vec::new();
    let mut left = MOST_LINES;
    for (file, lines) in page::own_places(series, owners) {
        let Ok(text) = source_files::read(file) else { continue };
        let last = u32::try_from(text.len()).unwrap_or(u32::MAX);
        for (first, end) in stretches(&lines, last) {
            let wanted = &text[first as usize - 1..end as usize];
            let Some(rest) = left.checked_sub(wanted.len()) else {
                notes::line(&format!("warning: of sources only the first {MOST_LINES} lines are shown"));
                return sources;
            };
            left = rest;
            let lines = wanted.iter().map(|line| line.chars().take(LONGEST_LINE).collect()).collect();
            sources.push(page::Source { file: file.to_owned(), first, lines });
        }
    }
    sources
}

/// From which to which line, from 1; what would overlap or touch is one.
fn stretches(lines: &BTreeSet<u32>, last: u32) -> Vec<(u32, u32)> {
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    for &line in lines.iter().filter(|&&line| line <= last) {
        let (first, end) = (line.saturating_sub(AROUND).max(1), line.saturating_add(AROUND).min(last));
        match stretches.last_mut() {
            Some((_, before)) if *before + 1 >= first => *before = end,
            _ => stretches.push((first, end)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_neither_overlap_nor_leave_the_file() {
        let lines = |numbers: &[u32]| numbers.iter().copied().collect::<BTreeSet<u32>>();
        assert_eq!(stretches(&lines(&[3, 14, 30, 99]), 31), [(1, 19), (25, 31)]);
        assert_eq!(stretches(&lines(&[1]), 1), [(1, 1)]);
        assert_eq!(stretches(&lines(&[7]), 0), []);
    }
}
