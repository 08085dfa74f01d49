//! Work that threads of their own do: each has a scratch buffer that it keeps between jobs.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};
use std::{sync::Arc, thread};

use super::http::Request;
use crate::util::lock;

pub(super) struct Job {
    body: Vec<u8>,
    scratch: usize,
}

impl Job {
    pub(super) fn new(request: &Request, scratch: usize) -> Self {
        let scratch = request.random().between(scratch / 2, scratch);
        Self { body: request.body.clone(), scratch }
    }
}

pub(super) struct Jobs {
    sender: Sender<Job>,
    open: Arc<Open>,
}

/// How many are not done yet.
#[derive(Default)]
struct Open {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Jobs {
    pub(super) fn start(threads: usize) -> Self {
        let (sender, receiver) = channel();
        let (receiver, open) = (Arc::new(Mutex::new(receiver)), Arc::new(Open::default()));
        for _ in 0..threads {
            let (receiver, open) = (Arc::clone(&receiver), Arc::clone(&open));
            thread::spawn(move || work(&receiver, &open));
        }
        Self { sender, open }
    }

    pub(super) fn submit(&self, job: Job) {
        *lock(&self.open.count) += 1;
        let _ = self.sender.send(job);
    }

    /// Waits until all jobs are done.
    pub(super) fn finish(&self) {
        let mut count = lock(&self.open.count);
        while *count > 0 {
            count = self.open.changed.wait(count).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>, open: &Open) {
    let mut scratch = Vec::new();
    loop {
        let Ok(job) = lock(jobs).recv() else { return };
        scratch.resize(job.scratch, 0u8);
        for (to, from) in scratch.iter_mut().zip(job.body.iter().cycle()) {
            *to ^= from;
        }
        drop(job);
        *lock(&open.count) -= 1;
        open.changed.notify_all();
    }
}
