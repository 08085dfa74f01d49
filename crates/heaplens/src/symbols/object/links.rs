//! What a file says of itself and of the files that belong to it.

use super::super::bytes::{Bytes, Result};
use super::ObjectFile;

/// A build-id is 20 bytes as a rule; nothing longer than this is one.
const MAX_ID: usize = 64;
/// Longer notes hold other things.
const MAX_NOTES: u64 = 1 << 16;

impl ObjectFile {
    /// The GNU build-id or the Mach-O UUID.
    pub(in super::super) fn build_id(&self) -> Option<Vec<u8>> {
        if self.uuid.is_some() {
            return self.uuid.map(Vec::from);
        }
        self.notes.iter().find_map(|(notes, align)| {
            let bytes = notes.get(0..notes.len().min(MAX_NOTES)).ok()?;
            build_id_note(&bytes, *align, self.big_endian)
        })
    }

    /// `.gnu_debuglink`: the name of the file with the debug information, and its CRC-32.
    pub(in super::super) fn debug_link(&self) -> Option<(Vec<u8>, u32)> {
        let (name, rest) = self.link(".gnu_debuglink")?;
        // The checksum stands at the next multiple of four.
        let pad = (name.len() + 1).next_multiple_of(4) - (name.len() + 1);
        let crc = rest.get(pad..pad + 4)?.try_into().ok()?;
        Some((name, if self.big_endian { u32::from_be_bytes(crc) } else { u32::from_le_bytes(crc) }))
    }

    /// `.gnu_debugaltlink`: the name of the file that several share, and its build-id.
    pub(in super::super) fn alt_link(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.link(".gnu_debugaltlink").filter(|(_, id)| !id.is_empty() && id.len() <= MAX_ID)
    }

    /// A name and what follows its closing zero.
    fn link(&self, section: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let stored = self.section(section)?.stored.as_ref().filter(|stored| stored.packed.is_none())?;
        let bytes = stored.bytes.get(0..stored.bytes.len().min(1 << 13)).ok()?;
        let end = memchr::memchr(0, &bytes)?;
        Some((bytes[..end].to_vec(), bytes[end + 1..].to_vec()))
    }

    /// The mini debug info of Fedora and others: an ELF file in xz with the names of static functions.
    pub(in super::super) fn mini_debug_info(&self) -> Option<Result<ObjectFile>> {
        let stored = self.section(".gnu_debugdata")?.stored.as_ref()?;
        let bytes = super::inflate::xz(&stored.bytes, self.symbol_memory);
        Some(bytes.and_then(|bytes| ObjectFile::parse(&bytes)))
    }
}

/// The description of a note named `GNU` of type 3.
fn build_id_note(notes: &[u8], align: u64, big_endian: bool) -> Option<Vec<u8>> {
    let align = if align == 8 { 8 } else { 4 };
    let mut at = 0usize;
    loop {
        let number = |from: usize| {
            let bytes: [u8; 4] = notes.get(from..from.checked_add(4)?)?.try_into().ok()?;
            Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
        };
        let (name_len, len, kind) = (number(at)?, number(at + 4)?, number(at + 8)?);
        let name = at + 12;
        let start = name.checked_add(name_len)?.checked_next_multiple_of(align)?;
        let end = start.checked_add(len)?;
        if kind == 3 && notes.get(name..name + name_len)?.starts_with(b"GNU\0") {
            return notes
                .get(start..end)
                .filter(|id| !id.is_empty() && id.len() <= MAX_ID)
                .map(<[u8]>::to_vec);
        }
        at = end.checked_next_multiple_of(align)?;
    }
}

/// A part of the file with notes, and how they are aligned.
pub(super) type Notes = (Bytes, u64);
