//! ELF headers, each table read at once after its size is checked.

use super::super::bytes::{Bytes, Damage, Result};
use super::{Format, Kind, MAX_HEADERS, ObjectFile, Packed, Section, Segment, Stored, Symbols};
use object::elf;
use object::read::elf::{CompressionHeader, FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, pod};

/// Programs have four or five; each may be looked through for the build-id.
const MAX_NOTES: usize = 64;

/// A symbol table and its names.
#[derive(Debug)]
pub(in super::super) struct Table {
    pub(in super::super) symbols: Bytes,
    pub(in super::super) names: Bytes,
    /// True for the table of the dynamic linker, which leaves out static functions.
    pub(in super::super) dynamic: bool,
}

/// How the rows of a file's symbol tables are written.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Rows {
    /// True in 64-bit files.
    pub(in super::super) wide: bool,
    pub(in super::super) big_endian: bool,
    /// True on ARM: the lowest bit of a function's address tells its instruction set, and is no part of the address.
    pub(in super::super) thumb_bit: bool,
}

pub(super) fn parse(file: &Bytes) -> Result<ObjectFile> {
    let mut start = Vec::new();
    file.read_up_to(0, 64, &mut start)?;
    match start.get(4) {
        Some(1) => parse_class::<elf::FileHeader32<Endianness>>(file, &start),
        Some(2) => parse_class::<elf::FileHeader64<Endianness>>(file, &start),
        _ => Err(Damage::new("it is neither a 32-bit nor a 64-bit ELF file")),
    }
}

fn parse_class<E: FileHeader<Endian = Endianness>>(file: &Bytes, start: &[u8]) -> Result<ObjectFile> {
    let header = E::parse(start)?;
    let endian = header.endian()?;
    let big_endian = endian == Endianness::Big;
    let is_relocatable = header.e_type(endian) == elf::ET_REL;
    let is_x86_64 = header.is_class_64() && header.e_machine(endian) == elf::EM_X86_64;
    let mut object =
        ObjectFile { kind: Kind::Elf, big_endian, is_x86_64, is_relocatable, ..ObjectFile::default() };
    segments::<E>(file, header, endian, &mut object)?;
    sections::<E>(file, header, endian, &mut object)?;
    Ok(object)
}

/// A table of `count` rows at `offset`; the row size that the file states must be the usual one.
fn table<T: pod::Pod>(file: &Bytes, what: &str, offset: u64, count: u64, row: u16) -> Result<Vec<u8>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if usize::from(row) != size_of::<T>() {
        return Err(Damage(format!("its {what} headers have {row} bytes and not {}", size_of::<T>())));
    }
    if count > MAX_HEADERS {
        return Err(Damage(format!("it claims {count} {what} headers, which is not believed")));
    }
    file.part(offset, count * size_of::<T>() as u64)?.get(0..count * size_of::<T>() as u64)
}

fn rows<T: pod::Pod>(bytes: &[u8]) -> &[T] {
    let count = bytes.len() / size_of::<T>();
    pod::slice_from_bytes(bytes, count).map_or(&[], |(rows, _)| rows)
}

fn sections<E: FileHeader<Endian = Endianness>>(
    file: &Bytes,
    header: &E,
    endian: Endianness,
    into: &mut ObjectFile,
) -> Result<()> {
    let offset: u64 = header.e_shoff(endian).into();
    if offset == 0 {
        return Ok(());
    }
    let row = header.e_shentsize(endian);
    let first = table::<E::SectionHeader>(file, "section", offset, 1, row)?;
    let first: &[E::SectionHeader] = rows(&first);
    // Counts that do not fit the header stand in the first section's.
    let count = match (u64::from(header.e_shnum(endian)), first) {
        (0, [first, ..]) => first.sh_size(endian).into(),
        (count, _) => count,
    };
    let names_at = match (header.e_shstrndx(endian), first) {
        (elf::SHN_XINDEX, [first, ..]) => first.sh_link(endian) as usize,
        (index, _) => usize::from(index.0),
    };
    let bytes = table::<E::SectionHeader>(file, "section", offset, count, row)?;
    let headers: &[E::SectionHeader] = rows(&bytes);
    // Names that lie outside the file cost their sections, not the segments.
    let names = headers.get(names_at).and_then(|h| stored(file, h, endian)).unwrap_or_default();
    let names = names.get(0..names.len().min(16 << 20)).unwrap_or_default();
    let name = |header: &E::SectionHeader| {
        let rest = names.get(header.sh_name(endian) as usize..).unwrap_or_default();
        let end = memchr::memchr(0, rest).unwrap_or(0).min(256);
        rest[..end].to_vec()
    };
    let section = |header: &E::SectionHeader| {
        let name = name(header);
        let stored = stored(file, header, endian).and_then(|bytes| unpack::<E>(bytes, header, &name, endian));
        let flags = header.sh_flags(endian);
        Section {
            name,
            address: header.sh_addr(endian).into(),
            size: header.sh_size(endian).into(),
            executable: flags.contains(elf::SHF_ALLOC | elf::SHF_EXECINSTR),
            stored,
        }
    };
    let symbol_table = |header: &E::SectionHeader| {
        let dynamic = match header.sh_type(endian) {
            elf::SHT_SYMTAB => false,
            elf::SHT_DYNSYM => true,
            _ => return None,
        };
        let names = headers.get(header.sh_link(endian) as usize)?;
        let (symbols, names) = (stored(file, header, endian)?, stored(file, names, endian)?);
        Some(Table { symbols, names, dynamic })
    };
    let leaves = |header: &&E::SectionHeader| {
        let range = header.file_range(endian);
        range.is_some_and(|(offset, size)| size > 0 && file.part(offset, size).is_err())
    };
    into.cut = headers.iter().find(leaves).map(|header| {
        let name = String::from_utf8_lossy(&name(header)).into_owned();
        format!("its section {name} does not lie inside of it; it was cut, or is still being written")
    });
    let mut tables: Vec<Table> = headers.iter().filter_map(symbol_table).take(4).collect();
    tables.sort_by_key(|table| table.dynamic);
    let rows = Rows {
        wide: header.is_class_64(),
        big_endian: into.big_endian,
        thumb_bit: header.e_machine(endian) == elf::EM_ARM,
    };
    into.symbols = Symbols::Elf { tables, rows };
    into.sections = headers.iter().map(section).collect();
    let notes = headers.iter().filter(|h| h.sh_type(endian) == elf::SHT_NOTE);
    let notes = notes.filter_map(|h| Some((stored(file, h, endian)?, h.sh_addralign(endian).into())));
    into.notes.extend(notes.take(MAX_NOTES));
    Ok(())
}

/// A section's bytes in the file; `None` if it has none there.
fn stored<H: SectionHeader<Endian = Endianness>>(
    file: &Bytes,
    header: &H,
    endian: Endianness,
) -> Option<Bytes> {
    let (offset, size) = header.file_range(endian)?;
    file.part(offset, size).ok().filter(|bytes| !bytes.is_empty())
}

/// Where the content begins, and how it is compressed; `None` if that cannot be understood.
fn unpack<E: FileHeader<Endian = Endianness>>(
    bytes: Bytes,
    header: &E::SectionHeader,
    name: &[u8],
    endian: Endianness,
) -> Option<Stored> {
    if header.sh_flags(endian).contains(elf::SHF_COMPRESSED) {
        let head_size = size_of::<E::CompressionHeader>() as u64;
        let head = bytes.get(0..head_size).ok()?;
        let head: &[E::CompressionHeader] = rows(&head);
        let head = head.first()?;
        let format = match head.ch_type(endian) {
            elf::ELFCOMPRESS_ZLIB => Format::Zlib,
            elf::ELFCOMPRESS_ZSTD => Format::Zstd,
            _ => return None,
        };
        let packed = Packed { format, inflated: head.ch_size(endian).into() };
        let bytes = bytes.part(head_size, bytes.len() - head_size).ok()?;
        return Some(Stored { bytes, packed: Some(packed) });
    }
    if name.starts_with(b".zdebug") {
        // "ZLIB" and the size, big-endian, as GNU wrote it before ELF had a flag for it.
        let head = bytes.get(0..12).ok()?;
        let size = head.strip_prefix(b"ZLIB")?.try_into().ok()?;
        let packed = Packed { format: Format::Zlib, inflated: u64::from_be_bytes(size) };
        let bytes = bytes.part(12, bytes.len() - 12).ok()?;
        return Some(Stored { bytes, packed: Some(packed) });
    }
    Some(Stored { bytes, packed: None })
}

fn segments<E: FileHeader<Endian = Endianness>>(
    file: &Bytes,
    header: &E,
    endian: Endianness,
    into: &mut ObjectFile,
) -> Result<()> {
    let offset: u64 = header.e_phoff(endian).into();
    let count = u64::from(header.e_phnum(endian));
    let bytes = table::<E::ProgramHeader>(file, "program", offset, count, header.e_phentsize(endian))?;
    for row in rows::<E::ProgramHeader>(&bytes) {
        let segment = Segment {
            executable: row.p_flags(endian).contains(elf::PF_X),
            offset: row.p_offset(endian).into(),
            file_size: row.p_filesz(endian).into(),
            address: row.p_vaddr(endian).into(),
            writable: row.p_flags(endian).contains(elf::PF_W),
            memory_size: row.p_memsz(endian).into(),
            align: row.p_align(endian).into(),
            is_text: false,
        };
        match row.p_type(endian) {
            elf::PT_LOAD => into.segments.push(segment),
            elf::PT_NOTE => {
                // In a file of debug information alone they may lie outside of it.
                if into.notes.len() < MAX_NOTES
                    && let Ok(notes) = file.part(segment.offset, segment.file_size)
                {
                    into.notes.push((notes, row.p_align(endian).into()));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
