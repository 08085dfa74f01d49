//! Stacks of frames to stacks of locations: functions inlined into one another are lines of one location.

use crate::profile::{Frame, FrameId, Profile, StackId};
use rustc_hash::FxHashMap;

/// All locations of a profile's stacks, in the order in which they were met.
pub(super) struct Locations<'p> {
    profile: &'p Profile,
    /// The frames of all locations, the innermost first, one location after another.
    frames: Vec<FrameId>,
    /// Where each location's frames end.
    ends: Vec<u32>,
    /// Locations of a single frame: one more than the index, 0 for none yet.
    alone: Vec<u32>,
    chains: FxHashMap<Box<[FrameId]>, u32>,
    /// What a stack begins with at its leaf: see [`Step`].
    steps: Vec<Step>,
}

/// A stack's innermost location, and the stack of those around it.
#[derive(Clone, Copy, Default)]
struct Step {
    /// From 1, as the file has it; 0 for stacks not met yet.
    location: u32,
    caller: Option<StackId>,
}

impl<'p> Locations<'p> {
    pub(super) fn new(profile: &'p Profile) -> Locations<'p> {
        Locations {
            profile,
            frames: Vec::new(),
            ends: Vec::new(),
            alone: vec![0; profile.frame_count()],
            chains: FxHashMap::default(),
            steps: vec![Step::default(); profile.stack_count()],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The frames of a location (from 0), the innermost first.
    pub(super) fn frames(&self, index: usize) -> &[FrameId] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.frames[start..self.ends[index] as usize]
    }

    /// Makes the locations of a stack known.
    pub(super) fn add(&mut self, leaf: Option<StackId>) {
        let mut stack = leaf;
        let mut chain = Vec::new();
        while let Some(start) = stack {
            // What is around a stack that was met is known as well.
            if self.steps[start.index()].location != 0 {
                break;
            }
            let caller = self.chain(start, &mut chain);
            let location = self.location(&chain);
            self.steps[start.index()] = Step { location, caller };
            stack = caller;
        }
    }

    /// The ids of a known stack's locations, the innermost first.
    pub(super) fn of(&self, leaf: Option<StackId>) -> impl Iterator<Item = u64> + '_ {
        let step = |stack: StackId| self.steps[stack.index()];
        std::iter::successors(leaf, move |&stack| step(stack).caller)
            .map(move |stack| u64::from(step(stack).location))
    }

    /// Collects the frames at the leaf of a stack that are at one place, and returns the rest of the stack.
    fn chain(&self, leaf: StackId, chain: &mut Vec<FrameId>) -> Option<StackId> {
        chain.clear();
        let mut node = self.profile.stack(leaf);
        loop {
            chain.push(node.frame);
            let frame = self.profile.frame(node.frame);
            let caller = node.parent.map(|parent| self.profile.stack(parent));
            match caller {
                Some(caller) if is_inlined_into(frame, self.profile.frame(caller.frame)) => node = caller,
                _ => return node.parent,
            }
        }
    }

    fn location(&mut self, chain: &[FrameId]) -> u32 {
        let known = match chain {
            [frame] => self.alone[frame.index()],
            chain => self.chains.get(chain).copied().unwrap_or(0),
        };
        if known != 0 {
            return known;
        }
        self.frames.extend_from_slice(chain);
        self.ends.push(self.frames.len() as u32);
        let id = self.ends.len() as u32;
        match chain {
            [frame] => self.alone[frame.index()] = id,
            chain => drop(self.chains.insert(chain.into(), id)),
        }
        id
    }
}

/// Filters can cut chains, so being inlined is not enough: the next frame must be the very next one of the place.
fn is_inlined_into(inner: Frame, outer: Frame) -> bool {
    inner.inlined
        && inner.module.is_some()
        && (inner.module, inner.offset) == (outer.module, outer.offset)
        && inner.inline_depth.checked_add(1) == Some(outer.inline_depth)
}
