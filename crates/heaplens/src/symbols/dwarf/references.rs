//! Names that units refer to in other units, for those who read all units: each is looked up once.
//!
//! The same few thousand functions are inlined everywhere. Without a memory of their names each unit would read the
//! units of all that is inlined in it again.

use super::functions::Name;
use super::lock;
use super::origins::Pair;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

/// What a remembered name takes beside its text.
const EACH: usize = 64;

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reference {
    Main(u64),
    Supplementary(u64),
}

impl Reference {
    /// `None` for a name that is known, or known to be unknown.
    pub(super) fn of(name: &Name) -> Option<Reference> {
        match name {
            Name::Elsewhere(offset) => Some(Reference::Main(*offset)),
            Name::Supplementary(offset) => Some(Reference::Supplementary(*offset)),
            Name::Unknown | Name::Known(_) => None,
        }
    }
}

/// The names that were looked up, for all threads.
#[derive(Debug)]
pub(super) struct Memory {
    names: FxHashMap<Reference, Option<Arc<str>>>,
    left: u64,
}

impl Memory {
    /// Names beyond `most` bytes are looked up each time.
    pub(super) fn new(most: u64) -> Memory {
        Memory { names: FxHashMap::default(), left: most }
    }
}

/// One thread's way to names in other units.
pub(super) struct References<'s, 'm> {
    pair: Pair<'s>,
    memory: &'m Mutex<Memory>,
}

impl<'s, 'm> References<'s, 'm> {
    pub(super) fn new(pair: Pair<'s>, memory: &'m Mutex<Memory>) -> References<'s, 'm> {
        References { pair, memory }
    }

    /// The names of a unit's references; those without one are left out.
    pub(super) fn resolve(&mut self, mut wanted: Vec<Reference>) -> FxHashMap<Reference, Arc<str>> {
        wanted.sort_unstable();
        wanted.dedup();
        let mut found = FxHashMap::default();
        {
            let memory = lock(self.memory);
            wanted.retain(|reference| match memory.names.get(reference) {
                Some(name) => {
                    found.extend(name.clone().map(|name| (*reference, name)));
                    false
                }
                None => true,
            });
        }
        let mut names: Vec<Option<Arc<str>>> = vec![None; wanted.len()];
        self.pair.resolve(&wanted, |at, name| names[at] = Some(name.into()));
        let mut memory = lock(self.memory);
        for (reference, name) in wanted.into_iter().zip(names) {
            let bytes = EACH + name.as_ref().map_or(0, |name| name.len());
            if let Some(left) = memory.left.checked_sub(bytes as u64) {
                memory.left = left;
                memory.names.insert(reference, name.clone());
            }
            found.extend(name.map(|name| (reference, name)));
        }
        found
    }
}
