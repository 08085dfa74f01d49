//! The other half of a split unit: in a `.dwo` file of its own, or with others in a `.dwp` package.

use super::super::bytes::{Bytes, Damage, Result};
use super::super::object::ObjectFile;
use super::super::texts::{SHORT, shortened};
use super::sections::{Reader, Sections};
use super::unit::{Dwo, Header, LastAbbrevs, Unit, header_of_half};
use gimli::{EndianSlice, IndexSectionId, RunTimeEndian};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// A package and its index.
pub(super) struct Package {
    sections: Sections,
    index: Vec<u8>,
}

/// The index of a package with millions of units would not be larger.
const MAX_INDEX: u64 = 256 << 20;

impl Package {
    /// # Errors
    /// If it cannot be read, or has no index of units.
    pub(super) fn open(path: &Path, main: &Sections, budget: &mut u64) -> Result<Package> {
        let object = ObjectFile::open(path, None)?;
        let sections = Sections::load_split(&object, main, budget)?;
        let index = object.content(".debug_cu_index", budget)?;
        if index.is_empty() || index.len() > MAX_INDEX {
            return Err(Damage::new("it has no index of units"));
        }
        let package = Package { sections, index: index.get(0..index.len())? };
        package.index()?;
        Ok(package)
    }

    /// What is read of it, in bytes.
    pub(super) fn size(&self) -> u64 {
        let Sections { info, abbrev, rnglists, .. } = &self.sections;
        info.len().saturating_add(abbrev.len()).saturating_add(rnglists.len())
    }

    fn index(&self) -> Result<gimli::UnitIndex<EndianSlice<'_, RunTimeEndian>>> {
        let endian = if self.sections.big_endian { RunTimeEndian::Big } else { RunTimeEndian::Little };
        Ok(gimli::DebugCuIndex::new(&self.index, endian).index()?)
    }

    /// The parts of the sections that belong to a unit; `None` if the package does not have it.
    fn sections_of(&self, id: u64) -> Result<Option<Sections>> {
        let index = self.index()?;
        let Some(row) = index.find(id) else { return Ok(None) };
        let mut unit = Sections {
            info: Bytes::default(),
            abbrev: Bytes::default(),
            str_offsets: Bytes::default(),
            rnglists: Bytes::default(),
            ..self.sections.clone()
        };
        for part in index.sections(row)? {
            let (offset, size) = (u64::from(part.offset), u64::from(part.size));
            let all = &self.sections;
            match part.section {
                IndexSectionId::DebugInfo => unit.info = all.info.part(offset, size)?,
                IndexSectionId::DebugAbbrev => unit.abbrev = all.abbrev.part(offset, size)?,
                IndexSectionId::DebugStrOffsets => unit.str_offsets = all.str_offsets.part(offset, size)?,
                IndexSectionId::DebugRngLists => unit.rnglists = all.rnglists.part(offset, size)?,
                _ => {}
            }
        }
        Ok(Some(unit))
    }
}

/// The sections of a unit's other half and its header.
///
/// # Errors
/// Says what was looked for, and that it is not there or not the right one.
pub(super) fn find(
    dwo: &Dwo,
    comp_dir: Option<&str>,
    program: &Path,
    package: Option<&Package>,
    main: &Sections,
    budget: &mut u64,
    halves: &mut Halves,
) -> Result<(Sections, Header)> {
    if let Some(package) = package
        && let Some(sections) = package.sections_of(dwo.id)?
    {
        let header = Halves::default().get(&sections, dwo.id)?;
        return Ok((sections, header));
    }
    let mut seen = None;
    for path in candidates(&dwo.name, comp_dir, program) {
        if path.symlink_metadata().is_err() {
            continue;
        }
        match open(&path, dwo.id, main, budget, halves) {
            Ok(found) => return Ok(found),
            Err(damage) => seen = seen.or(Some((path, damage))),
        }
    }
    Err(match seen {
        Some((path, damage)) => {
            Damage(format!("{}: {damage}", shortened(&path.to_string_lossy(), 4 * SHORT)))
        }
        None => Damage(format!(
            "its split debug information {} is not there; keep the .dwo files, or a .dwp beside the program",
            shortened(&dwo.name, SHORT)
        )),
    })
}

/// Where a `.dwo` file may be: where it was written, and beside the program that was moved.
fn candidates(name: &str, comp_dir: Option<&str>, program: &Path) -> Vec<PathBuf> {
    let mut list = vec![Path::new(comp_dir.unwrap_or_default()).join(name)];
    if let Some(beside) = program.parent() {
        if !Path::new(name).has_root() {
            list.push(beside.join(name));
        }
        list.extend(Path::new(name).file_name().map(|name| beside.join(name)));
    }
    list
}

fn open(
    path: &Path,
    id: u64,
    main: &Sections,
    budget: &mut u64,
    halves: &mut Halves,
) -> Result<(Sections, Header)> {
    let object = ObjectFile::open(path, None)?;
    let sections = Sections::load_split(&object, main, budget)?;
    let header = halves.of(path).get(&sections, id)?;
    Ok((sections, header))
}

/// Where the units of the `.dwo` file that was read last begin, learned bit by bit: a linker that optimizes has many
/// written into one, and the other halves of neighbours lie together.
#[derive(Default)]
pub(super) struct Halves {
    path: PathBuf,
    /// By their ids.
    known: FxHashMap<u64, u64>,
    /// The first that nobody has looked at.
    next: u64,
}

impl Halves {
    fn of(&mut self, path: &Path) -> &mut Halves {
        if self.path != path {
            *self = Halves { path: path.to_owned(), ..Halves::default() };
        }
        self
    }

    /// The header of the unit with an id.
    fn get(&mut self, sections: &Sections, id: u64) -> Result<Header> {
        let mut reader = Reader::new(sections);
        let mut last = LastAbbrevs::default();
        if let Some(&start) = self.known.get(&id) {
            let (header, found) = header_of_half(&mut reader, &mut last, start)?;
            return if found == Some(id) { Ok(header) } else { Err(other_build()) };
        }
        while self.next < sections.info.len() {
            let (header, found) = header_of_half(&mut reader, &mut last, self.next)?;
            self.next = header.end;
            if let Some(found) = found {
                self.known.entry(found).or_insert(header.start);
            }
            if found == Some(id) {
                return Ok(header);
            }
        }
        Err(other_build())
    }
}

fn other_build() -> Damage {
    Damage::new("it belongs to another build")
}

/// Reads the unit in the other half.
pub(super) fn unit(
    reader: &mut Reader<'_>,
    last: &mut LastAbbrevs,
    header: Header,
    skeleton: &Unit,
) -> Result<Unit> {
    Unit::read(reader, header, last, Some(skeleton))
}
