//! Memory for what has to be held, shared by all threads.

use super::super::bytes::{Damage, Result};
use super::lock;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What is smaller is not counted: a few of them in each thread are nothing.
const SMALL: u64 = 1 << 20;

/// How much may be held at once.
pub(super) struct Memory {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    /// Without what is kept.
    most: u64,
    held: u64,
}

/// Some of it, until dropped.
pub(super) struct Lease<'m> {
    memory: &'m Memory,
    size: u64,
}

impl Memory {
    pub(super) fn new(most: u64) -> Memory {
        Memory { state: Mutex::new(State { most, held: 0 }), returned: Condvar::new() }
    }

    /// Waits until others have returned enough. Whoever holds a lease must not take another.
    ///
    /// # Errors
    /// If there never is enough for `what`.
    pub(super) fn lease(&self, what: &str, size: u64) -> Result<Lease<'_>> {
        let mut state = lock(&self.state);
        if size > state.most {
            return Err(Damage::too_large(what, size, state.most));
        }
        let size = counted(size);
        while state.held + size > state.most {
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.held += size;
        Ok(Lease { memory: self, size })
    }

    /// Takes some until that is dropped. To be called while there are no leases, so that what is left does not depend on
    /// them.
    ///
    /// # Errors
    /// If there is not enough for `what`.
    pub(super) fn keep(self: &Arc<Self>, what: &str, size: u64) -> Result<Kept> {
        let mut state = lock(&self.state);
        let size = counted(size);
        state.most = state.most.checked_sub(size).ok_or_else(|| Damage::too_large(what, size, state.most))?;
        Ok(Kept { memory: self.clone(), size })
    }

    /// What can be leased at once.
    pub(super) fn left(&self) -> u64 {
        lock(&self.state).most
    }
}

/// Some of it that nobody else can lease, until dropped.
pub(super) struct Kept {
    memory: Arc<Memory>,
    size: u64,
}

impl Drop for Kept {
    fn drop(&mut self) {
        lock(&self.memory.state).most += self.size;
    }
}

/// What of it is counted.
fn counted(size: u64) -> u64 {
    if size < SMALL { 0 } else { size }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        lock(&self.memory.state).held -= self.size;
        self.memory.returned.notify_all();
    }
}

/// A list that grows while there is memory for it. When this is dropped, that memory is given back.
pub(super) struct Growing<T> {
    pub(super) list: Vec<T>,
    memory: Arc<Memory>,
    what: &'static str,
    /// What each costs in all.
    each: u64,
    /// How many are paid.
    paid: usize,
    /// The memory for them.
    kept: Vec<Kept>,
}

impl<T> Growing<T> {
    pub(super) fn new(memory: &Arc<Memory>, what: &'static str, each: u64) -> Growing<T> {
        Growing { list: Vec::new(), memory: memory.clone(), what, each, paid: 0, kept: Vec::new() }
    }

    /// # Errors
    /// As [`Memory::keep`].
    pub(super) fn push(&mut self, one: T) -> Result<()> {
        if self.list.len() == self.paid {
            let more = self.paid.max(1024);
            self.kept.push(self.memory.keep(self.what, more as u64 * self.each)?);
            self.paid += more;
        }
        self.list.push(one);
        Ok(())
    }
}

/// Gives a buffer back if it is large.
pub(super) fn give_back(buffer: &mut Vec<u8>) {
    if buffer.capacity() as u64 >= SMALL {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 10 * SMALL;

    #[test]
    fn what_never_fits_is_refused_and_the_rest_waits() {
        let memory = Memory::new(MOST);
        assert!(memory.lease("a unit", MOST + 1).is_err());
        let first = memory.lease("a unit", MOST).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| memory.lease("a unit", MOST).is_ok());
            // Small things do not wait.
            assert!(memory.lease("a unit", SMALL - 1).is_ok());
            drop(first);
            assert!(second.join().unwrap());
        });
    }

    #[test]
    fn what_is_kept_is_there_no_more() {
        let memory = Arc::new(Memory::new(MOST));
        let kept = memory.keep("a list", 4 * SMALL).unwrap();
        assert_eq!(memory.left(), 6 * SMALL);
        assert!(memory.keep("a list", 7 * SMALL).is_err());
        assert!(memory.lease("a unit", 7 * SMALL).is_err());
        assert!(memory.lease("a unit", 6 * SMALL).is_ok());
        drop(kept);
        assert!(memory.lease("a unit", MOST).is_ok());
    }

    #[test]
    fn lists_grow_as_far_as_memory_goes() {
        let memory = Arc::new(Memory::new(MOST));
        let mut list = Growing::new(&memory, "a list", 1024);
        let count = (0..u64::MAX).take_while(|&i| list.push(i).is_ok()).count();
        assert!((4096..=16_384).contains(&count), "{count}");
        assert_eq!(list.list.len(), count);
        assert!(memory.left() < MOST / 2);
        drop(list);
        assert_eq!(memory.left(), MOST);
    }
}
