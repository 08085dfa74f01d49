//! Places in a file to virtual addresses, by the file's segments.

use super::object::{self, Kind, ObjectFile};
use crate::profile::{Module, Offsets};

/// A part of a file and where it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    /// In the file.
    pub(super) size: u64,
    pub(super) address: u64,
}

/// Whether a file's segments are those of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Layout {
    /// They are: it is the program, or its debug file has kept them.
    Stated,
    /// It holds debug information alone and has kept only addresses and sizes; the places were computed from these.
    Computed,
    /// It holds debug information alone, and nothing tells the places.
    #[default]
    Unknown,
}

/// A file's segments in the order in which they are asked (where two hold one place of the file, code is meant), and
/// where they come from.
pub(super) fn with_layout(file: &ObjectFile) -> (Vec<Segment>, Layout) {
    let code = || file.segments.iter().filter(|s| s.executable && s.memory_size > 0);
    if file.kind == Kind::Dsym {
        // The first segment of code starts with the image's header, at 0.
        let text = file.segments.iter().find(|s| s.is_text);
        let text = text.map(|s| Segment { offset: 0, size: s.memory_size, address: s.address });
        let layout = if text.is_some() { Layout::Stated } else { Layout::Unknown };
        return (text.into_iter().collect(), layout);
    }
    // objcopy and strip leave the headers of code and take its bytes.
    let without_bytes = file.kind == Kind::Elf
        && file.sections.iter().any(|s| s.executable && s.stored.is_none() && s.size > 0);
    if without_bytes && code().any(|s| s.file_size < s.memory_size) {
        return match computed(file) {
            Some(segments) => (segments, Layout::Computed),
            None => (Vec::new(), Layout::Unknown),
        };
    }
    let layout = if code().any(|s| s.file_size > 0) { Layout::Stated } else { Layout::Unknown };
    let mut segments = file.segments.clone();
    segments.sort_by_key(|s| (!s.executable, s.offset, s.file_size, s.address));
    let segment = |s: object::Segment| Segment { offset: s.offset, size: s.file_size, address: s.address };
    (segments.into_iter().map(segment).collect(), layout)
}

/// The executable segments of a program by the addresses and sizes that its debug file has kept (`objcopy
/// --only-keep-debug` of binutils sets their offsets to 0).
///
/// Linkers put one segment behind another, each at the next offset that is its address modulo the page size, since
/// pages are what is mapped. The first begins with the file's header. `None` where that does not determine the places:
/// behind a segment that may be larger in memory than in the file, or without the header in the first.
fn computed(file: &ObjectFile) -> Option<Vec<Segment>> {
    const ELF_HEADER: u64 = 64;
    let mut list = file.segments.clone();
    list.sort_by_key(|s| s.address);
    let first = list.first()?;
    let lowest_section =
        file.sections.iter().map(|s| s.address).filter(|&a| a >= first.address.max(1)).min()?;
    let begins_with_header = lowest_section.checked_sub(first.address)? >= ELF_HEADER;
    if !begins_with_header || first.address % first.align.max(1) != 0 {
        return None;
    }
    let mut code = Vec::new();
    // Where the segments so far end; unknown behind one with zeroed memory at its end.
    let mut end = Some(0u64);
    for segment in &list {
        let object::Segment { address, memory_size: size, align: page, writable, executable, .. } = *segment;
        if executable && (writable || end.is_none() || !page.is_power_of_two()) {
            return None;
        }
        let offset = end.and_then(|end| end.checked_add(address.wrapping_sub(end) % page.max(1)));
        end = offset.and_then(|offset| offset.checked_add(size)).filter(|_| !writable);
        if let (true, Some(offset)) = (executable, offset) {
            code.push(Segment { offset, size, address });
        }
    }
    (!code.is_empty()).then_some(code)
}

/// A module's places as virtual addresses; `None` for those that no segment holds.
pub(super) fn addresses(segments: &[Segment], module: &Module, lookups: &[u64]) -> Vec<Option<u64>> {
    let lookups = lookups.iter();
    match module.offsets {
        Offsets::InFile => lookups.map(|&lookup| address(segments, lookup)).collect(),
        Offsets::Virtual => lookups.map(|&lookup| Some(lookup)).collect(),
    }
}

/// The virtual address of a place in the file, if a segment holds it.
pub(super) fn address(segments: &[Segment], place: u64) -> Option<u64> {
    segments.iter().find_map(|s| {
        let inside = place.checked_sub(s.offset).filter(|&d| d < s.size)?;
        s.address.checked_add(inside)
    })
}
