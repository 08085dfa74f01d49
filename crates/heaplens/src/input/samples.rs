//! jemalloc's samples one by one, as its JSON files have them: a stack and a size each, and no mapping lines.

use super::json::Stacks;
use crate::addresses::{Addresses, Symbols};
use crate::dump::Threads;
use crate::error::Warning;
use crate::maps::Maps;
use crate::profile::{Meta, Profile, Sample, StackId, Thread, ThreadId, Values};
use crate::sampling::unsample;

/// Whether the samples are live objects or objects that were freed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Live,
    Freed,
}

/// Makes a profile of samples.
pub(super) struct Builder {
    state: State,
    rate: u64,
    threads: Threads,
    profile: Profile,
}

/// One sample.
pub(super) struct Allocation {
    /// Index into the stacks.
    pub(super) stack: usize,
    /// Bytes that jemalloc took for it.
    pub(super) size: u64,
    pub(super) thread: Option<ThreadId>,
}

impl Builder {
    pub(super) fn new(state: State, rate: u64, threads: Threads) -> Builder {
        let rate_known = (rate > 1).then_some(rate);
        let meta =
            Meta { rate: rate_known, has_alloc: state == State::Freed, has_objects: true, ..Meta::default() };
        Builder { state, rate, threads, profile: Profile::new(meta) }
    }

    pub(super) fn thread(&mut self, uid: u64, name: Option<&str>) -> Option<ThreadId> {
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        (self.threads == Threads::Separate).then(|| self.profile.add_thread(Thread { uid, name }))
    }

    /// The profile. `None` for an allocation whose stack is not there.
    pub(super) fn finish(self, stacks: &Stacks, all: impl Iterator<Item = Allocation>) -> Option<Profile> {
        let mut profile = self.profile;
        let (maps, symbols) = (Maps::default(), Symbols::default());
        let mut addresses = Addresses::new(&maps, &symbols, &mut profile);
        let mut known: Vec<Option<Option<StackId>>> = Vec::new();
        for Allocation { stack, size, thread } in all {
            let frames = stacks.get(stack)?;
            if known.len() <= stack {
                known.resize(stack + 1, None);
            }
            let stack = *known[stack].get_or_insert_with(|| addresses.stack(frames, &mut profile));
            // Each object is a line of its own.
            let (value, nothing) = (unsample(1, size, self.rate), (0.0, 0.0));
            let values = match self.state {
                State::Live => Values::from_estimates(nothing, value),
                State::Freed => Values::from_estimates(value, nothing),
            };
            profile.add_sample(Sample { stack, thread, values });
        }
        profile.warnings.push(Warning::new(
            "no-maps",
            "this file has no mapping lines, so that its addresses cannot be named; a dump of the same process has them",
        ));
        Some(profile)
    }
}
