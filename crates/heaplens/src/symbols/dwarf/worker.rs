//! One thread's work: a unit at a time, its memory used again for the next.

use super::super::bytes::{Damage, Result};
use super::effort::{Account, Claims, Effort};
use super::functions::{Function, Inlined, Name, Wanted, functions};
use super::lines::{self, Lines, Row};
use super::memory::{Lease, give_back};
use super::nesting::Nesting;
use super::references::References;
use super::sections::{Reader, Sections};
use super::split::{self, Halves};
use super::table::{self, UnitTable};
use super::unit::{Header, LastAbbrevs, Unit};
use super::units::Candidate;
use super::{Shared, lock};
use gimli::constants as dw;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A function at an address and the line in it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) name: Name,
    pub(super) file: Option<Rc<str>>,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// What a unit knows of one address.
#[derive(Debug)]
pub(super) struct Answer {
    /// Index into all addresses.
    pub(super) at: u32,
    /// Innermost first.
    pub(super) frames: Vec<Frame>,
    /// False if only the line is known.
    pub(super) has_function: bool,
}

/// What a unit knows.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) list: Vec<Answer>,
    /// True for languages whose symbols say more than the function's own name.
    pub(super) mangles: bool,
    /// Why some addresses may lack an answer.
    pub(super) damage: Option<Damage>,
}

pub(super) struct Worker<'s> {
    shared: &'s Shared<'s>,
    main: Reader<'s>,
    supplement: Option<Reader<'s>>,
    abbrevs: LastAbbrevs,
    bytes: Vec<u8>,
    line_bytes: Vec<u8>,
    /// For the line program.
    lease: Option<Lease<'s>>,
    halves: Halves,
}

impl<'s> Worker<'s> {
    pub(super) fn new(shared: &'s Shared<'s>) -> Worker<'s> {
        Worker {
            shared,
            main: Reader::new(&shared.main),
            supplement: shared.supplement.as_ref().map(Reader::new),
            abbrevs: LastAbbrevs::default(),
            bytes: Vec::new(),
            line_bytes: Vec::new(),
            lease: None,
            halves: Halves::default(),
        }
    }

    /// What a unit knows of its candidate's addresses.
    pub(super) fn unit(&mut self, candidate: &Candidate, sorted: &[u64]) -> Answers {
        let answers = self.answers(candidate, sorted);
        self.give_back_lines();
        answers.unwrap_or_else(|damage| Answers { damage: Some(damage), ..Answers::default() })
    }

    fn give_back_lines(&mut self) {
        give_back(&mut self.line_bytes);
        self.lease = None;
    }

    /// The unit at an offset, without its entries.
    fn open(&mut self, start: u64) -> Result<Unit> {
        let Shared { main, .. } = self.shared;
        let header = Header::read(&mut self.main.info, main.info.len(), start, main.big_endian)?;
        let mut unit = Unit::read(&mut self.main, header, &mut self.abbrevs, None)?;
        if let (Some(offset), Some(supplement)) = (unit.comp_dir_elsewhere, &mut self.supplement) {
            unit.comp_dir = supplement.string(offset);
        }
        Ok(unit)
    }

    fn answers(&mut self, candidate: &Candidate, sorted: &[u64]) -> Result<Answers> {
        let unit = self.open(candidate.start)?;
        let wanted = candidate.wanted(sorted);
        let mut answers = Answers { mangles: unit.language.is_none_or(mangles), ..Answers::default() };
        let (functions, result) = self.functions(&unit, Wanted::Some(&wanted), &mut answers);
        answers.damage = result.err();
        let lines = read_lines(self.shared, &unit, &self.main, &mut self.line_bytes, &mut self.lease);
        let lines = lines.unwrap_or_else(|damage| {
            answers.damage.get_or_insert(damage);
            None
        });
        let mut rows = vec![None; wanted.len()];
        if let Some(lines) = &lines {
            // What was found before damage is kept.
            if let Err(damage) = lines.find(&wanted, &mut rows) {
                answers.damage.get_or_insert(damage);
            }
        }
        let reader = &mut self.main;
        let mut files = Files { lines, unit: &unit, reader, known: FxHashMap::default() };
        let effort = &self.shared.main.effort;
        let placed = place(&functions, &wanted, effort, |at, function, inlined| {
            let frames = chain(function, inlined, rows[at], &mut files);
            let steps = frames.len() as u64;
            if !frames.is_empty() {
                let (at, has_function) = (candidate.addresses[at], function.is_some());
                answers.list.push(Answer { at, frames, has_function });
            }
            steps
        });
        if let Err(damage) = placed {
            answers.damage.get_or_insert(damage);
        }
        Ok(answers)
    }

    /// All that a unit says, its functions and lines, and what of it could not be read.
    ///
    /// # Errors
    /// If nothing of it can be read.
    pub(super) fn whole(
        &mut self,
        start: u64,
        references: &mut References<'_, '_>,
    ) -> Result<(UnitTable, Option<Damage>)> {
        let unit = self.open(start)?;
        let mut about = Answers { mangles: unit.language.is_none_or(mangles), ..Answers::default() };
        let (functions, result) = self.functions(&unit, Wanted::All, &mut about);
        let mut damage = result.err();
        let lines = read_lines(self.shared, &unit, &self.main, &mut self.line_bytes, &mut self.lease);
        let lines = lines.unwrap_or_else(|unread| {
            damage.get_or_insert(unread);
            None
        });
        let (table, unread) =
            table::build(&functions, about.mangles, lines.as_ref(), references, |lines, index| {
                lines.file(index, &unit, &mut self.main)
            });
        self.give_back_lines();
        Ok((table, damage.or(unread)))
    }

    /// The functions of a unit, from its other half if it is split.
    fn functions(
        &mut self,
        unit: &Unit,
        wanted: Wanted<'_>,
        answers: &mut Answers,
    ) -> (Vec<Function>, Result<()>) {
        if unit.dwo.is_some() {
            match self.split_functions(unit, wanted, answers) {
                Ok(result) => return result,
                // The skeleton may know what was inlined.
                Err(Damage(why)) => self.shared.main.note.say_of_unit(unit.header.start, why),
            }
        }
        let shared = self.shared;
        let lease = shared.memory.lease("a unit", unit.header.end - unit.header.start);
        let loaded = lease.and_then(|lease| Ok((load(&shared.main, &unit.header, &mut self.bytes)?, lease)));
        let _lease = match loaded {
            Ok((_, lease)) => lease,
            Err(damage) => return (Vec::new(), Err(damage)),
        };
        let found = functions(unit, &self.bytes, &mut self.main, self.supplement.as_mut(), wanted);
        give_back(&mut self.bytes);
        found
    }

    fn split_functions(
        &mut self,
        skeleton: &Unit,
        wanted: Wanted<'_>,
        answers: &mut Answers,
    ) -> Result<(Vec<Function>, Result<()>)> {
        let Some(dwo) = &skeleton.dwo else { return Err(Damage::new("it is not split")) };
        let shared = self.shared;
        // Some units may have the same half; each reads it again.
        if let Some(&cost) = lock(&shared.halves).get(&dwo.id) {
            shared.main.effort.spend(cost)?;
        }
        let (dir, path) = (skeleton.comp_dir.as_deref(), shared.input.path);
        let half = split::find(dwo, dir, path, shared, &mut self.halves);
        let cost = half.as_ref().map_or((0, 0), |half| (half.inflated, half.header.end - half.header.start));
        if lock(&shared.halves).insert(dwo.id, cost.0 + cost.1).is_none() {
            shared.main.effort.allow(cost.1, 2);
        }
        // Held until the unit is read: what is inflated is dropped with it.
        let half = half?;
        let (sections, header) = (&half.sections, half.header);
        let mut reader = Reader::new(sections);
        let mut abbrevs = LastAbbrevs::default();
        let unit = split::unit(&mut reader, &mut abbrevs, header, skeleton)?;
        if let Some(language) = unit.language {
            answers.mangles = mangles(language);
        }
        load(sections, &header, &mut self.bytes)?;
        let found = functions(&unit, &self.bytes, &mut reader, None, wanted);
        give_back(&mut self.bytes);
        Ok(found)
    }
}

/// Reads all of a unit.
fn load(sections: &Sections, header: &Header, bytes: &mut Vec<u8>) -> Result<()> {
    sections.effort.spend(header.end - header.start)?;
    sections.info.read(header.start..header.end, bytes)
}

/// The line program of a unit, if it has one; `lease` is the memory that it holds from now on.
fn read_lines<'b, 's>(
    shared: &'s Shared<'_>,
    unit: &Unit,
    reader: &Reader<'_>,
    bytes: &'b mut Vec<u8>,
    lease: &mut Option<Lease<'s>>,
) -> Result<Option<Lines<'b>>> {
    *lease = lines::read(unit, reader, &shared.memory, bytes)?;
    match lease {
        Some(_) => Lines::parse(unit, bytes, shared.main.code_start).map(Some),
        None => Ok(None),
    }
}

/// Gives each of the sorted addresses, by its place in the list, to `visit` with the function that holds it, of
/// several the first of the unit, and what is inlined there, the innermost first. `visit` says what it did.
///
/// # Errors
/// If that costs more than these addresses may.
fn place<'f>(
    functions: &'f [Function],
    sorted: &[u64],
    effort: &Effort,
    mut visit: impl FnMut(usize, Option<&'f Function>, &[&'f Inlined]) -> u64,
) -> Result<()> {
    let mut account = Account::new(effort);
    let mut claims = Claims::new(sorted.len());
    let (mut own, mut addresses, mut inlined) = (Vec::new(), Vec::new(), Vec::new());
    for function in functions {
        own.clear();
        for &(from, to) in &function.ranges {
            let (low, high) = (sorted.partition_point(|&a| a < from), sorted.partition_point(|&a| a < to));
            claims.claim(low, high, |at| own.push(at));
        }
        if own.is_empty() {
            continue;
        }
        own.sort_unstable();
        addresses.clear();
        addresses.extend(own.iter().map(|&at| sorted[at]));
        let nesting = Nesting::of(&function.inlined, &addresses, &mut account)?;
        for (i, &at) in own.iter().enumerate() {
            inlined.clear();
            inlined.extend(nesting.at(i));
            account.spend(visit(at, Some(function), &inlined))?;
        }
    }
    // No function has these; there may be a line.
    let mut steps = 0;
    claims.claim(0, sorted.len(), |at| steps += visit(at, None, &[]));
    account.spend(steps)
}

/// A unit's files, each rendered once.
struct Files<'u, 'r, 's> {
    lines: Option<Lines<'u>>,
    unit: &'u Unit,
    reader: &'r mut Reader<'s>,
    known: FxHashMap<u64, Option<Rc<str>>>,
}

impl Files<'_, '_, '_> {
    fn get(&mut self, index: u64) -> Option<Rc<str>> {
        let Files { lines, unit, reader, known } = self;
        let render = || lines.as_ref()?.file(index, unit, reader).map(Rc::from);
        known.entry(index).or_insert_with(render).clone()
    }
}

/// The frames at an address, innermost first.
fn chain(
    function: Option<&Function>,
    inlined: &[&Inlined],
    row: Option<Row>,
    files: &mut Files<'_, '_, '_>,
) -> Vec<Frame> {
    let mut place = row.map_or((None, 0, 0), |row| (files.get(row.file), row.line, row.column));
    let frame = |name: &Name, (file, line, column): (Option<Rc<str>>, u32, u32)| Frame {
        name: name.clone(),
        file,
        line,
        column,
    };
    let Some(function) = function else {
        return row.map(|_| frame(&Name::Unknown, place)).into_iter().collect();
    };
    let mut frames = Vec::with_capacity(inlined.len() + 1);
    for inlined in inlined {
        frames.push(frame(&inlined.name, place));
        let file = inlined.call_file.and_then(|index| files.get(index));
        place = (file, inlined.call_line, inlined.call_column);
    }
    frames.push(frame(&function.name, place));
    frames
}

/// True for languages whose symbols say more than the function's own name.
fn mangles(language: dw::DwLang) -> bool {
    matches!(
        language,
        dw::DW_LANG_Rust
            | dw::DW_LANG_C_plus_plus
            | dw::DW_LANG_C_plus_plus_03
            | dw::DW_LANG_C_plus_plus_11
            | dw::DW_LANG_C_plus_plus_14
            | dw::DW_LANG_C_plus_plus_17
            | dw::DW_LANG_C_plus_plus_20
    )
}
