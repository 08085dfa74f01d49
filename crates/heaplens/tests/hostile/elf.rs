//! Writes ELF files as they come, sound or not: nothing is checked, and headers may claim anything.

use crate::bytes::Bytes;

pub(crate) const PROGBITS: u32 = 1;
pub(crate) const SYMTAB: u32 = 2;
pub(crate) const STRTAB: u32 = 3;
pub(crate) const NOTE: u32 = 7;
pub(crate) const COMPRESSED: u64 = 0x800;

/// Where the code starts, in the file and in memory.
pub(crate) const TEXT: u64 = 0x1000;
pub(crate) const TEXT_SIZE: u64 = 0x3000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) data: Vec<u8>,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) entry_size: u64,
    /// What the header says in the place of where the data is.
    pub(crate) claimed_offset: Option<u64>,
    /// What the header says in the place of how much data there is.
    pub(crate) claimed_size: Option<u64>,
}

impl Section {
    pub(crate) fn new(name: &str, data: impl Into<Vec<u8>>) -> Section {
        Section { name: name.to_owned(), kind: PROGBITS, data: data.into(), ..Section::default() }
    }

    pub(crate) fn claiming_size(mut self, size: u64) -> Section {
        self.claimed_size = Some(size);
        self
    }

    pub(crate) fn claiming_offset(mut self, offset: u64) -> Section {
        self.claimed_offset = Some(offset);
        self
    }
}

/// Type, flags, offset, address and size in the file; in memory it is as large.
pub(crate) type Segment = (u32, u32, u64, u64, u64);

#[derive(Clone, Debug)]
pub(crate) struct Elf {
    pub(crate) sections: Vec<Section>,
    pub(crate) segments: Vec<Segment>,
    /// Where the first section's data is.
    pub(crate) start: u64,
}

/// A symbol's name, address and size.
pub(crate) type Symbol<'a> = (&'a str, u64, u64);

impl Elf {
    /// A program with code from [`TEXT`] on and a symbol table.
    pub(crate) fn program(symbols: &[Symbol<'_>]) -> Elf {
        let mut names = Bytes::default().u8(0);
        let mut table = Bytes::default().zeros(24);
        for &(name, address, size) in symbols {
            table = table.symbol(names.len() as u32, address, size);
            names = names.text(name);
        }
        Elf::with_symbols(table, names)
    }

    /// As [`Elf::program`], of a symbol table and its names as they are in the file.
    pub(crate) fn with_symbols(table: Bytes, names: Bytes) -> Elf {
        let mut text = Section::new(".text", vec![0x90; TEXT_SIZE as usize]);
        (text.flags, text.address) = (6, TEXT);
        let mut symtab = Section::new(".symtab", table.0);
        (symtab.kind, symtab.link, symtab.info, symtab.entry_size) = (SYMTAB, 3, 1, 24);
        let mut strtab = Section::new(".strtab", names.0);
        strtab.kind = STRTAB;
        let segments = vec![(1, 5, TEXT, TEXT, TEXT_SIZE)];
        Elf { sections: vec![text, symtab, strtab], segments, start: TEXT }
    }

    pub(crate) fn with(mut self, sections: impl IntoIterator<Item = Section>) -> Elf {
        self.sections.extend(sections);
        self
    }

    pub(crate) fn build_id(self, id: &[u8]) -> Elf {
        let note = Bytes::default().u32(4).u32(id.len() as u32).u32(3).text("GNU").bytes(id);
        let mut section = Section::new(".note.gnu.build-id", note.0);
        section.kind = NOTE;
        self.with([section])
    }

    /// The file. Section `n` of the list has index `n + 1`; the names come last.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut names = Bytes::default().u8(0);
        let mut name_at = Vec::new();
        for name in self.sections.iter().map(|s| s.name.as_str()).chain([".shstrtab"]) {
            name_at.push(names.len() as u32);
            names = names.text(name);
        }
        let mut strings = Section::new(".shstrtab", names.0);
        strings.kind = STRTAB;
        let mut out = Bytes::default().zeros(self.start as usize);
        let mut headers = Bytes::default().zeros(64);
        for (section, name) in self.sections.iter().chain([&strings]).zip(name_at) {
            let offset = section.claimed_offset.unwrap_or(out.len() as u64);
            let size = section.claimed_size.unwrap_or(section.data.len() as u64);
            headers = headers.u32(name).u32(section.kind).u64(section.flags).u64(section.address);
            headers = headers.u64(offset).u64(size).u32(section.link).u32(section.info).u64(1);
            headers = headers.u64(section.entry_size);
            out = out.bytes(&section.data);
        }
        let (at, count) = (out.len() as u64, self.sections.len() + 2);
        // Beyond 0xfeff the first header has the numbers.
        let many = count >= 0xff00;
        if many {
            headers.0[32..40].copy_from_slice(&(count as u64).to_le_bytes());
            headers.0[40..44].copy_from_slice(&(count as u32 - 1).to_le_bytes());
        }
        let (count, last) = if many { (0, 0xffff) } else { (count as u16, count as u16 - 1) };
        let header = Bytes::default().bytes(b"\x7fELF\x02\x01\x01").zeros(9).u16(3).u16(62).u32(1).u64(TEXT);
        let header = header.u64(64).u64(at).u32(0).u16(64).u16(56).u16(self.segments.len() as u16);
        let mut header = header.u16(64).u16(count).u16(last);
        for &(kind, flags, offset, address, size) in &self.segments {
            header = header.u32(kind).u32(flags).u64(offset).u64(address).u64(address);
            header = header.u64(size).u64(size).u64(0x1000);
        }
        let mut file = out.bytes(&headers.0).0;
        file[..header.len()].copy_from_slice(&header.0);
        file
    }
}

/// A section's data behind the header of a compressed section.
pub(crate) fn compressed(name: &str, kind: u32, claimed_size: u64, stream: &[u8]) -> Section {
    let data = Bytes::default().u32(kind).u32(0).u64(claimed_size).u64(1).bytes(stream);
    let mut section = Section::new(name, data.0);
    section.flags = COMPRESSED;
    section
}
