//! Memory that is no part of the program's heap: straight from the system, and back to it when dropped.
#![allow(unsafe_code)]

use std::io;
#[cfg(unix)]
use std::ptr::{self, NonNull};

/// Bytes that a client sends, one behind the other. In jemalloc's memory they would stand in the profile of the
/// program, and stay with its arenas.
#[cfg(unix)]
pub(crate) struct Pages {
    start: NonNull<u8>,
    /// Address space that is taken. Memory is, as it is written to.
    capacity: usize,
    length: usize,
}

// SAFETY: the mapping is this value's alone, and no thread's in particular.
#[cfg(unix)]
unsafe impl Send for Pages {}

#[cfg(unix)]
impl Pages {
    /// Room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> io::Result<Pages> {
        if capacity == 0 {
            return Ok(Pages { start: NonNull::dangling(), capacity, length: 0 });
        }
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
        // SAFETY: a new mapping, anywhere, without a file; the call touches no memory that there is.
        let start = unsafe { libc::mmap(ptr::null_mut(), capacity, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Pages { start, capacity, length: 0 })
    }

    /// Appends what there is room for, and says how many bytes that was.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.capacity - self.length);
        // SAFETY: `length` is never above `capacity`, and what is copied ends there at the latest; `bytes` is another's
        // memory, as `self` is borrowed mutably.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(self.length), count) };
        self.length += count;
        count
    }
}

#[cfg(unix)]
impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `length` bytes were written; with none, a dangling pointer will do.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

#[cfg(unix)]
impl Drop for Pages {
    fn drop(&mut self) {
        if self.capacity > 0 {
            // SAFETY: the mapping made above, which nobody borrows any more.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.capacity) };
        }
    }
}

/// Elsewhere from the allocator, whichever that is.
#[cfg(not(unix))]
pub(crate) struct Pages(Vec<u8>, usize);

#[cfg(not(unix))]
impl Pages {
    pub(crate) fn new(capacity: usize) -> io::Result<Pages> {
        Ok(Pages(Vec::new(), capacity))
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.1 - self.0.len());
        self.0.extend_from_slice(&bytes[..count]);
        count
    }
}

#[cfg(not(unix))]
impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_as_far_as_there_is_room() {
        let mut pages = Pages::new(10_000).unwrap();
        assert_eq!(pages.as_ref(), b"");
        assert_eq!(pages.push(&[1; 9_000]), 9_000);
        assert_eq!(pages.push(&[2; 2_000]), 1_000);
        assert_eq!(pages.push(&[3]), 0);
        let expected = [vec![1; 9_000], vec![2; 1_000]].concat();
        assert_eq!(pages.as_ref(), expected);
        let mut none = Pages::new(0).unwrap();
        assert_eq!((none.push(b"x"), none.as_ref()), (0, &b""[..]));
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        assert!(Pages::new(usize::MAX / 2).is_err());
    }
}
