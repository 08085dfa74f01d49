//! Buffers that are kept.

use std::sync::Mutex;

use crate::app::{Feature, Lru, Request};
use crate::random::Random;
use crate::util::{Buf, lock};

/// Uploads are staged, and stay when they have been stored.
#[derive(Default)]
pub(crate) struct Staging(Mutex<Vec<Vec<u8>>>);

impl Feature for Staging {
    fn on_request(&self, request: &Request) {
        self.keep(request.random().between(8 << 10, 40 << 10));
    }
}

impl Staging {
    fn keep(&self, size: usize) {
        lock(&self.0).push(vec![0; size]);
    }
}

/// Reports are made every four ticks, and every one is kept.
#[derive(Default)]
pub(crate) struct Reports(Mutex<Vec<Vec<Vec<u8>>>>);

impl Feature for Reports {
    fn on_tick(&self, tick: usize) {
        if tick % 4 == 2 {
            self.archive(tick as u64);
        }
    }
}

impl Reports {
    fn archive(&self, number: u64) {
        let mut random = Random::new(number);
        let pages = (0..300).map(|_| vec![0; random.between(16 << 10, 48 << 10)]).collect();
        lock(&self.0).push(pages);
    }
}

/// A snapshot of a megabyte each tick.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<Vec<Box<[u8]>>>);

impl Feature for Snapshots {
    fn on_tick(&self, _: usize) {
        self.take();
    }
}

impl Snapshots {
    fn take(&self) {
        lock(&self.0).push(vec![0; 1 << 20].into_boxed_slice());
    }
}

/// Exports take their buffer from where everybody takes buffers.
#[derive(Default)]
pub(crate) struct Exports(Mutex<Vec<Buf>>);

impl Feature for Exports {
    fn on_request(&self, request: &Request) {
        self.begin(request);
    }
}

impl Exports {
    fn begin(&self, request: &Request) {
        let mut buffer = Buf::new(10 << 10);
        buffer.put(&request.body);
        lock(&self.0).push(buffer);
    }
}

/// Each request copies its tenant's settings for ever, beside a cache that fills over the whole run.
pub(crate) struct Tenants {
    settings: Mutex<Vec<String>>,
    cache: Lru,
}

impl Tenants {
    pub(crate) fn new() -> Self {
        Self { settings: Mutex::default(), cache: Lru::new(usize::MAX) }
    }

    fn copy_settings(&self, request: &Request) {
        let copy = format!("{} {}", request.user, String::from_utf8_lossy(&request.body).repeat(4));
        lock(&self.settings).push(copy);
    }

    fn warm(&self, request: &Request) {
        let mut random = request.random();
        for _ in 0..3 {
            self.cache.get_or(random.next() % 6300, |size| vec![b't'; size + (4 << 10)]);
        }
    }
}

impl Feature for Tenants {
    fn on_request(&self, request: &Request) {
        self.copy_settings(request);
        self.warm(request);
    }
}
