//! One binary's addresses, as `addr2line` takes them.

use super::chains::Chains;
use super::locate::{Files, Locator};
use super::module::{self, Nameless};
use super::names::Demangler;
use super::object::{ObjectFile, Rows, Section, Stored, Symbols};
use super::session::Session;
use super::{Options, Resolution, answers, by_name, symtab};
use crate::profile::Module;
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
        if image.is_relocatable {
            return Err("it is a relocatable file (.o, .ko), whose sections have no addresses yet; give the program or \
                        library that it was linked into"
                .to_owned());
        }
        Ok(Binary { image: image.within(options.max_memory), files, options: options.clone() })
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

    /// The virtual addresses of places in the module that the file is, as [`Frame::offset`](crate::profile::Frame) counts
    /// them; `None` for places that are not loaded.
    pub fn addresses_of(&self, module: &Module, places: &[u64]) -> Vec<Option<u64>> {
        self.files.addresses(module, places)
    }

    /// For each address the code around it that symbols bound: one function, or a part of one that has another inside.
    pub fn pieces(&self, addresses: &[u64]) -> Vec<Option<Range<u64>>> {
        let bounds = symtab::all_bounds(&self.files, &self.options);
        let around = |&address: &u64| {
            let behind = bounds.partition_point(|&bound| bound <= address);
            Some(*bounds.get(behind.checked_sub(1)?)?..*bounds.get(behind)?)
        };
        addresses.iter().map(around).collect()
    }

    /// The bytes at a range of addresses, as far as one section with code holds them.
    ///
    /// # Errors
    /// Says in words why they cannot be read.
    pub fn code(&self, range: Range<u64>) -> Result<Vec<u8>, String> {
        let holds = |section: &&Section| {
            section.executable
                && section.address <= range.start
                && range.start - section.address < section.size
        };
        let section = self.image.sections.iter().find(holds);
        let Some(Stored { bytes, packed: None }) = section.and_then(|section| section.stored.as_ref()) else {
            return Err(format!("{:#x} lies in no section with code", range.start));
        };
        let from = range.start - section.map_or(0, |section| section.address);
        let mut code = Vec::new();
        let read = bytes.read_up_to(from, range.end.saturating_sub(range.start), &mut code);
        read.map(|()| code).map_err(|damage| damage.to_string())
    }

    /// True if its code is x86-64's.
    pub fn is_x86_64(&self) -> bool {
        self.image.is_x86_64
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

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::Object;
    use object::{Architecture, BinaryFormat, Endianness};

    #[test]
    fn files_that_are_not_linked_yet_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("unit.o");
        let object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        std::fs::write(&path, object.write().unwrap()).unwrap();
        let why = Binary::open(&path, &Options::default()).unwrap_err();
        assert!(why.contains("relocatable"), "{why}");
    }
}
