//! The three calls of jemalloc that trials need.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;

use tikv_jemalloc_sys::{mallctl, nallocx};

/// Bytes that jemalloc takes for a request of `bytes`, and that its profile counts.
pub(crate) fn usable_size(bytes: usize) -> usize {
    // SAFETY: computes a size; `bytes` is not zero.
    unsafe { nallocx(bytes, 0) }
}

/// Forgets what was sampled, and samples one byte in 2^lg from here on.
pub(crate) fn reset(mut lg: usize) {
    write(c"prof.reset", (&raw mut lg).cast(), size_of::<usize>());
}

pub(crate) fn dump(path: &CStr) {
    let mut path: *const c_char = path.as_ptr();
    write(c"prof.dump", (&raw mut path).cast(), size_of::<*const c_char>());
}

fn write(name: &CStr, value: *mut c_void, size: usize) {
    // SAFETY: both names take a value of the type that their callers point to.
    let code = unsafe { mallctl(name.as_ptr(), null_mut(), null_mut(), value, size) };
    assert_eq!(code, 0, "{name:?} failed; start with MALLOC_CONF=prof:true");
}
