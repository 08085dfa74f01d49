//! One pass of a unit's line program.

use super::super::bytes::{Damage, Result};
use super::functions::Wanted;
use super::sections::{Reader, readable};
use super::unit::Unit;
use gimli::{AttributeValue, EndianSlice, RunTimeEndian};

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

/// A unit's line program, its bytes at hand.
pub(super) struct Lines<'b> {
    program: gimli::IncompleteLineProgram<Slice<'b>>,
    /// Sequences that begin before are of code that the linker dropped.
    code_start: u64,
}

/// Reads a unit's line program into `bytes`; false if it has none.
///
/// # Errors
/// If it is not whole, or larger than `most` bytes.
pub(super) fn read(unit: &Unit, reader: &Reader<'_>, most: u64, bytes: &mut Vec<u8>) -> Result<bool> {
    let Some(start) = unit.line else { return Ok(false) };
    let section = &reader.sections.line;
    section.read_up_to(start, 12, bytes)?;
    let mut cursor = super::cursor::Cursor::new(bytes, unit.header.encoding.big_endian);
    let (length, _) = cursor.initial_length()?;
    let length = length.saturating_add(cursor.at() as u64);
    if length > most {
        return Err(Damage(format!("a line program of {length} bytes is more than may be read at once")));
    }
    section.read(start..start.saturating_add(length), bytes)?;
    Ok(true)
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
        let mut left = sorted.len();
        let mut rows = self.program.clone().rows();
        let mut last: Option<Row> = None;
        let mut dropped = false;
        while let Some((_, row)) = rows.next_row()? {
            let address = row.address();
            if last.is_none() {
                dropped = address < self.code_start;
            }
            if let Some(last) = last
                && last.address < address
                && !dropped
            {
                let from = sorted.partition_point(|&a| a < last.address);
                for (at, &wanted) in sorted.iter().enumerate().skip(from) {
                    if wanted >= address {
                        break;
                    }
                    if found[at].is_none() {
                        found[at] = Some(last);
                        left -= 1;
                    }
                }
                if left == 0 {
                    return Ok(());
                }
            }
            last = (!row.end_sequence()).then(|| of(row));
        }
        Ok(())
    }

    /// All rows in order, each with the address that ends it.
    pub(super) fn each(&self, mut visit: impl FnMut(Row, u64)) -> Result<()> {
        let mut rows = self.program.clone().rows();
        let mut last: Option<Row> = None;
        let mut dropped = false;
        while let Some((_, row)) = rows.next_row()? {
            if last.is_none() {
                dropped = row.address() < self.code_start;
            }
            if let Some(last) = last
                && last.address < row.address()
                && !dropped
            {
                visit(last, row.address());
            }
            last = (!row.end_sequence()).then(|| of(row));
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
        Some(path)
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
        AttributeValue::DebugStrRef(offset) => reader.string(offset.0 as u64).ok(),
        AttributeValue::DebugLineStrRef(offset) => reader.line_string(offset.0 as u64).ok(),
        AttributeValue::DebugStrOffsetsIndex(index) => {
            let base = unit.bases.str_offsets;
            reader.indexed_string(base, index.0 as u64, unit.header.encoding).ok()
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

/// The row of each address that a unit's line program knows.
pub(super) fn wanted_rows(lines: &Lines<'_>, wanted: Wanted<'_>) -> (Vec<Option<Row>>, Result<()>) {
    let Wanted::Some(sorted) = wanted else { return (Vec::new(), Ok(())) };
    let mut found = vec![None; sorted.len()];
    let result = lines.find(sorted, &mut found);
    (found, result)
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
