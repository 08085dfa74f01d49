//! A cache with a cap in bytes: what was not used for longest goes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use crate::random::Random;
use crate::util::lock;

pub(crate) struct Lru {
    cap: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<u64, Entry>,
    /// Keys by when they were used last.
    order: BTreeMap<u64, u64>,
    uses: u64,
    bytes: usize,
}

struct Entry {
    value: Arc<[u8]>,
    used: u64,
}

impl Lru {
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap, state: Mutex::default() }
    }

    /// As it is after a while.
    pub(crate) fn filled(cap: usize, random: &mut Random) -> Self {
        let cache = Self::new(cap);
        while !cache.is_full() {
            cache.get_or(random.next(), |size| vec![b'f'; size]);
        }
        cache
    }

    pub(crate) fn is_full(&self) -> bool {
        lock(&self.state).bytes + (64 << 10) > self.cap
    }

    /// What is known of the key, or what `make` makes of its size.
    pub(crate) fn get_or(&self, key: u64, make: impl FnOnce(usize) -> Vec<u8>) -> Arc<[u8]> {
        if let Some(known) = lock(&self.state).get(key) {
            return known;
        }
        let size = Random::new(key).pareto(2048.0, 1.3, 65_536.0) as usize;
        let value: Arc<[u8]> = make(size).into();
        lock(&self.state).put(key, Arc::clone(&value), self.cap);
        value
    }
}

impl State {
    fn get(&mut self, key: u64) -> Option<Arc<[u8]>> {
        let entry = self.entries.get_mut(&key)?;
        self.order.remove(&entry.used);
        self.uses += 1;
        entry.used = self.uses;
        self.order.insert(self.uses, key);
        Some(Arc::clone(&entry.value))
    }

    fn put(&mut self, key: u64, value: Arc<[u8]>, cap: usize) {
        self.uses += 1;
        self.bytes += value.len();
        self.order.insert(self.uses, key);
        if let Some(old) = self.entries.insert(key, Entry { value, used: self.uses }) {
            self.bytes -= old.value.len();
            self.order.remove(&old.used);
        }
        while self.bytes > cap {
            let Some((_, oldest)) = self.order.pop_first() else { return };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.bytes -= gone.value.len();
            }
        }
    }
}
