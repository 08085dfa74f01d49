//! Object files by their headers alone: what parts they have, and where. Nothing else of the file is read.

mod elf;
mod inflate;
mod links;
mod others;

pub(super) use elf::{Rows, Table};
pub(super) use others::Cache;

use super::bytes::{Bytes, Damage, Result, Stamp};
use super::open;
use std::path::Path;

/// More headers than this no linker writes; a table that claims them is damaged.
const MAX_HEADERS: u64 = 1 << 17;

/// Symbols that are held in memory may take this much, unless it is said otherwise.
const SYMBOL_MEMORY: u64 = 256 << 20;

/// The parts of an object file.
#[derive(Debug, Default)]
pub(super) struct ObjectFile {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
    /// True if its code is that of a 64-bit x86 processor (told of ELF files alone).
    pub(super) is_x86_64: bool,
    /// True for what a compiler writes for the linker, whose sections all begin at address 0.
    pub(super) is_relocatable: bool,
    /// The file itself.
    file: Bytes,
    /// Of the file when its headers were read.
    pub(super) stamp: Option<Stamp>,
    pub(super) sections: Vec<Section>,
    /// Loaded parts, in the order of the file.
    pub(super) segments: Vec<Segment>,
    pub(super) symbols: Symbols,
    /// Says that a section leaves the file, which is then not whole.
    pub(super) cut: Option<String>,
    /// See [`ObjectFile::within`].
    symbol_memory: u64,
    notes: Vec<links::Notes>,
    /// What Mach-O has for a build-id.
    uuid: Option<[u8; 16]>,
}

/// A section as its header has it.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: Vec<u8>,
    pub(super) address: u64,
    pub(super) size: u64,
    /// True if it holds code.
    pub(super) executable: bool,
    /// What of it is in the file; `None` if nothing is.
    pub(super) stored: Option<Stored>,
}

/// Where a section's content stands.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) bytes: Bytes,
    pub(super) packed: Option<Packed>,
}

/// How a section is compressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    pub(super) format: Format,
    /// The size that the header claims for the content.
    pub(super) inflated: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Zlib,
    Zstd,
}

/// A part of the file that is loaded into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) executable: bool,
    pub(super) writable: bool,
    pub(super) offset: u64,
    pub(super) file_size: u64,
    pub(super) address: u64,
    pub(super) memory_size: u64,
    pub(super) align: u64,
    /// True for Mach-O's `__TEXT`.
    pub(super) is_text: bool,
}

/// What kind of file it is, as far as that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Elf,
    MachO,
    /// The file of debug information in a dSYM bundle.
    Dsym,
    #[default]
    Other,
}

/// Where the symbols are.
#[derive(Debug, Default)]
pub(super) enum Symbols {
    /// Tables that are read in passing.
    Elf { tables: Vec<Table>, rows: Rows },
    /// The whole file has to be parsed.
    Other(Bytes),
    #[default]
    None,
}

impl ObjectFile {
    /// Reads the headers of a regular file; of a file of several architectures, of the part with this build-id or for
    /// this machine.
    ///
    /// # Errors
    /// Says what the file is instead.
    pub(super) fn open(path: &Path, build_id: Option<&str>) -> Result<ObjectFile> {
        Self::parse(&open::slice(path, build_id).map_err(Damage)?)
    }

    pub(super) fn parse(file: &Bytes) -> Result<ObjectFile> {
        let headers = |damage: Damage| Damage(format!("its headers cannot be read: {damage}"));
        let mut magic = Vec::new();
        file.read_up_to(0, 4, &mut magic)?;
        let stamp = file.stamp();
        let object = match magic.as_slice() {
            [0x7f, b'E', b'L', b'F'] => elf::parse(file),
            _ => others::parse(file),
        };
        Ok(ObjectFile { file: file.clone(), stamp, symbol_memory: SYMBOL_MEMORY, ..object.map_err(headers)? })
    }

    /// What reading its symbols may take where they have to be held in memory.
    pub(super) fn within(self, symbol_memory: u64) -> ObjectFile {
        ObjectFile { symbol_memory, ..self }
    }

    /// # Errors
    /// If it is not the file that was found, or was written to since its headers were read.
    pub(super) fn require(&self, found: Option<Stamp>) -> Result<()> {
        if found.is_some_and(|found| self.stamp != Some(found)) || self.file.stamp() != self.stamp {
            return Err(Damage::new("it changed while it was read; run again"));
        }
        Ok(())
    }

    /// The section of a name: `.debug_info` is `__debug_info` in Mach-O and may be `.zdebug_info` in ELF.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        let is_name = |section: &&Section| {
            let found = section.name.as_slice();
            let rest = name.strip_prefix('.').unwrap_or(name).as_bytes();
            match found {
                [b'.', b'z', tail @ ..] => tail == rest,
                [b'.', tail @ ..] => tail == rest,
                // Mach-O cuts names to 16 letters.
                [b'_', b'_', tail @ ..] => tail == &rest[..rest.len().min(14)],
                _ => false,
            }
        };
        self.sections.iter().filter(is_name).find(|section| section.stored.is_some())
    }

    /// A section's content, inflated if it is compressed: when it is looked at, but its size is taken from `budget`
    /// now. Empty if there is no such section. If it cannot be inflated, whoever looks at it is told.
    pub(super) fn content(&self, name: &str, budget: &mut u64) -> Bytes {
        match self.section(name).and_then(|section| section.stored.as_ref()) {
            None => Bytes::default(),
            Some(Stored { bytes, packed: None }) => bytes.clone(),
            Some(Stored { bytes, packed: Some(packed) }) => inflate::inflated(bytes, *packed, name, budget)
                .unwrap_or_else(|damage| Bytes::broken(inflate::in_section(name, damage))),
        }
    }
}
