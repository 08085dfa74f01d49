//! Caches and what fills like one.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::app::{Feature, Lru, Request};
use crate::random::Random;
use crate::util::lock;

/// A cache of as many keys as there are; requests ask for any of them, so it fills ever more slowly: after `n` questions
/// it lacks a share of e^(−n/keys).
pub(crate) struct Thumbnails {
    keys: u64,
    questions: usize,
    size: usize,
    known: Mutex<HashMap<u64, Vec<u8>>>,
}

impl Thumbnails {
    /// Questions are for one request.
    pub(crate) fn new(keys: u64, questions: usize, size: usize) -> Self {
        Self { keys, questions, size, known: Mutex::default() }
    }

    fn draw(&self, key: u64) {
        let size = Random::new(key).between(self.size / 2, self.size * 3 / 2);
        lock(&self.known).entry(key).or_insert_with(|| vec![0; size]);
    }
}

impl Feature for Thumbnails {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for _ in 0..self.questions {
            self.draw(random.next() % self.keys);
        }
    }
}

/// A second cache with a cap: at its cap from the start, or so large that it is reached later.
pub(crate) struct Results {
    cache: Lru,
    questions: usize,
}

impl Results {
    pub(crate) fn at_cap(seed: u64, cap: usize) -> Self {
        Self { cache: Lru::filled(cap, &mut Random::stream(seed, 2)), questions: 2 }
    }

    pub(crate) fn empty(cap: usize) -> Self {
        Self { cache: Lru::new(cap), questions: 2 }
    }
}

impl Feature for Results {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for _ in 0..self.questions {
            // Never the same twice: all that goes in pushes something out, once the cap is reached.
            self.cache.get_or(random.next(), |size| vec![b'r'; size]);
        }
    }
}

/// A third, filled at the start by what reads it from a file; what the handlers put in replaces that over the whole run.
pub(crate) struct Preloaded(Lru);

impl Preloaded {
    pub(crate) fn read(seed: u64) -> Self {
        Self(Lru::filled(32 << 20, &mut Random::stream(seed, 11)))
    }
}

impl Feature for Preloaded {
    fn on_handled(&self, request: &Request, _: &'static str) {
        self.0.get_or(request.seed, |size| vec![b'p'; size]);
    }
}

/// Words that are stored once; some are frequent, most are rare, and there are only so many.
#[derive(Default)]
pub(crate) struct Interner(Mutex<HashMap<u64, String>>);

impl Feature for Interner {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for _ in 0..24 {
            let rank = random.share().powi(2) * 20_000.0;
            self.intern(rank as u64);
        }
    }
}

impl Interner {
    fn intern(&self, rank: u64) {
        let name = || format!("{rank:>0$}", 400 + rank as usize % 1600);
        lock(&self.0).entry(rank).or_insert_with(name);
    }
}
