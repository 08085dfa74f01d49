//! Chains from the quickest place that has them: a table, the cache, the files themselves.

use super::cache::Kept;
use super::chains::Chains;
use super::locate::Files;
use super::{Options, Resolution, cache, module, table};
use crate::profile::{Module, SymbolState};

/// What is known of virtual addresses in a module's files, and what could not be read. Adds to the files' notes.
pub(super) fn chains(
    files: &mut Files,
    addresses: &[Option<u64>],
    options: &Options,
) -> (Chains, Option<String>) {
    let (table, notes) = table::of_files(files, options);
    files.notes.extend(notes);
    if let Some(mut table) = table {
        match table.chains(addresses) {
            Ok(chains) => {
                files.notes.extend(table.notes());
                files.lacks.take_if(|_| table.has_lines());
                return (chains, None);
            }
            Err(damage) => {
                files.notes.push(format!("{}: {damage}; it was not used", table.path().display()));
            }
        }
    }
    cache::chains(files, addresses, options)
}

/// What is known of a module by its build-id alone.
pub(super) struct Proven {
    pub(super) result: Resolution,
    /// False if some of the places were never looked up.
    pub(super) whole: bool,
}

/// What a table or the cache has for a module's build-id. Adds to `notes` what was met on the way. `kept` is what the cache
/// holds.
pub(super) fn proven(
    module: &Module,
    lookups: &[u64],
    notes: &mut Vec<String>,
    options: &Options,
    kept: &cache::Listing,
) -> Option<Proven> {
    let (table, more) = table::of_module(module, options);
    notes.extend(more);
    if let Some(mut table) = table {
        match table.chains(&table.addresses(module, lookups)) {
            Ok(chains) => {
                let used = table.path().display().to_string();
                let result = verified(used, &chains, table.notes().collect(), options);
                return Some(Proven { result, whole: true });
            }
            Err(damage) => notes.push(format!("{}: {damage}; it was not used", table.path().display())),
        }
    }
    let Kept { chains, count, computed } = cache::without_file(module, lookups, options, kept)?;
    let mut notes = Vec::new();
    if computed {
        notes.push(
            "the answers in the cache are from debug information alone: where the program's code lies was computed from \
             its segments; give the program too, to be sure"
                .to_owned(),
        );
    }
    let whole = count == lookups.len();
    if !whole {
        notes.push(format!(
            "{count} of {} places are in the cache, and the file was not found; give it with --binary, --binary-dir or \
             --sysroot",
            lookups.len()
        ));
    }
    let used = format!("{} from the cache", module.path);
    Some(Proven { result: verified(used, &chains, notes, options), whole })
}

fn verified(used: String, chains: &Chains, notes: Vec<String>, options: &Options) -> Resolution {
    let mut result = Resolution::unknown(SymbolState::Verified { used });
    result.notes = notes;
    result.places = module::places(&mut result, chains, module::Nameless::Dropped, options);
    result
}
