//! The data of the page that shows a series: one compact document, which the page decodes.
//!
//! A container: the length of the index (u32, little-endian), the index (JSON, see `ui/types.js` of the program), then for
//! each capture, in the order of the index, two blocks (`blocks.rs`), each after its length; a length of 0 says that it is not in here,
//! or that there is nothing. docs/report.md describes both.

mod blocks;
mod captures;
mod code;
mod colors;
mod places;
mod processes;

pub use places::own_places;

use crate::classify::Owners;
use crate::error::Error;
use crate::leaks::Leaks;
use crate::out::escape;
use crate::out::leaks::for_page;
use crate::out::redact::{redacted, redacted_option, redacted_path};
use crate::profile::SampleType;
use crate::series::{Capture, Series};
use captures::CaptureRow;
use code::Code;
use colors::Palette;
use processes::{ProcessRow, Processes};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::io::Write;

/// Raised when a page could no longer read the data.
const VERSION: u32 = 1;

/// What to write.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Headline.
    pub title: String,
    /// The program that writes it, and its version.
    pub program: String,
    /// Leave out directories and hosts.
    pub is_redacted: bool,
    /// Whose code is whose, where the user knows better.
    pub owners: Owners,
    /// The capture that others are compared with at first, by its number in the series.
    pub base: Option<usize>,
    /// What the page opens with, as links say it (`sample=inuse_objects&threads=1`); empty if it chooses.
    pub start: String,
    /// Lines of source files to show.
    pub sources: Vec<Source>,
}

impl Options {
    /// A sentence as the page may show it.
    fn shown(&self, sentence: &str) -> String {
        let text = if self.is_redacted { redacted(sentence) } else { sentence.to_owned() };
        escape::terminal(&text).into_owned()
    }

    /// An option that was typed, as the page may show it.
    fn shown_option(&self, option: &str) -> String {
        let option = if self.is_redacted { redacted_option(option) } else { option.to_owned() };
        escape::terminal(&option).into_owned()
    }

    /// A path as the page may show it.
    fn shown_path(&self, path: &str) -> String {
        let path = if self.is_redacted { redacted_path(path) } else { path };
        escape::terminal(path).into_owned()
    }
}

/// Lines of a source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, as functions name it.
    pub file: String,
    /// Number of the first line, from 1.
    pub first: u32,
    /// The lines.
    pub lines: Vec<String>,
}

#[derive(Serialize)]
struct Index<'a> {
    version: u32,
    program: &'a str,
    title: String,
    is_redacted: bool,
    sample_types: Vec<&'static str>,
    #[serde(flatten)]
    code: Code,
    captures: Vec<CaptureRow>,
    /// Place of the capture that others are compared with at first; −1 if the page chooses.
    base: i64,
    start: &'a str,
    filters: Vec<String>,
    clock: &'static str,
    leaks: Option<Value>,
    warnings: Vec<String>,
    palette: Palettes,
    sources: Vec<SourceRow>,
    processes: Vec<ProcessRow>,
    /// What names stand for.
    granularity: &'static str,
}

#[derive(Serialize)]
struct Palettes {
    light: Palette,
    dark: Palette,
}

#[derive(Serialize)]
struct SourceRow {
    file: usize,
    first: u32,
    lines: Vec<String>,
}

/// A series in the form that pages read.
#[derive(Debug)]
pub struct Page {
    series: Series,
    /// Numbers of captures, in the order of time.
    order: Vec<usize>,
    index: Vec<u8>,
}

impl Page {
    /// `series` has names but is not folded: the page folds. `leaks` is what was found in it, folded.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn new(series: Series, leaks: Option<&Leaks>, options: &Options) -> Result<Page, Error> {
        let order = captures::order(&series, leaks);
        let mut code = code::Code::new(&series, options);
        let base = options.base.and_then(|base| order.iter().position(|&capture| capture == base));
        let processes = Processes::new(&series, leaks, options);
        let row = |&capture| captures::row(&series, leaks, capture, processes.of(capture), options);
        let captures: Vec<CaptureRow> = order.iter().map(row).collect();
        let sources = options.sources.iter().map(|source| SourceRow {
            file: code.string(&source.file),
            first: source.first,
            lines: source.lines.iter().map(|line| escape::terminal(line).into_owned()).collect(),
        });
        let sources = sources.collect();
        let mut warnings: Vec<String> =
            series.code().warnings.iter().map(|w| options.shown(&w.to_string())).collect();
        warnings.dedup();
        let judged = leaks.map(|leaks| judged(&series, leaks, &order, options)).transpose()?;
        let index = Index {
            version: VERSION,
            program: &options.program,
            // Who typed it wants it shown.
            title: escape::terminal(&options.title).into_owned(),
            is_redacted: options.is_redacted,
            sample_types: sample_types(&series),
            code,
            captures,
            base: base.map_or(-1, |place| place as i64),
            start: &options.start,
            filters: series.chosen().iter().map(|choice| options.shown_option(choice)).collect(),
            clock: captures::clock(&series, leaks).name(),
            leaks: judged,
            warnings,
            palette: Palettes { light: Palette::light(), dark: Palette::dark() },
            sources,
            processes: processes.rows,
            granularity: series.code().meta.granularity.noun(),
        };
        let index = serde_json::to_vec(&index).map_err(std::io::Error::from)?;
        Ok(Page { series, order, index })
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.start(out)?;
        for place in 0..self.order.len() {
            let before = place.checked_sub(1).map(|before| self.order[before]);
            write_block(&blocks::values(&self.series, self.order[place], before), out)?;
            write_block(&blocks::threads(&self.series, self.order[place]), out)?;
        }
        Ok(())
    }

    /// Writes the index alone, for pages that ask for values.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_index(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.start(out)?;
        for _ in 0..2 * self.order.len() {
            write_block(&[], out)?;
        }
        Ok(())
    }

    /// How many captures there are.
    pub fn capture_count(&self) -> usize {
        self.order.len()
    }

    /// What stacks held in one capture, by its place in the page; `None` if there is no such place.
    pub fn values(&self, place: usize) -> Option<Vec<u8>> {
        Some(blocks::values(&self.series, *self.order.get(place)?, None))
    }

    /// The same by threads.
    pub fn threads(&self, place: usize) -> Option<Vec<u8>> {
        Some(blocks::threads(&self.series, *self.order.get(place)?))
    }

    fn start(&self, out: &mut dyn Write) -> Result<(), Error> {
        write_block(&self.index, out)
    }
}

fn write_block(bytes: &[u8], out: &mut dyn Write) -> Result<(), Error> {
    let length = u32::try_from(bytes.len()).map_err(|_| {
        std::io::Error::new(std::io::ErrorKind::InvalidData, "more than 4 GiB are too much for a page")
    })?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)?;
    Ok(())
}

/// What was found, with nothing hidden in its names, as in all that a page shows.
fn judged(series: &Series, leaks: &Leaks, order: &[usize], options: &Options) -> Result<Value, Error> {
    let mut places = vec![0; order.len()];
    for (place, &capture) in order.iter().enumerate() {
        places[capture] = place;
    }
    let mut document = for_page(series, leaks, |capture| places[capture]);
    if options.is_redacted {
        document.redact();
    }
    let mut value = serde_json::to_value(&document).map_err(std::io::Error::from)?;
    show(&mut value);
    Ok(value)
}

fn show(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = escape::terminal(text) {
                *text = shown;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(show),
        Value::Object(fields) => fields.values_mut().for_each(show),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Those that all captures have.
fn sample_types(series: &Series) -> Vec<&'static str> {
    let all: Vec<Vec<SampleType>> = series.captures().iter().map(Capture::sample_types).collect();
    let has = |sample: &SampleType| all.iter().all(|types| types.contains(sample));
    SampleType::ALL.into_iter().filter(has).map(SampleType::name).collect()
}
