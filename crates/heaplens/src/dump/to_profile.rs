//! [`Dump`] -> [`Profile`]: unsample each line, name each address by module and offset.

use super::{Counts, Dump, Owner};
use crate::error::Warning;
use crate::maps::Maps;
use crate::profile::{
    Amount, Frame, FrameId, Meta, Module, ModuleId, ModuleKind, Profile, Sample, Thread, ThreadId, Values,
};
use crate::sampling::unsample;
use rustc_hash::{FxHashMap, FxHashSet};

/// Whether a profile keeps threads apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// One sample a stack, from its `t*` line.
    #[default]
    Merged,
    /// One sample a stack and thread, from the `t<uid>` lines; of a stack without any, its `t*` line. Each line is
    /// unsampled with its own average size, so dumps of jemalloc before 5.3.0 can give slightly other totals.
    Separate,
}

impl Dump {
    /// The dump's profile; all warnings of [`Dump::accounting`] come along.
    pub fn to_profile(&self, threads: Threads) -> Profile {
        let mut maps = Maps::parse(self.maps_text());
        let trailer = self.trailer().map(|(trailer, _)| trailer.clone());
        if let Some(trailer) = &trailer {
            let ids: FxHashMap<&str, &str> =
                trailer.build_ids.iter().map(|(id, path)| (path.as_str(), id.as_str())).collect();
            maps.set_build_ids(|path| ids.get(path).map(|id| (*id).to_owned()));
            if let Some(exe) = &trailer.exe {
                maps.set_main(exe);
            }
        }
        let mut profile = Profile::new(Meta {
            rate: (self.rate > 1).then_some(self.rate),
            has_alloc: self.has_accum(),
            has_objects: true,
            is_diff: false,
            trailer: trailer.clone(),
            ..Meta::default()
        });
        let inactive = trailer.as_ref().is_some_and(|trailer| trailer.active == Some(false));
        profile.warnings = self.accounting().warnings;
        if inactive {
            profile.warnings.push(Warning::new(
                "inactive",
                "profiling was switched off when this dump was made: what was allocated meanwhile is missing",
            ));
        }
        let mut resolver = Resolver::new(&maps, &mut profile);
        let thread_ids: FxHashMap<u64, ThreadId> = match threads {
            Threads::Merged => FxHashMap::default(),
            Threads::Separate => self.add_threads(&mut profile),
        };
        for stack in self.stacks() {
            let frames: Vec<FrameId> =
                stack.addresses.iter().rev().map(|&address| resolver.frame(address, &mut profile)).collect();
            let id = profile.add_stack_from_root(frames);
            // Not every writer says which thread it was.
            let separate = threads == Threads::Separate
                && stack.lines().any(|(owner, _)| matches!(owner, Owner::Thread(_)));
            for (owner, counts) in stack.lines() {
                let thread = match (separate, owner) {
                    (false, Owner::All) => None,
                    (true, Owner::Thread(uid)) => thread_ids.get(&uid).copied(),
                    _ => continue,
                };
                let values = estimate(counts, self.rate);
                if !values.is_zero() {
                    profile.add_sample(Sample { stack: id, thread, values });
                }
            }
        }
        let unmapped = resolver.unmapped;
        if unmapped > 0 && !maps.is_empty() {
            profile.warnings.push(Warning::new(
                "unmapped",
                format!(
                    "{unmapped} addresses lie in no mapping (code that was unloaded?): they have no names"
                ),
            ));
        }
        profile
    }

    fn add_threads(&self, profile: &mut Profile) -> FxHashMap<u64, ThreadId> {
        let named: FxHashMap<u64, Option<&[u8]>> = self.threads().map(|(uid, _, name)| (uid, name)).collect();
        let mut uids: Vec<u64> = named.keys().copied().collect();
        // A stack can count a thread that the header no longer lists.
        uids.extend(self.stacks().flat_map(|s| s.lines()).filter_map(|(owner, _)| match owner {
            Owner::Thread(uid) if !named.contains_key(&uid) => Some(uid),
            _ => None,
        }));
        uids.sort_unstable();
        uids.dedup();
        uids.into_iter()
            .map(|uid| {
                let name = named.get(&uid).copied().flatten();
                let name = name.map(|n| String::from_utf8_lossy(n).into_owned());
                (uid, profile.add_thread(Thread { uid, name }))
            })
            .collect()
    }
}

fn estimate(counts: Counts, rate: u64) -> Values {
    let (inuse_objects, inuse_space) = unsample(counts.objects, counts.bytes, rate);
    let (alloc_objects, alloc_space) = unsample(counts.accum_objects, counts.accum_bytes, rate);
    Values {
        alloc_objects: Amount::from_f64(alloc_objects),
        alloc_space: Amount::from_f64(alloc_space),
        inuse_objects: Amount::from_f64(inuse_objects),
        inuse_space: Amount::from_f64(inuse_space),
    }
}

/// Turns addresses into frames, each distinct address once.
struct Resolver<'a> {
    maps: &'a Maps,
    modules: Vec<ModuleId>,
    outside: Option<ModuleId>,
    known: FxHashMap<u64, FrameId>,
    /// Starts of the mappings that code was met in.
    met: FxHashSet<u64>,
    unmapped: usize,
}

impl<'a> Resolver<'a> {
    fn new(maps: &'a Maps, profile: &mut Profile) -> Resolver<'a> {
        let modules = maps.modules().iter().map(|m| profile.add_module(m.clone())).collect();
        let (known, met) = (FxHashMap::default(), FxHashSet::default());
        Resolver { maps, modules, outside: None, known, met, unmapped: 0 }
    }

    fn frame(&mut self, address: u64, profile: &mut Profile) -> FrameId {
        if let Some(&id) = self.known.get(&address) {
            return id;
        }
        // A call at the very end of a mapping returns to the first byte behind it: look where the call is.
        let call = address.wrapping_sub(1);
        let frame = match self.maps.find_mapped(call) {
            Some((module, mapped)) => {
                let module = self.modules[module];
                if self.met.insert(mapped.start) {
                    profile.module_mut(module).mapped.push(mapped);
                }
                let offset = mapped.offset.wrapping_add(call - mapped.start);
                Frame::at(module, offset.wrapping_add(1))
            }
            None => {
                self.unmapped += 1;
                let outside = *self.outside.get_or_insert_with(|| {
                    profile.add_module(Module { kind: ModuleKind::Unmapped, ..Module::file("[unmapped]") })
                });
                Frame::at(outside, address)
            }
        };
        let id = profile.add_frame(frame);
        self.known.insert(address, id);
        id
    }
}
