//! Locations to frames: functions inlined into one another are lines of one location.

use super::ids::Ids;
use super::mappings::Mappings;
use super::wire::{Fault, Field};
use super::{Functions, Reader, budget};
use crate::error::Error;
use crate::profile::{Frame, FrameId, FunctionId, Module, ModuleId, ModuleKind, Profile};
use crate::profile_proto::{line, location as field};

/// More functions than that no compiler inlines into one another.
const MOST_LINES: usize = 1 << 16;

#[derive(Default)]
pub(super) struct Locations {
    pub(super) ids: Ids,
    /// The frames of all locations, the outermost first, one location after another.
    frames: Vec<FrameId>,
    /// Where each location's frames end.
    ends: Vec<u32>,
    unmapped: Option<ModuleId>,
    /// How many addresses lie outside of the mappings that they name.
    pub(super) outside: u64,
    /// Of the location at hand, the innermost first.
    lines: Vec<Line>,
}

struct Line {
    function: FunctionId,
    line: u32,
    column: u32,
}

impl Locations {
    /// The frames of a location by its row, the outermost first.
    #[inline]
    pub(super) fn frames(&self, row: usize) -> &[FrameId] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.frames[start..self.ends[row] as usize]
    }

    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'_>,
        mappings: &Mappings,
        functions: &Functions,
        count: u64,
        found: Field<'_>,
    ) -> Result<(), Error> {
        let raw = self.raw(mappings, functions, found);
        let (mapping, address) = raw.map_err(|fault| fault.within(format!("location {count}")))?;
        reader.budget.charge(budget::LOCATION + self.lines.len().max(1) * budget::LINE)?;
        let profile = &mut reader.profile;
        let place = mapping.and_then(|row| mappings.rows[row].place(address));
        // Names alone, without an address, are no place in any module.
        let is_named = address == 0 && !self.lines.is_empty();
        let (module, offset) = match place {
            _ if is_named => (None, 0),
            Some((module, offset)) => (Some(module), offset),
            None => {
                self.outside += u64::from(mapping.is_some());
                (Some(self.unmapped(profile)), address.saturating_add(1))
            }
        };
        let outermost = self.lines.len().saturating_sub(1);
        for (depth, line) in self.lines.iter().enumerate().rev() {
            self.frames.push(profile.add_frame(Frame {
                module,
                offset,
                inline_depth: depth as u32,
                inlined: depth != outermost,
                function: Some(line.function),
                line: line.line,
                column: line.column,
            }));
        }
        if let (true, Some(module)) = (self.lines.is_empty(), module) {
            self.frames.push(profile.add_frame(Frame::at(module, offset)));
        }
        self.ends.push(self.frames.len() as u32);
        Ok(())
    }

    /// The row of the mapping, if one is named, and the address; leaves the lines in `self`.
    fn raw(
        &mut self,
        mappings: &Mappings,
        functions: &Functions,
        found: Field<'_>,
    ) -> Result<(Option<usize>, u64), Fault> {
        self.lines.clear();
        let (mut id, mut mapping, mut address) = ((0, found.at), None, 0);
        let mut part = found.part()?;
        while let Some(inner) = part.next_field()? {
            match inner.number {
                field::ID => id = (inner.number()?, inner.at),
                field::MAPPING_ID => {
                    let named = inner.number()?;
                    mapping = reference(&mappings.ids, named, inner.at, "mapping")?;
                }
                field::ADDRESS => address = inner.number()?,
                field::LINE if self.lines.len() == MOST_LINES => {
                    return Err(Fault::new(inner.at, "one more line", "at most 65536 for a location"));
                }
                field::LINE => self.lines.extend(read_line(functions, inner)?),
                _ => {}
            }
        }
        self.ids.add(id.0, id.1)?;
        Ok((mapping, address))
    }

    fn unmapped(&mut self, profile: &mut Profile) -> ModuleId {
        *self.unmapped.get_or_insert_with(|| {
            profile.add_module(Module { kind: ModuleKind::Unmapped, ..Module::file("[unmapped]") })
        })
    }
}

/// `None` for a line without a named function.
fn read_line(functions: &Functions, found: Field<'_>) -> Result<Option<Line>, Fault> {
    let (mut function, mut number, mut column) = (None, 0, 0);
    let mut part = found.part()?;
    while let Some(inner) = part.next_field()? {
        match inner.number {
            line::FUNCTION_ID => function = reference(&functions.ids, inner.number()?, inner.at, "function")?,
            line::LINE => number = inner.number()?,
            line::COLUMN => column = inner.number()?,
            _ => {}
        }
    }
    let function = function.and_then(|row| functions.rows[row]);
    // Numbers that no source has are as good as unknown.
    let small = |number: u64| u32::try_from(number).unwrap_or(0);
    Ok(function.map(|function| Line { function, line: small(number), column: small(column) }))
}

/// The row that an id leads to; `None` for the id 0.
fn reference(ids: &Ids, id: u64, at: usize, table: &str) -> Result<Option<usize>, Fault> {
    if id == 0 {
        return Ok(None);
    }
    let row = ids
        .row(id)
        .ok_or_else(|| Fault::new(at, format!("{table} {id}, which is not there"), "one that is"))?;
    Ok(Some(row))
}
