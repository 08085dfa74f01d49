//! Everything that debug information says, unit by unit: for those who keep it in a form of their own.

use super::super::bytes::{Damage, Result};
use super::super::names;
use super::effort::EVERYTHING;
use super::functions::{Function, Name};
use super::lines::Lines;
use super::references::{Memory, Reference, References};
use super::starts::{Headers, Starts};
use super::worker::Worker;
use super::{Input, Shared, lock, parallel};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// What a unit says. Texts are indices into `texts`. Of two units that know an address, the one with a function
/// counts, then the first of the file.
#[derive(Debug, Default)]
pub(in super::super) struct UnitTable {
    pub(in super::super) texts: IndexSet<Box<str>, FxBuildHasher>,
    /// Of two functions that hold an address the first counts.
    pub(in super::super) functions: Vec<TableFunction>,
    /// Of two rows that hold an address the first counts.
    pub(in super::super) rows: Vec<TableRow>,
}

/// A function with code of its own.
#[derive(Debug)]
pub(in super::super) struct TableFunction {
    /// `(from, to)` of each part.
    pub(in super::super) ranges: Vec<(u64, u64)>,
    /// As the file has it; empty if unknown.
    pub(in super::super) name: u32,
    /// True if the symbol table may know the name better.
    pub(in super::super) incomplete: bool,
    /// Each after the one that it was inlined into.
    pub(in super::super) inlined: Vec<TableInlined>,
}

/// A function inlined into another.
#[derive(Debug)]
pub(in super::super) struct TableInlined {
    /// 0 if inlined into the function itself.
    pub(in super::super) depth: u32,
    pub(in super::super) ranges: Vec<(u64, u64)>,
    pub(in super::super) name: u32,
    /// Where it was called.
    pub(in super::super) file: Option<u32>,
    pub(in super::super) line: u32,
    pub(in super::super) column: u32,
}

/// A line's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct TableRow {
    pub(in super::super) from: u64,
    pub(in super::super) to: u64,
    pub(in super::super) file: Option<u32>,
    pub(in super::super) line: u32,
    pub(in super::super) column: u32,
}

impl TableRow {
    /// File, line and column.
    pub(in super::super) fn place(self) -> (Option<u32>, u32, u32) {
        (self.file, self.line, self.column)
    }
}

/// Gives all units to `visit`, each with its number, from several threads and in no order; `None` for one that cannot
/// be read. Returns what could not be read.
///
/// # Errors
/// If nothing can be read.
pub(in super::super) fn everything(
    input: Input<'_>,
    visit: impl Fn(usize, Option<UnitTable>) + Sync,
) -> Result<Option<String>> {
    let shared = Shared::open(input, EVERYTHING)?;
    let mut headers = Headers::new(&shared.main);
    let first = Mutex::new(None);
    let failed = Mutex::new(0u64);
    let names = shared.memory.left() / 4;
    let _kept = shared.memory.keep("a list of names", names)?;
    let memory = Mutex::new(Memory::new(names));
    let start = || (Worker::new(&shared), References::new(shared.pair(Starts::default()), &memory));
    parallel(input.threads, headers.by_ref().enumerate(), start, |(worker, names), (at, header)| {
        // Whoever waits for the units before its own must not wait for ever.
        let whole = catch_unwind(AssertUnwindSafe(|| worker.whole(header.start, names)));
        let (table, damage) = match whole.unwrap_or_else(|_| Err(Damage::new("its reader gave up"))) {
            Ok((table, damage)) => (Some(table), damage),
            Err(damage) => (None, Some(damage)),
        };
        if let Some(damage) = damage {
            *lock(&failed) += 1;
            lock(&first).get_or_insert(damage);
        }
        visit(at, table);
    });
    shared.object.require(None)?;
    if let Some(damage) = headers.damage {
        shared.main.note.say(|| format!("the units cannot be counted: {damage}"));
    }
    let failed = *lock(&failed);
    let damage = lock(&first).take();
    let damage = damage.map(|Damage(why)| format!("{failed} units are damaged ({why})"));
    Ok(damage.or(shared.main.note.take()))
}

/// Brings the parts of a unit together; and what of its lines could not be read.
pub(super) fn build<'b>(
    functions: &[Function],
    mangles: bool,
    lines: Option<&Lines<'b>>,
    references: &mut References<'_, '_>,
    mut file: impl FnMut(&Lines<'b>, u64) -> Option<String>,
) -> (UnitTable, Option<Damage>) {
    let mut table = UnitTable::default();
    let mut damage = None;
    let mut files: FxHashMap<u64, Option<u32>> = FxHashMap::default();
    let mut file_of = |table: &mut UnitTable, index: u64| {
        *files.entry(index).or_insert_with(|| {
            let path = file(lines?, index)?;
            Some(table.text(&path))
        })
    };
    if let Some(lines) = lines {
        let mut rows = Vec::new();
        damage = lines.each(|row, to| rows.push((row, to))).err();
        for (row, to) in rows {
            let file = file_of(&mut table, row.file);
            table.rows.push(TableRow { from: row.address, to, file, line: row.line, column: row.column });
        }
    }
    let names =
        functions.iter().flat_map(|f| std::iter::once(&f.name).chain(f.inlined.iter().map(|i| &i.name)));
    let names = &references.resolve(names.filter_map(Reference::of).collect());
    for function in functions {
        let name = table.name(&function.name, names);
        let raw = table.texts[name as usize].as_ref();
        let incomplete = raw.is_empty() || (mangles && !names::may_be_mangled(raw));
        let mut inlined = Vec::with_capacity(function.inlined.len());
        for one in &function.inlined {
            inlined.push(TableInlined {
                depth: one.depth,
                ranges: one.ranges.clone(),
                name: table.name(&one.name, names),
                file: one.call_file.and_then(|index| file_of(&mut table, index)),
                line: one.call_line,
                column: one.call_column,
            });
        }
        table.functions.push(TableFunction { ranges: function.ranges.clone(), name, incomplete, inlined });
    }
    (table, damage)
}

impl UnitTable {
    fn text(&mut self, text: &str) -> u32 {
        match self.texts.get_index_of(text) {
            Some(index) => index as u32,
            None => self.texts.insert_full(text.into()).0 as u32,
        }
    }

    fn name(&mut self, name: &Name, names: &FxHashMap<Reference, Arc<str>>) -> u32 {
        match name {
            Name::Unknown => self.text(""),
            Name::Known(text) => self.text(text),
            other => {
                let text = Reference::of(other).and_then(|reference| names.get(&reference));
                self.text(text.map_or("", |text| text))
            }
        }
    }
}
