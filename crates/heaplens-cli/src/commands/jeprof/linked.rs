//! Addresses that no mapping line holds, at the addresses that files were linked for, as jeprof takes them: those in the
//! code of `--add_lib`'s library, and of a dump without mapping lines the program's own, if it was not moved.

use heaplens::profile::{Module, ModuleKind, SymbolState};
use heaplens::symbols::{self, Binary, Options, Resolution, Resolve};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Asks these files for addresses outside of all mappings.
pub(super) struct Linked<'a> {
    options: &'a Options,
    /// Each with the addresses of its code; a program has all.
    files: Vec<(PathBuf, Range<u64>)>,
}

impl<'a> Linked<'a> {
    pub(super) fn new(options: &'a Options, add_lib: Option<&Path>) -> Linked<'a> {
        let code = |path: &Path| {
            let binary = Binary::open(path, options).ok()?;
            Some((path.to_owned(), binary.section(".text")?))
        };
        let library = add_lib.and_then(code);
        let program = options.binaries.first().map(|path| (path.clone(), 0..u64::MAX));
        Linked { options, files: library.into_iter().chain(program).collect() }
    }
}

impl Resolve for Linked<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        if module.kind != ModuleKind::Unmapped {
            return Resolution::default();
        }
        let mut all = Resolution::default();
        all.places = vec![Vec::new(); lookups.len()];
        for (path, range) in &self.files {
            let is_asked = |at: &usize| all.places[*at].is_empty() && range.contains(&lookups[*at]);
            let asked: Vec<usize> = (0..lookups.len()).filter(is_asked).collect();
            let addresses: Vec<u64> = asked.iter().map(|&at| lookups[at]).collect();
            // A file that cannot be read has no names; for the program that is said where it is read as a module.
            let Ok(found) = symbols::lookup(path, &addresses, self.options) else { continue };
            if found.places.iter().any(|places| !places.is_empty()) {
                all.state = SymbolState::Unverified { used: path.display().to_string() };
            }
            for (&at, places) in asked.iter().zip(&found.places) {
                for place in places {
                    let Some(named) = found.named(place.function).filter(|named| !named.name.is_empty())
                    else {
                        continue;
                    };
                    let function = all.function(&named.name, &named.system_name, named.file.as_deref());
                    all.places[at].push(symbols::Place { function, ..*place });
                }
            }
        }
        all
    }
}
