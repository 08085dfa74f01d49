//! Places in a file to virtual addresses, by the file's segments.

use super::object::ObjectFile;

/// A part of a file and where it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    /// In the file.
    pub(super) size: u64,
    pub(super) address: u64,
}

/// A file's segments in the order in which they are asked: where two hold one place of the file, code is meant.
pub(super) fn of(file: &ObjectFile) -> Vec<Segment> {
    let mut segments = file.segments.clone();
    segments.sort_by_key(|s| (!s.executable, s.offset, s.file_size, s.address));
    let segment =
        |s: super::object::Segment| Segment { offset: s.offset, size: s.file_size, address: s.address };
    segments.into_iter().map(segment).collect()
}

/// The virtual address of a place in the file, if a segment holds it.
pub(super) fn address(segments: &[Segment], place: u64) -> Option<u64> {
    segments.iter().find_map(|s| {
        let inside = place.checked_sub(s.offset).filter(|&d| d < s.size)?;
        s.address.checked_add(inside)
    })
}
