//! The one table of strings.

use super::wire::Message;
use crate::out::escape;
use crate::profile::{Profile, StringId};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::borrow::Cow;
use std::io::{self, Write};

/// Strings by their first use; the first is empty, as the format wants it.
pub(super) struct Strings<'p> {
    table: IndexSet<Cow<'p, str>, FxBuildHasher>,
    /// One more than the place of a profile's string in the table; 0 for those not met yet.
    of_profile: Vec<u32>,
    profile: &'p Profile,
}

impl<'p> Strings<'p> {
    pub(super) fn new(profile: &'p Profile) -> Strings<'p> {
        let mut table = IndexSet::default();
        table.insert(Cow::Borrowed(""));
        Strings { table, of_profile: Vec::new(), profile }
    }

    /// Viewers print what they are given, so control characters and their like are made visible here.
    pub(super) fn id(&mut self, text: impl Into<Cow<'p, str>>) -> u64 {
        let text = match text.into() {
            Cow::Borrowed(text) => escape::terminal(text),
            Cow::Owned(text) => Cow::Owned(escape::terminal(&text).into_owned()),
        };
        match self.table.get_index_of(&text) {
            Some(index) => index as u64,
            None => self.table.insert_full(text).0 as u64,
        }
    }

    /// A string of the profile's.
    pub(super) fn of(&mut self, id: StringId) -> u64 {
        if let Some(known) = self.of_profile.get(id.index()).filter(|known| **known > 0) {
            return u64::from(*known - 1);
        }
        let index = self.id(self.profile.string(id));
        if self.of_profile.len() <= id.index() {
            self.of_profile.resize(id.index() + 1, 0);
        }
        self.of_profile[id.index()] = index as u32 + 1;
        index
    }

    pub(super) fn write(&self, field: u32, out: &mut dyn Write) -> io::Result<()> {
        let mut message = Message::default();
        self.table.iter().try_for_each(|text| {
            message.clear();
            message.text(field, text);
            message.write_fields(out)
        })
    }
}
