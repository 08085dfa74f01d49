//! Loads: nothing is kept, but the requests in flight become more or fewer.

use std::f64::consts::TAU;
use std::sync::Mutex;

use crate::app::Feature;
use crate::random::Random;
use crate::util::{Buf, lock};

/// Twice the load from tick 12 on, reached in so many ticks.
pub(crate) struct Doubled {
    ramp: f64,
}

impl Doubled {
    pub(crate) fn new(ramp: f64) -> Self {
        Self { ramp }
    }
}

impl Feature for Doubled {
    fn load(&self, tick: usize) -> f64 {
        1.0 + ((tick as f64 - 11.0) / self.ramp).clamp(0.0, 1.0)
    }
}

/// A load that wanders about its mean: each tick is much like the one before (AR(1), 0.8).
pub(crate) struct Wandering(Mutex<(Random, f64)>);

impl Wandering {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::stream(seed, 4);
        let start = 0.4 * random.normal();
        Self(Mutex::new((random, start)))
    }
}

impl Feature for Wandering {
    fn load(&self, _: usize) -> f64 {
        let mut state = lock(&self.0);
        let (random, at) = &mut *state;
        *at = 0.8 * *at + 0.6 * 0.4 * random.normal();
        at.exp()
    }
}

/// Two days, each with a morning and an evening.
pub(crate) struct Daily;

impl Feature for Daily {
    fn load(&self, tick: usize) -> f64 {
        1.2 - 0.8 * (TAU * tick as f64 / 12.0).cos()
    }
}

/// Connections are opened when more are needed at once than ever before, and stay open.
pub(crate) struct Connections {
    random: Mutex<Random>,
    open: Mutex<Vec<Buf>>,
}

impl Connections {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Mutex::new(Random::stream(seed, 5)), open: Mutex::default() }
    }

    fn reserve(&self, needed: usize) {
        let mut open = lock(&self.open);
        while open.len() < needed {
            open.push(Buf::new(128 << 10));
        }
    }
}

impl Feature for Connections {
    fn on_tick(&self, _: usize) {
        // So many at once: the most of a hundred moments within the tick.
        let mut random = lock(&self.random);
        let most = (0..100).map(|_| 120.0 + 15.0 * random.normal()).fold(0.0, f64::max);
        self.reserve(most as usize);
    }
}
