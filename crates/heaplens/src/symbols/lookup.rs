//! One binary's addresses, as `addr2line` takes them.

use super::locate::Locator;
use super::module::{self, Nameless};
use super::object::{ObjectFile, Rows, Symbols};
use super::{Options, Resolution, answers};
use std::ops::Range;
use std::path::Path;

/// What a binary's headers say of its addresses.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Hexadecimal digits of its addresses: 8 or 16.
    pub address_digits: usize,
    sections: Vec<(Vec<u8>, Range<u64>)>,
}

impl Binary {
    /// Reads the headers of a regular file.
    ///
    /// # Errors
    /// Says in words what the file is instead.
    pub fn open(path: &Path) -> Result<Binary, String> {
        let file = ObjectFile::open(path, None).map_err(|damage| damage.to_string())?;
        let narrow = matches!(file.symbols, Symbols::Elf { rows: Rows { wide: false, .. }, .. });
        let sections = file.sections.into_iter().map(|section| {
            let end = section.address.saturating_add(section.size);
            (section.name, section.address..end)
        });
        let sections = sections.collect();
        Ok(Binary { address_digits: if narrow { 8 } else { 16 }, sections })
    }

    /// The addresses of a section, if there is one of that name.
    pub fn section(&self, name: &str) -> Option<Range<u64>> {
        self.sections.iter().find(|(found, _)| found == name.as_bytes()).map(|(_, range)| range.clone())
    }
}

/// Names the places of one file by virtual address, its debug information found as for any module.
///
/// Unlike [`symbolize`](super::symbolize) this takes addresses as the file's own headers and symbol table have them,
/// looked up as they are (no return addresses). `places` of the result are in the order of `addresses`; a place whose
/// line is known and whose function is not has empty names.
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
    let places = module::places(&mut result, &chains, Nameless::Kept, options);
    let place =
        |address: &u64| sorted.binary_search(address).map_or_else(|_| Vec::new(), |at| places[at].clone());
    result.places = addresses.iter().map(place).collect();
    Ok(result)
}
