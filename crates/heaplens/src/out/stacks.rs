//! Stacks of what a format calls a frame, each once, in a stable order.

use crate::profile::{FrameId, Profile, SampleType, ThreadId};
use crate::view::Change;
use std::collections::{BTreeMap, BTreeSet};

/// A value for each of [`SampleType::ALL`].
pub(super) type Sums = [Change; SampleType::ALL.len()];

/// What frames are called, sorted, each once; and where each frame's stands.
pub(super) struct Ranked<T> {
    pub(super) all: Vec<T>,
    of_frame: Vec<u32>,
}

impl<T: Ord> Ranked<T> {
    /// Only frames that samples have are asked for.
    pub(super) fn new(profile: &Profile, called: impl Fn(FrameId) -> T) -> Ranked<T> {
        let frames = profile.sampled_frames();
        let all: BTreeSet<T> = frames.iter().map(|&id| called(id)).collect();
        let all: Vec<T> = all.into_iter().collect();
        let mut of_frame = vec![0; profile.frame_count()];
        for id in frames {
            let rank = all.binary_search(&called(id)).unwrap_or_default();
            of_frame[id.index()] = rank as u32;
        }
        Ranked { all, of_frame }
    }
}

/// Whether samples of several threads are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threads {
    Apart,
    Together,
}

/// The sums of equal stacks, as ranks from the root.
pub(super) fn sums<T>(
    profile: &Profile,
    ranked: &Ranked<T>,
    threads: Threads,
) -> BTreeMap<(Box<[u32]>, Option<ThreadId>), Sums> {
    let mut sums: BTreeMap<_, Sums> = BTreeMap::new();
    for sample in profile.samples() {
        let frames = profile.stack_from_leaf(sample.stack).map(|(_, id)| ranked.of_frame[id.index()]);
        let mut stack: Vec<u32> = frames.collect();
        stack.reverse();
        let thread = sample.thread.filter(|_| threads == Threads::Apart);
        let of_stack = sums.entry((stack.into_boxed_slice(), thread)).or_default();
        for (sum, sample_type) in of_stack.iter_mut().zip(SampleType::ALL) {
            sum.add(sample.values.get(sample_type));
        }
    }
    sums
}

/// The place of a sample type among [`Sums`].
pub(super) fn index(sample_type: SampleType) -> usize {
    SampleType::ALL.iter().position(|t| *t == sample_type).unwrap_or_default()
}
