//! One binary's addresses, as `addr2line` takes them.

use super::locate::Locator;
use super::{Options, Resolution, answers, module};
use std::path::Path;

/// Names the places of one file by virtual address, its debug information found as for any module.
///
/// Unlike [`symbolize`](super::symbolize) this takes addresses as the file's own headers and symbol table have them,
/// looked up as they are (no return addresses). `places` of the result are in the order of `addresses`.
///
/// # Errors
/// Says in words why the file cannot be read.
pub fn lookup(path: &Path, addresses: &[u64], options: &Options) -> Result<Resolution, String> {
    let locator = Locator::new(options, &[]);
    let mut files = locator.files_of(path)?;
    let mut sorted = addresses.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let wanted: Vec<Option<u64>> = sorted.iter().copied().map(Some).collect();
    let (chains, problem) = answers::chains(&mut files, &wanted, options);
    let mut result = Resolution::default();
    result.problem = problem;
    result.notes = files.notes;
    let places = module::places(&mut result, &chains, options);
    let place =
        |address: &u64| sorted.binary_search(address).map_or_else(|_| Vec::new(), |at| places[at].clone());
    result.places = addresses.iter().map(place).collect();
    Ok(result)
}
