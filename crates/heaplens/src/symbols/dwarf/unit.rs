//! A unit's header and the entry at its root.

use super::super::bytes::{Damage, Result, Window};
use super::abbrev::Abbrevs;
use super::cursor::{Cursor, Encoding};
use super::effort::Effort;
use super::ranges::{Code, RangesAt};
use super::sections::{Reader, Sections};
use super::value::Value;
use gimli::constants as dw;
use std::rc::Rc;

/// No unit header is longer.
const MAX_HEADER: u64 = 64;

/// What a unit's header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// In its section.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Where the root entry lies, from `start`.
    pub(super) entries: u64,
    pub(super) encoding: Encoding,
    abbrevs: u64,
    /// True for units that can hold code: not for types, nor for parts that others refer to.
    pub(super) may_have_code: bool,
    /// Names the unit's other half, in DWARF 5.
    dwo_id: Option<u64>,
}

impl Header {
    /// Reads the header at an offset of a `.debug_info` section.
    pub(super) fn read(info: &mut Window<'_>, len: u64, start: u64, big_endian: bool) -> Result<Header> {
        let rest = len.checked_sub(start).ok_or_else(|| Damage::new("a unit lies outside its section"))?;
        let bytes = info.at(start, rest.min(MAX_HEADER))?;
        let mut cursor = Cursor::new(bytes, big_endian);
        let (length, offset_size) = cursor.initial_length()?;
        let end = start.checked_add(cursor.at() as u64).and_then(|s| s.checked_add(length));
        let end =
            end.filter(|&end| end <= len).ok_or_else(|| Damage::new("a unit is longer than its section"))?;
        let version = cursor.u16()?;
        let offset = usize::from(offset_size);
        let (kind, address_size, abbrevs) = match version {
            2..=4 => {
                let abbrevs = cursor.uint(offset)?;
                (dw::DW_UT_compile, cursor.u8()?, abbrevs)
            }
            5 => {
                let kind = dw::DwUt(cursor.u8()?);
                let address_size = cursor.u8()?;
                (kind, address_size, cursor.uint(offset)?)
            }
            _ => return Err(Damage(format!("a unit has the unknown DWARF version {version}"))),
        };
        let mut dwo_id = None;
        match kind {
            dw::DW_UT_skeleton | dw::DW_UT_split_compile => dwo_id = Some(cursor.uint(8)?),
            dw::DW_UT_type | dw::DW_UT_split_type => cursor.skip(8 + offset)?,
            _ => {}
        }
        if !(1..=8).contains(&address_size) {
            return Err(Damage(format!("a unit has addresses of {address_size} bytes")));
        }
        let entries = cursor.at() as u64;
        if start + entries > end {
            return Err(Damage::new("a unit is shorter than its header"));
        }
        let may_have_code = matches!(kind, dw::DW_UT_compile | dw::DW_UT_skeleton | dw::DW_UT_split_compile);
        let encoding = Encoding { big_endian, address_size, offset_size, version };
        Ok(Header { start, end, entries, encoding, abbrevs, may_have_code, dwo_id })
    }
}

/// Where a unit's parts of the tables by index begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bases {
    pub(super) str_offsets: u64,
    pub(super) addresses: u64,
    pub(super) rnglists: u64,
    /// Added to offsets into `.debug_ranges` by split units before DWARF 5.
    pub(super) gnu_ranges: u64,
}

/// The other half of a split unit.
#[derive(Clone, Debug)]
pub(super) struct Dwo {
    pub(super) id: u64,
    pub(super) name: String,
}

/// A unit, its root read.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) header: Header,
    pub(super) abbrevs: Rc<Abbrevs>,
    pub(super) bases: Bases,
    pub(super) code: Code,
    /// The base of its range lists.
    pub(super) low_pc: u64,
    pub(super) comp_dir: Option<String>,
    /// Where the supplementary file has `comp_dir`, if it stands there.
    pub(super) comp_dir_elsewhere: Option<u64>,
    pub(super) language: Option<dw::DwLang>,
    /// Where its line program begins.
    pub(super) line: Option<u64>,
    pub(super) dwo: Option<Dwo>,
    /// True if it stands in a `.dwo` or `.dwp` file.
    pub(super) is_split: bool,
}

/// Keeps the table of abbreviations that was read last: neighbouring units often share one.
#[derive(Default)]
pub(super) struct LastAbbrevs(Option<(u64, Encoding, Rc<Abbrevs>)>);

impl LastAbbrevs {
    fn get(&mut self, sections: &Sections, header: &Header) -> Result<Rc<Abbrevs>> {
        if let Some((offset, encoding, table)) = &self.0
            && (*offset, *encoding) == (header.abbrevs, header.encoding)
        {
            return Ok(table.clone());
        }
        let table = Rc::new(Abbrevs::read(sections, header.abbrevs, header.encoding)?);
        self.0 = Some((header.abbrevs, header.encoding, table.clone()));
        Ok(table)
    }
}

impl Unit {
    /// Reads abbreviations and root. A split unit takes from `skeleton` what stands only there.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        header: Header,
        last: &mut LastAbbrevs,
        skeleton: Option<&Unit>,
    ) -> Result<Unit> {
        let abbrevs = last.get(reader.sections, &header)?;
        let is_split = skeleton.is_some();
        let encoding = header.encoding;
        let effort = &reader.sections.effort;
        // A whole entry at the root is rarely longer than this; if it is, it is read again.
        let (start, most) = (header.start + header.entries, header.end - header.start - header.entries);
        let mut len = most.min(512);
        let (values, bases) = loop {
            let bytes = reader.info.at(start, len)?;
            let bytes = &bytes[..bytes.len().min(most as usize)];
            match Values::read(bytes, &abbrevs, encoding, effort) {
                Ok(values) => break (values, default_bases(encoding, is_split)),
                Err(damage) if len == most => return Err(damage),
                Err(_) => len = most.min(len * 16),
            }
            effort.spend(len)?;
        };
        let mut unit = Unit {
            header,
            abbrevs,
            bases: skeleton.map_or(bases, |s| Bases {
                addresses: s.bases.addresses,
                gnu_ranges: s.bases.gnu_ranges,
                ..bases
            }),
            code: Code::default(),
            low_pc: skeleton.map_or(0, |s| s.low_pc),
            comp_dir: skeleton.and_then(|s| s.comp_dir.clone()),
            comp_dir_elsewhere: None,
            language: None,
            line: skeleton.and_then(|s| s.line),
            dwo: None,
            is_split,
        };
        unit.take(reader, values)?;
        Ok(unit)
    }

    fn take(&mut self, reader: &mut Reader<'_>, values: Values) -> Result<()> {
        // Bases first: the others are read through them.
        let bases = &mut self.bases;
        bases.str_offsets = values.str_offsets_base.unwrap_or(bases.str_offsets);
        bases.addresses = values.addr_base.unwrap_or(bases.addresses);
        bases.rnglists = values.rnglists_base.unwrap_or(bases.rnglists);
        bases.gnu_ranges = values.ranges_base.unwrap_or(bases.gnu_ranges);
        self.code = values.code;
        if let Some(low) = self.code.low(reader, self)? {
            self.low_pc = low;
        }
        self.language = values.language;
        if !self.is_split {
            self.line = values.line;
        }
        match values.comp_dir {
            Some(TextAt::Elsewhere(offset)) => self.comp_dir_elsewhere = Some(offset),
            dir => self.comp_dir = dir.and_then(|text| text.read(reader, self)).or(self.comp_dir.take()),
        }
        let name = values.dwo_name.and_then(|text| text.read(reader, self));
        if let (Some(name), Some(id)) = (name, self.header.dwo_id.or(values.dwo_id)) {
            self.dwo = Some(Dwo { id, name });
        }
        Ok(())
    }

    /// The text that a value stands for; `None` if there is none to be had. Texts of the supplementary file are
    /// `supplement`'s.
    pub(super) fn text(
        &self,
        reader: &mut Reader<'_>,
        supplement: Option<&mut Reader<'_>>,
        value: Value<'_>,
    ) -> Option<String> {
        match value {
            Value::SupStr(offset) => supplement?.string(offset).ok(),
            other => TextAt::of(other)?.read(reader, self),
        }
    }
}

fn default_bases(encoding: Encoding, is_split: bool) -> Bases {
    let header = if encoding.offset_size == 8 { 8 } else { 0 };
    match (is_split, encoding.version) {
        // In a split unit the bases are not stated: right behind the headers of the tables.
        (true, 5) => Bases { str_offsets: 8 + header, rnglists: 12 + header, ..Bases::default() },
        _ => Bases::default(),
    }
}

/// A text that is not read yet.
#[derive(Clone, Debug)]
enum TextAt {
    Here(String),
    Str(u64),
    LineStr(u64),
    Index(u64),
    /// In the supplementary file.
    Elsewhere(u64),
}

impl TextAt {
    fn of(value: Value<'_>) -> Option<TextAt> {
        match value {
            Value::Text(text) => Some(TextAt::Here(super::sections::readable(text))),
            Value::Str(offset) => Some(TextAt::Str(offset)),
            Value::LineStr(offset) => Some(TextAt::LineStr(offset)),
            Value::StrIndex(index) => Some(TextAt::Index(index)),
            Value::SupStr(offset) => Some(TextAt::Elsewhere(offset)),
            _ => None,
        }
    }

    fn read(self, reader: &mut Reader<'_>, unit: &Unit) -> Option<String> {
        match self {
            TextAt::Here(text) => Some(text),
            TextAt::Str(offset) => reader.string(offset).ok(),
            TextAt::LineStr(offset) => reader.line_string(offset).ok(),
            TextAt::Index(index) => {
                reader.indexed_string(unit.bases.str_offsets, index, unit.header.encoding).ok()
            }
            TextAt::Elsewhere(_) => None,
        }
    }
}

/// What the root entry says.
#[derive(Default)]
struct Values {
    code: Code,
    comp_dir: Option<TextAt>,
    language: Option<dw::DwLang>,
    line: Option<u64>,
    str_offsets_base: Option<u64>,
    addr_base: Option<u64>,
    rnglists_base: Option<u64>,
    ranges_base: Option<u64>,
    dwo_name: Option<TextAt>,
    /// Before DWARF 5 it stands here and not in the header.
    dwo_id: Option<u64>,
}

impl Values {
    fn read(bytes: &[u8], abbrevs: &Abbrevs, encoding: Encoding, effort: &Effort) -> Result<Values> {
        let mut cursor = Cursor::new(bytes, encoding.big_endian);
        let mut values = Values::default();
        let code = cursor.uleb()?;
        if code == 0 {
            return Err(Damage::new("a unit has no entries"));
        }
        let abbrev = abbrevs.get(code)?;
        effort.spend(abbrev.effort())?;
        abbrev.read(&mut cursor, encoding, |name, value| {
            values.code.take(name, value);
            match name {
                dw::DW_AT_comp_dir => values.comp_dir = TextAt::of(value),
                dw::DW_AT_language => values.language = value.number().map(|n| dw::DwLang(n as u16)),
                dw::DW_AT_stmt_list => values.line = value.offset(),
                dw::DW_AT_str_offsets_base => values.str_offsets_base = value.offset(),
                dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base => values.addr_base = value.offset(),
                dw::DW_AT_rnglists_base => values.rnglists_base = value.offset(),
                dw::DW_AT_GNU_ranges_base => values.ranges_base = value.offset(),
                dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name => values.dwo_name = TextAt::of(value),
                dw::DW_AT_GNU_dwo_id => values.dwo_id = value.number(),
                _ => {}
            }
        })?;
        Ok(values)
    }
}

/// The header of a unit in a `.dwo` file, and its id if it may have code.
pub(super) fn header_of_half(
    reader: &mut Reader<'_>,
    last: &mut LastAbbrevs,
    start: u64,
) -> Result<(Header, Option<u64>)> {
    let Sections { effort, big_endian, .. } = reader.sections;
    effort.spend(MAX_HEADER)?;
    let header = Header::read(&mut reader.info, reader.sections.info.len(), start, *big_endian)?;
    if !header.may_have_code || header.dwo_id.is_some() {
        return Ok((header, header.dwo_id));
    }
    // Before DWARF 5 it stands in the root.
    let abbrevs = last.get(reader.sections, &header)?;
    let at = header.start + header.entries;
    let bytes = reader.info.at(at, (header.end - at).min(4096))?;
    let values = Values::read(bytes, &abbrevs, header.encoding, effort)?;
    Ok((header, values.dwo_id))
}

impl RangesAt {
    /// Where a list of ranges is, from the value of `DW_AT_ranges`.
    pub(super) fn of(value: Value<'_>) -> Option<RangesAt> {
        match value {
            Value::RangeIndex(index) => Some(RangesAt::Index(index)),
            other => other.offset().map(RangesAt::Offset),
        }
    }
}
