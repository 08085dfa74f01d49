//! Where the code of an entry lies.

use super::super::bytes::{Damage, Result, Window};
use super::cursor::{Cursor, Encoding};
use super::sections::{Reader, element};
use super::unit::Unit;
use super::value::Value;
use gimli::constants as dw;

/// Entries of range lists that one unit may cost; lists can be named again and again, by other units too.
pub(super) const MAX_STEPS: u64 = 10_000_000;

/// The attributes that place an entry's code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Code {
    low: Option<At>,
    high: Option<High>,
    pub(super) ranges: Option<RangesAt>,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Address(u64),
    Index(u64),
}

#[derive(Clone, Copy, Debug)]
enum High {
    At(At),
    Size(u64),
}

/// Where a list of ranges is.
#[derive(Clone, Copy, Debug)]
pub(super) enum RangesAt {
    Offset(u64),
    Index(u64),
}

impl Code {
    /// Takes note of an attribute, if it is one of these.
    pub(super) fn take(&mut self, name: dw::DwAt, value: Value<'_>) {
        let at = match value {
            Value::Address(address) => Some(At::Address(address)),
            Value::AddressIndex(index) => Some(At::Index(index)),
            _ => None,
        };
        match name {
            dw::DW_AT_low_pc => self.low = at,
            dw::DW_AT_high_pc => self.high = at.map(High::At).or(value.number().map(High::Size)),
            dw::DW_AT_ranges => self.ranges = RangesAt::of(value),
            _ => {}
        }
    }

    pub(super) fn low(&self, reader: &mut Reader<'_>, unit: &Unit) -> Result<Option<u64>> {
        self.low.map(|at| at.read(reader, unit)).transpose()
    }

    /// All ranges `(from, to)` of code that the linker kept; true if there were any at all. `steps` is what lists may still cost.
    ///
    /// # Errors
    /// If a list cannot be read to its end, or `steps` are used up.
    pub(super) fn each(
        &self,
        reader: &mut Reader<'_>,
        unit: &Unit,
        steps: &mut u64,
        mut visit: impl FnMut(u64, u64),
    ) -> Result<bool> {
        let mut any = false;
        let code_start = reader.sections.code_start;
        let mut visit = |from, to| {
            any |= from < to;
            if from < to && from >= code_start {
                visit(from, to);
            }
        };
        if let Some(at) = self.ranges {
            // Each is more than a byte, and more work than one.
            let allowed = (*steps).min(reader.sections.effort.left()?.div_ceil(4));
            let mut left = allowed;
            let read = list(at, reader, unit, &mut left, &mut visit);
            *steps -= allowed - left;
            reader.sections.effort.spend(4 * (allowed - left))?;
            read?;
        } else if let (Some(low), Some(high)) = (self.low(reader, unit)?, self.high) {
            let high = match high {
                High::At(at) => at.read(reader, unit)?,
                // Beyond the last address where a linker marked code as thrown away.
                High::Size(size) => low.wrapping_add(size),
            };
            visit(low, high);
        }
        Ok(any)
    }
}

impl At {
    fn read(self, reader: &mut Reader<'_>, unit: &Unit) -> Result<u64> {
        match self {
            At::Address(address) => Ok(address),
            At::Index(index) => reader.indexed_address(unit.bases.addresses, index, unit.header.encoding),
        }
    }
}

fn list(
    at: RangesAt,
    reader: &mut Reader<'_>,
    unit: &Unit,
    steps: &mut u64,
    visit: &mut impl FnMut(u64, u64),
) -> Result<()> {
    let encoding = unit.header.encoding;
    if encoding.version < 5 {
        let RangesAt::Offset(offset) = at else {
            return Err(Damage::new("a range list has an index before DWARF 5"));
        };
        let base = if unit.is_split { unit.bases.gnu_ranges } else { 0 };
        let offset = offset.checked_add(base).ok_or_else(|| Damage::new("a range list lies nowhere"))?;
        return old_list(offset, reader, unit, steps, visit);
    }
    let offset = match at {
        RangesAt::Offset(offset) => offset,
        RangesAt::Index(index) => {
            let (size, base) = (encoding.offset(), unit.bases.rnglists);
            let at = element(base, index, size)?;
            let offset = Cursor::new(reader.rnglists.at(at, size as u64)?, encoding.big_endian).uint(size)?;
            base.checked_add(offset).ok_or_else(|| Damage::new("a range list lies nowhere"))?
        }
    };
    new_list(offset, reader, unit, steps, visit)
}

fn spend(steps: &mut u64) -> Result<()> {
    *steps =
        steps.checked_sub(1).ok_or_else(|| Damage::new("its range lists are longer than any program's"))?;
    Ok(())
}

/// `.debug_ranges`: pairs of offsets from a base, up to a pair of zeros.
fn old_list(
    mut offset: u64,
    reader: &mut Reader<'_>,
    unit: &Unit,
    steps: &mut u64,
    visit: &mut impl FnMut(u64, u64),
) -> Result<()> {
    let encoding = unit.header.encoding;
    let (size, last) = (encoding.address(), encoding.last_address());
    let mut base = unit.low_pc;
    loop {
        spend(steps)?;
        let mut cursor = Cursor::new(reader.ranges.at(offset, 2 * size as u64)?, encoding.big_endian);
        let (from, to) = (cursor.uint(size)?, cursor.uint(size)?);
        offset += 2 * size as u64;
        match (from, to) {
            (0, 0) => return Ok(()),
            (from, to) if from == last => base = to,
            // The base or the start of thrown-away code.
            (from, _) if base >= last - 1 || from >= last - 1 => {}
            (from, to) => visit(base.wrapping_add(from) & last, base.wrapping_add(to) & last),
        }
    }
}

/// `.debug_rnglists`: a small language.
fn new_list(
    mut offset: u64,
    reader: &mut Reader<'_>,
    unit: &Unit,
    steps: &mut u64,
    visit: &mut impl FnMut(u64, u64),
) -> Result<()> {
    let encoding = unit.header.encoding;
    let last = encoding.last_address();
    let mut base = unit.low_pc;
    let index = |reader: &mut Reader<'_>, i| reader.indexed_address(unit.bases.addresses, i, encoding);
    loop {
        spend(steps)?;
        let (kind, a, b, len) = rle(&mut reader.rnglists, offset, encoding)?;
        offset += len;
        let (from, to) = match kind {
            dw::DW_RLE_end_of_list => return Ok(()),
            dw::DW_RLE_base_addressx => {
                base = index(reader, a)?;
                continue;
            }
            dw::DW_RLE_base_address => {
                base = a;
                continue;
            }
            dw::DW_RLE_startx_endx => (index(reader, a)?, index(reader, b)?),
            dw::DW_RLE_startx_length => {
                let from = index(reader, a)?;
                (from, from.wrapping_add(b) & last)
            }
            dw::DW_RLE_offset_pair if base >= last - 1 => continue,
            dw::DW_RLE_offset_pair => (base.wrapping_add(a) & last, base.wrapping_add(b) & last),
            dw::DW_RLE_start_end => (a, b),
            dw::DW_RLE_start_length => (a, a.wrapping_add(b) & last),
            other => return Err(Damage(format!("a range list has the unknown entry {:#x}", other.0))),
        };
        if from < last - 1 {
            visit(from, to);
        }
    }
}

/// One entry: its kind, its two numbers, its length.
fn rle(lists: &mut Window<'_>, offset: u64, encoding: Encoding) -> Result<(dw::DwRle, u64, u64, u64)> {
    // A kind and two numbers of at most ten bytes; fewer at the end of the section.
    let bytes = match lists.at(offset, 21) {
        Ok(_) => lists.at(offset, 21)?,
        Err(_) => lists.rest(offset)?,
    };
    let mut cursor = Cursor::new(bytes, encoding.big_endian);
    let kind = dw::DwRle(cursor.u8()?);
    let size = encoding.address();
    let (a, b) = match kind {
        dw::DW_RLE_end_of_list => (0, 0),
        dw::DW_RLE_base_addressx => (cursor.uleb()?, 0),
        dw::DW_RLE_startx_endx | dw::DW_RLE_startx_length | dw::DW_RLE_offset_pair => {
            (cursor.uleb()?, cursor.uleb()?)
        }
        dw::DW_RLE_base_address => (cursor.uint(size)?, 0),
        dw::DW_RLE_start_end => (cursor.uint(size)?, cursor.uint(size)?),
        dw::DW_RLE_start_length => (cursor.uint(size)?, cursor.uleb()?),
        _ => (0, 0),
    };
    Ok((kind, a, b, cursor.at() as u64))
}
