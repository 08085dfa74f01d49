//! Turns: one at a time in this process, and few who wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Each of those who wait holds a thread of the application's.
pub(crate) const MOST_WAITING: usize = 4;

/// Where turns are taken.
pub(crate) struct Turns {
    state: Mutex<State>,
    free: Condvar,
}

struct State {
    /// A child forked meanwhile inherits the rest, but not the threads that it tells of.
    process: u32,
    taken: bool,
    waiting: usize,
}

/// Ends when dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
}

impl Turns {
    pub(crate) const fn new() -> Turns {
        Turns { state: Mutex::new(State { process: 0, taken: false, waiting: 0 }), free: Condvar::new() }
    }

    /// Waits for a turn; `None` if too many wait already.
    pub(crate) fn take(&self) -> Option<Turn<'_>> {
        let mut state = self.lock();
        if state.taken {
            if state.waiting >= MOST_WAITING {
                return None;
            }
            state.waiting += 1;
            while state.taken {
                state = self.free.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.waiting -= 1;
        }
        state.taken = true;
        Some(Turn { turns: self })
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here can be left half done: a poisoned lock is as good as any.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if state.process != process {
            *state = State { process, taken: false, waiting: 0 };
        }
        state
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().taken = false;
        self.turns.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_wait_and_the_rest_are_told() {
        let turns = Turns::new();
        let taken = turns.take();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..MOST_WAITING).map(|_| scope.spawn(|| turns.take().is_some())).collect();
            while turns.waiting() < MOST_WAITING {
                std::thread::yield_now();
            }
            assert!(turns.take().is_none());
            drop(taken);
            for thread in waiting {
                assert!(thread.join().unwrap());
            }
        });
        assert_eq!(turns.waiting(), 0);
        assert!(turns.take().is_some());
    }

    #[test]
    fn one_at_a_time() {
        let (turns, inside) = (Turns::new(), Mutex::new(()));
        std::thread::scope(|scope| {
            for _ in 0..=MOST_WAITING {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let _turn = turns.take().unwrap();
                        let _inside = inside.try_lock().unwrap();
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_ends_a_turn() {
        let turns = Turns::new();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let _turn = turns.take();
                panic!("as the test wants it")
            });
            assert!(thread.join().is_err());
        });
        assert!(turns.take().is_some());
    }

    #[test]
    fn a_turn_of_the_parent_process_is_nobody_to_wait_for() {
        let turns = Turns::new();
        let taken = turns.take();
        turns.state.lock().unwrap().process = 0;
        assert!(turns.take().is_some());
        drop(taken);
    }
}
