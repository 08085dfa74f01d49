//! Names that units refer to in other units, for those who read all units: each is looked up once.
//!
//! The same few thousand functions are inlined everywhere. Without a memory of their names each unit would read the
//! units of all that is inlined in it again.

use super::functions::Name;
use super::lock;
use super::origins::Pair;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

/// Bytes of names that are remembered; those beyond are looked up each time.
const MOST: usize = 256 << 20;
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

    /// The name that says so.
    pub(super) fn name(self) -> Name {
        match self {
            Reference::Main(offset) => Name::Elsewhere(offset),
            Reference::Supplementary(offset) => Name::Supplementary(offset),
        }
    }
}

/// The names that were looked up, for all threads.
#[derive(Debug, Default)]
pub(super) struct Memory {
    names: FxHashMap<Reference, Option<Arc<str>>>,
    bytes: usize,
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
        // In the order of the file, so that each other unit is read once.
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
        let resolve = |reference: Reference| (reference, self.pair.resolve(&reference.name()).map(Arc::from));
        let new: Vec<(Reference, Option<Arc<str>>)> = wanted.into_iter().map(resolve).collect();
        let mut memory = lock(self.memory);
        for (reference, name) in new {
            let bytes = EACH + name.as_ref().map_or(0, |name| name.len());
            if memory.bytes + bytes <= MOST {
                memory.bytes += bytes;
                memory.names.insert(reference, name.clone());
            }
            found.extend(name.map(|name| (reference, name)));
        }
        found
    }
}
