//! Memory for what has to be read whole, shared by all threads.

use super::super::bytes::{Damage, Result};
use std::sync::{Condvar, Mutex, PoisonError};

/// What is smaller is not counted: a few of them in each thread are nothing.
const SMALL: u64 = 1 << 20;

/// How much may be held at once.
pub(super) struct Memory {
    most: u64,
    held: Mutex<u64>,
    returned: Condvar,
}

/// Some of it, until dropped.
pub(super) struct Lease<'m> {
    memory: &'m Memory,
    size: u64,
}

impl Memory {
    pub(super) fn new(most: u64) -> Memory {
        Memory { most, held: Mutex::new(0), returned: Condvar::new() }
    }

    /// Waits until others have returned enough. Whoever holds a lease must not take another.
    ///
    /// # Errors
    /// If there never is enough for `what`.
    pub(super) fn lease(&self, what: &str, size: u64) -> Result<Lease<'_>> {
        if size > self.most {
            let most = self.most;
            return Err(Damage(format!(
                "{what} of {size} bytes is more than the {most} that may be read at once"
            )));
        }
        let size = if size < SMALL { 0 } else { size };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        while *held + size > self.most {
            held = self.returned.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        *held += size;
        Ok(Lease { memory: self, size })
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut held = self.memory.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held -= self.size;
        drop(held);
        self.memory.returned.notify_all();
    }
}

/// Gives a buffer back if it is large.
pub(super) fn give_back(buffer: &mut Vec<u8>) {
    if buffer.capacity() as u64 >= SMALL {
        *buffer = Vec::new();
    }
}
