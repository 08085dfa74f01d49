//! Values of attributes, as far as functions and their places need them.

use super::super::bytes::Result;
use super::cursor::{Cursor, Encoding};
use super::form::{Spec, skip_form};
use gimli::constants as dw;

/// A value; what it points to is not looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'b> {
    Address(u64),
    /// Index into `.debug_addr`.
    AddressIndex(u64),
    /// A constant, or an offset where forms did not tell the two apart (DWARF 2 and 3).
    Number(u64),
    /// Offset in the section that the attribute means.
    Offset(u64),
    /// Index into the table of range lists.
    RangeIndex(u64),
    Text(&'b [u8]),
    /// Offset in `.debug_str`.
    Str(u64),
    /// Offset in `.debug_line_str`.
    LineStr(u64),
    /// Index into `.debug_str_offsets`.
    StrIndex(u64),
    /// Offset in the supplementary file's `.debug_str`.
    SupStr(u64),
    /// Entry of this unit, from the unit's start.
    UnitRef(u64),
    /// Entry of any unit, from the section's start.
    InfoRef(u64),
    /// Entry of the supplementary file.
    SupRef(u64),
    Other,
}

/// Reads one value and moves on.
pub(super) fn read<'b>(cursor: &mut Cursor<'b>, spec: Spec, encoding: Encoding) -> Result<Value<'b>> {
    let offset = encoding.offset();
    Ok(match spec.form {
        dw::DW_FORM_addr => Value::Address(cursor.uint(encoding.address())?),
        dw::DW_FORM_addrx | dw::DW_FORM_GNU_addr_index => Value::AddressIndex(cursor.uleb()?),
        dw::DW_FORM_addrx1 => Value::AddressIndex(cursor.uint(1)?),
        dw::DW_FORM_addrx2 => Value::AddressIndex(cursor.uint(2)?),
        dw::DW_FORM_addrx3 => Value::AddressIndex(cursor.uint(3)?),
        dw::DW_FORM_addrx4 => Value::AddressIndex(cursor.uint(4)?),
        dw::DW_FORM_data1 => Value::Number(cursor.uint(1)?),
        dw::DW_FORM_data2 => Value::Number(cursor.uint(2)?),
        dw::DW_FORM_data4 => Value::Number(cursor.uint(4)?),
        dw::DW_FORM_data8 => Value::Number(cursor.uint(8)?),
        dw::DW_FORM_udata => Value::Number(cursor.uleb()?),
        dw::DW_FORM_sdata => Value::Number(cursor.sleb()? as u64),
        dw::DW_FORM_implicit_const => Value::Number(spec.implicit as u64),
        dw::DW_FORM_sec_offset => Value::Offset(cursor.uint(offset)?),
        dw::DW_FORM_rnglistx => Value::RangeIndex(cursor.uleb()?),
        dw::DW_FORM_string => Value::Text(cursor.text()?),
        dw::DW_FORM_strp => Value::Str(cursor.uint(offset)?),
        dw::DW_FORM_line_strp => Value::LineStr(cursor.uint(offset)?),
        dw::DW_FORM_strx | dw::DW_FORM_GNU_str_index => Value::StrIndex(cursor.uleb()?),
        dw::DW_FORM_strx1 => Value::StrIndex(cursor.uint(1)?),
        dw::DW_FORM_strx2 => Value::StrIndex(cursor.uint(2)?),
        dw::DW_FORM_strx3 => Value::StrIndex(cursor.uint(3)?),
        dw::DW_FORM_strx4 => Value::StrIndex(cursor.uint(4)?),
        dw::DW_FORM_strp_sup | dw::DW_FORM_GNU_strp_alt => Value::SupStr(cursor.uint(offset)?),
        dw::DW_FORM_ref1 => Value::UnitRef(cursor.uint(1)?),
        dw::DW_FORM_ref2 => Value::UnitRef(cursor.uint(2)?),
        dw::DW_FORM_ref4 => Value::UnitRef(cursor.uint(4)?),
        dw::DW_FORM_ref8 => Value::UnitRef(cursor.uint(8)?),
        dw::DW_FORM_ref_udata => Value::UnitRef(cursor.uleb()?),
        dw::DW_FORM_ref_addr if encoding.version <= 2 => Value::InfoRef(cursor.uint(encoding.address())?),
        dw::DW_FORM_ref_addr => Value::InfoRef(cursor.uint(offset)?),
        dw::DW_FORM_ref_sup4 => Value::SupRef(cursor.uint(4)?),
        dw::DW_FORM_ref_sup8 => Value::SupRef(cursor.uint(8)?),
        dw::DW_FORM_GNU_ref_alt => Value::SupRef(cursor.uint(offset)?),
        dw::DW_FORM_indirect => {
            let form = dw::DwForm(u16::try_from(cursor.uleb()?).unwrap_or(u16::MAX));
            if matches!(form, dw::DW_FORM_indirect | dw::DW_FORM_implicit_const) {
                return Ok(Value::Other);
            }
            return read(cursor, Spec { form, ..spec }, encoding);
        }
        form => {
            skip_form(form, cursor, encoding)?;
            Value::Other
        }
    })
}

impl Value<'_> {
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// An offset in another section: early versions wrote it as a plain number.
    pub(super) fn offset(self) -> Option<u64> {
        match self {
            Value::Offset(n) | Value::Number(n) => Some(n),
            _ => None,
        }
    }
}
