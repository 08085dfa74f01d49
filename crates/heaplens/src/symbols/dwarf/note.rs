//! What was lost on the way and concerns no place in particular.

use super::lock;
use std::sync::Mutex;

/// One such thing, in words; shared by all threads.
#[derive(Debug, Default)]
pub(super) struct Note(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    first: Option<String>,
    /// The unit that lost it, by its offset.
    of_unit: Option<(u64, String)>,
}

impl Note {
    /// Keeps what is said first.
    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        lock(&self.0).first.get_or_insert_with(what);
    }

    /// Keeps what the first unit of the file says, whichever thread comes to it when.
    pub(super) fn say_of_unit(&self, offset: u64, what: String) {
        let known = &mut lock(&self.0).of_unit;
        if known.as_ref().is_none_or(|(before, _)| offset < *before) {
            *known = Some((offset, what));
        }
    }

    pub(super) fn take(&self) -> Option<String> {
        let Said { first, of_unit } = std::mem::take(&mut *lock(&self.0));
        first.or(of_unit.map(|(_, what)| what))
    }
}
