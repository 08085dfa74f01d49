//! Mach-O and PE, by the library that knows all formats.

use super::super::bytes::{Bytes, Damage, Result};
use super::{Format, Kind, ObjectFile, Packed, Section, Segment, Stored, Symbols};
use object::macho::MH_DSYM;
use object::read::macho::MachHeader;
use object::read::{ReadCache, ReadCacheOps};
use object::{BinaryFormat, CompressionFormat, Object, ObjectSection, ObjectSegment, SectionKind};

/// The library reads tables whole; one that claims more is damaged.
const MAX_READ: usize = 1 << 30;

/// Bytes as the library wants to read them.
pub(in super::super) struct Reader {
    bytes: Bytes,
    at: u64,
    held: Vec<u8>,
}

/// Bytes in a cache that keeps what the library has read.
pub(in super::super) fn cache(bytes: &Bytes) -> ReadCache<Reader> {
    ReadCache::new(Reader { bytes: bytes.clone(), at: 0, held: Vec::new() })
}

impl ReadCacheOps for Reader {
    fn len(&mut self) -> std::result::Result<u64, ()> {
        Ok(self.bytes.len())
    }

    fn seek(&mut self, to: u64) -> std::result::Result<u64, ()> {
        self.at = to;
        Ok(to)
    }

    fn read(&mut self, into: &mut [u8]) -> std::result::Result<usize, ()> {
        self.bytes.read_up_to(self.at, into.len() as u64, &mut self.held).map_err(|_| ())?;
        into[..self.held.len()].copy_from_slice(&self.held);
        self.at += self.held.len() as u64;
        Ok(self.held.len())
    }

    fn read_exact(&mut self, into: &mut [u8]) -> std::result::Result<(), ()> {
        if into.len() > MAX_READ || self.read(into)? != into.len() {
            return Err(());
        }
        Ok(())
    }
}

pub(super) fn parse(file: &Bytes) -> Result<ObjectFile> {
    let cache = cache(file);
    let parsed = object::File::parse(&cache)?;
    let section = |section: object::Section<'_, '_, _>| {
        let stored = section.compressed_file_range().ok().and_then(|range| {
            let packed = match range.format {
                CompressionFormat::None => None,
                CompressionFormat::Zlib => Some(Format::Zlib),
                CompressionFormat::Zstandard => Some(Format::Zstd),
                _ => return None,
            };
            let packed = packed.map(|format| Packed { format, inflated: range.uncompressed_size });
            let bytes = file.part(range.offset, range.compressed_size).ok()?;
            Some(Stored { bytes, packed }).filter(|stored| !stored.bytes.is_empty())
        });
        Section {
            name: section.name_bytes().unwrap_or_default().to_vec(),
            address: section.address(),
            size: section.size(),
            executable: section.kind() == SectionKind::Text,
            stored,
        }
    };
    let segment = |segment: object::Segment<'_, '_, _>| {
        let (offset, file_size) = segment.file_range();
        let permissions = segment.permissions();
        Segment {
            executable: permissions.executable(),
            writable: permissions.writable(),
            offset,
            file_size,
            address: segment.address(),
            memory_size: segment.size(),
            align: segment.align(),
            is_text: segment.name() == Ok(Some("__TEXT")),
        }
    };
    if parsed.sections().count() > 1 << 16 {
        return Err(Damage::new("it claims more sections than is believed"));
    }
    let is_dsym = match &parsed {
        object::File::MachO32(file) => file.macho_header().filetype(file.endian()) == MH_DSYM,
        object::File::MachO64(file) => file.macho_header().filetype(file.endian()) == MH_DSYM,
        _ => false,
    };
    let kind = match parsed.format() {
        BinaryFormat::MachO if is_dsym => Kind::Dsym,
        BinaryFormat::MachO => Kind::MachO,
        _ => Kind::Other,
    };
    Ok(ObjectFile {
        kind,
        big_endian: !parsed.is_little_endian(),
        sections: parsed.sections().map(section).collect(),
        segments: parsed.segments().map(segment).collect(),
        symbols: Symbols::Other(file.clone()),
        notes: Vec::new(),
        uuid: parsed.mach_uuid().ok().flatten(),
        ..ObjectFile::default()
    })
}
