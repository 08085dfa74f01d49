//! jemalloc's control interface, `mallctl`, with types that it checks.
#![allow(unsafe_code)]

#[cfg(feature = "pprof")]
use std::ffi::CString;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
#[cfg(feature = "pprof")]
use std::time::Duration;

use tikv_jemalloc_sys::mallctl;

/// An `errno` value from `mallctl`: ENOENT unknown or switched off, EFAULT a side effect failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::io::Error::from_raw_os_error(self.0).fmt(f)
    }
}

fn check(code: i32) -> Result<(), Errno> {
    if code == 0 { Ok(()) } else { Err(Errno(code)) }
}

mod sealed {
    /// Integers for which every bit pattern is a value.
    pub(crate) trait Plain: Copy + Default {}
    impl Plain for u8 {}
    impl Plain for u32 {}
    impl Plain for u64 {}
    impl Plain for usize {}
    impl Plain for isize {}
}

/// Reads an integer; EINVAL if jemalloc's has another size.
pub(crate) fn read<T: sealed::Plain>(name: &CStr) -> Result<T, Errno> {
    let mut value = T::default();
    let mut length = size_of::<T>();
    // SAFETY: the name ends in NUL; `value` is writable for `length` bytes, jemalloc writes at most that many
    // (and answers EINVAL if its own type has another size), and any bytes make a valid `T`.
    check(unsafe { mallctl(name.as_ptr(), (&raw mut value).cast(), &raw mut length, ptr::null_mut(), 0) })?;
    Ok(value)
}

/// Reads a C `bool`.
pub(crate) fn read_bool(name: &CStr) -> Result<bool, Errno> {
    read::<u8>(name).map(|value| value != 0)
}

/// String values that live as long as the process.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Version,
    OptThp,
    OptMetadataThp,
    OptPercpuArena,
}

/// Reads one of the strings that jemalloc keeps for ever.
pub(crate) fn read_text(which: Text) -> Option<String> {
    let name = match which {
        Text::Version => c"version",
        Text::OptThp => c"opt.thp",
        Text::OptMetadataThp => c"opt.metadata_thp",
        Text::OptPercpuArena => c"opt.percpu_arena",
    };
    let mut text: *const c_char = ptr::null();
    let mut length = size_of::<*const c_char>();
    // SAFETY: as in `read`; these names yield a pointer.
    let code = unsafe { mallctl(name.as_ptr(), (&raw mut text).cast(), &raw mut length, ptr::null_mut(), 0) };
    if code != 0 || text.is_null() {
        return None;
    }
    // SAFETY: jemalloc answers these four with string literals of its own, which end in NUL and never go away.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// Writes a value that jemalloc copies; EINVAL if its type has another size.
fn write<T: Copy>(name: &CStr, mut value: T) -> Result<(), Errno> {
    // SAFETY: the name ends in NUL; jemalloc reads `size_of::<T>()` bytes after comparing that with its own type.
    check(unsafe {
        mallctl(
            name.as_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
            (&raw mut value).cast::<c_void>(),
            size_of::<T>(),
        )
    })
}

/// Switches `prof.active`.
pub(crate) fn set_prof_active(on: bool) -> Result<(), Errno> {
    write(c"prof.active", on)
}

/// Switches `prof.gdump`.
pub(crate) fn set_prof_gdump(on: bool) -> Result<(), Errno> {
    write(c"prof.gdump", on)
}

/// Forgets all samples, and takes the next ones at this rate.
#[cfg(feature = "leak-test")]
pub(crate) fn reset_prof(lg_sample: u64) -> Result<(), Errno> {
    let lg_sample = usize::try_from(lg_sample).map_err(|_| Errno(libc::EINVAL))?;
    write(c"prof.reset", lg_sample)
}

/// Runs `work` with this thread's allocations left out of the profile.
pub(crate) fn unsampled<T>(work: impl FnOnce() -> T) -> T {
    /// Switches sampling on again, also when `work` panics.
    struct On;
    impl Drop for On {
        fn drop(&mut self) {
            // It was possible a moment ago; if not, less is sampled.
            let _ = write(c"thread.prof.active", true);
        }
    }
    let sampled = read_bool(c"thread.prof.active").unwrap_or(false);
    // Made only where it is wanted: a value that is thrown away would switch on as well.
    let _on = if sampled && write(c"thread.prof.active", false).is_ok() { Some(On) } else { None };
    work()
}

/// Leaves all further allocations of this thread out of the profile.
#[cfg(any(feature = "pprof", feature = "listener"))]
pub(crate) fn stop_sampling_this_thread() -> Result<(), Errno> {
    write(c"thread.prof.active", false)
}

/// Hands what this thread keeps for its next allocations to the arenas.
#[cfg(feature = "pprof")]
pub(crate) fn flush_cache_of_this_thread() -> Result<(), Errno> {
    call(c"thread.tcache.flush")
}

/// An arena that only threads of [`Arena::enter`] allocate from. It lives as long as the process: memory of it may be
/// in use for ever, and another thread may free it at any time.
#[cfg(feature = "pprof")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arena(u32);

#[cfg(feature = "pprof")]
impl Arena {
    /// A new one.
    pub(crate) fn create() -> Result<Arena, Errno> {
        read(c"arenas.create").map(Arena)
    }

    /// Makes this thread allocate from it until the thread ends.
    pub(crate) fn enter(self) -> Result<(), Errno> {
        write(c"thread.arena", self.0)
    }

    /// Keeps pages that become free for the next allocations: no thread gives any back.
    pub(crate) fn keep_free_pages(self) -> Result<(), Errno> {
        // Straight to the system when the time comes: what is muzzy stands in the process's figures.
        write(&self.name("muzzy_decay_ms")?, 0isize)?;
        write(&self.name("dirty_decay_ms")?, -1isize)
    }

    /// Gives the pages that are free back to the system, and from now on each at once.
    ///
    /// jemalloc skips a purge, and says nothing, while another thread is at one: one that frees memory of this arena.
    /// So the figures are read back.
    pub(crate) fn give_back(self) -> Result<(), Errno> {
        write(&self.name("dirty_decay_ms")?, 0isize)?;
        for _ in 0..MOST_PURGES {
            if self.free_pages()? == 0 {
                break;
            }
            self.purge()?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Gives the pages that are free back to the system, unless another thread is at it.
    pub(crate) fn purge(self) -> Result<(), Errno> {
        call(&self.name("purge")?)
    }

    /// How often pages were given back.
    #[cfg(test)]
    pub(crate) fn purges(self) -> Result<u64, Errno> {
        advance_epoch()?;
        read(&text(format!("stats.arenas.{}.dirty_npurge", self.0))?)
    }

    /// How many pages are free and not given back.
    pub(crate) fn free_pages(self) -> Result<usize, Errno> {
        advance_epoch()?;
        Ok(self.pages("pdirty")? + self.pages("pmuzzy")?)
    }

    /// How many bytes are allocated from it, in whole pages.
    pub(crate) fn held(self) -> Result<u64, Errno> {
        advance_epoch()?;
        let page: usize = read(c"arenas.page")?;
        Ok((self.pages("pactive")? as u64).saturating_mul(page as u64))
    }

    fn pages(self, kind: &str) -> Result<usize, Errno> {
        read(&text(format!("stats.arenas.{}.{kind}", self.0))?)
    }

    fn name(self, control: &str) -> Result<CString, Errno> {
        text(format!("arena.{}.{control}", self.0))
    }
}

/// Two seconds of purges, far more than another thread's takes. Without a bound, a program that frees memory of the
/// arena for ever would keep this thread for ever.
#[cfg(feature = "pprof")]
const MOST_PURGES: usize = 2_000;

#[cfg(feature = "pprof")]
fn text(name: String) -> Result<CString, Errno> {
    // No number and no word of ours has a NUL.
    CString::new(name).map_err(|_| Errno(libc::EINVAL))
}

/// Has jemalloc do what neither reads nor writes a value.
#[cfg(feature = "pprof")]
fn call(name: &CStr) -> Result<(), Errno> {
    // SAFETY: the name ends in NUL; there is no value.
    check(unsafe { mallctl(name.as_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), 0) })
}

/// Advances the epoch: `stats.*` are figures as of the last advance.
pub(crate) fn advance_epoch() -> Result<(), Errno> {
    write(c"epoch", 1u64)
}

/// Writes a heap profile to a path. Blocks; other threads' allocations wait for it at times.
pub(crate) fn dump(path: &CStr) -> Result<(), Errno> {
    // The pointer is to live until the call returns, and does: `path` is borrowed.
    write(c"prof.dump", path.as_ptr())
}

/// Whether Rust's global allocator ends up in this jemalloc: whether jemalloc counts an allocation of this thread.
///
/// `arenas.lookup` of an address would tell too, but jemalloc 5.3.0 crashes on an address that is not its own.
pub(crate) fn is_global_allocator() -> bool {
    let counted = || read::<u64>(c"thread.allocated").ok();
    let before = counted();
    let probe = std::hint::black_box(Box::new([0u64; 8]));
    let after = counted();
    let size = size_of_val(&*probe) as u64;
    before.zip(after).is_some_and(|(before, after)| after.wrapping_sub(before) >= size)
}

#[cfg(all(test, feature = "pprof"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_as_it_was_after_unsampled_work() {
        let conf = Some("MALLOC_CONF=prof:true");
        crate::common::in_child(
            "sys::mallctl::tests::a_thread_is_as_it_was_after_unsampled_work",
            conf,
            || {
                let sampled = || read_bool(c"thread.prof.active").unwrap();
                assert!(sampled());
                unsampled(|| {
                    assert!(!sampled());
                    unsampled(|| assert!(!sampled()));
                    assert!(!sampled());
                });
                assert!(sampled());
                stop_sampling_this_thread().unwrap();
                unsampled(|| assert!(!sampled()));
                assert!(!sampled());
            },
        );
    }
}
