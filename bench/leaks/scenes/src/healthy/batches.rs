//! What gathers and lets go.

use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::random::Random;
use crate::util::lock;

/// Rows are gathered and flushed every so many ticks.
pub(crate) struct Batches {
    period: usize,
    rows: Mutex<Vec<Vec<u8>>>,
}

impl Batches {
    pub(crate) fn new(period: usize) -> Self {
        Self { period, rows: Mutex::default() }
    }

    fn add(&self, request: &Request) {
        lock(&self.rows).push(request.body.repeat(4));
    }
}

impl Feature for Batches {
    fn on_request(&self, request: &Request) {
        self.add(request);
    }

    fn on_tick(&self, tick: usize) {
        if tick.is_multiple_of(self.period) {
            lock(&self.rows).clear();
        }
    }
}

/// A store that writes a buffer to a segment each tick and merges segments, three of a level to one of the next, where a
/// third is outdated and dropped. The oldest expire.
#[derive(Default)]
pub(crate) struct Segments {
    buffer: Mutex<Vec<Vec<u8>>>,
    levels: Mutex<[Vec<Vec<u8>>; 3]>,
}

impl Feature for Segments {
    fn on_request(&self, request: &Request) {
        lock(&self.buffer).push(request.body.repeat(2));
    }

    fn on_tick(&self, _: usize) {
        self.flush();
    }
}

impl Segments {
    /// As it is after a long while.
    pub(crate) fn running() -> Self {
        let segments = Self::default();
        for _ in 0..45 {
            lock(&segments.buffer).push(vec![0; 1_700_000]);
            segments.flush();
        }
        segments
    }

    fn flush(&self) {
        let segment = std::mem::take(&mut *lock(&self.buffer)).concat();
        let mut levels = lock(&self.levels);
        levels[0].push(segment);
        for level in 0..2 {
            if levels[level].len() == 3 {
                let merged = merge(&levels[level]);
                levels[level].clear();
                levels[level + 1].push(merged);
            }
        }
        if levels[2].len() == 4 {
            levels[2].remove(0);
        }
    }
}

fn merge(segments: &[Vec<u8>]) -> Vec<u8> {
    let size = segments.iter().map(Vec::len).sum::<usize>() * 2 / 3;
    let mut merged = Vec::with_capacity(size);
    for segment in segments {
        merged.extend_from_slice(&segment[..segment.len() * 2 / 3]);
    }
    merged
}

/// A vector of numbers that grows while a migration lasts: eight ticks.
#[derive(Default)]
pub(crate) struct Migration {
    tick: Mutex<usize>,
    ids: Mutex<Vec<u64>>,
}

impl Feature for Migration {
    fn on_request(&self, request: &Request) {
        if *lock(&self.tick) < 8 {
            let mut random = request.random();
            for _ in 0..1500 {
                self.remember(random.next());
            }
        }
    }

    fn on_tick(&self, tick: usize) {
        *lock(&self.tick) = tick;
    }
}

impl Migration {
    fn remember(&self, id: u64) {
        lock(&self.ids).push(id);
    }
}

/// Tables that are computed anew every three ticks, sometimes larger, sometimes smaller.
pub(crate) struct Ranking {
    random: Mutex<Random>,
    tables: Mutex<Vec<Vec<u64>>>,
}

impl Ranking {
    pub(crate) fn new(seed: u64) -> Self {
        let ranking = Self { random: Mutex::new(Random::stream(seed, 3)), tables: Mutex::default() };
        ranking.compute();
        ranking
    }

    fn compute(&self) {
        let mut random = lock(&self.random);
        let entries = random.between(24_000, 40_000);
        let table = (0..60).map(|_| vec![0; entries + random.below(4000)]).collect();
        *lock(&self.tables) = table;
    }
}

impl Feature for Ranking {
    fn on_tick(&self, tick: usize) {
        if tick.is_multiple_of(3) {
            self.compute();
        }
    }
}
