//! Which units hold which addresses.
//!
//! `.debug_aranges` says it for the units that it lists. The other units have to be looked at one by one, which is
//! done only if an address is left that no listed unit has.

use super::super::bytes::{Damage, Result, Window};
use super::cursor::Cursor;
use super::effort::Claims;
use super::lines::{self, Lines};
use super::memory::Memory;
use super::ranges::MAX_STEPS;
use super::sections::{Reader, Sections};
use super::unit::{Header, LastAbbrevs, Unit};
use std::collections::BTreeMap;

/// Reading this much at once costs one system call for many tables.
const STEP: u64 = 1 << 20;
/// A unit's list beyond this is damaged: one of four million ranges.
const MAX_LIST: u64 = 64 << 20;
/// Units that claim the same addresses; with more pairs of both they are not believed.
pub(super) const MAX_PAIRS: usize = 4_000_000;

/// The starts of a section's units, learned bit by bit.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// Start to end; 0 for an end that nobody has looked at.
    known: BTreeMap<u64, u64>,
}

impl Starts {
    /// Begins with what is known of some units.
    pub(super) fn of(units: &[u64], info_len: u64) -> Starts {
        let inside = units.iter().filter(|&&start| start < info_len);
        Starts { known: inside.map(|&start| (start, 0)).collect() }
    }

    /// The header of the unit that holds an offset of `.debug_info`.
    ///
    /// # Errors
    /// If a header on the way cannot be read.
    pub(super) fn unit_at(&mut self, reader: &mut Reader<'_>, offset: u64) -> Result<Option<Header>> {
        let len = reader.sections.info.len();
        let mut start = self.known.range(..=offset).next_back().map_or(0, |(&start, _)| start);
        loop {
            if start >= len {
                return Ok(None);
            }
            if let Some(&end) = self.known.get(&start)
                && end != 0
                && end <= offset
            {
                start = end;
                continue;
            }
            let header = Header::read(&mut reader.info, len, start, reader.sections.big_endian)?;
            self.known.insert(start, header.end);
            if offset < header.end {
                return Ok(Some(header));
            }
            start = header.end;
        }
    }
}

/// A unit and the wanted addresses that it may hold, as indices into the sorted list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) start: u64,
    pub(super) addresses: Vec<u32>,
}

/// What `.debug_aranges` tells.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Pairs of a unit's start and an address's index, in no order.
    hits: Vec<(u64, u32)>,
    /// Starts of all units that have a list.
    units: Vec<u64>,
    /// For each address, whether a list has it.
    found: Vec<bool>,
}

/// Reads all lists. A list that cannot be read ends the reading: its units count as not listed.
pub(super) fn listed(sections: &Sections, sorted: &[u64]) -> Listed {
    let mut listed = Listed::new(sorted.len());
    each_list(sections, |list| {
        let any = listed.add(list, sections, sorted)?;
        if any {
            listed.units.push(list.unit);
        }
        Ok(())
    });
    listed.units.sort_unstable();
    listed
}

/// As [`listed`], of those lists alone that begin at the given offsets.
pub(super) fn listed_at(sections: &Sections, starts: &[u64], sorted: &[u64]) -> Listed {
    let mut listed = Listed::new(sorted.len());
    // They lie far apart, and most are short.
    let mut window = Window::new(&sections.aranges, 1 << 10);
    for &start in starts {
        let read = List::read(&mut window, start, sections);
        if read.and_then(|list| listed.add(&list, sections, sorted)).is_err() {
            break;
        }
    }
    listed
}

/// Shows all lists to `visit`, up to one that cannot be read or that `visit` does not take.
pub(super) fn each_list(sections: &Sections, mut visit: impl FnMut(&List<'_>) -> Result<()>) {
    let mut window = Window::new(&sections.aranges, STEP);
    let mut start = 0;
    while start < sections.aranges.len() {
        let read = List::read(&mut window, start, sections);
        match read.and_then(|list| visit(&list).map(|()| list.end)) {
            Ok(end) => start = end,
            Err(_) => break,
        }
    }
}

/// A unit's list in `.debug_aranges`.
pub(super) struct List<'w> {
    pub(super) start: u64,
    end: u64,
    pub(super) unit: u64,
    address_size: usize,
    /// Where the ranges are.
    ranges: Cursor<'w>,
}

impl<'w> List<'w> {
    fn read(window: &'w mut Window<'_>, start: u64, sections: &Sections) -> Result<List<'w>> {
        let bytes = match window.at(start, 32) {
            Ok(_) => window.at(start, 32)?,
            Err(_) => window.rest(start)?,
        };
        let mut cursor = Cursor::new(bytes, sections.big_endian);
        let (length, offset_size) = cursor.initial_length()?;
        let len = length.saturating_add(cursor.at() as u64);
        if len > MAX_LIST {
            return Err(Damage(format!("a list of addresses has {len} bytes, which is not believed")));
        }
        let bytes = window.at(start, len)?;
        let mut cursor = Cursor::new(&bytes[..len as usize], sections.big_endian);
        cursor.initial_length()?;
        let _version = cursor.u16()?;
        let unit = cursor.uint(usize::from(offset_size))?;
        let (address_size, segment_size) = (usize::from(cursor.u8()?), cursor.u8()?);
        // Segmented addresses exist on no system that is profiled; such a unit is looked at itself.
        if segment_size != 0 || !(1..=8).contains(&address_size) {
            cursor = Cursor::new(&[], sections.big_endian);
        } else {
            cursor.jump(cursor.at().next_multiple_of(2 * address_size))?;
        }
        Ok(List { start, end: start + len, unit, address_size, ranges: cursor })
    }

    /// Shows all ranges `(from, to)` to `visit`; true if there are any.
    pub(super) fn each(&self, mut visit: impl FnMut(u64, u64) -> Result<()>) -> Result<bool> {
        let mut cursor = self.ranges;
        let mut any = false;
        while let (Ok(from), Ok(size)) = (cursor.uint(self.address_size), cursor.uint(self.address_size)) {
            if size == 0 {
                // Linkers leave such pairs where they threw code away; the list goes on.
                if from == 0 && cursor.is_empty() {
                    break;
                }
                continue;
            }
            any = true;
            visit(from, from.saturating_add(size))?;
        }
        Ok(any)
    }
}

impl Listed {
    fn new(count: usize) -> Listed {
        Listed { found: vec![false; count], ..Listed::default() }
    }

    /// Takes note of the wanted addresses that a list has; true if it has any ranges.
    fn add(&mut self, list: &List<'_>, sections: &Sections, sorted: &[u64]) -> Result<bool> {
        let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return Ok(false) };
        list.each(|from, to| {
            if to <= first || last < from || from < sections.code_start {
                return Ok(());
            }
            let (low, high) = (sorted.partition_point(|&a| a < from), sorted.partition_point(|&a| a < to));
            sections.effort.spend((high - low) as u64)?;
            if self.hits.len() + high - low > MAX_PAIRS {
                return Err(Damage::new("too many units claim the same addresses"));
            }
            for at in low..high {
                self.hits.push((list.unit, at as u32));
                self.found[at] = true;
            }
            Ok(())
        })
    }

    /// The units that the lists name for the wanted addresses.
    pub(super) fn candidates(&mut self) -> Vec<Candidate> {
        group(std::mem::take(&mut self.hits))
    }

    /// Indices of the addresses that no list has.
    pub(super) fn left(&self) -> Vec<u32> {
        (0..self.found.len() as u32).filter(|&at| !self.found[at as usize]).collect()
    }

    pub(super) fn has_unit(&self, start: u64) -> bool {
        self.units.binary_search(&start).is_ok()
    }

    pub(super) fn starts(&self, info_len: u64) -> Starts {
        Starts::of(&self.units, info_len)
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

/// All headers of units that may hold code, in order. Those before damage are kept.
pub(super) fn headers(sections: &Sections, mut visit: impl FnMut(Header)) -> Result<()> {
    let len = sections.info.len();
    // Headers lie far apart.
    let mut window = Window::new(&sections.info, 0);
    let mut start = 0;
    while start < len {
        let header = Header::read(&mut window, len, start, sections.big_endian)?;
        start = header.end;
        if header.may_have_code {
            visit(header);
        }
    }
    Ok(())
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

/// Adds units that were found one by one to those of the lists.
pub(super) fn add(candidates: &mut Vec<Candidate>, found: Vec<Candidate>) {
    candidates.extend(found);
    candidates.sort_by_key(|c| c.start);
}

impl Candidate {
    /// The addresses themselves, sorted.
    pub(super) fn wanted(&self, sorted: &[u64]) -> Vec<u64> {
        self.addresses.iter().map(|&at| sorted[at as usize]).collect()
    }
}
