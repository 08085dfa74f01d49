//! Files without a name, and the clock's unit.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

/// A file in memory, closed on exec: nothing on disk, no name to guess, no link to follow.
pub(crate) fn memfd() -> io::Result<File> {
    // SAFETY: the name ends in NUL; the call creates a descriptor or answers −1.
    let fd = unsafe { libc::memfd_create(c"heaplens-dump".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is fresh and nobody else's.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Clock ticks a second, the unit of /proc/PID/stat.
pub(crate) fn ticks_per_second() -> Option<u64> {
    // SAFETY: sysconf has no preconditions.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|&ticks| ticks > 0)
}
