//! One walk over a unit's entries: the functions that hold wanted addresses, and what was inlined there.

use super::super::bytes::{Damage, Result};
use super::super::texts::Texts;
use super::abbrev::{Abbrev, Abbrevs};
use super::cursor::Cursor;
use super::effort::{Account, Claims};
use super::ranges::{Code, MAX_STEPS};
use super::sections::Reader;
use super::unit::Unit;
use super::value::Value;
use gimli::constants as dw;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// References from an entry to its name; longer chains are circles.
pub(super) const MAX_REFERENCES: usize = 16;
/// Functions inlined into one another; beyond this a file is made to hurt: each address would have so many names.
const MAX_INLINED: u32 = 512;

/// Which addresses matter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'w> {
    /// These, sorted.
    Some(&'w [u64]),
    /// All that the unit knows.
    All,
}

impl Wanted<'_> {
    fn any(self, from: u64, to: u64) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Some(sorted) => {
                sorted.get(sorted.partition_point(|&a| a < from)).is_some_and(|&first| first < to)
            }
        }
    }
}

/// A function's name, as far as its own unit tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Unknown,
    Known(Rc<str>),
    /// At an entry of another unit, by its offset in `.debug_info`.
    Elsewhere(u64),
    /// At an entry of the supplementary file.
    Supplementary(u64),
}

/// A function with its own code.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// `(from, to)` of each part.
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) name: Name,
    /// Each after the one that it was inlined into.
    pub(super) inlined: Vec<Inlined>,
}

/// A function inlined into another.
#[derive(Clone, Debug)]
pub(super) struct Inlined {
    /// 0 if it was inlined into the function itself.
    pub(super) depth: u32,
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) name: Name,
    /// Where it was called: index of the file in the line program, line and column, 0 if unknown.
    pub(super) call_file: Option<u64>,
    pub(super) call_line: u32,
    pub(super) call_column: u32,
}

/// The functions of a unit that hold wanted addresses, in the order of its entries. What was found before an entry
/// that cannot be read is kept.
pub(super) fn functions(
    unit: &Unit,
    bytes: &[u8],
    reader: &mut Reader<'_>,
    supplement: Option<&mut Reader<'_>>,
    wanted: Wanted<'_>,
) -> (Vec<Function>, Result<()>) {
    let mut walk = Walk::new(unit, bytes, reader, supplement, wanted);
    let result = walk.entries();
    (walk.found, result)
}

/// Which wanted addresses have their function already: once all have, the rest of a unit need not be read.
struct Covered(Option<Claims>);

impl Covered {
    fn new(wanted: Wanted<'_>) -> Covered {
        match wanted {
            Wanted::Some(list) => Covered(Some(Claims::new(list.len()))),
            Wanted::All => Covered(None),
        }
    }

    fn cover(&mut self, wanted: Wanted<'_>, ranges: &[(u64, u64)]) {
        let (Wanted::Some(sorted), Some(claims)) = (wanted, &mut self.0) else { return };
        for &(from, to) in ranges {
            let (low, high) = (sorted.partition_point(|&a| a < from), sorted.partition_point(|&a| a < to));
            claims.claim(low, high, |_| {});
        }
    }

    fn all(&self) -> bool {
        self.0.as_ref().is_some_and(|claims| claims.left() == 0)
    }
}

/// An entry whose children are looked at in its light.
struct Scope {
    /// Depth of the entry in the tree.
    level: u64,
    /// `None` where nothing below holds a wanted address.
    inlining: Option<Inlining>,
}

/// Where what is inlined below an entry belongs.
#[derive(Clone, Copy)]
struct Inlining {
    /// Index of the function around; a function inside of it may have been found since.
    function: usize,
    depth: u32,
}

struct Walk<'u, 'r, 's, 't> {
    unit: &'u Unit,
    bytes: &'u [u8],
    account: Account<'s>,
    reader: &'r mut Reader<'s>,
    supplement: Option<&'r mut Reader<'t>>,
    wanted: Wanted<'u>,
    steps: u64,
    /// Names of entries of this unit that others refer to.
    names: FxHashMap<u64, Name>,
    texts: Texts,
    found: Vec<Function>,
    covered: Covered,
    scopes: Vec<Scope>,
}

/// What a function's entry says of itself.
#[derive(Default)]
struct Attributes<'b> {
    code: Code,
    linkage_name: Option<Value<'b>>,
    name: Option<Value<'b>>,
    /// The entry that has the name if this one has none.
    origin: Option<Value<'b>>,
    call_file: Option<u64>,
    call_line: u32,
    call_column: u32,
}

impl<'b> Attributes<'b> {
    fn read(cursor: &mut Cursor<'b>, abbrev: &Abbrev, unit: &Unit) -> Result<Attributes<'b>> {
        let encoding = unit.header.encoding;
        let mut found = Attributes::default();
        abbrev.read(cursor, encoding, |name, value| match name {
            dw::DW_AT_low_pc | dw::DW_AT_high_pc | dw::DW_AT_ranges => found.code.take(name, value),
            dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => found.linkage_name = Some(value),
            dw::DW_AT_name => found.name = Some(value),
            // A concrete copy's origin knows more than its declaration.
            dw::DW_AT_abstract_origin => found.origin = Some(value),
            dw::DW_AT_specification => found.origin = found.origin.or(Some(value)),
            // Before DWARF 5 files were counted from 1, and 0 meant none.
            dw::DW_AT_call_file => {
                found.call_file = value.number().filter(|&file| file > 0 || encoding.version >= 5);
            }
            dw::DW_AT_call_line => found.call_line = small(value),
            dw::DW_AT_call_column => found.call_column = small(value),
            _ => {}
        })?;
        Ok(found)
    }
}

fn small(value: Value<'_>) -> u32 {
    value.number().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

impl<'u, 'r, 's, 't> Walk<'u, 'r, 's, 't> {
    fn new(
        unit: &'u Unit,
        bytes: &'u [u8],
        reader: &'r mut Reader<'s>,
        supplement: Option<&'r mut Reader<'t>>,
        wanted: Wanted<'u>,
    ) -> Self {
        Walk {
            unit,
            bytes,
            account: Account::new(&reader.sections.effort),
            reader,
            supplement,
            wanted,
            steps: MAX_STEPS,
            names: FxHashMap::default(),
            texts: Texts::default(),
            found: Vec::new(),
            covered: Covered::new(wanted),
            scopes: Vec::new(),
        }
    }

    fn entries(&mut self) -> Result<()> {
        let encoding = self.unit.header.encoding;
        let abbrevs: &'u Abbrevs = &self.unit.abbrevs;
        let mut cursor = Cursor::new(self.bytes, encoding.big_endian);
        cursor.jump(self.unit.header.entries as usize)?;
        let mut level = 0u64;
        while !cursor.is_empty() {
            let code = cursor.uleb()?;
            if code == 0 {
                level = level.saturating_sub(1);
                continue;
            }
            let abbrev = abbrevs.get(code)?;
            while self.scopes.last().is_some_and(|scope| level <= scope.level) {
                self.scopes.pop();
            }
            // All found, and what is inlined in the last of them read.
            if self.covered.all() && self.scopes.is_empty() {
                return Ok(());
            }
            match abbrev.tag {
                dw::DW_TAG_subprogram if abbrev.has_code => self.function(&mut cursor, abbrev, level)?,
                dw::DW_TAG_inlined_subroutine if abbrev.has_code && self.live().is_some() => {
                    self.inlined(&mut cursor, abbrev, level)?;
                }
                _ => abbrev.skip(&mut cursor, encoding)?,
            }
            level += u64::from(abbrev.has_children);
        }
        Ok(())
    }

    /// Where a function belongs that is inlined here, if the function around holds a wanted address.
    fn live(&self) -> Option<Inlining> {
        self.scopes.last().and_then(|scope| scope.inlining)
    }

    fn ranges(&mut self, code: &Code) -> Result<Option<Vec<(u64, u64)>>> {
        let mut ranges = Vec::new();
        let mut hit = false;
        let wanted = self.wanted;
        code.each(self.reader, self.unit, &mut self.steps, |from, to| {
            if wanted.any(from, to) {
                hit = true;
                ranges.push((from, to));
            }
        })?;
        Ok(hit.then_some(ranges))
    }

    fn function(&mut self, cursor: &mut Cursor<'u>, abbrev: &Abbrev, level: u64) -> Result<()> {
        let attributes = self.attributes(cursor, abbrev)?;
        match self.ranges(&attributes.code)? {
            Some(ranges) => {
                self.covered.cover(self.wanted, &ranges);
                let name = self.name(&attributes);
                let inlining = Inlining { function: self.found.len(), depth: 0 };
                self.found.push(Function { ranges, name, inlined: Vec::new() });
                self.enter(abbrev, level, Some(inlining));
            }
            // A function inside a function has its own code.
            None if !self.scopes.is_empty() => self.enter(abbrev, level, None),
            None => {}
        }
        Ok(())
    }

    fn inlined(&mut self, cursor: &mut Cursor<'u>, abbrev: &Abbrev, level: u64) -> Result<()> {
        let attributes = self.attributes(cursor, abbrev)?;
        let Some(Inlining { function, depth }) = self.live() else { return Ok(()) };
        let ranges = self.ranges(&attributes.code)?;
        let below = ranges.is_some().then(|| Inlining { function, depth: depth + 1 });
        if let Some(ranges) = ranges {
            if depth >= MAX_INLINED {
                return Err(Damage::new("functions are inlined deeper than in any program"));
            }
            let name = self.name(&attributes);
            let Attributes { call_file, call_line, call_column, .. } = attributes;
            if let Some(function) = self.found.get_mut(function) {
                function.inlined.push(Inlined { depth, ranges, name, call_file, call_line, call_column });
            }
        }
        self.enter(abbrev, level, below);
        Ok(())
    }

    fn enter(&mut self, abbrev: &Abbrev, level: u64, inlining: Option<Inlining>) {
        if abbrev.has_children {
            self.scopes.push(Scope { level, inlining });
        }
    }

    fn name(&mut self, attributes: &Attributes<'_>) -> Name {
        let own = |walk: &mut Self, value: Option<Value<'_>>| {
            let supplement = walk.supplement.as_deref_mut();
            let text = walk.unit.text(walk.reader, supplement, value?)?;
            Some(Name::Known(walk.texts.cut(&text).into()))
        };
        if let Some(name) = own(self, attributes.linkage_name) {
            return name;
        }
        let origin = attributes.origin.map_or(Name::Unknown, |origin| self.referred(origin));
        match origin {
            Name::Unknown => own(self, attributes.name).unwrap_or(Name::Unknown),
            known => known,
        }
    }

    /// The name of an entry that another refers to.
    fn referred(&mut self, origin: Value<'_>) -> Name {
        let mut passed = Vec::new();
        let mut next = Some(origin);
        let name = loop {
            let Some(origin) = next else { break Name::Unknown };
            let offset = match within(origin, self.unit) {
                Target::Here(offset) => offset,
                Target::Named(name) => break name,
            };
            if let Some(name) = self.names.get(&offset) {
                break name.clone();
            }
            if passed.len() == MAX_REFERENCES {
                break Name::Unknown;
            }
            passed.push(offset);
            let Some(attributes) = self.entry(offset) else { break Name::Unknown };
            // What is referred to has the name that counts, be it short or long.
            let value = attributes.linkage_name.or(attributes.name);
            let supplement = self.supplement.as_deref_mut();
            if let Some(text) = value.and_then(|value| self.unit.text(self.reader, supplement, value)) {
                break Name::Known(self.texts.cut(&text).into());
            }
            next = attributes.origin;
        };
        for offset in passed {
            self.names.insert(offset, name.clone());
        }
        name
    }

    fn attributes(&mut self, cursor: &mut Cursor<'u>, abbrev: &Abbrev) -> Result<Attributes<'u>> {
        self.account.spend(abbrev.effort())?;
        Attributes::read(cursor, abbrev, self.unit)
    }

    fn entry(&mut self, offset: u64) -> Option<Attributes<'u>> {
        let mut cursor = Cursor::new(self.bytes, self.unit.header.encoding.big_endian);
        cursor.jump(usize::try_from(offset).ok()?).ok()?;
        let unit = self.unit;
        let abbrev = unit.abbrevs.get(cursor.uleb().ok()?).ok()?;
        self.attributes(&mut cursor, abbrev).ok()
    }
}

/// What a reference leads to.
enum Target {
    /// An entry of the same unit, from its start.
    Here(u64),
    Named(Name),
}

fn within(reference: Value<'_>, unit: &Unit) -> Target {
    let header = &unit.header;
    match reference {
        Value::UnitRef(offset) => Target::Here(offset),
        Value::InfoRef(offset) if (header.start..header.end).contains(&offset) => {
            Target::Here(offset - header.start)
        }
        // The unit of another `.dwo` file cannot be told from an offset.
        Value::InfoRef(_) if unit.is_split => Target::Named(Name::Unknown),
        Value::InfoRef(offset) => Target::Named(Name::Elsewhere(offset)),
        Value::SupRef(offset) => Target::Named(Name::Supplementary(offset)),
        _ => Target::Named(Name::Unknown),
    }
}

/// The name at an entry of another unit, or what it refers to in turn.
pub(super) fn name_at(
    unit: &Unit,
    bytes: &[u8],
    reader: &mut Reader<'_>,
    supplement: Option<&mut Reader<'_>>,
    offset: u64,
) -> Name {
    Walk::new(unit, bytes, reader, supplement, Wanted::Some(&[])).referred(Value::UnitRef(offset))
}
