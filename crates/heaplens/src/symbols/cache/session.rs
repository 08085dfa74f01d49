//! The cache for addresses that come one after the other: read once, written to now and then.

use super::key::Key;
use super::record::{self, Held};
use super::{Answer, Cache, store};
use crate::symbols::chains::{Chains, RawPlace};
use crate::symbols::locate::Files;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

/// So many new answers are written at once.
const ANSWERS: usize = 4096;
/// Or so many bytes of names.
const BYTES: usize = 4 << 20;

/// The answers of one image; new ones are kept when it is dropped at the latest.
pub(in crate::symbols) struct Session {
    cache: Cache,
    key: Key,
    path: PathBuf,
    known: Known,
    used: bool,
    /// Up to where the file is sound.
    sound: u64,
    new: New,
}

/// What the file knew when it was read: its records as they are, since they are compact, and an index of them.
#[derive(Default)]
struct Known {
    records: Vec<Held>,
    /// An address, its record, and where in it its chain begins; sorted.
    index: Vec<(u64, u32, u32)>,
}

/// Answers that are not written yet.
#[derive(Default)]
struct New {
    chains: Chains,
    by_address: FxHashMap<u64, usize>,
    bytes: usize,
}

impl Session {
    /// `None` if the files cannot be told from others.
    pub(in crate::symbols) fn open(cache: &Cache, files: &Files) -> Option<Session> {
        Some(Session::of(cache, Key::of(files)?))
    }

    pub(super) fn of(cache: &Cache, key: Key) -> Session {
        let path = cache.dir.join(&key.file_name);
        let (known, sound) = Known::read(&path, &key);
        Session { cache: cache.clone(), key, path, known, used: false, sound, new: New::default() }
    }

    /// As [`super::chains`].
    pub(in crate::symbols) fn chains(
        &mut self,
        addresses: &[Option<u64>],
        read: impl FnOnce(&[Option<u64>]) -> Answer,
    ) -> Answer {
        let is_new = |address: &u64| !self.knows(*address);
        let rest: Vec<Option<u64>> = addresses.iter().map(|address| address.filter(is_new)).collect();
        let none = rest.iter().all(Option::is_none);
        let (mut chains, problem) = if none { (Chains::new(rest.len()), None) } else { read(&rest) };
        for (at, &address) in addresses.iter().enumerate() {
            match address {
                Some(address) if rest[at].is_none() => self.tell(address, &mut chains, at),
                _ => {}
            }
        }
        // As for one look: what was made from half of what should have been read must not stay.
        if problem.is_none() {
            for (at, address) in rest.iter().enumerate() {
                if let Some(address) = *address {
                    self.new.add(address, &chains, at);
                }
            }
            if self.new.by_address.len() >= ANSWERS || self.new.bytes >= BYTES {
                self.keep();
            }
        }
        (chains, problem)
    }

    fn knows(&self, address: u64) -> bool {
        self.new.by_address.contains_key(&address) || self.known.position(address).is_some()
    }

    /// Sets the chain of an address that is known.
    fn tell(&mut self, address: u64, chains: &mut Chains, at: usize) {
        if let Some(&from) = self.new.by_address.get(&address) {
            return chains.set(at, self.new.chains.get(from));
        }
        if let Some(chain) = self.known.find(address) {
            chains.set(at, chain);
            if !std::mem::replace(&mut self.used, true) {
                store::touch(&self.path);
            }
        }
    }

    /// Writes the new answers, unless the files were changed since the session began: they may be the one's or the
    /// other's then.
    fn keep(&mut self) {
        let New { chains, by_address, .. } = std::mem::take(&mut self.new);
        if by_address.is_empty() || !self.key.still_holds() {
            return;
        }
        let mut answers: Vec<(u64, usize)> = by_address.into_iter().collect();
        answers.sort_unstable();
        let records = record::write(&self.key, &chains, &answers);
        // Without a place to keep them, they are looked up again next time.
        if let Ok(sound) = self.cache.keep(&self.path, &self.key, self.sound, &records) {
            self.sound = sound;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.keep();
    }
}

impl Known {
    /// And up to where the file is sound.
    fn read(path: &Path, key: &Key) -> (Known, u64) {
        let mut known = Known::default();
        let take = |body: &[u8]| {
            let (record, before) = (known.records.len() as u32, known.index.len());
            let held = Held::new(body, &key.text, |address, at| known.index.push((address, record, at)));
            match held {
                Some(held) => known.records.push(held),
                None => known.index.truncate(before),
            }
            (known.records.len() as u32 > record).then_some(())
        };
        let sound = store::open(path).map_or(0, |file| store::records(file, 0, take));
        // Of several answers the first counts, as ever.
        known.index.sort_unstable();
        known.index.dedup_by_key(|&mut (address, ..)| address);
        known.index.shrink_to_fit();
        (known, sound)
    }

    fn position(&self, address: u64) -> Option<usize> {
        self.index.binary_search_by_key(&address, |&(known, ..)| known).ok()
    }

    fn find(&self, address: u64) -> Option<Vec<RawPlace<'_>>> {
        let (_, record, from) = self.index[self.position(address)?];
        self.records.get(record as usize).map(|record| record.chain(from))
    }
}

impl New {
    fn add(&mut self, address: u64, chains: &Chains, at: usize) {
        if let Entry::Vacant(place) = self.by_address.entry(address) {
            place.insert(self.chains.len());
            let size = |place: RawPlace<'_>| place.name.len() + place.file.map_or(0, str::len);
            self.bytes += chains.get(at).map(size).sum::<usize>();
            self.chains.push(chains.get(at));
        }
    }
}
