//! One pass of a unit's line program.

use super::super::bytes::{Damage, Result};
use super::super::texts::shortened;
use super::cursor::Cursor;
use super::effort::Claims;
use super::memory::{Lease, Memory};
use super::sections::{Reader, readable};
use super::unit::Unit;
use gimli::{AttributeValue, EndianSlice, RunTimeEndian};

/// Files and directories of a unit; the library takes fifty times as much memory for them.
const MAX_HEADER: u64 = 1 << 20;
/// Longer paths name no file on any system.
const MAX_PATH: usize = 4096;
/// What stands before the length of the header is no longer.
const MAX_FIXED: u64 = 32;

type Slice<'b> = EndianSlice<'b, RunTimeEndian>;

/// A line's place, as the program's registers have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) address: u64,
    /// Index of the file.
    pub(super) file: u64,
    /// 0 if unknown; the column means nothing then.
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Files that are defined between the lines are passed over: no compiler has written them for decades, and a file can
/// be made of nothing else.
struct Program<'h, 'b>(&'h gimli::LineProgramHeader<Slice<'b>>);

impl<'b> gimli::LineProgram<Slice<'b>> for Program<'_, 'b> {
    fn header(&self) -> &gimli::LineProgramHeader<Slice<'b>> {
        self.0
    }

    fn add_file(&mut self, _: gimli::FileEntry<Slice<'b>>) {}
}

/// A unit's line program, its bytes at hand.
pub(super) struct Lines<'b> {
    program: gimli::IncompleteLineProgram<Slice<'b>>,
    /// Sequences that begin before are of code that the linker dropped.
    code_start: u64,
}

/// Reads a unit's line program into `bytes`; `None` if it has none.
///
/// # Errors
/// If it is not whole, or there is not so much memory.
pub(super) fn read<'m>(
    unit: &Unit,
    reader: &Reader<'_>,
    memory: &'m Memory,
    bytes: &mut Vec<u8>,
) -> Result<Option<Lease<'m>>> {
    let Some(start) = unit.line else { return Ok(None) };
    let section = &reader.sections.line;
    section.read_up_to(start, MAX_FIXED, bytes)?;
    let mut cursor = Cursor::new(bytes, unit.header.encoding.big_endian);
    let (length, offset) = cursor.initial_length()?;
    let length = length.saturating_add(cursor.at() as u64);
    let version = cursor.u16()?;
    cursor.skip(if version >= 5 { 2 } else { 0 })?;
    let header = cursor.uint(usize::from(offset))?;
    if header > MAX_HEADER {
        return Err(Damage(format!("a line program has a header of {header} bytes, which is not believed")));
    }
    reader.sections.effort.spend(length)?;
    let lease = memory.lease("a line program", length)?;
    section.read(start..start.saturating_add(length), bytes)?;
    Ok(Some(lease))
}

impl<'b> Lines<'b> {
    /// # Errors
    /// If the program's header cannot be understood.
    pub(super) fn parse(unit: &Unit, bytes: &'b [u8], code_start: u64) -> Result<Lines<'b>> {
        let encoding = unit.header.encoding;
        let endian = if encoding.big_endian { RunTimeEndian::Big } else { RunTimeEndian::Little };
        let section = gimli::DebugLine::new(bytes, endian);
        let program = section.program(gimli::DebugLineOffset(0), encoding.address_size, None, None)?;
        Ok(Lines { program, code_start })
    }

    /// The row of each wanted address, as far as there is one. What was found before damage is kept.
    pub(super) fn find(&self, sorted: &[u64], found: &mut [Option<Row>]) -> Result<()> {
        let mut claims = Claims::new(sorted.len());
        self.spans(|row, end| {
            let from = sorted.partition_point(|&a| a < row.address);
            if sorted.get(from).is_some_and(|&a| a < end) {
                let to = sorted.partition_point(|&a| a < end);
                claims.claim(from, to, |at| found[at] = Some(row));
            }
            claims.left() > 0
        })
    }

    /// All rows in order, each with the address that ends it.
    pub(super) fn each(&self, mut visit: impl FnMut(Row, u64)) -> Result<()> {
        self.spans(|row, end| {
            visit(row, end);
            true
        })
    }

    /// Runs the program as long as `visit` wants to know more.
    fn spans(&self, mut visit: impl FnMut(Row, u64) -> bool) -> Result<()> {
        let mut program = Program(self.program.header());
        let header = program.0;
        // Linkers write the highest address, or the one before, where code was thrown away.
        let last_address = u64::MAX >> (64 - 8 * u32::from(header.address_size().clamp(1, 8)));
        let mut instructions = header.instructions();
        let mut row = gimli::LineRow::new(header);
        let mut last: Option<Row> = None;
        // Code that a linker threw away: by its address, and as a sequence that lies before all code.
        let mut is_gone = false;
        let (mut inside, mut dropped) = (false, false);
        while let Some(instruction) = instructions.next_instruction(header)? {
            if let gimli::LineInstruction::SetAddress(address) = instruction {
                is_gone = address < row.address() || address >= last_address - 1;
            }
            if !row.execute(instruction, &mut program)? {
                continue;
            }
            if !is_gone {
                if !inside {
                    dropped = row.address() < self.code_start;
                }
                inside = !row.end_sequence();
            }
            if !is_gone && !dropped {
                if let Some(last) = last
                    && last.address < row.address()
                    && !visit(last, row.address())
                {
                    return Ok(());
                }
                last = (!row.end_sequence()).then(|| of(&row));
            }
            is_gone &= !row.end_sequence();
            row.reset(header);
        }
        Ok(())
    }

    /// The path of a file by its index, joined with the directories that it is relative to.
    pub(super) fn file(&self, index: u64, unit: &Unit, reader: &mut Reader<'_>) -> Option<String> {
        let header = self.program.header();
        let file = header.file(index)?;
        let mut path = unit.comp_dir.clone().unwrap_or_default();
        // Directory 0 is the unit's own.
        if file.directory_index() != 0
            && let Some(directory) = file.directory(header)
        {
            push(&mut path, &text(directory, unit, reader)?);
        }
        push(&mut path, &text(file.path_name(), unit, reader)?);
        Some(shortened(&path, MAX_PATH).into_owned())
    }
}

fn of(row: &gimli::LineRow) -> Row {
    let line = row.line().map_or(0, |line| u32::try_from(line.get()).unwrap_or(0));
    let column = match row.column() {
        gimli::ColumnType::Column(column) if line != 0 => u32::try_from(column.get()).unwrap_or(0),
        _ => 0,
    };
    Row { address: row.address(), file: row.file_index(), line, column }
}

fn text(value: AttributeValue<Slice<'_>>, unit: &Unit, reader: &mut Reader<'_>) -> Option<String> {
    match value {
        AttributeValue::String(text) => Some(readable(text.slice())),
        AttributeValue::DebugStrRef(offset) => reader.string(offset.0 as u64),
        AttributeValue::DebugLineStrRef(offset) => reader.line_string(offset.0 as u64),
        AttributeValue::DebugStrOffsetsIndex(index) => {
            let base = unit.bases.str_offsets;
            reader.indexed_string(base, index.0 as u64, unit.header.encoding)
        }
        _ => None,
    }
}

/// Adds a relative path; an absolute one takes the place of all.
fn push(path: &mut String, more: &str) {
    let drive = |text: &str, slash| {
        let mut chars = text.chars();
        (chars.next().is_some_and(|c| c.is_ascii_alphabetic()))
            && chars.next() == Some(':')
            && chars.next() == Some(slash)
    };
    let windows = |text: &str| text.starts_with('\\') || drive(text, '\\');
    if more.starts_with('/') || drive(more, '/') || windows(more) {
        more.clone_into(path);
        return;
    }
    let separator = if windows(path) { '\\' } else { '/' };
    if !path.is_empty() && !path.ends_with(separator) {
        path.push(separator);
    }
    path.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_their_system_writes_them() {
        for (base, more, joined) in [
            ("/build", "src/a.c", "/build/src/a.c"),
            ("/build/", "a.c", "/build/a.c"),
            ("/build", "/usr/a.c", "/usr/a.c"),
            ("", "a.c", "a.c"),
            ("C:\\build", "a.c", "C:\\build\\a.c"),
            ("C:\\build", "D:\\a.c", "D:\\a.c"),
            ("/build", "c:/a.c", "c:/a.c"),
        ] {
            let mut path = base.to_owned();
            push(&mut path, more);
            assert_eq!(path, joined);
        }
    }
}
