//! Mach-O and PE, by the library that knows all formats.

use super::super::bytes::{Bytes, Damage, Result};
use super::{Format, Kind, ObjectFile, Packed, Section, Segment, Stored, Symbols};
use object::macho::MH_DSYM;
use object::read::macho::MachHeader;
use object::read::{ReadCache, ReadCacheOps, ReadRef};
use object::{BinaryFormat, CompressionFormat, Object, ObjectSection, ObjectSegment, SectionKind};
use rustc_hash::FxHashSet;
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// What headers may take.
const HEADERS: u64 = 16 << 20;
/// What a piece takes beside its bytes.
const EACH: u64 = 128;

/// Keeps what the library has read: it reads tables whole, and needs all that it has read until its end.
pub(in super::super) struct Cache {
    kept: ReadCache<Reader>,
    /// Start and size of what was read; the size is 0 for texts.
    known: RefCell<FxHashSet<(u64, u64)>>,
    left: Cell<u64>,
    is_full: Cell<bool>,
}

/// Bytes as the library wants to read them.
struct Reader {
    bytes: Bytes,
    at: u64,
    held: Vec<u8>,
}

impl Cache {
    /// Refuses to hold more than `most` bytes.
    fn new(bytes: &Bytes, most: u64) -> Cache {
        let reader = Reader { bytes: bytes.clone(), at: 0, held: Vec::new() };
        let (left, is_full) = (Cell::new(most), Cell::new(false));
        Cache { kept: ReadCache::new(reader), known: RefCell::default(), left, is_full }
    }

    /// # Errors
    /// If something was refused.
    pub(in super::super) fn whole(&self) -> Result<()> {
        match self.is_full.get() {
            true => Err(Damage::new("its symbols take more memory than may be used")),
            false => Ok(()),
        }
    }

    fn take(&self, piece: (u64, u64), size: u64) -> std::result::Result<(), ()> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&piece) {
            let Some(left) = self.left.get().checked_sub(size.saturating_add(EACH)) else {
                self.is_full.set(true);
                return Err(());
            };
            self.left.set(left);
            known.insert(piece);
        }
        Ok(())
    }
}

impl ObjectFile {
    /// For reading its symbols.
    pub(in super::super) fn cache(&self, bytes: &Bytes) -> Cache {
        Cache::new(bytes, self.symbol_memory)
    }
}

impl<'c> ReadRef<'c> for &'c Cache {
    fn len(self) -> std::result::Result<u64, ()> {
        (&self.kept).len()
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> std::result::Result<&'c [u8], ()> {
        self.take((offset, size), size)?;
        (&self.kept).read_bytes_at(offset, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, end: u8) -> std::result::Result<&'c [u8], ()> {
        let start = range.start;
        let text = (&self.kept).read_bytes_at_until(range, end)?;
        self.take((start, 0), text.len() as u64)?;
        Ok(text)
    }
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
        if self.read(into)? == into.len() { Ok(()) } else { Err(()) }
    }
}

pub(super) fn parse(file: &Bytes) -> Result<ObjectFile> {
    let cache = Cache::new(file, HEADERS);
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
