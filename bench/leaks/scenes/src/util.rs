//! What many parts of the service share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes on their way in or out.
#[derive(Debug)]
pub(crate) struct Buf {
    bytes: Vec<u8>,
}

impl Buf {
    /// An empty buffer with room for so many bytes.
    #[inline(never)]
    pub(crate) fn new(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// Appends what there is room for.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let room = self.bytes.capacity() - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
