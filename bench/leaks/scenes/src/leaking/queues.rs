//! Queues that nobody empties.

use std::collections::{HashMap, VecDeque};
use std::f64::consts::TAU;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::app::{Feature, Request};
use crate::util::lock;

/// Mail goes through a channel whose receiver waits for a server that does not answer.
pub(crate) struct Outbox {
    sender: Sender<Mail>,
    _stalled: Mutex<Receiver<Mail>>,
}

#[allow(dead_code)]
struct Mail {
    to: String,
    text: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender, _stalled: Mutex::new(receiver) }
    }

    fn publish(&self, request: &Request) {
        let mail = Mail { to: format!("{}@example.org", request.user), text: request.body.repeat(4) };
        let _ = self.sender.send(mail);
    }
}

impl Feature for Outbox {
    fn on_request(&self, request: &Request) {
        self.publish(request);
    }
}

/// A log for replicas, cut at what all have acknowledged; one replica is gone and acknowledges nothing.
#[derive(Default)]
pub(crate) struct ReplicationLog {
    entries: Mutex<VecDeque<Arc<[u8]>>>,
}

impl Feature for ReplicationLog {
    fn on_request(&self, request: &Request) {
        let entry = self.append(&request.body);
        std::hint::black_box(entry);
    }
}

impl ReplicationLog {
    fn append(&self, change: &[u8]) -> Arc<[u8]> {
        let entry: Arc<[u8]> = change.repeat(3).into();
        lock(&self.entries).push_back(Arc::clone(&entry));
        entry
    }
}

/// What failed is tried again later. From tick 8 on everything fails, for ever.
#[derive(Default)]
pub(crate) struct Retries {
    tick: Mutex<usize>,
    parked: Mutex<Vec<Vec<u8>>>,
}

impl Feature for Retries {
    fn on_request(&self, request: &Request) {
        if *lock(&self.tick) >= 8 {
            self.park(request);
        }
    }

    fn on_tick(&self, tick: usize) {
        *lock(&self.tick) = tick;
    }
}

impl Retries {
    fn park(&self, request: &Request) {
        let attempt = [request.user.as_bytes(), request.body.repeat(4).as_slice()].concat();
        lock(&self.parked).push(attempt);
    }
}

type Waiter = Pin<Box<dyn Future<Output = usize> + Send>>;

/// Futures that wait for a lock which is never released.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<Vec<Waiter>>);

impl Feature for Waiters {
    fn on_request(&self, request: &Request) {
        self.wait(request);
    }
}

impl Waiters {
    fn wait(&self, request: &Request) {
        let batch = request.body.repeat(3);
        let waiter = Box::pin(async move {
            let mut page = [0u8; 1024];
            tokio::task::yield_now().await;
            page[0] = batch[0];
            batch.len() + usize::from(page[0])
        });
        lock(&self.0).push(waiter);
    }
}

/// Spans of requests, under a load that rises and falls; those of calls that time out are never ended.
#[derive(Default)]
pub(crate) struct Spans(Mutex<HashMap<u64, Vec<Span>>>);

#[allow(dead_code)]
struct Span {
    name: String,
    fields: [u64; 24],
}

impl Feature for Spans {
    fn load(&self, tick: usize) -> f64 {
        1.0 + 0.6 * (TAU * tick as f64 / 12.0).sin()
    }

    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for call in 0..40 {
            self.start(request.id, call);
        }
        if random.chance(0.2) {
            lock(&self.0).remove(&request.id);
        }
    }
}

impl Spans {
    fn start(&self, request: u64, call: u64) {
        let span = Span { name: format!("call {call} of request {request}"), fields: [call; 24] };
        lock(&self.0).entry(request).or_default().push(span);
    }
}
