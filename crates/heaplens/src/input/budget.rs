//! How much memory a file may become.
//!
//! A message of a few bytes can stand for much: a stack node, a sample, a function that all name one long text. What
//! is kept is counted, roughly and rather too high, and bounded by the size of the file as it came. Compressed data
//! is what the bound is for: plain messages need about as many bytes as they deserve.

use crate::error::Error;

/// What any file may become.
const BASE: usize = 32 << 20;
/// What each of its bytes may add.
const PER_BYTE: usize = 96;

/// A node of the tree of stacks, with its place in the index.
pub(crate) const NODE: usize = 64;
/// A frame of a sample's stack, new or not: some outputs write each stack whole, and few bytes stand for many frames.
pub(super) const FRAME: usize = 2;
pub(super) const SAMPLE: usize = 128;
pub(super) const LOCATION: usize = 64;
/// A line of a location: a frame with its place in the index.
pub(super) const LINE: usize = 96;
pub(super) const FUNCTION: usize = 128;
/// A string's place in the file.
pub(super) const STRING: usize = 40;
/// A text that is kept, beside its bytes.
pub(super) const TEXT: usize = 96;
pub(super) const MAPPING: usize = 64;
/// A module; its path is kept several times.
pub(super) const MODULE: usize = 1024;

#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    /// The file's size as it came.
    file: usize,
}

impl Budget {
    pub(crate) fn new(file: usize) -> Budget {
        Budget { left: limit(file), file }
    }

    pub(crate) fn left(&self) -> usize {
        self.left
    }

    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::TooCostly { bytes: self.file as u64, limit: limit(self.file) as u64 }),
        }
    }
}

fn limit(file: usize) -> usize {
    BASE.saturating_add(file.saturating_mul(PER_BYTE))
}
