//! A file that stays open, for addresses that come one after the other.
//!
//! What is kept from one look to the next is small: headers, and in which pages which units have code. The units
//! themselves are read for each look and dropped, as ever.

use super::super::bytes::{Damage, Result, Window};
use super::memory::{Growing, Kept};
use super::pages::{Pages, Pieces};
use super::sections::Reader;
use super::starts::{Headers, Starts};
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
    listed: Growing<u64>,
    /// Once an address is in no list.
    unlisted: Option<Unlisted>,
    starts: Starts,
    _kept: Kept,
}

/// Units without a list.
struct Unlisted {
    /// By where they begin.
    units: Pages,
    /// Why there may be more.
    note: Option<String>,
    _kept: Option<Kept>,
}

impl<'i> Session<'i> {
    /// # Errors
    /// As [`super::find`].
    pub(in super::super) fn open(input: Input<'i>) -> Result<Session<'i>> {
        let shared = Shared::open(input, effort::LOOK_UP)?;
        let (mut lists, kept) = index(&shared)?;
        let mut listed = Growing::new(&shared.memory, "a list of units", 16);
        units::each_list(&shared.main, |list, window| {
            let mut pieces = Pieces::default();
            let any = list.each(window, |from, to| {
                pieces.add(from, to);
                Ok(())
            })?;
            if any {
                lists.insert(list.start, pieces)?;
                listed.push(list.unit)?;
            }
            Ok(())
        });
        lists.finish();
        listed.list.sort_unstable();
        let starts = Starts::new(listed.list.clone());
        let note = shared.main.note.take();
        Ok(Session { shared, note, lists, listed, unlisted: None, starts, _kept: kept })
    }

    /// As [`super::find`].
    ///
    /// # Errors
    /// As there.
    pub(in super::super) fn find(&mut self, sorted: &[u64]) -> Result<Found> {
        let shared = &self.shared;
        let note = &shared.main.note;
        shared.main.effort.renew(sorted.len());
        let again = |old: &Option<String>| old.iter().for_each(|old| note.say(|| old.clone()));
        again(&self.note);
        let lists = self.lists.of(sorted.iter().copied());
        let mut listed = units::listed_at(&shared.main, &lists, sorted, &shared.memory);
        let mut candidates = listed.candidates();
        let left = listed.left();
        let mut _kept = None;
        if !left.is_empty() {
            let others = self.unlisted.get_or_insert_with(|| Unlisted::of(shared, &self.listed.list));
            again(&others.note);
            let starts = others.units.of(left.iter().map(|&at| sorted[at as usize]));
            _kept = unlisted(shared, headers(shared, &starts), sorted, &left, &mut candidates);
        }
        answer(shared, &candidates, &mut self.starts, sorted)
    }
}

/// An empty index, and the memory for it.
fn index(shared: &Shared<'_>) -> Result<(Pages, Kept)> {
    let size = Pages::MOST_BYTES.min(shared.memory.left() / 4);
    Ok((Pages::within(size), shared.memory.keep("an index of units", size)?))
}

impl Unlisted {
    fn of(shared: &Shared<'_>, listed: &[u64]) -> Unlisted {
        let (pages, kept) = match index(shared) {
            Ok((pages, kept)) => (pages, kept),
            Err(Damage(why)) => return Unlisted { units: Pages::within(0), note: Some(why), _kept: None },
        };
        let mut headers = Headers::new(&shared.main);
        let others = headers.by_ref().filter(|header| listed.binary_search(&header.start).is_err());
        let pages = Mutex::new((pages, None));
        let start = || (Reader::new(&shared.main), LastAbbrevs::default());
        parallel(shared.input.threads, others, start, |(reader, last), header| {
            let mut pieces = Pieces::default();
            let read = units::ranges(reader, last, header, &shared.memory, |from, to| {
                pieces.add(from, to);
            });
            let (pages, damage) = &mut *lock(&pages);
            if let Err(why) = read.and_then(|()| pages.insert(header.start, pieces)) {
                damage.get_or_insert(why);
            }
        });
        let (mut units, damage) = pages.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        units.finish();
        let uncounted = headers.damage.map(|damage| uncounted(&damage));
        let unread = damage.map(|damage| format!("a unit that may hold places cannot be read ({damage})"));
        Unlisted { units, note: uncounted.or(unread), _kept: Some(kept) }
    }
}

/// The headers of units that were read before.
fn headers<'s>(shared: &'s Shared<'_>, starts: &'s [u64]) -> impl Iterator<Item = Header> + Send + 's {
    let main = &shared.main;
    let mut window = Window::new(&main.info, 0);
    starts
        .iter()
        .filter_map(move |&start| Header::read(&mut window, main.info.len(), start, main.big_endian).ok())
}
