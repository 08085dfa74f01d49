//! Places of one module to functions and lines: debug information first, the symbol table for the rest.

use super::bytes::Damage;
use super::chains::{Chains, IndexedPlace};
use super::dwarf::{self, Found};
use super::locate::{Files, Located, Locator};
use super::names::{self, Demangler};
use super::object::ObjectFile;
use super::{Options, Place, Resolution, Resolve, answers, cache, operators, symtab, vdso};
use crate::profile::{Module, SymbolState};
use rustc_hash::FxHashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Finds each module's files and reads them.
pub(super) struct FileResolver<'a> {
    pub(super) locator: Locator<'a>,
    options: &'a Options,
    kept: cache::Listing,
}

impl<'a> FileResolver<'a> {
    pub(super) fn new(locator: Locator<'a>, options: &'a Options) -> FileResolver<'a> {
        FileResolver { locator, options, kept: cache::Listing::default() }
    }
}

impl Resolve for FileResolver<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        if let Some(result) = vdso::resolve(module, lookups, &self.locator.processes, self.options) {
            return result;
        }
        let (mut files, verified) = match self.locator.locate(module) {
            Located::Found { files, verified } => (files, verified),
            Located::Not(state, mut notes) => {
                let proven = answers::proven(module, lookups, &mut notes, self.options, &self.kept);
                return proven.map(|proven| proven.result).unwrap_or_else(|| {
                    let mut unknown = Resolution::unknown(state);
                    unknown.notes = notes;
                    unknown
                });
            }
        };
        // What is kept of the build that ran is surer than a file that may be another one.
        if !verified
            && let Some(proven) = answers::proven(module, lookups, &mut Vec::new(), self.options, &self.kept)
            && proven.whole
        {
            return proven.result;
        }
        let used = files.image.display().to_string();
        let state = match verified {
            true => SymbolState::Verified { used },
            false => SymbolState::Unverified { used },
        };
        let mut result = Resolution::unknown(state);
        let addresses = files.addresses(module, lookups);
        let (chains, problem) = answers::chains(&mut files, &addresses, self.options);
        result.problem = problem;
        result.notes = files.notes;
        result.lacks = files.lacks;
        result.places = places(&mut result, &chains, Nameless::Dropped, self.options);
        result
    }
}

/// What a module's files say of virtual addresses, and what of them could not be read.
pub(super) fn chains(
    files: &Files,
    addresses: &[Option<u64>],
    options: &Options,
) -> (Chains, Option<String>) {
    let by_dwarf = |path, sorted: &[u64]| dwarf::find(input(files, path, options), sorted);
    chains_by(files, addresses, by_dwarf, |path, sorted, found| {
        name_by_symbols(files, path, sorted, options, found)
    })
}

/// As [`chains`], with other ways to ask the debug information and the symbol table of a file.
pub(super) fn chains_by<'f>(
    files: &'f Files,
    addresses: &[Option<u64>],
    by_dwarf: impl FnOnce(&'f Path, &[u64]) -> Result<Found, Damage>,
    mut by_symbols: impl FnMut(&'f Path, &[u64], &mut Found),
) -> (Chains, Option<String>) {
    let mut sorted: Vec<u64> = addresses.iter().copied().flatten().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut found = Found::nothing(sorted.len());
    if let Some(path) = &files.dwarf {
        // The reader promises not to panic; a file that finds a way all the same costs its own lines.
        let read = catch_unwind(AssertUnwindSafe(|| by_dwarf(path, &sorted)));
        let read = read.unwrap_or_else(|_| Err(Damage::new("its reader gave up on damaged data")));
        match read {
            Ok(read) => found = read,
            Err(damage) => found.problem = Some(damage.to_string()),
        }
        found.problem = found.problem.map(|why| format!("{}: {why}", path.display()));
    }
    for path in files.symbol_tables() {
        let read = catch_unwind(AssertUnwindSafe(|| by_symbols(path, &sorted, &mut found)));
        if read.is_err() {
            found.problem.get_or_insert(format!("{}: its symbol table is damaged", path.display()));
        }
    }
    let mut chains = Chains::new(addresses.len());
    for (at, address) in addresses.iter().enumerate() {
        if let Some(from) = address.and_then(|address| sorted.binary_search(&address).ok()) {
            chains.set(at, found.chains.get(from));
        }
    }
    (chains, found.problem)
}

/// What is read for a module's debug information in `path`.
pub(super) fn input<'f>(files: &'f Files, path: &'f Path, options: &Options) -> dwarf::Input<'f> {
    dwarf::Input {
        path,
        build_id: files.build_id.as_deref(),
        stamp: files.stamp(path),
        package: files.package.as_deref(),
        supplement: files.supplementary.as_deref(),
        threads: options.thread_count(),
        max_memory: options.max_memory,
    }
}

/// Names what has no name yet.
pub(super) fn name_by_symbols(
    files: &Files,
    path: &Path,
    sorted: &[u64],
    options: &Options,
    found: &mut Found,
) {
    if !found.incomplete.contains(&true) {
        return;
    }
    let opened = ObjectFile::open(path, files.build_id.as_deref());
    match opened.and_then(|file| file.require(files.stamp(path)).map(|()| file)) {
        Ok(file) => name_by(&file.within(options.max_memory), path, sorted, found),
        Err(damage) => {
            found.problem.get_or_insert(format!("{}: {damage}", path.display()));
        }
    }
}

/// As [`name_by_symbols`], from a file that is open.
pub(super) fn name_by(file: &ObjectFile, path: &Path, sorted: &[u64], found: &mut Found) {
    let open: Vec<usize> = (0..sorted.len()).filter(|&at| found.incomplete[at]).collect();
    if open.is_empty() {
        return;
    }
    let addresses: Vec<u64> = open.iter().map(|&at| sorted[at]).collect();
    let names = symtab::names(file, &addresses, |damage| {
        found.problem.get_or_insert(format!("{}: {damage}", path.display()));
    });
    if let Err(damage) = file.require(None) {
        found.problem.get_or_insert(format!("{}: {damage}", path.display()));
        return;
    }
    if let Some(cut) = &file.cut {
        found.problem.get_or_insert(format!("{}: {cut}", path.display()));
    }
    for (name, at) in names.into_iter().zip(open) {
        let Some(name) = name else { continue };
        let short = found.chains.get(at).next_back().map_or("", |place| place.name);
        // Identical functions can share a place; the symbol counts if it ends with what is known.
        if short.is_empty() || completes(&name, short) {
            found.chains.rename_outermost(at, &name);
            found.incomplete[at] = false;
        }
    }
}

/// What becomes of places whose line is known and whose function is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nameless {
    Kept,
    /// A frame without a name stays the address that it was.
    Dropped,
}

/// Chains with readable names.
pub(super) fn places(
    result: &mut Resolution,
    chains: &Chains,
    nameless: Nameless,
    options: &Options,
) -> Vec<Vec<Place>> {
    let mut demangler = Demangler::new(names::spelling(options));
    // Places are many, functions few: texts are looked at once for each pair of name and file.
    let mut known: FxHashMap<(u32, Option<u32>), usize> = FxHashMap::default();
    let mut place = |place: &IndexedPlace| {
        let name = chains.text(place.name);
        if name.is_empty() && nameless == Nameless::Dropped {
            return None;
        }
        let function = *known.entry((place.name, place.file)).or_insert_with(|| {
            let file = place.file.map(|file| chains.text(file));
            result.function(demangler.name(name), name, file)
        });
        Some(Place { function, line: place.line, column: place.column })
    };
    (0..chains.len()).map(|at| chains.indexed(at).iter().filter_map(&mut place).collect()).collect()
}

/// True if a mangled symbol is the whole name of what the debug information calls `short`, as in
/// `insert<u8, alloc::alloc::Global>`.
fn completes(symbol: &str, short: &str) -> bool {
    if !names::may_be_mangled(symbol) {
        return false;
    }
    match operators::codes(short) {
        Some(mut codes) => {
            let rest = operators::without_names(symbol);
            codes.any(|code| rest.contains(code))
        }
        None => symbol.contains(short.split(['<', '{']).next().unwrap_or(short)),
    }
}
