//! Runs work that takes memory for a moment so that the program keeps none of it and no profile shows it: unsampled, on
//! a thread and in an arena of its own, whose pages go back to the system at the end.
//!
//! In the application's arenas what the work frees would stay as dirty pages until the arena decays: for seconds, or
//! for as long as nothing else happens there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::sys::mallctl::{self, Arena, unsampled};

/// The work's depth is bounded by limits of its readers; a program can have set a small stack for its threads.
const STACK_BYTES: usize = 8 << 20;
/// While the work runs, pages that it frees serve its next allocations.
const BUSY_DECAY_MS: isize = 1_000;

/// The arena of all such work; `None` if jemalloc has no room for one more.
fn arena() -> Option<Arena> {
    static ARENA: OnceLock<Option<Arena>> = OnceLock::new();
    *ARENA.get_or_init(|| Arena::create().ok())
}

/// Sets this thread apart; for threads that serve the work and end with it.
pub(super) fn enter() {
    // Where jemalloc refuses, the work is done all the same: at worst it is sampled, or leaves dirty pages.
    let _ = mallctl::stop_sampling_this_thread();
    let _ = arena().map(Arena::enter);
}

/// Runs `work` on a thread set apart, and returns a copy of the result that is the caller's own memory; `None` if the
/// work panics. One at a time: the caller sees to that.
pub(super) fn run<T: Clone + Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    unsampled(|| {
        let set_decay = |ms| arena().map(|arena| arena.set_decay(ms));
        set_decay(BUSY_DECAY_MS);
        let result = on_a_thread(work);
        // The original lies in the arena, and would keep pages of it.
        let copy = result.clone();
        drop(result);
        set_decay(0);
        copy
    })
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let work = Mutex::new(Some(work));
    let once = || work.lock().unwrap_or_else(PoisonError::into_inner).take().map(|work| work());
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("heaplens-draw".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, || {
            enter();
            once()
        });
        match thread {
            // Joined, not only waited for: what the thread caches goes to the arena when it ends.
            Ok(thread) => thread.join().ok().flatten(),
            // No thread to be had: here, then.
            Err(_) => catch_unwind(AssertUnwindSafe(once)).ok().flatten(),
        }
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::process;

    fn anonymous() -> u64 {
        let figures = process::memory().bytes;
        figures.iter().find(|(name, _)| *name == "rssanon").unwrap().1
    }

    /// What a drawing does to memory: many small pieces, some large ones, most of them freed in between.
    fn wasteful() -> Vec<u8> {
        let mut kept = Vec::new();
        for i in 0..200_000 {
            let piece = std::hint::black_box(vec![1u8; 100 + i % 900]);
            if i % 2 == 0 {
                kept.push(piece);
            }
        }
        std::hint::black_box(vec![1u8; 32 << 20]);
        vec![7; 1 << 20]
    }

    #[test]
    fn memory_is_given_back_at_once_and_work_starts_anew() {
        crate::common::in_child(
            "render::apart::tests::memory_is_given_back_at_once_and_work_starts_anew",
            None,
            || {
                let first = run(wasteful).unwrap();
                let before = anonymous();
                for _ in 0..3 {
                    let result = run(|| (wasteful(), anonymous())).unwrap();
                    assert!(result.1 > before + (32 << 20), "the work took memory");
                    assert_eq!(result.0, first);
                    drop(result);
                    let kept = anonymous().saturating_sub(before);
                    assert!(kept < 4 << 20, "{kept} bytes kept");
                }
            },
        );
    }

    #[test]
    fn a_panic_ends_the_work_alone() {
        assert_eq!(run(|| -> u8 { panic!("as the test wants it") }), None);
        assert_eq!(run(|| 7), Some(7));
    }
}
