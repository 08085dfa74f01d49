//! Writes DWARF as it comes, sound or not.
//!
//! Every file here has a sound unit beside what is damaged, and what must be known of both is the same each time:
//! the sound unit's own names and lines, and no worse than the symbol's name for the damaged one.

use crate::bytes::Bytes;
use crate::elf::{Elf, Section};

pub(crate) mod tag {
    pub(crate) const LEXICAL_BLOCK: u64 = 0x0b;
    pub(crate) const COMPILE_UNIT: u64 = 0x11;
    pub(crate) const INLINED_SUBROUTINE: u64 = 0x1d;
    pub(crate) const SUBPROGRAM: u64 = 0x2e;
    pub(crate) const NAMESPACE: u64 = 0x39;
    pub(crate) const PARTIAL_UNIT: u64 = 0x3c;
    pub(crate) const IMPORTED_UNIT: u64 = 0x3d;
}

pub(crate) mod at {
    pub(crate) const SIBLING: u64 = 0x01;
    pub(crate) const LOCATION: u64 = 0x02;
    pub(crate) const NAME: u64 = 0x03;
    pub(crate) const STMT_LIST: u64 = 0x10;
    pub(crate) const LOW_PC: u64 = 0x11;
    pub(crate) const HIGH_PC: u64 = 0x12;
    pub(crate) const IMPORT: u64 = 0x18;
    pub(crate) const COMP_DIR: u64 = 0x1b;
    pub(crate) const ABSTRACT_ORIGIN: u64 = 0x31;
    pub(crate) const EXTERNAL: u64 = 0x3f;
    pub(crate) const SPECIFICATION: u64 = 0x47;
    pub(crate) const RANGES: u64 = 0x55;
    pub(crate) const CALL_FILE: u64 = 0x58;
    pub(crate) const CALL_LINE: u64 = 0x59;
    pub(crate) const LINKAGE_NAME: u64 = 0x6e;
    pub(crate) const STR_OFFSETS_BASE: u64 = 0x72;
    pub(crate) const ADDR_BASE: u64 = 0x73;
    pub(crate) const RNGLISTS_BASE: u64 = 0x74;
    pub(crate) const DWO_NAME: u64 = 0x76;
}

pub(crate) mod form {
    pub(crate) const ADDR: u64 = 0x01;
    pub(crate) const BLOCK4: u64 = 0x04;
    pub(crate) const DATA4: u64 = 0x06;
    pub(crate) const STRING: u64 = 0x08;
    pub(crate) const BLOCK: u64 = 0x09;
    pub(crate) const DATA1: u64 = 0x0b;
    pub(crate) const STRP: u64 = 0x0e;
    pub(crate) const REF_ADDR: u64 = 0x10;
    pub(crate) const REF4: u64 = 0x13;
    pub(crate) const INDIRECT: u64 = 0x16;
    pub(crate) const SEC_OFFSET: u64 = 0x17;
    pub(crate) const EXPRLOC: u64 = 0x18;
    pub(crate) const FLAG_PRESENT: u64 = 0x19;
    pub(crate) const STRX: u64 = 0x1a;
    pub(crate) const ADDRX: u64 = 0x1b;
    pub(crate) const REF_SIG8: u64 = 0x20;
    pub(crate) const RNGLISTX: u64 = 0x23;
    pub(crate) const GNU_REF_ALT: u64 = 0x1f20;
    pub(crate) const GNU_STRP_ALT: u64 = 0x1f21;
}

/// Where the sound unit's code is, and the damaged one's.
pub(crate) const GOOD: u64 = 0x1000;
pub(crate) const GOOD_SIZE: u64 = 0x100;
pub(crate) const BAD: u64 = 0x2000;
pub(crate) const BAD_SIZE: u64 = 0x1000;

/// Abbreviations of the common table, which is at offset 0.
pub(crate) mod common {
    /// Name, start, size and line program of a unit.
    pub(crate) const UNIT_WITH_LINES: u8 = 1;
    /// Name, start and size of a function with children.
    pub(crate) const FUNCTION: u8 = 2;
    /// Origin, start, size, file and line of the call; with children.
    pub(crate) const INLINED: u8 = 3;
    /// A function's name alone.
    pub(crate) const NAME: u8 = 4;
    /// Name, start and size of a unit without lines.
    pub(crate) const UNIT: u8 = 5;
    /// Start, size and abstract origin of a function without children.
    pub(crate) const INSTANCE: u8 = 6;
    /// A function that is a specification of another.
    pub(crate) const SPECIFIED: u8 = 7;
    /// A block without attributes, with children.
    pub(crate) const BLOCK: u8 = 8;
    /// A namespace without attributes, with children.
    pub(crate) const NAMESPACE: u8 = 9;
    /// Start, size and an origin anywhere in the section.
    pub(crate) const FAR_INSTANCE: u8 = 10;
    /// Name and ranges of a function.
    pub(crate) const RANGED: u8 = 11;
    /// Name, and nothing else, of a unit.
    pub(crate) const BARE_UNIT: u8 = 12;
    /// A function whose origin is anywhere in the section.
    pub(crate) const FAR_SPECIFIED: u8 = 13;
}

/// Debug sections on their way into a file.
#[derive(Clone, Debug)]
pub(crate) struct Dwarf {
    pub(crate) abbrev: Vec<u8>,
    pub(crate) info: Vec<u8>,
    pub(crate) line: Vec<u8>,
    /// Any other sections.
    pub(crate) others: Vec<Section>,
    aranges: Vec<u8>,
}

/// Whether `.debug_aranges` says which unit has which code: readers then take another way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    Aranges,
    None,
}

/// Tag, whether it has children, and attributes with their forms.
type Abbreviation<'a> = (u64, bool, &'a [(u64, u64)]);

impl Dwarf {
    /// With the sound unit alone.
    pub(crate) fn new() -> Dwarf {
        use {at::*, form::*};
        let mut dwarf = Dwarf {
            abbrev: Vec::new(),
            info: Vec::new(),
            line: Vec::new(),
            others: Vec::new(),
            aranges: Vec::new(),
        };
        let range = [(LOW_PC, ADDR), (HIGH_PC, DATA4)];
        let named = [&[(NAME, STRING)], &range[..]].concat();
        let far = [&range[..], &[(ABSTRACT_ORIGIN, REF_ADDR)]].concat();
        let inlined = [&[(ABSTRACT_ORIGIN, REF4)], &range[..], &[(CALL_FILE, DATA1), (CALL_LINE, DATA1)]];
        dwarf.table(&[
            (tag::COMPILE_UNIT, true, &[&named[..], &[(STMT_LIST, SEC_OFFSET)]].concat()),
            (tag::SUBPROGRAM, true, &named),
            (tag::INLINED_SUBROUTINE, true, &inlined.concat()),
            (tag::SUBPROGRAM, false, &[(NAME, STRING)]),
            (tag::COMPILE_UNIT, true, &named),
            (tag::SUBPROGRAM, false, &[&range[..], &[(ABSTRACT_ORIGIN, REF4)]].concat()),
            (tag::SUBPROGRAM, false, &[(SPECIFICATION, REF4)]),
            (tag::LEXICAL_BLOCK, true, &[]),
            (tag::NAMESPACE, true, &[]),
            (tag::SUBPROGRAM, false, &far),
            (tag::SUBPROGRAM, false, &[(NAME, STRING), (RANGES, SEC_OFFSET)]),
            (tag::COMPILE_UNIT, true, &[(NAME, STRING)]),
            (tag::SUBPROGRAM, false, &[(SPECIFICATION, REF_ADDR)]),
        ]);
        let lines = dwarf.lines4(
            "good.c",
            &Bytes::default()
                .bytes(&[0, 9, 2])
                .u64(GOOD)
                .bytes(&[3, 4, 1, 2, 0x10, 3, 1, 1, 2, 0x10, 3, 2, 1])
                .bytes(&[2, 0xe0, 1, 0, 1, 1]),
        );
        let body = Bytes::default().u8(common::UNIT_WITH_LINES).text("good.c");
        let body = body.u64(GOOD).u32(GOOD_SIZE as u32).u32(lines);
        let name = HEADER + body.len() as u32;
        let body = body.u8(common::NAME).text("inner");
        let body = body.u8(common::FUNCTION).text("good").u64(GOOD).u32(GOOD_SIZE as u32);
        let body = body.u8(common::INLINED).u32(name).u64(GOOD + 0x10).u32(0x10).u8(1).u8(7).u8(0);
        dwarf.unit(0, &body.u8(0).u8(0), (GOOD, GOOD_SIZE));
        dwarf
    }

    /// Adds a table of abbreviations with the codes 1, 2, …; each is its tag, whether it has children, and its
    /// attributes. Returns its offset.
    pub(crate) fn table(&mut self, entries: &[Abbreviation<'_>]) -> u32 {
        let mut table = Bytes::default();
        for (code, (tag, children, attributes)) in (1..).zip(entries) {
            table = table.uleb(code).uleb(*tag).u8(u8::from(*children));
            for (name, form) in *attributes {
                table = table.uleb(*name).uleb(*form);
            }
            table = table.u16(0);
        }
        self.raw_table(&table.u8(0))
    }

    /// As [`Dwarf::table`], of the bytes as they are.
    pub(crate) fn raw_table(&mut self, table: &Bytes) -> u32 {
        let offset = self.abbrev.len() as u32;
        self.abbrev.extend_from_slice(&table.0);
        offset
    }

    /// Adds a unit of version 4 with code in the range `code` (start and size); returns its offset.
    pub(crate) fn unit(&mut self, table: u32, entries: &Bytes, code: (u64, u64)) -> u32 {
        let rest = Bytes::default().u16(4).u32(table).u8(8).bytes(&entries.0);
        self.raw_unit(&Bytes::default().u32(rest.len() as u32).bytes(&rest.0), code)
    }

    /// Adds a unit of version 5.
    pub(crate) fn unit5(&mut self, table: u32, entries: &Bytes, code: (u64, u64)) -> u32 {
        let rest = Bytes::default().u16(5).u8(1).u8(8).u32(table).bytes(&entries.0);
        self.raw_unit(&Bytes::default().u32(rest.len() as u32).bytes(&rest.0), code)
    }

    /// Adds the bytes of a unit as they are.
    pub(crate) fn raw_unit(&mut self, unit: &Bytes, code: (u64, u64)) -> u32 {
        let offset = self.info.len() as u32;
        self.info.extend_from_slice(&unit.0);
        self.arange(offset, &[code]);
        offset
    }

    /// Adds to `.debug_aranges` that a unit has this code.
    pub(crate) fn arange(&mut self, unit: u32, code: &[(u64, u64)]) {
        let set = Bytes::default().u16(2).u32(unit).u8(8).u8(0).u32(0);
        let set = code.iter().fold(set, |set, range| set.u64(range.0).u64(range.1)).zeros(16);
        self.raw_aranges(&Bytes::default().u32(set.len() as u32).bytes(&set.0));
    }

    pub(crate) fn raw_aranges(&mut self, bytes: &Bytes) {
        self.aranges.extend_from_slice(&bytes.0);
    }

    /// Adds a unit of the damaged range, `bad.c`, with these children; see [`bad_unit`] for their offsets.
    pub(crate) fn bad(&mut self, children: &Bytes) -> u32 {
        self.unit(0, &bad_unit().bytes(&children.0).u8(0), (BAD, BAD_SIZE))
    }

    /// Adds a line program of version 4 with one file; returns its offset.
    pub(crate) fn lines4(&mut self, file: &str, operations: &Bytes) -> u32 {
        let files = Bytes::default().u8(0).text(file).u8(0).u8(0).u8(0).u8(0);
        self.lines(&LineHeader::default(), &files, operations)
    }

    /// Adds a line program of version 4 with these directories and files.
    pub(crate) fn lines(&mut self, header: &LineHeader, files: &Bytes, operations: &Bytes) -> u32 {
        let LineHeader { instruction, operations_each, range, base } = *header;
        let rest = Bytes::default().u8(instruction).u8(operations_each).u8(1).u8(0xfb).u8(range).u8(base);
        let rest = rest.bytes(&STANDARD_LENGTHS[..usize::from(base.saturating_sub(1)).min(12)]);
        let rest = rest.bytes(&files.0);
        let body = Bytes::default().u16(4).u32(rest.len() as u32).bytes(&rest.0).bytes(&operations.0);
        self.raw_lines(&Bytes::default().u32(body.len() as u32).bytes(&body.0))
    }

    pub(crate) fn raw_lines(&mut self, bytes: &Bytes) -> u32 {
        let offset = self.line.len() as u32;
        self.line.extend_from_slice(&bytes.0);
        offset
    }

    pub(crate) fn other(&mut self, name: &str, data: impl Into<Vec<u8>>) {
        self.others.push(Section::new(name, data));
    }

    pub(crate) fn sections(&self, index: Index) -> Vec<Section> {
        let mut list = vec![
            Section::new(".debug_abbrev", self.abbrev.clone()),
            Section::new(".debug_info", self.info.clone()),
            Section::new(".debug_line", self.line.clone()),
        ];
        if index == Index::Aranges {
            list.push(Section::new(".debug_aranges", self.aranges.clone()));
        }
        list.extend(self.others.iter().cloned());
        list
    }

    /// A program with these sections, and symbols for both ranges.
    pub(crate) fn elf(&self, index: Index) -> Elf {
        program().with(self.sections(index))
    }
}

/// Bytes of a version 4 unit before its first entry.
pub(crate) const HEADER: u32 = 11;

/// The damaged unit's first entry; what follows is at [`HEADER`] plus its length.
pub(crate) fn bad_unit() -> Bytes {
    Bytes::default().u8(common::UNIT).text("bad.c").u64(BAD).u32(BAD_SIZE as u32)
}

/// The offset in the damaged unit of the first byte behind `children`.
pub(crate) fn next_in_bad(children: &Bytes) -> u32 {
    HEADER + (bad_unit().len() + children.len()) as u32
}

/// A program without debug information, with symbols for both ranges.
pub(crate) fn program() -> Elf {
    Elf::program(&[("good_symbol", GOOD, GOOD_SIZE), ("bad_symbol", BAD, BAD_SIZE)])
}

/// What a line program's header says of its operations.
#[derive(Clone, Copy)]
pub(crate) struct LineHeader {
    pub(crate) instruction: u8,
    pub(crate) operations_each: u8,
    pub(crate) range: u8,
    pub(crate) base: u8,
}

impl Default for LineHeader {
    fn default() -> LineHeader {
        LineHeader { instruction: 1, operations_each: 1, range: 14, base: 13 }
    }
}

const STANDARD_LENGTHS: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
