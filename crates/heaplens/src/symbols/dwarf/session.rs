//! A file that stays open, for addresses that come one after the other.
//!
//! What is kept from one look to the next is small: headers, and in which pages which units have code. The units
//! themselves are read for each look and dropped, as ever.

use super::super::bytes::{Result, Window};
use super::pages::{Pages, Pieces};
use super::sections::Reader;
use super::unit::{Header, LastAbbrevs};
use super::{Found, Input, Shared, answer, effort, lock, parallel, uncounted, units, unlisted};
use std::sync::Mutex;

/// See the module.
pub(in super::super) struct Session<'i> {
    shared: Shared<'i>,
    /// What could not be read when it was opened.
    note: Option<String>,
    /// The lists of `.debug_aranges`, by where they begin.
    lists: Pages,
    /// The units that have one, sorted.
    listed: Vec<u64>,
    /// Once an address is in no list.
    unlisted: Option<Unlisted>,
    starts: units::Starts,
}

/// Units without a list.
struct Unlisted {
    /// By where they begin.
    units: Pages,
    /// Why there may be more.
    note: Option<String>,
}

impl<'i> Session<'i> {
    /// # Errors
    /// As [`super::find`].
    pub(in super::super) fn open(input: Input<'i>) -> Result<Session<'i>> {
        let shared = Shared::open(input, effort::LOOK_UP)?;
        let (mut lists, mut listed) = (Pages::default(), Vec::new());
        units::each_list(&shared.main, |list| {
            let mut pieces = Pieces::default();
            let any = list.each(|from, to| {
                pieces.add(from, to);
                Ok(())
            })?;
            if any {
                listed.push(list.unit);
                lists.insert(list.start, pieces);
            }
            Ok(())
        });
        lists.finish();
        listed.sort_unstable();
        let starts = units::Starts::of(&listed, shared.main.info.len());
        let note = lock(&shared.note).take();
        Ok(Session { shared, note, lists, listed, unlisted: None, starts })
    }

    /// As [`super::find`].
    ///
    /// # Errors
    /// As there.
    pub(in super::super) fn find(&mut self, sorted: &[u64]) -> Result<Found> {
        let shared = &self.shared;
        shared.main.effort.renew();
        lock(&shared.note).clone_from(&self.note);
        let lists = self.lists.of(sorted.iter().copied());
        let mut listed = units::listed_at(&shared.main, &lists, sorted);
        let mut candidates = listed.candidates();
        let left = listed.left();
        if !left.is_empty() {
            let unlisted_units = self.unlisted.get_or_insert_with(|| Unlisted::of(shared, &self.listed));
            if let Some(note) = &unlisted_units.note {
                lock(&shared.note).get_or_insert_with(|| note.clone());
            }
            let starts = unlisted_units.units.of(left.iter().map(|&at| sorted[at as usize]));
            let headers = headers(shared, &starts);
            units::add(&mut candidates, unlisted(shared, &headers, sorted, &left));
            shared.main.effort.renew();
        }
        answer(shared, &candidates, &mut self.starts, sorted)
    }
}

impl Unlisted {
    fn of(shared: &Shared<'_>, listed: &[u64]) -> Unlisted {
        let mut headers: Vec<Header> = Vec::new();
        let walked = units::headers(&shared.main, |header| {
            if listed.binary_search(&header.start).is_err() {
                headers.push(header);
            }
        });
        let pages = Mutex::new(Pages::default());
        let start = || (Reader::new(&shared.main), LastAbbrevs::default());
        parallel(shared.input.threads, headers.len(), start, |(reader, last), at| {
            let mut pieces = Pieces::default();
            let read = units::ranges(reader, last, headers[at], &shared.memory, |from, to| {
                pieces.add(from, to);
            });
            // As for a single look: a unit that cannot be read has no places.
            if read.is_ok() {
                lock(&pages).insert(headers[at].start, pieces);
            }
        });
        let mut units = pages.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        units.finish();
        Unlisted { units, note: walked.err().map(|damage| uncounted(&damage)) }
    }
}

/// The headers of units that were read before.
fn headers(shared: &Shared<'_>, starts: &[u64]) -> Vec<Header> {
    let main = &shared.main;
    let mut window = Window::new(&main.info, 0);
    let mut read = |&start: &u64| Header::read(&mut window, main.info.len(), start, main.big_endian).ok();
    starts.iter().filter_map(&mut read).collect()
}
