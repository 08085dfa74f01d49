//! [`Dump`] -> [`Profile`]: unsample each line, name each address by module and offset.

use super::{Counts, Dump, Owner};
use crate::addresses::{Addresses, Symbols};
use crate::error::Warning;
use crate::maps::Maps;
use crate::profile::{Meta, Profile, Sample, Thread, ThreadId, Values};
use crate::sampling::unsample;
use crate::seeded::SeededMap;
use rustc_hash::FxHashMap;

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
        self.to_named_profile(threads, &Symbols::default())
    }

    /// As [`Dump::to_profile`], with the names that came with the dump.
    pub(crate) fn to_named_profile(&self, threads: Threads, symbols: &Symbols<'_>) -> Profile {
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
        let mut addresses = Addresses::new(&maps, symbols, &mut profile);
        let thread_ids: SeededMap<u64, ThreadId> = match threads {
            Threads::Merged => SeededMap::default(),
            Threads::Separate => self.add_threads(&mut profile),
        };
        for stack in self.stacks() {
            let id = addresses.stack(stack.addresses, &mut profile);
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
        let unmapped = addresses.unmapped;
        profile.warnings.extend(maps.warn_unmapped(unmapped));
        profile
    }

    fn add_threads(&self, profile: &mut Profile) -> SeededMap<u64, ThreadId> {
        let named: SeededMap<u64, Option<&[u8]>> = self.threads().map(|(uid, _, name)| (uid, name)).collect();
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
    let live = unsample(counts.objects, counts.bytes, rate);
    Values::from_estimates(unsample(counts.accum_objects, counts.accum_bytes, rate), live)
}
