//! Numbers of DWARF, one after the other.

use super::super::bytes::{Damage, Result};

/// The widths that a unit's header chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) big_endian: bool,
    /// Bytes of an address: 1 to 8.
    pub(super) address_size: u8,
    /// Bytes of an offset: 4, or 8 in 64-bit DWARF.
    pub(super) offset_size: u8,
    pub(super) version: u16,
}

impl Encoding {
    pub(super) fn offset(self) -> usize {
        usize::from(self.offset_size)
    }

    pub(super) fn address(self) -> usize {
        usize::from(self.address_size)
    }

    /// The highest address: linkers write it, or the one before, where code was thrown away.
    pub(super) fn last_address(self) -> u64 {
        u64::MAX >> (64 - 8 * u32::from(self.address_size.clamp(1, 8)))
    }
}

/// A place in bytes that moves on with every read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    big_endian: bool,
}

fn early() -> Damage {
    Damage::new("its data ends too early")
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8], big_endian: bool) -> Cursor<'b> {
        Cursor { bytes, at: 0, big_endian }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// # Errors
    /// As all reads here: if the bytes end before.
    pub(super) fn jump(&mut self, to: usize) -> Result<()> {
        if to > self.bytes.len() {
            return Err(early());
        }
        self.at = to;
        Ok(())
    }

    #[inline]
    pub(super) fn skip(&mut self, len: usize) -> Result<()> {
        match self.at.checked_add(len) {
            Some(to) if to <= self.bytes.len() => {
                self.at = to;
                Ok(())
            }
            _ => Err(early()),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        let from = self.at;
        self.skip(len)?;
        Ok(&self.bytes[from..self.at])
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).ok_or_else(early)?;
        self.at += 1;
        Ok(byte)
    }

    /// A number of 0 to 8 bytes.
    #[inline]
    pub(super) fn uint(&mut self, len: usize) -> Result<u64> {
        let bytes = self.take(len)?;
        let mut wide = [0; 8];
        Ok(if self.big_endian {
            wide.get_mut(8 - len.min(8)..).ok_or_else(early)?.copy_from_slice(bytes);
            u64::from_be_bytes(wide)
        } else {
            wide.get_mut(..len).ok_or_else(early)?.copy_from_slice(bytes);
            u64::from_le_bytes(wide)
        })
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.uint(2).map(|n| n as u16)
    }

    /// Bits beyond the 64th are dropped, as all readers do.
    #[inline]
    pub(super) fn uleb(&mut self) -> Result<u64> {
        let byte = self.u8()?;
        if byte < 0x80 {
            return Ok(u64::from(byte));
        }
        let mut value = u64::from(byte & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.u8()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    pub(super) fn sleb(&mut self) -> Result<i64> {
        let (mut value, mut shift) = (0i64, 0);
        loop {
            let byte = self.u8()?;
            if shift < 64 {
                value |= i64::from(byte & 0x7f) << shift;
            }
            shift += 7;
            if byte < 0x80 {
                if byte & 0x40 != 0 && shift < 64 {
                    value |= -1 << shift;
                }
                return Ok(value);
            }
        }
    }

    #[inline]
    pub(super) fn skip_leb(&mut self) -> Result<()> {
        while self.u8()? >= 0x80 {}
        Ok(())
    }

    /// Bytes up to a zero, which is passed.
    pub(super) fn text(&mut self) -> Result<&'b [u8]> {
        let rest = self.bytes.get(self.at..).ok_or_else(early)?;
        let len = memchr::memchr(0, rest).ok_or_else(early)?;
        self.at += len + 1;
        Ok(&rest[..len])
    }

    /// The length at the head of a unit or a table, and the width of offsets that it chooses.
    pub(super) fn initial_length(&mut self) -> Result<(u64, u8)> {
        match self.uint(4)? {
            0xffff_ffff => Ok((self.uint(8)?, 8)),
            length @ 0..0xffff_fff0 => Ok((length, 4)),
            _ => Err(Damage::new("a length has a reserved value")),
        }
    }
}
