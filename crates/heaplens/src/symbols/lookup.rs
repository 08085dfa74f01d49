//! One binary's addresses, as `addr2line` takes them.

use super::chains::Chains;
use super::locate::{Files, Locator};
use super::module::{self, Nameless};
use super::names::Demangler;
use super::object::{ObjectFile, Rows, Symbols};
use super::session::Session;
use super::{Options, Resolution, answers, by_name};
use std::ops::Range;
use std::path::Path;

/// A binary that was found, with its debug information as for any module.
#[derive(Debug)]
pub struct Binary {
    image: ObjectFile,
    files: Files,
    options: Options,
}

impl Binary {
    /// Reads the headers of a regular file, and finds what belongs to it.
    ///
    /// # Errors
    /// Says in words what the file is instead.
    pub fn open(path: &Path, options: &Options) -> Result<Binary, String> {
        let files = Locator::new(options, &[]).files_of(path)?;
        let image = ObjectFile::open(path, None).map_err(|damage| damage.to_string())?;
        image.require(files.stamp(path)).map_err(|damage| damage.to_string())?;
        Ok(Binary { image, files, options: options.clone() })
    }

    /// Hexadecimal digits of its addresses: 8 or 16.
    pub fn address_digits(&self) -> usize {
        match self.image.symbols {
            Symbols::Elf { rows: Rows { wide: false, .. }, .. } => 8,
            _ => 16,
        }
    }

    /// The addresses of a section, if there is one of that name.
    pub fn section(&self, name: &str) -> Option<Range<u64>> {
        let section = self.image.sections.iter().find(|section| section.name == name.as_bytes())?;
        Some(section.address..section.address.saturating_add(section.size))
    }

    /// The address of each symbol, as the file's symbol table has it: by its name there, else by what `demangler` makes
    /// of that. Of several symbols the first in the table; `None` if there is none.
    pub fn symbols(&self, names: &[&[u8]], demangler: Option<&mut Demangler>) -> Vec<Option<u64>> {
        by_name::addresses(&self.image, names, demangler)
    }

    /// For addresses that come one after the other.
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { options: &self.options, session: Session::new(&self.files, &self.options) }
    }
}

/// Names the places of one file by virtual address, as often as it is asked.
///
/// The files stay open, so that a file which is replaced meanwhile goes on to be read as it was. Of what was read stay
/// headers, in which pages which units have code, and what the cache had. New answers go to the cache some thousands at
/// a time, the last when this is dropped.
pub struct Lookup<'b> {
    options: &'b Options,
    session: Session<'b>,
}

impl Lookup<'_> {
    /// As [`lookup`], time and again. Addresses that are asked for together cost less than one by one.
    pub fn places(&mut self, addresses: &[u64]) -> Resolution {
        let mut result = places(addresses, self.options, |wanted| self.session.chains(wanted));
        result.notes.clone_from(&self.session.notes);
        result
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
    let mut files = Locator::new(options, &[]).files_of(path)?;
    let mut result = places(addresses, options, |wanted| answers::chains(&mut files, wanted, options));
    result.notes = files.notes;
    Ok(result)
}

fn places(
    addresses: &[u64],
    options: &Options,
    ask: impl FnOnce(&[Option<u64>]) -> (Chains, Option<String>),
) -> Resolution {
    let mut sorted = addresses.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let wanted: Vec<Option<u64>> = sorted.iter().copied().map(Some).collect();
    let (chains, problem) = ask(&wanted);
    let mut result = Resolution::default();
    result.problem = problem;
    let places = module::places(&mut result, &chains, Nameless::Kept, options);
    let place =
        |address: &u64| sorted.binary_search(address).map_or_else(|_| Vec::new(), |at| places[at].clone());
    result.places = addresses.iter().map(place).collect();
    result
}
