//! Keeps SIGXFSZ from killing the program: under `ulimit -f` the write of a dump raises it, and by default it is fatal.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

/// Runs `work` with SIGXFSZ blocked in this thread; one that was raised meanwhile is taken off.
pub(crate) fn without_sigxfsz<T>(work: impl FnOnce() -> T) -> T {
    let Some(set) = sigxfsz() else { return work() };
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` is initialised, `before` is writable; the call changes this thread's mask only.
    if unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, before.as_mut_ptr()) } != 0 {
        return work();
    }
    // SAFETY: filled by the successful call above.
    let before = unsafe { before.assume_init() };
    // SAFETY: `before` is initialised.
    let blocked_already = unsafe { libc::sigismember(&raw const before, libc::SIGXFSZ) } == 1;
    let restore = Restore { before, take: (!blocked_already).then_some(set) };
    let result = work();
    drop(restore);
    result
}

struct Restore {
    before: libc::sigset_t,
    take: Option<libc::sigset_t>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(set) = &self.take {
            let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: `set` and `now` are valid; with a zero timeout the call takes a pending signal or returns.
            unsafe { libc::sigtimedwait(set, ptr::null_mut(), &raw const now) };
        }
        // SAFETY: `before` is the mask this thread had.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}

fn sigxfsz() -> Option<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set, sigaddset then adds a valid signal number.
    unsafe {
        let made =
            libc::sigemptyset(set.as_mut_ptr()) == 0 && libc::sigaddset(set.as_mut_ptr(), libc::SIGXFSZ) == 0;
        made.then(|| set.assume_init())
    }
}
