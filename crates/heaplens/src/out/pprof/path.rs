//! The list of locations of one stack after another, as the file has it. What a stack has in common with the one
//! before stays.

use super::wire;
use crate::out::locations::Locations;
use crate::profile::StackId;

/// The stack at hand.
#[derive(Default)]
pub(super) struct Path {
    stack: Option<StackId>,
    /// From the root.
    steps: Vec<Step>,
    /// Ends in the packed ids of the locations, the innermost first.
    buffer: Vec<u8>,
    /// What is new, the innermost first: each node, and where its id ends in `packed`.
    new: Vec<(StackId, u32)>,
    packed: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Step {
    /// The innermost node of a location.
    node: StackId,
    /// How long the ids up to this one are, from the root.
    length: u32,
}

impl Path {
    /// Goes to another stack, and returns the packed ids of its locations.
    pub(super) fn follow(&mut self, leaf: Option<StackId>, locations: &mut Locations<'_>) -> &[u8] {
        if leaf != self.stack {
            self.stack = leaf;
            self.advance(leaf, locations);
        }
        let length = self.steps.last().map_or(0, |step| step.length as usize);
        &self.buffer[self.buffer.len() - length..]
    }

    fn advance(&mut self, leaf: Option<StackId>, locations: &mut Locations<'_>) {
        self.new.clear();
        self.packed.clear();
        let mut stack = leaf;
        while let Some(node) = stack {
            // Callers have smaller ids: what is larger is none of this stack's, or a part of a location that begins
            // further in here.
            while self.steps.pop_if(|step| step.node > node).is_some() {}
            if self.steps.last().is_some_and(|step| step.node == node) {
                return self.put();
            }
            let (location, caller) = locations.at(node);
            wire::varint(&mut self.packed, location.into());
            self.new.push((node, self.packed.len() as u32));
            stack = caller;
        }
        self.steps.clear();
        self.put();
    }

    /// Puts what is new in front of what stays.
    fn put(&mut self) {
        let stays = self.steps.last().map_or(0, |step| step.length as usize);
        let length = stays + self.packed.len();
        if length > self.buffer.len() {
            let more = length.max(1024).next_power_of_two() - self.buffer.len();
            self.buffer.splice(0..0, std::iter::repeat_n(0, more));
        }
        let end = self.buffer.len() - stays;
        self.buffer[end - self.packed.len()..end].copy_from_slice(&self.packed);
        let starts = std::iter::once(0).chain(self.new.iter().map(|&(_, end)| end));
        let steps = self
            .new
            .iter()
            .zip(starts)
            .map(|(&(node, _), start)| Step { node, length: length as u32 - start });
        let first = self.steps.len();
        self.steps.extend(steps);
        self.steps[first..].reverse();
    }
}
