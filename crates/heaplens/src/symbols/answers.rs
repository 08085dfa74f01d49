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

/// What is known of a module whose file is not there: by its table, or by what the cache has for its build-id, else
/// `state` alone. `kept` is what the cache holds.
pub(super) fn without_file(
    module: &Module,
    lookups: &[u64],
    state: SymbolState,
    mut notes: Vec<String>,
    options: &Options,
    kept: &cache::Listing,
) -> Resolution {
    let (table, more) = table::of_module(module, options);
    notes.extend(more);
    let mut used = None;
    if let Some(mut table) = table {
        match table.chains(&table.addresses(lookups)) {
            Ok(chains) => {
                notes = table.notes().collect();
                used = Some((table.path().display().to_string(), chains));
            }
            Err(damage) => notes.push(format!("{}: {damage}; it was not used", table.path().display())),
        }
    }
    if used.is_none()
        && let Some(Kept { chains, count, computed }) = cache::without_file(module, lookups, options, kept)
    {
        notes.clear();
        if computed {
            notes.push(
                "the answers in the cache are from debug information alone: where the program's code lies was computed \
                 from its segments; give the program too, to be sure"
                    .to_owned(),
            );
        }
        if count < lookups.len() {
            notes.push(format!(
                "{count} of {} places are in the cache, and the file was not found; give it with --binary, \
                 --binary-dir or --sysroot",
                lookups.len()
            ));
        }
        used = Some((format!("{} from the cache", module.path), chains));
    }
    let Some((used, chains)) = used else {
        let mut unknown = Resolution::unknown(state);
        unknown.notes = notes;
        return unknown;
    };
    let mut result = Resolution::unknown(SymbolState::Verified { used });
    result.notes = notes;
    result.places = module::places(&mut result, &chains, module::Nameless::Dropped, options);
    result
}
