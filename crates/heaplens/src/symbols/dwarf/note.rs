//! What was lost on the way and concerns no place in particular.

use super::lock;
use std::sync::Mutex;

/// The first such thing, in words; shared by all threads.
#[derive(Debug, Default)]
pub(super) struct Note(Mutex<Option<String>>);

impl Note {
    /// Keeps what is said first.
    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        lock(&self.0).get_or_insert_with(what);
    }

    pub(super) fn take(&self) -> Option<String> {
        lock(&self.0).take()
    }
}
