//! Runs work that takes memory for a moment so that the program keeps none of it and no profile shows it: unsampled, on
//! a thread and in an arena of its own, whose pages go back to the system at the end.
//!
//! In the application's arenas what the work frees would stay as dirty pages until the arena decays: for seconds, or
//! for as long as nothing else happens there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::sys::mallctl::{self, Arena, unsampled};

/// The work's depth is bounded by limits of its readers; a program can have set a small stack for its threads.
const STACK_BYTES: usize = 8 << 20;

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

/// What was in the arena before the work: a process forked in the middle of a drawing inherits that one's memory.
static INHERITED: AtomicU64 = AtomicU64::new(0);

/// How many bytes the work holds now, in whole pages.
pub(super) fn held() -> Option<u64> {
    Some(arena()?.held().ok()?.saturating_sub(INHERITED.load(Ordering::Relaxed)))
}

/// Gives back what the work has freed so far, the cache of this thread included: for the moments between two stages, so
/// that the next one does not come on top of what the last one is done with.
pub(super) fn give_back() {
    // What jemalloc refuses, or another thread's purge prevents, goes at the end.
    let _ = mallctl::flush_cache_of_this_thread();
    let _ = arena().map(Arena::purge);
}

/// How many pages the work has freed and not given back.
#[cfg(all(test, feature = "symbolize"))]
pub(super) fn free_pages() -> Option<usize> {
    arena()?.free_pages().ok()
}

/// Runs `work` on a thread set apart, and returns a copy of the result that is the caller's own memory; `None` if the
/// work panics. One at a time: the caller sees to that.
///
/// The copy must share nothing with the original.
pub(super) fn run<T: Clone + Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    unsampled(|| {
        let _ = arena().map(Arena::keep_free_pages);
        INHERITED.store(arena().and_then(|arena| arena.held().ok()).unwrap_or(0), Ordering::Relaxed);
        let copy = on_a_thread(work);
        let _ = arena().map(Arena::give_back);
        copy
    })
}

fn on_a_thread<T: Clone + Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let work = Mutex::new(Some(work));
    let once = || catch_unwind(AssertUnwindSafe(|| lock(&work).take().map(|work| work()))).ok().flatten();
    let result = Mutex::new(None);
    // Reached when the result is there, and when it is copied. Made of no memory that the two would share.
    let meeting = Barrier::new(2);
    let thread = thread::Builder::new().name("heaplens-draw".to_owned()).stack_size(STACK_BYTES);
    thread::scope(|scope| {
        let thread = thread.spawn_scoped(scope, || {
            enter();
            *lock(&result) = once();
            meeting.wait();
            meeting.wait();
            // By the thread that made it: another one would keep pieces of the arena in its cache.
            *lock(&result) = None;
        });
        // No thread to be had: here, then.
        let Ok(thread) = thread else { return once() };
        meeting.wait();
        let copy = lock(&result).clone();
        meeting.wait();
        // Joined, not only waited for: what the thread caches goes to the arena when it ends.
        thread.join().ok().and(copy)
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::common::in_child;
    use crate::process;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;

    fn figure(name: &str) -> u64 {
        let figures = process::memory().bytes;
        figures.iter().find(|(found, _)| *found == name).unwrap().1
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
        in_child("render::apart::tests::memory_is_given_back_at_once_and_work_starts_anew", None, || {
            let first = run(wasteful).unwrap();
            let before = (figure("rssanon"), figure("vmrss"));
            for _ in 0..3 {
                let result = run(|| (wasteful(), figure("rssanon"))).unwrap();
                assert!(result.1 > before.0 + (32 << 20), "the work took memory");
                assert_eq!(result.0, first);
                drop(result);
                let kept =
                    (figure("rssanon").saturating_sub(before.0), figure("vmrss").saturating_sub(before.1));
                assert!(kept.0 < 4 << 20 && kept.1 < 4 << 20, "{kept:?} bytes kept");
                assert_eq!(arena().unwrap().held(), Ok(0), "the original is gone");
            }
        });
    }

    #[test]
    fn what_others_free_meanwhile_is_given_back_at_the_end_and_not_before() {
        let test = "render::apart::tests::what_others_free_meanwhile_is_given_back_at_the_end_and_not_before";
        in_child(test, None, || {
            run(|| ()).unwrap();
            let arena = arena().unwrap();
            for _ in 0..10 {
                let (hand, handed) = mpsc::sync_channel::<Vec<Vec<u8>>>(4);
                let (handed, freed) = (&Mutex::new(handed), &Barrier::new(3));
                let purges = thread::scope(|scope| {
                    let free = || {
                        while let Ok(pieces) = { lock(handed).recv() } {
                            drop(pieces);
                        }
                        freed.wait();
                    };
                    let others = [scope.spawn(free), scope.spawn(free)];
                    let work = move || {
                        let before = arena.purges().unwrap();
                        for _ in 0..10 {
                            let piece = |i: usize| std::hint::black_box(vec![1u8; 100 * i]);
                            hand.send((0..500).map(piece).collect()).unwrap();
                        }
                        drop(hand);
                        freed.wait();
                        assert!(arena.free_pages().unwrap() > 1_000);
                        arena.purges().unwrap() - before
                    };
                    let purges = run(work).unwrap();
                    for thread in others {
                        thread.join().unwrap();
                    }
                    purges
                });
                // A purge of theirs at the wrong moment is one of ours that jemalloc skips.
                assert_eq!(purges, 0);
                // What the threads had in their caches, and freed when they ended, goes with the next work.
                run(|| ()).unwrap();
                assert_eq!((arena.free_pages(), arena.held()), (Ok(0), Ok(0)));
            }
        });
    }

    #[test]
    fn memory_is_given_back_though_others_purge() {
        in_child("render::apart::tests::memory_is_given_back_though_others_purge", None, || {
            run(|| ()).unwrap();
            let arena = arena().unwrap();
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        arena.purge().unwrap();
                    }
                });
                for _ in 0..20 {
                    // All freed in one go, at the end.
                    let pieces = |i: usize| std::hint::black_box(vec![1u8; 4 * i]);
                    run(|| drop((0..2_000).map(pieces).collect::<Vec<_>>())).unwrap();
                    assert_eq!(arena.free_pages(), Ok(0));
                }
                done.store(true, Ordering::Relaxed);
            });
        });
    }

    #[test]
    fn what_a_forked_process_inherits_is_not_of_its_work() {
        in_child("render::apart::tests::what_a_forked_process_inherits_is_not_of_its_work", None, || {
            let work = || {
                let piece = std::hint::black_box(vec![1u8; 8 << 20]);
                let held = held().unwrap();
                let own = || run(self::held).flatten();
                (held, crate::common::in_fork(|| own().is_some_and(|own| own < held / 2)), piece)
            };
            let (held, forked, _) = run(work).unwrap();
            assert!(held >= 8 << 20 && forked, "{held}");
        });
    }

    #[test]
    fn a_panic_ends_the_work_alone() {
        assert_eq!(run(|| -> u8 { panic!("as the test wants it") }), None);
        assert_eq!(run(|| 7), Some(7));
    }
}
