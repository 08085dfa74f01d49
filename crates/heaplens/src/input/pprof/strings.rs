//! The one table of strings. Texts stay in the file; those that the profile needs are kept once.

use super::budget::{self, Budget};
use super::wire::Fault;
use crate::error::Error;
use crate::profile::{Profile, StringId};
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct Strings<'a> {
    texts: Vec<&'a [u8]>,
    /// Of each text that is kept, one more than its id; 0 for the rest.
    kept: Vec<u32>,
}

impl<'a> Strings<'a> {
    pub(super) fn push(&mut self, text: &'a [u8], at: usize) -> Result<(), Fault> {
        if self.texts.is_empty() && !text.is_empty() {
            let found = format!("`{}`", text[..text.len().min(60)].escape_ascii());
            return Err(Fault::new(at, found, "an empty string as the first of the table"));
        }
        self.texts.push(text);
        Ok(())
    }

    /// A text by its index; `at` is where that stands.
    pub(super) fn bytes(&self, index: u64, at: usize) -> Result<&'a [u8], Fault> {
        let found = usize::try_from(index).ok().and_then(|index| self.texts.get(index));
        match (found, index) {
            (Some(text), _) => Ok(text),
            (None, 0) => Ok(b""),
            (None, _) => {
                let count = self.texts.len();
                let found = format!("string {} of a table of {count}", index as i64);
                Err(Fault::new(at, found, "a string of the table"))
            }
        }
    }

    /// As [`Strings::bytes`]; what is not UTF-8 is replaced by U+FFFD.
    pub(super) fn text(&self, index: u64, at: usize) -> Result<Cow<'a, str>, Fault> {
        Ok(lossy(self.bytes(index, at)?))
    }

    /// A text in the profile's own table. The index is one that [`Strings::bytes`] knows.
    pub(super) fn keep(
        &mut self,
        index: u64,
        profile: &mut Profile,
        budget: &mut Budget,
    ) -> Result<StringId, Error> {
        let index = index as usize;
        if let Some(known) = self.kept.get(index).filter(|known| **known > 0) {
            return Ok(StringId(known - 1));
        }
        let text = self.texts.get(index).copied().unwrap_or_default();
        budget.charge(text.len().saturating_add(budget::TEXT))?;
        let id = profile.intern(&lossy(text));
        if self.kept.len() <= index {
            self.kept.resize(self.texts.len().max(1), 0);
        }
        self.kept[index] = id.0 + 1;
        Ok(id)
    }
}

/// Replacing goes byte by byte, and hardly any text needs it.
fn lossy(text: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed)
}
