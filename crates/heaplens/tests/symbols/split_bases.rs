//! Which code belongs to split units that count their ranges from an address of their own: read with `gimli` alone.

use gimli::{AttributeValue, EndianSlice, Reader, RunTimeEndian};
use object::read::ReadCache;
use object::{Object, ObjectSection};
use std::ops::Range;
use std::path::Path;

/// The code of skeleton units with a `DW_AT_low_pc` other than 0, which is the base of the ranges in their `.dwo`.
pub(crate) struct SplitBases(Vec<Range<u64>>);

impl SplitBases {
    /// Nothing for files that cannot be read.
    pub(crate) fn of(path: &Path) -> SplitBases {
        SplitBases(read(path).unwrap_or_default())
    }

    pub(crate) fn hold(&self, address: u64) -> bool {
        self.0.iter().any(|code| code.contains(&address))
    }
}

fn read(path: &Path) -> Option<Vec<Range<u64>>> {
    let cache = ReadCache::new(std::fs::File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    // Skeletons need none of the large sections.
    let needed = [gimli::SectionId::DebugInfo, gimli::SectionId::DebugAbbrev, gimli::SectionId::DebugAddr];
    let section = |id: gimli::SectionId| {
        let found = needed.contains(&id).then(|| file.section_by_name(id.name())).flatten();
        Ok::<_, gimli::Error>(found.and_then(|s| s.uncompressed_data().ok()).unwrap_or_default())
    };
    let sections = gimli::DwarfSections::load(section).ok()?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, endian));
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next().ok()? {
        if let Some(code) = based(&dwarf, header) {
            found.push(code);
        }
    }
    Some(found)
}

fn based<R: Reader>(dwarf: &gimli::Dwarf<R>, header: gimli::UnitHeader<R>) -> Option<Range<u64>> {
    let abbreviations = dwarf.abbreviations(&header).ok()?;
    let mut entries = header.entries(&abbreviations);
    let root = entries.next_dfs().ok()??;
    root.attr_value(gimli::DW_AT_GNU_dwo_name).or_else(|| root.attr_value(gimli::DW_AT_dwo_name))?;
    let AttributeValue::Addr(low @ 1..) = root.attr_value(gimli::DW_AT_low_pc)? else { return None };
    let length = match root.attr_value(gimli::DW_AT_high_pc)? {
        AttributeValue::Addr(high) => high.checked_sub(low)?,
        length => length.udata_value()?,
    };
    Some(low..low.checked_add(length)?)
}
