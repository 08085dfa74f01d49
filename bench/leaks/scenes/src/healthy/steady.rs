//! What stays as it is, steps up once, or goes down.

use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::random::Random;
use crate::util::lock;

/// Read at the start, and never changed.
pub(crate) struct Static {
    rows: Vec<Box<[u64]>>,
}

impl Static {
    pub(crate) fn load(seed: u64) -> Self {
        let mut random = Random::stream(seed, 8);
        Self { rows: (0..3000).map(|_| vec![0; random.between(200, 3000)].into_boxed_slice()).collect() }
    }
}

impl Feature for Static {
    fn on_request(&self, request: &Request) {
        std::hint::black_box(self.rows[request.id as usize % self.rows.len()].len());
    }
}

/// A dictionary of another language is loaded when it is first asked for: in tick 10.
#[derive(Default)]
pub(crate) struct Dictionary(Mutex<Vec<String>>);

impl Feature for Dictionary {
    fn on_tick(&self, tick: usize) {
        if tick == 10 {
            self.load();
        }
    }
}

impl Dictionary {
    fn load(&self) {
        *lock(&self.0) = (0..80_000).map(|n| format!("{n:>0$}", 100 + n % 400)).collect();
    }
}

/// What was imported at the start is worked off bit by bit.
pub(crate) struct Import {
    rest: Mutex<Vec<Vec<u8>>>,
}

impl Import {
    pub(crate) fn read(seed: u64) -> Self {
        let mut random = Random::stream(seed, 9);
        Self { rest: Mutex::new((0..5000).map(|_| vec![0; random.between(4 << 10, 12 << 10)]).collect()) }
    }
}

impl Feature for Import {
    fn on_tick(&self, _: usize) {
        let mut rest = lock(&self.rest);
        let left = rest.len() * 92 / 100;
        rest.truncate(left);
    }
}

/// Buffers that become as large as the largest message that each has held.
pub(crate) struct Scratch {
    random: Mutex<Random>,
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Scratch {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Mutex::new(Random::stream(seed, 10)), buffers: Mutex::new(vec![Vec::new(); 64]) }
    }

    fn hold(&self, buffer: usize, size: usize) {
        let buffer = &mut lock(&self.buffers)[buffer];
        buffer.resize(size.max(buffer.len()), 0);
    }
}

impl Feature for Scratch {
    fn on_tick(&self, _: usize) {
        for _ in 0..2000 {
            let (buffer, size) = {
                let mut random = lock(&self.random);
                (random.below(64), random.pareto(8192.0, 1.5, 2e5) as usize)
            };
            self.hold(buffer, size);
        }
    }
}
