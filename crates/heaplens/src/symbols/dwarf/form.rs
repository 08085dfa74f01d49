//! Forms: how the values of attributes are written, and how to step over them.

use super::super::bytes::{Damage, Result};
use super::cursor::{Cursor, Encoding};
use gimli::constants as dw;

/// An attribute and the form of its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: dw::DwAt,
    pub(super) form: dw::DwForm,
    /// The value itself, for `DW_FORM_implicit_const`.
    pub(super) implicit: i64,
}

/// How to pass a part of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// So many bytes.
    Fixed(u32),
    Leb,
    Text,
    /// As many bytes as the number before says, of so many bytes itself; 0 for one in LEB128.
    Block(u8),
    /// The form stands in the entry.
    Indirect,
}

impl Step {
    pub(super) fn of(form: dw::DwForm, encoding: Encoding) -> Result<Step> {
        let offset = u32::from(encoding.offset_size);
        Ok(match form {
            dw::DW_FORM_implicit_const | dw::DW_FORM_flag_present => Step::Fixed(0),
            dw::DW_FORM_data1
            | dw::DW_FORM_ref1
            | dw::DW_FORM_flag
            | dw::DW_FORM_strx1
            | dw::DW_FORM_addrx1 => Step::Fixed(1),
            dw::DW_FORM_data2 | dw::DW_FORM_ref2 | dw::DW_FORM_strx2 | dw::DW_FORM_addrx2 => Step::Fixed(2),
            dw::DW_FORM_strx3 | dw::DW_FORM_addrx3 => Step::Fixed(3),
            dw::DW_FORM_data4
            | dw::DW_FORM_ref4
            | dw::DW_FORM_strx4
            | dw::DW_FORM_addrx4
            | dw::DW_FORM_ref_sup4 => Step::Fixed(4),
            dw::DW_FORM_data8 | dw::DW_FORM_ref8 | dw::DW_FORM_ref_sig8 | dw::DW_FORM_ref_sup8 => {
                Step::Fixed(8)
            }
            dw::DW_FORM_data16 => Step::Fixed(16),
            dw::DW_FORM_addr => Step::Fixed(u32::from(encoding.address_size)),
            // DWARF 2 gave it the size of an address.
            dw::DW_FORM_ref_addr if encoding.version <= 2 => Step::Fixed(u32::from(encoding.address_size)),
            dw::DW_FORM_ref_addr
            | dw::DW_FORM_sec_offset
            | dw::DW_FORM_strp
            | dw::DW_FORM_line_strp
            | dw::DW_FORM_strp_sup
            | dw::DW_FORM_GNU_ref_alt
            | dw::DW_FORM_GNU_strp_alt => Step::Fixed(offset),
            dw::DW_FORM_udata
            | dw::DW_FORM_sdata
            | dw::DW_FORM_ref_udata
            | dw::DW_FORM_strx
            | dw::DW_FORM_addrx
            | dw::DW_FORM_loclistx
            | dw::DW_FORM_rnglistx
            | dw::DW_FORM_GNU_addr_index
            | dw::DW_FORM_GNU_str_index => Step::Leb,
            dw::DW_FORM_string => Step::Text,
            dw::DW_FORM_block | dw::DW_FORM_exprloc => Step::Block(0),
            dw::DW_FORM_block1 => Step::Block(1),
            dw::DW_FORM_block2 => Step::Block(2),
            dw::DW_FORM_block4 => Step::Block(4),
            dw::DW_FORM_indirect => Step::Indirect,
            other => {
                return Err(Damage(format!("attributes have the form {:#x}, which is not known", other.0)));
            }
        })
    }

    /// Makes one step of two that have a fixed size; false if they are not such.
    pub(super) fn joins(self, last: Option<&mut Step>) -> bool {
        match (self, last) {
            (Step::Fixed(more), Some(Step::Fixed(len))) => {
                *len += more;
                true
            }
            _ => false,
        }
    }

    pub(super) fn take(self, cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<()> {
        match self {
            Step::Fixed(len) => cursor.skip(len as usize),
            Step::Leb => cursor.skip_leb(),
            Step::Text => cursor.text().map(|_| ()),
            Step::Block(size) => {
                let len = if size == 0 { cursor.uleb()? } else { cursor.uint(usize::from(size))? };
                cursor.skip(usize::try_from(len).unwrap_or(usize::MAX))
            }
            Step::Indirect => {
                let form = dw::DwForm(cursor.uleb()? as u16);
                match Step::of(form, encoding)? {
                    Step::Indirect => Err(Damage::new("an indirect form names itself")),
                    step => step.take(cursor, encoding),
                }
            }
        }
    }
}

/// Steps over one value.
pub(super) fn skip_form(form: dw::DwForm, cursor: &mut Cursor<'_>, encoding: Encoding) -> Result<()> {
    Step::of(form, encoding)?.take(cursor, encoding)
}
