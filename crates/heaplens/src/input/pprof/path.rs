//! Lists of locations to stacks, one sample after another. What a list has in common with the one before, from the root
//! on, is not read again: the bytes say whether it is the same.

use super::locations::Locations;
use super::wire::{Fault, Part};
use super::{Reader, budget};
use crate::error::Error;
use crate::profile::StackId;

/// Of one stack; deeper ones are no program's.
const MOST_LOCATIONS: usize = 1 << 21;

/// A sample's locations as the file has them, the innermost first.
#[derive(Clone, Debug)]
pub(super) enum List<'a> {
    /// All in one piece, as writers have done it for long.
    Packed(Part<'a>),
    /// Their rows, from several pieces.
    Rows(Vec<u32>),
}

impl Default for List<'_> {
    fn default() -> Self {
        List::Packed(Part::of(b""))
    }
}

/// The row of a location's id, which is the next of so many.
#[inline]
pub(super) fn row(id: u64, at: usize, count: usize, locations: &Locations) -> Result<u32, Fault> {
    match locations.ids.row(id) {
        Some(row) if count < MOST_LOCATIONS => Ok(row as u32),
        found => Err(bad_location(at, id, found)),
    }
}

#[cold]
fn bad_location(at: usize, id: u64, found: Option<usize>) -> Fault {
    match found {
        Some(_) => Fault::new(at, "one more location", "at most 2097152 for a stack"),
        None => Fault::new(at, format!("location {id}, which is not there"), "one that is"),
    }
}

/// The list before.
#[derive(Default)]
pub(super) struct Path<'a> {
    bytes: &'a [u8],
    /// From the root.
    steps: Vec<Step>,
    /// Rows that are new, the innermost first, and where their ids begin.
    new: Vec<(u32, u32)>,
}

#[derive(Clone, Copy)]
struct Step {
    /// `None` where a location has no frames, which does not happen.
    stack: Option<StackId>,
    /// How many bytes the ids have, from the root to this one.
    length: u32,
    /// How many frames.
    depth: u32,
}

impl<'a> Path<'a> {
    /// Reads a list as far as it is new.
    pub(super) fn read(&mut self, list: &List<'a>, locations: &Locations) -> Result<(), Fault> {
        self.new.clear();
        match list {
            List::Packed(part) => {
                let common = common_suffix(self.bytes, part.bytes);
                self.bytes = part.bytes;
                // An id that is longer than the one before ends with its bytes.
                let begins = |step: &Step| match part.bytes.len().checked_sub(step.length as usize) {
                    Some(0) => true,
                    Some(at) => part.bytes[at - 1] < 0x80,
                    None => false,
                };
                while self.steps.pop_if(|step| step.length as usize > common || !begins(step)).is_some() {}
                let known = self.steps.last().map_or(0, |step| step.length as usize);
                let new = Part { at: part.at, bytes: &part.bytes[..part.bytes.len() - known] };
                new.numbers(|id, at| {
                    let row = row(id, at, self.steps.len() + self.new.len(), locations)?;
                    self.new.push((row, (at - part.at) as u32));
                    Ok(())
                })
            }
            List::Rows(rows) => {
                self.forget();
                self.new.extend(rows.iter().map(|&row| (row, 0)));
                Ok(())
            }
        }
    }

    /// The stack of the list that was read.
    pub(super) fn stack(
        &mut self,
        locations: &Locations,
        reader: &mut Reader<'_>,
    ) -> Result<Option<StackId>, Error> {
        let Reader { profile, budget, .. } = reader;
        let (mut stack, mut depth) = self.steps.last().map_or((None, 0), |step| (step.stack, step.depth));
        for &(row, start) in self.new.iter().rev() {
            let before = profile.stack_count();
            for &frame in locations.frames(row as usize) {
                stack = Some(profile.add_stack(stack, frame));
            }
            budget.charge((profile.stack_count() - before) * budget::NODE)?;
            depth = depth.saturating_add(locations.frames(row as usize).len() as u32);
            self.steps.push(Step { stack, length: (self.bytes.len() as u32).wrapping_sub(start), depth });
        }
        budget.charge(depth as usize * budget::FRAME)?;
        if self.bytes.is_empty() {
            self.forget();
        }
        Ok(stack)
    }

    /// Has nothing in common with what follows.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
        self.bytes = b"";
    }
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = 8;
    let words = a.rchunks_exact(WORD).zip(b.rchunks_exact(WORD)).take_while(|(a, b)| a == b).count() * WORD;
    let rest = a.iter().rev().skip(words).zip(b.iter().rev().skip(words));
    words + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn suffixes_are_common(a in prop::collection::vec(0u8..2, 0..40), b in prop::collection::vec(0u8..2, 0..40), c in prop::collection::vec(0u8..2, 0..40)) {
            let (a, b) = ([a, c.clone()].concat(), [b, c].concat());
            let expected = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
            prop_assert_eq!(common_suffix(&a, &b), expected);
        }
    }
}
