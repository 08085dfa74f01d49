//! Places of one module to functions and lines, on `addr2line`'s loader.
//!
//! Everything read is dropped when the module is done.

use super::chains::{Chains, RawPlace};
use super::locate::{Files, Located, Locator};
use super::names::{self, Demangler};
use super::{Options, Place, Resolution, Resolve, open, symtab};
use crate::profile::{Module, SymbolState};
use addr2line::gimli;
use object::read::ReadCache;
use object::{Object, ObjectSegment};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Finds each module's files and reads them.
pub(super) struct FileResolver<'a> {
    pub(super) locator: Locator<'a>,
    pub(super) options: &'a Options,
}

impl Resolve for FileResolver<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let (files, verified) = match self.locator.locate(module) {
            Located::Found { files, verified } => (files, verified),
            Located::Not(state) => return Resolution::unknown(state),
        };
        let used = files.image.display().to_string();
        let state = match verified {
            true => SymbolState::Verified { used },
            false => SymbolState::Unverified { used },
        };
        let mut result = Resolution::unknown(state);
        let addresses = match addresses(&files.image, lookups) {
            Ok(addresses) => addresses,
            Err(why) => {
                let why = format!("{}: {why}", files.image.display());
                return Resolution::unknown(SymbolState::Missing { why });
            }
        };
        let (chains, problem) = chains(&files, &addresses, self.options);
        result.problem = problem;
        result.places = places(&mut result, &chains, self.options);
        result
    }
}

/// What a module's files say of virtual addresses, and what of them could not be read.
pub(super) fn chains(
    files: &Files,
    addresses: &[Option<u64>],
    options: &Options,
) -> (Chains, Option<String>) {
    let _ = options;
    let mut batch = Batch {
        addresses: addresses.to_vec(),
        chains: Chains::new(addresses.len()),
        incomplete: vec![true; addresses.len()],
    };
    let mut problem = None;
    if let Some(path) = &files.dwarf {
        // The readers of DWARF promise not to panic; a file that finds a way all the same costs its own lines.
        let read = catch_unwind(AssertUnwindSafe(|| batch.read_dwarf(path)));
        let read = read.unwrap_or_else(|_| Err("its reader gave up on damaged data".to_owned()));
        problem = read.err().map(|why| format!("{}: {why}", path.display()));
    }
    for path in files.symbol_tables() {
        let read = catch_unwind(AssertUnwindSafe(|| batch.read_symbols(path)));
        if read.is_err() && problem.is_none() {
            problem = Some(format!("{}: its symbol table is damaged", path.display()));
        }
    }
    (batch.chains, problem)
}

/// Chains with readable names.
pub(super) fn places(result: &mut Resolution, chains: &Chains, options: &Options) -> Vec<Vec<Place>> {
    let mut demangler = Demangler::new(names::spelling(options));
    let mut place = |raw: RawPlace<'_>| {
        let function = result.function(demangler.name(raw.name), raw.name, raw.file);
        Place { function, line: raw.line, column: raw.column }
    };
    (0..chains.len())
        .map(|at| chains.get(at).filter(|raw| !raw.name.is_empty()).map(&mut place).collect())
        .collect()
}

/// One function of a chain, its name as the file has it.
#[derive(Clone)]
struct Found {
    name: String,
    /// True if the symbol table may know the name better: the debug information has none, or only the last
    /// part of it, which is how compilers write line tables without more.
    incomplete: bool,
    file: Option<String>,
    line: u32,
    column: u32,
}

impl Found {
    fn raw(&self) -> RawPlace<'_> {
        RawPlace { name: &self.name, file: self.file.as_deref(), line: self.line, column: self.column }
    }
}

/// The lookups of a module on their way to names.
struct Batch {
    /// The virtual address in the file of each lookup.
    addresses: Vec<Option<u64>>,
    /// What is known of each.
    chains: Chains,
    /// Where the symbol table may know the outermost name better.
    incomplete: Vec<bool>,
}

impl Batch {
    /// # Errors
    /// Says what could not be read; what was read before stays.
    fn read_dwarf(&mut self, path: &Path) -> Result<(), String> {
        open::check_compression(path)?;
        open::check_package(path)?;
        let loader = addr2line::Loader::new(path).map_err(|e| e.to_string())?;
        let (mut failed, mut first_error) = (0, None);
        for (at, address) in self.addresses.iter().enumerate() {
            let Some(address) = *address else { continue };
            match dwarf_chain(&loader, address) {
                Ok(found) => {
                    self.incomplete[at] = found.last().is_none_or(|f| f.incomplete);
                    self.chains.set(at, found.iter().map(Found::raw));
                }
                // Other units may be sound, and this place may have a symbol.
                Err(e) => {
                    failed += 1;
                    first_error.get_or_insert(e);
                }
            }
        }
        match first_error {
            Some(e) => Err(format!("the debug information of {failed} places is damaged ({e})")),
            None => Ok(()),
        }
    }

    /// Names what has no name yet.
    fn read_symbols(&mut self, path: &Path) {
        let mut open_places: Vec<(u64, usize)> = (0..self.chains.len())
            .filter(|&at| self.incomplete[at])
            .filter_map(|at| Some((self.addresses[at]?, at)))
            .collect();
        if open_places.is_empty() {
            return;
        }
        open_places.sort_unstable();
        let Ok(file) = open::open(path) else { return };
        let cache = ReadCache::new(file);
        let Ok(file) = object::File::parse(&cache) else {
            return;
        };
        let sorted: Vec<u64> = open_places.iter().map(|&(address, _)| address).collect();
        for (name, (_, at)) in symtab::names(&file, &sorted).into_iter().zip(open_places) {
            let Some(name) = name else { continue };
            let short = self.chains.get(at).next_back().map_or("", |place| place.name);
            // Identical functions can share a place; the symbol counts if it ends with what is known.
            if short.is_empty() || completes(&name, short) {
                self.chains.rename_outermost(at, &name);
                self.incomplete[at] = false;
            }
        }
    }
}

/// The functions at an address, innermost first. The last may lack a name: the symbol table may have it.
fn dwarf_chain(loader: &addr2line::Loader, address: u64) -> Result<Vec<Found>, String> {
    let mut frames = loader.find_frames(address).map_err(|e| e.to_string())?;
    let mut chain = Vec::new();
    while let Some(frame) = frames.next().map_err(|e| e.to_string())? {
        let (name, mangles) = match &frame.function {
            Some(function) => {
                let name = function.raw_name().map_err(|e| e.to_string())?;
                (names::raw(&name), function.language.is_some_and(mangles))
            }
            None => (String::new(), true),
        };
        let location = frame.location;
        chain.push(Found {
            incomplete: mangles && !names::may_be_mangled(&name),
            name,
            file: location.as_ref().and_then(|l| l.file).map(names::raw),
            line: location.as_ref().and_then(|l| l.line).unwrap_or(0),
            column: location.as_ref().and_then(|l| l.column).unwrap_or(0),
        });
    }
    let outermost = chain.len().saturating_sub(1);
    let mut at = 0;
    chain.retain(|place| {
        at += 1;
        at > outermost || !place.name.is_empty()
    });
    Ok(chain)
}

/// True for languages whose symbols say more than the function's own name.
fn mangles(language: gimli::DwLang) -> bool {
    matches!(
        language,
        gimli::DW_LANG_Rust
            | gimli::DW_LANG_C_plus_plus
            | gimli::DW_LANG_C_plus_plus_03
            | gimli::DW_LANG_C_plus_plus_11
            | gimli::DW_LANG_C_plus_plus_14
            | gimli::DW_LANG_C_plus_plus_17
            | gimli::DW_LANG_C_plus_plus_20
    )
}

/// True if a mangled symbol is the whole name of what the debug information calls `short`, as in
/// `insert<u8, alloc::alloc::Global>`.
fn completes(symbol: &str, short: &str) -> bool {
    let short = short.split(['<', '{']).next().unwrap_or(short);
    names::may_be_mangled(symbol) && symbol.contains(short)
}

/// Places in a file to virtual addresses, by its segments.
fn addresses(image: &Path, lookups: &[u64]) -> Result<Vec<Option<u64>>, String> {
    let cache = ReadCache::new(open::open(image)?);
    let file = object::File::parse(&cache).map_err(|e| format!("its headers cannot be read: {e}"))?;
    let mut segments: Vec<(bool, u64, u64, u64)> = file
        .segments()
        .map(|s| {
            let (offset, size) = s.file_range();
            (!s.permissions().executable(), offset, size, s.address())
        })
        .collect();
    // Where two segments hold one place of the file, code is meant.
    segments.sort_unstable();
    let address = |&lookup: &u64| {
        segments.iter().find_map(|&(_, offset, size, address)| {
            let inside = lookup.checked_sub(offset).filter(|&d| d < size)?;
            address.checked_add(inside)
        })
    };
    Ok(lookups.iter().map(address).collect())
}
