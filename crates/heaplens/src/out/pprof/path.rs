//! The list of locations of one stack after another, as the file has it. What a stack has in common with the one
//! before stays.

use super::locations::Locations;
use super::order::Order;
use super::wire;
use crate::profile::StackId;

/// The stack at hand.
#[derive(Default)]
pub(super) struct Path {
    stack: Option<StackId>,
    /// From the root: the innermost node of each location.
    steps: Vec<Step>,
    /// Ends in the packed ids of the locations, the innermost first.
    buffer: Vec<u8>,
    /// What is new, the innermost first: each node, and where its id ends in `packed`.
    new: Vec<(StackId, u32)>,
    packed: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Step {
    node: StackId,
    /// The place behind all stacks that begin with it.
    end: u32,
    /// How long the ids up to this one are, from the root.
    length: u32,
}

impl Path {
    /// Goes to the next stack in the order, and returns the packed ids of its locations.
    pub(super) fn follow(
        &mut self,
        leaf: Option<StackId>,
        order: &Order,
        locations: &mut Locations<'_>,
    ) -> &[u8] {
        if leaf != self.stack {
            self.stack = leaf;
            self.advance(leaf, order.place(leaf), order, locations);
        }
        let length = self.steps.last().map_or(0, |step| step.length as usize);
        &self.buffer[self.buffer.len() - length..]
    }

    fn advance(&mut self, leaf: Option<StackId>, place: u32, order: &Order, locations: &mut Locations<'_>) {
        while self.steps.pop_if(|step| step.end <= place).is_some() {}
        self.new.clear();
        self.packed.clear();
        let mut stack = leaf;
        while let Some(node) = stack {
            // A location can begin further in than the one that was here: what is inlined into its functions is a
            // part of it.
            while self.steps.pop_if(|step| step.node > node).is_some() {}
            if self.steps.last().is_some_and(|step| step.node == node) {
                break;
            }
            let (location, caller) = locations.at(node);
            wire::varint(&mut self.packed, location.into());
            self.new.push((node, self.packed.len() as u32));
            stack = caller;
        }
        self.put(order);
    }

    /// Puts what is new in front of what stays.
    fn put(&mut self, order: &Order) {
        let stays = self.steps.last().map_or(0, |step| step.length as usize);
        let length = stays + self.packed.len();
        if length > self.buffer.len() {
            let more = length.max(1024).next_power_of_two() - self.buffer.len();
            self.buffer.splice(0..0, std::iter::repeat_n(0, more));
        }
        let end = self.buffer.len() - stays;
        self.buffer[end - self.packed.len()..end].copy_from_slice(&self.packed);
        let start_of = |at: usize| at.checked_sub(1).map_or(0, |before| self.new[before].1);
        for at in (0..self.new.len()).rev() {
            let length = length as u32 - start_of(at);
            let node = self.new[at].0;
            self.steps.push(Step { node, end: order.end(node), length });
        }
    }
}
