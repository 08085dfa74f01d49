//! Even pacing: one batch at a time, at a given rate.

use std::thread;
use std::time::{Duration, Instant};

/// When the next batch is due.
#[derive(Debug)]
pub(super) struct Pace {
    next: Instant,
    interval: Duration,
}

impl Pace {
    /// `rate` is batches per second, greater than zero.
    pub(super) fn new(rate: f64) -> Self {
        Self {
            next: Instant::now(),
            interval: Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::from_secs(3600)),
        }
    }

    /// Waits for the next batch; false if it is due only at `until` or later.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let now = Instant::now();
        if now >= until || self.next >= until {
            thread::sleep(until.saturating_duration_since(now));
            return false;
        }
        thread::sleep(self.next.saturating_duration_since(now));
        // A service that is too slow is not flooded afterwards with all that it missed.
        self.next = (self.next + self.interval).max(now.checked_sub(Duration::from_secs(1)).unwrap_or(now));
        true
    }
}
