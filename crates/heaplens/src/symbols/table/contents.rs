//! The first and the last words of a table: what it is, of which program, and where its index lies.

use super::pages;
use crate::symbols::bytes::{Damage, Result};
use crate::symbols::numbers::{Reader, put, put_text};
use crate::symbols::object::ObjectFile;
use crate::symbols::segments::Segment;
use std::io::{self, Write};

/// The last number is the format's version.
pub(super) const HEAD: &[u8; 12] = b"hl symbols\x00\x02";
const TAIL: &[u8; 8] = b"hl end\r\n";
/// Contents are a few hundred bytes; notes may be longer.
const MOST: u64 = 1 << 20;

/// What a table is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Lower-case hexadecimal; empty if the program has none.
    pub(super) build_id: String,
    /// What tells the program from others if it has no build-id.
    pub(super) code: Option<CodeDigest>,
    /// True if it was made from debug information, not from a symbol table alone.
    pub(super) has_lines: bool,
    pub(super) segments: Vec<Segment>,
    /// What of the debug information could not be read.
    pub(super) notes: Vec<String>,
    /// Where the index's list of blocks is, and how many there are.
    pub(super) index: (u64, u64),
}

impl Contents {
    /// Writes the last words.
    pub(super) fn write<W: Write>(&self, out: &mut pages::Writer<W>) -> io::Result<()> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, concat!("heaplens ", env!("CARGO_PKG_VERSION")));
        put_text(&mut bytes, &self.build_id);
        let code = self.code.unwrap_or_default();
        put(&mut bytes, code.size);
        put(&mut bytes, code.checksum.into());
        put(&mut bytes, self.has_lines.into());
        put(&mut bytes, self.segments.len() as u64);
        for segment in &self.segments {
            put(&mut bytes, segment.offset);
            put(&mut bytes, segment.size);
            put(&mut bytes, segment.address);
        }
        put(&mut bytes, self.notes.len() as u64);
        self.notes.iter().for_each(|note| put_text(&mut bytes, note));
        put(&mut bytes, self.index.0);
        put(&mut bytes, self.index.1);
        let start = out.position();
        out.write(&bytes)?;
        out.write(&start.to_le_bytes())?;
        out.write(TAIL)
    }

    /// # Errors
    /// If this is no table, or none of this version, or it is not whole.
    pub(super) fn read(pages: &mut pages::Reader) -> Result<Contents> {
        let mut bytes = Vec::new();
        pages.read_up_to(0, HEAD.len() as u64, &mut bytes)?;
        let (kind, version) = HEAD.split_at(HEAD.len() - 2);
        match bytes.strip_prefix(kind) {
            None => return Err(Damage::new("it is no table of symbols")),
            Some(found) if found != version => {
                return Err(Damage::new("it was made by another version of heaplens; make it again"));
            }
            Some(_) => {}
        }
        let tail = pages.len().checked_sub(16).ok_or_else(cut)?;
        pages.read(tail..pages.len(), &mut bytes)?;
        let start =
            bytes.strip_suffix(TAIL).and_then(|rest| <[u8; 8]>::try_from(rest).ok()).ok_or_else(cut)?;
        let start = u64::from_le_bytes(start);
        if tail.checked_sub(start).is_none_or(|length| length > MOST) {
            return Err(cut());
        }
        pages.read(start..tail, &mut bytes)?;
        parse(&bytes).ok_or_else(cut)
    }
}

fn cut() -> Damage {
    Damage::new("it is not whole")
}

fn parse(bytes: &[u8]) -> Option<Contents> {
    let mut rest = Reader::new(bytes);
    rest.text()?;
    let build_id = rest.text()?.to_owned();
    let code = CodeDigest { size: rest.number()?, checksum: rest.small()? };
    let has_lines = rest.number()? == 1;
    let segment = |rest: &mut Reader<'_>| {
        Some(Segment { offset: rest.number()?, size: rest.number()?, address: rest.number()? })
    };
    let segments = (0..rest.count()?).map(|_| segment(&mut rest)).collect::<Option<_>>()?;
    let notes = (0..rest.count()?).map(|_| rest.text().map(str::to_owned)).collect::<Option<_>>()?;
    let index = (rest.number()?, rest.number()?);
    let code = (code.size > 0).then_some(code);
    rest.is_empty().then_some(Contents { build_id, code, has_lines, segments, notes, index })
}

/// Size and CRC-32 of a program's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CodeDigest {
    pub(super) size: u64,
    pub(super) checksum: u32,
}

impl CodeDigest {
    /// Reads all of a file's sections with code.
    ///
    /// # Errors
    /// If one lies outside the file, or the file has none.
    pub(super) fn of(file: &ObjectFile) -> Result<CodeDigest> {
        const STEP: u64 = 1 << 18;
        let mut hasher = crc32fast::Hasher::new();
        let (mut size, mut bytes) = (0, Vec::new());
        for section in file.sections.iter().filter(|section| section.executable) {
            let Some(stored) = &section.stored else { continue };
            let mut at = 0;
            while at < stored.bytes.len() {
                stored.bytes.read_up_to(at, STEP, &mut bytes)?;
                hasher.update(&bytes);
                at += bytes.len() as u64;
            }
            size += stored.bytes.len();
        }
        match size {
            0 => Err(Damage::new("it has no code to tell it by")),
            _ => Ok(CodeDigest { size, checksum: hasher.finalize() }),
        }
    }
}
