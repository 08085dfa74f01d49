//! Chains of functions at addresses, whoever says so, and the addresses of a file's code.

use heaplens::symbols::{Options, Resolution, lookup};
use object::read::macho::{FatArch, MachOFatFile32};
use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSection, SectionKind};
use std::fmt::{self, Display};
use std::ops::Range;
use std::path::Path;

/// A function and a place in it; what is unknown is empty or 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    /// As the file has it, mangled or not.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The functions at an address, the innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chain(pub(crate) Vec<Step>);

impl Display for Chain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("-");
        }
        for (depth, step) in self.0.iter().enumerate() {
            let name = if step.name.is_empty() { "?" } else { &step.name };
            let file = if step.file.is_empty() { "?" } else { &step.file };
            let before = if depth > 0 { " < " } else { "" };
            write!(out, "{before}{name} {file}:{}:{}", step.line, step.column)?;
        }
        Ok(())
    }
}

/// What heaplens says of each address, and what of the file it could not read.
///
/// # Errors
/// As `lookup`.
pub(crate) fn ours(
    path: &Path,
    addresses: &[u64],
    options: &Options,
) -> Result<(Vec<Chain>, Option<String>), String> {
    let result = lookup(path, addresses, options)?;
    assert_eq!(result.places.len(), addresses.len());
    Ok((chains(&result), result.problem))
}

/// The chains of a result.
pub(crate) fn chains(result: &Resolution) -> Vec<Chain> {
    let step = |place: &heaplens::symbols::Place| {
        let named = result.named(place.function).unwrap();
        Step {
            name: named.system_name.clone(),
            file: named.file.clone().unwrap_or_default(),
            line: place.line,
            column: place.column,
        }
    };
    result.places.iter().map(|places| Chain(places.iter().map(step).collect())).collect()
}

/// Where the code of a file lies in memory; of the first architecture, where there are several.
pub(crate) fn code(path: &Path) -> Vec<Range<u64>> {
    let cache = ReadCache::new(std::fs::File::open(path).expect("the file is there"));
    let fat = MachOFatFile32::parse(&cache).ok();
    let first = fat.and_then(|fat| Some(fat.arches().first()?.file_range()));
    let (offset, size) = first.unwrap_or((0, cache.len().expect("the file has a length")));
    let file = object::File::parse(cache.range(offset, size)).expect("the file can be parsed");
    let text = file.sections().filter(|s| s.kind() == SectionKind::Text && s.size() > 0);
    let mut ranges: Vec<_> = text.map(|s| s.address()..s.address() + s.size()).collect();
    ranges.sort_by_key(|r| r.start);
    ranges
}
