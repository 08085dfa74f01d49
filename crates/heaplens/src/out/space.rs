//! The address space of a file that we write: mappings, and an address for each location.
//!
//! Where the input told how a module was mapped, the file says the same, and an address is the one that the program
//! had. Modules of which nothing is known, and those of another run whose place is taken, come behind all others,
//! from [`FREE`] on. A module whose offsets are virtual addresses has a mapping of all addresses, as readers know it of
//! other writers. In each case an address is `start + offset - file_offset` of its mapping, and names the call,
//! not what it returns to.

use super::locations::Locations;
use crate::profile::{FrameId, Mapped, ModuleId, ModuleKind, Offsets, Profile};
use std::collections::BTreeMap;

/// Above the user addresses of 48-bit systems.
const FREE: u64 = 1 << 48;
const PAGE: u64 = 0x1000;

/// A mapping of the file.
#[derive(Clone, Copy)]
pub(super) struct Mapping {
    pub(super) module: ModuleId,
    pub(super) start: u64,
    pub(super) limit: u64,
    pub(super) file_offset: u64,
    pub(super) known: Known,
}

/// What the file tells of the code in a mapping: of any place in it, as pprof itself counts.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) functions: bool,
    pub(super) filenames: bool,
    pub(super) lines: bool,
    pub(super) inlined: bool,
}

/// Where a location is.
#[derive(Clone, Copy, Default)]
pub(super) struct Address {
    /// From 1, as the file has it; 0 for none.
    pub(super) mapping: u32,
    pub(super) address: u64,
}

/// A module and the offset of its part; `None` for what lies in no part that the input told.
type Key = (ModuleId, Option<u64>);

/// A part of a module that locations lie in.
struct Part {
    mapped: Option<Mapped>,
    /// The largest offset of a call.
    reach: u64,
    known: Known,
}

/// All mappings, the program's first one in front and the rest by address; and the address of each location.
pub(super) fn lay_out(profile: &Profile, locations: &Locations<'_>) -> (Vec<Mapping>, Vec<Address>) {
    let sorted: Vec<Vec<Mapped>> = profile.modules().iter().map(|m| sorted(&m.mapped)).collect();
    let place = |at: usize| {
        let frame = profile.frame(*locations.frames(at).first()?);
        let (module, call) = (frame.module?, frame.offset.saturating_sub(1));
        Some((module, part_with(&sorted[module.index()], call), call))
    };
    let mut parts: BTreeMap<Key, Part> = BTreeMap::new();
    for at in 0..locations.len() {
        let Some((module, mapped, call)) = place(at) else { continue };
        if mapped.is_none() && offsets_are_addresses(profile.module(module).kind) {
            continue;
        }
        let part = parts.entry((module, mapped.map(|m| m.offset))).or_insert_with(|| Part {
            mapped,
            reach: 0,
            known: Known::default(),
        });
        part.reach = part.reach.max(call);
        part.known.add(profile, locations.frames(at));
    }
    let (mappings, ids) = arrange(profile, &parts);
    let address = |at: usize| {
        let Some((module, mapped, call)) = place(at) else { return Address::default() };
        let offset = mapped.map(|m| m.offset);
        match ids.get(&(module, offset)) {
            Some(&id) => {
                let start = mappings[id as usize].start;
                let address = start.wrapping_add(call - offset.unwrap_or(0));
                Address { mapping: id + 1, address }
            }
            None => Address { mapping: 0, address: call },
        }
    };
    let addresses = (0..locations.len()).map(address).collect();
    (mappings, addresses)
}

fn sorted(mapped: &[Mapped]) -> Vec<Mapped> {
    let mut sorted = mapped.to_vec();
    sorted.sort_unstable_by_key(|m| (m.offset, m.start));
    // A file that is mapped twice: the first serves.
    sorted.dedup_by_key(|m| m.offset);
    sorted
}

fn part_with(sorted: &[Mapped], offset: u64) -> Option<Mapped> {
    let after = sorted.partition_point(|m| m.offset <= offset);
    sorted[..after].last().copied().filter(|m| m.address(offset).is_some())
}

fn offsets_are_addresses(kind: ModuleKind) -> bool {
    matches!(kind, ModuleKind::Anonymous | ModuleKind::Unmapped)
}

/// Mappings for all parts, and the index of each.
fn arrange(profile: &Profile, parts: &BTreeMap<Key, Part>) -> (Vec<Mapping>, BTreeMap<Key, u32>) {
    let mut keys: Vec<Key> = parts.keys().copied().collect();
    // The program itself gets its place before others want it.
    keys.sort_by_key(|key| (!profile.module(key.0).is_main, *key));
    // Ends of the ranges that are taken, by their starts.
    let mut taken: BTreeMap<u64, u64> = BTreeMap::new();
    let mut placed: BTreeMap<Key, u64> = BTreeMap::new();
    for key in &keys {
        let Some(Mapped { start, limit, .. }) = parts[key].mapped else { continue };
        let before = taken.range(..limit).next_back();
        if before.is_none_or(|(_, &end)| end <= start) {
            taken.insert(start, limit);
            placed.insert(*key, start);
        }
    }
    let mut free = taken.values().copied().max().unwrap_or(0).max(FREE);
    let mut mappings: Vec<(Key, Mapping)> = Vec::with_capacity(keys.len());
    let is_virtual = |module| profile.module(module).offsets == Offsets::Virtual;
    placed.extend(keys.iter().filter(|key| is_virtual(key.0)).map(|&key| (key, 0)));
    for key in keys {
        let part = &parts[&key];
        let length = match part.mapped {
            Some(m) => m.limit.saturating_sub(m.start),
            None if is_virtual(key.0) => u64::MAX,
            None => part.reach.saturating_add(1),
        };
        let start = *placed.entry(key).or_insert_with(|| {
            let start = free.checked_next_multiple_of(PAGE);
            let limit = start.and_then(|start| start.checked_add(length));
            free = limit.unwrap_or(free);
            // Offsets near the end of the number range come from no real file: any place is as good.
            start.filter(|_| limit.is_some()).unwrap_or(0)
        });
        let file_offset = match profile.module(key.0).kind {
            ModuleKind::File | ModuleKind::Vdso => key.1.unwrap_or(0),
            ModuleKind::Anonymous | ModuleKind::Unmapped => 0,
        };
        let limit = start.saturating_add(length);
        mappings.push((key, Mapping { module: key.0, start, limit, file_offset, known: part.known }));
    }
    mappings.sort_by_key(|(key, mapping)| (mapping.start, *key));
    // The format wants the program first. Where no module is known to be it, the reader takes the first for it, which
    // must not move the others when that is written again.
    if let Some(first) = mappings.iter().position(|(key, _)| profile.module(key.0).is_main) {
        mappings[..=first].rotate_right(1);
    }
    let ids = mappings.iter().enumerate().map(|(index, (key, _))| (*key, index as u32)).collect();
    (mappings.into_iter().map(|(_, mapping)| mapping).collect(), ids)
}

impl Known {
    fn add(&mut self, profile: &Profile, frames: &[FrameId]) {
        for &id in frames {
            let frame = profile.frame(id);
            self.functions |= frame.function.is_some();
            self.filenames |= frame.function.is_some_and(|f| profile.function(f).file.is_some());
            self.lines |= frame.line > 0;
        }
        self.inlined |= frames.len() > 1;
    }
}
