//! The sections of one DWARF file, and looking things up in them.

use super::super::bytes::{Bytes, Damage, Result, Window};
use super::super::names::MAX_NAME;
use super::super::object::ObjectFile;
use super::super::texts::{SHORT, shortened};
use super::cursor::{Cursor, Encoding};
use super::effort::Effort;
use super::note::Note;
use std::sync::Arc;

/// The sections that functions and their places are read from.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    pub(super) big_endian: bool,
    /// Where code begins. Entries of functions that the linker dropped begin before, most of them at 0, and may reach
    /// over code that is there.
    pub(super) code_start: u64,
    pub(super) info: Bytes,
    pub(super) abbrev: Bytes,
    pub(super) strings: Bytes,
    pub(super) line_strings: Bytes,
    pub(super) line: Bytes,
    pub(super) ranges: Bytes,
    pub(super) rnglists: Bytes,
    pub(super) addresses: Bytes,
    pub(super) str_offsets: Bytes,
    pub(super) aranges: Bytes,
    /// What reading them may still cost.
    pub(super) effort: Arc<Effort>,
    /// What of them was lost.
    pub(super) note: Arc<Note>,
}

impl Sections {
    /// `budget` is what inflated sections may still take; each that is compressed takes its inflated size, and is
    /// inflated when it is needed.
    pub(super) fn load(object: &ObjectFile, budget: &mut u64) -> Sections {
        let mut content = |name| object.content(name, budget);
        Sections {
            big_endian: object.big_endian,
            code_start: code_start(object),
            info: content(".debug_info"),
            abbrev: content(".debug_abbrev"),
            strings: content(".debug_str"),
            line_strings: content(".debug_line_str"),
            line: content(".debug_line"),
            ranges: content(".debug_ranges"),
            rnglists: content(".debug_rnglists"),
            addresses: content(".debug_addr"),
            str_offsets: content(".debug_str_offsets"),
            aranges: content(".debug_aranges"),
            effort: Arc::default(),
            note: Arc::default(),
        }
    }

    /// The bytes of those that are read from end to end.
    pub(super) fn size(&self) -> u64 {
        let read = [&self.info, &self.abbrev, &self.line, &self.ranges, &self.rnglists, &self.aranges];
        read.iter().fold(0u64, |sum, section| sum.saturating_add(section.len()))
    }

    /// The sections of a `.dwo` or `.dwp` file; what stays in the program itself is `main`'s.
    pub(super) fn load_split(object: &ObjectFile, main: &Sections, budget: &mut u64) -> Sections {
        let mut content = |name| object.content(name, budget);
        Sections {
            big_endian: object.big_endian,
            code_start: main.code_start,
            info: content(".debug_info.dwo"),
            abbrev: content(".debug_abbrev.dwo"),
            strings: content(".debug_str.dwo"),
            str_offsets: content(".debug_str_offsets.dwo"),
            rnglists: content(".debug_rnglists.dwo"),
            line_strings: main.line_strings.clone(),
            line: main.line.clone(),
            ranges: main.ranges.clone(),
            addresses: main.addresses.clone(),
            aranges: Bytes::default(),
            effort: main.effort.clone(),
            note: main.note.clone(),
        }
    }
}

/// The first address of all sections with code; 0 if that is not known.
fn code_start(object: &ObjectFile) -> u64 {
    object.sections.iter().filter(|s| s.executable && s.size > 0).map(|s| s.address).min().unwrap_or(0)
}

/// A thread's view of one file's sections.
pub(super) struct Reader<'s> {
    pub(super) sections: &'s Sections,
    pub(super) info: Window<'s>,
    strings: Window<'s>,
    line_strings: Window<'s>,
    pub(super) ranges: Window<'s>,
    pub(super) rnglists: Window<'s>,
    addresses: Window<'s>,
    str_offsets: Window<'s>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(sections: &'s Sections) -> Reader<'s> {
        // Names lie scattered; ranges and addresses of a unit lie together.
        let (scattered, together) = (256, 16 << 10);
        Reader {
            sections,
            info: Window::new(&sections.info, 1024),
            strings: Window::new(&sections.strings, scattered),
            line_strings: Window::new(&sections.line_strings, scattered),
            ranges: Window::new(&sections.ranges, together),
            rnglists: Window::new(&sections.rnglists, together),
            addresses: Window::new(&sections.addresses, together),
            str_offsets: Window::new(&sections.str_offsets, together),
        }
    }

    /// A text of `.debug_str`, cut to what can be shown; `None` if it cannot be read, which is noted.
    pub(super) fn string(&mut self, offset: u64) -> Option<String> {
        known(text(&mut self.strings, offset, self.sections), self.sections)
    }

    /// As [`Reader::string`], of `.debug_line_str`.
    pub(super) fn line_string(&mut self, offset: u64) -> Option<String> {
        known(text(&mut self.line_strings, offset, self.sections), self.sections)
    }

    /// As [`Reader::string`], by its index, from where the unit's part of `.debug_str_offsets` begins.
    pub(super) fn indexed_string(&mut self, base: u64, index: u64, encoding: Encoding) -> Option<String> {
        let size = encoding.offset();
        let offset = element(base, index, size).and_then(|at| {
            Cursor::new(self.str_offsets.at(at, size as u64)?, encoding.big_endian).uint(size)
        });
        self.string(known(offset, self.sections)?)
    }

    /// An address by its index, from where the unit's part of `.debug_addr` begins.
    pub(super) fn indexed_address(&mut self, base: u64, index: u64, encoding: Encoding) -> Result<u64> {
        let size = encoding.address();
        let at = element(base, index, size)?;
        Cursor::new(self.addresses.at(at, size as u64)?, encoding.big_endian).uint(size)
    }
}

fn known<T>(read: Result<T>, sections: &Sections) -> Option<T> {
    let lost = |damage: &Damage| sections.note.say(|| format!("names are lost ({damage})"));
    read.inspect_err(lost).ok()
}

/// Long texts are work: one can be the name of everything, and its every end another. After too much of it, their
/// beginnings have to do.
fn text(strings: &mut Window<'_>, offset: u64, sections: &Sections) -> Result<String> {
    // One byte more than is shown, so that it shows where there was more.
    let most = if sections.effort.is_ample() { MAX_NAME } else { SHORT };
    let text = strings.text(offset, most + 1)?;
    if text.len() > SHORT {
        sections.effort.spend(text.len() as u64)?;
    }
    if text.len() > most && most == SHORT {
        sections
            .note
            .say(|| "long names make more work than a file of its size should; they are cut".to_owned());
    }
    Ok(shortened(&readable(text), most).into_owned())
}

/// Where the element of a table lies.
pub(super) fn element(base: u64, index: u64, size: usize) -> Result<u64> {
    let offset = index.checked_mul(size as u64).and_then(|o| o.checked_add(base));
    offset.ok_or_else(|| Damage::new("an index leaves its table"))
}

/// Text as it can be shown; names in other encodings keep what is ASCII.
pub(super) fn readable(bytes: &[u8]) -> String {
    super::super::names::raw(&String::from_utf8_lossy(bytes))
}
