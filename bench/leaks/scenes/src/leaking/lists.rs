//! Small things, many of them.

use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::util::lock;

/// A trail of who did what, as a list.
#[derive(Default)]
pub(crate) struct Audit(Mutex<Option<Box<Note>>>);

#[allow(dead_code)]
struct Note {
    request: u64,
    step: u64,
    facts: [u64; 5],
    earlier: Option<Box<Note>>,
}

impl Feature for Audit {
    fn on_request(&self, request: &Request) {
        for step in 0..24 {
            self.note(request.id, step);
        }
    }
}

impl Audit {
    fn note(&self, request: u64, step: u64) {
        let mut last = lock(&self.0);
        let earlier = last.take();
        *last = Some(Box::new(Note { request, step, facts: [step; 5], earlier }));
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        // One after the other: a list this long does not fit the stack.
        let mut last = lock(&self.0).take();
        while let Some(mut note) = last {
            last = note.earlier.take();
        }
    }
}

/// How long everything took, as one vector of numbers that only grows.
#[derive(Default)]
pub(crate) struct Latencies(Mutex<Vec<u64>>);

impl Feature for Latencies {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for _ in 0..500 {
            self.record(random.next());
        }
    }
}

impl Latencies {
    fn record(&self, nanoseconds: u64) {
        lock(&self.0).push(nanoseconds);
    }
}
