//! What is kept for a time.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::random::Random;
use crate::util::lock;

/// Rows are kept for so many ticks.
pub(crate) struct Window {
    ticks: usize,
    rows: Mutex<VecDeque<Vec<Vec<u8>>>>,
}

impl Window {
    pub(crate) fn empty(ticks: usize) -> Self {
        Self { ticks, rows: Mutex::new([Vec::new()].into()) }
    }

    /// As it is when it has run for longer than that.
    pub(crate) fn full(ticks: usize, seed: u64) -> Self {
        let window = Self::empty(ticks);
        let mut random = Random::stream(seed, 6);
        for _ in 0..ticks {
            for _ in 0..300 {
                window.keep(random.between(6 << 10, 12 << 10));
            }
            window.next();
        }
        window
    }

    fn keep(&self, size: usize) {
        if let Some(newest) = lock(&self.rows).back_mut() {
            newest.push(vec![0; size]);
        }
    }

    fn next(&self) {
        let mut rows = lock(&self.rows);
        rows.push_back(Vec::new());
        while rows.len() > self.ticks {
            rows.pop_front();
        }
    }
}

impl Feature for Window {
    fn on_request(&self, request: &Request) {
        self.keep(request.random().between(6 << 10, 12 << 10));
    }

    fn on_tick(&self, _: usize) {
        self.next();
    }
}

/// Objects of all sizes that live for any time: most are small and soon gone, a few are neither.
pub(crate) struct Churn {
    random: Mutex<Random>,
    /// By the tick in which they go, from now.
    going: Mutex<VecDeque<Vec<Vec<u8>>>>,
}

/// The longest life: half of the run, or nobody could tell it from a leak.
const TICKS: usize = 12;

impl Churn {
    pub(crate) fn running(seed: u64) -> Self {
        let going = (0..=TICKS).map(|_| Vec::new()).collect();
        let churn = Self { random: Mutex::new(Random::stream(seed, 7)), going: Mutex::new(going) };
        for _ in 0..TICKS {
            churn.turn_over();
        }
        churn
    }

    fn turn_over(&self) {
        let mut going = lock(&self.going);
        going.pop_front();
        going.push_back(Vec::new());
        let mut random = lock(&self.random);
        for _ in 0..4000 {
            let size = random.pareto(200.0, 1.2, 2e6) as usize;
            let life = random.pareto(0.5, 1.1, TICKS as f64) as usize;
            going[life].push(vec![0; size]);
        }
    }
}

impl Feature for Churn {
    fn on_tick(&self, _: usize) {
        self.turn_over();
    }
}
