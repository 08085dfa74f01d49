//! Addresses that no mapping line holds, at the addresses that files were linked for, as jeprof takes them: those in the
//! code of `--add_lib`'s library, and of a dump without mapping lines the program's own, if it was not moved.

use heaplens::Profile;
use heaplens::profile::{Module, ModuleKind};
use heaplens::symbols::{self, Binary, Options, Resolution, Resolve};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Asks these files for addresses outside of all mappings, and others as always.
struct Linked<'a> {
    others: Box<dyn Resolve + 'a>,
    options: &'a Options,
    /// Each with the addresses of its code; a program has all.
    files: Vec<(PathBuf, Range<u64>)>,
}

/// Puts names to a profile's addresses, as [`symbols::symbolize`] does and to those, too.
pub(super) fn symbolize(profile: &Profile, options: &Options, add_lib: Option<&Path>) -> Profile {
    let is_unmapped = |module: &Module| module.kind == ModuleKind::Unmapped;
    if !profile.modules().iter().any(is_unmapped) {
        return symbols::symbolize(profile, options);
    }
    symbols::symbolize_with(profile, &Linked::new(options, profile.modules(), add_lib))
}

impl<'a> Linked<'a> {
    fn new(options: &'a Options, modules: &[Module], add_lib: Option<&Path>) -> Linked<'a> {
        let code = |path: &Path| {
            let binary = Binary::open(path, options).ok()?;
            Some((path.to_owned(), binary.section(".text")?))
        };
        let library = add_lib.and_then(code);
        let program = options.binaries.first().map(|path| (path.clone(), 0..u64::MAX));
        let files = library.into_iter().chain(program).collect();
        Linked { others: Box::new(symbols::files(options, modules)), options, files }
    }
}

impl Resolve for Linked<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        if module.kind != ModuleKind::Unmapped {
            return self.others.resolve(module, lookups);
        }
        let mut all = Resolution::default();
        all.places = vec![Vec::new(); lookups.len()];
        for (path, range) in &self.files {
            let is_asked = |at: &usize| all.places[*at].is_empty() && range.contains(&lookups[*at]);
            let asked: Vec<usize> = (0..lookups.len()).filter(is_asked).collect();
            let addresses: Vec<u64> = asked.iter().map(|&at| lookups[at]).collect();
            // A file that cannot be read has no names; for the program that is said where it is read as a module.
            let Ok(found) = symbols::lookup(path, &addresses, self.options) else { continue };
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
