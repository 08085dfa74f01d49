//! Units on their way into a table.
//!
//! What a unit says is written as soon as it is known: texts that were not met before, then a blob for each function.
//! Kept are for each blob its place and the addresses that it answers for, and for each text its place: memory in
//! proportion to the functions and to the distinct names, not to the debug information.

use super::blob::{Blob, Inlined, Line};
use super::overlap::{Part, settle, within, without};
use super::pages;
use crate::symbols::dwarf::UnitTable;
use crate::symbols::names;
use crate::symbols::numbers::put_text;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

/// A longer blob is left out but for its name.
pub(super) const MAX_BLOB: u64 = 4 << 20;
/// Longer texts are cut.
pub(super) const MAX_TEXT: u64 = 256 << 10;
/// Lines without a function in one blob.
const MOST_LOOSE: usize = 256;
/// Lines without a function give way to any function.
const LOOSE: u32 = 1 << 31;

/// Who answers for a part of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The lowest of several answers: functions first, then as the file has them.
    pub(super) rank: u32,
    /// Index of the name that the symbol table may know better.
    pub(super) short: Option<u32>,
    /// Position of the blob, 0 for none.
    pub(super) blob: u64,
}

pub(super) struct Builder<W> {
    pub(super) out: pages::Writer<W>,
    /// Sorted, without overlaps: elsewhere linkers leave what they threw away.
    code: Vec<Part<()>>,
    parts: Vec<Part<Owner>>,
    pub(super) shorts: IndexSet<Box<str>, FxBuildHasher>,
    texts: FxHashMap<Digest, u64>,
    pub(super) functions: u64,
    /// Functions whose blob would have been too long.
    pub(super) too_long: u64,
}

/// 128 bits of a text, in the text's place: with a million names no two are the same by chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Digest {
    hash: u64,
    checksum: u32,
    length: u32,
}

impl Digest {
    fn of(text: &str) -> Digest {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let checksum = crc32fast::hash(text.as_bytes());
        Digest { hash: hasher.finish(), checksum, length: text.len() as u32 }
    }
}

impl<W: Write> Builder<W> {
    pub(super) fn new(out: pages::Writer<W>, code: Vec<Part<()>>) -> Builder<W> {
        Builder {
            out,
            code,
            parts: Vec::new(),
            shorts: IndexSet::default(),
            texts: FxHashMap::default(),
            functions: 0,
            too_long: 0,
        }
    }

    /// The position of a text, written if it is new.
    pub(super) fn text(&mut self, text: &str) -> io::Result<u64> {
        if text.len() as u64 > MAX_TEXT {
            return self.text(&names::raw(text));
        }
        let digest = Digest::of(text);
        if let Some(&position) = self.texts.get(&digest) {
            return Ok(position);
        }
        let position = self.out.position();
        let mut bytes = Vec::with_capacity(text.len() + 3);
        put_text(&mut bytes, text);
        self.out.write(&bytes)?;
        self.texts.insert(digest, position);
        Ok(position)
    }

    /// Writes what a unit says. Units come in the order of the file.
    pub(super) fn unit(&mut self, unit: &UnitTable) -> io::Result<()> {
        let mut texts = Texts { unit, known: vec![None; unit.texts.len()] };
        let rows: Vec<Part<usize>> = unit
            .rows
            .iter()
            .enumerate()
            .map(|(i, row)| Part { from: row.from, to: row.to, what: i })
            .collect();
        // Of rows that hold an address the first counts.
        let rows = self.in_code(&settle(&rows, |_| ()));
        let mut covered = Vec::new();
        for function in &unit.functions {
            let ranges: Vec<Part<()>> =
                function.ranges.iter().map(|&(from, to)| Part { from, to, what: () }).collect();
            let ranges = self.in_code(&settle(&ranges, |()| ()));
            if ranges.is_empty() {
                continue;
            }
            let mut blob = Blob { name: texts.name(self, function.name)?, ..Blob::default() };
            for part in &ranges {
                for row in within(&rows, part.from, part.to) {
                    let line = texts.line(self, unit.rows[row.what].place())?;
                    push(&mut blob.rows, Part { from: row.from, to: row.to, what: line });
                }
            }
            for inlined in &function.inlined {
                blob.inlined.push(Inlined {
                    depth: inlined.depth,
                    ranges: inlined.ranges.clone(),
                    name: texts.name(self, inlined.name)?,
                    call: texts.line(self, (inlined.file, inlined.line, inlined.column))?,
                });
            }
            let short = function.incomplete.then(|| self.short(texts.get(function.name)));
            let position = self.blob(blob)?;
            self.functions += 1;
            let rank = self.rank();
            let owner = Owner { rank, short, blob: position };
            self.parts.extend(ranges.iter().map(|part| Part { from: part.from, to: part.to, what: owner }));
            covered.extend(ranges);
        }
        self.loose(unit, &mut texts, &without(&rows, &settle(&covered, |()| ())))
    }

    /// Lines that belong to no function: assembler code, and what is there without more.
    fn loose(&mut self, unit: &UnitTable, texts: &mut Texts<'_>, rows: &[Part<usize>]) -> io::Result<()> {
        for rows in rows.chunks(MOST_LOOSE) {
            let mut blob = Blob::default();
            for row in rows {
                let line = texts.line(self, unit.rows[row.what].place())?;
                push(&mut blob.rows, Part { from: row.from, to: row.to, what: line });
            }
            let short = Some(self.short(""));
            let parts: Vec<(u64, u64)> = blob.rows.iter().map(|row| (row.from, row.to)).collect();
            let position = self.blob(blob)?;
            let owner = Owner { rank: LOOSE | self.rank(), short, blob: position };
            self.parts.extend(parts.into_iter().map(|(from, to)| Part { from, to, what: owner }));
        }
        Ok(())
    }

    fn rank(&self) -> u32 {
        (self.parts.len() as u32).min(LOOSE - 1)
    }

    fn short(&mut self, text: &str) -> u32 {
        match self.shorts.get_index_of(text) {
            Some(index) => index as u32,
            None => self.shorts.insert_full(text.into()).0 as u32,
        }
    }

    fn blob(&mut self, mut blob: Blob) -> io::Result<u64> {
        let mut bytes = blob.encode();
        if bytes.len() as u64 > MAX_BLOB {
            self.too_long += 1;
            blob = Blob { name: blob.name, ..Blob::default() };
            bytes = blob.encode();
        }
        let position = self.out.position();
        self.out.write(&bytes)?;
        Ok(position)
    }

    fn in_code<T: Copy>(&self, parts: &[Part<T>]) -> Vec<Part<T>> {
        let inside = |part: &Part<T>| {
            let what = part.what;
            within(&self.code, part.from, part.to).map(move |code| Part {
                from: code.from,
                to: code.to,
                what,
            })
        };
        parts.iter().flat_map(inside).collect()
    }

    /// Who answers for which addresses: in order, without overlaps, and what of the code nobody answers for.
    pub(super) fn settled(&mut self) -> Vec<Part<Owner>> {
        let mut settled = settle(&std::mem::take(&mut self.parts), |owner| owner.rank);
        let nobody = Owner { rank: LOOSE, short: Some(self.short("")), blob: 0 };
        let gaps = without(&self.code, &settled);
        settled.extend(gaps.into_iter().map(|gap| Part { from: gap.from, to: gap.to, what: nobody }));
        settled.sort_unstable_by_key(|part| part.from);
        // Names of other parts than the short ones are not asked for again.
        self.texts.shrink_to_fit();
        settled
    }
}

/// Adds a row, or lengthens the last one if it says the same.
fn push(rows: &mut Vec<Part<Line>>, row: Part<Line>) {
    match rows.last_mut() {
        Some(last) if last.to == row.from && last.what == row.what => last.to = row.to,
        _ => rows.push(row),
    }
}

/// A unit's texts, and where those of them stand that were written.
struct Texts<'u> {
    unit: &'u UnitTable,
    known: Vec<Option<u64>>,
}

impl Texts<'_> {
    fn get(&self, index: u32) -> &str {
        self.unit.texts.get_index(index as usize).map_or("", |text| text)
    }

    /// `None` if the name is empty: it is not known.
    fn name<W: Write>(&mut self, builder: &mut Builder<W>, index: u32) -> io::Result<Option<u64>> {
        if self.get(index).is_empty() { Ok(None) } else { self.position(builder, index).map(Some) }
    }

    fn position<W: Write>(&mut self, builder: &mut Builder<W>, index: u32) -> io::Result<u64> {
        if let Some(Some(position)) = self.known.get(index as usize) {
            return Ok(*position);
        }
        let position = builder.text(self.get(index))?;
        if let Some(known) = self.known.get_mut(index as usize) {
            *known = Some(position);
        }
        Ok(position)
    }

    fn line<W: Write>(
        &mut self,
        builder: &mut Builder<W>,
        (file, line, column): (Option<u32>, u32, u32),
    ) -> io::Result<Line> {
        let file = file.map(|file| self.position(builder, file)).transpose()?;
        Ok(Line { file, line, column })
    }
}
