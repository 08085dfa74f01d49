//! Abbreviations: what each kind of entry of a unit looks like, prepared for stepping over entries fast.
//!
//! Almost every entry of a unit is of no interest, and few attributes of the others are. So for each kind the bytes to
//! step over are summed up once.

use super::super::bytes::{Damage, Result};
use super::cursor::{Cursor, Encoding};
use super::form::{Spec, Step};
use super::sections::Sections;
use super::value::{self, Value};
use gimli::constants as dw;
use rustc_hash::FxHashMap;

/// Compilers number abbreviations from 1; up to here they are found by their number.
const DENSE: u64 = 1 << 16;
/// A table beyond this size is damaged; those of compilers have some kilobytes.
const MAX_BYTES: u64 = 4 << 20;

/// One kind of entry.
#[derive(Debug)]
pub(super) struct Abbrev {
    pub(super) tag: dw::DwTag,
    pub(super) has_children: bool,
    /// True if it says where its code lies.
    pub(super) has_code: bool,
    /// What is read of an entry.
    parts: Vec<Part>,
    /// The way past an entry: bytes that every such entry has first, and the rest.
    head: u32,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Value(Spec),
    Skip(Step),
}

impl Abbrev {
    /// Steps over an entry's attributes.
    #[inline]
    pub(super) fn skip(&self, cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<()> {
        cursor.skip(self.head as usize)?;
        for step in &self.steps {
            match *step {
                Step::Fixed(len) => cursor.skip(len as usize)?,
                other => other.take(cursor, encoding)?,
            }
        }
        Ok(())
    }

    /// Gives the attributes of an entry that matter to `visit`, each once.
    pub(super) fn read<'b>(
        &self,
        cursor: &mut Cursor<'b>,
        encoding: Encoding,
        mut visit: impl FnMut(dw::DwAt, Value<'b>),
    ) -> Result<()> {
        for part in &self.parts {
            match *part {
                Part::Value(spec) => visit(spec.name, value::read(cursor, spec, encoding)?),
                Part::Skip(step) => step.take(cursor, encoding)?,
            }
        }
        Ok(())
    }

    /// What [`Abbrev::read`] costs; values need not take a byte.
    pub(super) fn effort(&self) -> u64 {
        1 + self.parts.len() as u64
    }
}

/// Whether such entries are ever read: functions and the roots of units.
fn is_read(tag: dw::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_subprogram
            | dw::DW_TAG_inlined_subroutine
            | dw::DW_TAG_compile_unit
            | dw::DW_TAG_skeleton_unit
            | dw::DW_TAG_partial_unit
            | dw::DW_TAG_type_unit
    )
}

/// Whether anything asks for an attribute of such an entry.
fn matters(name: dw::DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_low_pc
            | dw::DW_AT_high_pc
            | dw::DW_AT_ranges
            | dw::DW_AT_linkage_name
            | dw::DW_AT_MIPS_linkage_name
            | dw::DW_AT_name
            | dw::DW_AT_abstract_origin
            | dw::DW_AT_specification
            | dw::DW_AT_call_file
            | dw::DW_AT_call_line
            | dw::DW_AT_call_column
            // Of a unit's root.
            | dw::DW_AT_comp_dir
            | dw::DW_AT_language
            | dw::DW_AT_stmt_list
            | dw::DW_AT_str_offsets_base
            | dw::DW_AT_addr_base
            | dw::DW_AT_GNU_addr_base
            | dw::DW_AT_rnglists_base
            | dw::DW_AT_GNU_ranges_base
            | dw::DW_AT_dwo_name
            | dw::DW_AT_GNU_dwo_name
            | dw::DW_AT_GNU_dwo_id
    )
}

/// The abbreviations of a unit.
#[derive(Debug, Default)]
pub(super) struct Abbrevs {
    /// By code, index + 1; 0 for none.
    dense: Vec<u32>,
    sparse: FxHashMap<u64, u32>,
    list: Vec<Abbrev>,
}

impl Abbrevs {
    /// Reads the table at `offset` of `.debug_abbrev`; how long it is shows only at its end.
    ///
    /// # Errors
    /// If it cannot be understood, or tables cost more work than all of them together should.
    pub(super) fn read(sections: &Sections, offset: u64, encoding: Encoding) -> Result<Abbrevs> {
        let section = &sections.abbrev;
        sections.effort.left()?;
        let mut bytes = Vec::new();
        let mut len = 4096;
        loop {
            section.read_up_to(offset, len, &mut bytes)?;
            let mut cursor = Cursor::new(&bytes, encoding.big_endian);
            let table = Abbrevs::parse(&mut cursor, encoding);
            sections.effort.spend(cursor.at() as u64)?;
            if let Some(table) = table? {
                return Ok(table);
            }
            if offset.saturating_add(len) >= section.len() || len >= MAX_BYTES {
                return Err(Damage::new("a table of abbreviations has no end"));
            }
            len *= 4;
        }
    }

    /// `None` if the bytes end before the table does.
    fn parse(cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<Option<Abbrevs>> {
        let mut table = Abbrevs::default();
        loop {
            let Ok(code) = cursor.uleb() else { return Ok(None) };
            if code == 0 {
                return Ok(Some(table));
            }
            match Abbrev::parse(cursor, encoding)? {
                Some(abbrev) => table.insert(code, abbrev),
                None => return Ok(None),
            }
        }
    }

    fn insert(&mut self, code: u64, abbrev: Abbrev) {
        self.list.push(abbrev);
        let index = self.list.len() as u32;
        if code < DENSE {
            let code = code as usize;
            if self.dense.len() <= code {
                self.dense.resize(code + 1, 0);
            }
            // Of two with one code the first counts.
            if self.dense[code] == 0 {
                self.dense[code] = index;
            }
        } else {
            self.sparse.entry(code).or_insert(index);
        }
    }

    #[inline]
    pub(super) fn get(&self, code: u64) -> Result<&Abbrev> {
        let index = match self.dense.get(code as usize) {
            Some(&index) if code < DENSE => index,
            _ => self.sparse.get(&code).copied().unwrap_or(0),
        };
        let index = (index as usize).wrapping_sub(1);
        self.list.get(index).ok_or_else(|| Damage(format!("an entry has the unknown abbreviation {code}")))
    }
}

impl Abbrev {
    /// `None` if the bytes end before.
    fn parse(cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<Option<Abbrev>> {
        let (Ok(tag), Ok(children)) = (cursor.uleb(), cursor.u8()) else { return Ok(None) };
        let mut abbrev = Abbrev {
            tag: dw::DwTag(u16::try_from(tag).unwrap_or(u16::MAX)),
            has_children: children != 0,
            has_code: false,
            parts: Vec::new(),
            head: 0,
            steps: Vec::new(),
        };
        let is_read = is_read(abbrev.tag);
        loop {
            let (Ok(name), Ok(form)) = (cursor.uleb(), cursor.uleb()) else { return Ok(None) };
            if (name, form) == (0, 0) {
                break;
            }
            let form = dw::DwForm(u16::try_from(form).unwrap_or(u16::MAX));
            let implicit = match form {
                dw::DW_FORM_implicit_const => match cursor.sleb() {
                    Ok(value) => value,
                    Err(_) => return Ok(None),
                },
                _ => 0,
            };
            let name = dw::DwAt(u16::try_from(name).unwrap_or(u16::MAX));
            abbrev.has_code |= matches!(name, dw::DW_AT_low_pc | dw::DW_AT_ranges);
            let step = Step::of(form, encoding)?;
            match step {
                Step::Fixed(len) if abbrev.steps.is_empty() => abbrev.head += len,
                _ if step.joins(abbrev.steps.last_mut()) => {}
                _ => abbrev.steps.push(step),
            }
            if is_read {
                abbrev.add(Spec { name, form, implicit }, step);
            }
        }
        Ok(Some(abbrev))
    }

    /// Of two attributes of one name the first counts.
    fn add(&mut self, spec: Spec, step: Step) {
        let is_same = |part: &Part| matches!(part, Part::Value(other) if other.name == spec.name);
        if matters(spec.name) && !self.parts.iter().any(is_same) {
            return self.parts.push(Part::Value(spec));
        }
        let last = match self.parts.last_mut() {
            Some(Part::Skip(last)) => Some(last),
            _ => None,
        };
        if !step.joins(last) {
            self.parts.push(Part::Skip(step));
        }
    }
}
