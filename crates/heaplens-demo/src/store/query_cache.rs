//! An LRU cache of query results, bounded in bytes.
//!
//! What is cached is the part of a query's result that one segment contributes. Segments never change, so an
//! entry never goes stale; it leaves when its segment does, or when others were used more recently.

use std::collections::HashMap;
use std::sync::Arc;

use super::aggregate::{Buckets, Steps};

/// What a cached result answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    pub(crate) segment: u64,
    pub(crate) field: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) steps: Steps,
}

impl CacheKey {
    fn bytes(&self) -> usize {
        let labels: usize = self.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.field.len() + labels + self.labels.len() * size_of::<(String, String)>()
    }
}

#[derive(Debug)]
struct Entry {
    key: Arc<CacheKey>,
    result: Arc<Buckets>,
    bytes: usize,
    older: Option<usize>,
    newer: Option<usize>,
}

/// How the cache did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheCounts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) evictions: u64,
}

/// Results in a list from the least to the most recently used.
#[derive(Debug)]
pub(crate) struct QueryCache {
    capacity: usize,
    bytes: usize,
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    index: HashMap<Arc<CacheKey>, usize>,
    oldest: Option<usize>,
    newest: Option<usize>,
    counts: CacheCounts,
}

impl QueryCache {
    /// A cache that holds at most `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            bytes: 0,
            slots: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            oldest: None,
            newest: None,
            counts: CacheCounts::default(),
        }
    }

    /// Bytes held: keys, results and their bookkeeping.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.counts
    }

    /// The result, which thereby becomes the most recently used one.
    #[inline(never)]
    pub(crate) fn get(&mut self, key: &CacheKey) -> Option<Arc<Buckets>> {
        let Some(&slot) = self.index.get(key) else {
            self.counts.misses += 1;
            return None;
        };
        self.counts.hits += 1;
        self.unlink(slot);
        self.link_newest(slot);
        self.slots[slot].as_ref().map(|entry| Arc::clone(&entry.result))
    }

    /// Keeps a result; older ones go until all fit. One that cannot fit at all is not kept.
    #[inline(never)]
    pub(crate) fn insert(&mut self, key: CacheKey, result: Arc<Buckets>) {
        let bytes = size_of::<Entry>() + size_of::<CacheKey>() + key.bytes() + result.bytes();
        if bytes > self.capacity {
            return;
        }
        if let Some(&slot) = self.index.get(&key) {
            self.remove(slot);
        }
        while self.bytes + bytes > self.capacity {
            let Some(oldest) = self.oldest else { break };
            self.remove(oldest);
            self.counts.evictions += 1;
        }
        let key = Arc::new(key);
        let entry = Entry { key: Arc::clone(&key), result, bytes, older: None, newer: None };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(entry);
        self.index.insert(key, slot);
        self.bytes += bytes;
        self.link_newest(slot);
    }

    /// Drops every result about these segments, which must be sorted.
    #[inline(never)]
    pub(crate) fn forget_segments(&mut self, segments: &[u64]) {
        let gone = |entry: &Entry| segments.binary_search(&entry.key.segment).is_ok();
        let slots: Vec<usize> =
            (0..self.slots.len()).filter(|&slot| self.slots[slot].as_ref().is_some_and(gone)).collect();
        slots.into_iter().for_each(|slot| self.remove(slot));
    }

    fn remove(&mut self, slot: usize) {
        self.unlink(slot);
        if let Some(entry) = self.slots[slot].take() {
            self.bytes -= entry.bytes;
            self.index.remove(&entry.key);
            self.free.push(slot);
        }
    }

    fn unlink(&mut self, slot: usize) {
        let Some(entry) = &mut self.slots[slot] else {
            return;
        };
        let (older, newer) = (entry.older.take(), entry.newer.take());
        match older.and_then(|older| self.slots[older].as_mut()) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
        match newer.and_then(|newer| self.slots[newer].as_mut()) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, slot: usize) {
        let before = self.newest.replace(slot);
        if let Some(entry) = &mut self.slots[slot] {
            entry.older = before;
        }
        match before.and_then(|before| self.slots[before].as_mut()) {
            Some(entry) => entry.newer = Some(slot),
            None => self.oldest = Some(slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(segment: u64) -> CacheKey {
        CacheKey { segment, field: "f".into(), labels: Vec::new(), steps: Steps::new(0, 1) }
    }

    fn result(points: usize) -> Arc<Buckets> {
        let points = (0i64..).map(|at| (at, 1.0)).take(points);
        Arc::new(Buckets::aggregate(points, Steps::new(0, 1)))
    }

    fn cost(points: usize) -> usize {
        let mut cache = QueryCache::new(usize::MAX);
        cache.insert(key(0), result(points));
        cache.bytes()
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = QueryCache::new(3 * cost(1));
        (1..=3).for_each(|segment| cache.insert(key(segment), result(1)));
        assert!(cache.get(&key(1)).is_some());
        cache.insert(key(4), result(1));
        let there: Vec<bool> = (1..=4).map(|segment| cache.get(&key(segment)).is_some()).collect();
        assert_eq!(there, [true, false, true, true]);
        let counts = CacheCounts { hits: 4, misses: 1, evictions: 1 };
        assert_eq!(cache.counts(), counts);
    }

    #[test]
    fn what_cannot_fit_is_not_kept_and_pushes_nothing_out() {
        let mut cache = QueryCache::new(cost(1));
        cache.insert(key(1), result(1));
        cache.insert(key(2), result(2));
        assert!(cache.get(&key(1)).is_some());
        assert!(cache.get(&key(2)).is_none());
    }

    #[test]
    fn results_about_dropped_segments_go() {
        let mut cache = QueryCache::new(usize::MAX);
        (1..=4).for_each(|segment| cache.insert(key(segment), result(1)));
        cache.forget_segments(&[2, 4]);
        assert_eq!(cache.bytes(), 2 * cost(1));
        assert!(cache.get(&key(2)).is_none() && cache.get(&key(3)).is_some());
    }

    proptest! {
        #[test]
        fn agrees_with_a_simple_list_and_stays_within_its_bytes(
            steps in proptest::collection::vec((any::<bool>(), 0u64..8, 0usize..4), 0..200),
        ) {
            let mut cache = QueryCache::new(4 * cost(2));
            // Most recently used last.
            let mut list: Vec<(u64, usize)> = Vec::new();
            for (insert, segment, points) in steps {
                let known = list.iter().position(|entry| entry.0 == segment);
                if insert {
                    known.map(|at| list.remove(at));
                    while list.iter().map(|entry| cost(entry.1)).sum::<usize>() + cost(points) > cache.capacity() {
                        list.remove(0);
                    }
                    list.push((segment, points));
                    cache.insert(key(segment), result(points));
                } else {
                    prop_assert_eq!(cache.get(&key(segment)).is_some(), known.is_some());
                    if let Some(at) = known {
                        let entry = list.remove(at);
                        list.push(entry);
                    }
                }
                prop_assert_eq!(cache.bytes(), list.iter().map(|entry| cost(entry.1)).sum::<usize>());
                prop_assert!(cache.bytes() <= cache.capacity());
                prop_assert_eq!(cache.index.len(), list.len());
            }
        }
    }
}
