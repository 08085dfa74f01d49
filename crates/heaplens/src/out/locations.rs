//! Frames to locations: functions inlined into one another are lines of one location.

use crate::profile::{Frame, FrameId, Profile, StackId};
use rustc_hash::FxHashMap;

/// All locations that were met, in that order.
pub(super) struct Locations<'p> {
    profile: &'p Profile,
    /// The frames of all locations, the innermost first, one location after another.
    frames: Vec<FrameId>,
    rows: Vec<Row>,
    /// The last location that began with a frame: one more than the index, 0 for none yet; with its row, so that one look
    /// finds both.
    last: Vec<(u32, Row)>,
    chains: FxHashMap<Box<[FrameId]>, u32>,
    /// Of the location at hand.
    chain: Vec<FrameId>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    start: u32,
    end: u32,
    /// False if its outermost function is inlined into another one, which a filter cut away.
    is_whole: bool,
}

impl<'p> Locations<'p> {
    pub(super) fn new(profile: &'p Profile) -> Locations<'p> {
        let last = vec![(0, Row::default()); profile.frame_count()];
        let chains = FxHashMap::default();
        Locations { profile, frames: Vec::new(), rows: Vec::new(), last, chains, chain: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The frames of a location (from 0), the innermost first.
    pub(super) fn frames(&self, index: usize) -> &[FrameId] {
        let row = self.rows[index];
        &self.frames[row.start as usize..row.end as usize]
    }

    /// The location at the leaf of a stack, from 1 as the file has it, and the rest of the stack.
    pub(super) fn at(&mut self, leaf: StackId) -> (u32, Option<StackId>) {
        if let Some(known) = self.known(leaf) {
            return known;
        }
        let caller = self.collect(leaf);
        (self.add(), caller)
    }

    /// The locations of a stack, from 1, the innermost first.
    pub(super) fn of(&mut self, mut stack: Option<StackId>) -> impl Iterator<Item = u32> + '_ {
        std::iter::from_fn(move || {
            let (location, caller) = self.at(stack?);
            stack = caller;
            Some(location)
        })
    }

    /// As [`Locations::at`], if the innermost frame's location is the one that it was the last time.
    fn known(&self, leaf: StackId) -> Option<(u32, Option<StackId>)> {
        let mut node = self.profile.stack(leaf);
        let (location, row) = self.last[node.frame.index()];
        if location == 0 {
            return None;
        }
        // The first is what it was found by.
        for at in row.start + 1..row.end {
            node = self.profile.stack(node.parent?);
            if node.frame != self.frames[at as usize] {
                return None;
            }
        }
        row.is_whole.then_some((location, node.parent))
    }

    /// Collects the frames at the leaf of a stack that are at one place, and returns the rest of the stack.
    fn collect(&mut self, leaf: StackId) -> Option<StackId> {
        self.chain.clear();
        let mut node = self.profile.stack(leaf);
        loop {
            self.chain.push(node.frame);
            let frame = self.profile.frame(node.frame);
            let caller = node.parent.map(|parent| self.profile.stack(parent));
            match caller {
                Some(caller) if is_inlined_into(frame, self.profile.frame(caller.frame)) => node = caller,
                _ => return node.parent,
            }
        }
    }

    /// The location of the frames that were collected, added if it is new.
    fn add(&mut self) -> u32 {
        if let Some(&known) = self.chains.get(&self.chain[..]) {
            return known;
        }
        let start = self.frames.len() as u32;
        self.frames.extend_from_slice(&self.chain);
        let inlined = self.chain.last().is_some_and(|&id| self.profile.frame(id).inlined);
        let row = Row { start, end: self.frames.len() as u32, is_whole: !inlined };
        self.rows.push(row);
        let id = self.rows.len() as u32;
        if let Some(innermost) = self.chain.first() {
            self.last[innermost.index()] = (id, row);
        }
        self.chains.insert(self.chain.as_slice().into(), id);
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
