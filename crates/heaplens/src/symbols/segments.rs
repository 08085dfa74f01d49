//! Places in a file to virtual addresses, by the file's segments.

use object::{Object, ObjectSegment};

/// A part of a file and where it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) offset: u64,
    /// In the file.
    pub(super) size: u64,
    pub(super) address: u64,
}

/// A file's segments in the order in which they are asked: where two hold one place of the file, code is meant.
pub(super) fn of<'a>(file: &impl Object<'a>) -> Vec<Segment> {
    let mut segments: Vec<(bool, u64, u64, u64)> = file
        .segments()
        .map(|s| {
            let (offset, size) = s.file_range();
            (!s.permissions().executable(), offset, size, s.address())
        })
        .collect();
    segments.sort_unstable();
    segments.into_iter().map(|(_, offset, size, address)| Segment { offset, size, address }).collect()
}

/// The virtual address of a place in the file, if a segment holds it.
pub(super) fn address(segments: &[Segment], place: u64) -> Option<u64> {
    segments.iter().find_map(|s| {
        let inside = place.checked_sub(s.offset).filter(|&d| d < s.size)?;
        s.address.checked_add(inside)
    })
}
