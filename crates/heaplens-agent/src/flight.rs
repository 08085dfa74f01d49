//! Single flight: one piece of work at a time, and everybody who asks meanwhile gets its result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// One flight's result, and who waits for it. `None` inside once finished: the work panicked.
struct Slot<T> {
    /// A child forked meanwhile inherits the slot, but not the thread that would finish it.
    process: u32,
    result: Mutex<Option<Option<Arc<T>>>>,
    done: Condvar,
    followers: AtomicUsize,
}

impl<T> Slot<T> {
    fn new(process: u32) -> Slot<T> {
        Slot { process, result: Mutex::new(None), done: Condvar::new(), followers: AtomicUsize::new(0) }
    }
}

/// Each of those who wait holds a thread of the application's, whose pool has other work too (tokio's: 512 threads).
pub(crate) const MOST_FOLLOWERS: usize = 16;

/// At most one run of some work at a time.
pub(crate) struct Flight<T> {
    current: Mutex<Option<Arc<Slot<T>>>>,
}

/// What came of a flight.
pub(crate) enum Landed<T> {
    /// This caller did the work.
    Own(Arc<T>),
    /// Another caller was at it already; this is its result.
    Shared(Arc<T>),
    /// The work panicked.
    Panicked,
    /// As many callers wait as may.
    Full,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here can be left half done: a poisoned lock is as good as any.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Flight<T> {
    pub(crate) const fn new() -> Flight<T> {
        Flight { current: Mutex::new(None) }
    }

    /// Runs `work`, or waits for the run that is under way. Callers that come later start a new one.
    pub(crate) fn run(&self, work: impl FnOnce() -> T) -> Landed<T> {
        let slot = {
            let mut current = lock(&self.current);
            match &*current {
                Some(slot) if slot.process == std::process::id() => Err(Arc::clone(slot)),
                _ => {
                    let process = std::process::id();
                    let slot = Arc::new(Slot::new(process));
                    *current = Some(Arc::clone(&slot));
                    Ok(slot)
                }
            }
        };
        match slot {
            Ok(slot) => {
                let result = catch_unwind(AssertUnwindSafe(work)).ok().map(Arc::new);
                *lock(&self.current) = None;
                *lock(&slot.result) = Some(result.clone());
                slot.done.notify_all();
                result.map_or(Landed::Panicked, Landed::Own)
            }
            // Nobody leaves before the result is there, so the places never come free again.
            Err(slot) if slot.followers.fetch_add(1, Ordering::Relaxed) >= MOST_FOLLOWERS => Landed::Full,
            Err(slot) => {
                let mut result = lock(&slot.result);
                loop {
                    match &*result {
                        Some(Some(shared)) => return Landed::Shared(Arc::clone(shared)),
                        Some(None) => return Landed::Panicked,
                        None => result = slot.done.wait(result).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            }
        }
    }

    /// How many callers wait for the run under way.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.current).as_ref().map_or(0, |slot| slot.followers.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_of_the_parent_process_is_nobody_to_wait_for() {
        let flight = Flight::new();
        *lock(&flight.current) = Some(Arc::new(Slot::new(0)));
        assert!(matches!(flight.run(|| 7), Landed::Own(value) if *value == 7));
    }

    #[test]
    fn callers_at_the_same_time_share_one_run() {
        let flight = Flight::new();
        let runs = AtomicUsize::new(0);
        let work = || {
            // The leader stays until all others wait: an ordering, not a duration.
            while flight.waiting() < 7 {
                std::thread::yield_now();
            }
            runs.fetch_add(1, Ordering::SeqCst) + 1
        };
        let results: Vec<(bool, usize)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| match flight.run(work) {
                        Landed::Own(value) => (true, *value),
                        Landed::Shared(value) => (false, *value),
                        Landed::Panicked | Landed::Full => panic!("no panic here, and room for all"),
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(results.iter().all(|(_, value)| *value == 1));
        assert_eq!(results.iter().filter(|(own, _)| *own).count(), 1);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let flight = Flight::new();
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| {
                flight.run(|| {
                    while flight.waiting() < MOST_FOLLOWERS {
                        std::thread::yield_now();
                    }
                    assert!(matches!(flight.run(|| 2), Landed::Full));
                    1
                })
            });
            while lock(&flight.current).is_none() {
                std::thread::yield_now();
            }
            for _ in 0..MOST_FOLLOWERS {
                scope.spawn(|| assert!(matches!(flight.run(|| 3), Landed::Shared(value) if *value == 1)));
            }
            assert!(matches!(leader.join().unwrap(), Landed::Own(value) if *value == 1));
        });
        // They are gone with the run that they waited for.
        assert!(matches!(flight.run(|| 4), Landed::Own(value) if *value == 4));
    }

    #[test]
    fn a_later_caller_gets_a_fresh_run() {
        let flight = Flight::new();
        for n in 0..3 {
            assert!(matches!(flight.run(|| n), Landed::Own(value) if *value == n));
        }
    }

    #[test]
    fn a_panic_is_told_to_all_and_leaves_the_flight_usable() {
        let flight: Flight<u8> = Flight::new();
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| {
                flight.run(|| {
                    while flight.waiting() < 1 {
                        std::thread::yield_now();
                    }
                    panic!("as the test wants it")
                })
            });
            while lock(&flight.current).is_none() {
                std::thread::yield_now();
            }
            let follower = scope.spawn(|| flight.run(|| 2));
            assert!(matches!(leader.join().unwrap(), Landed::Panicked));
            assert!(matches!(follower.join().unwrap(), Landed::Panicked));
        });
        assert!(matches!(flight.run(|| 3), Landed::Own(value) if *value == 3));
    }
}
