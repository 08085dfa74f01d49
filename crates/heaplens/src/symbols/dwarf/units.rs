//! Which units hold which addresses.
//!
//! `.debug_aranges` says it for the units that it lists. The other units have to be looked at one by one, which is
//! done only if an address is left that no listed unit has.

use super::super::bytes::{Damage, Result, Window, is_hole};
use super::cursor::Cursor;
use super::effort::Claims;
use super::lines::{self, Lines};
use super::memory::{Growing, Memory};
use super::ranges::MAX_STEPS;
use super::sections::{Reader, Sections};
use super::starts::Starts;
use super::unit::{Header, LastAbbrevs, Unit};
use std::sync::Arc;

/// Reading this much at once costs one system call for many tables.
const STEP: u64 = 1 << 20;
/// Of a list, this much at once.
const PIECE: u64 = 64 << 10;
/// What stands before a list's first pair is no longer.
const HEAD: u64 = 32;
/// Units that claim the same addresses; with more pairs of both they are not believed.
const MAX_PAIRS: usize = 4_000_000;
const TOO_MANY: &str = "too many units claim the same addresses";
/// What looking for the code of one unit costs at least: as much as walking over so many bytes.
const EACH_UNIT: u64 = 128;

/// A unit and the wanted addresses that it may hold, as indices into the sorted list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) start: u64,
    pub(super) addresses: Vec<u32>,
}

/// What a pair of a unit and an address takes until all are grouped, at most.
const PAIR: u64 = 72;

/// What `.debug_aranges` tells.
pub(super) struct Listed {
    /// Pairs of a unit's start and an address's index, in no order.
    hits: Growing<(u64, u32)>,
    /// Starts of all units that have a list.
    units: Growing<u64>,
    /// For each address, whether a list has it.
    found: Vec<bool>,
}

/// Reads all lists. A list that cannot be read ends the reading: its units count as not listed.
pub(super) fn listed(sections: &Sections, sorted: &[u64], memory: &Arc<Memory>) -> Listed {
    let mut listed = Listed::new(sorted.len(), memory);
    each_list(sections, |list, window| {
        if listed.add(list, window, sections, sorted)? {
            listed.units.push(list.unit)?;
        }
        Ok(())
    });
    listed.units.list.sort_unstable();
    listed
}

/// As [`listed`], of those lists alone that begin at the given offsets.
pub(super) fn listed_at(sections: &Sections, starts: &[u64], sorted: &[u64], memory: &Arc<Memory>) -> Listed {
    let mut listed = Listed::new(sorted.len(), memory);
    // They lie far apart, and most are short.
    let mut window = Window::new(&sections.aranges, 1 << 10);
    for &start in starts {
        let read = List::read(&mut window, start, sections);
        if read.and_then(|list| listed.add(&list, &mut window, sections, sorted)).is_err() {
            break;
        }
    }
    listed
}

/// Shows all lists to `visit`, with what they are read through, up to one that cannot be read or that `visit` does not
/// take.
pub(super) fn each_list(sections: &Sections, mut visit: impl FnMut(&List, &mut Window<'_>) -> Result<()>) {
    let mut window = Window::new(&sections.aranges, STEP);
    let mut start = 0;
    while start < sections.aranges.len() {
        let read = List::read(&mut window, start, sections);
        match read.and_then(|list| visit(&list, &mut window).map(|()| list.end)) {
            Ok(end) => start = end,
            Err(_) => break,
        }
    }
}

/// A unit's list in `.debug_aranges`.
pub(super) struct List {
    pub(super) start: u64,
    end: u64,
    pub(super) unit: u64,
    address_size: usize,
    big_endian: bool,
    /// Where the pairs begin.
    pairs: u64,
}

impl List {
    fn read(window: &mut Window<'_>, start: u64, sections: &Sections) -> Result<List> {
        sections.effort.spend(HEAD)?;
        let big_endian = sections.big_endian;
        let head = match window.at(start, HEAD) {
            Ok(_) => window.at(start, HEAD)?,
            Err(_) => window.rest(start)?,
        };
        let mut cursor = Cursor::new(head, big_endian);
        let (length, offset_size) = cursor.initial_length()?;
        let end = start.saturating_add(cursor.at() as u64).saturating_add(length);
        if end > sections.aranges.len() {
            return Err(Damage::new("a list of addresses is longer than its section"));
        }
        let at = cursor.at();
        let mut cursor = Cursor::new(&head[..head.len().min((end - start) as usize)], big_endian);
        cursor.skip(at)?;
        let _version = cursor.u16()?;
        let unit = cursor.uint(usize::from(offset_size))?;
        let (address_size, segment_size) = (usize::from(cursor.u8()?), cursor.u8()?);
        let pairs = match (segment_size, address_size) {
            (0, 1..=8) => start + cursor.at().next_multiple_of(2 * address_size) as u64,
            // Segmented addresses exist on no system that is profiled; such a unit is looked at itself.
            _ => end,
        };
        Ok(List { start, end, unit, address_size, big_endian, pairs })
    }

    /// Shows all ranges `(from, to)` to `visit`; true if there are any.
    pub(super) fn each(
        &self,
        window: &mut Window<'_>,
        mut visit: impl FnMut(u64, u64) -> Result<()>,
    ) -> Result<bool> {
        let mut at = self.pairs;
        let mut any = false;
        // A piece at a time, since a list may be of any length.
        while let Some(left) = self.end.checked_sub(at)
            && let pair = 2 * self.address_size as u64
            && let len = left.min(PIECE) / pair.max(1) * pair
            && len > 0
        {
            let piece = &window.at(at, len)?[..len as usize];
            at += len;
            if is_hole(piece) {
                continue;
            }
            let mut cursor = Cursor::new(piece, self.big_endian);
            while let (Ok(from), Ok(size)) = (cursor.uint(self.address_size), cursor.uint(self.address_size))
            {
                // Linkers leave pairs without a size where they threw code away; the list goes on.
                if size > 0 {
                    any = true;
                    visit(from, from.saturating_add(size))?;
                }
            }
        }
        Ok(any)
    }
}

impl Listed {
    fn new(count: usize, memory: &Arc<Memory>) -> Listed {
        Listed {
            hits: Growing::new(memory, "a list of addresses and their units", PAIR),
            units: Growing::new(memory, "a list of units", 8),
            found: vec![false; count],
        }
    }

    /// Takes note of the wanted addresses that a list has; true if it has any ranges.
    fn add(
        &mut self,
        list: &List,
        window: &mut Window<'_>,
        sections: &Sections,
        sorted: &[u64],
    ) -> Result<bool> {
        let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return Ok(false) };
        list.each(window, |from, to| {
            if to <= first || last < from || from < sections.code_start {
                return Ok(());
            }
            let (low, high) = (sorted.partition_point(|&a| a < from), sorted.partition_point(|&a| a < to));
            sections.effort.spend((high - low) as u64)?;
            if self.hits.list.len() + high - low > MAX_PAIRS {
                return Err(Damage::new(TOO_MANY));
            }
            for at in low..high {
                self.hits.push((list.unit, at as u32))?;
                self.found[at] = true;
            }
            Ok(())
        })
    }

    /// The units that the lists name for the wanted addresses.
    pub(super) fn candidates(&mut self) -> Vec<Candidate> {
        group(std::mem::take(&mut self.hits.list))
    }

    /// Indices of the addresses that no list has.
    pub(super) fn left(&self) -> Vec<u32> {
        (0..self.found.len() as u32).filter(|&at| !self.found[at as usize]).collect()
    }

    pub(super) fn has_unit(&self, start: u64) -> bool {
        self.units.list.binary_search(&start).is_ok()
    }

    pub(super) fn starts(&mut self) -> Starts {
        Starts::new(std::mem::take(&mut self.units.list))
    }
}

fn group(mut hits: Vec<(u64, u32)>) -> Vec<Candidate> {
    hits.sort_unstable();
    hits.dedup();
    let mut units: Vec<Candidate> = Vec::new();
    for (start, at) in hits {
        match units.last_mut() {
            Some(unit) if unit.start == start => unit.addresses.push(at),
            _ => units.push(Candidate { start, addresses: vec![at] }),
        }
    }
    units
}

/// What looking at units one by one tells.
pub(super) struct Unlisted {
    /// As in [`Listed`].
    hits: Vec<(u64, u32)>,
    most: usize,
    has_too_many: bool,
    /// For each address, whether a unit has it.
    found: Vec<bool>,
    /// Why a unit could not be looked at.
    damage: Option<Damage>,
}

impl Unlisted {
    /// `memory` is what pairs of a unit and an address may take.
    pub(super) fn new(count: usize, memory: u64) -> Unlisted {
        let most = MAX_PAIRS.min((memory / PAIR) as usize).max(1024);
        Unlisted { hits: Vec::new(), most, has_too_many: false, found: vec![false; count], damage: None }
    }

    pub(super) fn add(&mut self, unit: u64, inside: Result<Vec<u32>>) {
        match inside {
            Ok(inside) if self.hits.len() + inside.len() > self.most => self.has_too_many = true,
            Ok(inside) => {
                inside.iter().for_each(|&at| self.found[at as usize] = true);
                self.hits.extend(inside.into_iter().map(|at| (unit, at)));
            }
            Err(damage) => _ = self.damage.get_or_insert(damage),
        }
    }

    /// What the pairs take.
    pub(super) fn size(&self) -> u64 {
        self.hits.len() as u64 * PAIR
    }

    /// What is lost of `addresses`, in words: some may lie in a unit that cannot be read.
    pub(super) fn lost(&self, addresses: &[u32]) -> Option<String> {
        if self.has_too_many {
            return Some(TOO_MANY.to_owned());
        }
        let damage = self.damage.as_ref()?;
        let count = addresses.iter().filter(|&&at| !self.found[at as usize]).count();
        (count > 0).then(|| format!("{count} places may lie in a unit that cannot be read ({damage})"))
    }

    pub(super) fn candidates(self) -> Vec<Candidate> {
        group(self.hits)
    }
}

/// Which of `addresses` (indices into `sorted`) lie in the ranges of a unit that no list has.
pub(super) fn inside(
    reader: &mut Reader<'_>,
    last: &mut LastAbbrevs,
    header: Header,
    sorted: &[u64],
    addresses: &[u32],
    memory: &Memory,
) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    let mut claims = Claims::new(addresses.len());
    ranges(reader, last, header, memory, |from, to| {
        let low = addresses.partition_point(|&at| sorted[at as usize] < from);
        let high = addresses.partition_point(|&at| sorted[at as usize] < to);
        claims.claim(low, high, |i| found.push(addresses[i]));
    })?;
    found.sort_unstable();
    Ok(found)
}

/// Shows the ranges `(from, to)` of a unit's code to `visit`.
///
/// # Errors
/// If the unit cannot be read to its last range.
pub(super) fn ranges(
    reader: &mut Reader<'_>,
    last: &mut LastAbbrevs,
    header: Header,
    memory: &Memory,
    mut visit: impl FnMut(u64, u64),
) -> Result<()> {
    reader.sections.effort.spend(EACH_UNIT)?;
    let unit = Unit::read(reader, header, last, None)?;
    let mut steps = MAX_STEPS;
    if !unit.code.each(reader, &unit, &mut steps, &mut visit)? {
        // Some compilers say nothing; then the line program shows where the code is.
        let mut bytes = Vec::new();
        if let Some(_lease) = lines::read(&unit, reader, memory, &mut bytes)? {
            Lines::parse(&unit, &bytes, reader.sections.code_start)?
                .each(|row, end| visit(row.address, end))?;
        }
    }
    Ok(())
}

impl Candidate {
    /// The addresses themselves, sorted.
    pub(super) fn wanted(&self, sorted: &[u64]) -> Vec<u64> {
        self.addresses.iter().map(|&at| sorted[at as usize]).collect()
    }
}
